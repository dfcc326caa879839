"""From evidence to a probability and to a band."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search.confidence import CERTAIN, FEATURES, Decision, Fit, decide, features, likelihood, probability
from bot.search.index import Evidence
from tests.search.words import EVIDENCE, weights_by_name
from tests.worlds import real_world

SCORE = weights_by_name(0.0, score=1.0)
BY_SCORE = Fit(weights=SCORE, inside=SCORE, answer=0.7, answer_careful=0.9, sure=0.3, clarify=0.3, offer=0.2)


def evidence(topic: str, p: float) -> Evidence:
    """Make evidence that BY_SCORE gives a probability."""
    return replace(EVIDENCE, topic=topic, score=math.log(p / (1 - p)))


def bands(*rows: tuple[str, float], careful: frozenset[str] = frozenset()) -> tuple[Decision, list[str], list[str]]:
    """Decide on topics with probabilities; give the band, the topics shown, and the others."""
    finding = decide([evidence(topic, p) for topic, p in rows], BY_SCORE, careful)
    return finding.decision, [c.topic for c in finding.shown], [c.topic for c in finding.others]


@pytest.mark.parametrize(
    ("name", "value", "feature"),
    [
        ("score", 0.5, 0.5),
        ("score", -1.5, -1.5),
        ("lead", 0.5, 0.5),
        ("lead", -2.0, -2.0),
        ("lead", -7.0, -2.0),
        ("outside", -0.5, -0.5),
        ("phrase", 0.5, 0.5),
        ("slips", 0.5, 0.5),
        ("coverage", 0.5, 0.5),
        ("unknown", 0.5, 0.5),
        ("elsewhere", True, 1.0),
        ("words", 9, 0.75),
        ("words", 12, 1.0),
        ("words", 30, 1.0),
    ],
)  # fmt: skip
def test_a_feature_is_a_figure(name: str, value: float, feature: float) -> None:
    """Each feature is one figure of the evidence; a lead far below the likeliest and many words count only so far."""
    changed: dict[str, Any] = {name: value}
    before, after = features(EVIDENCE), features(replace(EVIDENCE, **changed))
    assert [b for a, b in zip(before, after, strict=True) if a != b] == [feature]


def test_one_word_alone_is_a_feature() -> None:
    """How little a single word says is learned apart; the bias is the last."""
    one, two = features(replace(EVIDENCE, words=1)), features(replace(EVIDENCE, words=2))
    assert [(a, b) for a, b in zip(one, two, strict=True) if a != b] == [(1 / 12, 2 / 12), (1.0, 0.0)]
    assert (len(one), one[-1]) == (FEATURES, 1.0)


def test_overlap_that_covers_is_a_feature() -> None:
    """A near wording of a topic that knows the rest of the message too says more than either."""
    one, two = features(replace(EVIDENCE, phrase=0.5)), features(replace(EVIDENCE, phrase=0.5, coverage=0.8))
    assert [(a, b) for a, b in zip(one, two, strict=True) if a != b] == [(0.0, 0.8), (0.0, 0.4)]


def test_what_does_not_count() -> None:
    """Neither the topic's name nor which wording is nearest says how sure it is; to be exact is certain without a feature."""
    assert features(replace(EVIDENCE, topic="b", wording=7, exact=True)) == features(EVIDENCE)


def test_an_exact_phrasing_is_certain() -> None:
    """What an editor wrote word for word leaves no doubt, whatever else is fitted; no doubt at all is never claimed."""
    exact = replace(EVIDENCE, exact=True, score=-9.0)
    assert probability(exact, SCORE) == CERTAIN < 1
    assert decide([exact], BY_SCORE, frozenset("a")).decision is Decision.ANSWER
    assert decide([replace(exact, topic="b"), evidence("c", 0.9)], BY_SCORE, frozenset()).shown[0].topic == "b"


def test_a_probability_is_logistic_and_bounded() -> None:
    """Weights times features through the logistic function; absurd sums do not overflow."""
    assert probability(EVIDENCE, SCORE) == 0.5
    assert probability(evidence("a", 0.8), SCORE) == pytest.approx(0.8)
    assert 0 < probability(replace(EVIDENCE, score=-1e9), SCORE) < 1e-9
    assert 1 - 1e-9 < probability(replace(EVIDENCE, score=1e9), SCORE) < 1


def test_a_fit_of_other_features_is_refused() -> None:
    """Weights that do not fit the features are a fault, not a silent cut."""
    with pytest.raises(ValueError, match="zip"):
        probability(EVIDENCE, (1.0,))


@pytest.mark.parametrize(
    ("rows", "careful", "expected"),
    [
        ([], "", (Decision.ABSTAIN, [], [])),
        ([("a", 0.7)], "", (Decision.ANSWER, ["a"], [])),
        ([("a", 0.69)], "", (Decision.CLARIFY, ["a"], [])),
        ([("a", 0.8), ("b", 0.75)], "", (Decision.ANSWER, ["a"], ["b"])),
        ([("b", 0.75), ("a", 0.8)], "", (Decision.ANSWER, ["a"], ["b"])),
        ([("a", 0.8), ("b", 0.1)], "a", (Decision.CLARIFY, ["a", "b"], [])),
        ([("a", 0.91), ("b", 0.1)], "a", (Decision.ANSWER, ["a"], ["b"])),
        ([("a", 0.8), ("b", 0.1)], "b", (Decision.ANSWER, ["a"], ["b"])),
        ([("a", 0.5), ("b", 0.3), ("c", 0.25), ("d", 0.21), ("e", 0.2)], "", (Decision.CLARIFY, ["a", "b", "c", "d"], ["e"])),
        ([("a", 0.5), ("b", 0.1), ("c", 0.1)], "", (Decision.CLARIFY, ["a", "b"], ["c"])),
        ([("a", 0.3), ("b", 0.2)], "", (Decision.CLARIFY, ["a", "b"], [])),
        ([("a", 0.29), ("b", 0.28)], "", (Decision.ABSTAIN, [], ["a", "b"])),
    ],
)  # fmt: skip
def test_bands(rows: list[tuple[str, float]], careful: str, expected: tuple[Decision, list[str], list[str]]) -> None:
    """The best topic decides the band, careful topics need more, and two to four topics are offered."""
    assert bands(*rows, careful=frozenset(careful)) == expected


@pytest.mark.parametrize(
    ("best", "inside", "decision"),
    [
        (0.9, 0.9, Decision.ANSWER),
        (0.9, 0.8, Decision.ANSWER),
        (0.9, 0.79, Decision.CLARIFY),
        (0.9, 0.29, Decision.ABSTAIN),
        (0.1, 0.3, Decision.CLARIFY),
    ],
)  # fmt: skip
def test_whether_anything_is_right_is_asked_apart(best: float, inside: float, decision: Decision) -> None:
    """A likely topic is answered with only if it is likely that anything here is right; if that alone is, topics are offered."""
    fit = replace(BY_SCORE, inside=weights_by_name(0.0, outside=1.0), sure=0.8)
    rows = [replace(evidence("a", best), outside=math.log(inside / (1 - inside))), evidence("b", 0.05)]
    assert decide(rows, fit, frozenset()).decision is decision


def test_how_likely_anything_is() -> None:
    """The likeliest topic's evidence says it; nothing found is nothing, and a phrasing word for word leaves no doubt."""
    first, second = evidence("a", 0.4), evidence("b", 0.9)
    assert likelihood([], BY_SCORE) == 0
    assert likelihood([first, second], BY_SCORE) == pytest.approx(0.4)
    assert likelihood([first, replace(second, exact=True)], BY_SCORE) == CERTAIN


share = st.floats(0, 1)
scores = st.floats(-3, 3)


@st.composite
def findings(draw: st.DrawFn) -> list[Evidence]:
    """Draw any evidence for a few topics."""
    topics = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8))
    return [
        Evidence(
            topic=topic, score=draw(scores), lead=draw(scores), outside=draw(scores), phrase=draw(share), coverage=draw(share),
            slips=draw(share), unknown=draw(share), elsewhere=draw(st.booleans()),
            words=draw(st.integers(1, 400)), exact=draw(st.booleans()), wording=0,
        )
        for topic in topics
    ]  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=200)
@given(findings(), st.sets(st.sampled_from("abcdefgh")).map(frozenset))
def test_any_evidence_is_decided_by_the_limits(rows: list[Evidence], careful: frozenset[str]) -> None:
    """For any evidence the band follows from the limits, and shown and other topics are all topics, each once."""
    fit = real_world().finder.fit
    finding = decide(rows, fit, careful)
    every = (*finding.shown, *finding.others)
    assert sorted(c.topic for c in every) == sorted(e.topic for e in rows)
    assert all(0 <= c.confidence <= 1 for c in every)
    top = max((c.confidence for c in every), default=-1.0)
    best = next((c.topic for c in every if c.confidence == top), "")
    inside = likelihood(rows, fit)
    answered = top >= (fit.answer_careful if best in careful else fit.answer) and inside >= fit.sure
    assert finding.decision is (Decision.ANSWER if answered else Decision.CLARIFY if inside >= fit.clarify else Decision.ABSTAIN)
    assert (
        len(finding.shown)
        in {Decision.ANSWER: {1}, Decision.CLARIFY: {min(2, len(rows)), 2, 3, 4}, Decision.ABSTAIN: {0}}[finding.decision]
    )


@settings(derandomize=True, deadline=None, max_examples=100)
@given(findings(), st.floats(0, 0.5), st.floats(0, 0.5))
def test_higher_limits_never_answer_more(rows: list[Evidence], more: float, clarify: float) -> None:
    """Raising limits moves a message down the bands, never up."""
    order = [Decision.ABSTAIN, Decision.CLARIFY, Decision.ANSWER]
    fit = real_world().finder.fit
    strict = replace(fit, answer=fit.answer + more, answer_careful=fit.answer_careful + more, clarify=fit.clarify + clarify)
    careful = frozenset("ab")
    assert order.index(decide(rows, strict, careful).decision) <= order.index(decide(rows, fit, careful).decision)
