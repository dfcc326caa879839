"""The municipality: asked for only when an answer depends on it, told in many ways, changed at any time."""

from dataclasses import replace

import pytest

from bot.core.effects import Choice
from bot.core.events import Flooded, Opened
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    ASK_TOWN,
    CHOOSE_TOWN,
    LABEL_NO_TOWN,
    LANGUAGE_CHANGED,
    MENU,
    STALE_OPTION,
    TOWN_CHOSEN,
    TOWN_NATIONAL,
    Answer,
    Contacts,
    CountyName,
    Mark,
    Text,
    TownName,
)
from bot.core.towns import FEW, town_choices
from bot.core.world import NATIONAL, World
from bot.search.confidence import Decision
from tests.core.small import NOW, TOWNS, banded, chose, ids, say, says, sentences, small_world, told, walk

PERSON = "topic:municipal-contact"
ENGLISH = Conversation(lang="en", stage=Stage.TALK)
COUNTIES = ("Ida-Viru maakond", "Lääne maakond", "Saare maakond", "Tartu maakond")


def chosen(slug: str) -> Text:
    """Give the sentence that says which municipality was chosen."""
    return Text(TOWN_CHOSEN, {"town": TownName(slug)})


def contact(slug: str) -> tuple[Mark, ...]:
    """Give what a person who wants to talk to somebody is shown: first whom, then how."""
    return (Contacts(slug), Answer("municipal-contact", slug))


def small_country(count: int) -> World:
    """Give a World with that many municipalities."""
    world = small_world()
    kept = {NATIONAL, *(slug for slug, *_ in TOWNS[:count])}
    return replace(world, municipalities={slug: place for slug, place in world.municipalities.items() if slug in kept})


# --- asked for only when needed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", [id for id in small_world().topics if id != "municipal-contact"])
def test_a_topic_asks_for_no_municipality(topic: str) -> None:
    """An ordinary answer is given at once."""
    step = told(chose(f"topic:{topic}"), ENGLISH)
    assert (say(step).marks, step.state.stage) == ((Answer(topic, None),), Stage.TALK)


def test_a_person_depends_on_the_municipality() -> None:
    """Whom to turn to is asked for; the answer comes with it."""
    step = told(chose(PERSON), ENGLISH)
    assert say(step).marks == (Answer("municipal-contact", None), Text(ASK_TOWN))
    assert say(step).choices == town_choices(small_world())
    assert (step.state.stage, step.state.pending) == (Stage.TOWN, PERSON)


@pytest.mark.parametrize("state", [replace(ENGLISH, town="narva"), replace(ENGLISH, town=NATIONAL)])
def test_a_known_municipality_is_not_asked_for_again(state: Conversation) -> None:
    """Once told, the contact is shown at once, also after "I don't know"."""
    assert say(told(chose(PERSON), state)).marks == contact(state.town)


def test_the_operators_own_bot_asks_nobody() -> None:
    """With a municipality fixed by the operator every answer uses it."""
    world = replace(small_world(), home="narva")
    assert say(told(chose(PERSON), ENGLISH, world)).marks == contact("narva")
    assert say(told(chose("topic:school"), ENGLISH, world)).marks == (Answer("school", "narva"),)
    assert "here:school" not in ids(say(told(chose("topic:school"), ENGLISH, world)).choices)


def test_what_applies_there_is_asked_for_below_an_answer() -> None:
    """The answer that some municipality adds to is given again once the municipality is known."""
    asked = told(chose("here:school"), ENGLISH)
    assert (sentences(say(asked)), asked.state.stage, asked.state.pending) == ((ASK_TOWN,), Stage.TOWN, "topic:school")
    told_where, answer = says(told("Narva", asked.state))
    assert (told_where.marks, answer.marks) == ((chosen("narva"),), (Answer("school", "narva"),))


# --- told in many ways ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Narva", "narva"), ("narvas", "narva"), ("в Нарве", "narva"), ("нарва", "narva"), ("NARVA!", "narva"),
        ("Йыхви", "johvi"), ("Jõhvi", "johvi"), ("johvi", "johvi"), ("in Sillamäe", "sillamae"), ("Sillamae", "sillamae"),
        ("tartu linn", "tartu-linn"), ("волость Тарту", "tartu-vald"),
    ],
)  # fmt: skip
def test_a_name_in_words_is_read(name: str, slug: str) -> None:
    """A municipality's name, in any language and spelling, settles it and gives the answer that waited."""
    asked = told(chose(PERSON), ENGLISH).state
    step = told(name, asked)
    assert [message.marks for message in says(step)] == [
        (chosen(slug),),
        contact(slug),
    ]
    assert (step.state.town, step.state.stage, step.state.pending, step.state.lang) == (slug, Stage.TALK, "", "en")


def test_an_ambiguous_name_is_no_choice() -> None:
    """A name that two municipalities share settles nothing."""
    assert walk([chose(PERSON), "Tartu"], state=ENGLISH).state.town == ""


def test_not_knowing_gives_the_national_contact() -> None:
    """After "I don't know" comes the national contact, and it is not asked again."""
    step = walk([chose(PERSON), chose(f"town:{NATIONAL}")], state=ENGLISH)
    assert [message.marks for message in says(step)] == [
        (Text(TOWN_NATIONAL),),
        contact(NATIONAL),
    ]
    assert step.state.town == NATIONAL


def test_counties_lead_to_municipalities() -> None:
    """Where there are many municipalities, a county is chosen first; numbers work on both levels and lose nothing."""
    counties = told(chose(PERSON), ENGLISH)
    assert ids(say(counties).choices) == (*(f"county:{county}" for county in COUNTIES), f"town:{NATIONAL}")
    towns = told("1", counties.state)
    assert say(towns).marks == (Text(CHOOSE_TOWN, {"county": CountyName("Ida-Viru maakond")}),)
    assert ids(say(towns).choices) == ("town:narva", "town:johvi", "town:sillamae", f"town:{NATIONAL}")
    assert [message.marks for message in says(told("2", towns.state))] == [
        (chosen("johvi"),),
        contact("johvi"),
    ]


@pytest.mark.parametrize(("count", "by_county"), [(1, False), (FEW, False), (FEW + 1, True)])
def test_few_municipalities_are_shown_at_once(count: int, by_county: bool) -> None:
    """Up to FEW municipalities are buttons themselves; "I don't know" is always the last."""
    choices = town_choices(small_country(count))
    assert all(id.startswith("county:") for id in ids(choices)[:-1]) == by_county
    assert len(choices) == (len(small_country(count).counties()) if by_county else count) + 1
    assert choices[-1] == Choice(f"town:{NATIONAL}", Text(LABEL_NO_TOWN))


@pytest.mark.parametrize(
    ("payload", "town", "topic"),
    [
        ("narva", "narva", None),
        ("school", "", "school"),
        ("narva_school", "narva", "school"),
        ("school_narva", "narva", "school"),
        ("NARVA_School ", "narva", "school"),
        ("tartu-linn_municipal-contact", "tartu-linn", "municipal-contact"),
        ("atlantis_school", "", "school"),
        ("narva_astrology", "narva", None),
        ("", "", None),
        ("_national", "", None),
        ("../../etc/passwd", "", None),
        ("_" * 1000, "", None),
    ],
)
def test_a_deep_link_tells_municipality_and_topic(payload: str, town: str, topic: str | None) -> None:
    """A link carries `municipality_topic`, either may be missing; what does not exist is left out; the greeting comes first."""
    step = told(Opened(at=NOW, payload=payload), Conversation())
    assert (step.state.town, [message.topic for message in says(step)]) == (town, [None, topic] if topic else [None])
    if topic:
        assert says(step)[1].marks[-1] == Answer(topic, town or None)


def test_the_start_command_carries_a_deep_link() -> None:
    """On platforms where a link is a command, it leads to the same place."""
    opened, typed = told(Opened(at=NOW, payload="narva_school"), Conversation()), told("/start narva_school", Conversation())
    assert typed.effects == opened.effects


def test_the_operators_municipality_comes_before_a_deep_link() -> None:
    """A link to another municipality does not move the operator's own bot; the person can."""
    world = replace(small_world(), home="narva")
    step = told(Opened(at=NOW, payload="elva_school"), Conversation(), world)
    assert says(step)[1].marks == (Answer("school", "narva"),)
    assert says(walk(["Elva", chose("topic:school")], world, step.state))[0].marks == (Answer("school", "elva"),)


# --- changed at any time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["Elva", "elvas", "/municipality Elva", "!municipality Элва", chose("town:elva")], ids=str)
def test_it_changes_in_words_by_command_and_by_button(event: str) -> None:
    """Another municipality replaces the one before, wherever the conversation stands."""
    for state in (ENGLISH, replace(ENGLISH, town="narva"), told(chose(PERSON), ENGLISH).state):
        step = told(event, state)
        assert (says(step)[0].marks, step.state.town) == ((chosen("elva"),), "elva")


@pytest.mark.parametrize("event", ["/municipality", "/municipality Atlantis", chose("town"), chose("town:")], ids=str)
def test_the_menu_and_the_command_ask_for_it(event: str) -> None:
    """Without a name the municipality is asked for, also when one is known; nothing waits for it."""
    step = told(event, replace(ENGLISH, town="narva", pending=PERSON, stage=Stage.TOWN))
    assert (sentences(say(step)), step.state.stage, step.state.pending) == ((ASK_TOWN,), Stage.TOWN, "")
    assert [message.marks for message in says(told("Elva", step.state))] == [(chosen("elva"),)]


@pytest.mark.parametrize(
    ("event", "answer"), [("school", "topic"), (chose("menu"), MENU), ("/menu", MENU), (chose("topic:school"), "topic")], ids=str
)
def test_an_ordinary_message_lets_the_question_go(event: str, answer: str) -> None:
    """While it is asked for, everything else works; the answer that waited is not given later unasked."""
    step = walk([chose(PERSON), event], banded(Decision.ANSWER), ENGLISH)
    assert say(step).topic == "school" if answer == "topic" else sentences(say(step)) == (answer,)
    assert (step.state.stage, step.state.pending) == (Stage.TALK, "")
    assert [message.marks for message in says(told("Narva", step.state))] == [(chosen("narva"),)]


@pytest.mark.parametrize("event", ["??", "/unknown", chose("lang:en"), chose("gone"), "/language en"], ids=str)
def test_what_answers_no_question_leaves_it_open(event: str) -> None:
    """After a mistyped message or a change of the language, the name still brings the answer that waited."""
    step = walk([chose(PERSON), event, "Narva"], state=ENGLISH)
    assert says(step)[1].marks == contact("narva")


def test_a_pause_leaves_it_open() -> None:
    """Messages that came too fast to be read do not lose the answer that waits."""
    step = walk([chose(PERSON), Flooded(at=NOW), "Narva"], banded(Decision.ANSWER), ENGLISH)
    assert says(step)[1].marks == contact("narva")


def test_an_answer_that_waited_may_be_gone() -> None:
    """If a reload removed the topic meanwhile, the municipality is kept and nothing is shown in its place."""
    state = replace(ENGLISH, stage=Stage.TOWN, pending="topic:gone")
    assert [message.marks for message in says(told("Narva", state))] == [(chosen("narva"),)]


@pytest.mark.parametrize("option", ["town:atlantis", "county:", "county:Atlantis", "here:gone", "here:"])
def test_places_that_do_not_exist_are_stale(option: str) -> None:
    """A municipality, county or topic that is not there is answered as an old button."""
    assert sentences(say(told(chose(option), ENGLISH))) == (STALE_OPTION,)


def test_a_changed_language_offers_the_last_topic_again() -> None:
    """After a change the topic shown last can be read in the new language, unless a reload removed it."""
    shown = told(chose("topic:school"), ENGLISH).state
    assert ids(say(told(chose("lang:ru"), shown)).choices) == ("topic:school", "menu")
    gone = told(chose("lang:ru"), replace(shown, topic="gone"))
    assert (sentences(say(gone)), ids(say(gone).choices)) == ((LANGUAGE_CHANGED,), ("menu",))
