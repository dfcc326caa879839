"""The one place that knows every part: builds them from settings, starts and stops them."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import partial

import structlog

from bot import offices
from bot.content import LOOK_AGAIN, Content, keep_fresh, load_content, open_library, operator, remind, say_around
from bot.core.world import Municipality
from bot.delivery import ToDesks
from bot.engine import Engine, utc_now
from bot.errors import Refused, SettingsError
from bot.limits import Limits
from bot.loops import Bell
from bot.platforms.matrix import MatrixChannel
from bot.platforms.telegram import Profile, TelegramChannel
from bot.platforms.web.case_links import CaseLinks
from bot.platforms.web.case_page import Cases
from bot.platforms.web.channel import WebChannel
from bot.platforms.web.health import Ready, always
from bot.ports import Channel, Fetch, File, Files, Hook, Status
from bot.render.speak import contact_line
from bot.settings import Settings
from bot.staff_page import show_case
from bot.store import migrate
from bot.store.store import SqlStore
from bot.window import Window, retention

TELEGRAM_HOOK = "/hooks/telegram"
CONNECTED = 15.0
"""Seconds after which channels should be connected."""

log = structlog.get_logger(__name__)


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
