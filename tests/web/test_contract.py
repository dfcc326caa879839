"""The Channel contract over the web page: a person whose browser is a small HTTP client of ours."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest

from bot.i18n import Catalogs
from bot.platforms.web import WebChannel
from bot.platforms.web.session import conversation_of
from bot.ports import Message
from tests.contracts.channel import PATIENCE, ChannelContract, Inbox, Rig, Shown, until
from tests.web.fakes import MemoryStore, browser, channel

JSON = {"Content-Type": "application/json"}


class WebRig:
    """A browser without a screen: posts in order until taken, reads the stream, acknowledges what it has."""

    def __init__(self, web: WebChannel, store: MemoryStore, inbox: Inbox, client: httpx.AsyncClient) -> None:
        self.channel = web
        self.running = asyncio.create_task(web.run(inbox))
        self.confirmed = 0
        self._store = store
        self._client = client
        self._seen: list[Shown] = []
        self._posts: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._last: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load the page, which brings the cookie, and begin to listen."""
        await asyncio.sleep(0)
        self._client.base_url = httpx.URL(f"http://127.0.0.1:{self.channel.bound}")
        self._client.headers["Origin"] = str(self._client.base_url)
        await self._client.get("/")
        self._tasks = [asyncio.create_task(self._posting()), asyncio.create_task(self._listening())]

    async def stop(self) -> None:
        """Close the tab, then the server."""
        for task in (*self._tasks, self.running):
            task.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await task

    async def open(self, payload: str = "") -> None:
        await self._do(event="opened", payload=payload)

    async def say(self, text: str) -> None:
        await self._do(event="said", text=text)

    async def choose(self, option: str) -> None:
        await self._do(event="chose", option=option)

    async def repeat(self) -> bool:
        await self._posts.put(self._last)
        return True

    async def show(self, message: Message) -> str:
        return str(self._store.put(conversation_of(self._client.cookies["teejuht"]), message))

    async def shown(self, count: int) -> Sequence[Shown]:
        await until(lambda: len(self._seen) >= count, f"{count} messages")
        return list(self._seen)

    async def _do(self, **event: str) -> None:
        self._last = {"id": str(uuid4()), **event}
        await self._posts.put(self._last)

    async def _posting(self) -> None:
        while True:
            # As JSON.stringify writes it: half of a surrogate pair goes out as an escape.
            body = json.dumps(await self._posts.get())
            while (answer := await self._client.post("/events", content=body, headers=JSON)).is_server_error:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            self.confirmed += answer.status_code == httpx.codes.ACCEPTED

    async def _listening(self) -> None:
        async with self._client.stream("GET", "/stream", timeout=PATIENCE) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    self._seen.append(_read(json.loads(line.removeprefix("data: "))))


def _read(data: dict[str, list[dict[str, str]]]) -> Shown:
    """Read a message as a browser would: breaks are breaks, tags are gone, entities are characters."""
    broken = "\n".join(re.sub(r"<br>|</p>|</li>", "\n", part["html"]) for part in data["parts"])
    return Shown(text=html.unescape(re.sub(r"<[^>]*>", "", broken)), options=tuple(option["id"] for option in data["options"]))


class TestWeb(ChannelContract):
    """The web page."""

    @pytest.fixture
    async def rig(self, inbox: Inbox, store: MemoryStore, catalogs: Catalogs) -> AsyncIterator[Rig]:
        """A person with the page open."""
        async with browser() as client:
            rig = WebRig(channel(store, catalogs), store, inbox, client)
            await rig.start()
            yield rig
            await rig.stop()
