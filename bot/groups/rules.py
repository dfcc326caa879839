"""Rules over facts, as data, and what they come to: true, false or unknown, part by part.

Knows facts and a day; not what a rule is for, nor how its fact is asked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import TypeAlias, assert_never

from bot.errors import RuleError
from bot.groups.dates import Interval, add_months, compare
from bot.groups.facts import Answer, Answers, Fact, FactKind

Truth: TypeAlias = bool | None
"""None: unknown, which is not no."""


class Relation(StrEnum):
    """How a date is compared with the day asked about."""

    LESS_THAN = "less_than"
    MORE_THAN = "more_than"
    WITHIN = "within"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class All:
    """False if any part is false, true if all are true."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if any part is true, false if all are false."""

    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if the part is false; unknown stays unknown."""

    part: "Rule"


@dataclass(frozen=True, slots=True)
class Is:
    """The fact has one of the values."""

    fact: str
    values: tuple[bool | str, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """The date stands in a relation to the day asked about.

    `less_than`: date + months > day; `more_than`: date + months < day (on the anniversary neither holds); `within`:
    date + months >= day; `past`: the date is not after the day, whatever the months.
    """

    fact: str
    relation: Relation
    months: int = 0


Rule: TypeAlias = All | AnyOf | Not | Is | Since

_PERIOD = re.compile(r"([1-9][0-9]{0,2}) (months?|years?)")


def evaluate(rule: Rule, answers: Answers, today: date) -> Truth:
    """Tell what a rule comes to on a day (Europe/Tallinn) with what is known."""
    match rule:
        case All(parts):
            return _all(evaluate(part, answers, today) for part in parts)
        case AnyOf(parts):
            return _not(_all(_not(evaluate(part, answers, today)) for part in parts))
        case Not(part):
            return _not(evaluate(part, answers, today))
        case Is(fact, values):
            return answers[fact] in values if fact in answers else None
        case Since(fact, relation, months):
            when = answers.get(fact)
            return (
                compare(when, today, lambda day: _holds(relation, add_months(day, months), today))
                if isinstance(when, Interval)
                else None
            )
        case _:
            assert_never(rule)


def facts_of(rule: Rule) -> tuple[str, ...]:
    """Give the facts a rule looks at, each once, in the order in which they stand."""
    match rule:
        case All(parts) | AnyOf(parts):
            return tuple(dict.fromkeys(fact for part in parts for fact in facts_of(part)))
        case Not(part):
            return facts_of(part)
        case Is(fact) | Since(fact):
            return (fact,)
        case _:
            assert_never(rule)


def settled(rule: Rule) -> Iterator[tuple[str, bool | str]]:
    """Give the facts that have one certain value wherever the rule holds."""
    match rule:
        case All(parts):
            for part in parts:
                yield from settled(part)
        case Is(fact, (value,)):
            yield fact, value
        case _:
            return


def comparisons(rule: Rule) -> Iterator[Since]:
    """Give the comparisons of dates in a rule."""
    match rule:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from comparisons(part)
        case Not(part):
            yield from comparisons(part)
        case Since():
            yield rule
        case Is():
            return
        case _:
            assert_never(rule)


def read_rule(data: object, facts: Mapping[str, Fact]) -> Rule:
    """Read a rule as knowledge files write it. Errors: RuleError that says what is wrong and what to write instead.

    A rule is a mapping whose entries must all hold: `fact: value`, `fact: [value, value]` (one of them), `fact: {less_than: 5
    years}` for a date, `all: [rule, rule]`, `any: [rule, rule]`, `not: rule`.
    """
    if not isinstance(data, Mapping) or not data:
        raise RuleError("write a rule as `fact: value`; join rules with all, any and not")
    parts = [_entry(str(name), value, facts) for name, value in data.items()]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def situations(rules: Sequence[Rule], facts: Mapping[str, Fact], today: date) -> Iterator[dict[str, Answer]]:
    """Walk through every fully answered situation that these rules can tell apart.

    Dates are taken at the turning point of each comparison, a day before and after it, and the day after `today`.
    """
    names = tuple(dict.fromkeys(fact for rule in rules for fact in facts_of(rule)))
    compared = [part for rule in rules for part in comparisons(rule)]
    choices: list[Sequence[Answer]] = []
    for name in names:
        if facts[name].kind is FactKind.DATE:
            turns = {today, *(add_months(today, -part.months) for part in compared if part.fact == name)}
            days = sorted({turn + timedelta(days=shift) for turn in turns for shift in (-1, 0, 1)})
            choices.append([Interval(day, day) for day in days])
        else:
            choices.append(facts[name].values())
    for combination in product(*choices):
        yield dict(zip(names, combination, strict=True))


def _all(parts: Iterable[Truth]) -> Truth:
    found: Truth = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            found = None
    return found


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _holds(relation: Relation, end: date, today: date) -> bool:
    match relation:
        case Relation.LESS_THAN:
            return end > today
        case Relation.MORE_THAN:
            return end < today
        case Relation.WITHIN:
            return end >= today
        case Relation.PAST:
            return True
        case _:
            assert_never(relation)


def _entry(name: str, value: object, facts: Mapping[str, Fact]) -> Rule:
    if name in ("all", "any"):
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise RuleError(f"{name}: write a list of rules here: lines that begin with `- `")
        parts = tuple(read_rule(part, facts) for part in value)
        return All(parts) if name == "all" else AnyOf(parts)
    if name == "not":
        return Not(read_rule(value, facts))
    if name not in facts:
        raise RuleError(f"there is no fact {name!r}; there are {', '.join(facts)}")
    if facts[name].kind is FactKind.DATE:
        return _since(name, value)
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not values:
        raise RuleError(f"{name}: write a value, or a list of values")
    return Is(name, tuple(v for v in map(facts[name].read, values) if not isinstance(v, Interval)))


def _since(name: str, value: object) -> Since:
    advice = f"{name}: write a comparison such as {{less_than: 5 years}}, {{within: 8 months}} or past"
    if value == Relation.PAST:
        return Since(name, Relation.PAST)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise RuleError(advice)
    ((relation, period),) = value.items()
    found = _PERIOD.fullmatch(str(period))
    if found is None or relation not in (Relation.LESS_THAN, Relation.MORE_THAN, Relation.WITHIN):
        raise RuleError(advice)
    return Since(name, Relation(relation), int(found[1]) * (12 if found[2].startswith("year") else 1))
