"""What stands between a bot and its homeserver: passes requests on, notes them, and makes the trouble that a test asks for.

Knows HTTP only. Must not know Matrix.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

ONE_HOP: Final = ("host", "content-length", "transfer-encoding", "content-encoding", "connection", "date", "server")
"""Headers that are not passed on."""
ERROR_PAGE: Final = "<html><body>Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happens to one request, `METHOD /path`, that matches: an answer made up here or, without a status, a broken line.

    With `arrives` the homeserver is asked all the same, and only what it says is lost.
    """

    request: str
    status: int = 0
    body: str = ERROR_PAGE
    arrives: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A request that was answered: when, which, how."""

    at: float
    request: str
    status: int
    body: bytes = field(repr=False)


class Proxy:
    """Passes on to a homeserver; `troubles` are used up one after the other, `passed` is what was answered."""

    def __init__(self, server: str) -> None:
        self.url = ""
        self.troubles: list[Trouble] = []
        self.passed: list[Passed] = []
        self._server = server

    @asynccontextmanager
    async def run(self) -> AsyncIterator["Proxy"]:
        """Serve until left."""
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{rest:.*}", self._handle)
        # A sync that the bot does not wait for any more would hold up the end.
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True, access_log=None)
        async with aiohttp.ClientSession(trust_env=False) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name = f"{request.method} {request.raw_path}"
        trouble = next((one for one in self.troubles if re.search(one.request, name)), None)
        if trouble is None:
            return await self._pass_on(request, name)
        self.troubles.remove(trouble)
        if trouble.arrives:
            await self._pass_on(request, name)
        if trouble.status:
            return web.Response(status=trouble.status, text=trouble.body)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _pass_on(self, request: web.Request, name: str) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ONE_HOP}
        url = URL(self._server + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, headers=headers, data=await request.read()) as answer:
            body = await answer.read()
        now = asyncio.get_running_loop().time()
        self.passed.append(Passed(at=now, request=name, status=answer.status, body=body))
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in ONE_HOP}
        return web.Response(status=answer.status, headers=kept, body=body)
