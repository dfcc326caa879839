"""A process of an installation on PostgreSQL, as `app` builds it, to be killed by the tests."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bot import app
from bot.content import Content
from bot.settings import load_settings
from bot.store import SqlStore
from tests.engine.small import small_world
from tests.worlds import catalogs


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a process lives: the database that it shares, a folder of its own, and the account on Matrix."""

    database: str
    folder: Path
    user: str


def serve(life: Life) -> None:
    """Live until SIGTERM."""
    asyncio.run(app.until_stopped(_live(life)))


async def _live(life: Life) -> None:
    settings = load_settings(
        database=life.database,
        matrix_user=life.user,
        matrix_keys=life.folder / "keys.db",
        cache=life.folder / "cache",
        web=False,
    )
    store = await SqlStore.open(settings.database, serve=True)
    try:
        await app.build_engine(settings, Content(small_world(), catalogs()), store).run()
    finally:
        await store.close()
