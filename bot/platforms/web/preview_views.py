"""What the editors' pages show of one reading of the knowledge: problems by topic, and answers as each channel shows them.

Knows Worlds, problems and markup; not where a reading comes from and not how a page is served.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from typing import Protocol, TypeAlias

from babel import Locale
from markupsafe import Markup

from bot.core.world import Topic, World
from bot.errors import Problem
from bot.ports import Message, Option, PartKind
from bot.render.markup import to_html
from bot.render.matrix import matrix_pages
from bot.render.telegram import telegram_text

TOPICS_FOLDER = "topics"
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_VALUE = re.compile(r"\{\{\s*([a-z0-9-]+)\s*\}\}")

Bubbles: TypeAlias = tuple[tuple[bool, tuple[tuple[str, Markup], ...]], ...]
"""Parts that stand together: whether they are cards, and each one's kind and HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of the knowledge files.

    `world` is the last one that could be built, None if none ever could; `fresh` says that it is of these very files.
    `problems` are those of these files. `number` differs from that of every other reading.
    """

    number: int
    world: World | None
    problems: tuple[Problem, ...]
    fresh: bool = True


class Speak(Protocol):
    """Says a topic's answer, or a variant's if one is named, in one language as the bot would say it today."""

    def __call__(self, world: World, topic: str, *, variant: str, town: str | None, lang: str) -> Message: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many characters the check allows, and how it counts them in a text as an editor wrote it."""

    count: Callable[[str], int]
    answer: int
    variant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An answer in one language."""

    lang: str
    name: str
    length: int
    limit: int
    telegram: Markup
    matrix: Markup
    web: Bubbles
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in every language; `variant` is empty for the general one."""

    variant: str
    heading: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A topic in the list."""

    id: str
    title: str
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A municipality to choose; `adds` says that it adds something to the topic shown."""

    slug: str
    name: str
    adds: bool
    chosen: bool


def by_topic(problems: Sequence[Problem], world: World) -> Mapping[str, Sequence[Problem]]:
    """Sort problems, errors first, under every topic that each is about; those of no topic stand under an empty id."""
    found: dict[str, list[Problem]] = {}
    used = _values_of(world.topics.values())
    for problem in sorted(problems, key=lambda p: (not p.error, p.path, p.line)):
        for topic in _topics_of(problem, world, used) or {""}:
            found.setdefault(topic, []).append(problem)
    return found


def shelves(
    world: World, problems: Mapping[str, Sequence[Problem]], find: str, *, only: bool
) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Give the categories with their topics whose id or title has `find`; with `only`, those that have problems."""
    for category in world.shelves():
        rows = (_row(topic, problems.get(topic.id, ())) for topic in world.category(category.id) if _fits(topic, find))
        if shown := tuple(row for row in rows if not only or row.errors or row.warnings):
            yield in_english(category.names, category.id), shown


def answers(world: World, topic: Topic, town: str | None, speak: Speak, limits: Limits) -> Iterator[Answer]:
    """Give the general answer, then each variant's."""
    for variant in ("", *(variant.id for variant in topic.variants)):
        columns = (
            _column(speak(world, topic.id, variant=variant, town=town, lang=lang), topic, variant, limits)
            for lang in world.languages
        )
        yield Answer(variant=variant, heading=_heading(topic, variant), columns=tuple(columns))


def towns(world: World, topic: str, chosen: str | None) -> tuple[Town, ...]:
    """Give the municipalities by name, those that add to the topic first."""
    found = [
        Town(slug=t.slug, name=in_english(t.names, t.slug), adds=topic in t.additions, chosen=t.slug == chosen)
        for t in world.towns()
    ]
    return tuple(sorted(found, key=lambda town: (not town.adds, town.name)))


def in_english(texts: Mapping[str, str], otherwise: str) -> str:
    """Give the English one of some texts, as the editors' page is in English."""
    return texts.get("en", otherwise)


def _topics_of(problem: Problem, world: World, used: Mapping[str, set[str]]) -> set[str]:
    """Find the topics by the file's name, by what the problem names, and by the values that they use."""
    path = PurePath(problem.path)
    own = {path.stem} if path.parent.name in (TOPICS_FOLDER, *world.languages) else set()
    # A wording in quotes is what somebody might ask, and may by chance be an id.
    named = set(_ID.findall(_QUOTED.sub("", problem.text)))
    of_values = set().union(*(used.get(name, set()) for name in named)) if path.stem == "values" else set()
    return (own | named | of_values) & set(world.topics)


def _values_of(topics: Iterable[Topic]) -> Mapping[str, set[str]]:
    used: dict[str, set[str]] = {}
    for topic in topics:
        for text in topic.texts.values():
            for body in (text.body, *(variant.body for variant in text.variants.values())):
                for name in _VALUE.findall(body):
                    used.setdefault(name, set()).add(topic.id)
    return used


def _fits(topic: Topic, find: str) -> bool:
    wanted = find.strip().casefold()
    return any(wanted in said.casefold() for said in (topic.id, *(text.title for text in topic.texts.values())))


def _row(topic: Topic, problems: Sequence[Problem]) -> Row:
    errors = sum(problem.error for problem in problems)
    return Row(id=topic.id, title=title_of(topic), errors=errors, warnings=len(problems) - errors)


def title_of(topic: Topic) -> str:
    """Give a topic's title for the editors' page."""
    return in_english({lang: text.title for lang, text in topic.texts.items()}, topic.id)


def _heading(topic: Topic, variant: str) -> str:
    if not variant:
        return "General answer"
    labels = {lang: text.variants[variant].label for lang, text in topic.texts.items()}
    return f"Variant {variant}: {in_english(labels, variant)}"


def _column(message: Message, topic: Topic, variant: str, limits: Limits) -> Column:
    text = topic.texts[message.lang]
    return Column(
        lang=message.lang,
        name=Locale("en").languages.get(message.lang, message.lang),
        length=limits.count(text.variants[variant].body if variant else text.body),
        limit=limits.variant if variant else limits.answer,
        telegram=Markup(telegram_text(message)),
        matrix=Markup("\n".join(html for _, html in matrix_pages(message, ""))),
        web=_bubbles(message),
        options=message.options,
    )


def _bubbles(message: Message) -> Bubbles:
    """Set the parts together as the web page's script does: a card stands alone, the others share a bubble."""
    return tuple(
        (cards, tuple((part.kind.value, Markup(to_html(part.markdown, new_tab=True))) for part in parts))
        for cards, parts in groupby(message.parts, key=lambda part: part.kind is PartKind.CARD)
    )
