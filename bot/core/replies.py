"""What the bot says when nothing is searched: greeting, thanks, limits, messages it cannot read."""

from dataclasses import replace

from bot.core.answer import GROUP_TOPIC, MENU_CHOICE, PERSON_CHOICE
from bot.core.effects import Choice, Count, Effect, Heard, Say
from bot.core.language import Reply, current_language, language_choices
from bot.core.menu import show_menu
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ABUSE,
    ALSO_HERE,
    CHOOSE_LANGUAGE,
    FAREWELL,
    GREETING,
    HELLO,
    HELP,
    HOW_ARE_YOU,
    JOKE,
    LABEL_GROUP,
    ONLY_TEXT,
    PUBLIC_GREETING,
    THANKS,
    TOO_FAST,
    TOO_FAST_CASE,
    UNREADABLE,
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


def greeting(lang: str, world: World, *, public: bool = False, known: bool = True) -> Say:
    """Say that this is a bot, who runs it and what it cannot do; where others read along, how it is asked there.

    Where the person's language is not `known`, a sentence in each other language says what this is.
    """
    if public:
        text = Text(PUBLIC_GREETING, {"operator": OperatorName(world.home)})
        return Say(lang=lang, marks=(text,), choices=(MENU_CHOICE, *language_choices(world, lang)))
    text = Text(GREETING, {"operator": OperatorName(world.home)})
    about = "group" if world.inquiry.programmes else f"topic:{GROUP_TOPIC}" if GROUP_TOPIC in world.topics else ""
    group = (Choice(about, Text(LABEL_GROUP)),) if about else ()
    others = () if known else tuple(Text(ALSO_HERE, lang=code) for code in world.languages if code != lang)
    return Say(lang=lang, marks=(text, *others), choices=(MENU_CHOICE, *group, PERSON_CHOICE, *language_choices(world, lang)))


def reply_to_act(act: str, reply: Reply, world: World) -> tuple[Conversation, tuple[Effect, ...]]:
    """Answer a small act politely and say how to go on."""
    state = replace(reply.state, stage=Stage.TALK)
    heard = Heard(lang=reply.identified, decision=Decision.ABSTAIN)
    if act == "menu":
        return state, (heard, show_menu(reply.lang, world))
    if act == "language":
        return state, (heard, ask_language(reply.lang, world))
    text = Text(ACTS[act], {"operator": OperatorName(world.home)})
    choices = () if act == "farewell" else (MENU_CHOICE, PERSON_CHOICE)
    return state, (heard, Say(lang=reply.lang, marks=(text, *reply.notes), choices=(*choices, *reply.choices)))


def ask_language(lang: str, world: World) -> Say:
    """Ask for the language, in each of them."""
    marks = tuple(Text(CHOOSE_LANGUAGE, lang=code) for code in world.languages)
    return Say(lang=lang, marks=marks, choices=language_choices(world), passing=True)


def plain(id: str, lang: str, state: Conversation) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say one sentence with the menu below it."""
    heard = Heard(lang=lang, decision=Decision.ABSTAIN)
    return state, (heard, Say(lang=lang, marks=(Text(id),), choices=(MENU_CHOICE, PERSON_CHOICE)))


def only_text(state: Conversation, lang: str) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say that only text is read."""
    return state, (Say(lang=lang, marks=(Text(ONLY_TEXT),), choices=(MENU_CHOICE, PERSON_CHOICE)),)


def not_readable(state: Conversation, world: World) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say that a message could not be decrypted and what to do, in each language as long as none is known.

    No options: what it tried to choose from is still what numbers and words choose from.
    """
    known = state.lang or state.hint
    marks = (Text(UNREADABLE),) if known else tuple(Text(UNREADABLE, lang=code) for code in world.languages)
    return state, (Count(what="unreadable"), Say(lang=current_language(state, world), marks=marks))


def too_much(state: Conversation, world: World) -> tuple[Conversation, tuple[Effect, ...]]:
    """Say that the last messages were not read, nor brought to staff, and when to go on; without options, as above."""
    ids = (TOO_FAST, TOO_FAST_CASE) if state.has_case and not state.public else (TOO_FAST,)
    langs = (None,) if state.lang or state.hint else world.languages
    say = Say(lang=current_language(state, world), marks=tuple(Text(id, lang=lang) for lang in langs for id in ids))
    return state, (Count(what="flooded", lang=say.lang), say)
