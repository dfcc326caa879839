"""Target groups: whether a person belongs to one on a day, which answers decide it, and when that will change.

Knows rules and answers; not how they are asked, nor where a programme holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.groups.dates import Interval, add_months
from bot.groups.facts import Answers
from bot.groups.rules import Rule, comparisons, evaluate, facts_of


class Status(StrEnum):
    """Whether a person belongs to a group; possible: what is known does not decide it."""

    MATCH = "match"
    POSSIBLE = "possible"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A target group: who belongs to it, who never does, its clause by language, and the topics it opens."""

    id: str
    when: Rule
    never: Rule | None = None
    clause: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that decide it; what only excludes is not asked for by itself."""
        return facts_of(self.when)


def status(group: Group, answers: Answers, today: date) -> Status:
    """Tell whether a person with these answers belongs to a group on a day (Europe/Tallinn)."""
    if group.never is not None and evaluate(group.never, answers, today):
        return Status.NO
    truth = evaluate(group.when, answers, today)
    return Status.POSSIBLE if truth is None else Status.MATCH if truth else Status.NO


def statuses(groups: Iterable[Group], answers: Answers, today: date) -> dict[str, Status]:
    """Tell it of several groups."""
    return {group.id: status(group, answers, today) for group in groups}


def deciding(group: Group, answers: Answers, today: date) -> tuple[str, ...]:
    """Give the facts that the status rests on: as few of the answers as give the same; of a possible one, what is missing."""
    now = status(group, answers, today)
    if now is Status.POSSIBLE:
        return tuple(fact for fact in group.facts if fact not in answers or _vague(group, fact, answers, today))
    excluding = facts_of(group.never) if group.never is not None else ()
    kept = {fact: answers[fact] for fact in dict.fromkeys((*group.facts, *excluding)) if fact in answers}
    for fact in reversed(list(kept)):
        fewer = {known: answer for known, answer in kept.items() if known != fact}
        if status(group, fewer, today) is now:
            kept = fewer
    return tuple(kept)


def changes(group: Group, answers: Answers, today: date) -> tuple[tuple[date, Status], ...]:
    """Give the days after today on which the status will be another one, as far as these answers tell, and what it will be.

    A date known to a month or a year gives two changes: the first day on which it may be so, and the first on which it must.
    """
    turns: set[date] = set()
    for comparison in comparisons(group.when):
        when = answers.get(comparison.fact)
        if isinstance(when, Interval):
            ends = (add_months(day, comparison.months) for day in (when.first, when.last))
            turns.update((when.first, *(end + timedelta(days=shift) for end in ends for shift in (0, 1))))
    found, before = [], status(group, answers, today)
    for day in sorted(turn for turn in turns if turn > today):
        then = status(group, answers, day)
        if then is not before:
            found.append((day, then))
            before = then
    return tuple(found)


def _vague(group: Group, fact: str, answers: Answers, today: date) -> bool:
    """Tell whether a date is known too roughly for the group's rule."""
    mine = [part for part in comparisons(group.when) if part.fact == fact]
    return any(evaluate(part, answers, today) is None for part in mine)
