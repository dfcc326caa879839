"""Hides which database the key store is in: a SQLite file that nobody else may read, or a schema of its own on PostgreSQL.

Knows peewee's databases and what matrix-nio expects of them beyond SQLite; knows no table.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from peewee import Insert, InterfaceError, Model, Node, OnConflict, OperationalError, SqliteDatabase
from playhouse.psycopg3_ext import Psycopg3Database

from bot.errors import StoreError

SCHEMA: Final = "matrix"
"""Where the tables are on PostgreSQL, beside the bot's own."""
LOCK: Final = 7_383_019_463
"""The advisory lock under which tables are made; any number that nobody else uses."""
PRAGMAS: Final = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": 1,
    # Keys that are deleted must not stay readable in the file.
    "secure_delete": 1,
}
BUSY_SECONDS: Final = 5
POSTGRES: Final = {
    "connect_timeout": 5,
    # Everything here is done in the event loop's thread: a machine that is switched off must not hold it for the minutes that
    # TCP takes to notice.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SQLITE: Final = re.compile(r"sqlite(?:\+pysqlite)?://(?:/(?P<file>[^?]*))?(?:\?.*)?")
# User and password as SQLAlchemy reads them, which opens the same kind of address for the bot's own tables.
POSTGRESQL: Final = re.compile(r"postgresql(?:\+psycopg)?://(?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?(?P<rest>[^@]*)")


class Sqlite(SqliteDatabase):  # type: ignore[misc]  # peewee has no types
    """A SQLite file, or memory."""

    def __init__(self, file: str) -> None:
        super().__init__(file, pragmas=PRAGMAS, timeout=BUSY_SECONDS, thread_safe=False)

    def prepare(self) -> None:
        """Make a file that nobody else may read before SQLite does: its companions get the same mode. Errors: OSError."""
        if self.database == ":memory:":
            return
        file = Path(self.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            file.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            # Never opened here: closing it again would take the locks from under another connection of this process.
            for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
                if part.is_file() and part.stat().st_mode & 0o077:
                    part.chmod(0o600)

    def make_place(self) -> None:
        """Do nothing: a file has one place for tables, and the transaction keeps others out."""

    def begin(self, lock_type: str = "IMMEDIATE") -> None:
        """Begin with the lock: a transaction that reads first and writes later fails when another one wrote in between."""
        super().begin(lock_type)


class Postgres(Psycopg3Database):  # type: ignore[misc]  # peewee has no types
    """A schema on PostgreSQL; a connection that was lost is made anew by the next call."""

    def __init__(self, url: str) -> None:
        super().__init__(url, thread_safe=False, **POSTGRES)

    def prepare(self) -> None:
        """Do nothing: the database is there."""

    def make_place(self) -> None:
        """Make the schema, and have everybody else who does wait until this transaction is over."""
        self.execute_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        [(there,)] = self.execute_sql("SELECT to_regnamespace(%s)", (SCHEMA,))
        if there is None:
            self.execute_sql(f"CREATE SCHEMA {SCHEMA}")

    def execute_sql(self, *statement: object, **options: object) -> Iterable[tuple[Any, ...]]:
        """Run a statement, on a new connection if the old one is found dead: peewee would go on using that."""
        try:
            return self._execute_sql(*statement, **options)
        except (OperationalError, InterfaceError):
            if self.in_transaction() or self.is_closed() or not self.connection().closed:
                raise
        self.close()
        # It may be done twice so: what the library writes outside transactions is the same however often it is written.
        return self._execute_sql(*statement, **options)

    def begin(self, *_: object) -> None:
        """Begin a transaction, on a new connection if the old one is found dead."""
        self.execute_sql("BEGIN")

    def conflict_update(self, oc: OnConflict, query: Insert) -> Node:
        """Say in PostgreSQL's words what peewee's `replace` means, which it refuses to."""
        if (oc._action or "").lower() != "replace":
            return super().conflict_update(oc, query)
        columns = query.model._meta.columns
        unique, identity = _unique(query.model), query.model._meta.primary_key.column_name
        others = [name for name in columns if name not in (*unique, identity)]
        action = {"action": "update", "preserve": others} if others else {"action": "ignore"}
        return super().conflict_update(OnConflict(conflict_target=unique, **action), query)

    def _execute_sql(self, *statement: object, **options: object) -> Iterable[tuple[Any, ...]]:
        cursor: Iterable[tuple[Any, ...]] = super().execute_sql(*statement, **options)
        return cursor

    def _connect(self) -> object:
        connection = super()._connect()
        try:
            connection.execute(f"SET search_path TO {SCHEMA}")
        except BaseException:
            connection.close()
            raise
        return connection


def database_at(address: str) -> tuple[Sqlite | Postgres, str]:
    """Read an address, as SQLAlchemy spells them; the second half names the place without secrets. Errors: StoreError."""
    if found := SQLITE.fullmatch(address):
        file = found["file"] or ":memory:"
        return Sqlite(file), file
    if found := POSTGRESQL.fullmatch(address):
        who = ":".join(quote(unquote(part), safe="") for part in (found["user"], found["password"]) if part is not None)
        place = f"postgresql://{found['rest'].partition('?')[0]}"
        return Postgres(f"postgresql://{who}{'@' if who else ''}{found['rest']}"), place
    raise StoreError("the address of the key store cannot be read: write sqlite:///FILE or postgresql://HOST/NAME")


def first_line(error: OSError | Exception) -> str:
    """Return what a driver's error says to people: what follows may quote statements and values."""
    return str(error.strerror if isinstance(error, OSError) else error.args[0]).partition("\n")[0]


def _unique(model: type[Model]) -> list[str]:
    """List the columns by which a row replaces another: matrix-nio writes them as SQL, or they are the primary key."""
    for constraint in model._meta.constraints or ():
        if found := re.fullmatch(r"UNIQUE\((.+)\)", constraint.sql):
            return found[1].split(",")
    return [model._meta.primary_key.column_name]
