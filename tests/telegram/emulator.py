"""What the tests of the emulator itself share: plain calls, and a bot's side of a webhook.

Knows HTTP and the emulator; nothing of our own bot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import cast

import httpx
from aiohttp import web

from tests.peers.bot_api import BotApi, Json

Caller = Callable[..., Coroutine[None, None, Json]]


@asynccontextmanager
async def calling(api: BotApi) -> AsyncIterator[Caller]:
    """Give what calls a method with JSON and returns the whole answer."""
    # There is no TLS here, and loading certificates takes longer than a test.
    async with httpx.AsyncClient(base_url=f"{api.url}/bot{api.token}/", timeout=20, verify=False) as client:

        async def call(method: str, **params: object) -> Json:
            return cast(Json, (await client.post(method, json=params)).json())

        yield call


async def refusal(call: Caller, method: str, **params: object) -> str:
    """Return what Telegram says against a call; empty if it says nothing."""
    answer = await call(method, **params)
    return str(answer.get("description", "")).removeprefix("Bad Request: ")


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    """Serve the bot's side of a webhook and return its address."""
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Hook:
    """A webhook that answers with the given statuses, then 200; keeps the texts it took and how many came at once."""

    def __init__(self, *statuses: int) -> None:
        self.texts: list[str] = []
        self.most = 0
        self.app = web.Application()
        self.app.router.add_post("/", self._take)
        self._statuses = list(statuses)
        self._now = 0

    async def _take(self, request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.02)
        self._now -= 1
        status = self._statuses.pop(0) if self._statuses else 200
        if status == 200:
            self.texts.append(text)
        return web.Response(status=status)
