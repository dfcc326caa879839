"""A bot on Matrix whose power goes at a given moment: engine, store, keys and channel as they are, run by `test_killed`.

Knows what the moments of its life are. Knows nothing of who writes, nor of what the homeserver has seen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import app
from bot.engine import Engine, utc_now
from bot.platforms.matrix import MatrixChannel
from bot.platforms.matrix.database import Sqlite
from bot.store import SqlStore
from tests.engine.moments import around_calls, around_transactions, countdown, nothing
from tests.engine.small import small_world
from tests.matrix.kit import Bot, say
from tests.worlds import catalogs

READING: Final = ("SELECT", "BEGIN", "PRAGMA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a bot lives: its database, and its account with the address of its key store."""

    file: Path
    bot: Bot


async def live(life: Life, moment: Callable[[], None] = nothing) -> None:
    """Run the bot until cancelled; `moment` is called in each computation."""
    async with _engine(life, moment) as engine:
        await engine.run()


def dying(life: Life, last: int) -> None:
    """Live, with moments also around each transaction, each change of the keys and each call; die at the last or at SIGTERM."""
    moment = countdown(last)
    around_transactions(moment)
    around_calls(moment)
    _after_changes_of_keys(moment)
    asyncio.run(app.until_stopped(live(life, moment)))


@asynccontextmanager
async def _engine(life: Life, moment: Callable[[], None]) -> AsyncIterator[Engine]:
    store = await SqlStore.open(f"sqlite:///{life.file}", serve=True)
    channel = MatrixChannel(
        user=life.bot.user,
        keys=life.bot.keys,
        servers=("localhost",),
        recall=store.cursor,
        say=say,
        clock=utc_now,
        first_wait=0.02,
    )
    try:
        yield Engine(
            store=store,
            world=small_world,
            catalogs=catalogs(),
            channels=[channel],
            watch=lambda *_: moment(),
        )
    finally:
        await store.close()


def _after_changes_of_keys(moment: Callable[[], None]) -> None:
    """Have a moment once something has changed in the key store for good."""
    commit, execute = Sqlite.commit, Sqlite.execute_sql

    def committed(self: Sqlite) -> None:
        commit(self)
        moment()

    def executed(self: Sqlite, statement: str, *rest: object, **options: object) -> object:
        cursor = execute(self, statement, *rest, **options)
        if not self.in_transaction() and not statement.startswith(READING):
            moment()
        return cursor

    Sqlite.commit = committed
    Sqlite.execute_sql = executed
