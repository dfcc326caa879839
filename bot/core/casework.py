"""Moving a case: the state after a move, the clock that runs then, and what both sides are told.

`bot.core.cases` has the law; this carries it out. Knows office hours and desks; not how anybody asks for a move.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.answer import MENU_CHOICE
from bot.core.calendar import estonian_day
from bot.core.case_texts import (
    CASE_STILL_OPEN,
    CASE_UNREACHABLE,
    DESK_EARLIER,
    DESK_HOW,
    DESK_SENT_TOPIC,
    DESK_TAKEN_ELSEWHERE,
    DESK_TEST,
    LABEL_BAD,
    LABEL_CANCEL_CASE,
    LABEL_CLAIM,
    LABEL_CLOSE,
    LABEL_CONTACTS,
    LABEL_GOOD,
    LABEL_REOPEN,
    LABEL_TO_BOT,
    LABEL_TRANSFER,
    RESIDENT_WROTE,
    STAFF_WROTE_NAME,
)
from bot.core.cases import ENDED, MOVES, WAITS, Case, CaseStage, Clock, ClockName, Line, Move, Rule, Who
from bot.core.effects import Choice, Do, Say, Step, Tell
from bot.core.hours import Hours
from bot.core.person import sit_down
from bot.core.state import Conversation, Stage
from bot.core.texts import CaseCard, Contacts, GroupReason, Mark, OfficeHours, Text, Told, TopicName, TownName, Words
from bot.core.world import PARTING, World
from bot.groups.status import Status, status

OFFICE: Final = Hours.of(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-17:00",)))
"""For clocks alone, where a municipality's own hours are not known; nobody is told these."""
NO_HOURS: Final = timedelta(days=7)
"""Should an office stay closed for two months, its clocks go on all the same."""
PERSON_CHOICES: Final = (Choice("contacts", Text(LABEL_CONTACTS)), MENU_CHOICE)
STAFF_CHOICES: Final = (Choice("case:claim", Text(LABEL_CLAIM)), Choice("case:close", Text(LABEL_CLOSE)))
EARLIER: Final = 20
"""Lines that a desk is shown which gets a case later."""


def advance(move: Move, state: Conversation, at: datetime, world: World) -> tuple[Rule, Conversation, Case] | None:
    """Give the law's answer to a move, and conversation and case after it; None if the case's state knows no such move."""
    case = state.case
    rule = MOVES.get((case.stage, move)) if case else None
    if case is None or rule is None:
        return None
    ended = rule.to in ENDED
    case = replace(case, stage=rule.to, closed_at=(case.closed_at or at) if ended else None, rated=case.rated and ended)
    return (rule, replace(state, case=case), case) if rule.keeps else (rule, *with_clock(rule.clock, case, state, at, world))


def with_clock(name: ClockName | None, case: Case, state: Conversation, at: datetime, world: World) -> tuple[Conversation, Case]:
    """Set the clock of a case, in place of the one that runs; None: no clock runs."""
    n = state.clocks + bool(name)
    case = replace(case, clock=Clock(n, name, _due(name, case.town, at, world)) if name else None)
    return replace(state, clocks=n, case=case), case


def move(
    what: Move,
    state: Conversation,
    at: datetime,
    world: World,
    *,
    change: Callable[[Case], Case] = lambda case: case,
    args: Mapping[str, str] | None = None,
    more: tuple[Mark, ...] = (),
) -> Step | None:
    """Move a case, `change` it besides, and tell both sides what its rule says; `more` is added for the resident.

    None if the move is not possible.
    """
    before, found = state.case, advance(what, state, at, world)
    if before is None or found is None:
        return None
    rule, state, case = found
    case, opened, closed = arrange(before, change(case), world)
    said = [tell_resident(rule.resident, case, more=more)] if rule.resident else []
    desks = dict.fromkeys((*before.places, *case.places)) if rule.desk else ()
    told = [at_desk(case, desk, world, Text(rule.desk, {"code": case.code, **(args or {})})) for desk in desks]
    return Step(replace(state, case=case), (*said, *opened, *told, *closed))


def arrange(before: Case, case: Case, world: World) -> tuple[Case, tuple[Tell, ...], tuple[Tell, ...]]:
    """Give what opens and what closes threads, so that those desks have an open one that follow the case now."""
    had = before.places if before.running else ()
    has = case.places if case.running else ()
    opened = [tell for desk in has if desk not in had for tell in _open(desk, before, case, world)]
    closed = [tell for desk in had if desk in case.desks and desk not in has for tell in _close(desk, case, world)]
    return replace(case, threads=tuple(dict.fromkeys((*case.threads, *has)))), tuple(opened), tuple(closed)


def _open(desk: str, before: Case, case: Case, world: World) -> Iterator[Tell]:
    """Show a case to a desk: with its card where it is new, else with what was written while others had it."""
    if desk not in case.threads:
        test = (Text(DESK_TEST),) if case.is_test else ()
        marks = (*test, card(case, world), Text(DESK_HOW))
        opened = at_desk(case, desk, world, *marks, do=Do.OPEN, choices=_staff_choices(world))
        yield replace(opened, title=f"{case.code} {case.lang}", topic=case.topic or None)
    else:
        yield at_desk(case, desk, world, do=Do.REOPEN)
    lines = [line for line in case.lines if line.text or line.file or line.topic][-EARLIER:]
    if lines and desk not in before.places:
        yield at_desk(case, desk, world, Text(DESK_EARLIER), *(mark for line in lines for mark in _told(line)))


def _close(desk: str, case: Case, world: World) -> Iterator[Tell]:
    if case.running and case.desk:
        yield at_desk(case, desk, world, Text(DESK_TAKEN_ELSEWHERE, {"code": case.code}))
    yield at_desk(case, desk, world, do=Do.CLOSE)


def held_by(desk: str, staff: str, name: str) -> Callable[[Case], Case]:
    """Note who of which desk has a case now."""
    return lambda case: replace(case, desk=desk, holder=staff, holder_name=name, told_late=False)


def brought_to(desk: str, case: Case) -> Case:
    """Let one desk alone be asked to take a case; those that knew of it are asked again only after all others."""
    others = without(desk, case)
    return replace(others, desks=(desk, *others.desks), threads=case.threads, opened=1)


def without(desk: str, case: Case) -> Case:
    """Take a case from everybody, and leave one desk out; those that knew of it come after all others."""
    order = (*case.desks[case.opened :], *case.desks[: case.opened])
    desks, threads = (tuple(known for known in some if known != desk) for some in (order, case.threads))
    return replace(case, desks=desks, threads=threads, opened=0, desk="", holder="", holder_name="", told_late=False)


# --- to the resident --------------------------------------------------------------------------------------------------


def tell_resident(id: str, case: Case, *, more: tuple[Mark, ...] = (), lang: str = "") -> Say:
    """Say a sentence about the case, with what can be done now below it."""
    text = Text(id, {"code": case.code, "town": TownName(case.town)})
    return Say(lang=lang or case.lang, marks=(text, *more), choices=resident_choices(case))


def resident_choices(case: Case) -> tuple[Choice, ...]:
    """Give what the resident can do with a case as it stands."""
    if case.stage is CaseStage.OPEN:
        return (Choice("case:cancel", Text(LABEL_CANCEL_CASE)), MENU_CHOICE)
    if case.talking:
        return (Choice("case:back", Text(LABEL_TO_BOT)),)
    if case.stage is CaseStage.CLOSED:
        rates = (Choice("case:good", Text(LABEL_GOOD)), Choice("case:bad", Text(LABEL_BAD)))
        return (*(() if case.rated else rates), Choice("case:reopen", Text(LABEL_REOPEN)), MENU_CHOICE)
    return PERSON_CHOICES


# --- to the desks -----------------------------------------------------------------------------------------------------


def at_desk(case: Case, desk: str, world: World, *marks: Mark, do: Do = Do.POST, choices: tuple[Choice, ...] = ()) -> Tell:
    """Tell one desk something in the case's thread."""
    return Tell(do=do, desk=desk, lang=world.desks.lang(desk, world.languages[0]), case=case.number, marks=marks, choices=choices)


def tell_desks(case: Case, world: World, *marks: Mark) -> Iterable[Tell]:
    """Tell everybody who follows the case."""
    return (at_desk(case, desk, world, *marks) for desk in case.places)


def card(case: Case, world: World) -> CaseCard:
    """Make the card of a case: what staff see first, and what the resident agrees to."""
    return CaseCard(
        code=case.code if case.number else "",
        town=case.town,
        lang=case.lang,
        question=case.question,
        topic=case.topic,
        groups=likely_groups(case.facts, case.town, case.lang, case.agreed_at, world),
        contact=case.contact,
        since=case.agreed_at,
    )


def likely_groups(facts: tuple[str, ...], town: str, lang: str, at: datetime | None, world: World) -> tuple[GroupReason, ...]:
    """Give the target groups that a person likely belongs to by their answers, with those answers."""
    if not facts or at is None:
        return ()
    sitting = sit_down(Conversation(town=town, facts=facts), lang, estonian_day(at), world)
    found = []
    for group in sitting.interview.groups:
        if status(group, sitting.known.answers, sitting.day) is Status.MATCH:
            because = sitting.interview.because(group, sitting.known.answers)
            told = tuple((fact, sitting.known.written[fact]) for fact in because if fact in sitting.known.written)
            programme, name = group.id.split(PARTING)
            found.append(GroupReason(programme, name, Told(told)))
    return tuple(found)


def _told(line: Line) -> tuple[Mark, ...]:
    who = Text(RESIDENT_WROTE) if line.who is Who.RESIDENT else Text(STAFF_WROTE_NAME, {"name": line.name or "–"})
    if line.topic:
        return (who, Text(DESK_SENT_TOPIC, {"topic": TopicName(line.topic)}))
    return who, Words(line.text or (line.file.name if line.file else ""))


def _staff_choices(world: World) -> tuple[Choice, ...]:
    others = (Choice("case:transfer", Text(LABEL_TRANSFER)),) if len(world.desks.receiving) > 1 else ()
    return (*STAFF_CHOICES, *others)


# --- desks that do not take it, or are lost ---------------------------------------------------------------------------


def pass_on(what: Move, state: Conversation, at: datetime, world: World) -> Step | None:
    """Bring a case that nobody took, or whose desk is lost, to the next desk; if there is none, all are reminded."""
    before, found = state.case, advance(what, state, at, world)
    if before is None or found is None:
        return None
    rule, state, case = found
    known = case.threads
    wider = replace(case, opened=min(case.opened + 1, len(case.desks)))
    case, opened, _ = arrange(before, wider, world)
    waiting = Text(rule.desk, {"code": case.code})
    told = tuple(at_desk(case, desk, world, waiting) for desk in case.places if desk in known)
    said: tuple[Say, ...] = ()
    if opened:
        said = (tell_resident(rule.resident, case, more=(OfficeHours(case.town, at),)),)
    elif not case.told_late:
        said = (tell_resident(CASE_STILL_OPEN, case, more=(Contacts(case.town),)),)
        case = replace(case, told_late=True)
    return Step(replace(state, case=case), (*said, *opened, *told))


def lose_desk(lost: str, state: Conversation, at: datetime, world: World) -> Step:
    """Go on without a desk that nothing can be brought to: at the next one or those that are left, or the resident is told."""
    case = state.case
    if case is None or lost not in case.desks or not case.running:
        return Step(state)
    if any(desk != lost for desk in case.places):
        desks, threads = (tuple(desk for desk in some if desk != lost) for some in (case.desks, case.threads))
        opened = case.opened - (lost in case.desks[: case.opened])
        return Step(replace(state, case=replace(case, desks=desks, threads=threads, opened=opened)))
    left = without(lost, case)
    if not left.desks:
        gone = replace(left, stage=CaseStage.CANCELLED, clock=None, closed_at=at)
        marks = (Text(CASE_UNREACHABLE, {"code": case.code}), Contacts(case.town))
        return Step(replace(state, case=gone), (Say(lang=case.lang, marks=marks, choices=PERSON_CHOICES),))
    return pass_on(Move.LOSE_DESK, replace(state, case=left), at, world) or Step(state)


# --- clocks -----------------------------------------------------------------------------------------------------------


def ring(clock: int, state: Conversation, at: datetime, world: World) -> Step:
    """Do what a clock that has run out asks for; one that was set anew since asks for nothing."""
    case = state.case
    if case is None or case.clock is None or case.clock.n != clock:
        return Step(state)
    if case.stage is CaseStage.OPEN:
        return pass_on(Move.LATE, state, at, world) or Step(state)
    if case.stage is CaseStage.CLAIMED and case.told_late:
        reminder = move(Move.LATE, state, at, world) or Step(state)
        return replace(reminder, effects=tuple(effect for effect in reminder.effects if isinstance(effect, Tell)))
    step = move(Move.LATE, state, at, world) or Step(state)
    after = step.state.case
    if after is not None and after.stage is CaseStage.CLAIMED:
        step = replace(step, state=replace(step.state, case=replace(after, told_late=True)))
    # What has ended for good is not remembered with the conversation any more, nor is what was asked for it.
    if after is not None and after.clock is None and not after.running:
        stage = Stage.TALK if state.stage in (Stage.QUESTION, Stage.CONTACT) else state.stage
        return replace(step, state=replace(step.state, case=None, stage=stage))
    return step


def _due(name: ClockName, town: str, at: datetime, world: World) -> datetime:
    if name in WAITS:
        return at + WAITS[name]
    hours = Hours.of(world.place(town).hours)
    within = world.desks.claim_within if name is ClockName.CLAIM else world.desks.answer_within
    return (hours if hours.known else OFFICE).after(at, within) or at + NO_HOURS
