"""From evidence to probabilities, and from these to one of three bands: answer, clarify, abstain.

Two things are asked: is this topic the right one, and is anything here right at all. A message that lies between two topics may
be unsure of either and still be one to offer them for. The numbers are fitted (`teejuht eval --tune`) and lie in one dated
file; nothing is fitted by hand here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.search.index import Evidence

MAX_OFFERED = 4
CERTAIN = 0.99
FEATURES = 12
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
    """Is the topic the right one?"""
    inside: tuple[float, ...]
    """Is anything here right? Asked of the likeliest topic's evidence."""
    answer: float
    answer_careful: float
    sure: float
    """How likely it must be that anything is right for a topic to be answered with, ..."""
    clarify: float
    """... and to be offered."""
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
        evidence.coverage,
        evidence.phrase * evidence.coverage,
        evidence.slips,
        evidence.unknown,
        float(evidence.elsewhere),
        min(evidence.words, 12) / 12,
        float(evidence.words == 1),
        1.0,
    )


def probability(evidence: Evidence, weights: Sequence[float]) -> float:
    """Give a calibrated probability by the weights of a fit; an editor's own phrasing leaves no doubt."""
    if evidence.exact:
        return CERTAIN
    total = sum(w * x for w, x in zip(weights, features(evidence), strict=True))
    return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))


def likelihood(evidence: Sequence[Evidence], fit: Fit) -> float:
    """Give the probability that anything is right, from evidence in its order; nothing found is 0."""
    return max((probability(e, fit.inside) for e in evidence if e is evidence[0] or e.exact), default=0.0)


def decide(evidence: Sequence[Evidence], fit: Fit, careful: frozenset[str]) -> Finding:
    """Choose the band; topics in `careful` (status, deadlines) need more certainty to be answered."""
    ranked = [Candidate(e.topic, round(probability(e, fit.weights), 4)) for e in evidence]
    ranked.sort(key=lambda candidate: -candidate.confidence)
    if not ranked:
        return Finding(Decision.ABSTAIN, ())
    best, inside = ranked[0], likelihood(evidence, fit)
    limit = fit.answer_careful if best.topic in careful else fit.answer
    if best.confidence >= limit and inside >= fit.sure:
        return Finding(Decision.ANSWER, (best,), tuple(ranked[1:]))
    if inside >= fit.clarify:
        offered = [c for c in ranked if c.confidence >= fit.offer][:MAX_OFFERED]
        offered = offered if len(offered) > 1 else ranked[:2]
        return Finding(Decision.CLARIFY, tuple(offered), tuple(c for c in ranked if c not in offered))
    return Finding(Decision.ABSTAIN, (), tuple(ranked))
