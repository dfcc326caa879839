"""Telling the other processes on a database that something new is there, so that they need not wait for their next look.

Knows LISTEN and NOTIFY of PostgreSQL. What is told is a hint only: one that is lost costs the time until the next look.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import psycopg
import structlog
from sqlalchemy import URL

from bot.store.database import POSTGRES, is_postgres

CHANNEL: Final = "teejuht"
GATHER: Final = 0.005
"""Seconds for which hints are gathered: a notice is a small transaction of its own, under a lock that all of them share."""
TRY_AGAIN: Final = 1.0

log = structlog.get_logger(__name__)


class Wire:
    """A line to the other processes; on SQLite there are none."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._untold: set[str] = set()
        self._told = asyncio.Event()

    def tell(self, what: str) -> None:
        """Tell the others, soon and once for many calls."""
        self._untold.add(what)
        self._told.set()

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with what others tell, and tell them, until cancelled."""
        if not is_postgres(self._url):
            await asyncio.Event().wait()
        silent = False
        while True:
            try:
                async with await self._connect() as ear, await self._connect() as mouth:
                    silent = False
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._speak(mouth))
                        group.create_task(_hear(ear, mouth.info.backend_pid, heard))
            except* (psycopg.Error, OSError) as errors:
                if not silent:
                    log.warning("other processes are not heard", error=type(errors.exceptions[0]).__name__)
                    silent = True
            await asyncio.sleep(TRY_AGAIN)

    async def _speak(self, mouth: psycopg.AsyncConnection) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            untold, self._untold = self._untold, set()
            for what in untold:
                await mouth.execute("SELECT pg_notify(%s, %s)", (CHANNEL, what))
            await asyncio.sleep(GATHER)

    async def _connect(self) -> psycopg.AsyncConnection:
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        options = {key: value for key, value in POSTGRES.items() if key not in self._url.query and key != "options"}
        return await psycopg.AsyncConnection.connect(address, autocommit=True, **options)  # type: ignore[arg-type]


async def _hear(ear: psycopg.AsyncConnection, own: int, heard: Callable[[str], None]) -> None:
    await ear.execute(f"LISTEN {CHANNEL}")
    async for notice in ear.notifies():
        if notice.pid != own:
            heard(notice.payload)
