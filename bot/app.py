"""The one place that knows every part: builds them from settings, starts and stops them."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TextIO

import structlog

from bot import offices
from bot.core.effects import Heard, Step
from bot.core.language import RELATED
from bot.core.texts import NO_OPERATOR
from bot.core.world import EDITORS, Municipality, World
from bot.delivery import ToDesks
from bot.engine import Clock, Engine, Watch, utc_now
from bot.errors import KnowledgeError, Refused, SettingsError
from bot.i18n import Catalogs, load_catalogs, today_in_estonia
from bot.knowledge.load import Library, count_errors, out_of_date
from bot.limits import Limits
from bot.loops import Bell
from bot.platforms.matrix import MatrixChannel
from bot.platforms.telegram import Profile, TelegramChannel
from bot.platforms.terminal import Collector, TerminalChannel
from bot.platforms.web.case_links import CaseLinks
from bot.platforms.web.case_page import Cases
from bot.platforms.web.channel import WebChannel
from bot.platforms.web.health import Ready, always
from bot.ports import Channel, Fetch, File, Files, Hook, Message, Status, Turn
from bot.render.speak import contact_line
from bot.settings import Settings
from bot.staff_page import show_case
from bot.store import migrate
from bot.store.store import SqlStore
from bot.window import Window, retention

IN_MEMORY = "sqlite://"
TELEGRAM_HOOK = "/hooks/telegram"
CHUNK = 200
REPORTED = 20
WATCH_AGAIN = 5.0
LOOK_AGAIN = 3600.0
CONNECTED = 15.0
"""Seconds after which channels should be connected."""

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
        window = operators_window(settings, content, store)
        engine = build_engine(settings, content, store, window)
        tell(f"{len(content.world.topics)} topics in {', '.join(content.world.languages)}")
        if settings.web:
            tell(f"Web page: {settings.public_url or f'http://{settings.web_host}:{settings.web_port}'}")
        if not settings.telegram_token.get_secret_value():
            tell("Telegram: not served; set TEEJUHT_TELEGRAM_TOKEN to what @BotFather gave for the bot")
        if not settings.matrix_user:
            tell("Matrix: not served; set TEEJUHT_MATRIX_USER to the bot's account and run `teejuht matrix login`")
        with window.open(settings.admin_address) as address:
            if address:
                tell(f"For the operator: {address}/readyz and {address}/metrics")
            await until_stopped(
                _beside(
                    engine.run(),
                    keep_fresh(content, library, engine.report),
                    remind(content, report=engine.report),
                    watch_desks(engine),
                    window.run(engine),
                )
            )
    finally:
        await store.close()


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


async def watch_desks(engine: Engine) -> None:
    """Report what desks lack to work, once they had time to connect, and what they come to lack later."""
    told: set[str] = set()
    await asyncio.sleep(CONNECTED)
    while True:
        found = {f"{name}: {problem}" for name, problems in (await engine.desk_problems()).items() for problem in problems}
        for problem in sorted(found - told):
            log.error("desk not ready", what=problem)
        told = found
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


def build_engine(settings: Settings, content: Content, store: SqlStore, window: Window | None = None) -> Engine:
    """Put engine, channels and desks together, and let the window see what happens there.

    Errors: SettingsError if no channel is wanted, or a desk is nobody's.
    """
    window = window or operators_window(settings, content, store)
    said = Bell()
    channels: dict[str, Channel] = {}

    async def fetch(file: File) -> bytes:
        return await content_of(file, channels)

    telegram = telegram_channel(settings, content, fetch)
    matrix = matrix_channel(settings, content, store, fetch) if settings.matrix_user else None
    post, links = offices.mailer(settings, utc_now), CaseLinks(store=store, public_url=settings.public_url, clock=utc_now)
    if telegram:
        channels[telegram.name] = telegram
    if matrix:
        channels[matrix.name] = matrix
    if settings.web:
        hooks = {TELEGRAM_HOOK: telegram.hook} if telegram and settings.telegram_webhook else {}
        cases = Cases(links=links, view=partial(show_case, content, fetch)) if post else None
        web = web_channel(settings, content, store, said, hooks, cases, window.ready)
        channels[web.name] = web
    if not channels:
        raise SettingsError(
            "there is nothing to serve: TEEJUHT_WEB is off, TEEJUHT_TELEGRAM_TOKEN and TEEJUHT_MATRIX_USER are not set"
        )
    desks = offices.desks(settings, lambda: content.world, content.catalogs, links, post, telegram, matrix)
    return Engine(
        store=store,
        world=lambda: content.world,
        catalogs=content.catalogs,
        channels=tuple(channels.values()),
        keep=retention(settings),
        watch=window.metrics.watch,
        settled=window.metrics.settled,
        said=said,
        desks=ToDesks(
            desks=desks, store=store, fetch=fetch, clock=utc_now,
            notices=offices.notices(post, content.catalogs), page=settings.public_url,
        ),
        limits=Limits(per_minute=settings.messages_per_minute, per_second=settings.messages_per_second),
    )  # fmt: skip


def operators_window(settings: Settings, content: Content, store: SqlStore) -> Window:
    """Make the window through which the operator sees this process."""
    return Window(
        store=store, world=lambda: content.world, faults=lambda: content.errors, keep=retention(settings), clock=utc_now
    )


async def content_of(file: File, channels: Mapping[str, Channel]) -> bytes:
    """Give a file's content, from the channel where it was sent. Errors: Refused, Unreachable."""
    if not file.channel:
        return file.ref.encode()
    channel = channels.get(file.channel)
    if not isinstance(channel, Files):
        raise Refused("no channel of that name has files")
    return await channel.fetch(file)


def telegram_channel(settings: Settings, content: Content, fetch: Fetch) -> TelegramChannel | None:
    """Make the channel of this installation's Telegram bot, if it has one."""
    if not (token := settings.telegram_token.get_secret_value()):
        return None
    languages = content.world.languages
    return TelegramChannel(
        token=token,
        url=settings.telegram_api,
        webhook=f"{settings.public_url}{TELEGRAM_HOOK}" if settings.telegram_webhook else "",
        profile=Profile(languages=languages, default=languages[0], say=partial(say_around, content)),
        clock=utc_now,
        desks=offices.telegram_groups(settings),
        fetch=fetch,
    )


def matrix_channel(settings: Settings, content: Content, store: SqlStore, fetch: Fetch) -> MatrixChannel:
    """Make the channel of this installation's Matrix account."""
    return MatrixChannel(
        user=settings.matrix_user,
        keys=settings.matrix_key_store,
        servers=settings.matrix_allowed,
        recall=store.cursor,
        say=partial(say_around, content),
        clock=utc_now,
        desks=offices.matrix_rooms(settings),
        fetch=fetch,
    )


def say_around(content: Content, lang: str, id: str) -> str:
    """Give a sentence that stands around a chat, such as a description of the bot."""
    return content.catalogs.text(lang, id, {"operator": operator(content, lang)})


def operator(content: Content, lang: str) -> str:
    """Name the body that runs this bot."""
    world = content.world
    return world.place(world.home).operators[lang] if world.home else content.catalogs.text(lang, NO_OPERATOR)


def web_channel(
    settings: Settings,
    content: Content,
    store: SqlStore,
    said: Bell,
    hooks: Mapping[str, Hook] | None = None,
    cases: Cases | None = None,
    ready: Ready = always,
) -> WebChannel:
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
        operator=lambda lang: operator(content, lang),
        contact=lambda lang: contact_line(home().contacts[-1], lang),
        clock=utc_now,
        hooks=hooks,
        cases=cases,
        ready=ready,
    )
