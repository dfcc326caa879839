"""The generated files: what is written is read back, what is missing or broken is reported with the command that makes it."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.files import Reader
from bot.knowledge.generated import (
    UNFITTED,
    UNFITTED_LINEAR,
    read_generated,
    write_fit,
    write_forms,
    write_language_model,
    write_weights,
)
from bot.search.confidence import CERTAIN, FEATURES, Decision, Fit, decide, features
from bot.search.langid import CLASSES
from bot.search.lexicon import WordForms
from tests.engine.small import small_world
from tests.search.test_linear import FITTED

LANGUAGES = ("et", "ru")
WORDS = {
    "et": [
        WordForms(lang="et", lemma="elamisluba", parts=("elamis", "luba"), forms=("elamisload", "elamisluba")),
        WordForms(lang="et", lemma="kool", parts=(), forms=("kool", "kooli")),
    ],
    "ru": [WordForms(lang="ru", lemma="школа", parts=(), forms=("школа", "школы"))],
}
GRAMS = {' "a': tuple(range(len(CLASSES))), "\\": (-5,) * len(CLASSES), "я": (0,) * len(CLASSES)}
FIT = Fit(
    weights=tuple(n / 7 for n in range(FEATURES)), inside=tuple(n / 9 for n in range(FEATURES)), answer=0.6, answer_careful=0.7,
    sure=0.3, clarify=0.2, offer=0.1,
)  # fmt: skip


def write_all(folder: Path) -> Path:
    """Write all generated files."""
    for lang, words in WORDS.items():
        write_forms(folder, lang, words, "a note")
    write_language_model(folder, GRAMS, 'a "note"')
    write_weights(folder, FITTED, "a note")
    write_fit(folder, FIT, "a note", {"right": 0.5})
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Forms, language model, weights and fitted numbers come back as they were."""
    reader = Reader(tmp_path)
    made = read_generated(reader, write_all(tmp_path / ".index"), LANGUAGES)
    assert made.words() == [*WORDS["et"], *WORDS["ru"]]
    assert made.grams == GRAMS
    assert tuple(made.linear.topics) == FITTED.topics
    assert made.fit == FIT
    assert reader.problems == []


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Words in any order and double forms give one sorted text, so that a change shows as a small difference."""
    write_all(tmp_path / "a")
    write_all(tmp_path / "b")
    shuffled = [replace(word, forms=tuple(reversed(word.forms)) + word.forms) for word in reversed(WORDS["et"])]
    write_forms(tmp_path / "b", "et", shuffled, "a note")
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_forms_are_folded_when_read(tmp_path: Path) -> None:
    """Diacritics are dropped for looking up, doubles too."""
    write_forms(tmp_path, "et", [WordForms(lang="et", lemma="öö", parts=(), forms=("öö", "oo", "ööd"))], "a note")
    assert read_generated(Reader(tmp_path), tmp_path, ("et",)).words() == [
        WordForms(lang="et", lemma="öö", parts=(), forms=("oo", "ood"))
    ]


def test_missing_files_are_warnings_with_the_command(tmp_path: Path) -> None:
    """A reload works without generated files and says what to run."""
    reader = Reader(tmp_path)
    made = read_generated(reader, tmp_path / ".index", LANGUAGES)
    assert (made.words(), made.grams, made.linear, made.fit) == ([], {}, UNFITTED_LINEAR, UNFITTED)
    assert [(p.path.split("/")[-1], p.error, p.text.split("`")[1]) for p in reader.problems] == [
        ("forms-et.txt", False, "teejuht forms"),
        ("forms-ru.txt", False, "teejuht forms"),
        ("language.json", False, "teejuht forms"),
        ("weights.json", False, "teejuht eval --tune"),
        ("fitted.json", False, "teejuht eval --tune"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forms-et.txt", "kool kooli"),
        ("forms-et.txt", "<<<<<<< HEAD"),
        ("forms-et.txt", "kool\t\tkool\tkooli"),
        ("language.json", "{"),
        ("language.json", "[]"),
        ("language.json", '{"grams": {"a": [1]}}'),
        ("language.json", '{"grams": ["a"]}'),
        ("fitted.json", "null"),
        ("fitted.json", '{"fit": {"weights": [1.0]}}'),
        ("fitted.json", '{"fit": {"weights": [1, 2], "answer": 1, "answer_careful": 1, "clarify": 0, "offer": 0}}'),
    ],
)
def test_broken_files_are_warnings_with_the_command(name: str, text: str, tmp_path: Path) -> None:
    """A generated file that was edited, or merged badly, is left out and reported."""
    folder = write_all(tmp_path)
    (folder / name).write_text(text, "utf-8")
    reader = Reader(tmp_path)
    made = read_generated(reader, folder, LANGUAGES)
    assert [(p.path, p.error, "is broken; run `teejuht " in p.text) for p in reader.problems] == [
        (f"{tmp_path.name}/{name}", False, True)
    ]
    assert (made.words() == [*WORDS["et"], *WORDS["ru"]], made.grams == GRAMS, made.fit == FIT) == (
        name != "forms-et.txt", name != "language.json", name != "fitted.json",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["where is library", "library", "library please", "qqqq"])
def test_without_fitted_numbers_topics_are_offered_only(text: str) -> None:
    """A knowledge base that was never tuned answers nothing; what editors wrote word for word is offered first."""
    finding = replace(small_world().finder, fit=UNFITTED).find(text)
    assert finding.decision is Decision.CLARIFY
    assert all(candidate.confidence in (0.5, CERTAIN) for candidate in finding.shown)
    if "please" not in text and text != "qqqq":
        assert finding.shown[0].topic == "library"


def test_the_number_of_features_is_the_number_of_weights() -> None:
    """The shipped number of features is what the model computes."""
    (evidence, *_) = small_world().finder.index.find("library")
    assert len(features(evidence)) == FEATURES
    assert decide([], UNFITTED, frozenset()).decision is Decision.ABSTAIN


letters = st.text(alphabet="abõšжщя", min_size=1, max_size=8)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.dictionaries(letters, st.lists(letters, min_size=1, max_size=5), max_size=8))
def test_any_words_come_back(words: dict[str, list[str]]) -> None:
    """Whatever the generators give, every lemma comes back with its folded forms."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = [WordForms(lang="et", lemma=lemma, parts=(), forms=tuple(forms)) for lemma, forms in words.items()]
        write_forms(folder, "et", made, "a note")
        read = read_generated(Reader(folder), folder, ("et",)).words()
    assert {word.lemma for word in read} == set(words)
    assert all(word.forms for word in read)
