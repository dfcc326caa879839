"""A folder of knowledge of one's own to break."""

from pathlib import Path

import pytest

from tests.knowledge.copies import copy_knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the real knowledge without errors."""
    return copy_knowledge(tmp_path / "knowledge")
