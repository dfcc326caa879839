"""The engine's loops as they run in `teejuht serve`: waking, slow sends, timers, retention, faults, ending."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.core.events import Said, to_json
from bot.engine import Engine, utc_now
from bot.errors import ChannelError, RetryLater, SettingsError, StoreError, Unreachable
from bot.loops import Bell
from bot.outgoing import POLL_SECONDS
from bot.ports import Delivery, Ingest, Outcome, Retention, Settled, Timer
from bot.store import SqlStore
from tests.engine.kit import NOW, PATIENCE, Clock, Recorder, engine, poison, rows, said


@asynccontextmanager
async def running(bot: Engine) -> AsyncIterator[asyncio.Task[None]]:
    """Run the engine's loops."""
    task = asyncio.create_task(bot.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so: each question is a transaction of its own, so that others get their turn."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            pass


class BreakingStore(SqlStore):
    """The real store whose next calls of a method fail as a database does that goes away."""

    breaks: dict[str, int]

    async def settle(self, channel: str, settled: Sequence[Settled], want: int, now: datetime) -> Sequence[Delivery]:
        """Fail when there is something to write, or work."""
        if settled:
            self._break("settle")
        return await super().settle(channel, settled, want, now)

    async def fire(self, now: datetime) -> datetime | None:
        """Fail or work."""
        self._break("fire")
        return await super().fire(now)

    def _break(self, name: str) -> None:
        if self.breaks.get(name, 0) > 0:
            self.breaks[name] -= 1
            raise StoreError("the database is away")


async def test_arrivals_are_answered_as_they_come(store: SqlStore, town: Recorder) -> None:
    """What arrives while the loops run is handled and sent."""
    bot = engine(store, town)
    async with running(bot):
        await bot.ingest([said("1", "where is library")])
        await town.until(lambda: town.topics("ann") == ["library"])
        await bot.ingest([said("2", "where is waste")])
        await town.until(lambda: town.topics("ann") == ["library", "waste"])
        await eventually(lambda: settled(store))


async def settled(store: SqlStore) -> bool:
    """Tell whether nothing waits and nothing is unsent."""
    status = await store.status(NOW)
    return not status.waiting and not status.unsent


async def test_a_slow_send_holds_up_its_own_lane_only(store: SqlStore, town: Recorder) -> None:
    """While one message is on its way, its lane waits and all others are served."""
    town.held["ann"] = asyncio.Event()
    bot = engine(store, town)
    async with running(bot):
        await bot.ingest([said("1", "where is library"), said("2", "where is waste")])
        await town.until(lambda: len(town.tried) == 1)
        await bot.ingest([said(str(n), "kus on lasteaed", f"other-{n}") for n in range(3, 9)])
        await town.until(lambda: len(town.shown) == 6)
        assert town.keys("ann") == ["bot:1:0"]
        town.held["ann"].set()
        await town.until(lambda: len(town.shown) == 8)
    assert town.topics("ann") == ["library", "waste"]


async def test_a_send_that_hangs_is_ended(store: SqlStore, town: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time a send counts as failed and is repeated later with the same key."""
    monkeypatch.setattr("bot.outgoing.SEND_SECONDS", 0.02)
    town.held["ann"] = asyncio.Event()
    bot = engine(store, town, clock=clock)
    await bot.ingest([said("1", "where is library")])
    await bot.drain()
    assert (await store.status(NOW)).unsent == 1
    town.held.clear()
    clock.tick(2)
    await bot.drain()
    assert town.keys("ann") == ["bot:1:0", "bot:1:0"]
    assert town.topics("ann") == ["library"]


async def test_the_loops_come_back_to_what_had_to_wait(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """A message that was put off is sent when its time has come, without anything else happening."""
    said_bell = Bell()
    town.troubles["ann"] = [Unreachable("x")]
    bot = engine(store, town, clock=clock, said=said_bell)
    async with running(bot):
        await bot.ingest([said("1", "where is library")])
        await town.until(lambda: len(town.tried) == 1)
        clock.tick(2)
        said_bell.ring()
        await town.until(lambda: town.topics("ann") == ["library"])


async def test_the_loops_come_back_in_time(store: SqlStore, town: Recorder) -> None:
    """A message that was told to wait goes when its wait is over, not when the loop looks again by itself."""
    town.troubles["ann"] = [RetryLater(0.2)]
    bot = engine(store, town, clock=utc_now)
    began = utc_now()
    async with running(bot):
        await bot.ingest([said("1", "where is library", at=began)])
        await town.until(lambda: town.topics("ann") == ["library"])
    assert 0.2 <= (utc_now() - began).total_seconds() < POLL_SECONDS


class Ended(Recorder):
    """A channel that only the operator can mend."""

    async def run(self, ingest: Ingest) -> None:
        """Take what there is, then find that the token is worth nothing."""
        await ingest(self.hears)
        raise ChannelError("the token is worth nothing")


async def test_the_others_go_on_without_a_broken_channel(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """A channel that cannot be served is said in the log and left out; what waits for it is kept for the next start."""
    broken = Ended(name="broken", clock=clock, hears=[said("1", "where is library", "bob", channel="broken")])
    bot = engine(store, broken, town, clock=clock)
    with capture_logs() as logs:
        async with running(bot):
            await bot.ingest([said("2", "where is waste")])
            await town.until(lambda: town.topics("ann") == ["waste"])
            await eventually(lambda: waiting_for(store))
    assert [(log["channel"], log["why"]) for log in logs if log["event"] == "channel ended"] == [
        ("broken", "the token is worth nothing")
    ]
    mended = Recorder(name="broken", clock=clock)
    async with running(engine(store, mended, clock=clock)):
        await mended.until(lambda: mended.topics("bob") == ["library"])


class Slow(Recorder):
    """A channel that needs a while to close."""

    closed = False

    async def run(self, ingest: Ingest) -> None:
        """Listen; when cancelled, close."""
        try:
            await super().run(ingest)
        finally:
            await asyncio.sleep(0.05)
            self.closed = True


async def test_the_end_waits_for_channels_that_close(store: SqlStore, clock: Clock) -> None:
    """Cancelled, the loops end when every channel has tidied up, and the last message has landed before."""
    slow = Slow(clock=clock, hears=[said("1", "where is library")])
    async with running(engine(store, slow, Recorder(name="other", clock=clock), clock=clock)):
        slow.held["ann"] = asyncio.Event()
        await slow.until(lambda: len(slow.tried) == 1)
        asyncio.get_running_loop().call_later(0.05, slow.held["ann"].set)
    assert slow.closed
    assert slow.topics("ann") == ["library"]
    assert (await store.status(NOW)).unsent == 0


async def waiting_for(store: SqlStore) -> bool:
    """Tell whether everything is handled, and no more than the broken channel's message is unsent."""
    status = await store.status(NOW)
    return not status.waiting and status.unsent <= 1


async def test_without_any_working_channel_it_ends(store: SqlStore, clock: Clock) -> None:
    """If no channel is left, the operator gets the error."""
    with pytest.raises(ChannelError, match="worth nothing"):
        await engine(store, Ended(name="one", clock=clock), Ended(name="two", clock=clock), clock=clock).run()


async def test_poison_is_given_up_by_the_loops(store: SqlStore, town: Recorder) -> None:
    """The step loop comes back to a poison arrival until the apology is out."""
    bot = engine(store, town)
    await bot.ingest([poison("1"), said("2", "where is library", "bob")])
    async with running(bot):
        await town.until(lambda: town.topics("bob") == ["library"])
        for number in range(3, 6):
            await bot.ingest([said(str(number), "where is waste", f"other-{number}")])
            await town.until(lambda n=number: town.topics(f"other-{n}") == ["waste"])  # type: ignore[misc]
        await town.until(lambda: town.topics("ann") == [None])


async def test_a_timer_arrives_in_its_conversation(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """When its time has come, a timer is an event like others, once."""
    later = Timer(key="t", due_at=NOW + timedelta(seconds=60), body=to_json(Said(at=NOW, text="where is library")))
    await store.ingest([said("1", "x")])
    await store.step(lambda _: Outcome(state={}, timers=(later,)), lambda _: Outcome(state=None), NOW)
    bot = engine(store, town, clock=clock)
    clock.tick(61)
    async with running(bot):
        await town.until(lambda: town.topics("ann") == ["library"])
    assert town.keys("ann") == ["timer:1:0"]


async def test_what_is_too_old_goes(store: SqlStore, file: Path, town: Recorder, clock: Clock) -> None:
    """At the start and every hour retention is enforced: the idle conversation goes, the living one stays."""
    bot = engine(store, town, clock=clock)
    await bot.ingest([said("1", "where is library", "ann")])
    await bot.drain()
    clock.tick(6 * 86400)
    await bot.ingest([said("2", "where is library", "bob")])
    await bot.drain()
    clock.tick(2 * 86400)
    keep = Retention(conversations=timedelta(days=7))

    async def purged() -> bool:
        return (await store.status(clock())).conversations == 1

    async with running(engine(store, town, clock=clock, keep=keep)):
        await eventually(purged)
    assert [row.split()[1] for row in rows(file) if row.startswith("conversation ")] == ["bob"]


async def test_it_ends_when_all_channels_have_ended(store: SqlStore, clock: Clock) -> None:
    """With every channel at its end, what waits is handled and sent first."""
    heard = {name: [said(f"{name}{n}", "where is waste", name, channel=name) for n in range(9)] for name in ("one", "two")}
    ending = [Recorder(name=name, clock=clock, ends=True, hears=hears) for name, hears in heard.items()]
    await engine(store, *ending, clock=clock).run()
    assert [channel.topics(channel.name) for channel in ending] == [["waste"] * 9] * 2
    assert await settled(store)


async def test_a_channel_that_cannot_be_served_ends_it(store: SqlStore) -> None:
    """Its error comes out as it is, for the operator, and the other channels are stopped."""
    stopped: list[str] = []

    class Unservable(Recorder):
        async def run(self, ingest: Ingest) -> None:  # noqa: ARG002 - as Channel says
            raise SettingsError("port 80 is taken")

    class Listening(Recorder):
        async def run(self, ingest: Ingest) -> None:
            try:
                await super().run(ingest)
            finally:
                stopped.append(self.name)

    with pytest.raises(SettingsError, match=r"^port 80 is taken$"):
        await engine(store, Listening(name="a"), Unservable(name="b")).run()
    assert stopped == ["a"]


async def test_stopping_lets_what_is_in_the_air_land(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """A stop waits for the sends under way and settles them, so that the next start repeats nothing."""
    town.held["ann"] = asyncio.Event()
    bot = engine(store, town, clock=clock)
    task = asyncio.create_task(bot.run())
    await bot.ingest([said("1", "where is library"), said("2", "where is waste")])
    await town.until(lambda: len(town.tried) == 1)
    task.cancel()
    town.held["ann"].set()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = Recorder(clock=clock)
    await engine(store, again, clock=clock).drain()
    assert (town.topics("ann"), again.topics("ann")) == (["library"], ["waste"])


async def test_claims_of_a_dead_process_are_taken_over_at_once(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """What a process had claimed when it died is sent by the next one without waiting for the claim's end."""
    await engine(store, clock=clock).ingest([said("1", "where is library")])
    await engine(store, clock=clock).drain()
    assert len(await store.settle("town", (), 9, clock())) == 1
    async with running(engine(store, town, clock=clock)):
        await town.until(lambda: town.topics("ann") == ["library"])


async def test_a_fault_of_the_database_repeats_nothing(file: Path, town: Recorder, clock: Clock) -> None:
    """While the database is away the ends of sends are kept in mind: no message goes out twice for it."""
    store = await BreakingStore.open(f"sqlite:///{file}")
    store.breaks = {"settle": 1, "fire": 1}
    bot = engine(store, town, clock=clock)
    with capture_logs() as logs:
        async with running(bot):
            await bot.ingest([said("1", "where is library"), said("2", "where is waste")])
            await town.until(lambda: len(town.shown) == 2)
            await eventually(lambda: settled(store))
    assert town.keys("ann") == ["bot:1:0", "bot:2:0"]
    assert logs == [{"event": "loop failed", "error": "StoreError", "log_level": "error"}] * 2
    await store.close()


async def test_the_bell_wakes_everybody_who_listens() -> None:
    """One ring wakes all, also those who were at work when it rang; it is heard once."""
    bell = Bell()
    ears = [bell.listen() for _ in range(3)]
    waiting = [asyncio.create_task(ear.wait(PATIENCE)) for ear in ears[:2]]
    await asyncio.sleep(0)
    bell.ring()
    async with asyncio.timeout(PATIENCE / 2):
        await asyncio.gather(*waiting, ears[2].wait(PATIENCE))
        await ears[2].wait(0.01)
    assert not any(ear.heard.is_set() for ear in ears)
