"""Opening a database: what may stand in its address, who may have it, and what is said when it cannot be used."""

from pathlib import Path

import pytest
from sqlalchemy import text

from bot.errors import Locked, StoreError
from bot.ports import Outcome, Turn
from bot.store import SqlStore
from bot.store.database import Database, make_engine, parse
from bot.store.migrate import downgrade, upgrade
from tests.contracts.store import NOW, arrival, drain, echo, sorry


def execute(url: str, sql: str) -> None:
    """Do something to a database that the store would not do."""
    engine = make_engine(parse(url))
    with engine.begin() as connection:
        connection.execute(text(sql))
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+pysqlite://"])
async def test_memory_needs_no_upgrade(url: str) -> None:
    """It begins with its tables, is served by anybody, and two of them know nothing of each other."""
    async with Database(url) as database:
        assert database.in_memory
    one, other = await SqlStore.open(url, serve=True), await SqlStore.open(url, serve=True)
    await one.ingest([arrival("1")])
    assert await drain(other) == 0
    assert await drain(one) == 1
    await one.close()
    await other.close()


async def test_both_spellings_of_postgresql_are_one(postgres_url: str) -> None:
    """The driver may be named or not."""
    for url in (postgres_url, postgres_url.replace("postgresql://", "postgresql+psycopg://")):
        store = await SqlStore.open(url)
        assert (await store.status(NOW)).waiting == 0
        await store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("bot.sqlite", "cannot be read"),
        ("mysql://localhost/bot", "'mysql'"),
        ("sqlite+aiosqlite:///bot.sqlite", "'sqlite\\+aiosqlite'"),
        ("postgresql+asyncpg://localhost/bot", "'postgresql\\+asyncpg'"),
    ],
)
async def test_an_unknown_address_says_what_to_write(url: str, words: str) -> None:
    """The two kinds there are are named."""
    with pytest.raises(StoreError, match=f"{words}.*sqlite:///FILE or postgresql://HOST/NAME"):
        await SqlStore.open(url)


async def test_an_unreachable_server_is_named_without_its_password() -> None:
    """Nothing of the driver comes out."""
    with pytest.raises(StoreError, match=r"//bot:\*\*\*@127.0.0.1:1/town.* cannot be used: .*refused") as error:
        await SqlStore.open("postgresql://bot:secret@127.0.0.1:1/town")
    assert "secret" not in str(error.value)


async def test_a_missing_database_is_named(postgres_url: str) -> None:
    """The server answers, but has no such database."""
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        await SqlStore.open(postgres_url.rpartition("/")[0] + "/nowhere")


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A letter is not a database."""
    letter = tmp_path / "letter.sqlite"
    letter.write_text("Dear Ann, " * 100)
    with pytest.raises(StoreError, match=r"letter.sqlite cannot be used: file is not a database"):
        await SqlStore.open(f"sqlite:///{letter}")


@pytest.mark.parametrize("serve", [False, True])
async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, serve: bool) -> None:
    """A folder where a file should be, and a file where a folder should be."""
    with pytest.raises(StoreError, match=r"unable to open database file"):
        await SqlStore.open(f"sqlite:///{tmp_path}", serve=serve)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot make the folder .*file"):
        await SqlStore.open(f"sqlite:///{tmp_path / 'file' / 'bot.sqlite'}", serve=serve)


async def test_a_lock_that_cannot_be_written_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """Something else has the lock's name."""
    (tmp_path / "bot.lock").mkdir()
    with pytest.raises(StoreError, match=r"cannot write .*bot.lock"):
        await SqlStore.open(sqlite_url, serve=True)


async def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    """A first start needs nothing prepared."""
    url = f"sqlite:///{tmp_path / 'a' / 'b' / 'bot.sqlite'}"
    upgrade(url)
    store = await SqlStore.open(url, serve=True)
    await store.close()


async def test_only_one_serves_a_file(sqlite_url: str) -> None:
    """The second is told; commands beside it may still look; the lock goes with its holder."""
    first = await SqlStore.open(sqlite_url, serve=True)
    with pytest.raises(Locked, match=r"already serves .*bot.sqlite.*PostgreSQL"):
        await SqlStore.open(sqlite_url, serve=True)
    beside = await SqlStore.open(sqlite_url)
    await beside.close()
    await first.close()
    second = await SqlStore.open(sqlite_url, serve=True)
    await second.close()


async def test_many_serve_one_server(postgres_url: str) -> None:
    """PostgreSQL is shared."""
    stores = [await SqlStore.open(postgres_url, serve=True) for _ in range(2)]
    for store in stores:
        await store.close()


async def test_empty_and_older_databases_need_an_upgrade(bare_url: str) -> None:
    """The command is named; afterwards it opens."""
    for _ in range(2):
        with pytest.raises(StoreError, match=r"no tables of ours yet: run `teejuht db upgrade`"):
            await SqlStore.open(bare_url)
        upgrade(bare_url)
        downgrade(bare_url, "base")
    upgrade(bare_url)
    execute(bare_url, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match=r"is at revision 0000, .* needs 0002: run `teejuht db upgrade`"):
        await SqlStore.open(bare_url)


async def test_a_newer_database_is_left_alone(url: str) -> None:
    """Neither opened nor upgraded by code that does not know it."""
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"revision 9999, newer than this teejuht .*restore a backup"):
        await SqlStore.open(url)
    with pytest.raises(StoreError, match=r"newer than this teejuht .*9999.*restore a backup"):
        upgrade(url)


async def test_a_server_that_hangs_up_in_a_step_is_nobodys_failure(postgres_url: str) -> None:
    """It is a StoreError, the row keeps its tries, and the same store goes on with new connections."""
    store = await SqlStore.open(postgres_url)
    await store.ingest([arrival("1")])

    def hang_up(turn: Turn) -> Outcome:
        execute(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        return echo(turn)

    for _ in range(4):
        with pytest.raises(StoreError, match=r"cannot be used: "):
            await store.step(hang_up, sorry, NOW)
    assert await drain(store) == 1
    assert [letter.error for letter in await store.dead()] == []
    await store.close()


async def test_nobody_else_may_read_the_file(sqlite_url: str) -> None:
    """Conversations are in it, and in what SQLite keeps beside it."""
    store = await SqlStore.open(sqlite_url)
    await store.ingest([arrival("1")])
    files = list(Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("bot.sqlite*"))
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    await store.close()
