"""A homeserver for each file of tests."""

from collections.abc import Iterator

import pytest

from tests.peers.synapse import Synapse, synapse


@pytest.fixture(scope="module")
def server() -> Iterator[Synapse]:
    """A homeserver without limits."""
    with synapse() as running:
        yield running
