"""A migrated SQLite file for each test, copied from one that was migrated once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import SqlStore
from bot.store.migrate import upgrade
from tests.engine.kit import Clock, Recorder


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "bot.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def file(migrated: Path, tmp_path: Path) -> Path:
    """A migrated, empty SQLite file."""
    return Path(shutil.copy(migrated, tmp_path / "bot.sqlite"))


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SqlStore]:
    """The real store on the file."""
    opened = await SqlStore.open(f"sqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def town(clock: Clock) -> Recorder:
    """The channel of the test's bot."""
    return Recorder(clock=clock)
