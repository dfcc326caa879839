"""Databases for the tests: fresh ones, migrated, thrown away afterwards."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.store.migrate import upgrade
from tests.peers.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One PostgreSQL server, with a migrated database `template` to copy."""
    with postgres() as running:
        upgrade(running.create("template"))
        yield running


@pytest.fixture
def postgres_url(server: Postgres) -> Iterator[str]:
    """A migrated, empty database on the server."""
    name = f"test-{uuid4().hex}"
    yield server.create(name, template="template")
    server.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A migrated, empty SQLite file."""
    url = f"sqlite:///{tmp_path / 'bot.sqlite'}"
    upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of either kind."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture(params=["sqlite", "postgres"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("server")
    name = f"bare-{uuid4().hex}"
    yield server.create(name)
    server.drop(name)
