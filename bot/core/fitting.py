"""What of a topic is meant for a person, as far as they have answered: a variant, or the one answer that would tell which.

An option `about:<topic>:<fact>=<value>,...` answers that question; a value left empty takes an answer back. What concerns the
matter and not the person (`for_child`) goes along in the option and is not kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.core.effects import Choice
from bot.core.person import UNKNOWN, Known, read_known, read_value, read_words, with_answer, without
from bot.core.state import Conversation
from bot.core.texts import LABEL_CHANGE, LABEL_DONT_KNOW, TOPIC_BECAUSE, FactAnswer, Mark, Question, Text, Told
from bot.core.world import Topic, World
from bot.errors import RuleError
from bot.groups.facts import FactKind, written
from bot.groups.rules import evaluate, settled
from bot.groups.status import Group, deciding

OPTION = "about"
MOST_VALUES = 5
"""A fact with more values, or a date, is not asked below an answer: the variants themselves are offered then."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a topic's variants come to for a person."""

    topic: str
    variant: str = ""
    """The first that holds, if it is known to be the first."""
    because: tuple[tuple[str, str], ...] = ()
    """The answers that this rests on, as they are kept."""
    open: tuple[str, ...] = ()
    """Variants that may hold."""
    fact: str = ""
    """The one to ask next."""
    carried: tuple[str, ...] = ()
    """What was answered and is not kept, as options write it."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Say what the person has said."""
        return (Text(TOPIC_BECAUSE, {"answers": Told(self.because)}),) if self.because else ()

    @property
    def question(self) -> tuple[Mark, ...]:
        """Ask."""
        return (Question(self.fact),) if self.fact else ()

    def choices(self, world: World) -> tuple[Choice, ...]:
        """Offer what may be answered, or to take an answer back."""
        if not self.fact:
            taken = ",".join(f"{fact}=" for fact, _ in self.because)
            return (Choice(f"{OPTION}:{self.topic}:{taken}", Text(LABEL_CHANGE)),) if taken else ()
        values = map(written, world.inquiry.facts[self.fact].values())
        return (
            *(Choice(self._option(value), FactAnswer(self.fact, value)) for value in values),
            Choice(self._option(UNKNOWN), Text(LABEL_DONT_KNOW)),
        )

    def _option(self, value: str) -> str:
        return f"{OPTION}:{self.topic}:{','.join((*self.carried, f'{self.fact}={value}'))}"


def fit(topic: str, state: Conversation, day: date, world: World, carried: tuple[str, ...] = ()) -> Fit:
    """Find what of a topic is meant for the person, with what they have said; `carried`: what is not kept."""
    known = read_known((*mine(state), *carried), world.inquiry)
    about, open_ = world.topics[topic], list[str]()
    for variant in about.variants:
        holds = evaluate(variant.when, known.answers, day)
        if holds and not open_:
            because = deciding(Group(id=variant.id, when=variant.when), known.answers, day)
            return Fit(topic, variant.id, _told(because, known), carried=carried)
        if holds is not False:
            open_.append(variant.id)
    if not open_:
        facts = dict.fromkeys(f for v in about.variants for f in deciding(Group(id=v.id, when=v.when), known.answers, day))
        return Fit(topic, because=_told(facts, known), carried=carried)
    # Where others read along nobody is asked about themselves: each variant has its button.
    fact = "" if state.public else _next_fact(about, known, day, world)
    return Fit(topic, open=tuple(open_), fact=fact, carried=carried)


def follow_about(argument: str, state: Conversation, day: date, world: World) -> tuple[Conversation, Fit] | None:
    """Keep the answers of an option and find what they come to; None for one that says nothing."""
    topic, _, entries = argument.partition(":")
    if topic not in world.topics:
        return None
    facts, carried = mine(state), list[str]()
    for entry in filter(None, entries.split(",")):
        id, _, value = entry.partition("=")
        if (fact := world.inquiry.facts.get(id)) is None:
            return None
        if value not in ("", UNKNOWN):
            try:
                read_value(fact, value)
            except RuleError:
                return None
        if not value:
            facts = without(facts, id)
        elif value == UNKNOWN or fact.passing:
            carried.append(entry)
        else:
            facts = with_answer(facts, id, value)
    after = _with_mine(state, facts)
    return after, fit(topic, after, day, world, tuple(carried))


def read_about(text: str, state: Conversation, day: date, world: World) -> str | None:
    """Give the option that a message chooses in words, where the message shown last asked about a topic; None if none."""
    asked = next((id for id in state.options if id.startswith(f"{OPTION}:") and not id.endswith("=")), None)
    if asked is None:
        return None
    before, _, _ = asked.rpartition("=")
    fact = world.inquiry.facts.get(before.replace(",", ":").rpartition(":")[2])
    value = read_words(text, fact, day, world) if fact else None
    if value is None and world.inquiry.replies.find(text) in ("dont_know", "rather_not"):
        value = UNKNOWN
    option = f"{before}={value}"
    return option if option in state.options else None


def said_by(variant: str, topic: Topic, state: Conversation, world: World) -> Conversation:
    """Keep what a person says of themselves by choosing a variant: the facts of which its rule allows one value."""
    rule = next(known.when for known in topic.variants if known.id == variant)
    facts = mine(state)
    for fact, value in settled(rule):
        if not world.inquiry.facts[fact].passing:
            facts = with_answer(facts, fact, written(value))
    return _with_mine(state, facts)


def mine(state: Conversation) -> tuple[str, ...]:
    """Give the person's own answers, also while another one is asked about."""
    return state.own_facts if state.other else state.facts


def _with_mine(state: Conversation, facts: tuple[str, ...]) -> Conversation:
    return replace(state, own_facts=facts) if state.other else replace(state, facts=facts)


def _next_fact(topic: Topic, known: Known, day: date, world: World) -> str:
    fact = world.inquiry.interview_about(topic, day).next_fact(known.answers, known.unknown)
    if fact is None:
        return ""
    kind, values = world.inquiry.facts[fact].kind, world.inquiry.facts[fact].values
    return fact if kind is not FactKind.DATE and len(values()) <= MOST_VALUES else ""


def _told(facts: Iterable[str], known: Known) -> tuple[tuple[str, str], ...]:
    return tuple((fact, known.written[fact]) for fact in facts if known.written.get(fact, UNKNOWN) != UNKNOWN)
