"""Which language to reply in: the person's choice, otherwise the question's, and no sudden changes."""

from dataclasses import dataclass, replace

from bot.core.effects import Choice
from bot.core.state import Conversation
from bot.core.texts import (
    I_SPEAK,
    LABEL_THIS_LANGUAGE,
    OFFER_LANGUAGE,
    UKRAINIAN,
    Text,
)
from bot.core.world import World
from bot.search.acts import plain
from bot.search.langid import CLASSES, Guess

SURE = 0.6
SURE_TO_OFFER = 0.8
SETTLED_TURNS = 2
RELATED = {"uk": "ru"}
"""Languages that are recognised and answered in another one until the person chooses."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The language to reply in, the one identified, what to add about languages, and the conversation after it."""

    lang: str
    identified: str
    state: Conversation
    notes: tuple[Text, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def foreign(self) -> bool:
        """True if the message is in a language that the bot does not speak."""
        return self.identified == "xx"


def default_language(hint: str, world: World) -> str:
    """Take the platform's language of the person, its relative, or the first of ours."""
    code = hint.lower().split("-")[0]
    if code not in world.languages:
        code = RELATED.get(code, code)
    return code if code in world.languages else world.languages[0]


def current_language(state: Conversation, world: World) -> str:
    """Take the conversation's language, else the platform's."""
    return state.lang or default_language(state.hint, world)


def language_choices(world: World, without: str = "") -> tuple[Choice, ...]:
    """One button per language, each in its own words."""
    return tuple(Choice(f"lang:{lang}", Text(LABEL_THIS_LANGUAGE, lang=lang)) for lang in world.languages if lang != without)


def reply_language(text: str, state: Conversation, world: World) -> Reply:
    """Decide the reply language for a message."""
    spoken = world.spoken.get(plain(text))
    guess = Guess(spoken, 1.0) if spoken else world.language_model.identify(text, state.lang or None)
    held = current_language(state, world)
    identified = guess.lang if guess.lang and guess.p >= SURE else held
    if identified == "xx" and not set(world.languages) <= set(CLASSES):
        identified = held  # it may be the language of ours that the model has never seen
    if identified == "xx":
        return _foreign(held, state, world)
    if identified in RELATED and identified not in world.languages and not state.lang_chosen:
        return _related(identified, state, world)
    if identified not in world.languages or identified == held:
        settled = identified == held and bool(guess.lang)
        return Reply(held, identified, replace(state, lang=held if settled else state.lang))
    if state.lang and (state.lang_chosen or state.turns >= SETTLED_TURNS):
        return _offer(held, identified, guess.p, state)
    return Reply(identified, identified, replace(state, lang=identified))


def _foreign(held: str, state: Conversation, world: World) -> Reply:
    if state.told_languages:
        return Reply(held, "xx", state)
    lines = tuple(Text(I_SPEAK, lang=lang) for lang in world.languages)
    return Reply(held, "xx", replace(state, told_languages=True), lines, language_choices(world))


def _related(identified: str, state: Conversation, world: World) -> Reply:
    lang = RELATED[identified]
    if state.offered_ukrainian:
        return Reply(lang, identified, replace(state, lang=lang))
    after = replace(state, lang=lang, offered_ukrainian=True)
    return Reply(lang, identified, after, (Text(UKRAINIAN, lang=lang),), language_choices(world, without=lang))


def _offer(held: str, identified: str, p: float, state: Conversation) -> Reply:
    if p < SURE_TO_OFFER:
        return Reply(held, identified, state)
    note = Text(OFFER_LANGUAGE, lang=identified)
    return Reply(held, identified, state, (note,), (Choice(f"lang:{identified}", Text(LABEL_THIS_LANGUAGE, lang=identified)),))
