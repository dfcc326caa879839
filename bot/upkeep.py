"""What is done every few minutes: delete what has been kept long enough, and tell the operators of what was given up.

Knows how often. Knows neither what is deleted nor how anybody is told.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot.core.world import OPERATORS
from bot.ports import Retention, Store

PURGE_EVERY: Final = 600.0
"""Seconds."""
TOLD_EVERY: Final = timedelta(hours=1)


class Report(Protocol):
    """Tells those who can mend something, by their group of desks."""

    async def __call__(self, to: str, what: str, detail: str = "") -> None: ...


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Looks after a store that is to keep things as long as `keep` says."""

    store: Store
    clock: Callable[[], datetime]
    keep: Retention
    report: Report
    _known: frozenset[tuple[str, int]] = frozenset()
    _told: datetime | None = field(default=None)

    async def run(self) -> None:
        """Do it until cancelled."""
        while True:
            # Nothing may grow too old until the next purge, nor until the one after it: a locked row is passed over once.
            await self.store.purge(self.clock() + timedelta(seconds=2 * PURGE_EVERY), self.keep)
            await self._report_dead()
            await asyncio.sleep(PURGE_EVERY)

    async def _report_dead(self) -> None:
        """Tell of new dead letters, at most once an hour: a report that cannot be brought is one itself."""
        dead = frozenset((letter.queue, letter.id) for letter in await self.store.dead())
        now = self.clock()
        if dead - self._known and (self._told is None or now - self._told >= TOLD_EVERY):
            self._known, self._told = dead, now
            await self.report(OPERATORS, "dead", str(len(dead)))
