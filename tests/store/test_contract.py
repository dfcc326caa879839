"""The Store contract, over every database there is."""

from collections.abc import AsyncIterator

import pytest

from bot.ports import Store
from bot.store import SqlStore
from tests.contracts.cases import CasesContract
from tests.contracts.store import StoreContract


class TestSqliteFile(StoreContract, CasesContract):
    """A file, as one municipality has it."""

    @pytest.fixture
    async def store(self, sqlite_url: str) -> AsyncIterator[Store]:
        """An empty store."""
        store = await SqlStore.open(sqlite_url, serve=True, step_seconds=60)
        yield store
        await store.close()


class TestSqliteMemory(StoreContract, CasesContract):
    """Memory, as `teejuht chat` and `teejuht ask` have it."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        """An empty store."""
        store = await SqlStore.open("sqlite://", step_seconds=60)
        yield store
        await store.close()


class TestPostgres(StoreContract, CasesContract):
    """A server, as several processes share it."""

    @pytest.fixture
    async def store(self, postgres_url: str) -> AsyncIterator[Store]:
        """An empty store."""
        store = await SqlStore.open(postgres_url, serve=True, step_seconds=60)
        yield store
        await store.close()
