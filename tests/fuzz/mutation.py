"""How something real is spoilt: parts of a JSON value, lines and signs of a text."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from hypothesis import settings
from hypothesis import strategies as st

Json: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[dict[str, Any] | list[Any], str | int]

HOSTILE_TEXTS: Final = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udc00x", "\ufeff", "\u202e1", "\N{REPLACEMENT CHARACTER}", "é" * 3, "e\u0301" * 50,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 40, "ß" * 5000, "x" * 20_000, "9" * 5000, "-1", "1e999", "0x10", "١٢٣", "²",
    "null", "true", "/start", "/start " + "a" * 300, "/forget", "/case", "!menu", "/x@y", "@teejuht_test_bot", "%s%n{0}{x!r}",
    "{{ emergency-number }}", "{operator}", "<script>alert(1)</script>", "**[a](javascript:x)**", "`" * 100, "[" * 500,
    "'; DROP TABLE inbox; --", "../../etc/passwd", "telegram:1", "matrix:!a $b", "web:0", "desk:operators", "a:b:c",
    "38001085718", "EE382200221020145685", "2026-13-45", "\r\n\r\n", "\x1b[31m", "\u2028", "ы" * 100, "🙂", "¯\\_(ツ)_/¯",
)  # fmt: skip
TEXTS: Final = st.sampled_from(HOSTILE_TEXTS) | st.text(max_size=20)
NUMBERS: Final = st.sampled_from((0, 1, -1, 2**31, -(2**31), 2**63, 2**64, -(2**70), 10**300)) | st.integers()
ODD: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from((0.5, 1e308, -0.0)) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
"""A value of any kind in place of the one that was meant."""


def often(examples: int) -> settings:
    """So many examples, the same at each run."""
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None)


@st.composite
def mutated(draw: st.DrawFn, bases: Sequence[Mapping[str, Any]], most: int = 3) -> Json:
    """One of these values with up to so many parts replaced, removed, doubled, wrapped, unwrapped or added."""
    value = dict(copy.deepcopy(draw(st.sampled_from(bases))))
    for _ in range(draw(st.integers(0, most))):
        if found := list(places(value)):
            _spoil(draw, *draw(st.sampled_from(found)))
    return value


def places(value: object) -> Iterator[Place]:
    """Name every part of a JSON value by what holds it."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield value, key
            yield from places(part)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield value, number
            yield from places(part)


def _spoil(draw: st.DrawFn, holder: Any, key: Any) -> None:  # noqa: ANN401 - a list by number or a dictionary by name
    match draw(st.sampled_from(("replace", "replace", "text", "remove", "wrap", "double", "add", "rename"))):
        case "replace":
            holder[key] = draw(ODD)
        case "text" if isinstance(holder[key], str):
            holder[key] = draw(TEXTS)
        case "remove":
            del holder[key]
        case "wrap":
            holder[key] = [holder[key]]
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case "add" if isinstance(holder, dict):
            holder[draw(TEXTS)] = draw(ODD)
        case "rename" if isinstance(holder, dict):
            holder[draw(TEXTS)] = holder.pop(key)


@st.composite
def broken_text(draw: st.DrawFn, text: str, pieces: Sequence[str]) -> str:
    """A text with lines moved, removed, doubled or indented, and pieces of what is special put in anywhere."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.integers(0, len(lines) - 1))
        column = draw(st.integers(0, len(lines[line])))
        match draw(st.sampled_from(("put", "put", "over", "cut", "remove", "double", "indent", "move"))):
            case "put":
                lines[line] = lines[line][:column] + draw(st.sampled_from(pieces) | TEXTS) + lines[line][column:]
            case "over":
                lines[line] = lines[line].partition(":")[0] + ": " + draw(st.sampled_from(pieces) | TEXTS)
            case "cut":
                lines[line] = lines[line][:column]
            case "remove" if len(lines) > 1:
                del lines[line]
            case "double":
                lines.insert(line, lines[line])
            case "indent":
                lines[line] = " " * draw(st.integers(1, 5)) + lines[line]
            case "move":
                lines.insert(draw(st.integers(0, len(lines))), lines[line])
    return "\n".join(lines)
