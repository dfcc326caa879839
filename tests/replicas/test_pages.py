"""A web page behind a load balancer: it reads at one process while another one hears and computes, and misses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bot import app
from bot.content import Content
from bot.loops import Bell
from bot.platforms.web import WebChannel
from bot.settings import load_settings
from bot.store import SqlStore
from tests.engine.kit import Clock, engine
from tests.engine.processes import PATIENCE, living
from tests.engine.small import small_world
from tests.worlds import catalogs


async def test_each_message_comes_once_wherever_the_page_reads(postgres_url: str) -> None:
    """Written to one process, answered by it, read at the other one; then the page is loaded again, from the first."""
    async with page(postgres_url, computes=False) as reading, page(postgres_url, computes=True) as computing:
        here, there = map(client, (reading, computing))
        async with here, there:
            await here.get("/")
            there.cookies = here.cookies
            await say(there, "1", "where is library")
            first = await read(here, "0", 1)
            assert topics(first) == ["library"]
            await say(here, "2", "where is waste")
            await say(there, "3", "where is kindergarten")
            await say(there, "3", "where is kindergarten")
            assert topics(await read(here, first[-1][0], 2)) == ["waste", "kindergarten"]
            assert topics(await read(there, first[-1][0], 2)) == ["waste", "kindergarten"]


@asynccontextmanager
async def page(url: str, *, computes: bool) -> AsyncIterator[str]:
    """Serve the page in a process of its own, as far as it is concerned; give its address."""
    settings = load_settings(database=url, web_port=0)
    store, said = await SqlStore.open(url), Bell()
    content = Content(small_world(), catalogs())
    channel = app.web_channel(settings, content, store, said)
    bot = engine(store, channel, clock=Clock(), said=said)
    hearing = store.listen(lambda what: said.ring() if what == "said" else None)
    try:
        async with living(bot.run() if computes else channel.run(bot.ingest)), living(hearing):
            yield f"http://127.0.0.1:{await bound(channel)}"
    finally:
        await store.close()


async def bound(channel: WebChannel) -> int:
    """Wait until the page is served, and give its port."""
    async with asyncio.timeout(PATIENCE):
        while not channel.bound:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return channel.bound


async def say(client: httpx.AsyncClient, id: str, text: str) -> None:
    """Write a message as the page does."""
    answer = await client.post("/events", json={"id": f"message-{id}", "event": "said", "text": text, "hint": "en"})
    assert answer.status_code == 202, answer.text


async def read(client: httpx.AsyncClient, after: str, number: int) -> list[tuple[str, dict[str, str]]]:
    """Read the stream from a row on until so many messages have come, as a page that is loaded anew does."""
    rows: list[tuple[str, dict[str, str]]] = []
    async with asyncio.timeout(PATIENCE), client.stream("GET", "/stream", params={"after": after}, timeout=None) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("id: "):
                id = line.removeprefix("id: ")
            elif line.startswith("data: "):
                rows.append((id, json.loads(line.removeprefix("data: "))))
                if len(rows) == number:
                    break
    return rows


def topics(rows: list[tuple[str, dict[str, str]]]) -> list[str]:
    """Name what was answered."""
    return [row["topic"] for _, row in rows]


def client(base: str) -> httpx.AsyncClient:
    """Make a browser for a process."""
    return httpx.AsyncClient(base_url=base, headers={"Origin": base}, trust_env=False)
