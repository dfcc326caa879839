"""The contract's own assertions are shown like a test's."""

import pytest

pytest.register_assert_rewrite("tests.contracts.channel")
