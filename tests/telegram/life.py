"""A bot on Telegram whose power goes at a given moment: engine, store, channel and web server as they are, run by `test_killed`.

Knows what the moments of its life are. Knows nothing of who writes, nor of what Telegram has seen.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bot import app
from bot.engine import Engine, utc_now
from bot.loops import Bell
from bot.platforms.telegram import Profile, TelegramChannel
from bot.platforms.web import WebChannel
from bot.ports import Channel, Hook
from bot.store import SqlStore
from tests.engine.moments import around_calls, around_transactions, countdown, nothing
from tests.engine.small import small_world
from tests.telegram.kit import HOOK, say
from tests.worlds import catalogs

PROFILE: Final = ("MyCommands", "MyDescription", "MyShortDescription", "ChatMenuButton")
"""Calls about the words around the chat, in which no message has a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a bot lives: its database, Telegram's address, its token, and whether Telegram pushes."""

    file: Path
    url: str
    token: str
    pushed: bool


async def live(life: Life, moment: Callable[[], None] = nothing) -> None:
    """Run the bot until cancelled; `moment` is called in each computation and around each update that is pushed."""
    async with _engine(life, moment) as engine:
        await engine.run()


def serve(life: Life) -> None:
    """Live until SIGTERM."""
    asyncio.run(app.until_stopped(live(life)))


def dying(life: Life, last: int) -> None:
    """Live, with moments also around each transaction and each call to Telegram; die at the last one or end at SIGTERM."""
    moment = countdown(last)
    around_transactions(moment)
    around_calls(moment, lambda url: not url.endswith(PROFILE))
    asyncio.run(app.until_stopped(live(life, moment)))


@asynccontextmanager
async def _engine(life: Life, moment: Callable[[], None]) -> AsyncIterator[Engine]:
    store = await SqlStore.open(f"sqlite:///{life.file}", serve=True)
    said, port = Bell(), _free_port() if life.pushed else 0
    telegram = TelegramChannel(
        token=life.token,
        url=life.url,
        profile=Profile(languages=(), default="en", say=say),
        clock=utc_now,
        webhook=f"http://127.0.0.1:{port}{HOOK}" if life.pushed else "",
        paced=False,
        first_wait=0.02,
    )
    channels: list[Channel] = [telegram]
    if life.pushed:
        channels.append(_web(store, said, port, partial(_around, telegram.hook, moment)))
    try:
        yield Engine(
            store=store,
            world=small_world,
            catalogs=catalogs(),
            channels=channels,
            watch=lambda *_: moment(),
            said=said,
        )
    finally:
        await store.close()


async def _around(hook: Hook, moment: Callable[[], None], headers: Mapping[str, str], body: bytes) -> int:
    moment()
    status = await hook(headers, body)
    moment()
    return status


def _web(store: SqlStore, said: Bell, port: int, hook: Hook) -> WebChannel:
    return WebChannel(
        store=store,
        listen=lambda: said.listen().wait,
        catalogs=catalogs(),
        languages=("et", "ru", "en"),
        default_language="et",
        host="127.0.0.1",
        port=port,
        public_url="",
        operator=lambda _: "Kohtla-Järve",
        clock=utc_now,
        hooks={HOOK: hook},
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
