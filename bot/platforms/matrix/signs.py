"""Signs that somebody is there: "typing" where an answer takes longer, and how far the bot has read.

A sign that is lost is no loss, so each is sent once, and one after the other: where the homeserver is slow, messages must not
wait for signs, and a sign that has become pointless before its turn is left out. Knows nothing of what is said.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog
from nio import AsyncClient
from nio.api import ReceiptType

from bot.platforms.matrix.faults import NETWORK
from bot.platforms.matrix.inbound import place_of

TYPING: Final = 10_000
"""Milliseconds after which clients stop showing it by themselves."""
HOLD: Final = 2.0
"""Seconds to wait with a receipt: an answer tells sooner that its message was read."""
LOOK: Final = 0.5

log = structlog.get_logger(__name__)


class Signs:
    """Sends signs with one client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._read: dict[tuple[str, str], tuple[str, float]] = {}
        self._wanted: dict[str, bool] = {}
        self._shown: set[str] = set()
        self._new = asyncio.Event()

    def read(self, room: str, thread: str, event: str) -> None:
        """Note how far a room, or a thread in it, has been read; of several for one only the last is of interest."""
        self._read[room, thread] = (event, asyncio.get_running_loop().time() + HOLD)

    def answered(self, room: str, thread: str) -> None:
        """Leave out a receipt: clients take whoever writes to have read what stands above."""
        self._read.pop((room, thread), None)

    def show_typing(self, conversation: str) -> None:
        """Show that an answer is being written."""
        self._wanted[place_of(conversation).room] = True
        self._new.set()

    def stop_typing(self, conversation: str) -> None:
        """Take it back if it is shown."""
        room = place_of(conversation).room
        if room in self._wanted or room in self._shown:
            self._wanted[room] = False
            self._new.set()

    async def run(self) -> None:
        """Send signs until cancelled."""
        await asyncio.gather(self._keep_typing(), self._keep_reading())

    async def _keep_typing(self) -> None:
        while True:
            await self._new.wait()
            self._new.clear()
            while self._wanted:
                await self._type(*self._wanted.popitem())

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            now = asyncio.get_running_loop().time()
            for (room, thread), (event, due) in tuple(self._read.items()):
                if due <= now and (room, thread) in self._read:
                    del self._read[room, thread]
                    await self._try(self._client.update_receipt_marker(room, event, ReceiptType.read, thread or "main"))

    async def _type(self, room: str, wanted: bool) -> None:
        """Say that we type or no longer do; an answer that came before its sign needs none."""
        if wanted:
            self._shown.add(room)
            await self._try(self._client.room_typing(room, True, TYPING))
        elif room in self._shown:
            self._shown.discard(room)
            await self._try(self._client.room_typing(room, False))

    async def _try(self, call: Awaitable[object]) -> None:
        try:
            await call
        except NETWORK as error:
            log.debug("matrix sign not shown", error=type(error).__name__)
