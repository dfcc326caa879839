"""The guided dialogue: which target groups a person likely belongs to, and what these open.

Asks what `bot.groups.interview` finds worth asking, reads answers from buttons and words, and tells the result. Whatever is
answered can be taken back, left open or changed; an ordinary question in the middle is answered elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

from bot.core.answer import MENU_CHOICE, PERSON_CHOICE, topic_choice
from bot.core.effects import Choice, Effect, Say
from bot.core.person import INSTEAD, UNKNOWN, Known, read_known, read_value, with_answer, without
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    GROUP_ANSWERS,
    GROUP_ASK_TOWN,
    GROUP_AUTHORITY,
    GROUP_CHANGE,
    GROUP_DATE_HOW,
    GROUP_ENDED,
    GROUP_ENDS_SOON,
    GROUP_FROM,
    GROUP_GO_ON,
    GROUP_LEFT,
    GROUP_MISSING,
    GROUP_NO_PARTNER,
    GROUP_NOT_BEGUN,
    GROUP_NOT_READ,
    GROUP_NOTHING_YET,
    GROUP_OTHER,
    GROUP_PERHAPS_FROM,
    GROUP_PERHAPS_UNTIL,
    GROUP_PROGRAMME,
    GROUP_READ,
    GROUP_RESULT,
    GROUP_RESULT_MAYBE,
    GROUP_RESULT_NONE,
    GROUP_RESULT_OTHER,
    GROUP_START,
    GROUP_STOPPED,
    GROUP_UNTIL,
    GROUP_WHICH_DAY,
    GROUP_WHICH_MONTH,
    LABEL_AGAIN,
    LABEL_BACK,
    LABEL_CHANGE,
    LABEL_DAY_UNKNOWN,
    LABEL_DONT_KNOW,
    LABEL_EARLIER,
    LABEL_GO_ON,
    LABEL_MONTH_UNKNOWN,
    LABEL_OTHER_PERSON,
    LABEL_OWN_RESULT,
    LABEL_RATHER_NOT,
    LABEL_STOP,
    LABEL_TOWN,
    LABEL_WHY,
    Contradiction,
    FactAnswer,
    FactHelp,
    FactLabel,
    GroupCard,
    Listed,
    Literal,
    Mark,
    MonthName,
    ProgrammeName,
    Question,
    SaidDate,
    Text,
    Told,
    TownName,
)
from bot.core.towns import town_choices
from bot.core.world import Programme, World
from bot.errors import RuleError
from bot.groups.facts import Fact, FactKind
from bot.groups.interview import Interview
from bot.groups.rules import comparisons, evaluate
from bot.groups.spoken import read_spoken
from bot.groups.status import Group, Status, changes, status

Turn: TypeAlias = tuple[Conversation, tuple[Effect, ...]]

START = "group"
YEARS = 8
"""Years on one page of buttons."""
SOON = timedelta(days=60)
"""So long before its end it is said that a programme ends."""
MAX_TOPICS = 4
GO_ON = Choice("group:go", Text(LABEL_GO_ON))
WITHHELD = "-"
"""The person would rather not say; it is kept as unknown."""
NATIONAL_TOPICS = ("settle-in-estonia", "integration-counselling", "return-counselling")
"""What is open to everybody, whatever the municipality."""
PARTING = "/"
"""Between a programme and a group."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the dialogue stands: the person's answers, the programmes in force, and what may be asked about them."""

    state: Conversation
    lang: str
    day: date
    world: World
    programmes: tuple[Programme, ...]
    interview: Interview
    known: Known

    @property
    def next_fact(self) -> str | None:
        """The fact to ask next."""
        return self.interview.next_fact(self.known.answers, self.known.unknown)


def sit_down(state: Conversation, lang: str, day: date, world: World) -> Desk:
    """Look at what is known of the person and which programmes are in force for them."""
    town, inquiry = state.town or world.home, world.inquiry
    running = (p for p in inquiry.programmes.values() if (days := p.days(town)) and days.has(day))
    programmes = tuple(running)
    groups = [replace(g, id=f"{p.id}{PARTING}{g.id}") for p in programmes for g in p.groups]
    interview = Interview(groups, inquiry.facts, inquiry.asked_of, day)
    return Desk(state, lang, day, world, programmes, interview, read_known(state.facts, inquiry))


def begin(state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Begin, or go on where it was left; without a municipality ask for it, without a programme say so."""
    desk = sit_down(state, lang, day, world)
    town = state.town or world.home
    if not desk.programmes and any(p.partners for p in world.inquiry.programmes.values()):
        return _no_programme(town, state, lang, day, world)
    first = () if desk.known.written else (Text(GROUP_START),)
    return _ask(desk, first)


def follow_group(argument: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Follow an option `group:<argument>`; None for one that says nothing."""
    desk = sit_down(state, lang, day, world)
    name, _, fact = argument.partition(":")
    match name:
        case "" | "go":
            return begin(state, lang, day, world)
        case "again":
            return begin(replace(state, facts=(), fact=""), lang, day, world)
        case "back":
            return _back(desk)
        case "stop":
            choices = (GO_ON, Choice("group:again", Text(LABEL_AGAIN)), MENU_CHOICE)
            return replace(state, stage=Stage.TALK), (Say(lang=lang, marks=(Text(GROUP_STOPPED),), choices=choices),)
        case "why" if state.fact in world.inquiry.facts:
            return _put(desk, state.fact, (FactHelp(state.fact),))
        case "change":
            return _change(desk)
        case "edit" if fact in desk.known.written:
            return _put(sit_down(replace(state, facts=without(state.facts, fact)), lang, day, world), fact)
        case "other":
            own = state.own_facts if state.other else state.facts
            return _ask(sit_down(replace(state, other=True, own_facts=own, facts=()), lang, day, world), (Text(GROUP_OTHER),))
        case "self":
            after = replace(state, other=False, facts=state.own_facts, own_facts=())
            return _ask(sit_down(after, lang, day, world))
    return None


def follow_fact(argument: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Follow an option `fact:<fact>:<value>`; a value with `~` is as close as the person can say. None if it says nothing."""
    id, _, value = argument.partition(":")
    fact = world.inquiry.facts.get(id)
    if fact is None:
        return None
    desk = sit_down(state, lang, day, world)
    if value.startswith("before-") and value[7:].isdecimal():
        return _put(desk, id, last_year=int(value[7:11]) - 1)
    if value == INSTEAD and not fact.instead:
        return None
    if value in (UNKNOWN, WITHHELD, INSTEAD):
        return _record(desk, fact, INSTEAD if value == INSTEAD else UNKNOWN)
    try:
        read_value(fact, value.removesuffix("~"))
    except RuleError:
        return None
    return _closer(desk, fact, value) or _record(desk, fact, value.removesuffix("~"))


def read_reply(text: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Read a message as a reply to the question that is open; None if it is none."""
    inquiry, fact = world.inquiry, world.inquiry.facts.get(state.fact)
    if fact is None:
        return None
    value = _value(text, fact, day, world)
    if value is not None:
        read = Text(GROUP_READ, {"label": FactLabel(fact.id), "answer": FactAnswer(fact.id, value)})
        desk = sit_down(state, lang, day, world)
        return _closer(desk, fact, value) or _record(desk, fact, value, (read,))
    match inquiry.replies.find(text):
        case "dont_know" | "rather_not":
            return follow_fact(f"{fact.id}:{UNKNOWN}", state, lang, day, world)
        case "back" | "stop" | "why" as act:
            return follow_group(act, state, lang, day, world)
        case "go_on":
            return begin(state, lang, day, world)
        case "for_other":
            return follow_group("other", state, lang, day, world)
        case "yes" | "no":
            return _put(sit_down(state, lang, day, world), fact.id, (Text(GROUP_NOT_READ),))
    return None


def shall_we_go_on(say: Say) -> Say:
    """Ask below an ordinary answer whether the questions shall go on."""
    return replace(say, marks=(*say.marks, Text(GROUP_GO_ON)), choices=(GO_ON, *say.choices))


def ask_again(state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Say that an answer was not understood, and ask again."""
    return _put(sit_down(state, lang, day, world), state.fact, (Text(GROUP_NOT_READ),))


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask(desk: Desk, before: tuple[Mark, ...] = ()) -> Turn:
    """Ask what is worth asking, or tell the result."""
    fact = desk.next_fact
    return _put(desk, fact, before) if fact else _result(desk, before)


def _put(desk: Desk, id: str, before: tuple[Mark, ...] = (), last_year: int | None = None) -> Turn:
    """Put one question."""
    fact = desk.world.inquiry.facts[id]
    left = round(desk.interview.left(desk.known.answers, desk.known.unknown))
    more = (Text(GROUP_LEFT, {"count": str(left - 1)}),) if left > 2 else ()
    how = (Text(GROUP_DATE_HOW),) if fact.kind is FactKind.DATE else ()
    state = replace(desk.state, stage=Stage.INTERVIEW, fact=id, topic="")
    choices = (*_options(fact, desk.day, last_year), *_ways_out(id, desk))
    return state, (Say(lang=desk.lang, marks=(*before, Question(id), *how, *more), choices=choices),)


def _options(fact: Fact, day: date, last_year: int | None) -> tuple[Choice, ...]:
    instead = (Choice(f"fact:{fact.id}:{INSTEAD}", FactAnswer(fact.id, INSTEAD)),) if fact.instead else ()
    if fact.kind is FactKind.DATE:
        last = min(last_year or day.year, day.year)
        years = range(last, last - YEARS, -1)
        pages = (Choice(f"fact:{fact.id}:before-{years[-1]}", Text(LABEL_EARLIER)),)
        return (*(Choice(f"fact:{fact.id}:{year}", Literal(str(year))) for year in years), *pages, *instead)
    values = ("true", "false") if fact.kind is FactKind.YES_NO else fact.options
    return (*(Choice(f"fact:{fact.id}:{value}", FactAnswer(fact.id, value)) for value in values), *instead)


def _ways_out(fact: str, desk: Desk) -> tuple[Choice, ...]:
    back = (Choice("group:back", Text(LABEL_BACK)),) if desk.known.written else ()
    return (
        Choice(f"fact:{fact}:{UNKNOWN}", Text(LABEL_DONT_KNOW)),
        Choice(f"fact:{fact}:{WITHHELD}", Text(LABEL_RATHER_NOT)),
        Choice("group:why", Text(LABEL_WHY)),
        *back,
        Choice("group:stop", Text(LABEL_STOP)),
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def _value(text: str, fact: Fact, day: date, world: World) -> str | None:
    """Read a message as a value of the fact that was asked."""
    if (said := world.inquiry.option_words.get(fact.id)) and (value := said.find(text)):
        return value
    if fact.kind is FactKind.DATE:
        return read_spoken(text, day, world.inquiry.dates)
    if fact.kind is FactKind.YES_NO:
        return {"yes": "true", "no": "false"}.get(world.inquiry.replies.find(text) or "")
    return None


def _record(desk: Desk, fact: Fact, value: str, before: tuple[Mark, ...] = ()) -> Turn:
    """Keep an answer and go on."""
    state = replace(desk.state, facts=with_answer(desk.state.facts, fact.id, value), fact="")
    after = sit_down(state, desk.lang, desk.day, desk.world)
    return _ask(after, (*before, *_doubts(desk, after)))


def _doubts(before: Desk, after: Desk) -> list[Contradiction]:
    """Point out what hardly goes together since the last answer."""
    rules = after.world.inquiry.contradictions
    return [
        Contradiction(id)
        for id, rule in rules.items()
        if evaluate(rule, after.known.answers, after.day) and not evaluate(rule, before.known.answers, before.day)
    ]


def _closer(desk: Desk, fact: Fact, value: str) -> Turn | None:
    """Ask for the month or the day where a rougher date does not decide; None where it does, or was said to be all."""
    if fact.kind is not FactKind.DATE or value == INSTEAD or value.endswith("~") or value.count("-") > 1:
        return None
    if not _vague(desk, fact, value):
        return None
    read = Text(GROUP_READ, {"label": FactLabel(fact.id), "answer": FactAnswer(fact.id, value)})
    if "-" in value:
        mark, unknown = GROUP_WHICH_DAY, LABEL_DAY_UNKNOWN
        months: tuple[Choice, ...] = ()
    else:
        mark, unknown = GROUP_WHICH_MONTH, LABEL_MONTH_UNKNOWN
        months = tuple(Choice(f"fact:{fact.id}:{value}-{month:02}", MonthName(month)) for month in range(1, 13))
    choices = (*months, Choice(f"fact:{fact.id}:{value}~", Text(unknown)), Choice("group:stop", Text(LABEL_STOP)))
    state = replace(desk.state, stage=Stage.INTERVIEW, fact=fact.id, topic="")
    return state, (Say(lang=desk.lang, marks=(read, Text(mark)), choices=choices),)


def _vague(desk: Desk, fact: Fact, value: str) -> bool:
    """Tell whether a closer date could still decide an open status."""
    when = {**desk.known.answers, fact.id: read_value(fact, value)}
    groups = (group for group in desk.interview.groups if status(group, when, desk.day) is Status.POSSIBLE)
    mine = (part for group in groups for part in comparisons(group.when) if part.fact == fact.id)
    return any(evaluate(part, when, desk.day) is None for part in mine)


def _back(desk: Desk) -> Turn:
    """Take the last answer back and ask for it again."""
    if not desk.known.written:
        return _ask(desk)
    last = list(desk.known.written)[-1]
    state = replace(desk.state, facts=without(desk.state.facts, last))
    return _put(sit_down(state, desk.lang, desk.day, desk.world), last)


def _change(desk: Desk) -> Turn:
    choices = tuple(Choice(f"group:edit:{fact}", FactLabel(fact)) for fact in desk.known.written)
    mark = Text(GROUP_CHANGE if choices else GROUP_NOTHING_YET)
    told = (Text(GROUP_ANSWERS, {"answers": Told(tuple(desk.known.written.items()))}),) if choices else ()
    return replace(desk.state, stage=Stage.TALK), (Say(lang=desk.lang, marks=(*told, mark), choices=(*choices, GO_ON)),)


# --- telling ----------------------------------------------------------------------------------------------------------


def _result(desk: Desk, before: tuple[Mark, ...] = ()) -> Turn:
    """Tell the likely groups and the possible ones, why, when that changes, and what they open."""
    found = [(group, status(group, desk.known.answers, desk.day)) for group in desk.interview.groups]
    likely = [group for group, now in found if now is Status.MATCH]
    perhaps = [group for group, now in found if now is Status.POSSIBLE]
    coming = [group for group, now in found if now is Status.NO and _is_coming(group, desk)]
    marks: list[Mark] = [*before]
    if likely:
        marks += [Text(GROUP_RESULT_OTHER if desk.state.other else GROUP_RESULT), *(_card(g, desk) for g in likely)]
    elif not perhaps:
        marks += [Text(GROUP_RESULT_NONE)]
    if perhaps:
        marks += [Text(GROUP_RESULT_MAYBE), *(_card(g, desk) for g in perhaps)]
    marks += [replace(_card(group, desk), brief=True) for group in coming]
    marks += [Text(GROUP_AUTHORITY), *_programme_notes(desk)]
    topics = dict.fromkeys(topic for group in (*likely, *perhaps) for topic in group.topics if topic in desk.world.topics)
    back = Choice("group:self", Text(LABEL_OWN_RESULT)) if desk.state.other else Choice("group:other", Text(LABEL_OTHER_PERSON))
    choices = (*map(topic_choice, list(topics)[:MAX_TOPICS]), Choice("group:change", Text(LABEL_CHANGE)), back,
               PERSON_CHOICE, MENU_CHOICE)  # fmt: skip
    state = replace(desk.state, stage=Stage.TALK, fact="")
    return state, (Say(lang=desk.lang, marks=tuple(marks), choices=choices),)


def _card(group: Group, desk: Desk) -> GroupCard:
    programme, _, name = group.id.partition(PARTING)
    now, because = status(group, desk.known.answers, desk.day), desk.interview.because(group, desk.known.answers)
    if now is Status.POSSIBLE:
        notes = [Text(GROUP_MISSING, {"facts": Listed(tuple(map(FactLabel, because)))})]
    else:
        told = tuple((fact, desk.known.written.get(fact, "")) for fact in because if desk.known.written.get(fact))
        notes = [Text(GROUP_ANSWERS, {"answers": Told(told)})] if told else []
    return GroupCard(programme, name, (*notes, *_when(now, changes(group, desk.known.answers, desk.day))))


def _is_coming(group: Group, desk: Desk) -> bool:
    """Tell whether the person will belong to a group while its programme still runs."""
    ahead = changes(group, desk.known.answers, desk.day)
    (programme,) = (p for p in desk.programmes if group.id.startswith(f"{p.id}{PARTING}"))
    days = programme.days(desk.state.town or desk.world.home)
    return bool(ahead) and days is not None and days.has(ahead[0][0])


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


def _programme_notes(desk: Desk) -> list[Text]:
    notes = []
    for programme in desk.programmes:
        days = programme.days(desk.state.town or desk.world.home)
        if days is not None:
            last = SaidDate(days.last.isoformat())
            notes.append(Text(GROUP_PROGRAMME, {"programme": ProgrammeName(programme.id), "date": last}))
            if days.last - desk.day <= SOON:
                notes.append(Text(GROUP_ENDS_SOON, {"date": last}))
    return notes


def _no_programme(town: str | None, state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Ask for the municipality, or say that no programme is in force there."""
    if not town:
        after = replace(state, stage=Stage.TOWN, pending=START)
        return after, (Say(lang=lang, marks=(Text(GROUP_ASK_TOWN),), choices=town_choices(world)),)
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
