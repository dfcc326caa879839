"""Rankers compared at the same wrong: thresholds, measures, curves, and how sure a difference is.

Knows rankings and labels, not where they come from. The measures are those of `bot.insight.evaluation`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from bot.core.effects import Heard
from bot.insight.evaluation import Question, Scores, score
from tests.bench.rankers import OUTSIDE, Ranking

WRONG = 0.05
FALSE = 0.08
"""Of the questions that nothing answers."""
FROM, TO = 0.01, 0.05
"""The stretch of wrong on which a curve must lie above another to be ahead of it."""
OFFERED = 4
SEED = 7
SIBLINGS = {"uk": ("uk", "ru")}
"""Languages whose own check wordings are too few for thresholds, and whose they share."""
ENOUGH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """A question with what a ranker made of it; `labels` empty: nothing should be answered."""

    labels: tuple[str, ...]
    ranking: Ranking

    @property
    def score(self) -> float:
        """The score of the first topic; minus infinity if there is none or outside is likelier."""
        return -math.inf if not self.ranking or self.ranking[0][0] == OUTSIDE else self.ranking[0][1]

    @property
    def right(self) -> bool:
        """Whether the first topic is among the labels."""
        return self.score > -math.inf and self.ranking[0][0] in self.labels

    @property
    def offered(self) -> list[tuple[str, float]]:
        """The topics that would be offered."""
        return [item for item in self.ranking if item[0] != OUTSIDE][:OFFERED]


@dataclass(frozen=True, slots=True)
class Limits:
    """From `answer` on the first topic is answered, from `offer` on the first four are offered, below nothing is said."""

    answer: float
    offer: float


@dataclass(frozen=True, slots=True)
class Lead:
    """How far ours is before a peer in right at the thresholds, with a 95 % interval, and what that comes to."""

    difference: float
    low: float
    high: float
    verdict: str


def limits(rows: Sequence[Row]) -> Limits:
    """Choose both thresholds on check wordings: the most right with wrong at most 0.05, then 2 * shown + quiet outside."""
    inside = [row for row in rows if row.labels]
    answer, best = math.inf, 0.0
    for wrong, right, limit in _steps(inside):
        if wrong <= WRONG and right > best:
            answer, best = limit, right
    return Limits(answer, _lower(rows, answer))


def strictly(rows: Sequence[Row]) -> float:
    """Give the most right with wrong at most 0.05 and, of the questions that nothing answers, at most 0.08 answered."""
    inside, outside = [row for row in rows if row.labels], [row for row in rows if not row.labels]
    allowed = FALSE * len(outside)
    fitting = (
        right
        for wrong, right, limit in _steps(inside)
        if wrong <= WRONG and sum(row.score >= limit for row in outside) <= allowed
    )
    return max(fitting, default=0.0)


def _lower(rows: Sequence[Row], answer: float) -> float:
    """Choose the lower threshold; of equals the highest, which is the quietest."""
    inside = sum(bool(row.labels) for row in rows) or 1
    outside = sum(not row.labels for row in rows) or 1
    shown = sum(row.right for row in rows if row.labels and row.score >= answer) / inside
    quiet = sum(row.score < answer for row in rows if not row.labels) / outside
    limit, value = answer, 2 * shown + quiet
    between = sorted((row for row in rows if -math.inf < row.score < answer), key=lambda row: -row.score)
    for place, row in enumerate(between):
        if row.labels:
            shown += any(topic in row.labels for topic, _ in row.offered) / inside
        else:
            quiet -= 1 / outside
        last = place + 1 == len(between) or between[place + 1].score < row.score
        if last and 2 * shown + quiet > value + 1e-9:
            limit, value = row.score, 2 * shown + quiet
    return limit


def limits_by_lang(questions: Sequence[Question], rankings: Sequence[Ranking]) -> dict[str, Limits]:
    """Choose the thresholds of each language by its own check wordings, or with a sibling's where its own are few; "": by all."""
    made = {"": limits([Row(q.topics, r) for q, r in zip(questions, rankings, strict=True)])}
    for lang in dict.fromkeys(question.lang for question in questions):
        own = sum(question.lang == lang and bool(question.topics) for question in questions)
        taken = (lang,) if own >= ENOUGH else SIBLINGS.get(lang, (lang,))
        made[lang] = limits([Row(q.topics, r) for q, r in zip(questions, rankings, strict=True) if q.lang in taken])
    return made


def decide(row: Row, at: Limits) -> Heard:
    """Say what the bot would do with the ranking."""
    if row.score == -math.inf or row.score < min(at.answer, at.offer):
        return Heard(lang="", decision="abstain")
    if row.score >= at.answer:
        return Heard(lang="", decision="answer", topics=(row.ranking[0],))
    return Heard(lang="", decision="clarify", topics=tuple(row.offered))


def measure(questions: Sequence[Question], rankings: Sequence[Ranking], at: Mapping[str, Limits]) -> dict[str, dict[str, float]]:
    """Give the measures by `lang` and by `lang/kind`."""
    table: dict[str, Scores] = {}
    for question, ranking in zip(questions, rankings, strict=True):
        scores = score(question.topics, decide(Row(question.topics, ranking), at.get(question.lang, at[""])))
        for group in (question.lang, f"{question.lang}/{question.kind}"):
            table[group] = _add(table.get(group, Scores()), scores)
    return {group: scores.shares() for group, scores in table.items()}


def curve(rows: Iterable[Row]) -> list[tuple[float, float]]:
    """Give (wrong, right) for every threshold of the in-scope rows, from answering nothing to answering all."""
    steps = _steps([row for row in rows if row.labels])
    return [(0.0, 0.0), *((wrong, right) for wrong, right, _ in steps)]


def reached(points: Sequence[tuple[float, float]], wrong: float) -> float:
    """Give the most right that a curve reaches with at most that wrong."""
    return max((right for at, right in points if at <= wrong + 1e-9), default=0.0)


def compare(ours: Sequence[Row], peer: Sequence[Row], at: tuple[Limits, Limits], *, resamples: int = 1000) -> Lead:
    """Compare right at the thresholds, question by question. `at`: our thresholds, the peer's.

    ahead: more right beyond chance and a curve above between wrong 0.01 and 0.05; crossing: more right, but the curves cross;
    behind: less right beyond chance; tie: the interval of the difference holds 0.
    """
    pairs = [(a, b) for a, b in zip(ours, peer, strict=True) if a.labels]
    gains = np.array([_right(a, at[0]) - _right(b, at[1]) for a, b in pairs] or [0], np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(gains), (resamples, len(gains)))
    low, high = np.percentile(gains[drawn].mean(axis=1), (2.5, 97.5))
    verdict = "tie" if low <= 0 <= high else "behind" if high < 0 else "ahead" if _above(ours, peer) else "crossing"
    return Lead(round(float(gains.mean()), 4), round(float(low), 4), round(float(high), 4), verdict)


def _above(ours: Sequence[Row], peer: Sequence[Row]) -> bool:
    """Tell whether our curve lies above the peer's at every wrong in the stretch."""
    own, other = curve(ours), curve(peer)
    places = {FROM, TO} | {wrong for wrong, _ in (*own, *other) if FROM <= wrong <= TO}
    return all(reached(own, wrong) > reached(other, wrong) for wrong in places)


def _right(row: Row, at: Limits) -> int:
    return int(row.right and row.score >= at.answer)


def _steps(inside: Sequence[Row]) -> list[tuple[float, float, float]]:
    """Give (wrong, right, threshold) for every threshold that makes a difference, the highest first."""
    rows = sorted((row for row in inside if row.score > -math.inf), key=lambda row: -row.score)
    right = wrong = 0
    steps = []
    for place, row in enumerate(rows):
        right += row.right
        wrong += not row.right
        if place + 1 == len(rows) or rows[place + 1].score < row.score:
            steps.append((wrong / len(inside), right / len(inside), row.score))
    return steps


def _add(a: Scores, b: Scores) -> Scores:
    return Scores(*(getattr(a, field.name) + getattr(b, field.name) for field in fields(Scores)))
