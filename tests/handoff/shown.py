"""What somebody is shown, read message by message: none is passed over, and what comes twice is noticed.

Knows messages as a person sees them; no platform.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

PATIENCE: Final = 20.0
GLANCE: Final = 0.02
"""Seconds after which somebody looks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as it stands now: its words on one line, the ids of its options, the name of its file."""

    id: str
    text: str
    options: tuple[str, ...] = ()
    file: str = ""


Look: TypeAlias = Callable[[], Awaitable[Sequence[Shown]]]
"""Gives every message of the bot's that somebody sees now, oldest first."""


class Eyes:
    """Somebody who reads each message once; one that says something else now is read again."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._read: dict[tuple[str, str], None] = {}

    async def next(self, *words: str) -> Shown:
        """Wait for a message that was not read yet, and assert that these words are in it. Errors: AssertionError."""
        await self.until(self._has_new, "further message")
        shown = (await self._new())[0]
        self._read[shown.id, shown.text] = None
        missing = [word for word in words if flat(word) not in shown.text]
        assert not missing, f"{missing} are not in {shown}"
        return shown

    async def rest(self) -> list[Shown]:
        """Give what was not read yet, and read it."""
        new = await self._new()
        self._read.update({(shown.id, shown.text): None for shown in new})
        return new

    async def shows(self, text: str) -> bool:
        """Tell whether any message says this now."""
        return any(flat(text) in shown.text for shown in await self._look())

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until something holds, wherever that is looked for. Errors: AssertionError."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await holds():  # noqa: ASYNC110 - what is waited for lies outside
                    await asyncio.sleep(GLANCE)
        except TimeoutError:
            read = "\n".join(text for _, text in self._read)
            raise AssertionError(f"no {what} in {PATIENCE:g} s; read so far:\n{read}") from None

    async def _has_new(self) -> bool:
        return bool(await self._new())

    async def _new(self) -> list[Shown]:
        return [shown for shown in await self._look() if (shown.id, shown.text) not in self._read]


def flat(text: str) -> str:
    """Put words on one line, as they are compared."""
    return re.sub(r"\s+", " ", text).strip()
