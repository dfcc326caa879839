"""Homeservers and databases for the tests of Matrix; thrown away afterwards."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from bot.platforms.matrix.keys import KeyStore
from tests.peers.postgres import Postgres, postgres
from tests.peers.synapse import Synapse
from tests.peers.synapse import synapse as run_synapse


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """A homeserver without limits; every test registers its own users."""
    with run_synapse() as running:
        yield running


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'keys' / 'matrix.db'}"
        return
    server: Postgres = request.getfixturevalue("server")
    name = f"keys-{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def keys(address: str) -> Iterator[KeyStore]:
    """An empty key store in a database of either kind."""
    store = KeyStore.open(address)
    yield store
    store.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[KeyStore]:
    """A key store where the kind of database does not matter."""
    with closing(KeyStore.open(f"sqlite:///{tmp_path / 'matrix.db'}")) as keys:
        yield keys
