"""The emulator over HTTP: an ASGI application and uvicorn's protocol on a free port of this machine.

Knows addresses, bodies and connections; not what a call does. uvicorn's own server is not used: it needs a fifth of a second
to stop, and every test starts one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.peers.bot_api.api import BotApi
from tests.peers.bot_api.forms import fields
from tests.peers.bot_api.page import serve_page
from tests.peers.bot_api.values import Answer

KEEP_ALIVE: Final = 600
"""Seconds: a connection that is closed just when a bot uses it again would be a fault that no test asked for."""
GRACE: Final = 2.0
_FILES: Final = "files/"


@asynccontextmanager
async def bot_api(*, token: str = "123456:TEST", validate: bool = True, port: int = 0) -> AsyncIterator[BotApi]:
    """Serve a Bot API until left. Errors: AssertionError at the end if the bot made calls that the models refuse."""
    api = BotApi(token=token, validate=validate)
    async with _serving(api, port):
        yield api
    assert not api.violations, "\n".join(["calls that Telegram does not know:", *api.violations])


@asynccontextmanager
async def _serving(api: BotApi, port: int) -> AsyncIterator[None]:
    state = ServerState()
    config = uvicorn.Config(
        _Site(api, state), log_config=None, access_log=False, lifespan="off", ws="none", timeout_keep_alive=KEEP_ALIVE
    )
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: H11Protocol(config, state, {}), "127.0.0.1", port)
    api.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.close()
        await api.stop_webhook()
        api.bell.close()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=GRACE)
        for connection in list(state.connections):
            connection.transport.abort()
        await server.wait_closed()


class _Site:
    """Calls, files, and a page to try things by hand."""

    def __init__(self, api: BotApi, state: ServerState) -> None:
        self._api = api
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["path"]
        if path.startswith("/bot"):
            answer = await self._call(scope, receive, path)
        elif path.startswith("/file/bot"):
            answer = self._file(path)
        else:
            answer = await serve_page(self._api, Request(scope, receive))
        if answer is None:
            await self._drop(scope, receive)
        else:
            await Response(answer.body, answer.status, media_type=answer.type)(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, path: str) -> Answer | None:
        if self._api.bell.closed:
            return None
        request = Request(scope, receive)
        body = await request.body()
        token, _, method = path.removeprefix("/bot").partition("/")
        kind, query = request.headers.get("content-type", ""), scope["query_string"].decode()
        gone = asyncio.Event()
        watch = asyncio.create_task(self._watch(receive, gone)) if method.lower() == "getupdates" else None
        try:
            return await self._api.answer(token, method, lambda: fields(content_type=kind, query=query, body=body), gone)
        finally:
            if watch:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch

    async def _watch(self, receive: Receive, gone: asyncio.Event) -> None:
        """Say when the caller hangs up."""
        await receive()
        gone.set()
        self._api.bell.ring()

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        """Break the connection and wait until it is broken."""
        for connection in list(self._state.connections):
            if getattr(connection, "client", None) == scope["client"]:
                connection.transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _file(self, path: str) -> Answer:
        token, _, file = path.removeprefix("/file/bot").partition("/")
        content = self._api.file(file.removeprefix(_FILES)) if self._api.admits(token) else None
        if content is None or not file.startswith(_FILES):
            return Answer(status=404, body=b'{"ok":false,"error_code":404,"description":"Not Found"}')
        return Answer(status=200, body=content, type="application/octet-stream")
