"""The resident's side of a case: asking for a person, agreeing to what is sent, going back to the bot, coming back.

Knows what a resident may do with a case and when. How a case moves is `bot.core.casework`'s, what is written in one
`bot.core.relay`'s, what staff do `bot.core.staff`'s.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.answer import ASK, MENU_CHOICE, PERSON_TOPIC, can_ask, show_topic
from bot.core.calendar import estonian_day
from bot.core.case_texts import (
    CASE_ADD_HINT,
    CASE_ASK_CONTACT,
    CASE_ASK_QUESTION,
    CASE_CODE_HIDDEN,
    CASE_DECLINED,
    CASE_NO_CONTACT,
    CASE_NONE,
    CASE_OFFER,
    CASE_OFFER_KEPT,
    CASE_OFFER_PAGE,
    CASE_RATED,
    CASE_STATUS,
    DESK_RATED_BAD,
    DESK_RATED_GOOD,
    LABEL_ASK_PERSON,
    LABEL_DO_NOT_SEND,
    LABEL_LEAVE_CONTACT,
    LABEL_OTHER_QUESTION,
    LABEL_SEND,
    LABEL_WITHOUT_GROUP,
    STAGE_CLAIMED,
    STAGE_CLOSED,
    STAGE_OPEN,
    STAGE_WAITING,
)
from bot.core.cases import Case, CaseStage, ClockName, Move
from bot.core.casework import (
    PERSON_CHOICES,
    brought_to,
    card,
    likely_groups,
    move,
    resident_choices,
    tell_desks,
    with_clock,
)
from bot.core.effects import Choice, Count, Effect, Say, Step, Tell
from bot.core.events import Said
from bot.core.masking import CONTACTS, mask
from bot.core.relay import add, has_code
from bot.core.state import Conversation, Stage
from bot.core.texts import ASK_TOWN, Literal, Mark, Name, OfficeHours, Text, TownName
from bot.core.towns import town_choices
from bot.core.world import NATIONAL, PARTING, World

MAX_CONTACT: Final = 100
QUESTION_HOURS: Final = timedelta(hours=24)
"""After which the last question is not remembered any more."""
STAGES: Final = {
    CaseStage.OPEN: STAGE_OPEN,
    CaseStage.CLAIMED: STAGE_CLAIMED,
    CaseStage.WAITING: STAGE_WAITING,
    CaseStage.CLOSED: STAGE_CLOSED,
}


def desks_for(town: str, topic: str, groups: Iterable[str], lang: str, world: World) -> tuple[str, ...]:
    """Name the desks that a case goes to, in the order of escalation: those of the first route that fits, else the town's."""
    named = set(groups)
    for route in world.desks.routes.get(town, ()):
        fits = (not route.topics or topic in route.topics) and (not route.languages or lang in route.languages)
        desks = world.desks.groups.get(route.to, ())
        if desks and fits and (not route.groups or named & route.groups):
            return tuple(desk.name for desk in desks)
    return tuple(desk.name for desk in world.desks.groups.get(town, ()))


def ask_choice() -> Choice:
    """A button that leads to a person."""
    return Choice(ASK, Text(LABEL_ASK_PERSON))


def follow_case(option: str, state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    """Do what an option of a case says; None if it says nothing that is possible now."""
    case = state.case
    offered = case if case and case.stage is CaseStage.OFFERED else None
    match option:
        case "send" if offered:
            return send(state, lang, at, world)
        case "question" if not state.has_case:
            return ask_for_person(replace(state, question="", asked_at=None), lang, at, world)
        case "ask" | "send" | "question":
            # A card whose question is not the last one any more is not what would be sent.
            return ask_for_person(state, lang, at, world)
        case "group" if offered:
            return _offer(replace(offered, facts=()), state, lang, at, world)
        case "contact" if offered:
            return Step(replace(state, stage=Stage.CONTACT), (_ask_contact(lang),))
        case "no":
            return _leave_it(state, lang, at, world)
        case "status":
            return tell_status(state, lang, at)
        case "add" if case and case.running and (question := question_of(state, at)):
            return add(question, case, state, lang, at, world)
        case "back":
            return move(Move.GO_BACK, state, at, world)
        case "cancel":
            return move(Move.CANCEL, state, at, world)
        case "reopen" if case:
            more = (OfficeHours(case.town, at),)
            return move(Move.REOPEN, state, at, world, change=_to_who_had_it, more=more)
        case "good" | "bad" if case and case.stage is CaseStage.CLOSED:
            return _rate(option, case, state, lang, world)
    return None


# --- asking for a person ----------------------------------------------------------------------------------------------


def ask_for_person(state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Lead to a person: ask for what is missing, then show what would be sent."""
    if state.has_case:
        return tell_status(state, lang, at)
    town = state.town or world.home
    if town is None:
        asked = Say(lang=lang, marks=(Text(ASK_TOWN),), choices=town_choices(world), passing=True)
        return Step(replace(state, stage=Stage.TOWN, pending=ASK), (asked,))
    if town == NATIONAL or not can_ask(state, world):
        return Step(*_one(show_topic(PERSON_TOPIC, state, lang, estonian_day(at), world)))
    if not question_of(state, at):
        return Step(replace(state, stage=Stage.QUESTION), (_ask_question(lang),))
    return offer(state, lang, at, world)


def question_of(state: Conversation, at: datetime) -> str:
    """Give the person's last question; one of yesterday is not remembered."""
    fresh = state.asked_at is not None and at - state.asked_at < QUESTION_HOURS
    return state.question if fresh else ""


def hear_question(event: Said, state: Conversation, lang: str, world: World) -> Step:
    """Take a message as the question for the municipality's staff."""
    asked = replace(state, stage=Stage.TALK, topic="", question=event.text, asked_at=event.at)
    return ask_for_person(asked, lang, event.at, world)


def hear_contact(event: Said, state: Conversation, lang: str, world: World) -> Step:
    """Take a message as the phone number or address at which the person is told that an answer waits."""
    contact = " ".join(event.text.split())
    found = set(mask(contact).found) & CONTACTS
    if state.case is None or state.case.stage is not CaseStage.OFFERED:
        return ask_for_person(replace(state, stage=Stage.TALK), lang, event.at, world)
    if not found or len(contact) > MAX_CONTACT:
        return Step(state, (replace(_ask_contact(lang), marks=(Text(CASE_NO_CONTACT),)),))
    return _offer(replace(state.case, contact=contact), state, lang, event.at, world)


def offer(state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Show the consent card of a new case."""
    town = state.town or world.home or NATIONAL
    facts = () if state.other else state.facts
    groups = [f"{g.programme}{PARTING}{g.group}" for g in likely_groups(facts, town, lang, at, world)]
    topic = state.topic if state.topic != PERSON_TOPIC else ""
    contact = state.case.contact if state.case and state.case.stage is CaseStage.OFFERED else ""
    case = Case(
        stage=CaseStage.OFFERED,
        lang=lang,
        town=town,
        desks=desks_for(town, topic, groups, lang, world),
        topic=topic,
        facts=facts if groups else (),
        contact=contact,
        page=state.page,
    )
    return _offer(case, state, lang, at, world)


def _offer(case: Case, state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Show what would be sent, to whom and for how long, and let the person decide."""
    case = replace(case, lang=lang)
    shown = card(replace(case, question=question_of(state, at), agreed_at=at), world)
    marks: list[Mark] = [
        Text(CASE_OFFER, {"town": TownName(case.town)}),
        replace(shown, since=None),
        Text(CASE_OFFER_KEPT, {"days": Literal(str(world.keeping.cases))}),
    ]
    marks += [Text(CASE_CODE_HIDDEN)] if has_code(shown.question) else []
    marks += [Text(CASE_OFFER_PAGE, {"days": Literal(str(world.keeping.conversations))})] if case.page else []
    choices = (
        Choice("case:send", Text(LABEL_SEND)),
        *([Choice("case:group", Text(LABEL_WITHOUT_GROUP))] if shown.groups else []),
        *([Choice("case:contact", Text(LABEL_LEAVE_CONTACT))] if case.page else []),
        Choice("case:question", Text(LABEL_OTHER_QUESTION)),
        Choice("case:no", Text(LABEL_DO_NOT_SEND)),
    )
    state, _ = with_clock(ClockName.CONSENT, case, replace(state, stage=Stage.TALK), at, world)
    return Step(state, (Count(what="case-offered", lang=lang), Say(lang=lang, marks=tuple(marks), choices=choices)))


def send(state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    """Open the case: the person has agreed to what the card shows."""
    question = question_of(state, at)
    if not question:
        return Step(replace(state, stage=Stage.QUESTION), (_ask_question(lang),))
    after = replace(state, stage=Stage.TALK, question="", asked_at=None)

    def opened(case: Case) -> Case:
        return replace(case, number=state.number, question=question, agreed_at=at, lang=lang, opened=1)

    more = (OfficeHours(state.case.town, at), Text(CASE_ADD_HINT)) if state.case else ()
    step = move(Move.AGREE, after, at, world, change=opened, more=more)
    if step is None or step.state.case is None:
        return None
    count = Count(what="case-opened", topic=step.state.case.topic, lang=lang)
    return replace(step, effects=(count, *step.effects))


def _leave_it(state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    """Send nothing: the person does not want to, or did not after all write what they wanted to ask."""
    step = move(Move.REFUSE, replace(state, stage=Stage.TALK), at, world)
    if step is not None:
        return replace(step, state=replace(step.state, case=None))
    if state.stage is not Stage.QUESTION:
        return None
    said = Say(lang=lang, marks=(Text(CASE_DECLINED),), choices=PERSON_CHOICES)
    return Step(replace(state, stage=Stage.TALK), (said,))


# --- what becomes of it -----------------------------------------------------------------------------------------------


def tell_status(state: Conversation, lang: str, at: datetime) -> Step:
    """Tell the person where their case stands."""
    case = state.case
    if case is None or case.stage not in STAGES:
        return Step(state, (Say(lang=lang, marks=(Text(CASE_NONE),), choices=(ask_choice(), MENU_CHOICE)),))
    args: Mapping[str, Name | str] = {"code": case.code, "town": TownName(case.town)}
    marks: tuple[Mark, ...] = (Text(CASE_STATUS, args), Text(STAGES[case.stage], args))
    if case.stage in (CaseStage.OPEN, CaseStage.CLAIMED):
        marks = (*marks, OfficeHours(case.town, at))
    return Step(state, (Say(lang=lang, marks=marks, choices=resident_choices(case)),))


def leave(state: Conversation, at: datetime, world: World) -> tuple[Effect, ...]:
    """Tell the desk that the resident cannot be reached any more."""
    step = move(Move.LEAVE, state, at, world)
    return tuple(effect for effect in step.effects if isinstance(effect, Tell)) if step else ()


def _to_who_had_it(case: Case) -> Case:
    return brought_to(case.desk, case) if case.desk else case


def _rate(rating: str, case: Case, state: Conversation, lang: str, world: World) -> Step:
    """Count and pass on what the resident thinks of it, once: old buttons can be pressed again."""
    rated = replace(case, rated=True)
    said = Say(lang=lang, marks=(Text(CASE_RATED),), choices=resident_choices(rated))
    if case.rated:
        return Step(state, (said,))
    told = DESK_RATED_GOOD if rating == "good" else DESK_RATED_BAD
    count = Count(what=f"case-{rating}", topic=case.topic, lang=case.lang)
    return Step(replace(state, case=rated), (count, said, *tell_desks(case, world, Text(told, {"code": case.code}))))


def _ask_question(lang: str) -> Say:
    return Say(lang=lang, marks=(Text(CASE_ASK_QUESTION),), choices=(Choice("case:no", Text(LABEL_DO_NOT_SEND)),))


def _ask_contact(lang: str) -> Say:
    return Say(lang=lang, marks=(Text(CASE_ASK_CONTACT),), choices=(Choice("case:send", Text(LABEL_SEND)),))


def _one(turn: tuple[Conversation, Say]) -> tuple[Conversation, tuple[Effect, ...]]:
    return turn[0], (turn[1],)
