"""Whether the process lives and can do its work, for whoever watches it: as the public is told it, and as the operator is.

Knows HTTP; what makes it ready, and in which parts, is said by those it asks.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.ports import JSON

Ready: TypeAlias = Callable[[], Awaitable[bool]]
Parts: TypeAlias = Callable[[], Awaitable[tuple[bool, Mapping[str, JSON]]]]
"""Tells whether it is ready, and how each part fares."""
OK, UNAVAILABLE = 200, 503


async def always() -> bool:
    """Tell that it is ready."""
    return True


def public_routes(ready: Ready) -> list[Route]:
    """Make the routes that anybody may ask: a word and a status, no detail."""

    async def readiness(_: Request) -> Response:
        return PlainTextResponse("ok", OK) if await ready() else PlainTextResponse("not ready", UNAVAILABLE)

    return [Route("/healthz", _alive), Route("/readyz", readiness)]


def operator_routes(parts: Parts) -> list[Route]:
    """Make the routes that only the operator can reach: part by part."""

    async def readiness(_: Request) -> Response:
        ready, found = await parts()
        return JSONResponse({"ready": ready, "parts": found}, OK if ready else UNAVAILABLE)

    return [Route("/healthz", _alive), Route("/readyz", readiness)]


async def _alive(_: Request) -> Response:
    """Say that the process lives; this touches nothing, so that a slow database gets nobody killed."""
    return PlainTextResponse("ok")
