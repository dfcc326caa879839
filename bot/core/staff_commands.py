"""The commands of staff in a case's thread: what each of them does, by words or by a button. No words of any language."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from bot.core.answer import topic_choice
from bot.core.case_texts import (
    DESK_COMMANDS,
    DESK_NO_EDITORS,
    DESK_NO_TOPIC,
    DESK_NOTED,
    DESK_NOWHERE,
    DESK_SEND_WHAT,
    DESK_SENT_TOPIC,
    DESK_WHICH_DESK,
    DESK_WHICH_TOPIC,
    DESK_WRONG_SENT,
    EDITORS_WRONG,
    STAFF_SENT_TOPIC,
    STAFF_WROTE_NAME,
)
from bot.core.cases import Case, Line, Move, Who
from bot.core.casework import at_desk, brought_to, held_by, move
from bot.core.effects import Choice, Did, Do, Step, Tell
from bot.core.events import StaffChose, StaffSaid
from bot.core.mails import MAIL
from bot.core.staff_replies import MAX_TOPICS, not_possible, tell, to_resident
from bot.core.state import Conversation
from bot.core.texts import Answer, Literal, Mark, OfficeHours, Text, TopicName, Words
from bot.core.world import EDITORS, World
from bot.search.titles import find_titles

Asked: TypeAlias = StaffSaid | StaffChose
Command: TypeAlias = Callable[[Asked, str, Case, Conversation, World], Step]


def claim(event: Asked, _argument: str, case: Case, state: Conversation, world: World) -> Step:
    """Take the case."""
    change = held_by(event.desk, event.staff, event.name)
    step = move(Move.CLAIM, state, event.at, world, change=change, args={"name": event.name or event.desk})
    return _done("claim", event, step) or not_possible(event, case, state, world)


def close(event: Asked, _argument: str, case: Case, state: Conversation, world: World) -> Step:
    """End the case."""
    step = move(Move.FINISH, state, event.at, world, args={"name": event.name or event.desk})
    return _done("close", event, step) or not_possible(event, case, state, world)


def note(event: Asked, text: str, case: Case, state: Conversation, world: World) -> Step:
    """Keep something for colleagues; the resident never sees it."""
    if not text:
        return explain(event, text, case, state, world)
    message = event.message if isinstance(event, StaffSaid) else ""
    line = Line(n=case.written, at=event.at, who=Who.NOTE, text=text, name=event.name, message=message)
    by = Text(STAFF_WROTE_NAME, {"name": event.name or event.desk})
    others = (at_desk(case, desk, world, by, Words(text)) for desk in case.places if desk != event.desk)
    step = Step(replace(state, case=case.with_line(line)), (tell(event, case, world, Text(DESK_NOTED)), *others))
    return _done("note", event, step) or step


def transfer(event: Asked, to: str, case: Case, state: Conversation, world: World) -> Step:
    """Hand the case to another desk; without a name, offer those there are."""
    others = [desk for desk in world.desks.receiving if desk != event.desk]
    named = [desk for desk in others if to.lower() in (desk, *desk.split("/"))]
    if len(named) != 1:
        choices = tuple(Choice(f"case:transfer:{desk}", Literal(desk)) for desk in (named or others))
        text = Text(DESK_WHICH_DESK) if others else Text(DESK_NOWHERE)
        return Step(state, (replace(tell(event, case, world, text), choices=choices),))
    (desk,) = named
    more = (OfficeHours(case.town, event.at),)
    change = partial(brought_to, desk)
    step = move(Move.TRANSFER, state, event.at, world, change=change, args={"desk": desk}, more=more)
    return _done("transfer", event, step) or not_possible(event, case, state, world)


def send(event: Asked, query: str, case: Case, state: Conversation, world: World) -> Step:
    """Send a curated answer: it is found by its id or a few letters of its title, and goes out in the resident's language."""
    if not query:
        return Step(state, (tell(event, case, world, Text(DESK_SEND_WHAT)),))
    found = find_topics(query, world.desks.lang(event.desk, world.languages[0]), world)
    if not found:
        return Step(state, (tell(event, case, world, Text(DESK_NO_TOPIC, {"words": query})),))
    if len(found) == 1:
        return send_topic(event, found[0], case, state, world)
    told = tell(event, case, world, Text(DESK_WHICH_TOPIC))
    return Step(state, (replace(told, choices=tuple(map(topic_choice, found))),))


def send_topic(event: Asked, topic: str, case: Case, state: Conversation, world: World) -> Step:
    """Send a curated answer to the resident in their language, and show it to staff in theirs."""
    if topic not in world.topics:
        return Step(state, (tell(event, case, world, Text(DESK_NO_TOPIC, {"words": topic})),))
    line = Line(n=case.written, at=event.at, who=Who.STAFF, name=event.name, topic=topic)
    marks: tuple[Mark, ...] = (Text(STAFF_SENT_TOPIC), Answer(topic, case.town))
    step = to_resident(event, line, marks, case, state, world, topic=topic)
    if step.state is state:
        return step
    shown = tell(event, case, world, Text(DESK_SENT_TOPIC, {"topic": TopicName(topic)}), Answer(topic, case.town))
    return replace(step, effects=(*step.effects, shown))


def wrong(event: Asked, text: str, case: Case, state: Conversation, world: World) -> Step:
    """Tell the editors that an answer is wrong: which, and the words it was the answer to."""
    editors = world.desks.groups.get(EDITORS, ())
    topic = case.topic or next((line.topic for line in reversed(case.lines) if line.topic), "")
    title = TopicName(topic) if topic in world.topics else Literal("–")
    args = {"code": case.code, "topic": title, "id": topic or "–"}
    told = (
        # No mail holds a resident's words.
        Tell(
            do=Do.SAY, desk=desk.name, lang=desk.lang,
            marks=(Text(EDITORS_WRONG, args), Words(text or "–", "" if desk.name.endswith(MAIL) else case.question)),
        )
        for desk in editors[:1]
    )  # fmt: skip
    step = Step(state, (tell(event, case, world, Text(DESK_WRONG_SENT if editors else DESK_NO_EDITORS)), *told))
    return _done("wrong", event, step) or step


def explain(event: Asked, _argument: str, case: Case, state: Conversation, world: World) -> Step:
    """Say which commands there are."""
    return Step(state, (tell(event, case, world, Text(DESK_COMMANDS)),))


RUN: Final[Mapping[str, Command]] = {
    "claim": claim, "send": send, "note": note, "transfer": transfer, "close": close, "wrong": wrong, "help": explain,
}  # fmt: skip


def find_topics(query: str, lang: str, world: World) -> list[str]:
    """Find curated answers by their id or by a few letters of their title in a language."""
    if (id := query.strip().lower()) in world.topics:
        return [id]
    return find_titles(query, {id: f"{id} {topic.texts[lang].title}" for id, topic in world.topics.items()}, MAX_TOPICS)


def _done(what: str, event: Asked, step: Step | None) -> Step | None:
    """Note for the audit log what somebody did, if it was possible."""
    case = step.state.case if step else None
    if step is None or case is None:
        return None
    return replace(step, effects=(*step.effects, Did(case=case.number, what=what, desk=event.desk, staff=event.staff)))
