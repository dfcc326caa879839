"""From evidence to a probability and to a band."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search.confidence import FEATURES, Candidate, Decision, Finding, Fit, decide, features, fit_weights, probability
from bot.search.index import Evidence
from tests.worlds import real_world

EVIDENCE = Evidence(
    topic="a", score=0.0, phrase=0.0, coverage=0.0, trigram=0.0, margin=0.0, slips=0.0, unknown=0.0, words=3,
    agreement=False, wording=0,
)  # fmt: skip
BY_SCORE = Fit(weights=(1.0, *(0.0,) * (FEATURES - 1)), answer=0.7, answer_careful=0.9, clarify=0.3, offer=0.2)


def evidence(topic: str, p: float) -> Evidence:
    """Make evidence that BY_SCORE gives a probability."""
    return replace(EVIDENCE, topic=topic, score=math.log(p / (1 - p)))


def bands(*rows: tuple[str, float], careful: frozenset[str] = frozenset()) -> tuple[Decision, list[str], list[str]]:
    """Decide on topics with probabilities; give the band, the topics shown, and the others."""
    finding = decide([evidence(topic, p) for topic, p in rows], BY_SCORE, careful)
    return finding.decision, [c.topic for c in finding.shown], [c.topic for c in finding.others]


def test_features_are_named_figures() -> None:
    """Each feature is one figure of the evidence, or a product of two."""
    full = Evidence(
        topic="a", score=0.1, phrase=0.2, coverage=0.5, trigram=0.4, margin=-0.5, slips=0.6, unknown=0.7,
        words=1, agreement=True, wording=0,
    )  # fmt: skip
    assert features(full) == (0.1, -0.5, 0.2, 0.5, 0.4, 0.6, 0.7, 1 / 8, 1.0, 1.0, 0.1, 1.0)
    assert features(replace(full, words=30))[7:9] == (1.0, 0.0)


def test_a_probability_is_logistic_and_bounded() -> None:
    """Weights times features through the logistic function; absurd sums do not overflow."""
    assert probability(EVIDENCE, BY_SCORE) == 0.5
    assert probability(evidence("a", 0.8), BY_SCORE) == pytest.approx(0.8)
    assert 0 < probability(replace(EVIDENCE, score=-1e9), BY_SCORE) < 1e-9
    assert 1 - 1e-9 < probability(replace(EVIDENCE, score=1e9), BY_SCORE) < 1


def test_a_fit_of_other_features_is_refused() -> None:
    """Weights that do not fit the features are a fault, not a silent cut."""
    with pytest.raises(ValueError, match="zip"):
        probability(EVIDENCE, replace(BY_SCORE, weights=(1.0,)))


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


def test_at_most_twelve_topics_are_weighed() -> None:
    """Weak evidence beyond the first twelve is not looked at."""
    finding = decide([evidence(str(n), 0.1) for n in range(20)], BY_SCORE, frozenset())
    assert finding == Finding(Decision.ABSTAIN, (), tuple(Candidate(str(n), 0.1) for n in range(12)))


def test_fitting_recovers_known_weights() -> None:
    """On many rows drawn from known weights the fit comes near them, the bias too."""
    pick = random.Random(7)
    known = (2.0, -3.0, 0.0, 0.5)
    rows = []
    for _ in range(6000):
        x = (pick.uniform(-1, 1), pick.uniform(-1, 1), pick.uniform(-1, 1), 1.0)
        p = 1 / (1 + math.exp(-sum(w * v for w, v in zip(known, x, strict=True))))
        rows.append((x, pick.random() < p))
    assert fit_weights(rows) == pytest.approx(known, abs=0.2)


def test_fitting_what_can_be_told_apart_stays_finite() -> None:
    """The ridge keeps weights small where right and wrong never mix; a feature that is always zero weighs nothing."""
    rows = [((1.0, 0.0, 1.0), True), ((-1.0, 0.0, 1.0), False)] * 50
    weight, nothing, bias = fit_weights(rows)
    assert 1 < weight < 10
    assert (nothing, abs(bias) < 0.01) == (0.0, True)


def test_a_stronger_ridge_gives_smaller_weights() -> None:
    """The ridge pulls towards zero."""
    rows = [((n / 10, 1.0), n > 4) for n in range(10)] * 5
    assert fit_weights(rows, ridge=10.0)[0] < fit_weights(rows, ridge=0.1)[0]


def test_the_bias_alone_gives_the_share() -> None:
    """Without telling features the fitted probability is the share of right rows."""
    (bias,) = fit_weights([((1.0,), n % 4 == 0) for n in range(400)])
    assert 1 / (1 + math.exp(-bias)) == pytest.approx(0.25, abs=1e-3)


share = st.floats(0, 1)


@st.composite
def findings(draw: st.DrawFn) -> list[Evidence]:
    """Draw any evidence for a few topics."""
    topics = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8))
    return [
        Evidence(
            topic=topic, score=draw(share), phrase=draw(share), coverage=draw(share), trigram=draw(share),
            margin=draw(st.floats(-1, 1)), slips=draw(share), unknown=draw(share), words=draw(st.integers(1, 400)),
            agreement=draw(st.booleans()), wording=0,
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
    sure = top >= (fit.answer_careful if best in careful else fit.answer)
    assert finding.decision is (Decision.ANSWER if sure else Decision.CLARIFY if top >= fit.clarify else Decision.ABSTAIN)
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
