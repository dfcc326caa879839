"""How old the oldest of what is personal is, and that it is never older than it may be, also just before the next purge."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

import pytest
from sqlalchemy import Connection, Row, Table, select

from bot.ports import CaseRecord, Deed, Outcome, Post, Result, Retention, Settled, Turn, Waiting, limits
from bot.store import SqlStore
from bot.store.database import Database
from bot.store.tables import case, conversation, deed, inbox, link, outbox
from tests.contracts.cases import DESK, change, changing, open_case
from tests.contracts.store import DAY, NOW, SECOND, Script, arrival, claim, drain, giving, post, refused, say, sent, settle

HOUR: Final = timedelta(hours=1)
EVERY: Final = 12 * HOUR
"""From one purge to the next."""
KEEP: Final = Retention(
    conversations=10 * DAY, questions=3 * DAY, cases=20 * DAY, links=15 * DAY, deeds=40 * DAY, dead=7 * DAY, ids=10 * DAY
)
DONE, DEAD = 1, 2


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """A store on the database at `url`, whose steps are in no hurry."""
    store = await SqlStore.open(url, step_seconds=60)
    yield store
    await store.close()


# --- what is told of a queue and of an age


async def test_a_queue_says_what_waits_and_since_when(store: SqlStore) -> None:
    """By channel: how many rows, how many of them were tried in vain, and the oldest."""
    await store.ingest([arrival("1", at=NOW + HOUR), arrival("2", at=NOW), arrival("3", "eve", channel="web")])
    await store.step(Script({"1": [KeyError()]}), giving(Outcome(state=None)), NOW)
    queues = {(queue.queue, queue.channel): queue for queue in (await store.status(NOW)).queues}
    town = Waiting(queue="inbox", channel="town", rows=2, failing=1, since=NOW)
    assert queues["inbox", "town"] == town
    assert queues["outbox", "web"] == Waiting(queue="outbox", channel="web", rows=1, failing=0, since=NOW)
    assert len(queues) == 2


async def test_what_was_handled_waits_no_more(store: SqlStore) -> None:
    """Neither what was sent nor what was given up is in a queue."""
    await say(store, "1", "2")
    (one,) = await claim(store)
    (other,) = await store.settle("town", [sent(one)], 1, NOW)
    await settle(store, refused(other))
    status = await store.status(NOW)
    assert (status.queues, status.waiting, status.unsent, status.dead) == ((), 0, 0, 1)


async def test_nothing_kept_has_no_age(store: SqlStore) -> None:
    """An empty database knows no oldest record."""
    assert (await store.status(NOW)).oldest == {}


async def test_each_kind_counts_from_its_own_moment(store: SqlStore) -> None:
    """A question from when it was asked, a case from its end, a dead letter from when it was given up."""
    asking = giving(Outcome(state={}, question="Why?", asked_at=NOW - HOUR))
    await change(store, asking, "bob")
    assert (await store.status(NOW)).oldest == {"conversations": NOW, "questions": NOW - HOUR}
    number = await open_case(store, "eve", now=NOW - 3 * DAY)
    deeds = (Deed(case=number, what="close", desk=DESK, staff="telegram:7"),)
    record = CaseRecord(number=number, town="town", body={"note": "done"}, closed_at=NOW - DAY)
    await change(store, giving(Outcome(state={}, case=record, deeds=deeds)), "eve", now=NOW + HOUR)
    await store.keep_link("digest", DESK, number, NOW - 2 * DAY)
    await store.ingest([arrival("1", at=NOW - 5 * HOUR)])
    for _ in range(3):
        await store.step(Script({"1": [KeyError()] * 3}), giving(Outcome(state=None)), NOW + 2 * HOUR)
    await store.ingest([arrival("2", at=NOW - 4 * HOUR)])
    assert (await store.status(NOW)).oldest == {
        "conversations": NOW,
        "questions": NOW - HOUR,
        "cases": NOW - DAY,
        "deeds": NOW + HOUR,
        "links": NOW - 2 * DAY,
        "dead": NOW + 2 * HOUR,
        "waiting": NOW - 4 * HOUR,
        "unsent": NOW - 3 * DAY,
    }


async def test_a_conversation_with_an_open_case_has_no_age(store: SqlStore) -> None:
    """Its time begins when the case has ended; nor does a conversation count of which nothing is remembered."""
    number = await open_case(store)
    assert "conversations" not in (await store.status(NOW)).oldest
    await store.ingest([arrival("waits", "bob")])
    assert "conversations" not in (await store.status(NOW)).oldest
    await change(store, changing(number, closed_at=NOW + HOUR), now=NOW + HOUR)
    assert (await store.status(NOW)).oldest["conversations"] == NOW + HOUR


# --- four months


@pytest.mark.untraced
async def test_nothing_personal_is_ever_too_old(url: str, store: SqlStore) -> None:
    """Over 120 days of what people and staff do, at every moment; and nothing goes much before its time."""
    town, longest = Town(store, Random(1)), dict.fromkeys(limits(KEEP), timedelta())
    async with Database(url) as database:
        for now in (NOW + n * EVERY for n in range(1, int(120 * DAY / EVERY))):
            await town.live(until=now)
            for purged in (False, True):
                if purged:
                    # What would be too old before the next purge goes with this one.
                    await store.purge(now + EVERY, KEEP)
                oldest = (await store.status(now)).oldest
                assert oldest == await database.run(really_oldest)
                ages = {kind: now - since for kind, since in oldest.items()}
                assert {kind: age for kind, age in ages.items() if age > limits(KEEP)[kind]} == {}
                longest |= {kind: max(age, longest[kind]) for kind, age in ages.items()}
    never_that_old = {kind for kind, limit in limits(KEEP).items() if longest[kind] < limit - 2 * EVERY}
    assert never_that_old == {"waiting"}  # what waits is handled
    assert longest["waiting"] > HOUR


async def test_what_comes_while_it_is_purged_is_not_lost(store: SqlStore) -> None:
    """A purge that looks ahead takes nothing that is new."""
    await change(store, giving(Outcome(state={"n": 1}, question="Why?", asked_at=NOW)))
    await store.ingest([arrival("2")])
    assert await store.purge(NOW + EVERY, KEEP) == 0
    script = Script()
    await drain(store, script)
    assert [(turn.state, turn.question) for turn in script.turns] == [({"n": 1}, "Why?")]


def really_oldest(connection: Connection) -> Mapping[str, datetime]:
    """Find the oldest record of each kind by looking at every row."""

    def moments(table: Table, moment: str, holds: Callable[[Row[tuple[object, ...]]], bool]) -> list[datetime]:
        return [getattr(row, moment) for row in connection.execute(select(table)) if holds(row)]

    busy = {row.conversation_id for row in connection.execute(select(case)) if row.closed_at is None}
    found = {
        "conversations": moments(conversation, "updated_at", lambda row: row.state is not None and row.id not in busy),
        "questions": moments(conversation, "asked_at", lambda row: row.question is not None),
        "cases": moments(case, "closed_at", lambda row: row.body is not None and row.closed_at is not None),
        "links": moments(link, "at", lambda _: True),
        "deeds": moments(deed, "at", lambda _: True),
        "dead": [
            moment
            for table in (inbox, outbox)
            for moment in moments(table, "ended_at", lambda row: row.status == DEAD and row.body is not None)
        ],
        "waiting": moments(inbox, "at", lambda row: row.status not in (DONE, DEAD) and row.body is not None),
        "unsent": moments(outbox, "at", lambda row: row.status not in (DONE, DEAD) and row.body is not None),
    }
    return {kind: min(ages) for kind, ages in found.items() if ages}


@dataclass(slots=True)
class Town:
    """People and staff who do something every few hours, at random."""

    store: SqlStore
    random: Random
    now: datetime = NOW
    numbers: "count[int]" = field(default_factory=count)

    async def live(self, *, until: datetime) -> None:
        """Let things happen up to a moment."""
        while (later := self.now + timedelta(seconds=self.random.expovariate(1 / (5 * 3600)))) < until:
            self.now = later
            do = self.random.choices(
                (self.ask, self.choose, self.case, self.page, self.link, self.poison, self.deliver, self.wait, self.forget),
                (8, 6, 9, 4, 2, 1, 5, 3, 1),
            )[0]
            await do(f"person-{self.random.randrange(40)}")
        self.now = max(self.now, until - SECOND)

    async def ask(self, who: str) -> None:
        """Ask a question, which is answered."""
        await self._step(who, lambda turn: Outcome(state={}, question="Why?", asked_at=self.now, posts=self._posts(turn)))

    async def choose(self, who: str) -> None:
        """Choose an option: the question before stays as it was."""
        await self._step(who, self._going_on)

    async def page(self, who: str) -> None:
        """Write on the page, and perhaps come back to read."""
        await self._step(who, self._going_on, channel="web")
        if self.random.random() < 0.5 and (rows := await self.store.pull(who, 0)):
            await self.store.acknowledge(who, rows[-1].id)

    async def case(self, who: str) -> None:
        """Open a case, close it or open it again; staff note what they do."""
        cases = await self.store.cases(who)
        last = cases[-1] if cases else None

        def move(turn: Turn) -> Outcome:
            if last is None:
                record = CaseRecord(number=turn.number, town="town", body={"n": 1}, opens=True)
            else:
                record = replace(last, closed_at=None if last.closed_at else self.now)
            deeds = (Deed(case=record.number, what="move", desk=DESK, staff="telegram:7"),)
            return Outcome(state={"case": record.number}, case=record, deeds=deeds)

        await self._step(who, move)

    async def link(self, who: str) -> None:
        """Send staff a mail with a link to a case."""
        for one in await self.store.cases(who):
            await self.store.keep_link(f"digest-{next(self.numbers)}", DESK, one.number, self.now)

    async def poison(self, who: str) -> None:
        """Write what cannot be handled; the operator may try it once more."""
        name = await self._write(who, "town")
        for _ in range(3):
            await self.store.step(Script({name: [KeyError()] * 3}), giving(Outcome(state=None)), self.now)
        if self.random.random() < 0.3:
            await self.store.retry("inbox", next(one.id for one in await self.store.dead() if one.queue == "inbox"))
            await drain(self.store, self._going_on, now=self.now)

    async def deliver(self, _: str) -> None:
        """Send what is due; some of it cannot be delivered."""
        for one in await claim(self.store, now=self.now):
            result = self.random.choices((Result.SENT, Result.DEAD), (4, 1))[0]
            await settle(self.store, Settled(id=one.id, result=result, error="Refused"), now=self.now)

    async def wait(self, who: str) -> None:
        """Write while nobody reads; it is read with what comes next."""
        await self._write(who, "town")

    async def forget(self, who: str) -> None:
        """Ask to be forgotten."""
        await self.store.forget(who)

    async def _write(self, who: str, channel: str) -> str:
        name = f"arrival-{next(self.numbers)}"
        await self.store.ingest([arrival(name, who, at=self.now, channel=channel)])
        return name

    async def _step(self, who: str, rule: Callable[[Turn], Outcome], *, channel: str = "town") -> None:
        """Handle what waits, then what this person does."""
        await drain(self.store, self._going_on, now=self.now)
        await self._write(who, channel)
        await drain(self.store, rule, now=self.now)

    def _going_on(self, turn: Turn) -> Outcome:
        return Outcome(state={}, question=turn.question, asked_at=turn.asked_at, posts=self._posts(turn))

    def _posts(self, turn: Turn) -> tuple[Post, ...]:
        return (post(f"re:{turn.ext_id}", turn.conversation),)
