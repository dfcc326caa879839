"""The only router: (stage, event) -> rule. Pure; the rules live in the modules beside this one.

`handle` takes what happened, what is remembered and what is known, and gives what is remembered next and what shall be done.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar, cast

from bot.core.cases import Case, CaseStage
from bot.core.casework import lose_desk, ring
from bot.core.effects import Forget, Say, Step
from bot.core.events import (
    Chose,
    Event,
    Flooded,
    Left,
    NotDelivered,
    Opened,
    Rang,
    Reacted,
    Reported,
    Said,
    SentFile,
    StaffChose,
    StaffEvent,
    StaffSaid,
    StaffSentFile,
    StaffWithdrew,
    Tried,
    Unreadable,
    Withdrew,
)
from bot.core.handoff import leave
from bot.core.hearing import COMMANDS as COMMANDS
from bot.core.hearing import (
    MAX_CHARS,
    choose,
    hear,
    hear_for_case,
    hear_interview,
    hear_town,
    hear_with_person,
    open_up,
    react,
)
from bot.core.language import current_language, default_language
from bot.core.mails import spare_mails
from bot.core.operators import report, try_desks
from bot.core.public import in_public
from bot.core.relay import alert, hear_file, withdraw
from bot.core.replies import not_readable, only_text, too_much
from bot.core.safety import danger
from bot.core.staff import handle_staff
from bot.core.state import Conversation, Stage
from bot.core.texts import ONLY_CAPTION, Text
from bot.core.world import World

E = TypeVar("E", bound=Event)
Rule: TypeAlias = Callable[[Event, Conversation, World], Step]


def handle(event: Event, state: Conversation, world: World) -> Step:
    """Let the stage's rule answer the event, and remember the options it showed."""
    if isinstance(event, Opened | Said | SentFile | Unreadable | Flooded) and event.hint:
        state = replace(state, hint=default_language(event.hint, world))
    if isinstance(event, Opened | Said | SentFile | Chose | Reacted | Unreadable | Flooded):
        state = replace(state, public=event.public)
    # Where others read along, nobody's case is gone on with.
    step = rule(state.stage, type(event), None if state.public else state.case)(event, state, world)
    if state.public:
        step = in_public(step, world)
    if (case := step.state.case) and step.state.lang_chosen and case.lang != step.state.lang:
        step = replace(step, state=replace(step.state, case=replace(case, lang=step.state.lang)))
    if step.state.pending and step.state.stage != Stage.TOWN:
        step = replace(step, state=replace(step.state, pending=""))
    over = not state.has_case and not step.state.has_case
    step = replace(step, effects=tuple(spare_mails(step.effects, by=getattr(event, "desk", ""), over=over)))
    shown = [effect for effect in step.effects if isinstance(effect, Say) and not effect.amends]
    if not shown or isinstance(event, Unreadable | Flooded):
        return step
    return replace(step, state=replace(step.state, options=tuple(choice.id for choice in shown[-1].choices), labels=()))


def rule(stage: Stage, kind: type[Event], case: Case | None = None) -> Rule:
    """Look up the rule for a kind of event: of the case if a person has it, else of the stage, else the same everywhere."""
    held = CASES.get(case.stage, {}).get(kind) if case else None
    return held or STAGES[stage].get(kind) or EVERYWHERE[kind]


# --- rules ------------------------------------------------------------------------------------------------------------


def take_file(event: SentFile, state: Conversation, world: World) -> Step:
    """Bring a file to the person who has the case; what is written to it may tell of danger."""
    case, crisis = state.case, danger(event.text, world)
    if case is None or len(event.text) > MAX_CHARS:
        return hear(Said(at=event.at, text=event.text), state, world)
    step = hear_file(event, case, state, world)
    return replace(step, effects=(*alert(crisis, case, world), *step.effects)) if crisis else step


def take_back(event: Withdrew, state: Conversation, world: World) -> Step:
    """Take back what the person deleted, also where it was brought to."""
    state = replace(state, question="", asked_at=None)
    return withdraw(event.message, state, world)


def hear_staff(event: StaffEvent, state: Conversation, world: World) -> Step:
    """Do what staff want."""
    return handle_staff(event, state, world)


def ring_clock(event: Rang, state: Conversation, world: World) -> Step:
    """Do what a case's clock asks for."""
    return ring(event.clock, state, event.at, world)


def go_elsewhere(event: NotDelivered, state: Conversation, world: World) -> Step:
    """Go on without a desk that nothing can be brought to."""
    return lose_desk(event.desk, state, event.at, world)


def decline_file(event: SentFile, state: Conversation, world: World) -> Step:
    """Say that only text is read, and answer what was written to it."""
    if not event.text.strip():
        return Step(*only_text(state, current_language(state, world)))
    said = Said(at=event.at, text=event.text)
    step = rule(state.stage, Said)(said, state, world)
    first = next((effect for effect in step.effects if isinstance(effect, Say)), None)
    noted = (replace(e, marks=(Text(ONLY_CAPTION), *e.marks)) if e is first and isinstance(e, Say) else e for e in step.effects)
    return replace(step, effects=tuple(noted))


def miss(_event: Unreadable, state: Conversation, world: World) -> Step:
    """Ask for what could not be decrypted once more, wherever the conversation stands."""
    return Step(*not_readable(state, world))


def slow_down(_event: Flooded, state: Conversation, world: World) -> Step:
    """Say that too much came at once, wherever the conversation stands."""
    return Step(*too_much(state, world))


def part(event: Left, state: Conversation, world: World) -> Step:
    """Forget the person who left, and tell staff who have a question of theirs."""
    return Step(Conversation(), (*leave(state, event.at, world), Forget()))


def row(kind: type[E], rule: Callable[[E, Conversation, World], Step]) -> tuple[type[Event], Rule]:
    """Make one row of the table; the type checker sees that the rule takes this kind of event."""
    return cast(type[Event], kind), cast(Rule, rule)


EVERYWHERE: Mapping[type[Event], Rule] = dict(
    (
        row(Opened, open_up),
        row(Said, hear),
        row(Chose, choose),
        row(Reacted, react),
        row(SentFile, decline_file),
        row(Unreadable, miss),
        row(Flooded, slow_down),
        row(Withdrew, take_back),
        row(Left, part),
        row(StaffSaid, hear_staff),
        row(StaffChose, hear_staff),
        row(StaffSentFile, hear_staff),
        row(StaffWithdrew, hear_staff),
        row(Rang, ring_clock),
        row(NotDelivered, go_elsewhere),
        row(Tried, try_desks),
        row(Reported, report),
    )
)
STAGES: Mapping[Stage, Mapping[type[Event], Rule]] = {
    Stage.NEW: {},
    Stage.TALK: {},
    Stage.TOWN: dict((row(Said, hear_town),)),
    Stage.INTERVIEW: dict((row(Said, hear_interview),)),
    Stage.QUESTION: dict((row(Said, hear_for_case),)),
    Stage.CONTACT: dict((row(Said, hear_for_case),)),
}
_TALKING = dict((row(Said, hear_with_person), row(SentFile, take_file)))
CASES: Mapping[CaseStage, Mapping[type[Event], Rule]] = {
    CaseStage.OPEN: dict((row(SentFile, take_file),)),
    CaseStage.CLAIMED: _TALKING,
    CaseStage.WAITING: _TALKING,
}
