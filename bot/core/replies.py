"""What the bot says when nothing is searched: greeting, thanks, limits, messages it cannot read."""

from dataclasses import replace

from bot.core.answer import GROUP_TOPIC, MENU_CHOICE, PERSON_CHOICE
from bot.core.effects import Choice, Effect, Heard, Say
from bot.core.language import Reply, language_choices
from bot.core.menu import show_menu
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ABUSE,
    CHOOSE_LANGUAGE,
    FAREWELL,
    GREETING,
    HELLO,
    HELP,
    HOW_ARE_YOU,
    JOKE,
    LABEL_GROUP,
    ONLY_TEXT,
    THANKS,
    TOO_FAST,
    WHO_I_AM,
    OperatorName,
    Text,
)
from bot.core.world import World
from bot.search.confidence import Decision

ACTS = {
    "greeting": HELLO, "thanks": THANKS, "farewell": FAREWELL, "how-are-you": HOW_ARE_YOU, "joke": JOKE, "help": HELP,
    "who-are-you": WHO_I_AM, "abuse": ABUSE,
}  # fmt: skip
ACT_ORDER = (
    "greeting",
    "how-are-you",
    "farewell",
    "thanks",
    "joke",
    "who-are-you",
    "language",
    "menu",
    "help",
    "abuse",
)
"""Acts in the order of weight: of several in one message the last counts."""


def greeting(lang: str, world: World) -> Say:
    """Say that this is a bot, who runs it and what it cannot do."""
    text = Text(GREETING, {"operator": OperatorName(world.home)})
    about = "group" if world.inquiry.programmes else f"topic:{GROUP_TOPIC}" if GROUP_TOPIC in world.topics else ""
    group = (Choice(about, Text(LABEL_GROUP)),) if about else ()
    return Say(lang=lang, marks=(text,), choices=(MENU_CHOICE, *group, PERSON_CHOICE, *language_choices(world, lang)))


def reply_to_act(act: str, reply: Reply, world: World) -> tuple[Conversation, tuple[Effect, ...]]:
    """Answer a small act politely and say how to go on."""
    state = replace(reply.state, stage=Stage.TALK)
    heard = Heard(lang=reply.identified, decision=Decision.ABSTAIN)
    if act == "menu":
        return state, (heard, show_menu(reply.lang, world))
    if act == "language":
        marks = tuple(Text(CHOOSE_LANGUAGE, lang=lang) for lang in world.languages)
        return state, (heard, Say(lang=reply.lang, marks=marks, choices=language_choices(world)))
    text = Text(ACTS[act], {"operator": OperatorName(world.home)})
    choices = () if act == "farewell" else (MENU_CHOICE, PERSON_CHOICE)
    return state, (heard, Say(lang=reply.lang, marks=(text, *reply.notes), choices=(*choices, *reply.choices)))


def plain(id: str, lang: str, state: Conversation) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say one sentence with the menu below it."""
    heard = Heard(lang=lang, decision=Decision.ABSTAIN)
    return state, (heard, Say(lang=lang, marks=(Text(id),), choices=(MENU_CHOICE, PERSON_CHOICE)))


def only_text(state: Conversation, lang: str) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say that only text is read."""
    return state, (Say(lang=lang, marks=(Text(ONLY_TEXT),), choices=(MENU_CHOICE, PERSON_CHOICE)),)


def over_limit(state: Conversation, limit: int, lang: str) -> tuple[Conversation, tuple[Effect, ...]]:
    """Ask for a pause, once a minute; what comes beyond that is not answered."""
    if state.in_minute > limit + 1:
        return state, ()
    return state, (Say(lang=lang, marks=(Text(TOO_FAST),)),)
