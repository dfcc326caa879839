"""What loops that run side by side share: a bell that wakes them, patience after failures, and a guard that keeps them going.

Knows nothing of what the loops do.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakSet

import structlog

LONGEST_WAIT: Final = 30.0
WENT_WELL: Final = 10.0
"""Seconds after which a loop that fails has worked before."""

log = structlog.get_logger(__name__)


class Bell:
    """Tells that something new may be there. Who listens misses no ring, also one that comes while they are at work."""

    def __init__(self) -> None:
        self._ears: WeakSet[Ear] = WeakSet()

    def ring(self) -> None:
        """Wake everybody who listens."""
        for ear in tuple(self._ears):
            ear.heard.set()

    def listen(self) -> "Ear":
        """Begin to listen."""
        ear = Ear()
        self._ears.add(ear)
        return ear


class Ear:
    """One listener's memory of the last ring."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return if it has rung since the last call, at the next ring, or after the seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.heard.wait()
        self.heard.clear()


@dataclass(slots=True)
class Patience:
    """Waits longer from failure to failure of `what`, and says each kind of failure once until things go well again."""

    what: str
    first: float = 1.0
    _next: float = 0.0
    _said: str = ""

    def good(self) -> None:
        """Begin anew."""
        if self._said:
            log.info("works again", what=self.what)
        self._next, self._said = 0.0, ""

    async def bad(self, why: str, *, at_least: float = 0.0, at_most: float = LONGEST_WAIT) -> None:
        """Wait after a failure."""
        if why != self._said:
            log.warning("does not work", what=self.what, why=why)
            self._said = why
        self._next = min(at_most, self._next * 2 or self.first)
        await asyncio.sleep(max(self._next, at_least))


async def keep_going(loop: Callable[[], Awaitable[None]]) -> None:
    """Begin a loop anew over faults of the database; a fault is logged by its class, never with a text, once while it lasts."""
    said = ""
    while True:
        began = time.monotonic()
        try:
            await loop()
        except Exception as error:  # the loop's own guard: one broad except per loop
            name = type(error).__name__
            if name != said or time.monotonic() - began > WENT_WELL:
                log.error("loop failed", error=name)
                said = name
            await asyncio.sleep(1.0)
