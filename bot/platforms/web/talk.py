"""What the page's script calls: events in, messages out, seen, a new conversation.

Knows HTTP and the session; hands events to the engine and rows to the page, and decides nothing.
"""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.core.events import to_json
from bot.errors import TooBusy
from bot.platforms.web.connections import most_connections
from bot.platforms.web.inbound import MAX_BYTES, parse_event, parse_seen
from bot.platforms.web.session import Sessions
from bot.platforms.web.stream import EventStream, Rows, Streams
from bot.ports import Arrival, Ingest

MAX_ROW = 2**63
BODY_SECONDS: Final = 20.0
"""For a body to come; the page's script gives up after 15."""
MOST_STREAMS: Final = 1000
"""Open pages that one process serves: each looks for messages every two seconds."""

_log = structlog.get_logger()


class Talk:
    """The routes of the script. An event is answered with 202 only when `ingest` has returned."""

    def __init__(
        self, *, ingest: Ingest, rows: Rows, streams: Streams, sessions: Sessions, clock: Callable[[], datetime]
    ) -> None:
        self._ingest = ingest
        self._rows = rows
        self._streams = streams
        self._sessions = sessions
        self._clock = clock

    @property
    def routes(self) -> list[Route]:
        """Say which path is whose."""
        return [
            Route("/events", self._take, methods=["POST"]),
            Route("/seen", self._seen, methods=["POST"]),
            Route("/new", self._new, methods=["POST"]),
            Route("/stream", self._stream, methods=["GET"]),
        ]

    async def _take(self, request: Request) -> Response:
        conversation = self._conversation(request)
        now = self._clock()
        posted, event = parse_event(await self._body(request), now)
        arrival = Arrival(
            source=conversation, ext_id=posted, channel="web", conversation=conversation, body=to_json(event), at=now
        )
        try:
            await self._ingest([arrival])
        except TooBusy as error:
            raise HTTPException(429, "too-busy", {"Retry-After": str(math.ceil(error.seconds))}) from None
        return JSONResponse({}, 202)

    async def _seen(self, request: Request) -> Response:
        conversation = self._conversation(request)
        await self._rows.acknowledge(conversation, parse_seen(await self._body(request)))
        return JSONResponse({})

    async def _new(self, request: Request) -> Response:
        await self._body(request)
        response = JSONResponse({})
        self._sessions.start(request, response)
        return response

    async def _stream(self, request: Request) -> Response:
        conversation = self._conversation(request)
        if self._streams.open.total() >= min(MOST_STREAMS, most_connections() * 3 // 4):
            raise HTTPException(503, "too-many-streams", {"Retry-After": "10"})
        if self._streams.is_full(conversation):
            raise HTTPException(429, "too-many-streams", {"Retry-After": "10"})
        after = max(_number(request.headers.get("last-event-id")), _number(request.query_params.get("after")))
        return EventStream(self._streams, conversation, after)

    def _conversation(self, request: Request) -> str:
        conversation = self._sessions.conversation(request)
        if conversation is None:
            raise HTTPException(401, "no-session")
        return conversation

    async def _body(self, request: Request) -> bytes:
        """Read a post that our own page sent, as far as the limit."""
        if not self._sessions.is_own(request):
            raise HTTPException(403, "not-from-this-page")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "not-json")
        return await read_body(request, MAX_BYTES)


async def read_body(request: Request, most: int) -> bytes:
    """Read what was posted, as far as the limits of bytes and time. Errors: HTTPException 413 and 408."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413, "too-long", {"Connection": "close"})
    except TimeoutError:
        raise HTTPException(408, "too-slow", {"Connection": "close"}) from None
    return bytes(body)


async def refused(_: Request, error: Exception) -> Response:
    """Answer a body that is no event of ours: sending it again will not help."""
    return JSONResponse({"error": str(error)}, 400)


async def unavailable(_: Request, error: Exception) -> Response:
    """Answer while the store cannot be used: the page sends it again."""
    _log.warning("web_store_unavailable", error=type(error).__name__)
    return JSONResponse({"error": "later"}, 503, {"Retry-After": "1"})


def _number(text: str | None) -> int:
    """Read a row id that a browser sent; anything else means from the beginning."""
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > len(str(MAX_ROW)):
        return 0
    return min(int(text), MAX_ROW - 1)
