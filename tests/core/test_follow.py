"""Going on with the topic of the turn before, and several questions in one message."""

from dataclasses import replace

import pytest

from bot.core.answer import MAX_ALSO
from bot.core.effects import Heard
from bot.core.state import Conversation, Stage
from bot.core.texts import ALSO_ASKED, STILL_ABOUT, Answer, Text, TopicName
from bot.core.world import Variant, VariantText, World
from bot.groups.rules import Is
from bot.search.confidence import Decision
from bot.search.follow import build_follow_ups
from tests.core.small import banded, ids, others, say, sentences, small_world, told, walk

SCHOOL = Conversation(lang="en", stage=Stage.TALK, topic="school")


def knowing(world: World) -> World:
    """Give the world the words by which people go on."""
    lexicon = world.finder.index.lexicon
    return replace(world, follow_ups=build_follow_ups(("and",), ("but if",), (), ("music",), lexicon))


def world(band: Decision | None = None) -> World:
    """Give the small World, with all findings in one band if one is named."""
    return knowing(banded(band) if band else small_world())


ABOUT_SCHOOL = Text(STILL_ABOUT, {"topic": TopicName("school")})


def test_a_condition_keeps_the_topic_whatever_is_found() -> None:
    """The answer of the turn before is said again; what the message names by itself is the first button."""
    step = told("but if pension", SCHOOL, world(Decision.ANSWER))
    assert say(step).marks == (ABOUT_SCHOOL, Answer("school", None))
    assert ids(say(step).choices)[0] == "topic:pension"
    assert step.state.topic == "school"
    assert [(effect.decision, effect.topics[0][0]) for effect in others(step) if isinstance(effect, Heard)] == [
        ("answer", "school")
    ]


def test_an_addition_that_is_a_clear_question_of_its_own_changes_the_topic() -> None:
    """What is found for it is answered or offered; only where nothing is found does the topic before go on."""
    assert told("and pension", SCHOOL, world(Decision.ANSWER)).state.topic == "pension"
    offered = told("and pension", SCHOOL, world(Decision.CLARIFY))
    assert "topic:pension" in ids(say(offered).choices)
    assert STILL_ABOUT not in sentences(say(offered))
    assert told("and pension", SCHOOL, world(Decision.ABSTAIN)).state.topic == "school"


def test_an_addition_about_the_same_topic_is_that_topic() -> None:
    """Naming the topic again is no change."""
    step = told("and school", SCHOOL, world(Decision.ANSWER))
    assert say(step).marks[-1] == Answer("school", None)


def test_without_a_topic_before_there_is_nothing_to_go_on_with() -> None:
    """The first message is a question of its own, and so is one after a message that was not answered."""
    bare = replace(SCHOOL, topic="")
    assert STILL_ABOUT not in sentences(say(told("but if pension", bare, world(Decision.ANSWER))))
    unanswered = told("xyzzy", SCHOOL, world(Decision.ABSTAIN)).state
    assert unanswered.topic == ""
    gone = replace(SCHOOL, topic="no-longer-written")
    assert STILL_ABOUT not in sentences(say(told("but if pension", gone, world(Decision.ANSWER))))


def test_the_person_named_chooses_the_variant() -> None:
    """Of a topic with variants the one whose label names the person is said; if none or several do, the general answer."""
    school = small_world().topics["school"]
    labels = {"mine": VariantText(label="my music", body="a"), "other": VariantText(label="my library", body="b")}
    varied = replace(
        school,
        variants=tuple(Variant(id=id, when=Is("citizenship", ("eu",))) for id in labels),
        texts={lang: replace(text, variants=labels) for lang, text in school.texts.items()},
    )
    there = replace(world(Decision.CLARIFY), topics={**small_world().topics, "school": varied})
    assert say(told("and music", SCHOOL, there)).marks == (ABOUT_SCHOOL, Answer("school", None, "mine"))
    both = {id: replace(text, label="my music") for id, text in labels.items()}
    unclear = replace(varied, texts={lang: replace(text, variants=both) for lang, text in varied.texts.items()})
    there = replace(there, topics={**there.topics, "school": unclear})
    assert say(told("and music", SCHOOL, there)).marks[:2] == (ABOUT_SCHOOL, Answer("school", None))


def test_an_option_stands_once() -> None:
    """A topic that is related and was found too has one button."""
    options = ids(say(told("but if kindergarten", SCHOOL, world(Decision.ANSWER))).choices)
    assert options.count("topic:kindergarten") == 1
    assert options[0] == "topic:kindergarten"


@pytest.mark.parametrize(
    "text", ["Where is the school? When is the library open?", "the school\nthe library", "a school?a library?"]
)
def test_several_questions_are_answered_in_turn(text: str) -> None:
    """The first is answered, a button leads to the second, and a line says so."""
    step = told(text, Conversation(lang="en", stage=Stage.TALK), several())
    assert say(step).marks[0] == Answer("school", None)
    assert ALSO_ASKED in sentences(say(step))
    assert ids(say(step).choices)[0] == "topic:library"


def test_more_questions_than_buttons() -> None:
    """Only so many other questions get a button."""
    text = "the school? the library? the hobby? the music? the pension?"
    step = told(text, Conversation(lang="en", stage=Stage.TALK), several())
    assert ids(say(step).choices)[:MAX_ALSO] == ("topic:library", "topic:hobby")
    assert "topic:music" not in ids(say(step).choices)[MAX_ALSO : MAX_ALSO + 1]


def test_the_same_question_twice_is_one() -> None:
    """What leads to the same topic is asked once."""
    step = told("the school? School the?", Conversation(lang="en", stage=Stage.TALK), several())
    assert ALSO_ASKED not in sentences(say(step))


def test_going_on_after_several_questions() -> None:
    """The topic of the turn before is the one that was answered."""
    step = walk(["the school? the library?", "but if pension"], several(), Conversation(lang="en", stage=Stage.TALK))
    assert say(step).marks[0] == ABOUT_SCHOOL


def several() -> World:
    """Give the small World in which each question is answered."""
    return world(Decision.ANSWER)
