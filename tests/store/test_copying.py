"""A copy holds all that the original held at one moment, or nothing; it goes on counting, and nobody is disturbed."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import Table

from bot.errors import Locked, StoreError
from bot.ports import Outcome, Retention, Timer, Turn
from bot.store import SqlStore
from bot.store.copying import BATCH, copied, damage, held, one_file
from bot.store.database import Database
from bot.store.migrate import downgrade, revision, upgrade
from bot.store.tables import conversation, deed, inbox, metadata, tally
from tests.contracts.store import DAY, NOW, Script, arrival, claim, drain, post, sent
from tests.peers.postgres import Postgres
from tests.store.rows import SOME, Rows, by_name, contents, put
from tests.store.test_open import execute

NOTHING: Final[Rows] = {table: [] for table in metadata.sorted_tables}
KINDS: Final = ("sqlite", "postgres")
context = get_context("forkserver")


def quiet(done: int, total: int) -> None:
    """Hear how far it is and do nothing."""
    assert 0 <= done <= total


def copy(source: str, target: str) -> dict[str, int]:
    """Copy and give the counts."""
    with copied(source, target, quiet) as counts:
        return dict(counts)


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of either kind that has no tables yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new folder' / 'bot.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("server")
    name = f"copy-{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


# --- what is copied


def test_everything_is_the_same_afterwards(url: str, target: str) -> None:
    """Every row of every table, from either kind to either kind; the original keeps what it has."""
    put(url, SOME)
    before = contents(url)
    assert copy(url, target) == by_name(before)
    assert contents(target) == contents(url) == before
    assert {table: len(rows) for table, rows in before.items()} == {table: len(SOME[table]) for table in metadata.sorted_tables}


def test_an_empty_database_makes_an_empty_copy(url: str, target: str) -> None:
    """And one that was made before may be the target, also twice: it is still empty."""
    for _ in range(2):
        assert copy(url, target) == dict.fromkeys(metadata.tables, 0)
    assert contents(target) == NOTHING


def test_there_and_back_again(url: str, target: str, tmp_path: Path) -> None:
    """Nothing is lost or changed on the way through both kinds of databases."""
    put(url, SOME)
    back = f"sqlite:///{tmp_path / 'back' / 'bot.sqlite'}"
    copy(url, target)
    copy(target, back)
    assert contents(back) == contents(url)


def test_many_rows(url: str, target: str) -> None:
    """They go in batches, and one hears how far it is."""
    rows = [{"at": NOW, "case_number": n, "what": "note", "desk": "d", "staff": "s"} for n in range(2 * BATCH + 1)]
    put(url, {deed: rows})
    told: list[tuple[int, int]] = []
    with copied(url, target, lambda done, total: told.append((done, total))) as counts:
        assert counts["deed"] == len(rows)
    assert told == [(done, len(rows)) for done in (0, BATCH, 2 * BATCH, len(rows))]
    assert contents(target, [deed]) == contents(url, [deed])


class Ids:
    """The ids that rows of each queue have got."""

    def __init__(self) -> None:
        self.inbox: list[int] = []
        self.outbox: list[int] = []
        self.timers: list[int] = []

    async def live(self, store: SqlStore) -> None:
        """Handle what waits, with an answer and a timer for each message, until nothing is left to do."""
        while await store.step(self._answer, self._answer, NOW):
            deliveries = await claim(store)
            self.outbox += [one.id for one in deliveries]
            await store.settle("town", [sent(one) for one in deliveries], 0, NOW)
            await store.fire(NOW)

    def _answer(self, turn: Turn) -> Outcome:
        self.inbox.append(turn.inbox_id)
        if turn.source == "timer":
            self.timers.append(int(turn.ext_id))
            return Outcome(state=None)
        return Outcome(state=None, posts=(post(turn.ext_id),), timers=(Timer(key=turn.ext_id, due_at=NOW, body={}),))


async def test_the_copy_goes_on(url: str, target: str) -> None:
    """What waited is answered there, what was heard stays heard, and a new row gets an id that was never given."""
    before, after = Ids(), Ids()
    async with await SqlStore.open(url) as store:
        await store.ingest([arrival("1"), arrival("2")])
        await before.live(store)
        # All rows go: only the counters know of them.
        await store.purge(NOW + 40 * DAY, Retention())
        assert contents(url) == NOTHING
        await store.ingest([arrival("waits")], cursor=("bot", "7"))
    copy(url, target)
    async with await SqlStore.open(target) as store:
        assert await store.cursor("bot") == "7"
        assert await store.ingest([arrival("waits"), arrival("new")]) == 1
        await after.live(store)
    assert (len(after.inbox), len(after.outbox), len(after.timers)) == (4, 2, 2)
    assert min(after.inbox) > max(before.inbox)
    assert min(after.outbox) > max(before.outbox)
    assert min(after.timers) > max(before.timers)


async def test_numbers_of_cases_go_on(url: str, target: str) -> None:
    """Also after those that are forgotten."""
    put(url, SOME)
    copy(url, target)
    script = Script()
    async with await SqlStore.open(target) as store:
        await drain(store, script)
    assert [turn.number for turn in script.turns] == [43]


# --- all or nothing


def test_a_database_in_use_is_copied_as_it_was_at_one_moment(url: str, target: str) -> None:
    """Others write meanwhile and wait for nobody; what they write after the beginning is not in the copy."""
    put(url, SOME)
    before = contents(url)
    written = 0

    def write(*_: int) -> None:
        nonlocal written
        written += 1
        execute(url, f"INSERT INTO tally (day, what, topic, lang, n) VALUES ('2026-01-01', 'x{written}', '', '', 1)")
        execute(url, "DELETE FROM inbox")

    with copied(url, target, write):
        execute(url, "DELETE FROM deed")
    assert written > 2
    assert contents(target) == before
    assert contents(url, [tally]) != {tally: before[tally]}


def test_an_error_leaves_nothing_behind(url: str, target: str) -> None:
    """Whether it happens in the middle or in the last moment; the next try works."""
    put(url, SOME)

    def fail(done: int, _: int) -> None:
        if done > 3:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), copied(url, target, fail):
        raise AssertionError
    assert contents(target) == NOTHING
    with pytest.raises(ZeroDivisionError), copied(url, target, quiet):
        raise ZeroDivisionError
    assert contents(target) == NOTHING
    copy(url, target)
    assert contents(target) == contents(url)


def dying(source: str, target: str, after: int) -> None:
    """Copy, and die without a word when so many rows are there."""

    def tell(done: int, _: int) -> None:
        if done >= after:
            os.kill(os.getpid(), signal.SIGKILL)

    with copied(source, target, tell):
        pass


@pytest.mark.parametrize("after", [0, 4, 13])
def test_a_copy_that_is_killed_leaves_nothing_behind(url: str, target: str, after: int) -> None:
    """At the beginning, in the middle and after the last row; the next try works."""
    put(url, SOME)
    worker = context.Process(target=dying, args=(url, target, after))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert contents(target) == NOTHING
    copy(url, target)
    assert contents(target) == contents(url)


def test_what_the_target_cannot_keep_is_said(sqlite_url: str, postgres_url: str) -> None:
    """SQLite keeps a NUL in a text, which no channel hands in; the error quotes nothing, and nothing is kept."""
    put(sqlite_url, SOME)
    put(sqlite_url, {conversation: [{**SOME[conversation][1], "id": "GEHEIM\0"}]})
    with pytest.raises(StoreError, match="NUL") as error:
        copy(sqlite_url, postgres_url)
    assert "GEHEIM" not in str(error.value)
    assert contents(postgres_url) == NOTHING


# --- what is refused


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: str(table.name))
def test_a_target_with_rows_is_refused(sqlite_url: str, tmp_path: Path, table: Table) -> None:
    """In whatever table they are; it stays as it is."""
    full = f"sqlite:///{tmp_path / 'full.sqlite'}"
    upgrade(full)
    put(full, {table: SOME[table]})
    before = contents(full)
    with pytest.raises(
        StoreError, match=rf"^sqlite:///\S+full.sqlite is not empty, there are rows in {table.name}: move it away"
    ):
        copy(sqlite_url, full)
    assert contents(full) == before


def test_a_target_that_fills_meanwhile_is_refused(sqlite_url: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody starts a bot on it between the first look and the copy."""

    def late(address: str) -> None:
        upgrade(address)
        put(address, {tally: SOME[tally]})

    monkeypatch.setattr("bot.store.copying.upgrade", late)
    source = sqlite_url.replace("bot.sqlite", "source.sqlite")
    upgrade(source)
    with pytest.raises(StoreError, match="rows in tally"):
        copy(source, url)


def test_nobody_writes_into_a_target_that_is_being_filled(sqlite_url: str, postgres_url: str) -> None:
    """Somebody who starts a bot on it waits until all is there."""
    impatient = f"{postgres_url}?options=-c%20lock_timeout%3D10"

    def write(*_: int) -> None:
        put(impatient, {tally: SOME[tally]})

    with pytest.raises(StoreError, match="lock timeout"), copied(sqlite_url, postgres_url, write):
        raise AssertionError


def test_an_older_target_with_rows_is_not_upgraded(sqlite_url: str, tmp_path: Path) -> None:
    """It is somebody's, whatever version they run."""
    old = f"sqlite:///{tmp_path / 'old.sqlite'}"
    upgrade(old)
    downgrade(old, "0001")
    put(old, {tally: SOME[tally]})
    with pytest.raises(StoreError, match="is not empty"):
        copy(sqlite_url, old)
    assert revision(old) == "0001"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda url: downgrade(url, "base"), r"no tables of ours yet: run `teejuht db upgrade`"),
        (lambda url: downgrade(url, "0001"), r"is at revision 0001, .*: run `teejuht db upgrade`"),
        (lambda url: execute(url, "UPDATE alembic_version SET version_num = '9999'"), r"revision 9999, newer than this teejuht"),
    ],
    ids=["none", "older", "newer"],
)
def test_another_revision_is_refused(url: str, target: str, prepare: Callable[[str], None], words: str) -> None:
    """The source and what to do are named, and no tables are made in the target."""
    prepare(url)
    with pytest.raises(StoreError, match=rf"^(sqlite|postgresql)://\S+: the database .*{words}"):
        copy(url, target)
    assert revision(target) is None


def test_a_file_that_is_not_there_is_not_made(sqlite_url: str, tmp_path: Path) -> None:
    """A slip of the pen must not pass for an empty installation."""
    with pytest.raises(StoreError, match=r"there is no database .*typo/bot.sqlite"):
        copy(f"sqlite:///{tmp_path / 'typo' / 'bot.sqlite'}", sqlite_url)
    assert not (tmp_path / "typo").exists()


def test_a_file_is_not_copied_into_itself(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever name it is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "bot.sqlite")
    for name in ("bot.sqlite", f"{tmp_path}/../{tmp_path.name}/bot.sqlite", "link.sqlite"):
        assert one_file(sqlite_url, f"sqlite:///{name}")
        with pytest.raises(StoreError, match=r"bot.sqlite cannot be copied into itself"):
            copy(sqlite_url, f"sqlite:///{name}")


def test_a_database_on_a_server_is_not_copied_into_itself(postgres_url: str) -> None:
    """Also by another name of the server."""
    other = postgres_url.replace("127.0.0.1", "localhost").replace("postgresql://", "postgresql+psycopg://")
    with pytest.raises(StoreError, match="cannot be copied into itself"):
        copy(postgres_url, other)
    assert not one_file(postgres_url, other)


@pytest.mark.parametrize("memory", ["sqlite://", "sqlite:///:memory:"])
def test_memory_is_refused(sqlite_url: str, memory: str) -> None:
    """It would be gone with the command."""
    for source, target in ((memory, sqlite_url), (sqlite_url, memory)):
        with pytest.raises(StoreError, match="in memory cannot be copied"):
            copy(source, target)


def test_a_server_that_is_not_there_is_named_without_its_password(sqlite_url: str) -> None:
    """On either side."""
    nowhere = "postgresql://bot:secret@127.0.0.1:1/town"
    for source, target in ((nowhere, sqlite_url), (sqlite_url, nowhere)):
        with pytest.raises(StoreError, match=r"//bot:\*\*\*@127.0.0.1:1/town.* cannot be used: .*refused") as error:
            copy(source, target)
        assert "secret" not in str(error.value)


# --- files


def test_an_installation_that_is_served_cannot_be_held(sqlite_url: str, tmp_path: Path) -> None:
    """Two files in one folder are one installation."""
    served = Database(sqlite_url)
    served.hold()
    for url in (sqlite_url, f"sqlite:///{tmp_path / 'other.sqlite'}"):
        with pytest.raises(Locked, match="stop it first"), held(url):
            raise AssertionError
    asyncio.run(served.close())


def test_an_installation_that_is_held_cannot_be_served(sqlite_url: str, tmp_path: Path) -> None:
    """Afterwards it can."""
    with held(sqlite_url, f"sqlite:///{tmp_path / 'other.sqlite'}"), pytest.raises(Locked):
        asyncio.run(_serve(sqlite_url))
    asyncio.run(_serve(sqlite_url))


def test_a_server_that_somebody_leads_is_served(postgres_url: str) -> None:
    """And nobody leads while it is held."""

    async def lead() -> bool:
        async with await SqlStore.open(postgres_url) as store:
            if await store.lead() is None:
                return False
            with pytest.raises(Locked, match="stop it first"), held(postgres_url):
                raise AssertionError
            return True

    assert asyncio.run(lead())
    with held(postgres_url):
        assert not asyncio.run(lead())
    assert asyncio.run(lead())


async def _serve(url: str) -> None:
    async with await SqlStore.open(url, serve=True):
        pass


def test_damage_is_found(sqlite_url: str, tmp_path: Path) -> None:
    """A whole file has none; one that was cut off or overwritten in the middle has."""
    put(sqlite_url, SOME)
    put(sqlite_url, {inbox: [{**SOME[inbox][0], "id": n, "ext_id": f"x{n}"} for n in range(100, 600)]})
    file = tmp_path / "bot.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert damage(sqlite_url) == ""
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert damage(sqlite_url) != ""
    file.write_bytes(whole[:8192] + b"\xa5" * 8192 + whole[16384:])
    assert damage(sqlite_url) != ""
    file.write_bytes(b"Dear Ann, " * 1000)
    assert damage(sqlite_url) == "file is not a database"
