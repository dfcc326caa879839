"""Telegram as a channel for residents: one bot's account, polled or pushed to.

Knows `ports.Channel` and puts the parts of this room together; decides nothing.
"""

import asyncio
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from telegram import Update, User
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.core.events import Left, SentFile, to_json
from bot.errors import ChannelError, Refused
from bot.loops import Patience
from bot.platforms.busy import Busy
from bot.platforms.telegram.connection import Connection, readable
from bot.platforms.telegram.desk import TelegramDesk
from bot.platforms.telegram.inbound import Incoming, place_of, read
from bot.platforms.telegram.listening import Take, be_pushed, introduce, poll, secret_of
from bot.platforms.telegram.profile import Profile
from bot.platforms.telegram.sending import Sender
from bot.platforms.telegram.staff import read_staff
from bot.platforms.telegram.traffic import Traffic
from bot.ports import Ability, Arrival, Attachment, Delivery, Fetch, File, Ingest, Message
from bot.render.telegram import MAX_UNITS

SECRET: Final = "x-telegram-bot-api-secret-token"
ALBUMS: Final = 100
"""Albums whose words were answered and are remembered, so that their other photos need no answer."""
MOMENT: Final = 1.0
"""Seconds to wait for taps to be answered, which Telegram may be slow to take."""
_TOKEN: Final = re.compile(r"\d+:[\w-]+", re.ASCII)

log = structlog.get_logger(__name__)


class TelegramChannel:
    """A bot of Telegram's. With `webhook`, the address at which Telegram reaches `hook`, it is pushed to; without, it polls.

    `url` is the Bot API's, Telegram's own or a local one. `first_wait`: seconds after a first failure. `desks`: the groups in
    which staff work, by their id; nobody else acts as staff. `fetch` reads files of other channels that are to be shown here.
    """

    name = "telegram"
    ability = Ability(max_chars=MAX_UNITS, buttons=True, edits=True, threads=True, files=True, amends=True, at_once=16)

    def __init__(
        self,
        *,
        token: str,
        url: str,
        profile: Profile,
        clock: Callable[[], datetime],
        webhook: str = "",
        paced: bool = True,
        first_wait: float = 1.0,
        desks: Mapping[int, str] | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self._token = token
        self._url = url
        self._webhook = webhook
        self._profile = profile
        self._clock = clock
        self._patience = Patience("telegram", first_wait)
        self._connection = Connection(token, url)
        self._traffic = Traffic(paced=paced)
        self._sender = Sender(self._connection.bot, self._traffic)
        self._desks = dict(desks or {})
        self._fetch_other = fetch
        self._at_desks = tuple(map(self._desk, self._desks))
        self._busy = Busy(self._show_busy)
        self._aside: set[asyncio.Task[None]] = set()
        self._albums: dict[str, None] = {}
        self._take: Take | None = None

    async def run(self, ingest: Ingest) -> None:
        """Listen until cancelled. Errors: ChannelError for a token that is not accepted."""
        async with self._connected() as me:
            log.info("telegram connected", bot=me.username, by="webhook" if self._webhook else "polling")
            self._traffic.me = me
            self._take = take = partial(self._keep, ingest, me)
            self._beside(self._profile.put_up(self._connection.bot))
            if self._webhook:
                await be_pushed(self._connection.bot, self._webhook, secret_of(self._token), self._patience)
            else:
                await poll(self._connection, take, self._patience)

    async def stand_by(self, ingest: Ingest) -> None:
        """Take what Telegram pushes to this process until cancelled. Errors: as `run`."""
        if self._webhook:
            async with self._connected() as me:
                self._take = partial(self._keep, ingest, me)
                await asyncio.Event().wait()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[User]:
        """Open the line, ask who the bot is, and close at the end."""
        try:
            if not _TOKEN.fullmatch(self._token):
                raise ChannelError("TEEJUHT_TELEGRAM_TOKEN is no token: @BotFather's look like 123456789:AAE-d9f_3kT")
            await self._connection.open()
            yield await introduce(self._connection.bot, self._patience)
        finally:
            self._take = self._traffic.me = None
            await self._finish()

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Show a message to the person and return its id."""
        try:
            return await self._sender.send(delivery, message, self._files(message))
        finally:
            self._busy.end(delivery.conversation or "")

    async def fetch(self, file: File) -> bytes:
        """Give the content of a file that a person or staff sent. Errors: Refused if it is gone or too large, Unreachable."""
        if self._traffic.me:
            return await self._connection.download(file)
        # A process that stands by has no connection, and its pages show files all the same.
        aside = Connection(self._token, self._url)
        try:
            return await aside.download(file)
        finally:
            await aside.close()

    @property
    def desks(self) -> Sequence[TelegramDesk]:
        """The desks in this account's groups; they work while the channel runs."""
        return self._at_desks

    async def hook(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take what Telegram pushes and return the HTTP status to answer with: 200 when it is kept, or never will be."""
        if not hmac.compare_digest(headers.get(SECRET, "").encode(), secret_of(self._token).encode()):
            return 403
        if self._take is None:
            return 503
        try:
            row = json.loads(body)
        except (ValueError, RecursionError):
            return 400
        if not isinstance(row, dict):
            return 400
        try:
            await self._take(list(readable([row])))
        except Exception as error:  # Telegram hands it in again
            log.error("telegram update not kept", error=type(error).__name__)
            return 503
        return 200

    async def _keep(self, ingest: Ingest, me: User, updates: Sequence[Update]) -> None:
        """Keep what updates mean and let tapped buttons stop waiting; an update is confirmed after both."""
        found = [incoming for update in updates if (incoming := self._read(update, me)) is not None]
        answers = [self._beside(self._answer(incoming.query)) for incoming in found if incoming.query]
        if found:
            await ingest([self._arrival(incoming, me) for incoming in found])
        for incoming in found if self._traffic.me else ():  # who stands by never hears of the answer
            if not incoming.desk and not isinstance(incoming.event, Left):
                self._busy.begin(incoming.place.conversation)
        if answers:
            await asyncio.wait(answers, timeout=MOMENT)

    def _read(self, update: Update, me: User) -> Incoming | None:
        try:
            desk = self._desk_of(update)
            incoming = read_staff(update, desk, me, self._clock()) if desk else read(update, me, self._clock())
        except Exception as error:  # a message of a shape that nobody foresaw must not stop those after it
            log.error("telegram update not understood", update=update.update_id, error=type(error).__name__)
            return None
        if incoming is None or (incoming.album and self._is_told(incoming)):
            return None
        if incoming.message:
            self._sender.saw(incoming.place.chat, incoming.message)
        return incoming

    def _is_told(self, incoming: Incoming) -> bool:
        """Tell whether a photo without words belongs to an album whose words are being answered."""
        if isinstance(incoming.event, SentFile) and not incoming.event.text:
            return incoming.album in self._albums
        self._albums[incoming.album] = None
        if len(self._albums) > ALBUMS:
            del self._albums[next(iter(self._albums))]
        return False

    def _desk_of(self, update: Update) -> str:
        """Name the desk in whose group something happened; a group that became another one is followed."""
        if (chat := update.effective_chat) is None:
            return ""
        if (message := update.message) is not None:
            old, new = message.migrate_from_chat_id or chat.id, message.migrate_to_chat_id or chat.id
            if old in self._desks and old != new:
                self._traffic.move(old, new)
                log.warning("telegram desk has moved: set its new number", desk=self._desks[old], chat=new)
        return self._desks.get(chat.id) or self._desks.get(self._traffic.came_from(chat.id), "")

    def _arrival(self, incoming: Incoming, me: User) -> Arrival:
        place = incoming.place
        return Arrival(
            source=f"telegram:{me.id}",
            ext_id=incoming.ext_id,
            channel="" if incoming.desk else self.name,
            conversation="" if incoming.desk else place.conversation,
            body=to_json(incoming.event),
            at=incoming.event.at,
            desk=incoming.desk,
            thread=str(place.thread) if incoming.desk and place.thread is not None else "",
        )

    def _files(self, message: Message) -> Sequence[Attachment]:
        """Give the file of a message, to be read when its turn comes."""
        if (file := message.file) is None:
            return ()
        size = file.size if file.channel else len(file.ref.encode())
        return (Attachment(name=file.name, media_type=file.media_type, size=size, fetch=partial(self._content, file)),)

    async def _content(self, file: File) -> bytes:
        if not file.channel:
            return file.ref.encode()
        if self._fetch_other is None:
            raise Refused("files of other channels cannot be read here")
        return await self._fetch_other(file)

    def _desk(self, chat: int) -> TelegramDesk:
        return TelegramDesk(
            name=self._desks[chat], chat=chat, bot=self._connection.bot, traffic=self._traffic, sender=self._sender
        )

    async def _answer(self, query: str) -> None:
        """Let the button that was tapped stop waiting."""
        try:
            await self._connection.bot.answer_callback_query(query)
        except TelegramError as error:
            log.debug("telegram tap not answered", error=type(error).__name__)

    async def _show_busy(self, conversation: str) -> None:
        place = place_of(conversation)
        try:
            await self._connection.bot.send_chat_action(place.chat, ChatAction.TYPING, message_thread_id=place.thread)
        except TelegramError as error:
            log.debug("telegram typing not shown", error=type(error).__name__)

    def _beside(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task

    async def _finish(self) -> None:
        """Let messages on their way land, then close; what was begun beside them gets a moment to end."""
        await self._busy.close()
        if self._aside:
            await asyncio.wait(self._aside, timeout=MOMENT)
        for task in self._aside:
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
        await self._traffic.landed()
        await self._connection.close()
