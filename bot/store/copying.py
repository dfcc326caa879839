"""Copies all that one database keeps into another one, of either kind: all of it or nothing.

Knows tables, in which order rows go and how each kind of database goes on counting ids. Knows nothing of what a row means.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    URL,
    Cast,
    Column,
    Connection,
    Engine,
    Table,
    cast,
    column,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import REGCLASS
from sqlalchemy.exc import DBAPIError

from bot.errors import StoreError
from bot.store.database import Database, in_memory, is_postgres, make_engine, parse, told
from bot.store.lease import nobody_leads
from bot.store.migrate import upgrade
from bot.store.store import check_revision
from bot.store.tables import metadata

Tell: TypeAlias = Callable[[int, int], None]
"""Hears how many rows are copied, of how many."""

BATCH: Final = 1000
"""Rows that are in memory at once."""

COUNTED: Final = table("sqlite_sequence", column("name"), column("seq"))
"""Where SQLite keeps the last id of each table whose ids are never given twice."""


@contextmanager
def copied(source: str, target: str, tell: Tell) -> Iterator[Mapping[str, int]]:
    """Copy all rows of one moment and give how many there are by table; they are kept if the block ends without an error.

    The source may be in use meanwhile. The target's tables are made here. Errors: StoreError for a source that is not there or
    at another revision than this code, and for a target that has rows.
    """
    _refuse_what_cannot_work(source, target)
    here, there = parse(source), parse(target)
    with _reading(here) as rows:
        try:
            check_revision(rows)
        except StoreError as error:
            raise StoreError(f"{_shown(here)}: {error}") from None
        with _writing(there) as first:
            _refuse_the_same(rows, first)
            _refuse_rows(first)
        upgrade(target)
        counts = _counts(rows)
        with _writing(there) as kept:
            _keep_others_out(kept)
            _refuse_rows(kept)
            _copy(rows, kept, sum(counts.values()), tell)
            if (found := _counts(kept)) != counts:
                raise StoreError(f"{_shown(there)} has got {found} rows instead of {counts}: nothing was kept")
            yield counts


@contextmanager
def held(*urls: str) -> Iterator[None]:
    """Let nobody serve these installations meanwhile. Errors: Locked for one that is being served; StoreError."""
    # To the lock, two files in one folder are one installation.
    folders = {_file(parse(url)).parent: url for url in urls if not is_postgres(parse(url))}
    with ExitStack() as stack:
        for url in (url for folder, url in folders.items() if folder.is_dir()):
            database = Database(url)
            stack.callback(_let_go, database)
            database.hold()
        for url in {url for url in urls if is_postgres(parse(url))}:
            stack.enter_context(nobody_leads(parse(url)))
        yield


def one_file(one: str, other: str) -> bool:
    """Whether two addresses are the same SQLite file."""
    here, there = parse(one), parse(other)
    return not is_postgres(here) and not is_postgres(there) and _file(here) == _file(there)


def damage(file: str) -> str:
    """Say what is wrong with the SQLite file at an address; empty if nothing is."""
    engine = _reader(parse(file))
    try:
        with engine.begin() as connection:
            said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()).partition("\n")[0]
    except DBAPIError as error:
        return str(error.orig)
    finally:
        engine.dispose()
    return "" if said == "ok" else said


def _let_go(database: Database) -> None:
    asyncio.run(database.close())


def _file(url: URL) -> Path:
    return Path(url.database or "").resolve()


def _shown(url: URL) -> str:
    """Write an address as people do, without its password."""
    return url.set(drivername=url.get_backend_name()).render_as_string()


def _refuse_what_cannot_work(source: str, target: str) -> None:
    if in_memory(parse(source)) or in_memory(parse(target)):
        raise StoreError("a database in memory cannot be copied: it begins empty and ends with the command")
    if not is_postgres(parse(source)) and not _file(parse(source)).is_file():
        raise StoreError(f"there is no database {_file(parse(source))}")
    if one_file(source, target):
        raise StoreError(f"{_file(parse(source))} cannot be copied into itself")


def _refuse_the_same(rows: Connection, kept: Connection) -> None:
    """A server has many names: a lock of our own that is taken there already says that both are one database."""
    if rows.dialect.name == kept.dialect.name == "postgresql":
        word = SystemRandom().getrandbits(63)
        asked = select(func.pg_try_advisory_xact_lock(word))
        if not (rows.execute(asked).scalar() and kept.execute(asked).scalar()):
            raise StoreError(f"{_shown(kept.engine.url)} cannot be copied into itself")


def _refuse_rows(kept: Connection) -> None:
    """Look into those of our tables that are there."""
    there = set(inspect(kept).get_table_names())
    for each in metadata.sorted_tables:
        if each.name in there and kept.execute(select(text("1")).select_from(each).limit(1)).scalar():
            raise StoreError(
                f"{_shown(kept.engine.url)} is not empty, there are rows in {each.name}: move it away, or name a new database"
            )


def _keep_others_out(kept: Connection) -> None:
    """SQLite's transaction does it from the beginning."""
    if kept.dialect.name == "postgresql":
        names = ", ".join(each.name for each in metadata.sorted_tables)
        kept.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _copy(rows: Connection, kept: Connection, total: int, tell: Tell) -> None:
    done = 0
    tell(done, total)
    for each in metadata.sorted_tables:
        with closing(_batches(rows, each)) as batches:
            for batch in batches:
                kept.execute(insert(each), batch)
                done += len(batch)
                tell(done, total)
        if each.autoincrement_column is not None:
            _go_on_counting(kept, each, _last_id(rows, each, each.autoincrement_column))


def _batches(rows: Connection, each: Table) -> Generator[list[dict[str, Any]], None, None]:
    """Read a table in the order of its ids. What goes wrong here is told of the source."""
    ordered = select(each).order_by(*each.primary_key)
    with told(rows.engine.url), rows.execute(ordered, execution_options={"yield_per": BATCH}) as found:
        for batch in found.mappings().partitions():
            yield [dict(row) for row in batch]


def _last_id(rows: Connection, each: Table, id: Column[int]) -> int:
    """Return the greatest id that was ever given, also if its row is gone."""
    if rows.dialect.name == "postgresql":
        given = rows.execute(select(func.pg_sequence_last_value(_sequence(each, id)))).scalar()
    else:
        given = rows.execute(select(COUNTED.c.seq).where(COUNTED.c.name == each.name)).scalar()
    return max(given or 0, rows.execute(select(func.max(id))).scalar() or 0)


def _go_on_counting(kept: Connection, each: Table, last: int) -> None:
    """Let the next row of a table get a greater id than this."""
    if not last:
        return
    if kept.dialect.name == "postgresql":
        assert each.autoincrement_column is not None
        kept.execute(select(func.setval(_sequence(each, each.autoincrement_column), last)))
    elif each.dialect_options["sqlite"]["autoincrement"]:
        kept.execute(delete(COUNTED).where(COUNTED.c.name == each.name))
        kept.execute(insert(COUNTED).values(name=each.name, seq=last))


def _sequence(each: Table, id: Column[int]) -> Cast[str]:
    return cast(func.pg_get_serial_sequence(each.name, id.name), REGCLASS)


def _counts(connection: Connection) -> dict[str, int]:
    each_of_them = (select(func.count()).select_from(each).scalar_subquery().label(each.name) for each in metadata.sorted_tables)
    with told(connection.engine.url):
        return dict(connection.execute(select(*each_of_them)).one()._mapping)


# --- transactions


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    with _transaction(_reader(url)) as connection:
        yield connection


@contextmanager
def _writing(url: URL) -> Iterator[Connection]:
    with _transaction(make_engine(url)) as connection:
        yield connection


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    try:
        with told(engine.url), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # One side waits while the other works.
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield connection
    finally:
        engine.dispose()


def _reader(url: URL) -> Engine:
    """Make an engine whose transactions see one moment and keep nobody from writing."""
    if is_postgres(url):
        return make_engine(url).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _let_us_begin)
    event.listen(engine, "begin", _begin)
    return engine


def _let_us_begin(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
