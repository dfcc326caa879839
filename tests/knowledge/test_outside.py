"""Questions that nothing here answers, and phrasings in a language that is only recognised: read, reported, and searched."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from bot.errors import KnowledgeError, Problem
from bot.knowledge.load import Library, load
from bot.knowledge.read import outside, read, vocabulary, wordings
from bot.search.confidence import CERTAIN, Decision
from bot.search.index import OUTSIDE
from tests.engine.small import STRANGE, UKRAINIAN, small_world, write_knowledge
from tests.knowledge.copies import add, write
from tests.knowledge.test_faults import problems_of

STRANGERS: Final = "outside/en.yaml"
PHRASINGS: Final = "uk/phrasings.yaml"


# --- read -------------------------------------------------------------------------------------------------------------


def test_questions_that_nothing_here_answers(folder: Path) -> None:
    """They are wordings of what they are about, in every language that is spoken or recognised."""
    write(folder / STRANGERS, "weather:\n  - will it rain\n  - is it cold\nsport:\n  - who won\n")
    found = [(row.topic, row.lang, row.field, row.text) for row in outside(read(folder))]
    assert [row for row in found if row[1] == "en"] == [
        (f"{OUTSIDE}weather", "en", "outside", "will it rain"),
        (f"{OUTSIDE}weather", "en", "outside", "is it cold"),
        (f"{OUTSIDE}sport", "en", "outside", "who won"),
    ]
    assert {lang for _, lang, *_ in found} == {"et", "ru", "en", "uk"}


def test_they_are_indexed_but_are_no_topics(folder: Path) -> None:
    """The index has them to fit to; they are never offered, and their words are known as they are written only."""
    write(folder / STRANGERS, "weather:\n  - hailstorms tomorrow\n")
    files, world = read(folder), load(folder)
    assert f"{OUTSIDE}weather" in {row.topic for row in world.finder.index.wordings}
    assert [topic for topic in world.finder.index.topics if topic not in world.topics] == []
    assert world.finder.index.lexicon.known("hailstorms") == ("en:hailstorms",)
    assert "hailstorms" not in " ".join(text for _, text in vocabulary(files))


def test_phrasings_in_a_language_that_is_recognised(folder: Path) -> None:
    """They are questions of their topics, beside those of the languages that are spoken."""
    write(folder / PHRASINGS, "school:\n  - перший клас\n  - до школи\n")
    found = [(row.topic, row.field, row.text) for row in wordings(read(folder)) if row.lang == "uk"]
    assert found == [("school", "question", "перший клас"), ("school", "question", "до школи")]
    assert load(folder).finder.find("Перший клас?").shown[0].confidence == CERTAIN


def test_no_phrasings_at_all(folder: Path) -> None:
    """A file may say that there are none."""
    for file in (PHRASINGS, STRANGERS):
        write(folder / file, "{}\n")
    assert "school" in load(folder).topics


# --- reported ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [STRANGERS, PHRASINGS])
@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("weather: [a\n", 1, "not valid YAML"),
        ("weather:\n\t- a\n", 2, "use spaces, not tabs"),
        ("weather: [a]\nweather: [b]\n", 2, "not valid YAML"),
        ("weather: will it rain\n", 1, "weather: write a list here"),
        ("weather:\n  - 112\n", 2, "weather.0: write a text here"),
        ("weather:\n  - a\n  - ''\n", 3, "weather.1: "),
        ("The weather:\n  - a\n", 1, "this is not written in the expected form"),
        ("- weather\n", 1, "the file: write `key: value` pairs here"),
        ("", 1, "the file: write `key: value` pairs here"),
    ],
)
def test_a_broken_file(file: str, text: str, line: int, said: str, folder: Path) -> None:
    """Each fault is named with file and line, and the knowledge is not served."""
    write(folder / file, text)
    found = [problem for problem in problems_of(folder) if said in problem.text]
    assert [problem.path for problem in found] == [f"knowledge/{file}"]
    assert abs(found[0].line - line) <= 1


@pytest.mark.parametrize("file", [*(f"outside/{lang}.yaml" for lang in ("et", "ru", "en", "uk")), PHRASINGS])
def test_a_missing_file(file: str, folder: Path) -> None:
    """Each language that is spoken or recognised needs its own; what is missing is named."""
    (folder / file).unlink()
    said = "this file is missing; add it (a missing translation is a missing file)"
    assert problems_of(folder) == (Problem(f"knowledge/{file}", 1, said),)


@pytest.mark.parametrize(
    ("file", "text", "line", "of"),
    [
        (PHRASINGS, "school:\n  - зовсім те саме\nmental-health:\n  - Зовсім те саме?\n", 4, ("school", "mental-health")),
        (PHRASINGS, "mental-health:\n  - до чого\n  - Starting school\n", 3, ("school",)),
        (STRANGERS, "weather:\n  - is it cold\n  - Starting SCHOOL?\n", 3, ("school",)),
    ],
)
def test_a_question_that_stands_twice(file: str, text: str, line: int, of: tuple[str, ...], folder: Path) -> None:
    """What is a topic's phrasing already is an error in these files, at its line."""
    write(folder / file, text)
    (found,) = problems_of(folder)
    assert found.path == f"knowledge/{file}"
    assert found.text.split(" is already a phrasing of ")[1] in of
    assert abs(found.line - line) <= 2


def test_what_nothing_here_answers_may_stand_twice(folder: Path) -> None:
    """The same words may mean weather in one language and sport in another."""
    write(folder / STRANGERS, "weather:\n  - the season\nsport:\n  - the season\n")
    assert "school" in load(folder).topics


def test_phrasings_of_a_topic_that_is_not_there(folder: Path) -> None:
    """A slip in a topic's name is an error at its line."""
    write(folder / PHRASINGS, "school:\n  - до школи\nscool:\n  - перший клас\n")
    assert problems_of(folder) == (Problem(f"knowledge/{PHRASINGS}", 3, "there is no topic 'scool'"),)


# --- searched ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["where is weather", "где погода", "kus on ilm", "де погода", "librarian", "price pizza"])
def test_what_nothing_here_answers_is_not_answered(text: str) -> None:
    """Questions that were written down, and others with their words, are likelier outside than in any topic."""
    finder = small_world().finder
    best, *_ = finder.index.find(text)
    assert best.outside > best.score
    assert finder.find(text).decision is Decision.ABSTAIN


def test_every_kind_is_learned() -> None:
    """No question of the lists is answered."""
    index = small_world().finder.index
    texts = [row.text for row in index.wordings if row.topic.startswith(OUTSIDE)]
    assert {row.topic for row in index.wordings} >= {f"{OUTSIDE}{kind}" for kind in STRANGE}
    assert [text for text in texts if small_world().finder.find(text).decision is Decision.ANSWER] == []


def test_a_phrasing_in_a_recognised_language_is_answered() -> None:
    """What is asked in a language that is only recognised is found by its own words."""
    found = small_world().finder.find(UKRAINIAN)
    assert (found.decision, found.shown[0].topic, found.shown[0].confidence) == (Decision.ANSWER, "library", CERTAIN)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (STRANGERS, lambda path: add(path, "  ,")),
        (PHRASINGS, lambda path: write(path, "library: де\n")),
    ],
)
def test_a_change_is_served_or_refused(file: str, change: Callable[[Path], object], tmp_path: Path) -> None:
    """A good change counts at the next load, a broken one leaves what was served."""
    root = write_knowledge(tmp_path / "knowledge")
    library = Library(root)
    library.load()
    write(root / PHRASINGS, '{"library": ["зовсім нове"]}\n')
    assert library.load().finder.find("зовсім нове").shown[0].confidence == CERTAIN
    change(root / file)
    with pytest.raises(KnowledgeError) as raised:
        library.load()
    assert {problem.path for problem in raised.value.problems} == {f"knowledge/{file}"}
