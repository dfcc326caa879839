"""What staff write, send, change and take back in a case, brought to the resident.

Knows what a resident may see of it: no note of colleagues', no account, a name only where the municipality says so.
"""

import re
from dataclasses import replace
from typing import Final

from bot.core.answer import topic_choice
from bot.core.case_texts import (
    DESK_CALL,
    DESK_FILE_REFUSED,
    DESK_LEFT,
    DESK_NOTED,
    DESK_OTHER_LANGUAGE,
    DESK_WRONG_STATE,
    STAFF_WITHDREW,
    STAFF_WROTE,
    STAFF_WROTE_NAME,
)
from bot.core.cases import Case, Line, Move, Who
from bot.core.casework import at_desk, held_by, move, resident_choices
from bot.core.effects import Did, Effect, Notify, Say, Step, Tell
from bot.core.events import File, StaffChose, StaffEvent, StaffSaid, StaffSentFile, StaffWithdrew
from bot.core.language import RELATED, SURE_TO_OFFER
from bot.core.relay import line_key, line_of, may_pass
from bot.core.state import Conversation
from bot.core.texts import Mark, Text, TownName, Words
from bot.core.world import World
from bot.search.confidence import Decision

MAX_TOPICS: Final = 5
SURE_WORDS: Final = 3
"""Words that a reply must have for its language to be judged."""
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def reply(event: StaffSaid, case: Case, state: Conversation, world: World) -> Step:
    """Bring what a member of staff wrote to the resident, as it was written."""
    line = Line(n=case.written, at=event.at, who=Who.STAFF, text=event.text, name=event.name, message=event.message)
    said = Words(event.text, _seen_by_resident(event.quoted, case))
    step = to_resident(event, line, (said,), case, state, world)
    return replace(step, effects=(*step.effects, *_other_language(event, case, world))) if step.state is not state else step


def to_resident(
    event: StaffSaid | StaffChose | StaffSentFile,
    line: Line,
    marks: tuple[Mark, ...],
    case: Case,
    state: Conversation,
    world: World,
    *,
    topic: str | None = None,
) -> Step:
    """Add a line of staff's, make it the resident's turn, and bring it to them; the case is this desk's now."""
    if state.public:
        return Step(state, (tell(event, case, world, Text(DESK_LEFT, {"code": case.code})),))
    held = held_by(event.desk, event.staff, event.name)
    moved = move(Move.REPLY, state, event.at, world, change=lambda case: held(case.with_line(line)))
    if moved is None or moved.state.case is None:
        return not_possible(event, case, state, world)
    say = Say(
        lang=case.lang,
        marks=(_heading(event.name, case, world), *marks),
        choices=resident_choices(moved.state.case),
        topic=topic,
        key=line_key(case, line),
        file=line.file,
    )
    did = Did(case=case.number, what="reply", desk=event.desk, staff=event.staff)
    return replace(moved, effects=(*moved.effects, say, did, *_wake(event, case, world)))


def edited(event: StaffSaid, line: Line, case: Case, state: Conversation, world: World) -> Step:
    """Put right what the resident was sent, or a note, which stays one."""
    case = case.with_changed(replace(line, text=event.text))
    state = replace(state, case=case)
    if line.who is Who.NOTE:
        return Step(state, (tell(event, case, world, Text(DESK_NOTED)),))
    return Step(state, (_corrected(line, case, _heading(event.name, case, world), Words(event.text)),))


def withdrew(event: StaffWithdrew, case: Case, state: Conversation) -> Step:
    """Take back what a member of staff deleted, also at the resident's."""
    line = line_of(event.message, case, Who.STAFF, Who.NOTE)
    if line is None or line.withdrawn:
        return Step(state)
    case = case.with_changed(replace(line, text="", file=None, withdrawn=True))
    said = (_corrected(line, case, Text(STAFF_WITHDREW)),) if line.who is Who.STAFF else ()
    return Step(replace(state, case=case), said)


def sent_file(event: StaffSentFile, case: Case, state: Conversation, world: World) -> Step:
    """Bring a file to the resident, or tell staff why not: a page shows none, and some kinds go nowhere."""
    if case.page or not may_pass(event.media_type, event.size, event.ref):
        return Step(state, (tell(event, case, world, Text(DESK_FILE_REFUSED)),))
    name = event.file_name or event.kind
    file = File(name=name, media_type=event.media_type, size=event.size, ref=event.ref, channel=event.desk.rpartition("/")[2])
    line = Line(n=case.written, at=event.at, who=Who.STAFF, text=event.text, name=event.name, message=event.message, file=file)
    words: tuple[Mark, ...] = (Words(event.text),) if event.text else ()
    return to_resident(event, line, words, case, state, world)


def not_possible(event: StaffEvent, case: Case, state: Conversation, world: World) -> Step:
    """Say that a case does not go on."""
    return Step(state, (tell(event, case, world, Text(DESK_WRONG_STATE, {"code": case.code})),))


def tell(event: StaffEvent, case: Case, world: World, *marks: Mark) -> Tell:
    """Tell the desk at which something happened."""
    return at_desk(case, event.desk, world, *marks)


def _heading(name: str, case: Case, world: World) -> Text:
    """Say who writes: the municipality, or by name where it wants that."""
    if name and case.town in world.desks.named:
        return Text(STAFF_WROTE_NAME, {"name": name})
    return Text(STAFF_WROTE, {"town": TownName(case.town)})


def _corrected(line: Line, case: Case, *marks: Mark) -> Say:
    return Say(lang=case.lang, marks=marks, choices=resident_choices(case), amends=line_key(case, line))


def _wake(event: StaffEvent, case: Case, world: World) -> tuple[Effect, ...]:
    """Where nothing rings at the resident's, tell them by mail that an answer waits, or have staff call."""
    if not case.page or not case.contact:
        return ()
    if world.desks.mails and _ADDRESS.fullmatch(case.contact):
        return (Notify(to=case.contact, case=case.number, code=case.code, lang=case.lang),)
    return (tell(event, case, world, Text(DESK_CALL, {"contact": case.contact})),)


def _seen_by_resident(quoted: str, case: Case) -> str:
    """Give of what a reply quotes what the resident has seen: a colleague's note is nobody else's business.

    A desk shows a line with a heading above it, and the question somewhere in a card.
    """
    plain = " ".join(quoted.split())
    seen = [" ".join(text.split()) for text in (case.question, *(line.text for line in case.lines if line.who is not Who.NOTE))]
    if plain and any(f" {plain} " in f" {text} " for text in seen):
        return quoted
    ends = [text for text in seen if text and plain.endswith(f" {text}")]
    return max(ends, key=len, default="")


def _other_language(event: StaffSaid, case: Case, world: World) -> tuple[Effect, ...]:
    """Tell staff that their reply is not in the resident's language, with curated answers that come in it."""
    if len(event.text.split()) < SURE_WORDS:
        return ()
    guess = world.language_model.identify(event.text)
    lang = RELATED.get(guess.lang or "", guess.lang)
    if guess.p < SURE_TO_OFFER or lang == case.lang or lang not in world.languages:
        return ()
    found = world.finder.find(event.text)
    meant = [candidate.topic for candidate in found.shown] if found.decision is not Decision.ABSTAIN else []
    topics = [topic for topic in dict.fromkeys((*meant, case.topic)) if topic in world.topics][:MAX_TOPICS]
    return (replace(tell(event, case, world, Text(DESK_OTHER_LANGUAGE)), choices=tuple(map(topic_choice, topics))),)
