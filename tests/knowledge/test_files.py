"""Reading YAML quickly: what the quick reading takes means what the careful one says, and no bound is lost by it."""

from collections.abc import Callable

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from bot.knowledge.files import MAX_DEPTH, _load
from tests.worlds import KNOWLEDGE

NESTS: list[Callable[[int], str]] = [
    lambda depth: "[" * depth + "]" * depth,
    lambda depth: "[[]," * (depth - 1) + "[]" + "]" * (depth - 1),
    lambda depth: "{a: " * (depth - 1) + "{}" + "}" * (depth - 1),
]


def test_real_files_mean_what_a_careful_reading_says() -> None:
    """Every YAML file of the project has the same values either way."""
    careful = YAML(typ="safe", pure=True)
    for path in sorted(KNOWLEDGE.rglob("*.yaml")):
        if path.stat().st_size < 60_000:
            text = path.read_text("utf-8")
            assert _load(text) == careful.load(text), path


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 2400])
def test_what_is_nested_too_deeply_is_refused(nest: Callable[[int], str], depth: int) -> None:
    """The bound on depth holds however the brackets are set."""
    with pytest.raises(MarkedYAMLError, match="nested too deeply"):
        _load(nest(depth))
