"""The only router: (stage, event) -> rule. Pure; the rules live in the modules beside this one.

`handle` takes what happened, what is remembered and what is known, and gives what is remembered next and what shall be done.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias, TypeVar, cast

from bot.core.answer import (
    GROUP_TOPIC,
    MENU_CHOICE,
    PERSON_TOPIC,
    answer_question,
    not_meant,
    nothing_fits,
    show_topic,
    show_variant,
    tell_fit,
    topic_choice,
)
from bot.core.calendar import estonian_day
from bot.core.effects import Count, Effect, Forget, Heard, Say
from bot.core.events import Chose, Event, Left, Opened, Reacted, Said, SentFile, Withdrew
from bot.core.fitting import OPTION as ABOUT
from bot.core.fitting import follow_about, read_about, said_by
from bot.core.interview import ask_again, follow_fact, follow_group, read_after_detour, read_reply, shall_we_go_on
from bot.core.language import current_language, default_language, language_choices, reply_language
from bot.core.menu import show_menu, show_shelf
from bot.core.replies import greeting, only_text, over_limit, plain, reply_to_act
from bot.core.result import START
from bot.core.safety import danger
from bot.core.state import Conversation, Stage, minute
from bot.core.texts import (
    ASK_TOWN,
    CHOOSE_LANGUAGE,
    CHOOSE_TOWN,
    EMPTY,
    LANGUAGE_CHANGED,
    STALE_OPTION,
    TOO_LONG,
    TOWN_CHOSEN,
    TOWN_NATIONAL,
    UNKNOWN_COMMAND,
    Card,
    CountyName,
    Text,
    TownName,
)
from bot.core.towns import town_choices
from bot.core.world import NATIONAL, World
from bot.search.confidence import Decision

MAX_CHARS = 4000
PER_MINUTE = 20

_COMMAND = re.compile(r"[/!](\w{1,32})(?:@\w+)?(?:\s+(.{0,200}))?", re.DOTALL)
_NUMBER = re.compile(r"\s*(\d{1,2})[.)]?\s*")


@dataclass(frozen=True, slots=True)
class Step:
    """What is remembered after an event, and what shall be done."""

    state: Conversation
    effects: tuple[Effect, ...] = ()


E = TypeVar("E", bound=Event)
Rule: TypeAlias = Callable[[Event, Conversation, World], Step]


def handle(event: Event, state: Conversation, world: World) -> Step:
    """Let the stage's rule answer the event, and remember the options it showed."""
    if isinstance(event, Opened | Said) and event.hint:
        state = replace(state, hint=default_language(event.hint, world))
    step = rule(state.stage, type(event))(event, state, world)
    if step.state.pending and step.state.stage != Stage.TOWN:
        step = replace(step, state=replace(step.state, pending=""))
    shown = [effect for effect in step.effects if isinstance(effect, Say)]
    if not shown:
        return step
    return replace(step, state=replace(step.state, options=tuple(choice.id for choice in shown[-1].choices)))


def rule(stage: Stage, kind: type[Event]) -> Rule:
    """Look up the rule of a stage for a kind of event; what a stage does not name is answered the same everywhere."""
    return STAGES[stage].get(kind) or EVERYWHERE[kind]


# --- rules ------------------------------------------------------------------------------------------------------------


def open_up(event: Opened, state: Conversation, world: World) -> Step:
    """Greet, and go where a deep link (`kohtla-jarve_register-residence`) points; the operator's municipality stays."""
    lang = current_language(state, world)
    state = replace(state, stage=Stage.TALK)
    town, topic = _read_payload(event.payload, world)
    if town and not world.home:
        state = replace(state, town=town)
    hello = greeting(lang, world)
    if topic:
        state, say = show_topic(topic, state, lang, estonian_day(event.at), world)
        return Step(state, (hello, say))
    return Step(state, (hello,))


def hear(event: Said, state: Conversation, world: World) -> Step:
    """Take a message: crisis first, then limits, commands, numbers, small acts, and the question."""
    crisis = danger(event.text, world)
    state, in_time = _count_message(event, state)
    lang = current_language(state, world)
    if not in_time and not crisis:
        return Step(*over_limit(state, PER_MINUTE, lang))
    if len(event.text) > MAX_CHARS:
        return _with_card(Step(*plain(TOO_LONG, lang, state)), crisis)
    if not any(c.isalnum() for c in event.text):
        return Step(*plain(EMPTY, lang, state))
    if not crisis and (command := _COMMAND.fullmatch(event.text.strip())):
        return run_command(command[1].lower(), command[2] or "", event, state, world)
    if (number := _NUMBER.fullmatch(event.text)) and 0 < int(number[1]) <= len(state.options):
        return choose(Chose(at=event.at, option=number[1]), state, world)
    return ask(event, replace(state, turns=state.turns + 1), crisis, world)


def ask(event: Said, state: Conversation, crisis: str | None, world: World) -> Step:
    """Answer a small act, a municipality's name, or a question."""
    day = estonian_day(event.at)
    lang = current_language(state, world)
    if not crisis and (option := read_about(event.text, state, day, world)):
        return follow(option, state, lang, day, world) or Step(state)
    if not crisis and (turn := read_after_detour(event.text, state, lang, day, world)):
        return Step(*turn)
    reply = reply_language(event.text, state, world)
    if not crisis:
        if act := world.acts.find(event.text):
            return Step(*reply_to_act(act, reply, world))
        if town := world.places.find(event.text):
            lang = state.lang or state.hint or reply.lang  # a name is the weakest evidence of a language
            return settle_town(town, state, lang, estonian_day(event.at), world)
    return Step(*answer_question(event.text, reply, crisis, estonian_day(event.at), world))


def hear_town(event: Said, state: Conversation, world: World) -> Step:
    """While the municipality is asked for, read its name; anything else is an ordinary message."""
    if town := world.places.find(event.text):
        return settle_town(town, state, current_language(state, world), estonian_day(event.at), world)
    return hear(event, state, world)


def hear_interview(event: Said, state: Conversation, world: World) -> Step:
    """While a question is open, read a reply to it; an ordinary question is answered, and then whether to go on is asked."""
    text, lang, day = event.text, current_language(state, world), estonian_day(event.at)
    number = _NUMBER.fullmatch(text)
    is_option = number is not None and 0 < int(number[1]) <= len(state.options)
    counted, in_time = _count_message(event, state)
    other = is_option or not in_time or len(text) > MAX_CHARS or _COMMAND.fullmatch(text.strip()) or danger(text, world)
    if not other and (turn := read_reply(text, counted, lang, day, world)):
        return Step(*turn)
    step = hear(event, state, world)
    heard = next((effect for effect in step.effects if isinstance(effect, Heard)), None)
    if heard is None or heard.danger or is_option or state.fact not in world.inquiry.facts:
        return step
    if heard.decision == Decision.ABSTAIN and not world.acts.find(text):
        after, effects = ask_again(step.state, lang, day, world)
        return Step(after, (heard, *effects))
    *others, last = step.effects
    return replace(step, effects=(*others, shall_we_go_on(last) if isinstance(last, Say) else last))


def choose(event: Chose, state: Conversation, world: World) -> Step:
    """Follow an option, by id or by its number in the message shown last; an unknown one gets a kind word."""
    option = event.option.strip()
    if option.isdecimal() and 0 < int(option[:3]) <= len(state.options):
        option = state.options[int(option[:3]) - 1]
    lang = current_language(state, world)
    return follow(option, state, lang, estonian_day(event.at), world) or Step(*plain(STALE_OPTION, lang, state))


def follow(option: str, state: Conversation, lang: str, day: date, world: World) -> Step | None:
    """Do what an option id says on a day; None if it says nothing that exists today."""
    name, _, argument = option.partition(":")
    if option == START and not world.inquiry.programmes:
        return follow(f"topic:{GROUP_TOPIC}", state, lang, day, world)
    if name in ("group", "fact") and world.inquiry.programmes:
        turn = (follow_group if name == "group" else follow_fact)(argument, state, lang, day, world)
        return Step(*turn) if turn else None
    if name == "topic" and argument in world.topics:
        state, say = show_topic(argument, replace(state, others=()), lang, day, world)
        return Step(state, (Count(what="chosen", topic=argument, lang=lang), say))
    if name == ABOUT and (answered := follow_about(argument, state, day, world)):
        state, say = tell_fit(answered[1], answered[0], lang, world)
        return Step(state, (say,))
    if name == "variant":
        return _variant(*argument.partition(":")[::2], state, lang, world)
    if name == "menu":
        return _menu(argument, state, lang, world)
    if name == "not" and argument in world.topics:
        return Step(*not_meant(argument, state, lang, world))
    if name == "none":
        return Step(*nothing_fits(state, lang, Count(what="none-fits", lang=lang)))
    if name == "help":
        return Step(*reply_to_act("help", reply_language("", state, world), world))
    return _settings(name, argument, state, lang, day, world)


def run_command(name: str, argument: str, event: Said, state: Conversation, world: World) -> Step:
    """Run a command; the sign before it and its case do not matter."""
    lang, day = current_language(state, world), estonian_day(event.at)
    if name == "start":
        return open_up(Opened(at=event.at, payload=argument), state, world)
    if name == "municipality" and (town := world.places.find(argument)):
        return settle_town(town, state, lang, day, world)
    if name == "language" and argument.strip() in world.languages:
        return _change_language(argument.strip(), state, world)
    option = COMMANDS.get(name)
    found = follow(option, state, lang, day, world) if option else None
    return found or Step(state, (Say(lang=lang, marks=(Text(UNKNOWN_COMMAND, {"command": f"/{name}"}),)),))


def settle_town(town: str, state: Conversation, lang: str, day: date, world: World) -> Step:
    """Keep the municipality, say so, and give the answer that waited for it."""
    pending = state.pending
    state = replace(state, stage=Stage.TALK, town=town, pending="")
    text = Text(TOWN_NATIONAL) if town == NATIONAL else Text(TOWN_CHOSEN, {"town": TownName(town)})
    said = Say(lang=lang, marks=(text,))
    step = follow(pending, state, lang, day, world) if pending else None
    if step is None:
        return Step(state, (said,))
    return replace(step, effects=(said, *step.effects))


def react(event: Reacted, state: Conversation, world: World) -> Step:
    """Read a keycap emoji as the number of an option; other reactions need no answer."""
    digit = event.emoji[:1]
    if event.emoji.endswith("\u20e3") and digit.isdecimal():
        return choose(Chose(at=event.at, option=digit), state, world)
    return Step(state)


def decline_file(_event: SentFile, state: Conversation, world: World) -> Step:
    """Say that only text is read."""
    return Step(*only_text(state, current_language(state, world)))


def let_go(_event: Withdrew, state: Conversation, _world: World) -> Step:
    """A deleted message needs no answer: its text is not kept."""
    return Step(state)


def part(_event: Left, _state: Conversation, _world: World) -> Step:
    """Forget the person who left."""
    return Step(Conversation(), (Forget(),))


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
        row(Withdrew, let_go),
        row(Left, part),
    )
)
STAGES: Mapping[Stage, Mapping[type[Event], Rule]] = {
    Stage.NEW: {},
    Stage.TALK: {},
    Stage.TOWN: dict((row(Said, hear_town),)),
    Stage.INTERVIEW: dict((row(Said, hear_interview),)),
}
COMMANDS = {
    "menu": "menu", "help": "help", "person": f"topic:{PERSON_TOPIC}", "group": "group",
    "privacy": "topic:privacy", "language": "language", "municipality": "town",
}  # fmt: skip


# --- pieces -----------------------------------------------------------------------------------------------------------


def _menu(argument: str, state: Conversation, lang: str, world: World) -> Step | None:
    state = replace(state, stage=Stage.TALK)
    if not argument:
        return Step(state, (show_menu(lang, world),))
    category, _, page = argument.partition(":")
    if not world.category(category):
        return None
    return Step(state, (show_shelf(category, int(page[:3]) if page.isdecimal() else 0, lang, world),))


def _variant(topic: str, variant: str, state: Conversation, lang: str, world: World) -> Step | None:
    if topic not in world.topics or all(known.id != variant for known in world.topics[topic].variants):
        return None
    state, say = show_variant(topic, variant, said_by(variant, world.topics[topic], state, world), lang, world)
    return Step(state, (Count(what="chosen", topic=topic, lang=lang), say))


def _settings(name: str, argument: str, state: Conversation, lang: str, day: date, world: World) -> Step | None:
    if name == "language":
        marks = tuple(Text(CHOOSE_LANGUAGE, lang=code) for code in world.languages)
        return Step(state, (Say(lang=lang, marks=marks, choices=language_choices(world)),))
    if name == "lang" and argument in world.languages:
        return _change_language(argument, state, world)
    if name == "here" and argument in world.topics:
        state = replace(state, stage=Stage.TOWN, pending=f"topic:{argument}")
        return Step(state, (Say(lang=lang, marks=(Text(ASK_TOWN),), choices=town_choices(world)),))
    if name == "town" and argument in world.municipalities:
        return settle_town(argument, state, lang, day, world)
    if name == "town" and not argument:
        state = replace(state, stage=Stage.TOWN, pending="")
        return Step(state, (Say(lang=lang, marks=(Text(ASK_TOWN),), choices=town_choices(world)),))
    if name == "county" and argument in world.counties():
        text = Text(CHOOSE_TOWN, {"county": CountyName(argument)})
        return Step(state, (Say(lang=lang, marks=(text,), choices=town_choices(world, argument)),))
    return None


def _change_language(lang: str, state: Conversation, world: World) -> Step:
    state = replace(state, lang=lang, lang_chosen=True)
    again = (topic_choice(state.topic),) if state.topic in world.topics else ()
    return Step(state, (Say(lang=lang, marks=(Text(LANGUAGE_CHANGED),), choices=(*again, MENU_CHOICE)),))


def _read_payload(payload: str, world: World) -> tuple[str, str]:
    """Read `municipality_topic`, either of which may be missing; what does not exist is left out."""
    pieces = payload.strip().lower().split("_")
    town = next((piece for piece in pieces if piece in world.municipalities), "")
    topic = next((piece for piece in pieces if piece in world.topics), "")
    return town, topic


def _count_message(event: Said, state: Conversation) -> tuple[Conversation, bool]:
    now = minute(event.at)
    count = state.in_minute + 1 if state.minute == now else 1
    return replace(state, minute=now, in_minute=count), count <= PER_MINUTE


def _with_card(step: Step, crisis: str | None) -> Step:
    if not crisis:
        return step
    effects = tuple(
        replace(effect, marks=(Card(crisis), *effect.marks)) if isinstance(effect, Say) else
        replace(effect, danger=crisis) if isinstance(effect, Heard) else effect
        for effect in step.effects
    )  # fmt: skip
    return replace(step, effects=effects)
