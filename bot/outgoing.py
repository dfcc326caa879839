"""Bringing the outbox to one channel, or to the desks: claim, send, settle; what each failure leads to.

Knows when a message is sent again and when it is given up; not what it says, nor how a platform works.
"""

import asyncio
import heapq
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, StoreError, Unreachable
from bot.loops import Bell, Ear, keep_going
from bot.ports import Arrival, Delivery, DeskThread, Ingest, Result, Row, Settled, Store

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
SEND_SECONDS = 15.0
FILE_SECONDS = 50.0
"""For a message with a file, which is fetched and sent; less than a claim holds."""
GATHER = 0.01
"""Seconds in which others may land too, while some are in the air: one transaction settles them all."""
BACK_OFF_CAP = 300.0
GIVE_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a delivery that was shown: its id there, and the thread that it opened for a case."""

    remote_id: str
    thread: DeskThread | None = None


Bring: TypeAlias = Callable[[Delivery], Awaitable[Brought]]


@dataclass(slots=True)
class Air:
    """Deliveries on their way, how those that have landed ended, and when those that wait may go."""

    flying: set[asyncio.Task[None]] = field(default_factory=set)
    landed: list[Settled] = field(default_factory=list)
    due: list[datetime] = field(default_factory=list)
    released: bool = False


def _nobody(_name: str, _end: Settled) -> None:
    """Tell nobody."""


@dataclass(slots=True, kw_only=True)
class Outgoing:
    """Delivers what waits for `name`. `bring` shows one thing; `said` rings when something waits to be sent.

    `lost` tells, of what is given up, what follows for the conversation it came from; `gone`: nobody is there any more.
    `ended` is told how each try ended.
    """

    name: str
    at_once: int
    bring: Bring
    lost: Callable[[Delivery, str, bool], Arrival | None]
    store: Store
    clock: Callable[[], datetime]
    said: Bell
    ingest: Ingest
    ended: Callable[[str, Settled], None] = _nobody
    _air: Air = field(default_factory=Air)

    async def run(self) -> None:
        """Deliver until cancelled; then let what is in the air land, so that the next run repeats nothing.

        May be run again. While the database is gone, how sends ended is remembered for then.
        """
        try:
            await keep_going(self._sends)
        finally:
            if self._air.flying:
                await asyncio.wait(self._air.flying)
            self._air.released = False
            with suppress(StoreError):
                await self._release()

    async def send_due(self) -> None:
        """Send what is due until nothing is, one after the other."""
        settled = tuple[Settled, ...]()
        while due := await self.store.settle(self.name, settled, 1, self.clock()):
            settled = (await self._send(due[0]),)

    async def _sends(self) -> None:
        """Keep deliveries in the air; a slow one holds up its own lane only."""
        air = self._air
        if not air.released:
            await self._release()
            air.released = True
        ear = self.said.listen()
        while True:
            settled, room = tuple(air.landed), self.at_once - len(air.flying)
            due = await self.store.settle(self.name, settled, room, self.clock())
            del air.landed[: len(settled)]
            for delivery in due:
                flight = asyncio.create_task(self._fly(delivery))
                air.flying.add(flight)
                flight.add_done_callback(air.flying.discard)
            if not due and not air.landed:
                await self._rest(ear)
                if air.flying:
                    await asyncio.sleep(GATHER)

    async def _release(self) -> None:
        """Write how the last sends ended; what is claimed besides is in nobody's hands."""
        settled = tuple(self._air.landed)
        await self.store.settle(self.name, settled, 0, self.clock())
        del self._air.landed[: len(settled)]
        await self.store.release(self.name)

    async def _rest(self, ear: Ear) -> None:
        """Wait for the bell, but no longer than until a message may go that was told to wait."""
        now = self.clock()
        while self._air.due and self._air.due[0] <= now:
            heapq.heappop(self._air.due)
        seconds = (self._air.due[0] - now).total_seconds() if self._air.due else POLL_SECONDS
        await ear.wait(min(seconds, POLL_SECONDS))

    async def _fly(self, delivery: Delivery) -> None:
        try:
            settled = await self._send(delivery)
        except StoreError as error:  # what follows from a failure could not be kept: fail once more when it can
            settled = await self._back_off(delivery, type(error).__name__)
        if settled.due_at is not None:
            heapq.heappush(self._air.due, settled.due_at)
        self._air.landed.append(settled)
        self.said.ring()

    async def _send(self, delivery: Delivery) -> Settled:
        settled = await self._try(delivery)
        self.ended(self.name, settled)
        return settled

    async def _try(self, delivery: Delivery) -> Settled:
        try:
            async with asyncio.timeout(FILE_SECONDS if has_file(delivery.body) else SEND_SECONDS):
                brought = await self.bring(delivery)
        except (SendError, TimeoutError) as error:
            return await self._failed(delivery, error)
        except Exception as error:  # a fault of ours in one message must not stop the others
            log.error("send failed", channel=self.name, row=delivery.id, error=type(error).__name__)
            return await self._back_off(delivery, type(error).__name__)
        return Settled(id=delivery.id, result=Result.SENT, remote_id=brought.remote_id, thread=brought.thread)

    async def _failed(self, delivery: Delivery, error: SendError | TimeoutError) -> Settled:
        name = type(error).__name__
        match error:
            case RetryLater(seconds=seconds, whole_channel=whole):
                until = self.clock() + timedelta(seconds=seconds)
                if whole:
                    await self.store.pause(self.name, until)
                return Settled(id=delivery.id, result=Result.LATER, due_at=until, free=True, error=name)
            case Gone() | Refused():
                return await self._give_up(delivery, name, gone=isinstance(error, Gone))
            case Unreachable() | MaybeSent() | TimeoutError() | SendError():
                return await self._back_off(delivery, name)

    async def _back_off(self, delivery: Delivery, name: str) -> Settled:
        """Wait 1, 2, 4 ... seconds, at most five minutes, and give up after a day of it."""
        wait = min(BACK_OFF_CAP, 2.0 ** min(delivery.attempts - 1, 20)) * random.uniform(0.8, 1.2)
        if delivery.attempts > GIVE_UP_AFTER.total_seconds() / BACK_OFF_CAP + 9:
            return await self._give_up(delivery, name, gone=False)
        return Settled(id=delivery.id, result=Result.LATER, due_at=self.clock() + timedelta(seconds=wait), error=name)

    async def _give_up(self, delivery: Delivery, name: str, *, gone: bool) -> Settled:
        """Send no more, and hand in what follows, in the conversation's own order of events."""
        if (arrival := self.lost(delivery, name, gone)) is not None:
            await self.ingest([arrival])
        return Settled(id=delivery.id, result=Result.DEAD, error=name)


def has_file(body: Row) -> bool:
    """Tell whether a row, or the message in what is to be done at a desk, has a file."""
    message = body.get("message")
    return bool((message if isinstance(message, Mapping) else body).get("file"))
