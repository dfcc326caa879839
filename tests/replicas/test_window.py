"""What the operator sees of two processes on one database: one speaks to the outside, the other stands by, both are ready."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.engine import utc_now
from bot.ports import Retention
from bot.store import SqlStore
from bot.window import Window
from tests.engine.kit import Recorder, engine
from tests.engine.processes import PATIENCE, living
from tests.engine.small import small_world
from tests.web.fakes import browser


@asynccontextmanager
async def seen(url: str) -> AsyncIterator[str]:
    """Run a process with its window on any port and give the window's address."""
    store = await SqlStore.open(url, serve=True)
    try:
        window = Window(store=store, world=small_world, faults=lambda: 0, keep=Retention(), clock=utc_now, fresh=0.0)
        process = engine(store, Recorder(), clock=utc_now, watch=window.metrics.watch)
        with window.open(("127.0.0.1", 0)) as address:
            async with living(process.run()), living(window.run(process)):
                yield address
    finally:
        await store.close()


async def state(address: str) -> tuple[int, str, bool]:
    """Ask a process whether it is ready, how its channel fares and whether it leads."""
    async with browser(address) as client:
        answer, metrics = await client.get("/readyz"), await client.get("/metrics")
    channel = answer.json()["parts"].get("town", {})
    return answer.status_code, channel.get("state", ""), "teejuht_leading 1.0" in metrics.text


async def becomes(address: str, wanted: tuple[int, str, bool]) -> None:
    """Wait until a process is in a state."""
    async with asyncio.timeout(PATIENCE):
        while await state(address) != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_who_stands_by_is_ready(postgres_url: str) -> None:
    """Each says of itself whether it leads; when the first one stops, the other one does."""
    async with AsyncExitStack() as longer:
        async with seen(postgres_url) as here:
            await becomes(here, (200, "served", True))
            there = await longer.enter_async_context(seen(postgres_url))
            await becomes(there, (200, "stands by", False))
            assert await state(here) == (200, "served", True)
        await becomes(there, (200, "served", True))
