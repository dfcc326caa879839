"""The operator's window onto one process: metrics, self-check and readiness put together, and the server that shows them.

Knows which part tells what; not how any of them finds it out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from socket import socket
from typing import Final, Generic, Protocol, TypeVar

from bot.core.world import World
from bot.errors import StoreError
from bot.insight.health import Look, is_ready, parts
from bot.insight.metrics import CONTENT_TYPE, Metrics
from bot.insight.selfcheck import SelfCheck
from bot.loops import keep_going
from bot.platforms.web.admin import Admin, take_port
from bot.ports import JSON, Retention, Status
from bot.settings import Settings

T = TypeVar("T")

FRESH: Final = 2.0
"""Seconds for which one look serves all who ask: the public may ask as often as it likes."""
LOOK_SECONDS: Final = 5.0
"""A database that takes longer cannot be used."""


class Counted(Protocol):
    """What of a store is looked at."""

    async def status(self, now: datetime) -> Status: ...


class Process(Protocol):
    """What of an engine is looked at, and how its operators are told."""

    @property
    def leading(self) -> bool: ...

    @property
    def parts(self) -> Mapping[str, str]: ...

    async def report(self, to: str, what: str, detail: str = "") -> None: ...


class Window:
    """What is known of this process. `metrics` is told what happens; `faults` counts the errors of the knowledge files."""

    def __init__(
        self,
        *,
        store: Counted,
        world: Callable[[], World],
        faults: Callable[[], int],
        keep: Retention,
        clock: Callable[[], datetime],
        fresh: float = FRESH,
    ) -> None:
        self.metrics = Metrics()
        self._store = store
        self._faults = faults
        self._keep = keep
        self._clock = clock
        self._check = SelfCheck(world=world, clock=clock)
        self._process: Process | None = None
        self._listening: socket | None = None
        self._look = Recent(self._look_around, fresh)

    @contextmanager
    def open(self, address: tuple[str, int] | None) -> Iterator[str]:
        """Take the port, 0 for a free one, and give its address; without one nothing is shown. Errors: SettingsError."""
        if address is None:
            yield ""
            return
        with take_port(*address) as self._listening:
            host, port = self._listening.getsockname()[:2]
            try:
                yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
            finally:
                self._listening = None

    async def run(self, process: Process) -> None:
        """Check, and show what is found, until cancelled."""
        self._process = process
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_going(partial(self._check.run, process.report)))
            if self._listening:
                group.create_task(self._admin().run(self._listening))

    async def ready(self) -> bool:
        """Tell whether this process can do its work."""
        return is_ready(await self._look())

    async def parts(self) -> tuple[bool, Mapping[str, JSON]]:
        """Tell whether it can, and how each part fares."""
        look = await self._look()
        return is_ready(look), parts(look)

    async def text(self) -> bytes:
        """Write the metrics."""
        return self.metrics.text(await self._look())

    def _admin(self) -> Admin:
        return Admin(parts=self.parts, metrics=self.text, content_type=CONTENT_TYPE)

    async def _look_around(self) -> Look:
        now, process = self._clock(), self._process
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                status = await self._store.status(now)
        except (StoreError, TimeoutError):
            status = None
        return Look(
            at=now, status=status, knowledge_errors=self._faults(), checked=self._check.last, keep=self._keep,
            channels=dict(process.parts) if process else {}, leading=process.leading if process else False,
        )  # fmt: skip


class Recent(Generic[T]):
    """What was found within the last seconds; whoever asks meanwhile gets the same, and only one looks at a time."""

    def __init__(self, find: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._find = find
        self._seconds = seconds
        self._finding: asyncio.Future[T] | None = None
        self._until = 0.0

    async def __call__(self) -> T:
        """Give what was found last, or look anew."""
        now = asyncio.get_running_loop().time()
        if self._finding is None or (self._finding.done() and now >= self._until):
            self._until = now + self._seconds
            self._finding = asyncio.ensure_future(self._find())
        # Who leaves does not take the answer from the others.
        return await asyncio.shield(self._finding)


def retention(settings: Settings) -> Retention:
    """Give how long things stay."""
    return Retention(
        conversations=timedelta(days=settings.keep_conversations_days),
        cases=timedelta(days=settings.keep_cases_days),
        deeds=timedelta(days=settings.keep_audit_days),
    )
