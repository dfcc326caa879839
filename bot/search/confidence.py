"""From evidence to a probability, and from probabilities to one of three bands: answer, clarify, abstain.

The numbers are fitted (`teejuht eval --tune`) and lie in one dated file; nothing is fitted by hand here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.search.index import Evidence

MAX_OFFERED = 4
CERTAIN = 0.99
FEATURES = 9
"""How many features `features` gives, the bias among them."""


class Decision(StrEnum):
    """The three bands."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The fitted numbers: one weight per feature, the bias last, and the band limits (probabilities)."""

    weights: tuple[float, ...]
    answer: float
    answer_careful: float
    clarify: float
    offer: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A topic with the probability that it is right."""

    topic: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What the search makes of a message: the band, the topics to show in order, and the next best ones."""

    decision: Decision
    shown: tuple[Candidate, ...]
    others: tuple[Candidate, ...] = ()


def features(evidence: Evidence) -> tuple[float, ...]:
    """Give the features of the logistic model."""
    return (
        evidence.score,
        max(evidence.lead, -2.0),
        evidence.outside,
        evidence.phrase,
        evidence.slips,
        evidence.unknown,
        min(evidence.words, 12) / 12,
        float(evidence.words == 1),
        1.0,
    )


def probability(evidence: Evidence, fit: Fit) -> float:
    """Give the calibrated probability that the evidence's topic is right; an editor's own phrasing leaves no doubt."""
    if evidence.exact:
        return CERTAIN
    total = sum(w * x for w, x in zip(fit.weights, features(evidence), strict=True))
    return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))


def decide(evidence: Sequence[Evidence], fit: Fit, careful: frozenset[str]) -> Finding:
    """Choose the band; topics in `careful` (status, deadlines) need more certainty to be answered."""
    ranked = [Candidate(e.topic, round(probability(e, fit), 4)) for e in evidence]
    ranked.sort(key=lambda candidate: -candidate.confidence)
    if not ranked:
        return Finding(Decision.ABSTAIN, ())
    best = ranked[0]
    limit = fit.answer_careful if best.topic in careful else fit.answer
    if best.confidence >= limit:
        return Finding(Decision.ANSWER, (best,), tuple(ranked[1:]))
    if best.confidence >= fit.clarify:
        offered = [c for c in ranked if c.confidence >= fit.offer][:MAX_OFFERED]
        offered = offered if len(offered) > 1 else ranked[:2]
        return Finding(Decision.CLARIFY, tuple(offered), tuple(c for c in ranked if c not in offered))
    return Finding(Decision.ABSTAIN, (), tuple(ranked))
