"""The web page as a channel: puts its parts together and serves them.

Knows `ports.Channel` and the parts of this room; the store and the engine stay behind what is handed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.errors import Refused, StoreError
from bot.i18n import Catalogs
from bot.platforms.web.case_page import CasePages, Cases
from bot.platforms.web.guard import Guard
from bot.platforms.web.health import Ready, always, public_routes
from bot.platforms.web.hooks import hook_routes
from bot.platforms.web.inbound import Rejected
from bot.platforms.web.pages import Pages
from bot.platforms.web.server import listen, serve
from bot.platforms.web.session import Sessions
from bot.platforms.web.stream import Rows, Streams
from bot.platforms.web.talk import Talk, refused, unavailable
from bot.ports import Ability, Delivery, Hook, Ingest, Message

MAX_CHARS = 4000


def _nothing(_: str) -> str:
    return ""


class WebChannel:
    """The chat page of one bot.

    `listen` gives a wait of one's own, which returns when something new may be there or after the seconds. `operator` names who
    runs the bot, `contact` says in Markdown where to report a barrier, both for a language. `hooks` are what other platforms post
    to, by path. `cases` is what staff see who come by a link in a mail; without it there are no such pages. `ready` tells whether
    this process can do its work. `bound` is the port while `run` serves, otherwise 0.
    """

    name = "web"
    ability = Ability(max_chars=MAX_CHARS, buttons=True, pulled=True)

    def __init__(
        self,
        *,
        store: Rows,
        listen: Callable[[], Callable[[float], Awaitable[None]]],
        catalogs: Catalogs,
        languages: Sequence[str],
        default_language: str,
        host: str,
        port: int,
        public_url: str,
        operator: Callable[[str], str],
        clock: Callable[[], datetime],
        contact: Callable[[str], str] = _nothing,
        hooks: Mapping[str, Hook] | None = None,
        cases: Cases | None = None,
        ready: Ready = always,
    ) -> None:
        self._store = store
        self._listen = listen
        self._address = (host, port)
        self._clock = clock
        self._hooks = hook_routes(hooks or {})
        self._cases = cases
        self._health = public_routes(ready)
        self._sessions = Sessions(public_url)
        self._pages = Pages(
            catalogs=catalogs,
            languages=languages,
            default=default_language,
            operator=operator,
            contact=contact,
            sessions=self._sessions,
        )
        self.bound = 0

    async def run(self, ingest: Ingest) -> None:
        """Serve until cancelled. Errors: SettingsError if the port cannot be had."""
        stopping = asyncio.Event()
        with listen(*self._address) as listening:
            self.bound = int(listening.getsockname()[1])
            try:
                await serve(self._build(ingest, stopping), listening, stopping.set)
            finally:
                self.bound = 0

    async def send(self, delivery: Delivery, message: Message) -> str:  # noqa: ARG002
        """Refuse: the page pulls its messages."""
        raise Refused("the web page pulls its messages; nothing is sent to it")

    def app(self, ingest: Ingest) -> ASGIApp:
        """Build the application without serving it."""
        return self._build(ingest, asyncio.Event())

    def _build(self, ingest: Ingest, stopping: asyncio.Event) -> ASGIApp:
        streams = Streams(rows=self._store, listen=self._listen, clock=self._clock, stopping=stopping)
        talk = Talk(ingest=ingest, rows=self._store, streams=streams, sessions=self._sessions, clock=self._clock)
        handlers = {
            Rejected: refused,
            StoreError: self._unavailable,
            ClientDisconnect: refused,
            HTTPException: self._pages.error,
            Exception: self._pages.error,
        }
        routes = [*self._pages.routes, *talk.routes, *self._health, *self._hooks, *self._case_routes(ingest)]
        return Guard(Starlette(routes=routes, exception_handlers=handlers))

    def _case_routes(self, ingest: Ingest) -> Sequence[Route]:
        if self._cases is None:
            return ()
        return CasePages(cases=self._cases, ingest=ingest, pages=self._pages, sessions=self._sessions, clock=self._clock).routes

    async def _unavailable(self, request: Request, error: Exception) -> Response:
        """Answer while the store cannot be used: a script comes again by itself, a person reads what to do."""
        if "text/html" in request.headers.get("accept", ""):
            return await self._pages.error(request, HTTPException(503, "later", {"Retry-After": "1"}))
        return await unavailable(request, error)
