"""What a resident writes, sends, changes and takes back in a case, brought to the staff who follow it.

Knows which files go on and by which key a line is found again; not who asked for a person, nor what staff do.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.core.case_texts import (
    CASE_ADDED,
    CASE_CODE_HIDDEN,
    CASE_FILE_REFUSED,
    DESK_DANGER,
    LABEL_ADD_TO_CASE,
    RESIDENT_CHANGED,
    RESIDENT_SENT_FILE,
    RESIDENT_WITHDREW,
    RESIDENT_WROTE,
)
from bot.core.cases import Case, CaseStage, Line, Move, Who
from bot.core.casework import advance, at_desk, resident_choices, tell_desks, tell_resident
from bot.core.effects import Choice, Count, Do, Effect, Say, Step, Tell
from bot.core.events import File, Said, SentFile
from bot.core.masking import CONTACTS, TOKENS
from bot.core.state import Conversation
from bot.core.texts import Card, Mark, Text, Words
from bot.core.world import World

MAX_FILE: Final = 20_000_000
FILE_TYPES: Final = frozenset({
    "application/pdf", "text/plain", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/rtf", "application/vnd.etsi.asic-e+zip",
})  # fmt: skip
"""Documents, also signed ones, that are passed on beside pictures and the families below: nothing that runs or plays."""
FILE_FAMILIES: Final = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
_RUNS: Final = "image/svg"
"""A picture that can hold a programme."""
_CODES: Final = tuple(token for kind, token in TOKENS.items() if kind not in CONTACTS)


def may_pass(media_type: str, size: int, ref: str) -> bool:
    """Tell whether a file is passed on: a picture or a document that can be fetched and is not too large."""
    kind = media_type.partition(";")[0].strip().lower()
    known = kind in FILE_TYPES or kind.startswith(FILE_FAMILIES) or (kind.startswith("image/") and not kind.startswith(_RUNS))
    return bool(ref) and size <= MAX_FILE and known


def hear_in_case(event: Said, case: Case, state: Conversation, crisis: str | None, world: World) -> Step:
    """Bring a message to the person who has the case; of one that was changed, what it says now."""
    alarm = alert(crisis, case, world) if crisis else ()
    line = line_of(event.message, case, Who.RESIDENT) if event.edited else None
    step = _change(line, event.text, case, state, world) if line else write(event, case, state, world)
    return replace(step, effects=(*alarm, *_told_hidden(event.text, case), *step.effects))


def write(event: Said, case: Case, state: Conversation, world: World) -> Step:
    """Add a message to the case and bring it to whoever follows the case."""
    line = Line(n=case.written, at=event.at, who=Who.RESIDENT, text=event.text, message=event.message)
    said = _relay(line, case, world, Text(RESIDENT_WROTE), Words(event.text, event.quoted))
    return Step(_with_line(line, case, state, event.at, world), said)


def hear_file(event: SentFile, case: Case, state: Conversation, world: World) -> Step:
    """Bring a file to the person who has the case, or say kindly why not."""
    if not may_pass(event.media_type, event.size, event.ref):
        refused = tell_resident(CASE_FILE_REFUSED, case)
        if not event.text.strip():
            return Step(state, (refused,))
        written = Said(at=event.at, text=event.text, message=event.message)
        step = hear_in_case(written, case, state, None, world)
        return replace(step, effects=(refused, *step.effects))
    name = event.name or event.kind
    file = File(name=name, media_type=event.media_type, size=event.size, ref=event.ref, channel=state.channel)
    line = Line(n=case.written, at=event.at, who=Who.RESIDENT, text=event.text, message=event.message, file=file)
    words = (Words(event.text),) if event.text else ()
    said = (replace(tell, file=file) for tell in _relay(line, case, world, Text(RESIDENT_SENT_FILE, {"name": name}), *words))
    told = (tell_resident(CASE_ADDED, case),) if case.stage is CaseStage.OPEN else ()
    return Step(_with_line(line, case, state, event.at, world), (*_told_hidden(event.text, case), *told, *said))


def add(question: str, case: Case, state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Add a question to the case that nobody has taken yet."""
    step = write(Said(at=at, text=question), case, replace(state, question="", asked_at=None), world)
    told = tell_resident(CASE_ADDED, case, lang=lang)
    return replace(step, effects=(*_told_hidden(question, case), *step.effects, told))


def with_add(step: Step) -> Step:
    """Offer below an answer of the bot to add the question to the case that waits."""
    says = [effect for effect in step.effects if isinstance(effect, Say)]
    more = Choice("case:add", Text(LABEL_ADD_TO_CASE))
    last = replace(says[-1], choices=(more, *says[-1].choices), passing=False)
    return replace(step, effects=tuple(last if effect is says[-1] else effect for effect in step.effects))


def withdraw(message: str, state: Conversation, world: World) -> Step:
    """Take back what the resident deleted, as far as it is in our hands."""
    case = state.case
    line = line_of(message, case, Who.RESIDENT) if case else None
    if case is None or line is None or line.withdrawn:
        return Step(state)
    case = case.with_changed(replace(line, text="", file=None, withdrawn=True))
    # A desk that handed it over has the message too.
    desks = dict.fromkeys((*case.threads, *case.places))
    return Step(replace(state, case=case), tuple(_amend(line, case, desks, world, Text(RESIDENT_WITHDREW))))


def alert(crisis: str, case: Case, world: World) -> tuple[Effect, ...]:
    """Show the emergency card, and tell the desk at once."""
    said = Say(lang=case.lang, marks=(Card(crisis),), choices=resident_choices(case))
    return (Count(what="danger", lang=case.lang), said, *alarm(case, world))


def alarm(case: Case, world: World) -> Iterable[Tell]:
    """Tell the desk that a message tells of danger."""
    return tell_desks(case, world, Text(DESK_DANGER, {"code": case.code}))


def line_key(case: Case, line: Line, desk: str = "") -> str:
    """Name a line as it is shown at a desk, or to the resident."""
    return f"case:{case.number}:{line.n}:{desk}"


def line_of(message: str, case: Case, *who: Who) -> Line | None:
    """Give the line that is this message of one of these."""
    return next((line for line in reversed(case.lines) if message and line.message == message and line.who in who), None)


def has_code(text: str) -> bool:
    """Tell whether a personal number was hidden in a text."""
    return any(token in text for token in _CODES)


def _told_hidden(text: str, case: Case) -> tuple[Say, ...]:
    return (tell_resident(CASE_CODE_HIDDEN, case),) if has_code(text) else ()


def _with_line(line: Line, case: Case, state: Conversation, at: datetime, world: World) -> Conversation:
    """Keep a line of the resident's; it is staff's turn now."""
    state = replace(state, case=case.with_line(line))
    moved = advance(Move.WRITE, state, at, world)
    return moved[1] if moved else state


def _relay(line: Line, case: Case, world: World, *marks: Mark) -> tuple[Tell, ...]:
    """Bring a line of the resident's to everybody who follows the case, under a key by which it can be put right."""
    return tuple(replace(at_desk(case, desk, world, *marks), key=line_key(case, line, desk)) for desk in case.places)


def _change(line: Line, text: str, case: Case, state: Conversation, world: World) -> Step:
    case = case.with_changed(replace(line, text=text))
    return Step(replace(state, case=case), tuple(_amend(line, case, case.places, world, Text(RESIDENT_CHANGED), Words(text))))


def _amend(line: Line, case: Case, desks: Iterable[str], world: World, *marks: Mark) -> Iterable[Tell]:
    for desk in desks:
        yield replace(at_desk(case, desk, world, *marks, do=Do.AMEND), amends=line_key(case, line, desk))
