"""Which language the bot replies in."""

import math
from dataclasses import replace

import pytest

from bot.core.effects import Choice, Heard
from bot.core.events import Chose, Opened, Reacted, SentFile
from bot.core.language import SETTLED_TURNS, SURE, SURE_TO_OFFER, Reply, default_language, language_choices, reply_language
from bot.core.state import Conversation
from bot.core.texts import I_SPEAK, LABEL_THIS_LANGUAGE, OFFER_LANGUAGE, UKRAINIAN, Text
from bot.core.world import World
from bot.search.confidence import Decision
from bot.search.langid import CLASSES, LanguageModel
from tests.core.small import LANGUAGES, NOW, banded, chose, ids, others, said, say, sentences, small_world, told, walk
from tests.worlds import real_world

ET, RU, EN = "kuidas ma saan registreerida oma elukoha", "как мне записать ребёнка в школу", "how do I register my address here"
UK = "де я можу отримати посвідку на проживання"
FR, AR = "Bonjour, je voudrais savoir où se trouve la mairie s'il vous plaît", "كيف يمكنني التسجيل"
LANGUAGE_OF = {ET: "et", RU: "ru", EN: "en", UK: "uk", FR: "xx", AR: "xx"}
SETTLED = Conversation(lang="et", turns=SETTLED_TURNS)


def leaning(lang: str, odds: float) -> World:
    """Make a World whose language model prefers a language to each other one by these odds, whatever the word."""
    row = tuple(round(200 * math.log(odds)) if name == lang else 0 for name in CLASSES)
    return replace(small_world(), language_model=LanguageModel({" ab ": row}, {}, ()))


def p(world: World, prior: str | None = None) -> float:
    """Tell how sure the World's language model is of its one word."""
    return world.language_model.identify("ab", prior).p


def languages(text: str, state: Conversation) -> tuple[str, str]:
    """Give the language replied in and the one identified."""
    reply = reply_language(text, state, small_world())
    return reply.lang, reply.identified


# --- the question's language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "lang"), [(ET, "et"), (RU, "ru"), (EN, "en")])
@pytest.mark.parametrize("hint", ["", "et", "ru", "en", "uk", "de"])
def test_the_question_tells_the_language(text: str, lang: str, hint: str) -> None:
    """The first question is replied to in its own language, whatever the platform says, and that language stays."""
    step = told(said(text, hint), Conversation())
    assert (say(step).lang, step.state.lang, step.state.lang_chosen) == (lang, lang, False)


@pytest.mark.parametrize("text", ["12345 99", "112?"])
def test_a_text_that_tells_nothing_settles_nothing(text: str) -> None:
    """A number is replied to in the platform's language and leaves the next message free to tell."""
    assert small_world().language_model.identify(text).lang is None
    step = told(said(text, "ru"), Conversation())
    assert (say(step).lang, step.state.lang) == ("ru", "")
    assert say(told(said(EN, "ru"), step.state)).lang == "en"


def test_an_unsure_guess_changes_nothing() -> None:
    """A language that is less likely than SURE is not replied in, in a new conversation or in an old one."""
    world = leaning("en", 1.8)
    assert p(world, "et") < p(world) < SURE
    for state in (Conversation(), Conversation(lang="et", turns=1), SETTLED):
        assert reply_language("ab", state, world) == Reply("et", "et", replace(state, lang="et"))


def test_the_conversation_so_far_weighs() -> None:
    """A guess that would do in a new conversation does not if the conversation speaks another language."""
    world = leaning("en", 4)
    assert p(world) >= SURE > p(world, "et")
    assert reply_language("ab", Conversation(), world).lang == "en"
    assert reply_language("ab", Conversation(lang="et", turns=1), world).lang == "et"


# --- changes ----------------------------------------------------------------------------------------------------------


def test_in_the_first_turns_a_change_is_made() -> None:
    """Before the language has settled, the reply follows the message."""
    assert reply_language(RU, Conversation(lang="et", turns=SETTLED_TURNS - 1), small_world()) == Reply(
        "ru", "ru", Conversation(lang="ru", turns=SETTLED_TURNS - 1)
    )


@pytest.mark.parametrize("state", [SETTLED, Conversation(lang="et", lang_chosen=True), replace(SETTLED, lang_chosen=True)])
def test_later_a_change_is_offered_not_made(state: Conversation) -> None:
    """After the first turns, or after a choice, the reply stays and offers the other language in that language."""
    assert reply_language(RU, state, small_world()) == Reply(
        "et",
        "ru",
        state,
        (Text(OFFER_LANGUAGE, lang="ru"),),
        (Choice("lang:ru", Text(LABEL_THIS_LANGUAGE, lang="ru")),),
    )


def test_the_first_turns_are_counted() -> None:
    """The second message in another language is offered a change; the first one makes it."""
    first = walk([Opened(at=NOW, hint="et"), RU])
    assert (say(first).lang, sentences(say(first)).count(OFFER_LANGUAGE)) == ("ru", 0)
    second = told(ET, first.state)
    assert (say(second).lang, sentences(say(second)).count(OFFER_LANGUAGE)) == ("ru", 1)
    taken = told(chose("lang:et"), second.state)
    assert (say(taken).lang, taken.state.lang, taken.state.lang_chosen) == ("et", "et", True)


@pytest.mark.parametrize("band", list(Decision))
def test_an_offer_comes_with_the_answer(band: Decision) -> None:
    """In each band the offer stands below what was found, as a sentence and as the last button."""
    message = say(told(f"{EN} school", SETTLED, banded(band)))
    assert (message.lang, message.marks[-1], ids(message.choices)[-1]) == ("et", Text(OFFER_LANGUAGE, lang="en"), "lang:en")


def test_a_likely_guess_is_not_enough_for_an_offer() -> None:
    """Between SURE and SURE_TO_OFFER a settled conversation goes on without a word about languages."""
    world = leaning("en", 10)
    assert SURE <= p(world, "et") < SURE_TO_OFFER
    assert reply_language("ab", SETTLED, world) == Reply("et", "en", SETTLED)


@pytest.mark.parametrize("text", LANGUAGE_OF)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_choice_holds(text: str, lang: str) -> None:
    """After a choice, every message is replied to in the chosen language, Ukrainian and French ones too."""
    chosen = told(chose(f"lang:{lang}"), Conversation()).state
    step = walk([text, text, text], state=chosen)
    assert (say(step).lang, step.state.lang) == (lang, lang)


# --- Ukrainian --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [Conversation(), SETTLED, Conversation(lang="en", turns=9)])
def test_ukrainian_is_recognised_once(state: Conversation) -> None:
    """The first Ukrainian message gets one sentence and the other languages as buttons; the text is in Russian."""
    first = told(UK, state)
    assert sentences(say(first)).count(UKRAINIAN) == 1
    assert ids(say(first).choices)[-2:] == ("lang:et", "lang:en")
    second = told(UK, first.state)
    assert (say(first).lang, say(second).lang, second.state.lang) == ("ru", "ru", "ru")
    assert UKRAINIAN not in sentences(say(second))


def test_ukrainian_after_a_choice_is_just_a_question() -> None:
    """Who chose a language is not offered others for writing Ukrainian."""
    chosen = Conversation(lang="et", lang_chosen=True)
    assert reply_language(UK, chosen, small_world()) == Reply("et", "uk", chosen)


# --- languages that the bot does not speak ----------------------------------------------------------------------------


@pytest.mark.parametrize("band", list(Decision))
@pytest.mark.parametrize("text", [FR, AR])
def test_a_foreign_language_is_told_once_what_the_bot_speaks(text: str, band: Decision) -> None:
    """The first message gets a line in each language with buttons, the next an ordinary "I do not know"; never a topic."""
    world = banded(band)
    first = told(f"{text} pension", Conversation(hint="en"), world)
    assert say(first).marks == tuple(Text(I_SPEAK, lang=lang) for lang in LANGUAGES)
    assert ids(say(first).choices) == ("lang:et", "lang:ru", "lang:en")
    second = told(f"{text} pension", first.state, world)
    assert (sentences(say(second)), say(second).lang) == (("abstain",), "en")
    for step in (first, second):
        assert others(step) == (Heard(lang="xx", decision=Decision.ABSTAIN),)
        assert (say(step).topic, step.state.lang) == (None, "")


def test_a_foreign_message_is_foreign() -> None:
    """The reply knows that the message is in a language the bot does not speak."""
    assert {text: reply_language(text, Conversation(), small_world()).foreign for text in LANGUAGE_OF} == {
        text: lang == "xx" for text, lang in LANGUAGE_OF.items()
    }


# --- the platform's language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "lang"),
    [
        ("", "et"), ("et", "et"), ("ru", "ru"), ("en", "en"), ("EN", "en"), ("en-GB", "en"), ("ru-EE", "ru"),
        ("uk", "ru"), ("uk-UA", "ru"), ("de", "et"), ("-", "et"), ("русский", "et"), ("e" * 10_000, "et"),
    ],
)  # fmt: skip
def test_the_platform_may_tell_the_language(hint: str, lang: str) -> None:
    """A platform's language, in any spelling of the code, or its relative, is ours; otherwise the first of ours is."""
    assert default_language(hint, small_world()) == lang
    step = told(Opened(at=NOW, hint=hint), Conversation())
    assert (say(step).lang, step.state.lang) == (lang, "")


@pytest.mark.parametrize("event", [chose("menu"), chose("?"), Reacted(at=NOW, emoji="1\u20e3"), SentFile(at=NOW, kind="photo")])
def test_the_platforms_language_is_kept_for_buttons(event: Chose | Reacted | SentFile) -> None:
    """A button, a reaction or a photo after a Russian greeting is answered in Russian."""
    assert say(walk([Opened(at=NOW, hint="ru"), event])).lang == "ru"


def test_a_message_outweighs_the_platform_for_good() -> None:
    """Once a message told the language, the platform's no longer counts."""
    state = walk([Opened(at=NOW, hint="ru"), said(EN, "ru")]).state
    assert say(told(said("12345 99", "ru"), state)).lang == "en"
    assert say(told(chose("menu"), state)).lang == "en"


def test_each_language_has_a_button_in_its_own_words() -> None:
    """A language's button speaks that language; the present one can be left out."""
    assert language_choices(small_world()) == tuple(
        Choice(f"lang:{lang}", Text(LABEL_THIS_LANGUAGE, lang=lang)) for lang in LANGUAGES
    )
    assert ids(language_choices(small_world(), without="ru")) == ("lang:et", "lang:en")


@pytest.mark.parametrize("name", ["Narva", "Elva", "Нарва", "Tartu linn"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_municipalitys_name_changes_no_language(name: str, lang: str) -> None:
    """Names are the same in all languages: after a greeting in English, "Narva" is replied to in English."""
    step = walk([Opened(at=NOW, hint=lang), name])
    assert (say(step).lang, step.state.lang) == (lang, "")


# --- other languages that an installation may speak -------------------------------------------------------------------


def speaking(*languages: str) -> World:
    """Give the small World that is said to speak these languages."""
    return replace(small_world(), languages=languages)


@pytest.mark.parametrize("text", [FR, AR])
def test_a_language_that_the_model_does_not_know_may_be_one_of_ours(text: str) -> None:
    """Where a spoken language has no class in the model, what looks foreign is searched in the language held."""
    held = Conversation(lang="eo", lang_chosen=True)
    reply = reply_language(text, held, speaking("et", "ru", "en", "eo"))
    assert (reply.lang, reply.foreign, reply.notes) == ("eo", False, ())
    assert reply_language(text, held, speaking("et", "ru", "en")).foreign


def test_ukrainian_where_it_is_spoken() -> None:
    """It is then a language like the others, from the platform's hint on."""
    world = speaking("et", "ru", "en", "uk")
    assert default_language("uk", world) == "uk"
    reply = reply_language(UK, Conversation(), world)
    assert (reply.lang, reply.identified, reply.notes) == ("uk", "uk", ())


def test_a_greeting_that_one_language_has_tells_it() -> None:
    """Four letters tell the model too little: "tere" looks like English to it."""
    world = small_world()
    assert reply_language("Tere!", Conversation(), world).lang == "en"
    assert reply_language("Tere!", Conversation(), replace(world, spoken={"tere": "et"})).lang == "et"


@pytest.mark.parametrize(("said", "lang"), [("Tere!", "et"), ("tsau", "et"), ("hi", "en"), ("Aitäh", "et"), ("привет", "ru")])
def test_the_greetings_of_the_knowledge(said: str, lang: str) -> None:
    """What people begin with is answered in its own language."""
    assert reply_language(said, Conversation(), real_world()).lang == lang
