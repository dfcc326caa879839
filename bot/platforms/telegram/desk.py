"""A desk in Telegram: a forum, in which each case is a topic.

Knows `ports.Desk` and how topics are opened and closed; messages are brought there as everywhere else in Telegram.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

from telegram import Bot, ChatFullInfo, ChatMember
from telegram.constants import ChatMemberStatus, ForumTopicLimit
from telegram.error import BadRequest

from bot.errors import Gone, Refused, SendError
from bot.platforms.telegram.faults import is_unchanged
from bot.platforms.telegram.inbound import Place
from bot.platforms.telegram.sending import Sender
from bot.platforms.telegram.traffic import Traffic
from bot.ports import Ability, Attachment, Message
from bot.render.telegram import MAX_UNITS

REMEMBERED: Final = 10_000
"""Messages and topics whose keys and ids are remembered."""

V = TypeVar("V")


class TelegramDesk:
    """The forum with the id `chat`, in which the bot is an administrator who may manage topics.

    A key that comes again while the process lives is the same topic or message. Telegram knows no keys: after a crash between
    the two calls of `open` the case gets a second topic, and the first stays empty.
    """

    ability = Ability(max_chars=MAX_UNITS, buttons=True, edits=True, threads=True, files=True, amends=True, at_once=4)

    def __init__(self, *, name: str, chat: int, bot: Bot, traffic: Traffic, sender: Sender) -> None:
        self._name = name
        self._chat = chat
        self._bot = bot
        self._traffic = traffic
        self._sender = sender
        self._opening = asyncio.Lock()
        self._topics: OrderedDict[str, int] = OrderedDict()
        self._posted: OrderedDict[str, str] = OrderedDict()
        self._cards: OrderedDict[str, str] = OrderedDict()

    @property
    def name(self) -> str:
        return self._name

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Open a topic of the case's name with the card in it and return the topic's id."""
        async with self._opening:
            if (topic := self._topics.get(key)) is None:
                topic = await self._traffic.go(f"topic:{key}", self._place(""), 1, lambda place: self._create(place, case))
                _remember(self._topics, key, topic)
            try:
                _remember(self._cards, str(topic), await self.post(str(topic), card, key=key))
            except Gone:
                # Somebody has deleted the topic: the next try opens another.
                self._topics.pop(key, None)
                raise
            return str(topic)

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Add a message to the topic, or to the general one; of a long message the ids are joined by commas."""
        if (posted := self._posted.get(key)) is None:
            posted = await self._sender.show(key, self._place(thread), message, attachments)
            _remember(self._posted, key, posted)
        return posted

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Replace a posted message, or the card if its topic's id is given; what cannot be edited any more is posted anew."""
        old = self._cards.get(thread, "") if posted == thread else posted
        key = f"amend:{self._chat}:{posted}:{hash(message)}"
        await self._sender.show(key, self._place(thread), replace(message, amends=old))

    async def close(self, thread: str) -> None:
        """Close the topic: staff see a lock on it, and only those who manage topics can write there."""
        await self._set(thread, is_open=False)

    async def reopen(self, thread: str) -> None:
        """Open a closed topic."""
        await self._set(thread, is_open=True)

    async def problems(self) -> Sequence[str]:
        """Say what is missing; empty if the desk is ready."""
        try:
            chat, member = await self._traffic.go("problems", self._place(""), 0, self._look)
        except (Gone, Refused):
            return [
                f"{self._name}: the bot is in no chat {self._chat}: add it to the group, and set the desk to the group's number, "
                "which begins with -100"
            ]
        except SendError as error:
            return [f"{self._name}: not connected to Telegram: {error}"]
        return [f"{self._name}: {problem}" for problem in _lacking(chat, member)]

    async def _look(self, place: Place) -> tuple[ChatFullInfo, ChatMember]:
        me = self._traffic.me
        chat = await self._bot.get_chat(place.chat)
        return chat, await self._bot.get_chat_member(place.chat, me.id if me else 0)

    async def _create(self, place: Place, case: str) -> int:
        opened = await self._bot.create_forum_topic(place.chat, case[: ForumTopicLimit.MAX_NAME_LENGTH])
        return int(opened.message_thread_id)

    async def _set(self, thread: str, *, is_open: bool) -> None:
        if (topic := self._place(thread).thread) is None:
            return  # the general topic is no case's

        async def change(place: Place) -> None:
            try:
                if is_open:
                    await self._bot.reopen_forum_topic(place.chat, topic)
                else:
                    await self._bot.close_forum_topic(place.chat, topic)
            except BadRequest as error:
                if not is_unchanged(error):
                    raise

        await self._traffic.go(f"topic:{thread}:{is_open}", self._place(thread), 0, change)

    def _place(self, thread: str) -> Place:
        if thread and not thread.isdecimal():
            raise Refused("no topic of Telegram's")
        return Place(chat=self._chat, thread=int(thread) if thread else None)


def _lacking(chat: ChatFullInfo, member: ChatMember) -> list[str]:
    """Say what the group and the bot's place in it lack."""
    lacks = []
    if not chat.is_forum:
        lacks.append("the group is no forum: turn on topics in the settings of the group")
    if member.status != ChatMemberStatus.ADMINISTRATOR:
        lacks.append("the bot is no administrator of the group: make it one")
    if not getattr(member, "can_manage_topics", False):
        lacks.append("the bot may not manage topics: give it that right as an administrator (can_manage_topics)")
    return lacks


def _remember(table: OrderedDict[str, V], key: str, value: V) -> None:
    table[key] = value
    if len(table) > REMEMBERED:
        table.popitem(last=False)
