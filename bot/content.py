"""What the bot knows and how it says it: read from files, kept as they are now, and what is wrong with them reported."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog

from bot import offices
from bot.core.texts import NO_OPERATOR
from bot.core.world import EDITORS, World
from bot.engine import Clock, utc_now
from bot.errors import KnowledgeError, SettingsError
from bot.i18n import Catalogs, load_catalogs, today_in_estonia
from bot.knowledge.load import Library, count_errors, out_of_date
from bot.settings import Settings

REPORTED = 20
WATCH_AGAIN = 5.0
LOOK_AGAIN = 3600.0

log = structlog.get_logger(__name__)


class Report(Protocol):
    """Tells those who can mend something, by their group of desks."""

    async def __call__(self, to: str, what: str, detail: str = "") -> None: ...


async def nobody(to: str, what: str, detail: str = "") -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Content:
    """What the bot knows and how it says it; a reload puts a whole new World in place."""

    world: World
    catalogs: Catalogs
    furnish: Callable[[World], World] = lambda world: world
    """Adds to a World that files make what the operator set."""
    errors: int = 0
    """Of the files as they are now, if they cannot be served: then the World is an older one."""

    def renew(self, world: World) -> None:
        """Put another World in place."""
        self.world, self.errors = self.furnish(world), 0


def open_library(settings: Settings) -> Library:
    """Give the configured folder of knowledge."""
    return Library(settings.knowledge, home=settings.municipality, cache=settings.cache)


def load_content(settings: Settings, library: Library | None = None) -> Content:
    """Read knowledge and catalogs. Errors: KnowledgeError, SettingsError."""
    library = library or open_library(settings)
    world = library.load()
    if settings.municipality and settings.municipality not in world.municipalities:
        known = ", ".join(place.slug for place in world.towns())
        raise SettingsError(f"TEEJUHT_MUNICIPALITY: there is no {settings.municipality}; known are {known}")
    catalogs = load_catalogs(settings.locales)
    missing = [lang for lang in world.languages if lang not in catalogs.languages]
    if missing:
        raise SettingsError(f"TEEJUHT_LOCALES: no compiled catalog for {', '.join(missing)}: run `make catalogs`")
    furnish = partial(offices.furnish, settings=settings)
    return Content(furnish(world), catalogs, furnish)


async def keep_fresh(content: Content, library: Library, report: Report = nobody) -> None:
    """Serve the knowledge as its files change; files with errors change nothing and are reported."""
    while True:
        try:
            async for _ in library.changes():
                await reload(content, library, report)
        # The folder may be gone for a moment, or the system may not let us watch it: messages are answered all the same.
        except Exception as error:
            log.error("knowledge not watched", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(WATCH_AGAIN)


async def reload(content: Content, library: Library, report: Report = nobody) -> None:
    """Put the World that the files make in place, or keep the old one and say why, also to the editors."""
    try:
        content.renew(await asyncio.to_thread(library.load))
    except KnowledgeError as error:
        problems = [str(problem) for problem in error.problems[:REPORTED]]
        content.errors = len(error.problems)
        log.error("knowledge not reloaded", errors=len(error.problems), problems=problems)
        await report(EDITORS, "files", "\n".join(problems))
    else:
        log.info("knowledge reloaded", topics=len(content.world.topics))
        await asyncio.to_thread(library.finish)


async def remind(content: Content, clock: Clock = utc_now, report: Report = nobody) -> None:
    """Report once what has gone out of date; days turn without any file changing."""
    told: set[str] = set()
    while True:
        due = set(out_of_date(content.world, today_in_estonia(clock())))
        if new := sorted(due - told):
            log.warning("knowledge out of date", what=new)
            await report(EDITORS, "due", "\n".join(new))
        told = due
        await asyncio.sleep(LOOK_AGAIN)


def say_around(content: Content, lang: str, id: str) -> str:
    """Give a sentence that stands around a chat, such as a description of the bot."""
    return content.catalogs.text(lang, id, {"operator": operator(content, lang)})


def operator(content: Content, lang: str) -> str:
    """Name the body that runs this bot."""
    world = content.world
    return world.place(world.home).operators[lang] if world.home else content.catalogs.text(lang, NO_OPERATOR)


def count_faults(settings: Settings) -> int:
    """Count what keeps the knowledge files from being served as they are now."""
    return count_errors(settings.knowledge)
