"""A page for editors on their own machine: every topic as Telegram, Matrix and the web page show it, anew whenever files change.

Knows HTTP, templates and `Preview`, through which it is handed everything; no knowledge file and no rule. Its own words are
English alone, as the command line's are.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.core.world import World
from bot.errors import SettingsError, WrongUse
from bot.platforms.web.guard import Guard
from bot.platforms.web.pages import HERE, NOT_FOUND
from bot.platforms.web.preview_views import Limits, Reading, Speak, answers, by_topic, shelves, title_of, towns
from bot.platforms.web.server import listen, serve

LOOK = 2.0
"""Seconds after which a stream looks for a reading that it was not told of, and notices that its page has gone."""

__all__ = ["Limits", "Preview", "Reading", "Speak", "preview_app", "serve_preview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the pages are made of. `reading` gives the newest one; `changed` returns once there has been another."""

    reading: Callable[[], Reading]
    changed: Callable[[], Awaitable[None]]
    speak: Speak
    limits: Limits


def preview_app(source: Preview) -> Starlette:
    """Build the editors' pages; `state.stopping` of the app, an asyncio.Event, ends its streams."""
    pages = _Pages(source)
    routes = [
        Route("/", pages.topics),
        Route("/topic/{id}", pages.topic),
        Route("/changes", pages.changes),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard)])
    app.state.stopping = pages.stopping
    return app


async def serve_preview(
    app: Starlette, host: str = "127.0.0.1", port: int = 8090, tell: Callable[[str], None] | None = None
) -> None:
    """Serve the editors' pages until cancelled, after telling their address; port 0 takes a free one.

    Errors: WrongUse if the host is not this machine or the port cannot be had.
    """
    if not _is_local(host):
        raise WrongUse(f"the preview is for this machine alone, and {host} can be reached from others: use 127.0.0.1")
    try:
        listening = listen(host, port)
    except SettingsError as error:
        raise WrongUse(f"the preview cannot listen on {host}, port {port}: choose another port") from error
    with listening:
        if tell:
            tell(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        await serve(app, listening, app.state.stopping.set)


class _Pages:
    """The list of topics, a topic, and the stream that says when either is out of date."""

    def __init__(self, source: Preview) -> None:
        self._source = source
        self.stopping = asyncio.Event()
        loader = FileSystemLoader(HERE / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    async def topics(self, request: Request) -> Response:
        """List the topics by category, as far as the filter lets them through."""
        reading = self._source.reading()
        find, only = request.query_params.get("find", ""), request.query_params.get("only") == "problems"
        if reading.world is None:
            return self._fill("preview_missing.html", reading)
        problems = by_topic(reading.problems, reading.world)
        shown = list(shelves(reading.world, problems, find, only=only))
        return self._fill("preview_topics.html", reading, shelves=shown, rest=problems.get("", ()), find=find, only=only)

    async def topic(self, request: Request) -> Response:
        """Show a topic in every language and channel, with what is wrong with it."""
        reading, id = self._source.reading(), request.path_params["id"]
        world = reading.world
        if world is None or id not in world.topics:
            return self._fill("preview_missing.html", reading, status=NOT_FOUND)
        town = _town(world, request.query_params.get("town", ""))
        topic = world.topics[id]
        return self._fill(
            "preview_topic.html",
            reading,
            topic=topic,
            title=title_of(topic),
            own=by_topic(reading.problems, world).get(id, ()),
            answers=list(answers(world, topic, town, self._source.speak, self._source.limits)),
            towns=towns(world, id, town),
            home=world.home,
        )

    async def changes(self, request: Request) -> Response:
        """Tell the page when there is a reading other than the one that it shows (`since`)."""
        return StreamingResponse(self._told(request.query_params.get("since", "")), media_type="text/event-stream")

    async def _told(self, since: str) -> AsyncIterator[bytes]:
        while not self.stopping.is_set():
            if (now := str(self._source.reading().number)) != since:
                since = now
                yield b"data: changed\n\n"
            else:
                yield b": still here\n\n"
            await self._pause()

    async def _pause(self) -> None:
        """Wait for a reading, for the server's end or for two seconds, whatever comes first."""
        waits: list[asyncio.Future[object]] = [
            asyncio.ensure_future(self._source.changed()),
            asyncio.ensure_future(self.stopping.wait()),
        ]
        try:
            await asyncio.wait(waits, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            if waits[0].done():
                waits[0].result()
        finally:
            for wait in waits:
                wait.cancel()

    def _fill(self, template: str, reading: Reading, *, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(template).render(reading=reading, **values)
        return HTMLResponse(html, status)


def _town(world: World, asked: str) -> str | None:
    """Take the municipality asked for, else the operator's; None where neither is known."""
    return asked if asked in {town.slug for town in world.towns()} else world.home


def _is_local(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
