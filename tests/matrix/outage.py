"""What tests of outages share: a bot behind a proxy that makes trouble, what somebody sees of it, and what its log complains of.

Knows how a bot is run. Knows nothing of what is tested.
"""

import json
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.platforms.matrix import KeyStore, Login
from tests.engine.processes import PATIENCE, until
from tests.matrix.kit import Bot, bot_account
from tests.matrix.proxy import Proxy, Trouble
from tests.matrix.stage import Stage
from tests.peers.matrix_person import Person
from tests.peers.synapse import Synapse

Log = Sequence[MutableMapping[str, Any]]


def login_of(bot: Bot) -> Login:
    """Read a bot's login."""
    with closing(KeyStore.open(bot.keys)) as keys:
        login = keys.login(bot.user)
    assert login is not None
    return login


@asynccontextmanager
async def through_proxy(server: Synapse, folder: Path) -> AsyncIterator[tuple[Bot, Proxy]]:
    """Make a bot that speaks with its homeserver through a proxy."""
    bot = await bot_account(server, folder)
    async with Proxy(server.url).run() as proxy:
        with closing(KeyStore.open(bot.keys)) as keys:
            keys.keep(replace(login_of(bot), homeserver=proxy.url))
        yield bot, proxy


@asynccontextmanager
async def performing(bot: Bot, position: str | None = None) -> AsyncIterator[Stage]:
    """Run a bot's channel until left."""
    stage = Stage(bot)
    stage.position = position
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()


def answers(ann: Person, bot: Bot, room: str) -> list[str]:
    """Give the first word of each answer that somebody sees, all of which are to be trusted."""
    shown = [message for message in ann.messages(room) if message.sender == bot.user]
    assert all(message.trusted for message in shown)
    return [message.body.split()[0] for message in shown]


async def answered(ann: Person, bot: Bot, room: str, expected: Sequence[str]) -> None:
    """Wait for as many answers as are expected, and compare."""
    with suppress(TimeoutError):
        await ann.until(room, lambda _: len(answers(ann, bot, room)) >= len(expected), "answers", PATIENCE)
    assert answers(ann, bot, room) == list(expected)


async def logged(log: Log, event: str) -> None:
    """Wait until something was written to the log."""
    await until(lambda: any(row["event"] == event for row in log))


def complaints(log: Log, what: str = "matrix") -> list[str]:
    """Give what the log says about something that does not work, up to when it works again."""
    return [row.get("why", row["event"]) for row in log if row.get("what") == what and row["log_level"] in ("warning", "info")]


def troubles(request: str) -> list[Trouble]:
    """Make the troubles of a bad day for one kind of request."""
    limit = json.dumps({"errcode": "M_LIMIT_EXCEEDED", "error": "slowly", "retry_after_ms": 20})
    # aiohttp itself tries once more where a line breaks.
    broken = [Trouble(request=request)] * 2
    return [*broken, Trouble(request=request, status=502), Trouble(request=request, status=429, body=limit)]


def assert_said(log: Log, proxy: Proxy) -> None:
    """Assert that each of these troubles was there and was said once, and that they are over."""
    assert proxy.troubles == []
    *said, last = complaints(log)
    assert last == "works again"
    assert said == ["no answer: ServerDisconnectedError", "HTTP 502", "asked to wait 0.02 s"]
