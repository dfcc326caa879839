"""Brings the tables of a database to this version of the code, with Alembic; the only module that imports it.

Knows revisions. Several processes may start an upgrade at once: the first does it, the others find it done.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from bot.errors import StoreError
from bot.store.database import is_postgres, make_engine, parse, told

T = TypeVar("T")

ADVISORY_LOCK: Final = 7_331_001
"""Any number, as long as it is always the same one."""


def upgrade(url: str) -> None:
    """Create or bring up the tables. Errors: StoreError, also for a database that is newer than this code."""
    try:
        _locked(url, lambda connection: command.upgrade(_config(connection), "head"))
    except CommandError as error:
        raise StoreError(
            f"the database is newer than this teejuht ({error}): install the newer version again, or restore a backup"
        ) from error


def downgrade(url: str, to: str) -> None:
    """Take the tables back to an earlier revision, `base` for none; what it did not know is lost."""
    _locked(url, lambda connection: command.downgrade(_config(connection), to))


def revision(url: str) -> str | None:
    """Return the revision of the database's tables; None when there are none."""
    return _locked(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def _locked(url: str, act: Callable[[Connection], T]) -> T:
    """Act in a transaction beside which nobody migrates: SQLite's begins with a lock, PostgreSQL is asked for one."""
    address = parse(url)
    engine = make_engine(address)
    try:
        with told(address), engine.begin() as connection:
            if is_postgres(address):
                connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            return act(connection)
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    # Alembic reads this as an ini file would be read, where a percent sign begins a reference.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
