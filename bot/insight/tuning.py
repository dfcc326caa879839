"""Fitting confidence and band limits: `teejuht eval --tune`, after `ranking` has fitted the classifier.

Learns from check wordings only: no text that is indexed is judged by itself. A logistic regression of scikit-learn turns
evidence into a probability; the limits are the lowest that keep wrong and false answers rare.
"""

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from bot.core.world import World
from bot.errors import WrongUse
from bot.insight.evaluation import Question
from bot.search.confidence import FEATURES, Decision, Fit, decide, features, likelihood, probability
from bot.search.index import Evidence

WRONG_AT_MOST = 0.05
WRONG_CAREFUL_AT_MOST = 0.006
FALSE_AT_MOST = 0.08
"""Shares of the check wordings: no answer is better than a wrong one. Careful: wrong answers with a careful topic, of all."""
REAL = "real"
REAL_WORTH = 4.0
"""How much a check wording after a question really asked (its kind begins so) counts in the fit beside a made-up one."""
CANDIDATES = 5
OFFERED = 0.03
"""What is offered beside the best topic is at least this likely."""
KEPT_WORTH = 3
"""How much worse it is to be silent on a question than not to be on something else."""
SURES = tuple(step / 20 for step in range(20))
"""Tried for how likely it must be that anything is right."""
NEVER = 1.1
"""A limit that no probability reaches: where none keeps wrong answers rare, nothing is answered, only offered."""


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence for one text and the topics that would be right; none: nothing should be answered."""

    labels: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    worth: float = 1.0


class Row(NamedTuple):
    """What the logistic regression learns from: a candidate, whether it was right, and how much that counts."""

    features: tuple[float, ...]
    right: bool
    worth: float


def tune(world: World, checks: Sequence[Question], *, tell: Callable[[], None] = lambda: None) -> tuple[Fit, dict[str, float]]:
    """Fit weights and limits on the check wordings; give the fit and what it reaches on them. Errors: WrongUse."""
    cases = [case for question in checks if (case := _judge(question, world, tell))]
    rights = [Row(features(e), e.topic in c.labels, c.worth) for c in cases for e in c.evidence[:CANDIDATES] if not e.exact]
    insides = [Row(features(e), bool(c.labels), c.worth) for c in cases for e in c.evidence[:1] if not e.exact]
    weights, inside = _fit_weights(rights), _fit_weights(insides)
    fit = Fit(weights=weights, inside=inside, answer=NEVER, answer_careful=NEVER, sure=NEVER, clarify=0.0, offer=0.0)
    fit = _set_limits(fit, cases, world.finder.careful)
    return fit, reach(fit, cases, world.finder.careful)


def _fit_weights(rows: Sequence[Row]) -> tuple[float, ...]:
    """Fit the logistic weights, the bias last."""
    try:
        models = importlib.import_module("sklearn.linear_model")
    except ImportError as error:
        raise WrongUse(f"what fits the search is not installed ({error.name}): run `make install-forms`") from error
    if len({row.right for row in rows}) < 2:
        return (0.0,) * FEATURES  # nothing to tell apart
    columns, right, worth = zip(*rows, strict=True)
    fitted = models.LogisticRegression(max_iter=1000).fit([row[:-1] for row in columns], right, sample_weight=worth)
    return tuple(round(float(weight), 4) for weight in (*fitted.coef_[0], fitted.intercept_[0]))


def reach(fit: Fit, cases: Sequence[Case], careful: frozenset[str]) -> dict[str, float]:
    """Give right, wrong, silent (of in-scope cases), false and quiet (of the others)."""
    inside = [c for c in cases if c.labels]
    outside = [c for c in cases if not c.labels]
    right = wrong = silent = false = quiet = 0
    for case in cases:
        found = decide(case.evidence, fit, careful)
        answered = found.decision is Decision.ANSWER
        hit = answered and found.shown[0].topic in case.labels
        right += hit
        wrong += answered and bool(case.labels) and not hit
        false += answered and not case.labels
        silent += found.decision is Decision.ABSTAIN and bool(case.labels)
        quiet += found.decision is Decision.ABSTAIN and not case.labels
    shares = {"right": right / max(len(inside), 1), "wrong": wrong / max(len(inside), 1), "silent": silent / max(len(inside), 1)}
    shares |= {"false": false / max(len(outside), 1), "quiet": quiet / max(len(outside), 1)}
    return {name: round(value, 4) for name, value in shares.items()}


def _judge(question: Question, world: World, tell: Callable[[], None]) -> Case | None:
    tell()
    labels = tuple(topic for topic in question.topics if topic in world.topics)
    if question.topics and not labels:
        return None
    worth = REAL_WORTH if question.kind.startswith(REAL) else 1.0
    return Case(labels, tuple(world.finder.index.find(question.text)), worth)


class Judged(NamedTuple):
    """What a fit makes of a case: its best topic and how likely that is, how likely anything is, and what would be right."""

    topic: str
    best: float
    inside: float
    labels: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        """A topic is right, but another one than the best."""
        return bool(self.labels) and self.topic not in self.labels


def _set_limits(fit: Fit, cases: Sequence[Case], careful: frozenset[str]) -> Fit:
    """Take the limits that give the most right answers while wrong and false ones stay rare; clarify where most is worth it."""
    judged = [_judged(case, fit) for case in cases]
    answer, sure = _most_right(judged, WRONG_AT_MOST)
    delicate = [j for j in judged if j.topic in careful]
    strict, _ = _most_right(delicate, WRONG_CAREFUL_AT_MOST, of=judged, sures=(sure,)) if delicate else (answer, sure)
    offered = max((s / 100 for s in range(2, 100)), key=lambda limit: _balance(limit, judged))
    sure = max(sure, offered)  # what is not worth offering is no answer
    return replace(fit, answer=answer, answer_careful=max(answer, strict), sure=sure, clarify=offered, offer=OFFERED)


def _judged(case: Case, fit: Fit) -> Judged:
    best, topic = max(((probability(e, fit.weights), e.topic) for e in case.evidence), default=(0.0, ""))
    return Judged(topic, best, likelihood(case.evidence, fit), case.labels)


def _most_right(
    judged: Sequence[Judged], wrong_at_most: float, *, of: Sequence[Judged] | None = None, sures: Sequence[float] = SURES
) -> tuple[float, float]:
    """Give the limits (answer, sure) with the most right answers, the lower ones of equals; NEVER if none keeps the bounds.

    Wrong and false are shares of all in-scope and all other cases (`of`).
    """
    inside, outside = (sum(bool(j.labels) is kind for j in (of or judged)) for kind in (True, False))
    found = (-1, NEVER, max(sures))
    for sure in sures:
        right = wrong = false = 0
        ranked = sorted((j for j in judged if j.inside >= sure), key=lambda j: -j.best)
        for limit, group in groupby(ranked, key=lambda j: math.floor(j.best * 100) / 100):
            for one in group:
                right += one.topic in one.labels
                wrong += one.wrong
                false += not one.labels
            if wrong > wrong_at_most * inside or false > FALSE_AT_MOST * outside:
                break
            found = max(found, (right, limit, sure), key=lambda f: (f[0], -f[1], -f[2]))
    return found[1:]


def _balance(limit: float, judged: Sequence[Judged]) -> float:
    """Weigh in-scope questions that are answered or offered against quiet on the others; being silent costs more."""
    inside, outside = [j for j in judged if j.labels], [j for j in judged if not j.labels]
    kept = sum(j.inside >= limit for j in inside) / max(len(inside), 1)
    quiet = sum(j.inside < limit for j in outside) / max(len(outside), 1)
    return KEPT_WORTH * kept + quiet
