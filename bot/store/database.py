"""Hides which database there is: one SQLite connection in one thread, or a small pool of PostgreSQL connections.

Knows addresses, transactions and the lock of a SQLite installation. Knows no table. What goes wrong comes out as
`StoreError`, never as an error of a driver: those quote statements and values.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Dialect, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.errors import Locked, StoreError

P = ParamSpec("P")
T = TypeVar("T")

POSTGRES_THREADS: Final = 4
POSTGRES: Final = {
    "connect_timeout": "10",
    # A machine that is switched off must not hold its locks for the hours that TCP takes to notice.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "options": "-c idle_in_transaction_session_timeout=30s",
}
PRAGMAS: Final = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
"""Waiting comes first: two processes that open a new file at once both switch it to WAL."""


class Database:
    """Runs transaction bodies, each a plain function of a connection, outside the event loop."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened yet."""
        self.url = parse(url)
        self._engine = make_engine(self.url)
        self._threads = ThreadPoolExecutor(POSTGRES_THREADS if is_postgres(self.url) else 1, "store")
        self._lock: int | None = None

    @property
    def in_memory(self) -> bool:
        """Whether this database begins empty and dies with the process."""
        return in_memory(self.url)

    def hold(self) -> None:
        """Keep this SQLite installation for ourselves until `close`.

        Errors: Locked when another process serves it. PostgreSQL is shared and memory is private: nothing to hold.
        """
        if not is_postgres(self.url) and not self.in_memory:
            self._lock = _flock(_file(self.url))

    async def run(self, body: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction: all of it is written when this returns, none of it when it raises."""

        def transaction() -> T:
            with told(self.url), self._engine.begin() as connection:
                return body(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._threads, transaction)

    async def close(self) -> None:
        """Finish what runs and let go of everything; closing twice is no error."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def parse(url: str) -> URL:
    """Read a database address and settle its driver. Errors: StoreError, which never repeats a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("the database address cannot be read: write sqlite:///FILE or postgresql://HOST/NAME") from None
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return parsed.set(drivername="sqlite+pysqlite")
        case "postgresql" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise StoreError(f"unknown kind of database {other!r}: write sqlite:///FILE or postgresql://HOST/NAME")


def is_postgres(url: URL) -> bool:
    """Whether many processes may share this database."""
    return url.get_backend_name() == "postgresql"


def in_memory(url: URL) -> bool:
    """Whether SQLite keeps this database in memory only."""
    return not is_postgres(url) and url.database in (None, "", ":memory:")


def make_engine(url: URL) -> Engine:
    """Build the engine of a parsed address, and the folder a SQLite file lives in. Nothing is connected yet."""
    if is_postgres(url):
        return create_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_size=POSTGRES_THREADS,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={key: value for key, value in POSTGRES.items() if key not in url.query},
        )
    only_one = {"poolclass": StaticPool} if in_memory(url) else {}
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False}, **only_one)
    event.listen(engine, "do_connect", _make_private)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_at_once)
    if not in_memory(url):
        _make_folder(_file(url).parent)
    return engine


@contextmanager
def told(url: URL) -> Iterator[None]:
    """Turn what a driver says into words for the operator."""
    try:
        yield
    except DBAPIError as error:
        # Only the first line: what follows, and the error itself, may quote what a person wrote.
        said = str(error.orig).partition("\n")[0]
        raise StoreError(f"the database {url.render_as_string()} cannot be used: {said}") from None


def _make_private(_dialect: Dialect, _record: object, arguments: list[str], _options: object) -> None:
    """Make the file before SQLite does, for nobody else to read; what SQLite keeps beside it gets the same mode."""
    file = arguments[0]
    if file != ":memory:" and not Path(file).exists():
        with suppress(OSError):  # SQLite says in its own words what is wrong
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Without this, sqlite3 begins transactions by itself, too late and without a lock.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_at_once(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _file(url: URL) -> Path:
    return Path(url.database or "")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {folder} for the database: {error.strerror}") from error


def _flock(database: Path) -> int:
    """Lock `bot.lock` beside the file; the lock goes when the process does, however it ends."""
    path = database.parent / "bot.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Locked(
            f"another teejuht already serves {database}: stop it first, or use PostgreSQL, which several processes can share"
        ) from None
    return lock
