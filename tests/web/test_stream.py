"""The stream of messages: resumed, restarted, acknowledged, limited."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot.i18n import Catalogs
from bot.platforms.web.session import conversation_of
from bot.platforms.web.stream import PER_CONVERSATION
from bot.ports import Delivery, Message, Option, Part, PartKind
from tests.contracts.channel import until
from tests.web.fakes import FakeEngine, MemoryStore, browser, channel, serving


def text(words: str) -> Message:
    """A message of one part."""
    return Message(lang="en", parts=(Part(markdown=words),))


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page open."""
    async with browser(address, Origin=address) as client:
        await client.get("/")
        yield client


def conversation(client: httpx.AsyncClient) -> str:
    """The conversation of a client."""
    return conversation_of(client.cookies["teejuht"])


@asynccontextmanager
async def lines(client: httpx.AsyncClient, after: str = "", last: str | None = None) -> AsyncIterator[AsyncIterator[str]]:
    """Open the stream, as EventSource does, and give its lines."""
    headers = {"Last-Event-ID": last} if last is not None else {}
    async with client.stream("GET", "/stream", params={"after": after}, headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        yield stream.aiter_lines()


async def read(from_: AsyncIterator[str], count: int) -> Sequence[tuple[int, str]]:
    """Read so many events: row id and the words of the message."""
    found: list[tuple[int, str]] = []
    number = 0
    while len(found) < count:
        line = await anext(from_)
        if line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        if line.startswith("data: "):
            data: dict[str, Any] = json.loads(line.removeprefix("data: "))
            found.append((number, "".join(part["html"] for part in data["parts"])))
    return found


async def test_a_message_is_written_for_the_page(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """Kinds, safe HTML, options, language, topic and whether more follows."""
    message = Message(
        lang="et",
        parts=(
            Part(kind=PartKind.CARD, markdown="**112**"),
            Part(markdown="<b>\na"),
            Part(kind=PartKind.SOURCES, markdown="[a](https://x.ee)"),
        ),
        options=(Option(id="menu", label="Menüü <b>"),),
        topic="school",
        end=False,
    )
    store.put(conversation(client), message)
    async with lines(client) as stream:
        data = [line async for line in _until_data(stream)][-1]
    assert json.loads(data.removeprefix("data: ")) == {
        "parts": [
            {"kind": "card", "html": "<p><strong>112</strong></p>"},
            {"kind": "text", "html": "<p>&lt;b&gt;<br>\na</p>"},
            {"kind": "sources", "html": '<p><a href="https://x.ee" target="_blank" rel="noopener">a</a></p>'},
        ],
        "options": [{"id": "menu", "label": "Menüü <b>"}],
        "lang": "et",
        "topic": "school",
        "end": False,
        "file": None,
    }


async def _until_data(stream: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in stream:
        yield line
        if line.startswith("data: "):
            return


@pytest.mark.parametrize(
    ("after", "last", "first"),
    [
        ("", None, 1),
        ("2", None, 3),
        ("", "3", 4),
        ("1", "3", 4),
        ("4", "3", 5),
        ("-1", None, 1),
        ("x", "y", 1),
        ("9" * 40, None, 1),
    ],
)
async def test_it_resumes_after_the_last_row(
    client: httpx.AsyncClient, store: MemoryStore, after: str, last: str | None, first: int
) -> None:
    """Last-Event-ID of a reconnect and ?after= of a reload both count, the greater wins; nonsense is the beginning."""
    for number in range(1, 6):
        store.put(conversation(client), text(f"m{number}"))
    async with lines(client, after, last) as stream:
        assert await read(stream, 6 - first) == [(number, f"<p>m{number}</p>") for number in range(first, 6)]


async def test_messages_come_as_they_are_said(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """An open stream brings what is new at once, in order."""
    async with lines(client) as stream:
        for number in range(1, 4):
            store.put(conversation(client), text(f"m{number}"))
            assert await read(stream, 1) == [(number, f"<p>m{number}</p>")]


async def test_other_conversations_are_not_seen(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """A stream brings the rows of its own cookie only."""
    store.put("web:" + "0" * 32, text("secret"))
    store.put(conversation(client), text("mine"))
    async with lines(client) as stream:
        assert await read(stream, 1) == [(2, "<p>mine</p>")]


async def test_seen_rows_do_not_come_again(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """What the page acknowledged is over, also for a page that remembers nothing."""
    for number in range(1, 4):
        store.put(conversation(client), text(f"m{number}"))
    assert (await client.post("/seen", json={"id": 2})).status_code == 200
    async with lines(client) as stream:
        assert await read(stream, 1) == [(3, "<p>m3</p>")]


async def test_a_restart_loses_and_doubles_nothing(store: MemoryStore, catalogs: Catalogs) -> None:
    """Server stopped in the middle, started again on its port: the stream goes on after the last row."""
    engine, web = FakeEngine(store), channel(store, catalogs)
    async with browser() as client:
        async with serving(web, engine) as url:
            port, client.base_url = web.bound, httpx.URL(url)
            await client.get("/")
            store.put(conversation(client), text("m1"))
            async with lines(client) as stream:
                assert await read(stream, 1) == [(1, "<p>m1</p>")]
        store.put(conversation(client), text("m2"))
        async with serving(channel(store, catalogs, port=port), engine), lines(client, "0", "1") as stream:
            store.put(conversation(client), text("m3"))
            assert await read(stream, 2) == [(2, "<p>m2</p>"), (3, "<p>m3</p>")]


async def test_stopping_ends_the_stream(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """An open stream ends cleanly with the server, so that the browser comes back by itself."""
    async with browser() as client:
        server = serving(channel(store, catalogs), engine)
        client.base_url = httpx.URL(await server.__aenter__())
        await client.get("/")
        async with lines(client) as stream:
            await anext(stream)
            await server.__aexit__(None, None, None)
            assert not [line async for line in stream if line.startswith("data")]


async def test_a_conversation_has_a_few_streams(client: httpx.AsyncClient) -> None:
    """One too many is told to come later; closed ones make room."""
    async with AsyncExitStack() as closing:
        streams = [await closing.enter_async_context(lines(client)) for _ in range(PER_CONVERSATION)]
        for stream in streams:
            await anext(stream)
        refused = await client.get("/stream")
        assert (refused.status_code, refused.json()) == (429, {"error": "too-many-streams"})
    for _ in range(100):
        async with client.stream("GET", "/stream") as again:
            if again.status_code == httpx.codes.OK:
                return
    raise AssertionError("closed streams still count")


async def test_an_unreadable_row_is_passed_over(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """A row that no version of ours wrote does not hold up the rest."""
    here = conversation(client)
    store.rows.append(Delivery(id=1, key="k", channel="web", conversation=here, lane=here, body={"lang": "en"}))
    store.put(here, text("m2"))
    async with lines(client) as stream:
        assert await read(stream, 1) == [(2, "<p>m2</p>")]


async def test_silence_has_a_heartbeat(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """Every 15 seconds without a message a comment keeps proxies from hanging up."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=2)
        return now

    web = channel(store, catalogs)
    web._clock = clock
    web._listen = lambda: _at_once
    async with serving(web, engine) as url, browser(url) as client:
        await client.get("/")
        async with lines(client) as stream:
            beats = [line async for line in _take(stream, 8) if line.startswith(":")]
    assert len(beats) >= 2
    assert len(store.pulls) >= 3 * len(beats)


async def _at_once(_: float) -> None:
    """A wait that is over."""


async def _take(stream: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield await anext(stream)


async def test_an_idle_stream_waits(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """Nothing new: the store is asked once, then again when woken, not in a circle."""
    async with lines(client) as stream:
        await anext(stream)
        await until(lambda: len(store.pulls) == 1, "the first look")
        store.put(conversation(client), text("m1"))
        await read(stream, 1)
        await until(lambda: len(store.pulls) == 3, "the look after the message")
