"""The one place that knows every part: builds them from settings, starts and stops them."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import structlog

from bot.core.conversation import Step
from bot.core.effects import Heard
from bot.core.language import RELATED
from bot.core.texts import NO_OPERATOR
from bot.core.world import Municipality, World
from bot.engine import Bell, Clock, Engine, Watch, utc_now
from bot.errors import KnowledgeError, SettingsError
from bot.i18n import Catalogs, load_catalogs, today_in_estonia
from bot.knowledge.load import Library, count_errors, out_of_date
from bot.platforms.terminal import Collector, TerminalChannel
from bot.platforms.web.channel import WebChannel
from bot.ports import Channel, Message, Retention, Status, Turn
from bot.render.speak import contact_line
from bot.settings import Settings
from bot.store import migrate
from bot.store.store import SqlStore

IN_MEMORY = "sqlite://"
CHUNK = 200
REPORTED = 20
WATCH_AGAIN = 5.0
LOOK_AGAIN = 3600.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Content:
    """What the bot knows and how it says it; a reload puts a whole new World in place."""

    world: World
    catalogs: Catalogs


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
    return Content(world, catalogs)


@contextlib.asynccontextmanager
async def private_engine(
    content: Content, channels: Sequence[Channel], watch: Watch | None = None, *, url: str = IN_MEMORY
) -> AsyncIterator[Engine]:
    """Give the real engine and Store, by default on a database in memory: nothing to set up, nothing left behind."""
    store = await SqlStore.open(url)
    try:
        yield Engine(store=store, world=lambda: content.world, catalogs=content.catalogs, channels=channels, watch=watch)
    finally:
        await store.close()


async def serve(settings: Settings, tell: Callable[[str], None]) -> None:
    """Serve every configured channel until stopped. Errors: TeejuhtError for whatever the operator must mend."""
    library = open_library(settings)
    content = load_content(settings, library)
    library.finish()
    gc.freeze()  # what was read stays: looking through it for garbage would make a question wait for tens of milliseconds
    await asyncio.to_thread(migrate.upgrade, settings.database)
    store = await SqlStore.open(settings.database, serve=True)
    try:
        engine = build_engine(settings, content, store)
        tell(f"{len(content.world.topics)} topics in {', '.join(content.world.languages)}")
        if settings.web:
            tell(f"Web page: {settings.public_url or f'http://{settings.web_host}:{settings.web_port}'}")
        await until_stopped(_beside(engine.run(), keep_fresh(content, library), remind(content)))
    finally:
        await store.close()


async def keep_fresh(content: Content, library: Library) -> None:
    """Serve the knowledge as its files change; files with errors change nothing and are reported."""
    while True:
        try:
            async for _ in library.changes():
                await reload(content, library)
        # The folder may be gone for a moment, or the system may not let us watch it: messages are answered all the same.
        except Exception as error:
            log.error("knowledge not watched", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(WATCH_AGAIN)


async def reload(content: Content, library: Library) -> None:
    """Put the World that the files make in place, or keep the old one and say why."""
    try:
        content.world = await asyncio.to_thread(library.load)
    except KnowledgeError as error:
        log.error("knowledge not reloaded", errors=len(error.problems), problems=[str(p) for p in error.problems[:REPORTED]])
    else:
        log.info("knowledge reloaded", topics=len(content.world.topics))
        await asyncio.to_thread(library.finish)


async def remind(content: Content, clock: Clock = utc_now) -> None:
    """Report once what has gone out of date; days turn without any file changing."""
    told: set[str] = set()
    while True:
        due = set(out_of_date(content.world, today_in_estonia(clock())))
        if new := sorted(due - told):
            log.warning("knowledge out of date", what=new)
        told = due
        await asyncio.sleep(LOOK_AGAIN)


async def chat(
    content: Content, *, lines: Iterable[str], out: TextIO, as_json: bool, lang: str | None, state: Path | None
) -> None:
    """Hold one conversation on a terminal, in memory or kept in the file `state`."""
    url = f"sqlite:///{state}" if state else IN_MEMORY
    if state:
        await asyncio.to_thread(migrate.upgrade, url)
    engines: list[Engine] = []
    channel = TerminalChannel(
        lines=lines, out=out, as_json=as_json, answered=lambda: engines[0].drain(), clock=utc_now, lang=lang
    )
    async with private_engine(content, [channel], url=url) as engine:
        engines.append(engine)
        # What a chat that was killed had claimed would keep this one silent for a minute.
        await engine.store.release(channel.name)
        await channel.run(engine.ingest)


def ask(content: Content, collector: Collector, questions: Sequence[str]) -> Iterator[tuple[Heard, list[Message]]]:
    """Ask questions, each in a conversation of its own, and give what was heard and said, in order."""
    for start in range(0, len(questions), CHUNK):
        yield from asyncio.run(_ask(content, collector, questions[start : start + CHUNK]))


async def _ask(content: Content, collector: Collector, questions: Sequence[str]) -> list[tuple[Heard, list[Message]]]:
    heard: dict[str, Heard] = {}

    def watch(turn: Turn, step: Step) -> None:
        heard.update((turn.conversation, effect) for effect in step.effects if isinstance(effect, Heard))

    collector.answers.clear()
    async with private_engine(content, [collector], watch) as engine:
        for number, question in enumerate(questions):
            await collector.ask(engine.ingest, f"question-{number}", question)
        await engine.drain()
    names = [f"question-{number}" for number in range(len(questions))]
    said = {name: list(collector.answers.get(name, {}).values()) for name in names}
    return [(understood(heard.get(name), said[name], content.world), said[name]) for name in names]


def understood(heard: Heard | None, said: Sequence[Message], world: World) -> Heard:
    """Say what scripts are told of a question, also where nothing was searched or its language is none of ours."""
    lang = said[-1].lang if said else world.languages[0]
    if heard is not None:
        return heard if heard.lang in (*world.languages, *RELATED) else replace(heard, lang=lang)
    topics = [(message.topic, 1.0) for message in said if message.topic]
    return Heard(lang=lang, decision="answer" if topics else "abstain", topics=tuple(topics))


def faults(settings: Settings) -> int:
    """Count what keeps the knowledge files from being served as they are now."""
    return count_errors(settings.knowledge)


async def status(settings: Settings) -> Status:
    """Look into the configured database."""
    store = await SqlStore.open(settings.database)
    try:
        return await store.status(utc_now())
    finally:
        await store.close()


def set_up_logs(*, verbose: bool) -> None:
    """Log to standard error: ids of our own and counts, never a text."""
    level = logging.DEBUG if verbose else logging.INFO
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def _beside(work: Coroutine[None, None, None], *others: Coroutine[None, None, None]) -> None:
    """Do a work with others beside it, which end when it does."""
    tasks = [asyncio.create_task(other) for other in others]
    try:
        await work
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until_stopped(work: Coroutine[None, None, None]) -> None:
    """Run until done or until SIGTERM or SIGINT asks to stop."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def build_engine(settings: Settings, content: Content, store: SqlStore) -> Engine:
    """Put engine and channels together."""
    said = Bell()
    channels: list[Channel] = []
    if settings.web:
        channels.append(web_channel(settings, content, store, said))
    return Engine(
        store=store,
        world=lambda: content.world,
        catalogs=content.catalogs,
        channels=channels,
        keep=Retention(conversations=settings.keep_conversations),
        said=said,
    )


def web_channel(settings: Settings, content: Content, store: SqlStore, said: Bell) -> WebChannel:
    """Make the web page of this installation; who runs it and whom to ask follow the knowledge, its languages the start."""
    world = content.world

    def home() -> Municipality:
        return content.world.place(content.world.home)

    return WebChannel(
        store=store,
        listen=lambda: said.listen().wait,
        catalogs=content.catalogs,
        languages=world.languages,
        default_language=world.languages[0],
        host=settings.web_host,
        port=settings.web_port,
        public_url=settings.public_url,
        operator=lambda lang: home().operators[lang] if content.world.home else content.catalogs.text(lang, NO_OPERATOR),
        contact=lambda lang: contact_line(home().contacts[-1], lang),
        clock=utc_now,
    )
