"""Bringing calls to a chat: how fast, to where a group has moved, and what a fault means for what was to be shown.

Knows no messages: what is called comes in. One for an account, as the limits are the account's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import User
from telegram.error import ChatMigrated

from bot.errors import RetryLater, Unreachable
from bot.platforms.telegram.faults import told
from bot.platforms.telegram.inbound import Place
from bot.platforms.telegram.pace import Pace

T = TypeVar("T")


class Traffic:
    """Lets calls through. `paced` keeps Telegram's published limits; its 429s are obeyed in any case."""

    def __init__(self, *, paced: bool = True, now: Callable[[], float] = time.monotonic) -> None:
        self._paced = paced
        self._now = now
        self._pace = Pace()
        self._moved: dict[int, int] = {}
        self._flying: set[asyncio.Future[None]] = set()
        self.me: User | None = None
        """The bot, once Telegram has said who it is."""

    async def go(self, key: str, place: Place, cost: int, call: Callable[[Place], Awaitable[T]]) -> T:
        """Make a call that Telegram counts as `cost` messages. Errors: as `ports.Channel.send`.

        `key` is the same when it is tried again; the call is given the place to which the chat has moved.
        """
        flight = asyncio.get_running_loop().create_future()
        self._flying.add(flight)
        try:
            return await self._go(key, self.where(place), cost, call)
        finally:
            self._flying.discard(flight)
            flight.set_result(None)

    async def landed(self) -> None:
        """Wait for what is on its way."""
        if self._flying:
            await asyncio.wait(self._flying)

    def where(self, place: Place) -> Place:
        """Follow a group to where it has moved."""
        moved = self._moved.get(place.chat)
        return place if moved is None else Place(chat=moved, thread=place.thread)

    def move(self, old: int, new: int) -> None:
        """Note that a group has become a supergroup with another id."""
        self._moved[old] = new

    def came_from(self, chat: int) -> int:
        """Give the id that a supergroup had as a group, or its own."""
        return next((old for old, new in self._moved.items() if new == chat), chat)

    async def _go(self, key: str, place: Place, cost: int, call: Callable[[Place], Awaitable[T]]) -> T:
        if self.me is None:
            raise Unreachable("not connected yet")
        if self._paced and cost and (seconds := self._pace.wait(key, place.chat, self._now(), cost)):
            raise RetryLater(seconds)
        try:
            try:
                with told():
                    return await call(place)
            except ChatMigrated as moved:
                self.move(place.chat, moved.new_chat_id)
                with told():
                    return await call(self.where(place))
        except RetryLater as later:
            whole = self._pace.hold(place.chat, later.seconds, self._now())
            raise RetryLater(later.seconds, whole_channel=whole) from later
