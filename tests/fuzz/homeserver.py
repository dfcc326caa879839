"""A homeserver that says whatever a test gives it, over real HTTP: enough to be logged in, and one sync after the other.

No twin of a real one; `tests/peers/synapse.py` is. Here it is the other side that is tested.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.platforms.web.server import listen, serve

ME: Final = "@teejuht:localhost"
DEVICE: Final = "D"
PATIENCE: Final = 60.0


@dataclass(slots=True)
class Homeserver:
    """`lives`: how often the bot began anew, with asking who it is. `asked`: the positions that it asked from."""

    url: str = ""
    lives: int = 0
    asked: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    answers: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)

    async def turn(self, sync: Any) -> str:  # noqa: ANN401 - whatever a test wants
        """Answer the sync that the bot waits for, and give the position that it asks from next."""
        self.answers.put_nowait(json.dumps(sync).encode())
        async with asyncio.timeout(PATIENCE):
            return await self.asked.get()

    async def serve(self, request: Request) -> Response:
        """Answer any call."""
        path = request.url.path
        if path.endswith("/sync"):
            self.asked.put_nowait(request.query_params.get("since", ""))
            return Response(await self.answers.get(), media_type="application/json")
        if path.endswith("/whoami"):
            self.lives += 1
            return JSONResponse({"user_id": ME, "device_id": DEVICE})
        if path.endswith("/keys/upload"):
            return JSONResponse({"one_time_key_counts": {"signed_curve25519": 50}})
        if path.endswith("/keys/query"):
            return JSONResponse({"device_keys": {}, "failures": {}})
        if "/join/" in path or path.endswith(("/join", "/leave")):
            return JSONResponse({"room_id": "!invite"})
        return JSONResponse({"errcode": "M_NOT_FOUND", "error": "not here"}, 404)


@asynccontextmanager
async def homeserver() -> AsyncIterator[Homeserver]:
    """Serve one until left."""
    server = Homeserver()
    app = Starlette(routes=[Route("/{path:path}", server.serve, methods=["GET", "POST", "PUT"])])
    with listen("127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(serve(app, listening, lambda: server.answers.put_nowait(b"{}")))
        try:
            yield server
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
