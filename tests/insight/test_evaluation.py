"""Measuring answers: each definition of `teejuht eval`, and the table of groups."""

import pytest

from bot.core.effects import Heard
from bot.insight.evaluation import MEASURES, Question, Scores, as_rows, hear, measure, score
from tests.engine.small import small_world


def heard(decision: str, *topics: str) -> Heard:
    """Make what the bot heard."""
    return Heard(lang="et", decision=decision, topics=tuple((topic, 0.5) for topic in topics))


@pytest.mark.parametrize(
    ("labels", "what", "counts"),
    [
        # in scope: right, shown, wrong, silent
        (("a",), heard("answer", "a"), {"inside": 1, "right": 1, "shown": 1}),
        (("a", "b"), heard("answer", "b"), {"inside": 1, "right": 1, "shown": 1}),
        (("a",), heard("answer", "b"), {"inside": 1, "wrong": 1}),
        (("a",), heard("answer", "b", "a"), {"inside": 1, "wrong": 1, "shown": 1}),
        (("a",), heard("clarify", "b", "a"), {"inside": 1, "shown": 1}),
        (("a",), heard("clarify", "b", "c"), {"inside": 1}),
        (("a",), heard("abstain"), {"inside": 1, "silent": 1}),
        # empty labels: false, quiet
        ((), heard("answer", "a"), {"outside": 1, "false": 1}),
        ((), heard("clarify", "a", "b"), {"outside": 1}),
        ((), heard("abstain"), {"outside": 1, "quiet_outside": 1}),
    ],
)
def test_each_answer_counts_as_defined(labels: tuple[str, ...], what: Heard, counts: dict[str, int]) -> None:
    """Right, shown, wrong, silent for labelled questions, false and quiet for the others."""
    assert score(labels, what) == Scores(**counts)


@pytest.mark.parametrize(
    ("scores", "shares"),
    [
        (Scores(), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        (Scores(inside=4, right=2, shown=3, wrong=1, silent=1), (0.5, 0.75, 0.25, 0.25, 0.0, 0.0)),
        (Scores(outside=4, false=1, quiet_outside=2), (0.0, 0.0, 0.0, 0.0, 0.25, round(2 * 2 / (2 + 4), 4))),
        # f_oos: precision 3 of 5 abstentions, recall 3 of 4 questions out of scope
        (Scores(inside=6, outside=4, silent=2, quiet_outside=3), (0.0, 0.0, 0.0, 0.3333, 0.0, 0.6667)),
        (Scores(inside=3, outside=3, right=3, shown=3, quiet_outside=3), (1.0, 1.0, 0.0, 0.0, 0.0, 1.0)),
    ],
)
def test_shares(scores: Scores, shares: tuple[float, ...]) -> None:
    """In-scope measures are shares of in-scope questions, `false` of the others, f_oos is the F1 of abstaining."""
    assert scores.shares() == dict(zip(MEASURES, shares, strict=True))


def test_f_oos_is_the_harmonic_mean_of_precision_and_recall() -> None:
    """The formula agrees with the definition of F1."""
    scores = Scores(inside=50, outside=20, silent=7, quiet_outside=13)
    precision, recall = 13 / 20, 13 / 20
    assert scores.shares()["f_oos"] == round(2 * precision * recall / (precision + recall), 4)


def test_groups_of_questions() -> None:
    """Questions are counted by language, by kind and together; rows with unknown topics only are left out and counted."""
    questions = [
        Question(text="where is library", topics=("library",), lang="en", kind="plain"),
        Question(text="library", topics=("unheard-of", "library"), lang="en", kind="short"),
        Question(text="where is library", topics=("waste",), lang="en", kind="plain"),
        Question(text="zzz qqq", topics=(), lang="en", kind="plain"),
        Question(text="где библиотека", topics=("library",), lang="ru", kind="plain"),
        Question(text="anything", topics=("unheard-of",), lang="et", kind="plain"),
    ]
    told: list[None] = []
    table, left_out = measure(questions, small_world(), tell=lambda: told.append(None))
    assert (left_out, len(told)) == (1, 6)
    assert {group: (s.inside, s.outside, s.right, s.wrong, s.quiet_outside) for group, s in table.items()} == {
        "all": (4, 1, 3, 1, 1),
        "en": (3, 1, 2, 1, 1),
        "en/plain": (2, 1, 1, 1, 1),
        "en/short": (1, 0, 1, 0, 0),
        "ru": (1, 0, 1, 0, 0),
        "ru/plain": (1, 0, 1, 0, 0),
    }
    assert [group for group, _ in as_rows(table)] == ["en", "en/plain", "en/short", "ru", "ru/plain", "all"]


def test_nothing_to_measure() -> None:
    """No questions give an empty table."""
    assert measure([], small_world()) == ({}, 0)


@pytest.mark.parametrize(
    ("text", "decision", "topics"),
    [
        ("where is library", "answer", ["library"]),
        ("hello", "abstain", []),
        ("", "abstain", []),
        ("?", "abstain", []),
        ("zzzviolence", "answer", ["victim-support"]),
        ("/person", "abstain", []),
    ],
)
def test_what_the_whole_bot_makes_of_a_text(text: str, decision: str, topics: list[str]) -> None:
    """A text goes the way of every message: crisis, commands, small acts, search."""
    found = hear(text, small_world())
    assert (found.decision, [topic for topic, _ in found.topics]) == (decision, topics)


def test_the_label_of_a_language_is_not_read() -> None:
    """The language is identified from the text, whatever the row says."""
    (et, _), (ru, _) = (
        measure([Question(text="where is library", topics=("library",), lang=lang)], small_world()) for lang in ("et", "ru")
    )
    assert et["all"] == ru["all"]
