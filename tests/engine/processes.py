"""Bots in processes of their own, which can be killed, and beside us; and a look into their file.

Knows how processes are made and watched. Knows nothing of what a bot does.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 90.0
UNDONE: Final = "SELECT 1 FROM inbox WHERE status != 1 UNION SELECT 1 FROM outbox WHERE status != 1"

context = get_context("forkserver")
# A child is forked from a server that has imported everything and loaded the knowledge already. There is one such server for all
# tests of a process, and the last list that anybody gives it counts: this is the only one.
context.set_forkserver_preload(
    [
        "pytest",
        "tests.engine.preload",
        "tests.telegram.life",
        "tests.matrix.life",
        "tests.handoff.killed",
        "tests.replicas.life",
        "tests.store.crash",
    ]
)


@asynccontextmanager
async def process(target: Callable[..., None], *args: object) -> AsyncIterator[BaseProcess]:
    """Run a bot in a process of its own, which is gone when this is left."""
    bot = context.Process(target=target, args=args)
    bot.start()
    try:
        yield bot
    finally:
        bot.kill()
        bot.join()


async def ended(bot: BaseProcess) -> None:
    """Wait until a process has ended."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(bot.sentinel, over.set)
    try:
        await over.wait()
    finally:
        asyncio.get_running_loop().remove_reader(bot.sentinel)
    bot.join()


@asynccontextmanager
async def living(life: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a bot beside us and stop it when this is left."""
    bot = asyncio.create_task(life)
    try:
        yield
    finally:
        bot.cancel()
        with suppress(asyncio.CancelledError):
            await bot


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, of which nobody tells."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def prepare(migrated: Path, folder: Path) -> Path:
    """Make a folder with an empty database and give its file."""
    folder.mkdir()
    return Path(shutil.copy(migrated, folder / "bot.sqlite"))


def select(file: Path, statement: str) -> list[tuple[Any, ...]]:
    """Read from a bot's file."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()
