"""The revisions lead to the tables that the code works with, from nothing and back, whoever runs them at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import uuid4

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bot.ports import Outcome
from bot.store import SqlStore
from bot.store.database import make_engine, parse
from bot.store.migrate import downgrade, revision, upgrade
from bot.store.tables import HEAD, metadata
from tests.contracts.cases import change, open_case
from tests.contracts.store import NOW, Script, giving, say

T = TypeVar("T")

OLD_CONVERSATION = text(
    "INSERT INTO conversation (id, channel, state, updated_at)"
    """ VALUES ('ann', 'town', '{"seen"\\: ["old"]}', '2026-11-22 12\\:00\\:00.000000')"""
)

# What makes a table or an index what it is, as the database writes it down; partial indexes with their condition.
DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version' ORDER BY name",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " AND tablename <> 'alembic_version' UNION ALL"
    " SELECT relname, reloptions::text FROM pg_class WHERE relname IN ('inbox', 'outbox') ORDER BY 1",
}


def look(url: str, see: Callable[[Connection], T]) -> T:
    """Return what somebody sees who connects for a moment."""
    engine = make_engine(parse(url))
    try:
        with engine.begin() as connection:
            return see(connection)
    finally:
        engine.dispose()


def definitions(connection: Connection) -> list[tuple[str, str]]:
    """Return the definitions of our tables and indexes; SQLite writes columns that came later on one line."""
    rows = connection.execute(text(DEFINITIONS[connection.dialect.name]))
    return [(name, " ".join(str(definition).split())) for name, definition in rows]


def test_the_revisions_make_the_tables_of_the_code(bare_url: str) -> None:
    """Alembic sees no difference, and neither does the database in what Alembic does not look at."""
    upgrade(bare_url)
    assert look(bare_url, lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
    migrated = look(bare_url, definitions)
    downgrade(bare_url, "base")
    look(bare_url, metadata.create_all)
    assert migrated == look(bare_url, definitions)


def test_revisions_lead_forth_and_back(bare_url: str) -> None:
    """A second upgrade does nothing, a downgrade leaves nothing, and an upgrade after it does everything."""
    assert revision(bare_url) is None
    for _ in range(2):
        upgrade(bare_url)
        before = look(bare_url, definitions)
        upgrade(bare_url)
        assert (revision(bare_url), look(bare_url, definitions)) == (HEAD, before)
        downgrade(bare_url, "base")
        assert revision(bare_url) is None
        assert look(bare_url, lambda c: inspect(c).get_table_names()) == ["alembic_version"]


async def test_what_an_older_version_kept_is_still_there(bare_url: str) -> None:
    """A conversation of the first revision goes on, having asked nothing; on the way back it loses what was not known then."""
    upgrade(bare_url)
    downgrade(bare_url, "0001")
    look(bare_url, lambda c: c.execute(OLD_CONVERSATION))
    for _ in range(2):
        upgrade(bare_url)
        store = await SqlStore.open(bare_url)
        script = Script()
        await say(store, uuid4().hex, compute=script)
        assert await open_case(store) == 1
        await change(store, giving(Outcome(state={"seen": ["old"]}, question="Why?", asked_at=NOW, keeps_contacts=True)))
        await store.close()
        assert [(turn.state, turn.question, turn.asked_at) for turn in script.turns] == [({"seen": ["old"]}, "", None)]
        downgrade(bare_url, "0001")


def test_several_upgrades_at_once_are_one(bare_url: str) -> None:
    """The first does it while the others wait."""
    with ThreadPoolExecutor(4) as processes:
        list(processes.map(upgrade, [bare_url] * 4))
    assert revision(bare_url) == HEAD
    assert look(bare_url, lambda c: compare_metadata(MigrationContext.configure(c), metadata)) == []
