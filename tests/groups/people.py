"""People made at random, with facts they know and facts they do not, and being interviewed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bot.core.world import Inquiry
from bot.groups.dates import read_date
from bot.groups.facts import Answer, FactKind
from bot.groups.interview import Interview
from bot.groups.rules import evaluate
from bot.knowledge.programmes import load_inquiry

TODAY = date(2026, 11, 22)
INQUIRY: Inquiry = load_inquiry(Path(__file__).parents[2] / "knowledge")
SPANS = ((0, 300), (0, 3000), (1500, 2200), (0, 15000), (-400, -1))
"""Days ago, so that many dates lie near the turning points and some in the future."""
Person = Mapping[str, Answer]


def person(random: Random, unknown: float = 0.1) -> Person:
    """Make up a person; `unknown`: how many of the facts they do not know. Only asked facts are theirs, and none contradict."""
    known: dict[str, Answer] = {}
    for fact in INQUIRY.facts.values():
        value: Answer = read_date(_day(random)) if fact.kind is FactKind.DATE else random.choice(fact.values())
        if fact.id in ("adult", "residence_registered"):
            value = random.random() < 0.85
        rule = INQUIRY.asked_of.get(fact.id)
        if random.random() >= unknown and (rule is None or evaluate(rule, known, TODAY)):
            known[fact.id] = value
    for fact in INQUIRY.facts.values():
        if any(known.get(other) == value for other, value in fact.instead):
            known.pop(fact.id, None)
    return known


@dataclass(slots=True)
class Asked:
    """An interview that has ended: what was asked, what was said, and what could not be."""

    facts: list[str]
    answers: dict[str, Answer]
    unknown: frozenset[str]


def tell(one: Person, fact: str) -> dict[str, Answer]:
    """Give what a person says to a question, nothing if they do not know."""
    if fact in one:
        return {fact: one[fact]}
    return {other: value for other, value in INQUIRY.facts[fact].instead if one.get(other) == value}


def ask(interview: Interview, one: Person) -> Asked:
    """Interview a person to the end."""
    done = Asked([], {}, frozenset())
    while fact := interview.next_fact(done.answers, done.unknown):
        done.facts.append(fact)
        said = tell(one, fact)
        done.answers |= said
        if fact not in said:
            done.unknown |= {fact}
    return done


def _day(random: Random) -> str:
    first, last = random.choice(SPANS)
    day = (TODAY - timedelta(days=random.randint(first, last))).isoformat()
    return day[: random.choice((4, 7, 7, 10, 10))]
