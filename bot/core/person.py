"""What a person has answered about themselves, and which programmes' groups that is asked for.

The conversation keeps answers as `fact=value`, `fact=?` for unknown, `fact=!` for something else instead.

A date is kept as it was said, a year, a month or a day; `!`: another fact's value was the answer ("never lived abroad").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.core.state import Conversation
from bot.core.world import Inquiry, Period, World
from bot.errors import RuleError
from bot.groups.facts import Answer, Fact, FactKind
from bot.groups.interview import Interview
from bot.groups.spoken import read_spoken

UNKNOWN, INSTEAD = "?", "!"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person, what they could not or would not say, and everything as it was written, in the order asked."""

    answers: Mapping[str, Answer]
    unknown: frozenset[str]
    written: Mapping[str, str]


def read_known(entries: Iterable[str], inquiry: Inquiry) -> Known:
    """Read what is kept; what today's facts do not know is left out."""
    answers: dict[str, Answer] = {}
    unknown: set[str] = set()
    written: dict[str, str] = {}
    for entry in entries:
        id, _, value = entry.partition("=")
        fact = inquiry.facts.get(id)
        if fact is None:
            continue
        if value == INSTEAD:
            answers |= dict(fact.instead)
        elif value != UNKNOWN:
            try:
                answers[id] = read_value(fact, value)
            except RuleError:
                continue
        if value in (UNKNOWN, INSTEAD):
            unknown.add(id)
        written[id] = value
    return Known(answers, frozenset(unknown), written)


def read_value(fact: Fact, value: str) -> Answer:
    """Read a value as options and conversations write it. Errors: RuleError."""
    if fact.kind is FactKind.YES_NO and value in ("true", "false"):
        return fact.read(value == "true")
    return fact.read(value)


def read_words(text: str, fact: Fact, day: date, world: World) -> str | None:
    """Read a message as a value of a fact, as it is kept; None if it is none."""
    if (said := world.inquiry.option_words.get(fact.id)) and (value := said.find(text)):
        return value
    if fact.kind is FactKind.DATE:
        return read_spoken(text, day, world.inquiry.dates)
    if fact.kind is FactKind.YES_NO:
        return {"yes": "true", "no": "false"}.get(world.inquiry.replies.find(text) or "")
    return None


def with_answer(entries: tuple[str, ...], fact: str, value: str) -> tuple[str, ...]:
    """Put an answer last, instead of an earlier one to the same fact."""
    return (*without(entries, fact), f"{fact}={value}")


def without(entries: tuple[str, ...], fact: str) -> tuple[str, ...]:
    """Take an answer back."""
    return tuple(entry for entry in entries if entry.partition("=")[0] != fact)


@dataclass(frozen=True, slots=True)
class Sitting:
    """Where the dialogue stands: the person's answers, the programmes in force, and what may be asked about them."""

    state: Conversation
    lang: str
    day: date
    world: World
    running: Mapping[str, Period]
    """The programmes in force, with their days; or the ended one that was asked for."""
    interview: Interview
    known: Known

    @property
    def next_fact(self) -> str | None:
        """The fact to ask next."""
        return self.interview.next_fact(self.known.answers, self.known.unknown)


def sit_down(state: Conversation, lang: str, day: date, world: World) -> Sitting:
    """Look at what is known of the person and which programmes are in force for them."""
    town, inquiry = state.town or world.home, world.inquiry
    asked = inquiry.programmes.get(state.programme)
    if asked and (days := asked.days(town)):
        running = {asked.id: days}
    else:
        running = {p.id: days for p in inquiry.programmes.values() if (days := p.days(town)) and days.has(day)}
    return Sitting(state, lang, day, world, running, inquiry.interview(tuple(running), day), read_known(state.facts, inquiry))
