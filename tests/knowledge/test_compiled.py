"""The search kept in a file: it finds the same, is made anew when anything changes, and does no harm when it is broken."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.knowledge.compiled import KEPT, SUFFIX, Cache, Lines, fingerprint, load, save
from bot.knowledge.load import Library
from bot.search.index import Evidence
from tests.knowledge.copies import add, change
from tests.worlds import KNOWLEDGE

QUESTIONS = (
    "kus on kool", "scholl", "школа", "shkola", "kindergarten and school", "elamisluba Soomes", "zzz", "koolitoetus lapsele",
)  # fmt: skip


def evidence(library: Library) -> list[list[Evidence]]:
    """Ask what a library's World knows."""
    index = library.load().finder.index
    return [index.find(question) for question in QUESTIONS]


@pytest.fixture(name="cache")
def _cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def kept(cache: Path) -> list[Path]:
    """List what is kept."""
    return sorted(cache.glob("*"))


def test_what_is_kept_finds_the_same(folder: Path, cache: Path) -> None:
    """The second start reads the file that the first one left, and gives the same evidence and wordings."""
    first, second = Library(folder, cache=cache), Library(folder, cache=cache)
    found = evidence(first)
    assert kept(cache) == []
    first.finish()
    (file,) = kept(cache)
    assert file.suffix == SUFFIX
    assert evidence(second) == found
    made, read = (library.load().finder.index for library in (first, second))
    assert isinstance(read.wordings, Lines)
    assert list(read.wordings) == list(made.wordings)
    assert (read.wordings[1:3], len(read.wordings)) == (made.wordings[1:3], len(made.wordings))
    assert (read.topics, read.lexicon.endings) == (made.topics, made.lexicon.endings)
    assert (read.elsewhere, read.linear.topics) == (made.elsewhere, made.linear.topics)


@pytest.mark.untraced
def test_the_real_search_is_kept_whole(cache: Path) -> None:
    """With all that is shipped: every hundredth wording finds the same."""
    first, second = Library(KNOWLEDGE, cache=cache), Library(KNOWLEDGE, cache=cache)
    made = first.load().finder.index
    first.finish()
    read = second.load().finder.index
    for wording in made.wordings[::100]:
        assert read.find(wording.text + " kus") == made.find(wording.text + " kus")


def test_a_change_makes_it_anew(folder: Path, cache: Path) -> None:
    """A phrasing, a word of the lexicon: what was kept stands for just what it was made from."""
    library = Library(folder, cache=cache)
    library.load()
    library.finish()
    add(folder / "lexicon/en.yaml", "official: [school]")
    change(folder / "en/school.md", "title:", "title: Quidditch lessons")
    assert Library(folder, cache=cache).load().finder.find("quidditch lessons").shown[0].topic == "school"
    assert library.load().finder.find("quidditch lessons").shown[0].topic == "school"
    library.finish()
    assert len(kept(cache)) == 2


def test_only_the_newest_are_kept(folder: Path, cache: Path) -> None:
    """A few files stay, so that going back to an older knowledge is quick as well."""
    library = Library(folder, cache=cache)
    for number in range(KEPT + 2):
        change(folder / "en/school.md", "title:", f"title: School number {number}")
        library.load()
        library.finish()
    assert len(kept(cache)) == KEPT


def test_a_reload_after_reading_it(folder: Path, cache: Path) -> None:
    """What was read from the file serves for the next change, too."""
    library = Library(folder, cache=cache)
    library.load()
    library.finish()
    again = Library(folder, cache=cache)
    before = again.load().finder.index.lexicon.forms
    change(folder / "en/school.md", "title:", "title: Quidditch lessons")
    after = again.load().finder.index.lexicon.forms
    assert after.words is before.words
    assert "quidditch" in after


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * 1000])
def test_a_broken_file_is_passed_over(folder: Path, cache: Path, content: bytes) -> None:
    """The search is made of the knowledge then."""
    library = Library(folder, cache=cache)
    found = evidence(library)
    library.finish()
    (file,) = kept(cache)
    file.write_bytes(content)
    assert evidence(Library(folder, cache=cache)) == found


def test_a_file_cut_off_is_passed_over(folder: Path, cache: Path) -> None:
    """Whatever part of it is missing."""
    library = Library(folder, cache=cache)
    library.load()
    library.finish()
    (file,) = kept(cache)
    whole = file.read_bytes()
    for size in range(0, len(whole), len(whole) // 7):
        file.write_bytes(whole[:size])
        assert Cache(cache).read(file.stem) is None
        assert Library(folder, cache=cache).load().topics


def test_a_folder_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    """Nothing is kept, and nothing else happens."""
    (tmp_path / "file").write_text("not a folder", "utf-8")
    library = Library(folder, cache=tmp_path / "file")
    library.load()
    library.finish()
    assert (tmp_path / "file").read_text("utf-8") == "not a folder"


def test_a_file_is_there_whole_or_not_at_all(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails half-way nothing is left behind."""
    library = Library(folder, cache=cache)
    library.load()

    def fail(_: Path, __: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", fail)
    library.finish()
    assert kept(cache) == []


def test_a_name_for_all_that_it_is_made_of() -> None:
    """The same parts give the same name, others another."""
    assert fingerprint("a", ["b"]) == fingerprint("a", ["b"]) != fingerprint("a", ["c"])


def test_saving_what_was_loaded_gives_the_same_file(folder: Path, cache: Path, tmp_path: Path) -> None:
    """Nothing gets lost on the way."""
    library = Library(folder, cache=cache)
    library.load()
    library.finish()
    (file,) = kept(cache)
    search = load(file)
    save(replace(search, name="again"), tmp_path / f"again{SUFFIX}")
    assert evidence_of(tmp_path / f"again{SUFFIX}") == evidence_of(file)


def evidence_of(file: Path) -> list[list[Evidence]]:
    """Ask a file alone."""
    index = load(file).index
    return [index.find(question) for question in QUESTIONS]
