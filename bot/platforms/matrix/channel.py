"""Matrix as a channel for residents: one account on a homeserver, in plain and in encrypted rooms alike.

Knows `ports.Channel` and puts the parts of this room together; decides nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from nio import AsyncClient
from nio.api import PushRuleKind

from bot.core.events import Left
from bot.errors import ChannelError, StoreError, Unreachable
from bot.loops import Patience
from bot.platforms.busy import Busy
from bot.platforms.matrix.account import open_client
from bot.platforms.matrix.aside import fetch_aside
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.faults import NETWORK
from bot.platforms.matrix.files import CHANNEL
from bot.platforms.matrix.inbound import Incoming, Place, place_of
from bot.platforms.matrix.keys import KeyStore, Login
from bot.platforms.matrix.known import Known
from bot.platforms.matrix.listening import Listening, News, introduce
from bot.platforms.matrix.reading import Reader, arrival
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import Sender, attached
from bot.platforms.matrix.signing import sign
from bot.platforms.matrix.signs import Signs
from bot.ports import Ability, Arrival, Delivery, Fetch, File, Ingest, Message
from bot.render.matrix import MAX_CHARS

MOMENT: Final = 1.0
"""Seconds for what was begun beside messages to end."""
STORE_WAIT: Final = 2.0
"""Longest wait for our own database, which nobody else asks to be spared."""
NOT_LOGGED_IN: Final = (
    "The bot is not logged in as {user}: the key store has no login with its keys. Run `teejuht matrix login` and start again."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that belongs to one client; when its key store fails, another one begins with what was kept."""

    client: AsyncClient
    encryption: Encryption
    seeds: Sequence[bytes]
    reader: Reader
    rooms: Rooms
    sender: Sender
    signs: Signs


class MatrixChannel:
    """An account. `keys` is the key store's address; `recall` gives the position that was kept last for a source.

    `servers`: whose people may invite the bot into rooms with several people. `say` gives a sentence in a language. `desks` names
    the desk of each room in which staff are, by the room's id; nobody else is staff. `fetch` gets the files of messages.
    """

    name = CHANNEL
    ability = Ability(max_chars=MAX_CHARS, threads=True, reactions=True, files=True, amends=True, idempotent=True, at_once=32)

    def __init__(
        self,
        *,
        user: str,
        keys: str,
        servers: Sequence[str],
        recall: Callable[[str], Awaitable[str | None]],
        say: Callable[[str, str], str],
        clock: Callable[[], datetime],
        desks: Mapping[str, str] | None = None,
        fetch: Fetch | None = None,
        first_wait: float = 1.0,
    ) -> None:
        self._user = user
        self._keys = keys
        self._servers = servers
        self._recall = recall
        self._say = say
        self._clock = clock
        self._desks = {} if desks is None else desks
        self._fetch = fetch
        self._patience = Patience("matrix", first_wait)
        self._store_patience = Patience("keeping matrix messages", first_wait)
        self._busy = Busy(self._show_busy)
        self._aside: set[asyncio.Task[None]] = set()
        self._flying: set[asyncio.Future[None]] = set()
        self._life: Life | None = None
        self._position: str | None = None

    async def run(self, ingest: Ingest) -> None:
        """Listen until cancelled. Errors: ChannelError for a login that is missing or not accepted."""
        try:
            while True:
                try:
                    await self._live(ingest)
                except ChannelError:
                    raise
                except StoreError as error:
                    await self._patience.bad(str(error))
                except Exception as error:  # what the client holds and what is kept may differ now: begin with what is kept
                    await self._patience.bad(f"begins anew after {type(error).__name__}")
        finally:
            self._life = None
            await self._land()

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Show a message, with its file, to the person and return its id."""
        async with self.line() as life:
            return await self._send(life, delivery, message)

    async def fetch(self, file: File) -> bytes:
        """Give the content of a file that somebody sent. Errors: Refused if it is gone or larger than was said, Unreachable."""
        if self._life is None:
            return await fetch_aside(self._keys, self._user, file)
        async with self.line() as life:
            return await life.sender.media.download(file.ref, file.size)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Life]:
        """Give the connection, which does not close before it is given back. Errors: Unreachable."""
        if self._life is None:
            raise Unreachable("not connected yet")
        flight = asyncio.get_running_loop().create_future()
        self._flying.add(flight)
        try:
            yield self._life
        finally:
            self._flying.discard(flight)
            flight.set_result(None)

    async def _send(self, life: Life, delivery: Delivery, message: Message) -> str:
        files = () if message.file is None else (attached(message.file, self._fetch),)
        sent = await life.sender.send(delivery, message, files)
        conversation = delivery.conversation or ""
        place = place_of(conversation)
        if message.forgets and not place.root:
            life.encryption.forget(place.room)
        life.signs.answered(place.room, place.root or message.thread)
        if message.end:
            self._busy.end(conversation)
            life.signs.stop_typing(conversation)
        if (room := life.client.rooms.get(place.room)) is not None:
            self._beside(life.rooms.name(room, message.lang))
        return sent

    # --- one client's life

    async def _live(self, ingest: Ingest) -> None:
        keys = KeyStore.open(self._keys)
        try:
            login = keys.login(self._user)
            if login is None or not keys.has_keys(login):
                raise ChannelError(NOT_LOGGED_IN.format(user=self._user))
            client = open_client(login, keys)
            try:
                await introduce(client, self._patience)
                log.info("matrix connected", device=login.device, homeserver=login.homeserver)
                self._beside(self._tidy(client, login))
                await self._listen(client, login, ingest)
            finally:
                await self._land()
                await client.close()
        finally:
            keys.close()

    async def _listen(self, client: AsyncClient, login: Login, ingest: Ingest) -> None:
        encryption, known, signs = Encryption(client), Known(client), Signs(client)
        encryption.begin_anew()
        life = Life(
            client=client,
            encryption=encryption,
            seeds=login.seeds,
            reader=Reader(me=self._user, known=known, desks=self._desks, clock=self._clock),
            rooms=Rooms(client=client, servers=self._servers, say=self._say, desks=self._desks),
            sender=Sender(client, encryption, f"https://matrix.to/#/{self._user}", known.note, self._say, self._desks),
            signs=signs,
        )
        listening = Listening(
            client=client, encryption=encryption, patience=self._patience, take=partial(self._take, life, ingest)
        )
        receipts = asyncio.create_task(signs.run())
        try:
            self._position = await self._recall(self._source)
            since = self._position and life.rooms.read_position(self._position)
            for room_id in life.rooms.unanswered():
                self._beside(life.rooms.answer(room_id))
            await listening.run(since)
        finally:
            self._life = None
            receipts.cancel()
            await asyncio.gather(receipts, return_exceptions=True)

    @property
    def _source(self) -> str:
        return f"matrix:{self._user}"

    async def _tidy(self, client: AsyncClient, login: Login) -> None:
        """Keep the device signed, without which careful clients refuse its messages, and have nothing counted that would ring."""
        with suppress(*NETWORK):
            await client.enable_pushrule("global", PushRuleKind.override, ".m.rule.master", True)
        if not login.seeds:
            log.warning("matrix device not signed", why="its login was not finished: run `teejuht matrix login`")
            return
        try:
            await sign(client, login.seeds)
        except ChannelError as error:
            log.warning("matrix device not signed", why=str(error))
        except NETWORK as error:
            log.warning("matrix device not signed", why=type(error).__name__)

    # --- what comes

    async def _take(self, life: Life, ingest: Ingest, news: News, position: str | None) -> None:
        """Keep what came together with the position after it; what follows from it is done beside."""
        found: list[Incoming] = []
        for room_id, rows in news.rows.items():
            if (room := life.client.rooms.get(room_id)) is not None:
                found += await life.reader.read(room, rows)
        gone = [self._gone(life, room_id, cause) for room_id, cause in news.left.items()]
        arrivals = [arrival(self._source, incoming) for incoming in (*found, *filter(None, gone))]
        for room_id, info in news.response.rooms.invite.items():
            life.rooms.note_invitation(room_id, info)
        if position is not None:
            position = life.rooms.write_position(position)
        if arrivals or position not in (None, self._position):
            await self._keep(ingest, arrivals, position)
        self._life = life
        for incoming in found:
            self._attend(life, incoming)
        for room_id in news.response.rooms.invite:
            self._beside(life.rooms.answer(room_id))
        for room_id, info in news.response.rooms.join.items():
            if any(getattr(event, "source", {}).get("type") == "m.room.member" for event in (*info.state, *info.timeline.events)):
                self._beside(life.rooms.leave_if_pointless(life.client.rooms[room_id]))

    async def _keep(self, ingest: Ingest, arrivals: Sequence[Arrival], position: str | None) -> None:
        """Keep arrivals, as long as it takes: the client has read on and could not be handed them again."""
        while True:
            try:
                await ingest(arrivals, cursor=(self._source, position) if position else None)
            except Exception as error:  # the loop's own guard: whatever the store raises, what came must not be lost
                await self._store_patience.bad(type(error).__name__, at_most=STORE_WAIT)
            else:
                self._store_patience.good()
                self._position = position or self._position
                return

    def _gone(self, life: Life, room_id: str, cause: str) -> Incoming | None:
        """Note that the bot is no longer in a room: it left, was removed or banned. A desk's staff are not somebody who left."""
        life.client.rooms.pop(room_id, None)
        if (desk := self._desks.get(room_id)) is not None:
            log.error("matrix desk lost", desk=desk, why=f"the bot is no longer in its room: invite {self._user} there again")
            return None
        log.info("matrix room is over")
        return Incoming(place=Place(room=room_id), event=Left(at=self._clock()), ext_id=f"{room_id} left {cause}")

    def _attend(self, life: Life, incoming: Incoming) -> None:
        """Show the person that their message was read and, in a while, that it is being answered; staff wait for no answer."""
        if not incoming.message:
            return
        place = incoming.place
        thread = place.root if incoming.desk else getattr(incoming.event, "thread", "")
        if incoming.message == incoming.ext_id:  # an edited one stands where it stood
            life.sender.saw(place.room, thread, incoming.message)
        life.signs.read(place.room, thread if thread != incoming.message else "", incoming.message)
        if not incoming.desk:
            self._busy.begin(place.conversation)

    async def _show_busy(self, conversation: str) -> None:
        if self._life is not None:
            self._life.signs.show_typing(conversation)

    # --- the end

    def _beside(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _land(self) -> None:
        """Let messages on their way land; what was begun beside them gets a moment to end."""
        await self._busy.close()
        if self._flying:
            await asyncio.wait(self._flying)
        if self._aside:
            await asyncio.wait(self._aside, timeout=MOMENT)
        for task in tuple(self._aside):
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
