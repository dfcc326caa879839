"""The operator's window: a small server of its own, beside the public one, with health, readiness and metrics.

Knows HTTP and where to listen; not what is said there. It asks for no password, so it belongs where only the operator is.
"""

import socket
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.platforms.web.guard import Guard
from bot.platforms.web.health import Parts, operator_routes
from bot.platforms.web.server import listen, serve

SETTING = "TEEJUHT_ADMIN_BIND"


class Admin:
    """Serves `/healthz`, `/readyz` and `/metrics`; `metrics` gives their text, written as `content_type` says."""

    def __init__(self, *, parts: Parts, metrics: Callable[[], Awaitable[bytes]], content_type: str) -> None:
        self._parts = parts
        self._metrics = metrics
        self._content_type = content_type

    def app(self) -> ASGIApp:
        """Build the application without serving it."""
        return Guard(Starlette(routes=[*operator_routes(self._parts), Route("/metrics", self._show)]))

    async def run(self, listening: socket.socket) -> None:
        """Serve until cancelled."""
        await serve(self.app(), listening, lambda: None)

    async def _show(self, _: Request) -> Response:
        return Response(await self._metrics(), media_type=self._content_type)


def take_port(host: str, port: int) -> socket.socket:
    """Listen for the operator. Errors: SettingsError that names the setting."""
    return listen(host, port, settings=(SETTING, SETTING))
