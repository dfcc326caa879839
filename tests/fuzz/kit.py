"""The real engine on a store in memory behind a door that is being fuzzed: what came in, and what became of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.engine import Engine
from bot.ports import Arrival, Channel, DeadLetter
from bot.render.markup import storable
from bot.store import SqlStore
from tests.engine.small import small_world
from tests.worlds import catalogs


@dataclass(slots=True)
class House:
    """Takes arrivals in as `ports.Ingest` says, and remembers them."""

    store: SqlStore
    engine: Engine
    arrivals: list[Arrival] = field(default_factory=list)

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
        """Keep arrivals; whatever a database cannot keep on every installation is found here."""
        for arrival in arrivals:
            names = (arrival.source, arrival.ext_id, arrival.channel, arrival.conversation, arrival.desk, arrival.thread)
            assert all(storable(name) == name for name in names), "PostgreSQL would refuse this, over and over"
        await self.engine.ingest(arrivals, cursor=cursor)
        self.arrivals += arrivals

    def ids(self) -> list[str]:
        """Give the external ids of what came in since the last call."""
        found = [arrival.ext_id for arrival in self.arrivals]
        self.arrivals.clear()
        return found

    async def dead(self) -> Sequence[DeadLetter]:
        """Handle everything that waits, and give what could not be handled."""
        await self.engine.drain()
        return await self.store.dead()


@asynccontextmanager
async def house(*channels: Channel) -> AsyncIterator[House]:
    """Open one."""
    store = await SqlStore.open("sqlite://")
    try:
        yield House(store, Engine(store=store, world=small_world, catalogs=catalogs(), channels=channels))
    finally:
        await store.close()
