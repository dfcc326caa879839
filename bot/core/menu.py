"""The menu: shelves by category, topics by page, always with a way back."""

from collections.abc import Sequence

from bot.core.answer import PERSON_CHOICE, topic_choice
from bot.core.effects import Choice, Say
from bot.core.texts import (
    LABEL_BACK,
    LABEL_LANGUAGE,
    LABEL_MORE,
    LABEL_TOWN,
    MENU,
    SHELF,
    CategoryName,
    Text,
)
from bot.core.world import World

PAGE = 6


def show_menu(lang: str, world: World) -> Say:
    """Offer the categories, a person, the language and the municipality."""
    choices = (
        *(Choice(f"menu:{shelf.id}", CategoryName(shelf.id)) for shelf in world.shelves()),
        PERSON_CHOICE,
        Choice("language", Text(LABEL_LANGUAGE)),
        Choice("town", Text(LABEL_TOWN)),
    )
    return Say(lang=lang, marks=(Text(MENU),), choices=choices, passing=True)


def show_shelf(category: str, page: int, lang: str, world: World) -> Say:
    """Offer one page of a category's topics."""
    topics = world.category(category)
    last = (len(topics) - 1) // PAGE
    page = max(0, min(page, last))
    choices: Sequence[Choice] = (
        *(topic_choice(topic.id) for topic in topics[page * PAGE : (page + 1) * PAGE]),
        *((Choice(f"menu:{category}:{page + 1}", Text(LABEL_MORE)),) if page < last else ()),
        Choice(f"menu:{category}:{page - 1}" if page else "menu", Text(LABEL_BACK)),
    )
    return Say(lang=lang, marks=(Text(SHELF, {"category": CategoryName(category)}),), choices=tuple(choices), passing=True)
