"""The menu: shelves, pages, the way back; everything can be reached."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.core.effects import Choice, Say
from bot.core.menu import PAGE
from bot.core.state import Conversation, Stage
from bot.core.texts import (
    LABEL_BACK,
    LABEL_LANGUAGE,
    LABEL_MORE,
    LABEL_PERSON,
    LABEL_TOWN,
    MENU,
    SHELF,
    STALE_OPTION,
    CategoryName,
    Text,
    TopicName,
)
from bot.core.world import World
from tests.core.small import TOPICS, chose, ids, say, sentences, small_world, told, walk
from tests.worlds import real_world

ENGLISH = Conversation(lang="en", stage=Stage.TALK)
EDUCATION = [id for id, category, *_ in TOPICS if category == "education"]


def test_the_menu_offers_shelves_a_person_the_language_and_the_municipality() -> None:
    """Shelves without topics are left out."""
    assert say(told("/menu", ENGLISH)) == Say(
        lang="en",
        marks=(Text(MENU),),
        choices=(
            *(Choice(f"menu:{id}", CategoryName(id)) for id in ("education", "status", "help", "about")),
            Choice("topic:municipal-contact", Text(LABEL_PERSON)),
            Choice("language", Text(LABEL_LANGUAGE)),
            Choice("town", Text(LABEL_TOWN)),
        ),
        passing=True,
    )


def test_a_shelf_has_pages() -> None:
    """A long shelf shows its first topics and the way to the rest, the last page shows the rest and the way back."""
    first, second = (say(told(chose(option), ENGLISH)) for option in ("menu:education", "menu:education:1"))
    assert first.marks == second.marks == (Text(SHELF, {"category": CategoryName("education")}),)
    assert first.choices == (
        *(Choice(f"topic:{id}", TopicName(id)) for id in EDUCATION[:PAGE]),
        Choice("menu:education:1", Text(LABEL_MORE)),
        Choice("menu", Text(LABEL_BACK)),
    )
    assert second.choices == (
        *(Choice(f"topic:{id}", TopicName(id)) for id in EDUCATION[PAGE:]),
        Choice("menu:education:0", Text(LABEL_BACK)),
    )


def test_a_shelf_that_fits_has_one_page() -> None:
    """Exactly PAGE topics need no second page."""
    world = small_world()
    kept = {id: topic for id, topic in world.topics.items() if id not in EDUCATION[PAGE:]}
    message = say(told(chose("menu:education"), ENGLISH, replace(world, topics=kept)))
    assert ids(message.choices) == (*(f"topic:{id}" for id in EDUCATION[:PAGE]), "menu")


@pytest.mark.parametrize(
    ("option", "same"),
    [
        ("menu:education:2", "menu:education:1"),
        ("menu:education:999", "menu:education:1"),
        (f"menu:education:{'9' * 100_000}", "menu:education:1"),
        ("menu:education:-1", "menu:education"),
        ("menu:education:x", "menu:education"),
        ("menu:education:", "menu:education"),
        ("menu:education:1:1", "menu:education"),
        ("menu:", "menu"),
    ],
    ids=lambda option: option[:20],
)
def test_a_page_that_does_not_exist_is_the_nearest(option: str, same: str) -> None:
    """Any page number, however odd, leads to a page of the shelf."""
    assert say(told(chose(option), ENGLISH)) == say(told(chose(same), ENGLISH))


@pytest.mark.parametrize("option", ["menu:empty", "menu:nothing", "menu:nothing:1"])
def test_a_shelf_without_topics_is_stale(option: str) -> None:
    """A shelf that is empty today is answered as an old button."""
    assert sentences(say(told(chose(option), ENGLISH))) == (STALE_OPTION,)


@pytest.mark.parametrize("make", [small_world, real_world], ids=["small", "real"])
def test_buttons_alone_reach_everything(make: Callable[[], World]) -> None:
    """From the greeting, buttons lead to every topic, and no button shown on the way leads nowhere."""
    world = make()
    start = walk(["/start"], world)
    seen: dict[str, Say] = {}
    waiting = [(choice.id, start.state) for choice in say(start).choices]
    while waiting:
        option, before = waiting.pop()
        if option in seen:
            continue
        step = told(chose(option), before, world)
        seen[option] = message = [effect for effect in step.effects if isinstance(effect, Say)][-1]
        assert STALE_OPTION not in sentences(message), option
        after = step.state if option.partition(":")[0] in ("group", "fact") else start.state
        waiting += [(choice.id, after) for choice in message.choices]
    assert {message.topic for message in seen.values()} - {None} == set(world.topics)
    assert {option for option in seen if option.startswith("lang:")} == {f"lang:{lang}" for lang in world.languages}
    assert {option for option in seen if option.startswith("town:")} == {f"town:{slug}" for slug in world.municipalities}
