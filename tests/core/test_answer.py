"""Answering a question: the three bands, the safety card above them, what stands below an answer, and "not what I meant"."""

from dataclasses import replace

import pytest

from bot.core.answer import MAX_OTHERS, MENU_CHOICE, PERSON_CHOICE
from bot.core.effects import Choice, Count, Heard, Say
from bot.core.safety import MAX_READ, SITUATIONS, danger
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ABSTAIN,
    CLARIFY,
    LABEL_MENU,
    LABEL_NONE,
    LABEL_NOT_MEANT,
    LABEL_PERSON,
    LABEL_TOWN_HERE,
    NOT_MEANT,
    NOT_MEANT_AGAIN,
    STALE_OPTION,
    TOPIC_WHICH,
    Answer,
    Card,
    Text,
    TopicName,
    VariantName,
)
from bot.core.world import NATIONAL, Variant, VariantText, World
from bot.groups.rules import Is
from bot.search.confidence import Decision
from tests.core.small import CRISES, banded, chose, ids, others, say, sentences, small_world, told, walk

ENGLISH = Conversation(lang="en", stage=Stage.TALK)
SCHOOL_BELOW = ("topic:kindergarten", "topic:library", "topic:hobby", "not:school", "menu")
QUESTION = "school kindergarten"
FOUND = banded(Decision.ANSWER).finder.find(QUESTION)


# --- the three bands --------------------------------------------------------------------------------------------------


def test_a_sure_finding_is_answered() -> None:
    """The best topic is shown, and what it was taken for is told to those who count."""
    step = told(QUESTION, ENGLISH, banded(Decision.ANSWER))
    best = FOUND.shown[0]
    assert (say(step).topic, say(step).marks) == (best.topic, (Answer(best.topic, None),))
    assert others(step) == (Heard(lang="en", decision=Decision.ANSWER, topics=((best.topic, best.confidence),)),)
    assert step.state.topic == best.topic
    assert step.state.others == tuple(c.topic for c in FOUND.others[:MAX_OTHERS])


def test_an_unsure_finding_is_offered() -> None:
    """The likely topics are buttons with their names, in order, and "none of these" is the last."""
    finding = banded(Decision.CLARIFY).finder.find(QUESTION)
    step = told(QUESTION, ENGLISH, banded(Decision.CLARIFY))
    assert say(step) == Say(
        passing=True,
        lang="en",
        marks=(Text(CLARIFY),),
        choices=(
            *(Choice(f"topic:{c.topic}", TopicName(c.topic)) for c in finding.shown),
            Choice("none", Text(LABEL_NONE)),
        ),
    )
    topics = tuple((c.topic, c.confidence) for c in finding.shown)
    assert others(step) == (Heard(lang="en", decision=Decision.CLARIFY, topics=topics),)


@pytest.mark.parametrize("text", [QUESTION, "what is the weather like today"])
def test_nothing_found_is_said(text: str) -> None:
    """Without a finding the bot says so and offers the menu and a person."""
    step = told(text, ENGLISH, banded(Decision.ABSTAIN))
    assert say(step) == Say(lang="en", marks=(Text(ABSTAIN),), choices=(MENU_CHOICE, PERSON_CHOICE))
    assert [effect.decision for effect in others(step) if isinstance(effect, Heard)] == [Decision.ABSTAIN]


def test_the_menu_and_a_person_are_named() -> None:
    """The two ways out have the same ids and labels everywhere."""
    assert Choice("menu", Text(LABEL_MENU)) == MENU_CHOICE
    assert Choice("topic:municipal-contact", Text(LABEL_PERSON)) == PERSON_CHOICE


@pytest.mark.parametrize("band", [Decision.CLARIFY, Decision.ABSTAIN])
def test_the_next_best_topics_are_those_of_the_last_search(band: Decision) -> None:
    """A message that is not answered forgets the next best topics of the one before."""
    answered = told(QUESTION, ENGLISH, banded(Decision.ANSWER)).state
    assert answered.others != ()
    assert told(QUESTION, answered, banded(band)).state.others == ()


# --- the safety card --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", list(Decision))
@pytest.mark.parametrize("situation", CRISES)
def test_the_card_stands_above_an_answer(situation: str, band: Decision) -> None:
    """A crisis gets its card first and an answer below it: the one found if it is sure, otherwise the card's topic."""
    step = told(f"{CRISES[situation]} near the library", ENGLISH, banded(band))
    topic = say(step).topic
    assert topic == ("library" if band is Decision.ANSWER else SITUATIONS[situation])
    assert say(step).marks[:2] == (Card(situation), Answer(topic, None))
    assert ids(say(step).choices)[-2:] == (f"not:{topic}", "menu")
    (heard,) = others(step)
    assert isinstance(heard, Heard)
    assert (heard.decision, heard.danger, heard.topics[0][0]) == (Decision.ANSWER, situation, topic)


def test_the_card_comes_above_what_a_foreign_language_is_told() -> None:
    """A crisis word in a language the bot does not speak still brings the card, then the lines about languages."""
    step = told("Bonjour, je voudrais savoir où se trouve la mairie s'il vous plaît, il beats me", ENGLISH)
    assert say(step).marks[:2] == (Card("violence"), Answer("victim-support", None))
    assert [mark.lang for mark in say(step).marks if isinstance(mark, Text)] == ["et", "ru", "en"]


@pytest.mark.parametrize("text", ["/help I want to kill myself", "!i want to kill myself", "/start kill myself"])
def test_a_crisis_in_a_command_is_a_crisis(text: str) -> None:
    """The safety lane comes before commands, known or not."""
    assert say(told(text, ENGLISH)).marks[0] == Card("suicide")


def test_a_crisis_while_the_municipality_is_asked_for_is_a_crisis() -> None:
    """The safety lane comes before the name that is waited for."""
    asked = told(chose("topic:municipal-contact"), ENGLISH).state
    assert asked.stage == Stage.TOWN
    assert say(told("kill myself", asked)).marks[0] == Card("suicide")


def test_the_beginning_of_a_long_message_is_read_for_danger() -> None:
    """A situation is found up to MAX_READ characters, and what follows costs no time."""
    world = small_world()
    assert danger(f"{'a' * (MAX_READ - 20)} kill myself", world) == "suicide"
    assert danger(f"{'a' * MAX_READ} kill myself", world) is None


# --- below an answer --------------------------------------------------------------------------------------------------


def test_related_topics_stand_below_an_answer() -> None:
    """The first related topics that exist are offered, then "not what I meant" and the menu."""
    message = say(told(chose("topic:school"), replace(ENGLISH, town=NATIONAL)))
    assert ids(message.choices) == SCHOOL_BELOW
    assert message.choices[-2:] == (Choice("not:school", Text(LABEL_NOT_MEANT)), MENU_CHOICE)
    assert message.choices[0] == Choice("topic:kindergarten", TopicName("kindergarten"))


def test_local_additions_are_offered_where_the_municipality_is_unknown() -> None:
    """If some municipality adds to the topic, and the person's is not known, the answer offers to ask for it."""
    assert say(told(chose("topic:school"), ENGLISH)).choices[0] == Choice("here:school", Text(LABEL_TOWN_HERE))
    assert "here:library" not in ids(say(told(chose("topic:library"), ENGLISH)).choices)


def test_a_topic_chosen_is_counted_without_text() -> None:
    """A choice counts its topic and language, and what was searched before it is no longer offered."""
    step = told(chose("topic:library"), replace(ENGLISH, others=("school",)))
    assert others(step) == (Count(what="chosen", topic="library", lang="en"),)
    assert (step.state.topic, step.state.others) == ("library", ())


# --- not what I meant -------------------------------------------------------------------------------------------------


def test_not_meant_offers_the_next_three_then_the_menu_and_a_person() -> None:
    """The first "not what I meant" offers the next best topics, the second the ways out; each is counted without a text."""
    answered = told(QUESTION, ENGLISH, banded(Decision.ANSWER))
    best, *following = [c.topic for c in (*FOUND.shown, *FOUND.others)]
    first = told(chose(f"not:{best}"), answered.state)
    assert say(first) == Say(
        passing=True,
        lang="en",
        marks=(Text(NOT_MEANT),),
        choices=(*(Choice(f"topic:{t}", TopicName(t)) for t in following[:3]), Choice("none", Text(LABEL_NONE))),
    )
    assert others(first) == (Count(what="not-meant", topic=best, lang="en"),)
    second = told(chose(f"not:{best}"), first.state)
    assert say(second) == Say(lang="en", marks=(Text(NOT_MEANT_AGAIN),), choices=(MENU_CHOICE, PERSON_CHOICE), passing=True)
    assert others(second) == (Count(what="not-meant", topic=best, lang="en"),)


def test_none_of_these_offers_the_menu_and_a_person() -> None:
    """After "none of these" come the ways out, counted."""
    step = walk([QUESTION, chose("none")], banded(Decision.CLARIFY), ENGLISH)
    assert say(step) == Say(lang="en", marks=(Text(NOT_MEANT_AGAIN),), choices=(MENU_CHOICE, PERSON_CHOICE), passing=True)
    assert others(step) == (Count(what="none-fits", lang="en"),)


def test_not_meant_below_an_older_answer_does_not_offer_the_newer_ones_topics() -> None:
    """The next best topics belong to the topic answered last; an older message's button leads to the ways out."""
    answered = told(QUESTION, ENGLISH, banded(Decision.ANSWER)).state
    assert say(told(chose("not:library"), answered)).marks == (Text(NOT_MEANT_AGAIN),)


def test_not_meant_leaves_out_what_no_longer_exists() -> None:
    """Topics that a reload removed are not offered."""
    state = replace(ENGLISH, topic="school", others=("gone", "school", "library"))
    assert ids(say(told(chose("not:school"), state)).choices) == ("topic:library", "none")


# --- variants ---------------------------------------------------------------------------------------------------------


def varied(fact: str = "citizenship") -> World:
    """Give the small World with two variants of the topic `school`, by one fact."""
    world = small_world()
    texts = {
        lang: replace(text, variants={id: VariantText(label=f"{id} ({lang})", body=f"For {id}.") for id in ("eu", "rest")})
        for lang, text in world.topics["school"].texts.items()
    }
    first, second = world.inquiry.facts[fact].options[1:3]
    rules = (Variant(id="eu", when=Is(fact, (first,))), Variant(id="rest", when=Is(fact, (second,))))
    return replace(world, topics={**world.topics, "school": replace(world.topics["school"], texts=texts, variants=rules)})


def test_an_answer_offers_its_variants() -> None:
    """Where the question that tells has many answers stands one button a variant, then related topics as far as there is room."""
    step = told(chose("topic:school"), ENGLISH, varied("residence_basis"))
    assert say(step).marks == (Answer("school", None), Text(TOPIC_WHICH))
    assert ids(say(step).choices) == (
        "here:school", "variant:school:eu", "variant:school:rest", "topic:kindergarten", "topic:library", "topic:hobby",
        "not:school", "menu",
    )  # fmt: skip
    assert say(step).choices[1].label == VariantName("school", "eu")


def test_a_variant_is_shown_with_the_way_back() -> None:
    """The button shows what is different, and leads to the other variants and the whole answer."""
    step = walk([chose("topic:school"), chose("variant:school:eu")], varied(), ENGLISH)
    assert say(step).marks == (Answer("school", None, "eu"),)
    assert ids(say(step).choices) == ("variant:school:rest", "topic:school", "not:school", "menu")
    assert (say(step).topic, step.state.topic) == ("school", "school")
    assert others(step) == (Count(what="chosen", topic="school", lang="en"),)


@pytest.mark.parametrize("option", ["variant:school:gone", "variant:gone:eu", "variant:school", "variant:", "variant:library:eu"])
def test_a_variant_that_is_gone(option: str) -> None:
    """An old button of a variant that no longer exists gets a kind word."""
    assert sentences(say(told(chose(option), ENGLISH, varied()))) == (STALE_OPTION,)
