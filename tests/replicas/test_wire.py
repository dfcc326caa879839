"""What processes tell each other: hints that arrive at once, never to the one who gave them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from bot.store import SqlStore
from tests.engine.processes import PATIENCE
from tests.replicas.test_lease import cut


class Ears:
    """What one store hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._rang = asyncio.Event()

    def __call__(self, what: str) -> None:
        """Hear something."""
        self.heard.append(what)
        self._rang.set()

    async def until(self, what: str) -> None:
        """Wait until something was heard."""
        async with asyncio.timeout(PATIENCE):
            while what not in self.heard:
                self._rang.clear()
                await self._rang.wait()


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[tuple[SqlStore, Ears]]:
    """Open a store that listens."""
    store, ears = await SqlStore.open(url), Ears()
    try:
        with running(store, ears):
            yield store, ears
    finally:
        await store.close()


@contextmanager
def running(store: SqlStore, ears: Ears) -> Iterator[None]:
    """Listen beside the test."""
    task = asyncio.create_task(store.listen(ears))
    try:
        yield
    finally:
        task.cancel()


async def told(by: SqlStore, what: str, to: Ears) -> None:
    """Tell until it is heard: who has just begun, or begun anew, to listen has missed what was told before."""
    async with asyncio.timeout(PATIENCE):
        while what not in to.heard:
            by.tell(what)
            await asyncio.sleep(0.02)


async def test_the_others_hear_it_and_not_the_one_who_tells(postgres_url: str) -> None:
    """Each of the others hears what each tells."""
    async with listening(postgres_url) as (one, first), listening(postgres_url) as (other, second):
        await told(one, "new", second)
        await told(other, "said", first)
        assert set(first.heard) == {"said"}
        assert set(second.heard) == {"new"}


async def test_many_hints_are_few_notices(postgres_url: str) -> None:
    """Hints that come together are told once."""
    async with listening(postgres_url) as (one, first), listening(postgres_url) as (other, second):
        await told(one, "new", second)
        second.heard.clear()
        for _ in range(1000):
            one.tell("said")
        await second.until("said")
        await told(other, "end", first)
        assert len(second.heard) < 10


async def test_the_line_comes_back(postgres_url: str) -> None:
    """A database that was away for a moment is listened to again."""
    async with listening(postgres_url) as (one, _), listening(postgres_url) as (_, second):
        await told(one, "new", second)
        await asyncio.to_thread(cut, postgres_url)
        await told(one, "said", second)


async def test_one_alone_hears_nothing() -> None:
    """On SQLite there is nobody else."""
    async with listening("sqlite://") as (store, ears):
        store.tell("new")
        await asyncio.sleep(0.05)
        assert ears.heard == []
