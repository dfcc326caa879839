"""A test case sent through the desks of a municipality, hop by hop, as a resident's would go.

Knows the store and how to serve for as long as it takes, should nobody else; not what a case says.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final, TypeVar
from uuid import uuid4

from bot import app
from bot.content import Content, load_content
from bot.core import cases, events
from bot.engine import Engine, utc_now
from bot.errors import Locked, WrongUse
from bot.ports import Arrival, CaseRecord
from bot.settings import Settings
from bot.store import migrate
from bot.store.store import SqlStore

CHANNEL: Final = "trial"
LOOK: Final = 0.1
FAREWELL: Final = 2
"""What is done at each desk when a case is cancelled: it is told, and the thread is closed."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A part of the way: what it is, whether it worked, after how many seconds, and why not."""

    what: str
    worked: bool
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds that a process which serves already has to take the case, and that a desk has to show it."""

    others: float = 3.0
    desk: float = 45.0


async def try_desks(settings: Settings, town: str, waits: Waits | None = None) -> AsyncGenerator[Hop, None]:
    """Send a test case through and close it again, and tell of each hop. Errors: WrongUse for a place without desks."""
    content = load_content(settings)
    desks = [desk.name for desk in content.world.desks.groups.get(town, ())]
    if town not in content.world.municipalities:
        known = ", ".join(place.slug for place in content.world.towns())
        raise WrongUse(f"there is no municipality {town}; known are {known}")
    if not desks:
        raise WrongUse(f"{town} has no desk: residents are shown its public contacts. Set TEEJUHT_DESKS to have one")
    await asyncio.to_thread(migrate.upgrade, settings.database)
    store = await SqlStore.open(settings.database)
    trial = Trial(settings, content, store, town, waits or Waits())
    try:
        async with aclosing(trial.run(desks)) as way:
            async for hop in way:
                yield hop
    finally:
        await store.forget(trial.conversation)
        await store.close()


class Trial:
    """One test case on its way."""

    def __init__(self, settings: Settings, content: Content, store: SqlStore, town: str, waits: Waits) -> None:
        self._settings = settings
        self._content = content
        self._store = store
        self._town = town
        self._waits = waits
        self.conversation = f"{CHANNEL}:{uuid4().hex}"
        self._began = perf_counter()
        self._engine: Engine | None = None
        """Set while we serve ourselves."""

    async def run(self, desks: Sequence[str]) -> AsyncGenerator[Hop, None]:
        """Go the whole way, served by whoever serves already or by ourselves."""
        await self._hand_in(events.Tried(at=utc_now(), town=self._town))
        yield self._hop("handed in")
        async with self._served() as by:
            yield self._hop(by)
            case = await self._opened(self._waits.desk)
            if case is None:
                yield self._hop("opened as a case", why="nobody handled it: see `teejuht status`")
                return
            yield self._hop(f"opened as case {cases.case_code(self._town, case.number)}")
            try:
                for desk in desks:
                    yield self._hop(f"shown at {desk}", why=await self._shown(desk, case.number))
            finally:  # also when nobody wants to hear the rest
                why = await self._close()
            yield self._hop("closed again", why=why)

    async def _shown(self, desk: str, number: int) -> str:
        """Wait until a desk shows the case; say why it does not."""

        async def shown_or_lost() -> str | None:
            if await self._store.thread(desk, number) is not None:
                return ""
            case = await self._case()
            return "it cannot be brought there" if case is not None and desk not in cases.from_json(case.body).desks else None

        found = await _until(shown_or_lost, self._waits.desk)
        if found is None:
            found = f"not within {self._waits.desk:g} seconds, it is tried again"
        return found and f"{found}: {await self._lacking(desk) or 'the log of the process that serves says why'}"

    async def _lacking(self, desk: str) -> str:
        """Say what a desk lacks to work, as far as we can see it."""
        problems: Mapping[str, Sequence[str]] = await self._engine.desk_problems() if self._engine else {}
        return "; ".join(problems.get(desk, ()))

    async def _close(self) -> str:
        """Cancel the case and wait until all desks that follow it are told; say why that did not work."""
        case = await self._case()
        if case is None or case.closed_at is not None:
            return ""
        desks = cases.from_json(case.body).places
        shown = sum([await self._store.thread(desk, case.number) is not None for desk in desks])
        cancelled = await self._hand_in(events.Chose(at=utc_now(), option="case:cancel"))
        if not await _until(self._is_closed, self._waits.desk):
            return "it did not end: see `teejuht status`"

        async def all_told() -> bool | None:
            keys = [f"{CHANNEL}:{cancelled}:desk:{n}" for n in range(1 + FAREWELL * len(desks))]
            told = sum([await self._store.sent(key) is not None for key in keys])
            return told >= FAREWELL * shown or None

        return "" if await _until(all_told, self._waits.desk) else "not every desk could be told: the log says why"

    async def _opened(self, seconds: float) -> CaseRecord | None:
        return await _until(self._case, seconds)

    async def _is_closed(self) -> bool | None:
        case = await self._case()
        return (case is not None and case.closed_at is not None) or None

    async def _case(self) -> CaseRecord | None:
        found = await self._store.cases(self.conversation)
        return found[-1] if found else None

    async def _hand_in(self, event: events.Event) -> str:
        """Put an event into the inbox and give its id there."""
        arrival = Arrival(
            source=CHANNEL, ext_id=uuid4().hex, channel=CHANNEL, conversation=self.conversation,
            body=events.to_json(event), at=event.at,
        )  # fmt: skip
        # Our own engine hears of it at once; another process looks every few seconds.
        await (self._engine or self._store).ingest([arrival])
        return arrival.ext_id

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[str]:
        """See that somebody serves, and say who: another process, else ourselves, the web page at a port where nobody looks."""
        if await self._opened(self._waits.others):
            yield "taken by the process that serves"
            return
        try:
            store = await SqlStore.open(self._settings.database, serve=True)
        except Locked:
            yield "waiting for the process that serves"
            return
        self._engine = app.build_engine(self._settings.model_copy(update={"web_port": 0}), self._content, store)
        serving = asyncio.create_task(self._engine.run())
        try:
            yield "served here, as no other process does"
        finally:
            self._engine = None
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await store.close()

    def _hop(self, what: str, *, why: str = "") -> Hop:
        return Hop(what=what, worked=not why, seconds=perf_counter() - self._began, why=why)


async def _until(look: Callable[[], Awaitable[T | None]], seconds: float) -> T | None:
    """Look until there is something to see; None if there is nothing in that time."""
    end = perf_counter() + seconds
    while True:
        found = await look()
        if found is not None or perf_counter() >= end:
            return found
        await asyncio.sleep(LOOK)
