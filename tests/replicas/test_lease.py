"""Who may speak to the outside: one store at a time, and never one that has lost the right without knowing."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.errors import StoreError
from bot.ports import Lease
from bot.store import SqlStore
from tests.contracts.store import NOW, arrival, drain, sent
from tests.engine.processes import PATIENCE


@pytest.fixture
async def pair(postgres_url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Two stores on one PostgreSQL."""
    one, other = await SqlStore.open(postgres_url), await SqlStore.open(postgres_url)
    yield one, other
    await one.close()
    await other.close()


async def test_one_has_it_until_it_is_given_back(pair: tuple[SqlStore, SqlStore]) -> None:
    """The others ask again and again, and then one of them gets it."""
    one, other = pair
    lease = await taken(one)
    assert [await other.lead() for _ in range(3)] == [None] * 3
    await lease.give_back()
    await lease.give_back()
    await taken(other)
    assert await one.lead() is None


async def test_the_process_that_has_it_is_closed(pair: tuple[SqlStore, SqlStore]) -> None:
    """Nothing is left behind that would keep the others from it."""
    one, other = pair
    await taken(one)
    await one.close()
    await taken(other)


async def test_it_is_lost_with_its_connection(postgres_url: str, pair: tuple[SqlStore, SqlStore]) -> None:
    """Its holder hears of it by itself, and may neither claim nor release until it has it again."""
    one, other = pair
    lease = await taken(one)
    await one.ingest([arrival("1"), arrival("2", "bob")])
    await drain(one)
    [first] = await one.settle("town", (), 1, NOW)
    cut(postgres_url)
    async with asyncio.timeout(PATIENCE):
        await lease.lost()
    await taken(other)
    with pytest.raises(StoreError):
        await one.settle("town", (), 1, NOW)
    with pytest.raises(StoreError):
        await one.release("town")
    # How a send ended is true all the same.
    assert await one.settle("town", [sent(first)], 0, NOW) == ()
    assert await one.sent(first.key) == f"shown:{first.key}"
    [second] = await other.settle("town", (), 5, NOW)
    assert second.conversation == "bob"
    await lease.give_back()
    assert await one.lead() is None


async def test_a_claim_after_the_cut_makes_it_lost_at_once(postgres_url: str, pair: tuple[SqlStore, SqlStore]) -> None:
    """Nothing is claimed on a connection that was made anew in silence."""
    one, _ = pair
    lease = await taken(one)
    cut(postgres_url)
    for _ in range(2):
        with pytest.raises(StoreError):
            await one.settle("town", (), 1, NOW)
    async with asyncio.timeout(PATIENCE):
        await lease.lost()


async def test_who_stands_by_survives_a_cut(postgres_url: str, pair: tuple[SqlStore, SqlStore]) -> None:
    """Asking again is all that it takes."""
    one, other = pair
    await taken(one)
    assert await other.lead() is None
    cut(postgres_url)
    with pytest.raises(StoreError):
        await other.lead()
    await taken(other)


async def test_a_sqlite_file_has_one_process_anyway(sqlite_url: str) -> None:
    """Whoever serves it leads."""
    store = await SqlStore.open(sqlite_url, serve=True)
    lease = await taken(store)
    losing = asyncio.create_task(lease.lost())
    await lease.give_back()
    await taken(store)
    assert not losing.done()
    losing.cancel()
    await store.close()


async def taken(store: SqlStore) -> Lease:
    """Take the lease, which the database may give back a moment after its holder is gone."""
    async with asyncio.timeout(PATIENCE):
        while (lease := await store.lead()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return lease


def cut(url: str) -> None:
    """End all sessions on a database but our own, as a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
