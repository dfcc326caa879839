"""From evidence to a probability, and from probabilities to one of three bands: answer, clarify, abstain.

The numbers are fitted (`teejuht eval --tune`) and lie in one dated file; nothing is fitted by hand here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.search.index import Evidence

MAX_OFFERED = 4
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
    """Give the features of the logistic model, each roughly between 0 and 1."""
    return (
        evidence.score,
        evidence.margin,
        evidence.phrase,
        evidence.coverage,
        evidence.trigram,
        evidence.slips,
        evidence.unknown,
        min(evidence.words, 8) / 8,
        float(evidence.words == 1),
        float(evidence.agreement),
        evidence.phrase * evidence.coverage,
        1.0,
    )


def probability(evidence: Evidence, fit: Fit) -> float:
    """Give the calibrated probability that the evidence's topic is right."""
    total = sum(w * x for w, x in zip(fit.weights, features(evidence), strict=True))
    return 1 / (1 + math.exp(-max(min(total, 30.0), -30.0)))


def decide(evidence: Sequence[Evidence], fit: Fit, careful: frozenset[str]) -> Finding:
    """Choose the band; topics in `careful` (status, deadlines) need more certainty to be answered."""
    ranked = [Candidate(e.topic, round(probability(e, fit), 4)) for e in evidence[:12]]
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


def fit_weights(rows: Sequence[tuple[tuple[float, ...], bool]], *, ridge: float = 1.0, steps: int = 60) -> tuple[float, ...]:
    """Fit the logistic weights by Newton's method with a ridge (the bias, last, is free)."""
    size = len(rows[0][0])
    weights = [0.0] * size
    for _ in range(steps):
        gradient = [0.0] * size
        hessian = [[0.0] * size for _ in range(size)]
        for x, right in rows:
            p = 1 / (1 + math.exp(-max(min(sum(w * v for w, v in zip(weights, x, strict=True)), 30.0), -30.0)))
            for i in range(size):
                gradient[i] += (p - right) * x[i]
                for j in range(i + 1):
                    hessian[i][j] += p * (1 - p) * x[i] * x[j]
        for i in range(size):
            penalty = ridge if i < size - 1 else 1e-6
            gradient[i] += penalty * weights[i]
            hessian[i][i] += penalty
            for j in range(i):
                hessian[j][i] = hessian[i][j]
        change = _solve(hessian, gradient)
        weights = [w - c for w, c in zip(weights, change, strict=True)]
        if max(map(abs, change)) < 1e-6:
            break
    return tuple(round(w, 4) for w in weights)


def _solve(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Solve a small positive definite system by Gaussian elimination."""
    size = len(vector)
    rows = [[*matrix[i], vector[i]] for i in range(size)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            for k in range(i, size + 1):
                rows[j][k] -= factor * rows[i][k]
    result = [0.0] * size
    for i in reversed(range(size)):
        result[i] = (rows[i][size] - sum(rows[i][j] * result[j] for j in range(i + 1, size))) / rows[i][i]
    return result
