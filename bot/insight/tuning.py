"""Fitting confidence and band limits: `teejuht eval --tune`, after `ranking` has fitted the classifier.

Learns from check wordings only: no text that is indexed is judged by itself. A logistic regression of scikit-learn turns
evidence into a probability; the limits are the lowest that keep wrong and false answers rare.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.core.world import World
from bot.errors import WrongUse
from bot.insight.evaluation import Question
from bot.search.confidence import FEATURES, Fit, features, probability
from bot.search.index import Evidence

WRONG_AT_MOST = 0.05
WRONG_CAREFUL_AT_MOST = 0.006
FALSE_AT_MOST = 0.08
"""Shares of the check wordings: no answer is better than a wrong one. Careful: wrong answers with a careful topic, of all."""
CANDIDATES = 5
OFFERED_FROM = 5
"""What is offered beside the best topic may be this many times less likely than what is worth offering at all."""
NEVER = 1.1
"""A limit that no probability reaches: where none keeps wrong answers rare, nothing is answered, only offered."""


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence for one text and the topics that would be right; none: nothing should be answered."""

    labels: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def tune(world: World, checks: Sequence[Question], *, tell: Callable[[], None] = lambda: None) -> tuple[Fit, dict[str, float]]:
    """Fit weights and limits on the check wordings; give the fit and what it reaches on them. Errors: WrongUse."""
    cases = [case for question in checks if (case := _judge(question, world, tell))]
    rows = [(features(e), e.topic in case.labels) for case in cases for e in case.evidence[:CANDIDATES] if not e.exact]
    fit = Fit(weights=_fit_weights(rows), answer=0.5, answer_careful=0.5, clarify=0.1, offer=0.05)
    fit = _set_limits(fit, cases, world.finder.careful)
    return fit, reach(fit, cases, world.finder.careful)


def _fit_weights(rows: Sequence[tuple[tuple[float, ...], bool]]) -> tuple[float, ...]:
    """Fit the logistic weights, the bias last."""
    try:
        models = importlib.import_module("sklearn.linear_model")
    except ImportError as error:
        raise WrongUse(f"what fits the search is not installed ({error.name}): run `make install-forms`") from error
    if len({right for _, right in rows}) < 2:
        return (0.0,) * FEATURES  # nothing to tell apart
    fitted = models.LogisticRegression(max_iter=1000).fit([row[:-1] for row, _ in rows], [right for _, right in rows])
    return tuple(round(float(weight), 4) for weight in (*fitted.coef_[0], fitted.intercept_[0]))


def reach(fit: Fit, cases: Sequence[Case], careful: frozenset[str]) -> dict[str, float]:
    """Give right, wrong, silent (of in-scope cases), false and quiet (of the others)."""
    inside = [c for c in cases if c.labels]
    outside = [c for c in cases if not c.labels]
    right = wrong = silent = false = quiet = 0
    for case in cases:
        best, p = _best(case, fit)
        answered = p >= (fit.answer_careful if best in careful else fit.answer)
        right += answered and best in case.labels
        wrong += answered and bool(case.labels) and best not in case.labels
        silent += p < fit.clarify and bool(case.labels)
        false += answered and not case.labels
        quiet += p < fit.clarify and not case.labels
    shares = {"right": right / max(len(inside), 1), "wrong": wrong / max(len(inside), 1), "silent": silent / max(len(inside), 1)}
    shares |= {"false": false / max(len(outside), 1), "quiet": quiet / max(len(outside), 1)}
    return {name: round(value, 4) for name, value in shares.items()}


def _judge(question: Question, world: World, tell: Callable[[], None]) -> Case | None:
    tell()
    labels = tuple(topic for topic in question.topics if topic in world.topics)
    if question.topics and not labels:
        return None
    return Case(labels, tuple(world.finder.index.find(question.text)))


def _best(case: Case, fit: Fit) -> tuple[str, float]:
    ranked = [(probability(e, fit), e.topic) for e in case.evidence]
    p, topic = max(ranked, default=(0.0, ""))
    return topic, p


def _set_limits(fit: Fit, cases: Sequence[Case], careful: frozenset[str]) -> Fit:
    """Take the lowest limits that keep wrong and false answers rare; clarify where most in-scope questions still lie above."""
    steps = [step / 100 for step in range(30, 100)]
    inside, outside = sum(bool(c.labels) for c in cases), sum(not c.labels for c in cases)
    best = [(*_best(case, fit), case.labels) for case in cases]

    def fine(limit: float, only: Callable[[str], bool], wrong_at_most: float) -> bool:
        hits = [(topic, labels) for topic, p, labels in best if p >= limit and only(topic)]
        wrong = sum(bool(labels) and topic not in labels for topic, labels in hits)
        false = sum(not labels for _, labels in hits)
        return wrong <= wrong_at_most * inside and false <= FALSE_AT_MOST * outside

    answer = next((s for s in steps if fine(s, lambda _: True, WRONG_AT_MOST)), NEVER)
    strict = next((s for s in steps if fine(s, lambda t: t in careful, WRONG_CAREFUL_AT_MOST)), NEVER)
    quiet_best = max((s / 200 for s in range(4, 100)), key=lambda limit: _balance(limit, best, inside, outside))
    return replace(fit, answer=answer, answer_careful=max(answer, strict), clarify=quiet_best, offer=quiet_best / OFFERED_FROM)


def _balance(limit: float, best: Sequence[tuple[str, float, tuple[str, ...]]], inside: int, outside: int) -> float:
    """Weigh in-scope questions that are answered or offered against quiet on the others; being silent costs more."""
    kept = sum(p >= limit and bool(labels) for _, p, labels in best) / max(inside, 1)
    quiet = sum(p < limit and not labels for _, p, labels in best) / max(outside, 1)
    return 3 * kept + quiet
