"""Small acts: greeting, thanks, help and the like, and what the bot says of itself."""

from dataclasses import replace

import pytest

from bot.core.answer import MENU_CHOICE, PERSON_CHOICE
from bot.core.effects import Choice, Heard, Say
from bot.core.events import Opened
from bot.core.language import language_choices
from bot.core.menu import show_menu
from bot.core.replies import ACT_ORDER, ACTS
from bot.core.state import Conversation, Stage
from bot.core.texts import CHOOSE_LANGUAGE, GREETING, LABEL_GROUP, OFFER_LANGUAGE, OperatorName, Text
from bot.search.confidence import Decision
from tests.core import small
from tests.core.small import LANGUAGES, NOW, chose, ids, others, say, sentences, small_world, told

WORLD = small_world()
EVERY_WORDING = [(act, lang, word) for act, words in small.ACTS.items() for lang, word in zip(LANGUAGES, words, strict=True)]


def test_every_act_has_an_answer() -> None:
    """The acts that are recognised are those that the bot can answer."""
    assert {*ACTS, "menu", "language"} == set(ACT_ORDER)
    assert len(ACT_ORDER) == len(set(ACT_ORDER))


@pytest.mark.parametrize(("act", "lang", "word"), EVERY_WORDING)
def test_an_act_is_answered_in_kind(act: str, lang: str, word: str) -> None:
    """A small act gets its sentence with the ways on; it is an abstention, and no topic is searched."""
    step = told(word, Conversation(lang=lang, lang_chosen=True))
    assert [(e.decision, e.topics) for e in others(step) if isinstance(e, Heard)] == [(Decision.ABSTAIN, ())]
    assert (say(step).lang, say(step).topic, step.state.stage) == (lang, None, Stage.TALK)
    if act == "menu":
        assert say(step) == show_menu(lang, WORLD)
    elif act == "language":
        marks = tuple(Text(CHOOSE_LANGUAGE, lang=code) for code in LANGUAGES)
        assert say(step) == Say(lang=lang, marks=marks, choices=language_choices(WORLD), passing=True)
    else:
        assert say(step).marks[0] == Text(ACTS[act], {"operator": OperatorName(None)})
        ways = () if act == "farewell" else (MENU_CHOICE, PERSON_CHOICE)
        assert say(step).choices[: len(ways)] == ways


def test_of_several_acts_the_weightiest_counts() -> None:
    """A greeting with thanks is thanked for, abuse outweighs all; an act with a question is a question."""
    english = Conversation(lang="en", stage=Stage.TALK)
    assert sentences(say(told("hello, how are you", english))) == (ACTS["how-are-you"],)
    assert sentences(say(told("thanks, goodbye", english))) == (ACTS["thanks"],)
    assert sentences(say(told("hello stupid", english))) == (ACTS["abuse"],)
    assert say(told("hello, school", english, small.banded(Decision.ANSWER))).topic == "school"


def test_an_act_in_another_language_offers_it() -> None:
    """In a settled conversation "привет" is answered in the conversation's language, with an offer of Russian."""
    step = told("привет", Conversation(lang="en", turns=9))
    assert (say(step).lang, sentences(say(step))) == ("en", (ACTS["greeting"], OFFER_LANGUAGE))
    assert ids(say(step).choices)[-1] == "lang:ru"


def test_the_help_option_does_what_the_command_does() -> None:
    """Help reads the same by option and by command."""
    english = Conversation(lang="en", stage=Stage.TALK)
    assert told(chose("help"), english).effects == told("/help", english).effects


@pytest.mark.parametrize(("home", "lang"), [(None, "et"), ("narva", "ru")])
def test_the_greeting_says_who_runs_the_bot(home: str | None, lang: str) -> None:
    """The first message names the operator and offers the menu, the groups, a person and the other languages."""
    step = told(Opened(at=NOW, hint=lang), Conversation(), replace(WORLD, home=home))
    assert step.effects == (
        Say(
            lang=lang,
            marks=(Text(GREETING, {"operator": OperatorName(home)}),),
            choices=(
                MENU_CHOICE,
                Choice("topic:target-groups", Text(LABEL_GROUP)),
                PERSON_CHOICE,
                *language_choices(WORLD, lang),
            ),
        ),
    )


def test_the_greeting_offers_no_topic_that_does_not_exist() -> None:
    """Without the topic of target groups there is no button for it."""
    topics = {id: topic for id, topic in WORLD.topics.items() if id != "target-groups"}
    step = told(Opened(at=NOW), Conversation(), replace(WORLD, topics=topics))
    assert ids(say(step).choices) == ("menu", "topic:municipal-contact", "lang:ru", "lang:en")
