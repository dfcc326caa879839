"""Answering a message from the curated knowledge: the three bands, "not what I meant", and the safety card above them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from bot.core.case_texts import LABEL_ASK_PERSON, LABEL_FORGET, LABEL_MY_DATA
from bot.core.effects import Choice, Count, Effect, Heard, Say
from bot.core.fitting import Fit, fit
from bot.core.language import Reply
from bot.core.safety import SITUATIONS
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ABSTAIN,
    ALSO_ASKED,
    ASK_TOWN,
    CLARIFY,
    LABEL_FIND_GROUP,
    LABEL_MENU,
    LABEL_NONE,
    LABEL_NOT_MEANT,
    LABEL_PERSON,
    LABEL_TOWN_HERE,
    NOT_MEANT,
    NOT_MEANT_AGAIN,
    STILL_ABOUT,
    TOPIC_DEPENDS,
    TOPIC_GENERAL,
    TOPIC_WHICH,
    Answer,
    Card,
    Contacts,
    Mark,
    Text,
    TopicName,
    VariantName,
)
from bot.core.towns import town_choices
from bot.core.world import World
from bot.search.confidence import Candidate, Decision, Finding
from bot.search.follow import Follow

PERSON_TOPIC = "municipal-contact"
GROUP_TOPIC = "target-groups"
ASK = "case:ask"
"""The option that leads to a person."""
PRIVACY_TOPIC = "privacy"
MAX_BELOW = 5
"""Options that lead on from an answer: the variants, then related topics."""
MAX_RELATED = 3
MAX_OTHERS = 3
MAX_ALSO = 2

MENU_CHOICE = Choice("menu", Text(LABEL_MENU))
NONE_CHOICE = Choice("none", Text(LABEL_NONE))
PERSON_CHOICE = Choice(f"topic:{PERSON_TOPIC}", Text(LABEL_PERSON))
DATA_CHOICE = Choice("mydata", Text(LABEL_MY_DATA))
FORGET_CHOICE = Choice("forget", Text(LABEL_FORGET))


def can_ask(state: Conversation, world: World) -> bool:
    """Tell whether the person's municipality has staff who receive questions here."""
    town = state.town or world.home
    return bool(town and world.desks.groups.get(town)) and not state.public


def topic_choice(topic: str) -> Choice:
    """A button that shows a topic."""
    return Choice(f"topic:{topic}", TopicName(topic))


def variant_choice(topic: str, variant: str) -> Choice:
    """A button that shows what is different for some people."""
    return Choice(f"variant:{topic}:{variant}", VariantName(topic, variant))


def answer_question(
    text: str, reply: Reply, danger: str | None, day: date, world: World
) -> tuple[Conversation, tuple[Effect, ...]]:
    """Search and say what was found in its band, under the emergency card if there is a danger."""
    finding = Finding(Decision.ABSTAIN, ()) if reply.foreign else world.finder.find(text)
    if danger:
        return _answered(finding, reply, danger, day, world)
    if not reply.foreign and (topic := topic_before(text, finding, reply.state, world)):
        return _went_on(topic, text, finding, reply, day, world)
    also = () if reply.foreign else world.finder.several(text)
    if len(also) > 1:
        finding = Finding(Decision.ANSWER, also[:1], finding.shown + finding.others)
    if finding.decision is Decision.ANSWER:
        return _answered(finding, reply, None, day, world, tuple(c.topic for c in also))
    state = replace(reply.state, stage=Stage.TALK, topic="", others=())
    heard = Heard(lang=reply.identified, decision=finding.decision, topics=_pairs(finding.shown))
    if finding.decision is Decision.CLARIFY:
        marks: tuple[Mark, ...] = (Text(CLARIFY), *reply.notes)
        choices = (*(topic_choice(c.topic) for c in finding.shown), NONE_CHOICE, *reply.choices)
    elif reply.foreign and reply.notes:
        marks, choices = reply.notes, reply.choices
    else:
        marks, choices = (Text(ABSTAIN), *reply.notes), (MENU_CHOICE, PERSON_CHOICE, *reply.choices)
    clarified = finding.decision is Decision.CLARIFY
    return state, (heard, Say(lang=reply.lang, marks=marks, choices=choices, passing=clarified))


def show_topic(topic: str, state: Conversation, lang: str, day: date, world: World) -> tuple[Conversation, Say]:
    """Say a topic's answer, and what of it is meant for this person, or ask the one thing that tells.

    A person's contact first asks for the municipality where none is known.
    """
    town = state.town or world.home
    after = replace(state, stage=Stage.TALK, topic=topic)
    if topic != PERSON_TOPIC:
        found = fit(topic, state, day, world)
        said = (Answer(topic, town), *_meant(found, town))
        own_data = (DATA_CHOICE, FORGET_CHOICE) if topic == PRIVACY_TOPIC else ()
        return after, Say(lang=lang, marks=said, choices=(*own_data, *_below(found, town, day, world)), topic=topic)
    if town is None and not state.public:
        after = replace(after, stage=Stage.TOWN, pending=f"topic:{topic}")
        marks: tuple[Mark, ...] = (Answer(topic, None), Text(ASK_TOWN))
        return after, Say(lang=lang, marks=marks, choices=town_choices(world), topic=topic, passing=True)
    choices = _below(Fit(topic), town, day, world)
    if can_ask(state, world):
        choices = (Choice(ASK, Text(LABEL_ASK_PERSON)), *choices)
    return after, Say(lang=lang, marks=(Contacts(town), Answer(topic, town)), choices=choices, topic=topic)


def show_variant(topic: str, variant: str, state: Conversation, lang: str, world: World) -> tuple[Conversation, Say]:
    """Say what is different for the people of a variant, with the other variants and the whole answer below."""
    mark = Answer(topic, state.town or world.home, variant)
    others = (variant_choice(topic, other.id) for other in world.topics[topic].variants if other.id != variant)
    choices = (*others, topic_choice(topic), Choice(f"not:{topic}", Text(LABEL_NOT_MEANT)), MENU_CHOICE)
    return replace(state, stage=Stage.TALK, topic=topic), Say(lang=lang, marks=(mark,), choices=choices, topic=topic)


def tell_fit(found: Fit, state: Conversation, lang: str, world: World) -> tuple[Conversation, Say]:
    """Say what an answer about the person comes to: their variant, the next question, or that the general answer holds."""
    town, topic = state.town or world.home, found.topic
    if found.variant:
        marks: tuple[Mark, ...] = (*found.marks, Answer(topic, town, found.variant))
    elif found.fact:
        marks = (Text(TOPIC_DEPENDS), *found.question)
    else:
        marks = (Text(TOPIC_WHICH),) if found.open else (*found.marks, Text(TOPIC_GENERAL))
    variants = () if found.fact or found.variant else map(partial(variant_choice, topic), found.open)
    choices = (*found.choices(world), *variants, topic_choice(topic), Choice(f"not:{topic}", Text(LABEL_NOT_MEANT)), MENU_CHOICE)
    return replace(state, stage=Stage.TALK, topic=topic), Say(lang=lang, marks=marks, choices=choices, topic=topic)


def not_meant(topic: str, state: Conversation, lang: str, world: World) -> tuple[Conversation, tuple[Effect, ...]]:
    """Offer the next best topics of the search, or the menu and a person when there are none left."""
    count = Count(what="not-meant", topic=topic, lang=lang)
    others = [other for other in state.others if other in world.topics and other != topic][:MAX_OTHERS]
    if topic != state.topic or not others:
        return nothing_fits(state, lang, count)
    choices = (*map(topic_choice, others), NONE_CHOICE)
    return replace(state, others=()), (count, Say(lang=lang, marks=(Text(NOT_MEANT),), choices=choices, passing=True))


def rest_of_choice(topic: str, state: Conversation, world: World) -> tuple[str, ...]:
    """Give the other topics of a choice that the person was offered, should the chosen one not be what they meant."""
    if NONE_CHOICE.id not in state.options:
        return ()
    offered = (option.removeprefix("topic:") for option in state.options if option.startswith("topic:"))
    return tuple(other for other in offered if other != topic and other in world.topics)


def nothing_fits(state: Conversation, lang: str, count: Count) -> tuple[Conversation, tuple[Effect, ...]]:
    """Offer the menu and a person."""
    say = Say(lang=lang, marks=(Text(NOT_MEANT_AGAIN),), choices=(MENU_CHOICE, PERSON_CHOICE), passing=True)
    return replace(state, others=()), (count, say)


def topic_before(text: str, finding: Finding, state: Conversation, world: World) -> str | None:
    """Give the topic of the turn before if the message goes on with it.

    A condition goes on in any case; what is added, only if nothing else is found for it.
    """
    how = world.follow_ups.find(text) if state.topic in world.topics else None
    its_own = finding.decision is not Decision.ABSTAIN and finding.shown[0].topic != state.topic
    return state.topic if how and (how is not Follow.ALSO or not its_own) else None


def _went_on(
    topic: str, text: str, finding: Finding, reply: Reply, day: date, world: World
) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say the topic of the turn before again, for the person that the message names; what else it may mean is offered."""
    variant = _variant_for(text, topic, reply.lang, world)
    if variant:
        state, say = show_variant(topic, variant, reply.state, reply.lang, world)
    else:
        state, say = show_topic(topic, reply.state, reply.lang, day, world)
    others = [c.topic for c in finding.shown if c.topic != topic][:MAX_ALSO]
    about = Text(STILL_ABOUT, {"topic": TopicName(topic)})
    choices = (*_first(others, say.choices), *reply.choices)
    confidence = next((c.confidence for c in (*finding.shown, *finding.others) if c.topic == topic), 0.0)
    heard = Heard(lang=reply.identified, decision=Decision.ANSWER, topics=((topic, confidence),))
    return replace(state, others=()), (heard, replace(say, marks=(about, *say.marks, *reply.notes), choices=choices))


def _variant_for(text: str, topic: str, lang: str, world: World) -> str | None:
    """Give the only variant whose label has a telling word of the message."""
    index = world.finder.index
    said = {term for slot in index.read(text) if not slot.frame for term in slot.terms}
    fitting = [
        id
        for id, variant in world.topics[topic].texts[lang].variants.items()
        if any(not slot.frame and not said.isdisjoint(slot.terms) for slot in index.read(variant.label))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _answered(
    finding: Finding, reply: Reply, danger: str | None, day: date, world: World, asked: tuple[str, ...] = ()
) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say the answer; `asked`: the topics of several questions in the message, to which buttons lead."""
    if finding.decision is Decision.ANSWER or danger is None:
        best, others = finding.shown[0], finding.others
    else:
        best, others = Candidate(SITUATIONS[danger], 1.0), finding.shown + finding.others
    state, say = show_topic(best.topic, reply.state, reply.lang, day, world)
    state = replace(state, others=tuple(c.topic for c in others if c.topic != best.topic)[:MAX_OTHERS])
    heard = Heard(lang=reply.identified, decision=Decision.ANSWER, topics=_pairs((best,)), danger=danger)
    card: tuple[Mark, ...] = (Card(danger),) if danger else ()
    also = [topic for topic in asked if topic != best.topic][:MAX_ALSO]
    below: tuple[Mark, ...] = (Text(ALSO_ASKED),) if also else ()
    choices = (*_first(also, say.choices), *reply.choices)
    return state, (heard, replace(say, marks=(*card, *say.marks, *below, *reply.notes), choices=choices))


def _first(topics: Sequence[str], choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """Put buttons of topics before other options, each once."""
    first = tuple(map(topic_choice, topics))
    return (*first, *(choice for choice in choices if choice.id not in {choice.id for choice in first}))


def _meant(found: Fit, town: str | None) -> tuple[Mark, ...]:
    """Say below a topic's answer what of it is meant for the person, or ask what tells."""
    if found.variant:
        return (*found.marks, Answer(found.topic, town, found.variant, below=True))
    if found.fact:
        return (Text(TOPIC_DEPENDS), *found.question)
    return (Text(TOPIC_WHICH),) if found.open else ()


def _below(found: Fit, town: str | None, day: date, world: World) -> tuple[Choice, ...]:
    topic = found.topic
    variants = [] if found.fact or found.variant else [variant_choice(topic, variant) for variant in found.open]
    room = min(MAX_RELATED, MAX_BELOW - len(variants))
    related = [t for t in world.topics[topic].related if t in world.topics][:room]
    local = town is None and any(topic in place.additions for place in world.towns())
    return (
        *_groups(topic, town, day, world),
        *((Choice(f"here:{topic}", Text(LABEL_TOWN_HERE)),) if local else ()),
        *found.choices(world),
        *variants,
        *map(topic_choice, related),
        Choice(f"not:{topic}", Text(LABEL_NOT_MEANT)),
        MENU_CHOICE,
    )


def _groups(topic: str, town: str | None, day: date, world: World) -> Iterator[Choice]:
    """Offer the questions that tell target groups: of programmes in force, and here of one that has ended."""
    programmes = world.inquiry.programmes
    if topic == GROUP_TOPIC and programmes:
        yield Choice("group", Text(LABEL_FIND_GROUP))
    for programme in programmes.values():
        if programme.asked_in == topic and (days := programme.days(town)) and days.last < day:
            yield Choice(f"group:of:{programme.id}", Text(LABEL_FIND_GROUP))


def _pairs(candidates: tuple[Candidate, ...]) -> tuple[tuple[str, float], ...]:
    return tuple((candidate.topic, candidate.confidence) for candidate in candidates)
