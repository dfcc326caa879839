"""Copies a key store into another one, of either kind: all logins and keys, or none of them.

Knows the key store's tables and how each kind of database goes on counting. What two copies of a device's keys do to each other
is for those to think of who copy.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from nio.store.models import OlmSessions, StoreVersion
from peewee import AutoField, Model, PeeweeException, chunked, fn, sort_models

from bot.errors import StoreError
from bot.platforms.matrix.database import SCHEMA, Postgres, Sqlite, database_at, first_line
from bot.platforms.matrix.keys import OUTLIVED, TABLES, KeyStore, Logins

MOVED: Final = tuple(model for model in sort_models(TABLES) if model is not StoreVersion)
"""What others refer to comes before them. The version is written where a key store is opened."""
BATCH: Final = 200
SEE_ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
COUNT_ON: Final = "SELECT setval(pg_get_serial_sequence(%s, %s), %s)"


def move(source: str, target: str) -> int:
    """Copy what a key store holds at one moment into one without logins and keys; return how many rows that are.

    Where there is no key store at the source, none is made at the target. The source may be in use. Errors: StoreError.
    """
    with _opened(source) as here:
        if not _is_key_store(here):
            return 0
        for address in (source, target):
            KeyStore.open(address).close()
        # What is not said to go to one of the two goes to the target: peewee writes only where a table is bound to.
        with _opened(target) as there, _reading(here), there.bind_ctx(MOVED), there.atomic():
            if any(model.select().exists() for model in MOVED):
                raise StoreError(f"the key store {database_at(target)[1]} is not empty: move it away, or name a new one")
            return sum(_copy(model, here, there) for model in MOVED)


def renew_sessions(address: str) -> None:
    """Have the bot begin new sessions with all devices that it knows, for keys that come from a backup. Errors: StoreError."""
    with _opened(address) as database:
        if _is_key_store(database):
            # The library reads the one and writes the other.
            OlmSessions.update(creation_time=OUTLIVED, last_usage_date=OUTLIVED).execute(database)


@contextmanager
def _opened(address: str) -> Iterator[Sqlite | Postgres]:
    database, place = database_at(address)
    try:
        with closing(database):
            yield database
    except PeeweeException as error:
        raise StoreError(f"the key store {place} cannot be used: {first_line(error)}") from None


def _is_key_store(database: Sqlite | Postgres) -> bool:
    """Look, and make nothing."""
    if isinstance(database, Postgres):
        return bool(database.table_exists(Logins._meta.table_name, schema=SCHEMA))
    return Path(database.database).is_file() and bool(database.table_exists(Logins._meta.table_name))


@contextmanager
def _reading(here: Sqlite | Postgres) -> Iterator[None]:
    """Begin a transaction that sees one moment and keeps nobody from writing."""
    with here.transaction("DEFERRED"):
        if isinstance(here, Postgres):
            here.execute_sql(SEE_ONE_MOMENT)
        yield


def _copy(model: type[Model], here: Sqlite | Postgres, there: Sqlite | Postgres) -> int:
    fields, done = model._meta.sorted_fields, 0
    for rows in chunked(model.select(*fields).tuples().execute(here), BATCH):
        if isinstance(there, Postgres):
            rows = [tuple(map(_without_nul, row)) for row in rows]
        model.insert_many(rows, fields=fields).as_rowcount().execute()
        done += len(rows)
    if done and isinstance(there, Postgres) and isinstance(key := model._meta.primary_key, AutoField):
        last = model.select(fn.MAX(key)).scalar()
        there.execute_sql(COUNT_ON, (f"{SCHEMA}.{model._meta.table_name}", key.column_name, last))
    return done


def _without_nul(value: object) -> object:
    """PostgreSQL keeps no NUL in a text, and people may name their devices as they like."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
