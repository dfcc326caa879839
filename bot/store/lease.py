"""The right to speak to the outside for all processes that share a database: one has it at a time.

Knows PostgreSQL's session locks, and that a lock is as good as the connection it was taken on: everything that only its holder
may do runs on that very connection, so that who has lost it without knowing cannot do it.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, func, select

from bot.errors import Locked, StoreError
from bot.store.database import POSTGRES, told

P = ParamSpec("P")
T = TypeVar("T")

LEAD: Final = 7_331_002
"""The advisory lock; any number, as long as it is always the same one."""
LOOK_AGAIN: Final = 1.0
"""Seconds after which the holder looks whether it still holds; the database may have gone without a word."""
NOT_OURS: Final = "another process may speak to the outside now"
ALONE: Final = {
    **POSTGRES,
    # We must know before the database lets somebody else have it: it waits for 25 seconds of silence, we for ten.
    "tcp_user_timeout": "10000",
    "options": f"{POSTGRES['options']} -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
}


class Sole:
    """The lease of a database that only one process serves."""

    async def lost(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def give_back(self) -> None:
        """Do nothing: there is nobody."""


class Lead:
    """The lease of a PostgreSQL database, to be taken; who stands by for it keeps its connection."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._threads = ThreadPoolExecutor(1, "lead")
        self._engine = _alone(url)
        self._connection: Connection | None = None
        self._lost = asyncio.Event()

    async def take(self) -> bool:
        """Get the lease, unless another process has it. Errors: StoreError."""
        return await self._in_thread(self._lock)

    async def run(self, body: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction as the holder. Errors: StoreError, also when the lease is lost."""

        def transaction() -> T:
            connection = self._connection
            # A broken connection would be made anew in silence, without the lock.
            if connection is None or connection.invalidated:
                raise StoreError(NOT_OURS)
            with told(self._url), connection.begin():
                return body(connection, *args, **kwargs)

        if self._connection is None:
            raise StoreError(NOT_OURS)
        try:
            return await self._in_thread(transaction)
        except Exception:
            if self._connection is None or self._connection.invalidated:
                self._lost.set()
            raise

    async def lost(self) -> None:
        """Return when the connection is gone; looked at every second."""
        while not self._lost.is_set():
            try:
                await asyncio.wait_for(self._lost.wait(), LOOK_AGAIN)
            except TimeoutError:
                await self._look()

    async def give_back(self) -> None:
        """Close the connection, and the lock goes with it."""
        self._lost.set()
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._in_thread(partial(_close, connection))
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def _look(self) -> None:
        try:
            await self.run(_nothing)
        except StoreError:
            self._lost.set()

    def _lock(self) -> bool:
        with told(self._url):
            if self._connection is None:
                self._connection = self._engine.connect()
            return _locked(self._connection)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


@contextmanager
def nobody_leads(url: URL) -> Iterator[None]:
    """Keep every process from leading meanwhile. Errors: Locked while one does; StoreError."""
    with told(url):
        connection = _alone(url).connect()
    try:
        with told(url):
            taken = _locked(connection)
        if not taken:
            raise Locked(f"a teejuht serves {url.render_as_string()}: stop it first")
        yield
    finally:
        _close(connection)


def _alone(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        poolclass=NullPool,
        connect_args={key: value for key, value in ALONE.items() if key not in url.query},
    )


def _locked(connection: Connection) -> bool:
    """Try to get the lock, in a transaction that ends at once: a session's lock outlives its transactions."""
    with connection.begin():
        return bool(connection.execute(select(func.pg_try_advisory_lock(LEAD))).scalar())


def _nothing(connection: Connection) -> None:
    connection.execute(select(1))


def _close(connection: Connection) -> None:
    """Close a connection, also one that is broken; the lock is free when this returns, not a moment later."""
    try:
        with connection.begin():
            connection.execute(select(func.pg_advisory_unlock_all()))
        connection.close()
    except Exception:
        connection.invalidate()
