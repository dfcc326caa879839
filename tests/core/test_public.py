"""Where others read along: topics are answered, nothing about a person is asked, kept or told, and a private chat is offered."""

from dataclasses import replace

import pytest

from bot.core.events import Chose, Event, Opened, Reacted, Said, SentFile, Unreadable
from bot.core.public import ALLOWED, PRIVATE
from bot.core.state import Conversation, Stage
from bot.core.texts import ASK_TOWN, GREETING, PRIVATE_ONLY, PUBLIC_GREETING, TOPIC_DEPENDS, UNREADABLE, Card, Contacts, Question
from bot.core.world import Variant, World
from bot.groups.rules import read_rule
from bot.search.confidence import Decision
from tests.core.small import NOW, banded, ids, say, says, sentences, small_world, told

ENGLISH = Conversation(lang="en", stage=Stage.TALK, public=True)
ANSWERING = banded(Decision.ANSWER)


def public(text: str) -> Said:
    """Make a message in a group."""
    return Said(at=NOW, text=text, public=True)


def asking(world: World) -> World:
    """Give a World whose school differs by person, so that an answer asks for what tells."""
    school = world.topics["school"]
    variants = tuple(
        Variant(id=value, when=read_rule({"citizenship": value}, world.inquiry.facts)) for value in ("estonia", "eu")
    )
    return replace(world, topics={**world.topics, "school": replace(school, variants=variants)})


def test_it_greets_in_its_own_words() -> None:
    """In a group it says how it is asked there; alone, what it is."""
    group = say(told(Opened(at=NOW, public=True), Conversation(lang="en")))
    assert sentences(group) == (PUBLIC_GREETING,)
    assert sentences(say(told(Opened(at=NOW), Conversation(lang="en")))) == (GREETING,)
    assert ids(group.choices) == ("menu", "lang:et", "lang:ru", f"{PRIVATE}:")


def test_a_question_is_answered_with_a_way_to_a_private_chat() -> None:
    """The answer is the same; below it no button leads to anything about the person."""
    group = say(told(public("school"), ENGLISH, ANSWERING))
    alone = say(told(Said(at=NOW, text="school"), replace(ENGLISH, public=False), ANSWERING))
    assert group.marks == alone.marks
    assert group.topic == "school"
    assert "here:school" in ids(alone.choices)
    assert "here:school" not in ids(group.choices)
    assert ids(group.choices)[-1] == f"{PRIVATE}:school"


@pytest.mark.parametrize("command", ["group", "municipality", "stop", "municipality narva"])
def test_commands_about_the_person_are_for_a_private_chat(command: str) -> None:
    """What asks or keeps something about a person is not done there, and leaves nothing behind."""
    step = told(public(f"/{command}"), ENGLISH)
    if command != "municipality narva":
        assert PRIVATE_ONLY in sentences(say(step)) or command == "stop"
    assert step.state.stage is Stage.TALK
    assert step.state.facts == ()


@pytest.mark.parametrize(
    "option", ["group", "group:go", "fact:citizenship:eu", "about:school:citizenship=eu", "town", "town:narva", "x"]
)
def test_options_about_the_person_are_for_a_private_chat(option: str) -> None:
    """A button that somebody brought along from elsewhere does nothing there."""
    step = told(Chose(at=NOW, option=option, public=True), ENGLISH)
    assert sentences(say(step)) == (PRIVATE_ONLY,)
    assert ids(say(step).choices) == (f"{PRIVATE}:",)
    assert (step.state.facts, step.state.town) == ((), "")


@pytest.mark.parametrize("by", ["reaction", "number", "words"])
@pytest.mark.parametrize("option", ["group:go", "town:narva", f"{PRIVATE}:school", "menu"])
def test_no_way_of_choosing_goes_around_it(option: str, by: str) -> None:
    """A keycap, a number and the words of an option do no more there than the option itself."""
    state = replace(ENGLISH, public=False, options=("menu", option), labels=("Menu", "That one"))
    ways: dict[str, Event] = {
        "reaction": Reacted(at=NOW, emoji="2\ufe0f\u20e3", message="m", public=True),
        "number": public("2"),
        "words": public("that one"),
    }
    step = told(ways[by], state)
    assert (PRIVATE_ONLY in sentences(say(step))) == (option != "menu")
    assert (step.state.town, step.state.stage, step.state.public) == ("", Stage.TALK, True)


def test_what_could_not_be_decrypted_there() -> None:
    """It is asked for again, and a private chat is offered below."""
    step = told(Unreadable(at=NOW, public=True), ENGLISH)
    assert sentences(say(step)) == (UNREADABLE,)
    assert ids(say(step).choices) == (f"{PRIVATE}:",)
    assert step.state == ENGLISH


def test_nothing_is_asked_about_the_person() -> None:
    """Where the answer differs by person, each variant has its button instead of a question."""
    world = asking(small_world())
    step = told(Chose(at=NOW, option="topic:school", public=True), ENGLISH, world)
    alone = told(Chose(at=NOW, option="topic:school"), ENGLISH, world)
    assert any(isinstance(mark, Question) for mark in say(alone).marks)
    assert TOPIC_DEPENDS in sentences(say(alone))
    assert not any(isinstance(mark, Question) for mark in say(step).marks)
    assert {"variant:school:estonia", "variant:school:eu"} <= set(ids(say(step).choices))


def test_a_person_in_the_municipality_is_a_contact() -> None:
    """Whom to turn to may be read by everybody; nobody is asked there where they live."""
    step = told(Chose(at=NOW, option="topic:municipal-contact", public=True), ENGLISH)
    assert step.state.stage is Stage.TALK
    assert any(isinstance(mark, Contacts) for mark in say(step).marks)
    assert ASK_TOWN not in sentences(say(step))


def test_a_crisis_is_answered_there_too() -> None:
    """The emergency card comes wherever somebody needs it."""
    assert any(isinstance(mark, Card) for mark in say(told(public("he beats me"), ENGLISH)).marks)


def test_a_photo_with_words_is_answered() -> None:
    """What is written to a photo is a question there too."""
    event = SentFile(at=NOW, kind="photo", text="school", public=True)
    assert say(told(event, ENGLISH, ANSWERING)).topic == "school"


def test_whatever_is_said_there_keeps_to_what_is_allowed() -> None:
    """No option that is not meant for everybody, except the way to a private chat, once, below the last message."""
    for text in (
        "hello",
        "school",
        "weather",
        "/menu",
        "/help",
        "/privacy",
        "/person",
        "/language",
        "narva",
        "1",
        "?",
        "/nonsense",
    ):
        step = told(public(text), ENGLISH)
        names = [id.partition(":")[0] for one in says(step) for id in ids(one.choices)]
        assert set(names) <= ALLOWED | {PRIVATE}
        assert names.count(PRIVATE) == 1
        assert names[-1] == PRIVATE
        assert step.state.public


def test_a_payload_fits_a_link() -> None:
    """The way to a private chat names topic and municipality as a deep link does."""
    step = told(Chose(at=NOW, option="topic:school", public=True), replace(ENGLISH, town="narva"))
    assert ids(say(step).choices)[-1] == f"{PRIVATE}:narva_school"
    private = told(Opened(at=NOW, payload="narva_school"), Conversation(lang="en"))
    assert (private.state.town, private.state.topic, private.state.public) == ("narva", "school", False)
