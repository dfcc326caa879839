"""A backup that is restored is what was backed up, whatever that is."""

import os
import signal
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Integer, PrimaryKeyConstraint, Table, UniqueConstraint

from bot import copies
from bot.copies import Place
from bot.errors import WrongUse
from bot.store.migrate import upgrade
from bot.store.tables import Moment, metadata
from tests.peers.postgres import Postgres, postgres
from tests.store.rows import SOME, contents, put

HALVES: Final = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"])
SAID: Final = st.text(st.one_of(st.characters(), HALVES, st.just("\0")), max_size=20)
"""What may stand in JSON: people send halves of characters, too."""
NAMES: Final = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
BODIES: Final = st.dictionaries(
    SAID,
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), SAID),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAID, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
TIMES: Final = st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
IDS: Final = st.integers(1, 2**63 - 2)
WHOLE: Final = st.integers(0, 2**31 - 1)


def values(column: Column[Any]) -> st.SearchStrategy[Any]:
    """Whatever may stand in a column."""
    kinds: dict[type, st.SearchStrategy[Any]] = {
        JSON: BODIES, Moment: TIMES, Date: st.dates(date(1, 1, 1), date(9999, 12, 31)), Boolean: st.booleans(), BigInteger: IDS,
        Integer: WHOLE,
    }  # fmt: skip
    found = next((strategy for kind, strategy in kinds.items() if isinstance(column.type, kind)), NAMES)
    return found | st.none() if column.nullable else found


def tables_of(table: Table) -> st.SearchStrategy[list[dict[str, Any]]]:
    """A few rows of a table, its keys not twice."""
    row = st.fixed_dictionaries({column.name: values(column) for column in table.columns})
    keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    return st.lists(row, max_size=3, unique_by=tuple(_key([column.name for column in key.columns]) for key in keys))


def _key(names: list[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    return lambda row: tuple(row[name] for name in names)


def quiet(*_: int) -> None:
    """Hear how far it is and do nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server with a migrated database `template`."""
    with postgres() as running:
        upgrade(running.create("template"))
        yield running


def dying(source: str, file: Path) -> None:
    """Back up, and die without a word in the middle."""

    def tell(done: int, _: int) -> None:
        if done > 3:
            os.kill(os.getpid(), signal.SIGKILL)

    copies.backup(Place(source, source), file, tell)


def test_a_backup_that_is_killed_is_none(tmp_path: Path) -> None:
    """Nothing has its name; what is left of it is private, and the next one says what to do about it."""
    source, file, part = f"sqlite:///{tmp_path / 'bot.db'}", tmp_path / "night.db", tmp_path / "night.db.part"
    upgrade(source)
    put(source, SOME)
    worker = get_context("forkserver").Process(target=dying, args=(source, file))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert not file.exists()
    assert stat.S_IMODE(part.stat().st_mode) == 0o600
    with pytest.raises(WrongUse, match=r"night.db.part is there already: .* or was cut off; delete it then"):
        copies.backup(Place(source, source), file, quiet)
    part.unlink()
    copies.backup(Place(source, source), file, quiet)
    assert contents(f"sqlite:///{file}") == contents(source)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("night")] == ["night.db"]


@settings(max_examples=20)
@given(rows=st.fixed_dictionaries({table: tables_of(table) for table in metadata.sorted_tables}), on_server=st.booleans())
def test_a_backup_that_is_restored_is_what_was_backed_up(
    server: Postgres, rows: dict[Table, list[dict[str, Any]]], on_server: bool
) -> None:
    """From a server into a file, or the other way round: every row of every table, and nothing else."""
    name = uuid4().hex
    with TemporaryDirectory() as folder:
        place = Path(folder)
        file, remote = f"sqlite:///{place / 'bot.db'}", server.create(name, template="template")
        upgrade(file)
        source, target = (remote, file) if on_server else (file, remote)
        put(source, rows)
        before = contents(source)
        copies.backup(Place(source, f"sqlite:///{place / 'none.db'}"), place / "night.db", quiet)
        copies.restore(place / "night.db", Place(target, f"sqlite:///{place / 'none.db'}"), quiet)
        assert contents(target) == contents(source) == before
        server.drop(name)
    assert {table: len(some) for table, some in before.items()} == {table: len(some) for table, some in rows.items()}
