"""Engines that share a PostgreSQL: all compute, one speaks to the outside, and another one takes over when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.engine import Engine, utc_now
from bot.errors import ChannelError
from bot.ports import Ingest
from bot.store import SqlStore
from tests.engine.kit import Recorder, engine, said
from tests.engine.processes import PATIENCE, living
from tests.replicas.test_lease import cut

ROUNDS = 3


@dataclass(slots=True)
class Standing(Recorder):
    """A channel that also notes what it does meanwhile."""

    stood_by: bool = False

    async def stand_by(self, ingest: Ingest) -> None:
        """Hand in something while another process leads."""
        self.stood_by = True
        await ingest([said("pushed", "where is waste", "pia")])
        await asyncio.Event().wait()


@dataclass(slots=True)
class Counting(Recorder):
    """A channel that counts how often it was begun."""

    runs: int = 0

    async def run(self, ingest: Ingest) -> None:
        """Listen."""
        self.runs += 1
        await super(Counting, self).run(ingest)


class Broken(Recorder):
    """A channel that only the operator can mend."""

    async def run(self, ingest: Ingest) -> None:  # noqa: ARG002 - the port's signature
        """Say so at once."""
        raise ChannelError("the token was revoked")


@asynccontextmanager
async def replica(url: str, *channels: Recorder) -> AsyncIterator[Engine]:
    """Open a store of its own and build an engine on it, not running yet."""
    store = await SqlStore.open(url)
    try:
        yield engine(store, *channels, clock=utc_now)
    finally:
        await store.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_speaks_and_the_other_takes_over(postgres_url: str) -> None:
    """What comes to either process is answered by the one whose turn it is, once."""
    here, there = Recorder(), Recorder()
    async with replica(postgres_url, here) as one, replica(postgres_url, there) as other:
        async with living(one.run()):
            await until(lambda: one.front.leading)
            async with living(other.run()):
                await until(lambda: other.front.parts.get("town") == "stands by")
                await other.ingest([said("1", "where is library")])
                await until(lambda: here.topics("ann") == ["library"])
                assert (one.front.parts, other.front.leading) == ({"town": "served"}, False)
        async with living(other.run()):
            await until(lambda: other.front.leading)
            await one.ingest([said("2", "where is waste")])
            await until(lambda: there.topics("ann") == ["waste"])
    assert here.topics("ann") == ["library"]


async def test_the_turn_changes_as_often_as_it_must(postgres_url: str) -> None:
    """A database that goes away takes the turn from whoever has it; nothing is lost, and somebody has it again."""
    here, there = Counting(), Counting()
    async with (
        replica(postgres_url, here) as one, replica(postgres_url, there) as other,
        living(one.run()), living(other.run()),
    ):  # fmt: skip
        for number in range(ROUNDS):
            await until(lambda: here.runs + there.runs > number)  # noqa: B023
            before = here.runs + there.runs
            await asyncio.to_thread(cut, postgres_url)
            await until(lambda: here.runs + there.runs > before)  # noqa: B023
            await one.ingest([said(str(number), "where is library")])
            await until(lambda: len(here.topics("ann")) + len(there.topics("ann")) == number + 1)  # noqa: B023
    assert (one.front.leading, other.front.leading) == (False, False)


async def test_who_stands_by_takes_what_is_pushed(postgres_url: str) -> None:
    """A load balancer may bring it to any process; the one that leads answers."""
    here, there = Recorder(), Standing()
    async with replica(postgres_url, here) as one, replica(postgres_url, there) as other, living(one.run()):
        await until(lambda: one.front.leading)
        async with living(other.run()):
            await until(lambda: here.topics("pia") == ["waste"])
            assert there.stood_by
            assert there.shown == []


async def test_a_channel_that_cannot_be_served_leaves_the_others(postgres_url: str) -> None:
    """Its end is told, and the process goes on leading the rest."""
    here = Recorder()
    async with replica(postgres_url, here, Broken(name="village")) as one, living(one.run()):
        await until(lambda: one.front.parts.get("village") == "ended: the token was revoked")
        await one.ingest([said("1", "where is library")])
        await until(lambda: here.topics("ann") == ["library"])
