"""What an option does, by its id; the same for a button, a number, a command and a word that stands for it. Pure."""

import re
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from bot.core.answer import (
    GROUP_TOPIC,
    MENU_CHOICE,
    PERSON_TOPIC,
    can_ask,
    not_meant,
    nothing_fits,
    rest_of_choice,
    show_topic,
    show_variant,
    tell_fit,
    topic_choice,
)
from bot.core.calendar import estonian_day
from bot.core.effects import Count, Say, Step
from bot.core.fitting import OPTION as ABOUT
from bot.core.fitting import follow_about, said_by
from bot.core.handoff import ask_for_person, follow_case
from bot.core.interview import follow_fact, follow_group
from bot.core.language import reply_language
from bot.core.menu import show_menu, show_shelf
from bot.core.privacy import follow_privacy
from bot.core.public import ALLOWED, refuse
from bot.core.replies import ask_language, reply_to_act
from bot.core.result import START
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ASK_TOWN,
    CHOOSE_TOWN,
    LANGUAGE_CHANGED,
    TOWN_CHOSEN,
    TOWN_NATIONAL,
    CountyName,
    Text,
    TownName,
)
from bot.core.towns import town_choices
from bot.core.world import NATIONAL, World
from bot.search.text import normalise

MAX_BYTES = 60
ANSWERS: Final = frozenset({"fact", "about", "variant"})
"""What the ids of options begin with that answer a question: it matters to read them whole before choosing."""
LONGEST_LABEL: Final = 200
"""Letters of a message that may be what stands on an option."""
_NUMBER: Final = re.compile(r"\s*(\d{1,2})[.)]?\s*")
_KEYCAP: Final = str.maketrans("", "", "\ufe0f\u20e3")
_AROUND: Final = re.compile(r"^\W+|\W+$")


def short(option: str) -> str:
    """Give an option's id as a button can carry it: itself, or a digest where it has more than 60 bytes."""
    return option if len(option.encode()) <= MAX_BYTES else f"~{sha256(option.encode()).hexdigest()[:16]}"


def picked(text: str, state: Conversation) -> str:
    """Give the option that a message names by its number or by what stands on it; empty if it names none, or more than one."""
    if len(text) > LONGEST_LABEL:
        return ""
    if (number := _NUMBER.fullmatch(text.translate(_KEYCAP))) and 0 < int(number[1]) <= len(state.options):
        return state.options[int(number[1]) - 1]
    words = _plain(text) if state.labels else ""
    named = [option for option, label in zip(state.options, state.labels, strict=False) if words and _plain(label) == words]
    return named[0] if len(named) == 1 else ""


def follow(option: str, state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    """Do what an option id says at a moment; None if it says nothing that exists or is possible then."""
    name, _, argument = option.partition(":")
    day = estonian_day(at)
    if state.public and name not in ALLOWED:
        return Step(state, (refuse(lang),))
    if option == START and not world.inquiry.programmes:
        return follow(f"topic:{GROUP_TOPIC}", state, lang, at, world)
    if name == "case":
        return follow_case(argument, state, lang, at, world)
    if option == f"topic:{PERSON_TOPIC}" and can_ask(state, world):
        return ask_for_person(state, lang, at, world)
    if found := follow_privacy(option, state, lang, at, world):
        return found
    if name in ("group", "fact") and world.inquiry.programmes:
        turn = (follow_group if name == "group" else follow_fact)(argument, state, lang, day, world)
        return Step(*turn) if turn else None
    if name == "topic" and argument in world.topics:
        state, say = show_topic(argument, replace(state, others=rest_of_choice(argument, state, world)), lang, day, world)
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
    return _settings(name, argument, state, lang, at, world)


def settle_town(town: str, state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Keep the municipality, say so, and give the answer that waited for it."""
    pending = state.pending
    state = replace(state, stage=Stage.TALK, town=town, pending="")
    text = Text(TOWN_NATIONAL) if town == NATIONAL else Text(TOWN_CHOSEN, {"town": TownName(town)})
    said = Say(lang=lang, marks=(text,))
    step = follow(pending, state, lang, at, world) if pending else None
    if step is None:
        return Step(state, (said,))
    return replace(step, effects=(said, *step.effects))


def _plain(words: str) -> str:
    """Give words as they are compared: case, spaces and the punctuation around them do not matter."""
    return _AROUND.sub("", " ".join(normalise(words).casefold().split()))


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


def _settings(name: str, argument: str, state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    if name == "contacts" and PERSON_TOPIC in world.topics:
        state, say = show_topic(PERSON_TOPIC, state, lang, estonian_day(at), world)
        return Step(state, (say,))
    if name == "language":
        return Step(state, (ask_language(lang, world),))
    if name == "lang" and argument in world.languages:
        return change_language(argument, state, world)
    if name == "here" and argument in world.topics:
        state = replace(state, stage=Stage.TOWN, pending=f"topic:{argument}")
        return Step(state, (_ask_town(lang, world),))
    if name == "town" and argument in world.municipalities:
        return settle_town(argument, state, lang, at, world)
    if name == "town" and not argument:
        state = replace(state, stage=Stage.TOWN, pending="")
        return Step(state, (_ask_town(lang, world),))
    if name == "county" and argument in world.counties():
        text = Text(CHOOSE_TOWN, {"county": CountyName(argument)})
        return Step(state, (Say(lang=lang, marks=(text,), choices=town_choices(world, argument), passing=True),))
    return None


def _ask_town(lang: str, world: World) -> Say:
    return Say(lang=lang, marks=(Text(ASK_TOWN),), choices=town_choices(world), passing=True)


def change_language(lang: str, state: Conversation, world: World) -> Step:
    """Answer in another language from now on, as the person chose it."""
    state = replace(state, lang=lang, lang_chosen=True)
    again = (topic_choice(state.topic),) if state.topic in world.topics else ()
    return Step(state, (Say(lang=lang, marks=(Text(LANGUAGE_CHANGED),), choices=(*again, MENU_CHOICE)),))
