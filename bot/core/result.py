"""Telling the result of the interview: likely and possible groups with their grounds, or that no programme is in force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

from bot.core.answer import MENU_CHOICE, PERSON_CHOICE, topic_choice
from bot.core.effects import Choice, Effect, Say
from bot.core.person import Sitting
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    GROUP_ANSWERS,
    GROUP_ASK_TOWN,
    GROUP_AUTHORITY,
    GROUP_ENDED,
    GROUP_ENDS_SOON,
    GROUP_FROM,
    GROUP_MISSING,
    GROUP_NO_PARTNER,
    GROUP_NOT_BEGUN,
    GROUP_OVER,
    GROUP_PERHAPS_FROM,
    GROUP_PERHAPS_UNTIL,
    GROUP_PROGRAMME,
    GROUP_RESULT,
    GROUP_RESULT_MAYBE,
    GROUP_RESULT_NONE,
    GROUP_RESULT_OTHER,
    GROUP_UNTIL,
    LABEL_CHANGE,
    LABEL_OTHER_PERSON,
    LABEL_OWN_RESULT,
    LABEL_TOWN,
    FactLabel,
    GroupCard,
    Listed,
    Mark,
    ProgrammeName,
    ProgrammeSource,
    SaidDate,
    Text,
    Told,
    TownName,
)
from bot.core.towns import town_choices
from bot.core.world import PARTING, World
from bot.groups.status import Group, Status, changes, status

Turn: TypeAlias = tuple[Conversation, tuple[Effect, ...]]

START = "group"
SOON = timedelta(days=60)
"""So long before its end it is said that a programme ends."""
MAX_TOPICS = 4
NATIONAL_TOPICS = ("settle-in-estonia", "integration-counselling", "return-counselling")
"""What is open to everybody, whatever the municipality."""


def tell_result(sitting: Sitting, before: tuple[Mark, ...] = ()) -> Turn:
    """Tell the likely groups and the possible ones, why, when that changes, and what they open."""
    found = [(group, status(group, sitting.known.answers, sitting.day)) for group in sitting.interview.groups]
    likely = [group for group, now in found if now is Status.MATCH]
    perhaps = [group for group, now in found if now is Status.POSSIBLE]
    coming = [group for group, now in found if now is Status.NO and _is_coming(group, sitting)]
    marks: list[Mark] = [*before]
    if likely:
        marks += [Text(GROUP_RESULT_OTHER if sitting.state.other else GROUP_RESULT), *(_card(g, sitting) for g in likely)]
    elif not perhaps:
        marks += [Text(GROUP_RESULT_NONE)]
    if perhaps:
        marks += [Text(GROUP_RESULT_MAYBE), *(_card(g, sitting) for g in perhaps)]
    marks += [replace(_card(group, sitting), brief=True) for group in coming]
    marks += [Text(GROUP_AUTHORITY), *_programme_notes(sitting)]
    marks += map(ProgrammeSource, sitting.running)
    topics = dict.fromkeys(topic for group in (*likely, *perhaps) for topic in group.topics if topic in sitting.world.topics)
    other = sitting.state.other
    back = Choice("group:self", Text(LABEL_OWN_RESULT)) if other else Choice("group:other", Text(LABEL_OTHER_PERSON))
    choices = (*map(topic_choice, list(topics)[:MAX_TOPICS]), Choice("group:change", Text(LABEL_CHANGE)), back,
               PERSON_CHOICE, MENU_CHOICE)  # fmt: skip
    state = replace(sitting.state, stage=Stage.TALK, fact="")
    return state, (Say(lang=sitting.lang, marks=tuple(marks), choices=choices),)


def _card(group: Group, sitting: Sitting) -> GroupCard:
    programme, name = group.id.split(PARTING)
    now, because = status(group, sitting.known.answers, sitting.day), sitting.interview.because(group, sitting.known.answers)
    if now is Status.POSSIBLE:
        notes = [Text(GROUP_MISSING, {"facts": Listed(tuple(map(FactLabel, because)))})]
    else:
        told = tuple((fact, sitting.known.written.get(fact, "")) for fact in because if sitting.known.written.get(fact))
        notes = [Text(GROUP_ANSWERS, {"answers": Told(told)})] if told else []
    notes += _when(now, changes(group, sitting.known.answers, sitting.day))
    return GroupCard(programme, name, tuple(notes), other=sitting.state.other)


def _is_coming(group: Group, sitting: Sitting) -> bool:
    """Tell whether the person will belong to a group while its programme still runs."""
    ahead = changes(group, sitting.known.answers, sitting.day)
    return bool(ahead) and sitting.running[group.id.split(PARTING)[0]].has(ahead[0][0])


def _when(now: Status, coming: Sequence[tuple[date, Status]]) -> list[Text]:
    """Say until when it holds, or from when; of a date that is known roughly, at least and at the earliest."""
    if not coming:
        return []
    first, then = coming[0]
    until = {"date": SaidDate((first - timedelta(days=1)).isoformat())}
    since = {"date": SaidDate(first.isoformat())}
    if now is Status.MATCH:
        return [Text(GROUP_UNTIL if then is Status.NO else GROUP_PERHAPS_UNTIL, until)]
    if now is Status.NO:
        return [Text(GROUP_FROM if then is Status.MATCH else GROUP_PERHAPS_FROM, since)]
    return []


def _programme_notes(sitting: Sitting) -> list[Text]:
    notes = ended_notes(sitting)
    for id, days in sitting.running.items():
        if days.last < sitting.day:
            continue
        last = SaidDate(days.last.isoformat())
        notes.append(Text(GROUP_PROGRAMME, {"programme": ProgrammeName(id), "date": last}))
        if days.last - sitting.day <= SOON:
            notes.append(Text(GROUP_ENDS_SOON, {"date": last}))
    return notes


def ended_notes(sitting: Sitting) -> list[Text]:
    """Say of each programme that has ended when that was."""
    ended = ((id, days.last) for id, days in sitting.running.items() if days.last < sitting.day)
    return [Text(GROUP_OVER, {"programme": ProgrammeName(id), "date": SaidDate(last.isoformat())}) for id, last in ended]


def no_programme(town: str | None, state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Ask for the municipality, or say that no programme is in force there."""
    if not town:
        after = replace(state, stage=Stage.TOWN, pending=START)
        return after, (Say(lang=lang, marks=(Text(GROUP_ASK_TOWN),), choices=town_choices(world), passing=True),)
    days = [days for p in world.inquiry.programmes.values() if p.partners and (days := p.days(town))]
    past = max((d.last for d in days if d.last < day), default=None)
    ahead = min((d.first for d in days if d.first > day), default=None)
    args = {"town": TownName(town)}
    if ahead:
        mark = Text(GROUP_NOT_BEGUN, {**args, "date": SaidDate(ahead.isoformat())})
    elif past:
        mark = Text(GROUP_ENDED, {**args, "date": SaidDate(past.isoformat())})
    else:
        mark = Text(GROUP_NO_PARTNER, args)
    topics = [t for t in NATIONAL_TOPICS if t in world.topics]
    choices = (*map(topic_choice, topics), Choice("town", Text(LABEL_TOWN)), PERSON_CHOICE, MENU_CHOICE)
    return replace(state, stage=Stage.TALK, fact=""), (Say(lang=lang, marks=(mark,), choices=choices),)
