"""How a bot under load and its platform talk: JSON arrays, a line each, over one TCP connection that stays open.

A request is `[what, number, ...]` and its answer `[number, answer]`; answers come in any order. Knows nothing of what is asked.
"""

import asyncio
import itertools
import json
from typing import Final, Self

from bot.ports import JSON

HOST: Final = "127.0.0.1"
LONGEST: Final = 2**20
"""Bytes of a line."""


class Line:
    """The bot's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over an open connection; answers come once `listen` runs."""
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[JSON]] = {}

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to the platform. Errors: OSError."""
        return cls(*await asyncio.open_connection(HOST, port, limit=LONGEST))

    async def ask(self, what: str, *about: object) -> JSON:
        """Ask and give the answer."""
        number = next(self._numbers)
        answer: asyncio.Future[JSON] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._writer.write(encoded([what, number, *about]))
        try:
            return await answer
        finally:
            del self._waiting[number]

    def tell(self, what: str) -> None:
        """Say something that has no answer."""
        self._writer.write(encoded([what, next(self._numbers)]))

    async def listen(self) -> None:
        """Hand out answers until the platform hangs up."""
        while line := await self._reader.readline():
            number, answer = json.loads(line)
            if (waits := self._waiting.get(number)) and not waits.done():
                waits.set_result(answer)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def encoded(value: object) -> bytes:
    """Write a line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
