"""Which fact to ask next: the fewest questions that decide as much as the person can tell.

A fact is asked only if its answer can still change a status; of those, the one whose answer settles most on average. Knows
nothing of wording and dialogue.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any

from bot.groups.dates import Interval, add_months
from bot.groups.facts import Answer, Answers, Fact, FactKind
from bot.groups.rules import Rule, comparisons, evaluate
from bot.groups.status import Group, Status, deciding, status, statuses

SELDOM = 0.1
"""How much an answer that few people give counts beside another."""
LONG = timedelta(days=40)
"""How far from a turning point a day is that stands for all on its side."""


@dataclass(slots=True)
class Interview:
    """The questions about some groups on one day; `asked_of`: of whom a fact is asked, where not of everybody."""

    groups: Sequence[Group]
    facts: Mapping[str, Fact]
    asked_of: Mapping[str, Rule]
    today: date
    _values: dict[str, tuple[Answer, ...]] = field(default_factory=dict, repr=False)
    _next: dict[Any, str | None] = field(default_factory=dict, repr=False)
    _left: dict[Any, float] = field(default_factory=dict, repr=False)

    def next_fact(self, answers: Answers, unknown: frozenset[str] = frozenset()) -> str | None:
        """Give the fact to ask next; None if nothing more can change. `unknown`: asked, but the person could not say."""
        key = self._key(answers, unknown)
        if key not in self._next:
            self._next[key] = self._choose(answers, unknown)
        return self._next[key]

    def left(self, answers: Answers, unknown: frozenset[str] = frozenset()) -> float:
        """Give how many questions are left on average, every answer being as likely as another."""
        key = self._key(answers, unknown)
        if key not in self._left:
            fact = self.next_fact(answers, unknown)
            if fact is None:
                self._left[key] = 0.0
            else:
                gone = unknown | {fact}
                after = [(self.left({**answers, **said}, gone), weight) for said, weight in self._answers(fact)]
                self._left[key] = 1 + _mean(after)
        return self._left[key]

    def could_change(self, fact: str, answers: Answers, unknown: frozenset[str] = frozenset()) -> bool:
        """Tell whether the answer to a fact can still make a difference to a status that is open."""
        return any(
            fact in group.facts and self._matters(group, fact, answers, unknown)
            for group in self.groups
            if status(group, answers, self.today) is Status.POSSIBLE
        )

    def because(self, group: Group, answers: Answers) -> tuple[str, ...]:
        """Give the facts that the group's status rests on; of a possible one those whose answer could decide it."""
        facts = deciding(group, answers, self.today)
        if status(group, answers, self.today) is not Status.POSSIBLE:
            return facts
        return tuple(fact for fact in facts if fact in answers or self._matters(group, fact, answers, frozenset()))

    def values(self, fact: str) -> tuple[Answer, ...]:
        """Give answers that stand for all: each option, or a day between every two turning points and one to come."""
        if fact not in self._values:
            self._values[fact] = self._dates(fact) if self.facts[fact].kind is FactKind.DATE else self.facts[fact].values()
        return self._values[fact]

    def _answers(self, fact: str) -> Iterator[tuple[Mapping[str, Answer], float]]:
        """Give what may well be answered to the question of a fact, and how often beside the others; a day to come seldom is."""
        for value in self.values(fact):
            if not isinstance(value, Interval) or value.first <= self.today:
                yield {fact: value}, SELDOM if value in self.facts[fact].seldom else 1.0
        for other, value in self.facts[fact].instead:
            yield {other: value}, 1.0

    def _choose(self, answers: Answers, unknown: frozenset[str]) -> str | None:
        open_groups = [group for group in self.groups if status(group, answers, self.today) is Status.POSSIBLE]
        asked = (fact for group in open_groups for fact in group.facts if fact not in answers and fact not in unknown)
        useful = [
            fact for fact in dict.fromkeys(asked) if self._is_asked(fact, answers) and self.could_change(fact, answers, unknown)
        ]
        return max(useful, key=lambda fact: self._settled(fact, open_groups, answers), default=None)

    def _settled(self, fact: str, open_groups: Sequence[Group], answers: Answers) -> float:
        """Give how many of the open groups an answer settles on average."""
        return _mean(
            (sum(now is not Status.POSSIBLE for now in statuses(open_groups, {**answers, **said}, self.today).values()), weight)
            for said, weight in self._answers(fact)
        )

    def _matters(self, group: Group, fact: str, answers: Answers, unknown: frozenset[str]) -> bool:
        rest = [one for one in group.facts if one != fact and one not in answers and one not in unknown]
        for combination in product(*map(self.values, rest)):
            known = {**answers, **dict(zip(rest, combination, strict=True))}
            if len({status(group, {**known, fact: value}, self.today) for value in self.values(fact)}) > 1:
                return True
        return False

    def _is_asked(self, fact: str, answers: Answers) -> bool:
        return fact not in self.asked_of or evaluate(self.asked_of[fact], answers, self.today) is True

    def _dates(self, fact: str) -> tuple[Answer, ...]:
        rules = [rule for group in self.groups for rule in (group.when, *((group.never,) if group.never else ()))]
        months = sorted({part.months for rule in rules for part in comparisons(rule) if part.fact == fact}, reverse=True)
        turns = [add_months(self.today, -number) for number in months if number]
        days = [*(turn - LONG for turn in turns), self.today - timedelta(days=1), self.today + timedelta(days=1)]
        return tuple(Interval(day, day) for day in sorted(set(days)))

    def _key(self, answers: Answers, unknown: frozenset[str]) -> tuple[object, ...]:
        """Name what matters of the answers: of a date, only on which side of each turning point it lies."""
        named: list[tuple[str, object]] = []
        for fact, answer in sorted(answers.items()):
            if isinstance(answer, Interval):
                parts = [part for group in self.groups for part in comparisons(group.when) if part.fact == fact]
                named.append((fact, tuple(evaluate(part, {fact: answer}, self.today) for part in parts)))
            else:
                named.append((fact, answer))
        return (tuple(named), unknown)


@dataclass(frozen=True, slots=True)
class Walk:
    """What walking every path of an interview found."""

    lengths: Mapping[int, int]
    """How many paths have how many questions."""
    asked: frozenset[str]
    reached: Mapping[str, frozenset[Status]]
    """How the status of each group may end."""

    @property
    def paths(self) -> int:
        """How many ways there are through the interview."""
        return sum(self.lengths.values())

    @property
    def longest(self) -> int:
        """The most questions that anybody is asked."""
        return max(self.lengths)


def walk(interview: Interview) -> Walk:
    """Walk every path: each question with every answer that makes a difference, and with none."""
    lengths: Counter[int] = Counter()
    asked: set[str] = set()
    reached: dict[str, set[Status]] = {group.id: set() for group in interview.groups}
    todo: list[tuple[int, dict[str, Answer], frozenset[str]]] = [(0, {}, frozenset())]
    while todo:
        length, answers, unknown = todo.pop()
        fact = interview.next_fact(answers, unknown)
        if fact is None:
            lengths[length] += 1
            for group, now in statuses(interview.groups, answers, interview.today).items():
                reached[group].add(now)
            continue
        asked.add(fact)
        todo += [(length + 1, {**answers, fact: value}, unknown) for value in interview.values(fact)]
        todo += [(length + 1, {**answers, other: value}, unknown | {fact}) for other, value in interview.facts[fact].instead]
        todo.append((length + 1, answers, unknown | {fact}))
    return Walk(lengths, frozenset(asked), {group: frozenset(ends) for group, ends in reached.items()})


def _mean(weighed: Iterable[tuple[float, float]]) -> float:
    pairs = list(weighed)
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)
