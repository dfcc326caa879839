"""What holds for all tests."""

from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.untraced import untraced

# Before anything imports them: what they assert is told in full where it fails.
pytest.register_assert_rewrite("tests.contracts", "tests.matrix.logins", "tests.matrix.stage", "tests.telegram.kit")

# How long an example takes depends on what else the machine does; speed is measured in tests/bench.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Run a test that is marked `untraced` without counting lines."""
    if item.get_closest_marker("untraced") is None:
        return (yield)
    with untraced():
        return (yield)
