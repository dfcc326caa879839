"""The guided dialogue: which target groups a person likely belongs to, and what these open.

Asks what `bot.groups.interview` finds worth asking, reads answers from buttons and words, and tells the result. Whatever is
answered can be taken back, left open or changed; an ordinary question in the middle is answered elsewhere.
"""

from dataclasses import replace
from datetime import date

from bot.core.answer import MENU_CHOICE
from bot.core.effects import Choice, Say
from bot.core.person import INSTEAD, UNKNOWN, Sitting, read_value, read_words, sit_down, with_answer, without
from bot.core.result import Turn, ended_notes, no_programme, tell_result
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    GROUP_ANSWERS,
    GROUP_CHANGE,
    GROUP_DATE_HOW,
    GROUP_GO_ON,
    GROUP_LEFT,
    GROUP_NOT_READ,
    GROUP_NOTHING_YET,
    GROUP_OTHER,
    GROUP_READ,
    GROUP_START,
    GROUP_STOPPED,
    GROUP_WHICH_DAY,
    GROUP_WHICH_MONTH,
    LABEL_AGAIN,
    LABEL_BACK,
    LABEL_DAY_UNKNOWN,
    LABEL_DONT_KNOW,
    LABEL_EARLIER,
    LABEL_GO_ON,
    LABEL_MONTH_UNKNOWN,
    LABEL_RATHER_NOT,
    LABEL_STOP,
    LABEL_WHY,
    Contradiction,
    FactAnswer,
    FactHelp,
    FactLabel,
    Literal,
    Mark,
    MonthName,
    Question,
    Text,
    Told,
)
from bot.core.world import World
from bot.errors import RuleError
from bot.groups.dates import FIRST_YEAR
from bot.groups.facts import Fact, FactKind
from bot.groups.rules import comparisons, evaluate
from bot.groups.status import Status, status

YEARS = 8
"""Years on one page of buttons."""
GO_ON = Choice("group:go", Text(LABEL_GO_ON))
AGAIN = Choice("group:again", Text(LABEL_AGAIN))
"""Forgets every answer, of the other person too."""
WITHHELD = "-"
"""The person would rather not say; it is kept as unknown."""


def begin(state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Begin, or go on where it was left; without a municipality ask for it, without a programme say so."""
    sitting = sit_down(state, lang, day, world)
    town = state.town or world.home
    if not sitting.running and any(p.partners for p in world.inquiry.programmes.values()):
        return no_programme(town, state, lang, day, world)
    first = () if sitting.known.written else (Text(GROUP_START),)
    return _ask(sitting, (*ended_notes(sitting), *first))


def follow_group(argument: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Follow an option `group:<argument>`; None for one that says nothing."""
    sitting = sit_down(state, lang, day, world)
    name, _, fact = argument.partition(":")
    match name:
        case "":
            return begin(replace(state, programme=""), lang, day, world)
        case "go":
            return begin(state, lang, day, world)
        case "of" if fact in world.inquiry.programmes:
            return begin(replace(state, programme=fact), lang, day, world)
        case "again":
            return begin(replace(state, facts=(), own_facts=(), other=False, fact=""), lang, day, world)
        case "back":
            return _back(sitting)
        case "stop":
            choices = (GO_ON, AGAIN, MENU_CHOICE)
            return replace(state, stage=Stage.TALK), (
                Say(lang=lang, marks=(Text(GROUP_STOPPED),), choices=choices, passing=True),
            )
        case "why" if state.fact in world.inquiry.facts:
            return _put(sitting, state.fact, (FactHelp(state.fact),))
        case "change":
            return _change(sitting)
        case "edit" if fact in sitting.known.written:
            return _put(sit_down(replace(state, facts=without(state.facts, fact)), lang, day, world), fact)
        case "other":
            own = state.own_facts if state.other else state.facts
            return _ask(sit_down(replace(state, other=True, own_facts=own, facts=()), lang, day, world), (Text(GROUP_OTHER),))
        case "self" if state.other:
            after = replace(state, other=False, facts=state.own_facts, own_facts=())
            return _ask(sit_down(after, lang, day, world))
    return None


def follow_fact(argument: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Follow an option `fact:<fact>:<value>`; a value with `~` is as close as the person can say. None if it says nothing."""
    id, _, value = argument.partition(":")
    fact = world.inquiry.facts.get(id)
    if fact is None:
        return None
    sitting = sit_down(state, lang, day, world)
    if value.startswith("before-") and value[7:].isdecimal():
        return _put(sitting, id, last_year=int(value[7:11]) - 1)
    if value == INSTEAD and not fact.instead:
        return None
    if value in (UNKNOWN, WITHHELD, INSTEAD):
        return _record(sitting, fact, INSTEAD if value == INSTEAD else UNKNOWN)
    try:
        read_value(fact, value.removesuffix("~"))
    except RuleError:
        return None
    return _closer(sitting, fact, value) or _record(sitting, fact, value.removesuffix("~"))


def read_reply(text: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Read a message as a reply to the question that is open; None if it is none."""
    inquiry, fact = world.inquiry, world.inquiry.facts.get(state.fact)
    if fact is None:
        return None
    value = read_words(text, fact, day, world)
    if value is not None:
        read = Text(GROUP_READ, {"label": FactLabel(fact.id), "answer": FactAnswer(fact.id, value)})
        sitting = sit_down(state, lang, day, world)
        return _closer(sitting, fact, value) or _record(sitting, fact, value, (read,))
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


def read_after_detour(text: str, state: Conversation, lang: str, day: date, world: World) -> Turn | None:
    """Read a message after an ordinary answer: whether to go on, or the reply that was due; None if it is neither."""
    fact = world.inquiry.facts.get(state.fact)
    if fact is None or GO_ON.id not in state.options:
        return None
    match world.inquiry.replies.find(text):
        case "yes" | "go_on":
            return begin(state, lang, day, world)
        case "no" | "stop":
            return follow_group("stop", state, lang, day, world)
    if fact.kind is not FactKind.YES_NO and read_words(text, fact, day, world) is not None:
        return read_reply(text, state, lang, day, world)
    return None


def shall_we_go_on(say: Say) -> Say:
    """Ask below an ordinary answer whether the questions shall go on."""
    return replace(say, marks=(*say.marks, Text(GROUP_GO_ON)), choices=(GO_ON, *say.choices))


def ask_again(state: Conversation, lang: str, day: date, world: World) -> Turn:
    """Say that an answer was not understood, and ask again."""
    return _put(sit_down(state, lang, day, world), state.fact, (Text(GROUP_NOT_READ),))


# --- asking -----------------------------------------------------------------------------------------------------------


def _ask(sitting: Sitting, before: tuple[Mark, ...] = ()) -> Turn:
    """Ask what is worth asking, or tell the result."""
    fact = sitting.next_fact
    return _put(sitting, fact, before) if fact else tell_result(sitting, before)


def _put(sitting: Sitting, id: str, before: tuple[Mark, ...] = (), last_year: int | None = None) -> Turn:
    """Put one question."""
    fact = sitting.world.inquiry.facts[id]
    left = round(sitting.interview.left(sitting.known.answers, sitting.known.unknown))
    more = (Text(GROUP_LEFT, {"count": str(left - 1)}),) if left > 2 else ()
    how = (Text(GROUP_DATE_HOW),) if fact.kind is FactKind.DATE else ()
    state = replace(sitting.state, stage=Stage.INTERVIEW, fact=id, topic="")
    choices = (*_options(fact, sitting.day, last_year), *_ways_out(id, sitting))
    return state, (Say(lang=sitting.lang, marks=(*before, Question(id), *how, *more), choices=choices, passing=True),)


def _options(fact: Fact, day: date, last_year: int | None) -> tuple[Choice, ...]:
    instead = (Choice(f"fact:{fact.id}:{INSTEAD}", FactAnswer(fact.id, INSTEAD)),) if fact.instead else ()
    if fact.kind is FactKind.DATE:
        last = day.year if last_year is None else max(min(last_year, day.year), FIRST_YEAR + YEARS)
        years = range(last, last - YEARS, -1)
        pages = (Choice(f"fact:{fact.id}:before-{years[-1]}", Text(LABEL_EARLIER)),)
        return (*(Choice(f"fact:{fact.id}:{year}", Literal(str(year))) for year in years), *pages, *instead)
    values = ("true", "false") if fact.kind is FactKind.YES_NO else fact.options
    return (*(Choice(f"fact:{fact.id}:{value}", FactAnswer(fact.id, value)) for value in values), *instead)


def _ways_out(fact: str, sitting: Sitting) -> tuple[Choice, ...]:
    back = (Choice("group:back", Text(LABEL_BACK)),) if sitting.known.written else ()
    return (
        Choice(f"fact:{fact}:{UNKNOWN}", Text(LABEL_DONT_KNOW)),
        Choice(f"fact:{fact}:{WITHHELD}", Text(LABEL_RATHER_NOT)),
        Choice("group:why", Text(LABEL_WHY)),
        *back,
        Choice("group:stop", Text(LABEL_STOP)),
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def _record(sitting: Sitting, fact: Fact, value: str, before: tuple[Mark, ...] = ()) -> Turn:
    """Keep an answer and go on."""
    state = replace(sitting.state, facts=with_answer(sitting.state.facts, fact.id, value), fact="")
    after = sit_down(state, sitting.lang, sitting.day, sitting.world)
    return _ask(after, (*before, *_doubts(sitting, after)))


def _doubts(before: Sitting, after: Sitting) -> list[Contradiction]:
    """Point out what hardly goes together since the last answer."""
    rules = after.world.inquiry.contradictions
    return [
        Contradiction(id)
        for id, rule in rules.items()
        if evaluate(rule, after.known.answers, after.day) and not evaluate(rule, before.known.answers, before.day)
    ]


def _closer(sitting: Sitting, fact: Fact, value: str) -> Turn | None:
    """Ask for the month or the day where a rougher date does not decide; None where it does, or was said to be all."""
    if fact.kind is not FactKind.DATE or value == INSTEAD or value.endswith("~") or value.count("-") > 1:
        return None
    if not _vague(sitting, fact, value):
        return None
    read = Text(GROUP_READ, {"label": FactLabel(fact.id), "answer": FactAnswer(fact.id, value)})
    if "-" in value:
        mark, unknown = GROUP_WHICH_DAY, LABEL_DAY_UNKNOWN
        months: tuple[Choice, ...] = ()
    else:
        mark, unknown = GROUP_WHICH_MONTH, LABEL_MONTH_UNKNOWN
        months = tuple(Choice(f"fact:{fact.id}:{value}-{month:02}", MonthName(month)) for month in range(1, 13))
    choices = (*months, Choice(f"fact:{fact.id}:{value}~", Text(unknown)), Choice("group:stop", Text(LABEL_STOP)))
    state = replace(sitting.state, stage=Stage.INTERVIEW, fact=fact.id, topic="")
    return state, (Say(lang=sitting.lang, marks=(read, Text(mark)), choices=choices, passing=True),)


def _vague(sitting: Sitting, fact: Fact, value: str) -> bool:
    """Tell whether a closer date could still decide an open status."""
    when = {**sitting.known.answers, fact.id: read_value(fact, value)}
    groups = (group for group in sitting.interview.groups if status(group, when, sitting.day) is Status.POSSIBLE)
    mine = (part for group in groups for part in comparisons(group.when) if part.fact == fact.id)
    return any(evaluate(part, when, sitting.day) is None for part in mine)


def _back(sitting: Sitting) -> Turn:
    """Take the last answer back and ask for it again."""
    if not sitting.known.written:
        return _ask(sitting)
    last = list(sitting.known.written)[-1]
    state = replace(sitting.state, facts=without(sitting.state.facts, last))
    return _put(sit_down(state, sitting.lang, sitting.day, sitting.world), last)


def _change(sitting: Sitting) -> Turn:
    choices = tuple(Choice(f"group:edit:{fact}", FactLabel(fact)) for fact in sitting.known.written)
    mark = Text(GROUP_CHANGE if choices else GROUP_NOTHING_YET)
    told = (Text(GROUP_ANSWERS, {"answers": Told(tuple(sitting.known.written.items()))}),) if choices else ()
    return replace(sitting.state, stage=Stage.TALK), (
        Say(lang=sitting.lang, marks=(*told, mark), choices=(*choices, GO_ON, AGAIN), passing=True),
    )
