"""One event: load state, core.handle, save state and effects in one transaction, deliver.

Knows the order of these steps and what to do when one fails; not what is said, nor how a database or a platform works.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast
from weakref import WeakSet

import structlog

from bot.core import events, state
from bot.core.answer import MENU_CHOICE, PERSON_CHOICE
from bot.core.conversation import Step, handle
from bot.core.effects import Count, Forget, Heard, Say
from bot.core.language import default_language
from bot.core.texts import APOLOGY, Text
from bot.core.world import World
from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable
from bot.i18n import Catalogs
from bot.ports import (
    Arrival,
    Channel,
    Delivery,
    Outcome,
    Post,
    Result,
    Retention,
    Row,
    Settled,
    Store,
    Tally,
    Turn,
    message_from_json,
    message_to_json,
)
from bot.render.speak import speak

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
IN_FLIGHT = 30
SEND_SECONDS = 15.0
BACK_OFF_CAP = 300.0
GIVE_UP_AFTER = timedelta(hours=24)
PURGE_EVERY = 3600.0
TRIES = 3
"""Steps after which the store gives an arrival up that cannot be handled."""

Watch = Callable[[Turn, Step], None]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class Bell:
    """Tells that something new may be there. Who listens misses no ring, also one that comes while they are at work."""

    def __init__(self) -> None:
        self._ears: WeakSet[Ear] = WeakSet()

    def ring(self) -> None:
        """Wake everybody who listens."""
        for ear in tuple(self._ears):
            ear.heard.set()

    def listen(self) -> "Ear":
        """Begin to listen."""
        ear = Ear()
        self._ears.add(ear)
        return ear


class Ear:
    """One listener's memory of the last ring."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return if it has rung since the last call, at the next ring, or after the seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.heard.wait()
        self.heard.clear()


@dataclass(slots=True)
class Air:
    """Deliveries of one channel: those on their way, and how those that have landed ended."""

    flying: set[asyncio.Task[None]] = field(default_factory=set)
    landed: list[Settled] = field(default_factory=list)
    released: bool = False


class Engine:
    """Runs the loops between channels, store and core.

    `said` rings when messages wait to be sent or pulled; `watch` is told of every step, for counting and for `teejuht ask`.
    """

    def __init__(
        self,
        *,
        store: Store,
        world: Callable[[], World],
        catalogs: Catalogs,
        channels: Sequence[Channel] = (),
        clock: Clock = utc_now,
        keep: Retention | None = None,
        watch: Watch | None = None,
        said: Bell | None = None,
    ) -> None:
        self.store = store
        self._new = Bell()
        self._said = said or Bell()
        self._world = world
        self._catalogs = catalogs
        self._channels = tuple(channels)
        self._clock = clock
        self._keep = keep or Retention()
        self._watch = watch

    async def ingest(self, arrivals: Sequence[Arrival], *, cursor: str | None = None) -> None:
        """Keep arrivals, then wake the step loop. The cursor belongs to the first arrival's source."""
        marked = (arrivals[0].source, cursor) if cursor is not None and arrivals else None
        if await self.store.ingest(arrivals, cursor=marked):
            self._new.ring()

    async def run(self) -> None:
        """Serve every channel until cancelled, or until all channels have ended by themselves.

        Errors: what a channel raised because it cannot be served.
        """
        sent_to = [channel for channel in self._channels if not channel.ability.pulled]
        try:
            async with asyncio.TaskGroup() as group:
                loops = [
                    *(group.create_task(self._forever(loop)) for loop in (self._steps, self._timers, self._upkeep)),
                    *(group.create_task(self._deliver(channel)) for channel in sent_to),
                ]
                await asyncio.gather(*(group.create_task(channel.run(self.ingest)) for channel in self._channels))
                for task in loops:
                    task.cancel()
                await asyncio.wait(loops)
                await self.drain()
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from faults

    async def drain(self) -> None:
        """Handle everything that waits now and send what came of it; for channels that end."""
        idle = 0
        while idle < TRIES:
            idle = 0 if await self.store.step(self.compute, self.apologise, self._clock()) else idle + 1
        self._said.ring()
        for channel in self._channels:
            if not channel.ability.pulled:
                await self._send_due(channel)

    # --- one event ---

    def compute(self, turn: Turn) -> Outcome:
        """Answer one arrival: pure, given the World of this moment."""
        world = self._world()
        event = events.from_json(turn.body, turn.at)
        step = handle(event, state.from_json(turn.state), world)
        if self._watch:
            self._watch(turn, step)
        return self._outcome(turn, step, world, key=f"{turn.source}:{turn.ext_id}")

    def apologise(self, turn: Turn) -> Outcome:
        """Say that something went wrong on our side, when an arrival could not be handled."""
        world = self._world()
        conversation = state.from_json(turn.state)
        hint = str(turn.body.get("hint") or conversation.hint)
        lang = conversation.lang or default_language(hint, world)
        say = Say(lang=lang, marks=(Text(APOLOGY),), choices=(MENU_CHOICE, PERSON_CHOICE))
        step = Step(conversation, (say, Count(what="apology", lang=lang)))
        # A key of its own: should an operator retry the dead arrival, its answer must not pass for a repeat of this.
        return self._outcome(turn, step, world, key=f"{turn.source}:{turn.ext_id}:apology")

    def _outcome(self, turn: Turn, step: Step, world: World, *, key: str) -> Outcome:
        says = [effect for effect in step.effects if isinstance(effect, Say)]
        forget = any(isinstance(effect, Forget) for effect in step.effects)
        spoken = speak(says, world, self._catalogs, self._clock())
        posts = (
            Post(key=f"{key}:{n}", lane=turn.conversation, body=message_to_json(message)) for n, message in enumerate(spoken)
        )
        return Outcome(
            state=None if forget else cast(Row, state.to_json(step.state)),
            posts=tuple(posts),
            tallies=tuple(_tallies(step)),
            forget=forget,
        )

    # --- loops ---

    async def _forever(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Keep a loop going over faults of the database; a fault is logged by its class, never with a text."""
        while True:
            try:
                await loop()
            except Exception as error:  # the loop's own guard: one broad except per loop
                log.error("loop failed", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _steps(self) -> None:
        ear = self._new.listen()
        while True:
            if await self.store.step(self.compute, self.apologise, self._clock()):
                self._said.ring()
            else:
                await ear.wait(POLL_SECONDS)

    async def _timers(self) -> None:
        while True:
            due = await self.store.fire(self._clock())
            self._new.ring()
            wait = 30.0 if due is None else max(0.0, min(30.0, (due - self._clock()).total_seconds()))
            await asyncio.sleep(max(wait, 0.05))

    async def _upkeep(self) -> None:
        while True:
            await self.store.purge(self._clock(), self._keep)
            await asyncio.sleep(PURGE_EVERY)

    async def _deliver(self, channel: Channel) -> None:
        """Deliver until cancelled; then let what is in the air land, so that the next start repeats nothing."""
        air = Air()
        try:
            await self._forever(partial(self._sends, channel, air))
        finally:
            if air.flying:
                await asyncio.wait(air.flying)
            await self.store.settle(channel.name, air.landed, 0, self._clock())
            # A claim that was being made when we were cancelled is in nobody's hands.
            await self.store.release(channel.name)

    async def _sends(self, channel: Channel, air: Air) -> None:
        """Keep deliveries of one channel in the air; a slow one holds up its own lane only."""
        if not air.released:
            await self.store.release(channel.name)
            air.released = True
        ear = self._said.listen()
        while True:
            settled = tuple(air.landed)
            due = await self.store.settle(channel.name, settled, IN_FLIGHT - len(air.flying), self._clock())
            del air.landed[: len(settled)]
            for delivery in due:
                flight = asyncio.create_task(self._fly(channel, delivery, air))
                air.flying.add(flight)
                flight.add_done_callback(air.flying.discard)
            if not due and not air.landed:
                await ear.wait(POLL_SECONDS)

    async def _fly(self, channel: Channel, delivery: Delivery, air: Air) -> None:
        air.landed.append(await self._send(channel, delivery))
        self._said.ring()

    async def _send_due(self, channel: Channel) -> None:
        """Send what is due until nothing is, one after the other."""
        settled = tuple[Settled, ...]()
        while due := await self.store.settle(channel.name, settled, 1, self._clock()):
            settled = (await self._send(channel, due[0]),)

    async def _send(self, channel: Channel, delivery: Delivery) -> Settled:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                remote = await channel.send(delivery, message_from_json(delivery.body))
        except (SendError, TimeoutError) as error:
            return await self._failed(channel, delivery, error)
        except Exception as error:  # a fault of ours in one message must not stop the others
            log.error("send failed", channel=channel.name, row=delivery.id, error=type(error).__name__)
            return self._back_off(delivery, type(error).__name__)
        return Settled(id=delivery.id, result=Result.SENT, remote_id=remote)

    async def _failed(self, channel: Channel, delivery: Delivery, error: SendError | TimeoutError) -> Settled:
        name = type(error).__name__
        now = self._clock()
        match error:
            case RetryLater(seconds=seconds, whole_channel=whole):
                until = now + timedelta(seconds=seconds)
                if whole:
                    await self.store.pause(channel.name, until)
                return Settled(id=delivery.id, result=Result.LATER, due_at=until, free=True, error=name)
            case Gone():
                await self._close(channel, delivery)
                return Settled(id=delivery.id, result=Result.DEAD, error=name)
            case Refused():
                return Settled(id=delivery.id, result=Result.DEAD, error=name)
            case Unreachable() | MaybeSent() | TimeoutError() | SendError():
                return self._back_off(delivery, name)

    def _back_off(self, delivery: Delivery, name: str) -> Settled:
        """Wait 1, 2, 4 ... seconds, at most five minutes, and give up after a day of it."""
        wait = min(BACK_OFF_CAP, 2.0 ** min(delivery.attempts - 1, 20)) * random.uniform(0.8, 1.2)
        if delivery.attempts > GIVE_UP_AFTER.total_seconds() / BACK_OFF_CAP + 9:
            return Settled(id=delivery.id, result=Result.DEAD, error=name)
        return Settled(id=delivery.id, result=Result.LATER, due_at=self._clock() + timedelta(seconds=wait), error=name)

    async def _close(self, channel: Channel, delivery: Delivery) -> None:
        """Close the conversation of a person who is gone, in its own order of events."""
        if delivery.conversation is not None:
            left = Arrival(
                source="engine", ext_id=f"gone:{delivery.key}", channel=channel.name,
                conversation=delivery.conversation, body=events.to_json(events.Left(at=self._clock())), at=self._clock(),
            )  # fmt: skip
            await self.ingest([left])


def _tallies(step: Step) -> Iterable[Tally]:
    for effect in step.effects:
        if isinstance(effect, Count):
            yield Tally(what=effect.what, topic=effect.topic, lang=effect.lang)
        elif isinstance(effect, Heard):
            topic = effect.topics[0][0] if effect.topics else ""
            yield Tally(what=effect.decision, topic=topic, lang=effect.lang)
            if effect.danger:
                yield Tally(what="danger", lang=effect.lang)
