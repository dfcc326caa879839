"""Knowledge files as editors and their programs may leave them: served, or every fault with its file and line."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.world import World
from bot.errors import KnowledgeError, Problem
from bot.knowledge.load import Library
from tests.engine.small import write_knowledge
from tests.fuzz.mutation import broken_text, often
from tests.knowledge.copies import copy_knowledge

pytestmark = pytest.mark.untraced

PIECES: Final = (
    "&a ", "*a", "<<: *a", "!!binary x", "!!python/object:os.system x", "!!set {a}", "!!float x", "!x ", "!!int 0x",
    "? ", "? [a, b]: c",
    ": ", "- ", "- - - ", "| ", "|9\n", ">-\n", "{", "}", "[", "]", "{a: {b: {c", "[[[[[[",
    "[" * 2000, "{a: " * 500, "#", "%YAML 9.9\n",
    "---\n", "...\n", "\t", "\x85", "\x00", "\x0b", "\ufeff", "'", '"', '"\\u', '"\\xZZ"', "`", "@", "%", "~",
    "null", "yes", "0o9",
    "0x", ".inf", ".nan", "-.inf", "1e999", "9" * 5000, "1_000", "12:30:45", "2026-02-30", "2026-13-01T99:99:99Z", "0000-00-00",
    "{{", "}}", "{{ x }}", "{{ emergency-number }", "{{{{", "## variant:", "## variant: x\n", "](javascript:x)",
    "<b>", "=", "<", "~x",
    "|", "a|b|", "()", "(?", "\\", "*", "..", "zz", "kool", "school", "library", "'2026-01-01'", "unknown", "[]",
    "{}", "''", "- \n",
)  # fmt: skip

LARGE: Final = 100_000
"""Bytes of a file that is left as it is, because it takes long to read."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of knowledge, what serves it, and its files."""

    root: Path
    library: Library
    files: list[Path] = field(repr=False)


def shelf(root: Path) -> Shelf:
    """Begin to serve a folder without errors."""
    library = Library(root)
    assert isinstance(library.load(), World)
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.stat().st_size < LARGE)
    return Shelf(root, library, files)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The small knowledge, read in milliseconds."""
    return shelf(write_knowledge(tmp_path_factory.mktemp("small") / "knowledge"))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A copy of ours."""
    return shelf(copy_knowledge(tmp_path_factory.mktemp("real") / "knowledge"))


def outcome(library: Library) -> World | tuple[Problem, ...]:
    """Load, and give what is served or what is said to be wrong."""
    try:
        return library.load()
    except KnowledgeError as error:
        return error.problems


def told(root: Path, problems: tuple[Problem, ...]) -> Iterator[str]:
    """Name what an editor could not act on."""
    if not problems:
        yield "no problem at all"
    for problem in problems:
        path = root.parent / problem.path
        if not problem.text.strip():
            yield f"{problem.path}: nothing said"
        if problem.path != root.name and not problem.path.startswith(f"{root.name}/"):
            yield f"{problem.path}: not in the folder"
        if not 1 <= problem.line <= (path.read_bytes().count(b"\n") + 2 if path.is_file() else 1):
            yield f"{problem.path}:{problem.line}: no such line"


def try_out(shelf: Shelf, path: Path, content: bytes) -> None:
    """Put something in a file's place for a moment: it is served or explained."""
    good = path.read_bytes()
    try:
        path.write_bytes(content)
        found = outcome(shelf.library)
        assert isinstance(found, World) or list(told(shelf.root, found)) == []
    finally:
        path.write_bytes(good)


def broken(shelf: Shelf, data: st.DataObject) -> tuple[Path, bytes]:
    """A file of the folder, and how it may be broken."""
    path = data.draw(st.sampled_from(shelf.files))
    return path, data.draw(broken_text(path.read_text("utf-8"), PIECES)).encode("utf-8", "surrogatepass")


@often(100)
@given(data=st.data())
def test_a_broken_file_is_served_or_explained(small: Shelf, data: st.DataObject) -> None:
    """Nothing else comes out, however the file is broken."""
    try_out(small, *broken(small, data))


@often(12)
@given(data=st.data())
def test_a_broken_file_of_ours_is_served_or_explained(real: Shelf, data: st.DataObject) -> None:
    """The same with everything that the real files have in them."""
    try_out(real, *broken(real, data))


@often(40)
@given(data=st.data(), content=st.binary(max_size=60) | st.sampled_from((b"", b"\n", b"\xff\xfe", b"---\n---\n", b"\x00" * 99)))
def test_a_file_of_any_bytes_is_explained(small: Shelf, data: st.DataObject, content: bytes) -> None:
    """Another encoding, half a file, nothing."""
    path = data.draw(st.sampled_from(small.files))
    good = path.read_bytes()
    half = good[: data.draw(st.integers(0, len(good)))]
    try_out(small, path, data.draw(st.sampled_from((content, half, good.decode().encode("utf-16"), good * 2))))


def test_a_missing_file_and_a_folder_in_its_place_are_explained(small: Shelf) -> None:
    """Each file in turn."""
    for path in small.files:
        good = path.read_bytes()
        path.unlink()
        gone = outcome(small.library)
        path.mkdir()
        folder = outcome(small.library)
        path.rmdir()
        path.write_bytes(good)
        assert [found for found in (gone, folder) if not isinstance(found, World) and list(told(small.root, found))] == []


BOMBS: Final = {
    "aliases": "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in itertools.pairwise("abcdefghijklmnop")),
    "itself": "&a [*a]\n", "its own value": "&a {b: *a}\n", "lists": "[" * 20_000, "pairs": "{a: " * 50_000,
    "items": "- " * 50_000, "keys": "? " * 50_000, "number": "a: " + "9" * 200_000,
    "breaks": 'a: "' + "\\n" * 50_000 + '"', "tags": "!!a" * 100_000,
    "quotes": "'" * 999_999, "block": "a: |\n" + " x\n" * 20_000, "comment": "#" * 999_999, "anchor": "&" + "a" * 500_000,
    "same key": "a:\n" * 3_000, "merges": "<<: " * 10_000, "blank": "\n" * 100_000, "directive": "%TAG ! tag:" + "a" * 100_000,
    "same pair": "k: v\n" * 3_000, "too large": "a" * 2_000_000,
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_is_made_to_blow_up_does_not(small: Shelf, bomb: str) -> None:
    """Aliases, depth and sheer size end in a sentence, in YAML and in the head of a text."""
    try_out(small, small.root / "values.yaml", BOMBS[bomb].encode())
    try_out(small, small.root / "et" / "library.md", f"---\n{BOMBS[bomb]}\n---\nx\n".encode())


def test_after_all_that_the_folders_are_served(small: Shelf, real: Shelf) -> None:
    """What was broken on the way left nothing behind in what is kept between readings."""
    assert isinstance(outcome(small.library), World)
    assert isinstance(outcome(real.library), World)
