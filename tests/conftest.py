"""What holds for all tests."""

import pytest
from hypothesis import settings

# Before anything imports them: what they assert is told in full where it fails.
pytest.register_assert_rewrite("tests.contracts", "tests.matrix.logins", "tests.matrix.stage", "tests.telegram.kit")

# How long an example takes depends on what else the machine does; speed is measured in tests/bench.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
