"""Several stores on one database, as several processes have them: together they do what one would do.

On SQLite only one of them would serve, but `teejuht queue` may write beside it.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from random import Random
from threading import Event
from typing import TypeAlias

import pytest
from sqlalchemy import Connection

from bot.ports import Outcome, Retention, Timer, Turn
from bot.store import SqlStore, inbox
from bot.store.database import Database
from tests.contracts.cases import numbers, opening
from tests.contracts.store import (
    DAY,
    NOW,
    Script,
    arrival,
    claim,
    drain,
    echo,
    giving,
    keys,
    recall,
    say,
    seen,
    sent,
    sorry,
)

Pair: TypeAlias = tuple[SqlStore, SqlStore]


@pytest.fixture
async def pair(url: str) -> AsyncIterator[Pair]:
    """Two stores on one database of either kind."""
    one, other = await SqlStore.open(url), await SqlStore.open(url)
    yield one, other
    await one.close()
    await other.close()


@pytest.fixture
async def postgres_pair(postgres_url: str) -> AsyncIterator[Pair]:
    """Two stores on one PostgreSQL."""
    one, other = await SqlStore.open(postgres_url), await SqlStore.open(postgres_url)
    yield one, other
    await one.close()
    await other.close()


async def test_many_steppers_handle_each_row_once_and_in_order(pair: Pair) -> None:
    """Whoever takes a conversation finds what the last one left."""
    people = [f"p{n}" for n in range(20)]
    for n in range(10):
        await pair[0].ingest([arrival(f"{one}/{n}", one) for one in people])
    handled: list[Turn] = []

    def note(turn: Turn) -> Outcome:
        handled.append(turn)
        return echo(turn)

    async def work(store: SqlStore) -> int:
        return await drain(store, note)

    counts = await asyncio.gather(*(work(store) for store in pair * 3))
    assert sum(counts) + await drain(pair[0], note) == 200
    by_person: dict[str, list[str]] = defaultdict(list)
    for turn in handled:
        assert seen(turn) == by_person[turn.conversation]
        by_person[turn.conversation].append(turn.ext_id)
    assert by_person == {one: [f"{one}/{n}" for n in range(10)] for one in people}


async def test_a_conversation_that_is_being_handled_is_left_alone(postgres_pair: Pair) -> None:
    """Another process handles its neighbours meanwhile, and none of its later rows."""
    one, other = postgres_pair
    await one.ingest([arrival("1"), arrival("2")])
    started, go_on = Event(), Event()

    def slow(turn: Turn) -> Outcome:
        started.set()
        assert go_on.wait(30)
        return echo(turn)

    stepping = asyncio.create_task(one.step(slow, sorry, NOW))
    await asyncio.to_thread(started.wait, 30)
    await other.ingest([arrival("x", "bob")])
    script = Script()
    await drain(other, script)
    assert script.ids == ["x"]
    go_on.set()
    assert await stepping + await drain(other) == 2
    assert await recall(other) == {"seen": ["1", "2"]}


async def test_a_conversation_that_hears_something_is_left_alone(postgres_url: str, postgres_pair: Pair) -> None:
    """A step would not see an arrival that is not committed yet, and might delete the conversation under it."""
    one, other = postgres_pair
    forgetful = giving(Outcome(state=None))
    heard, go_on = Event(), Event()

    def hear_slowly(connection: Connection) -> None:
        inbox.ingest(connection, [arrival("2")], None)
        heard.set()
        assert go_on.wait(30)

    await one.ingest([arrival("1")])
    async with Database(postgres_url) as database:
        hearing = asyncio.create_task(database.run(hear_slowly))
        await asyncio.to_thread(heard.wait, 30)
        handled = await other.step(forgetful, sorry, NOW)
        go_on.set()
        await hearing
    assert handled + await drain(other, forgetful) == 2


async def test_an_arrival_finds_its_way_while_its_conversation_is_forgotten(pair: Pair) -> None:
    """However the two meet, the row is handled: a conversation with waiting rows never goes."""
    one, other = pair
    forgetful = giving(Outcome(state=None))
    for n in range(30):
        await one.ingest([arrival(f"{n}/a")])
        handled, new = await asyncio.gather(one.step(forgetful, sorry, NOW), other.ingest([arrival(f"{n}/b")]))
        assert new == 1
        assert handled + await drain(other, forgetful) == 2
    assert (await one.status(NOW)).conversations == 0


async def test_a_number_is_given_to_one_of_two_who_want_it(postgres_pair: Pair) -> None:
    """The slower one gets the next number when it is tried again; that is no failure of its row, however often it happens."""
    one, other = postgres_pair
    await one.ingest([arrival("slow"), arrival("behind")])
    wanted: list[tuple[str, int]] = []
    for n in range(4):
        started, go_on = Event(), Event()

        def slow(turn: Turn, started: Event = started, go_on: Event = go_on) -> Outcome:
            wanted.append((turn.ext_id, turn.number))
            started.set()
            assert go_on.wait(30)
            return opening(turn)

        stepping = asyncio.create_task(one.step(slow, sorry, NOW))
        await asyncio.to_thread(started.wait, 30)
        await say(other, f"quick/{n}", conversation=f"quick{n}", compute=opening)
        go_on.set()
        assert await stepping == 0
    assert await drain(one, opening) == 2
    assert [number for ext_id, number in wanted if ext_id == "slow"] == [1, 2, 3, 4]
    assert await numbers(one, *(f"quick{n}" for n in range(4))) == [1, 2, 3, 4]
    assert await numbers(one, "ann") == [5, 6]
    assert await one.dead() == []


async def test_cases_at_once_have_numbers_of_their_own(pair: Pair) -> None:
    """Without gaps, whoever opens them, and whatever else goes on."""
    people = [f"p{n}" for n in range(30)]

    async def work(store: SqlStore, name: str) -> None:
        await say(store, name, conversation=name, compute=opening)

    async def clean(store: SqlStore) -> None:
        await store.purge(NOW + DAY, Retention())
        await store.forget("nobody")

    await asyncio.gather(*(work(pair[n % 2], name) for n, name in enumerate(people)), *(clean(store) for store in pair * 5))
    await drain(pair[0], opening)
    assert sorted(await numbers(pair[1], *people)) == list(range(1, 31))


async def test_a_timer_fires_for_one_of_them(pair: Pair) -> None:
    """And so does a delivery get claimed, and an arrival kept."""
    timers = tuple(Timer(key=f"t{n}", due_at=NOW, body={}) for n in range(20))
    await say(pair[0], "1", compute=giving(Outcome(state={}, timers=timers)))
    await asyncio.gather(*(store.fire(NOW) for store in pair * 2))
    assert await drain(pair[1]) == 20
    crowd = [arrival(f"p{n}", f"p{n}") for n in range(20)]
    assert sum(await asyncio.gather(*(store.ingest(crowd) for store in pair * 2))) == 20
    await drain(pair[0])
    claims = await asyncio.gather(*(claim(store, want=8) for store in pair * 2))
    claimed = [key for some in claims for key in keys(some)]
    assert len(claimed) == len(set(claimed))


async def test_everything_at_once_fails_nobody(pair: Pair) -> None:
    """No order of calls makes two of them wait for each other, and nothing is lost or doubled on the way."""
    random, kept, handled = Random(7), 0, Counter[tuple[str, str]]()

    def rule(turn: Turn) -> Outcome:
        handled[turn.source, turn.ext_id] += 1
        if turn.source == "timer":
            return Outcome(state=turn.state)
        number = int(turn.ext_id.partition("/")[2])
        timer = Timer(key=f"t{number}", due_at=NOW, body={})
        return Outcome(
            state=None if number % 7 == 0 else {"n": number},
            posts=echo(turn).posts,
            timers=(timer,),
            cancel=(f"t{number - 3}", f"t{number + 2}"),
        )

    async def send(store: SqlStore) -> None:
        await store.settle("town", [sent(one) for one in await claim(store, want=5)], 0, NOW)

    async def one_call(store: SqlStore, n: int) -> None:
        nonlocal kept
        match random.randrange(6):
            case 0 | 1:
                people = random.sample(range(8), 4)
                new = await store.ingest([arrival(f"p{one}/{n}", f"p{one}") for one in people], cursor=("bot", str(n)))
                kept += new
            case 2:
                await store.step(rule, sorry, NOW)
            case 3:
                await send(store)
            case 4:
                await store.fire(NOW)
            case _:
                await store.purge(NOW - DAY, Retention())

    for burst in range(20):
        await asyncio.gather(*(one_call(store, burst * 10 + n) for n, store in enumerate(pair * 5)))
    await drain(pair[0], rule)
    await pair[0].fire(NOW)
    await drain(pair[0], rule)
    status = await pair[1].status(NOW)
    assert (status.waiting, status.dead, status.timers) == (0, 0, 0)
    assert set(handled.values()) == {1}
    assert kept == sum(source == "bot" for source, _ in handled)
