"""Any sequence of calls against a model of a few lists: what waits, what was handled, what is in which lane."""

import asyncio
from datetime import timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.ports import Delivery, Outcome, Result, Settled, Turn
from bot.store import SqlStore
from tests.contracts.store import NOW, arrival, echo, seen, sorry

PEOPLE: Final = ("ann", "bob", "eve")
people = st.sampled_from(PEOPLE)
crowds = st.sets(people)


class Queues(RuleBasedStateMachine):
    """Three people on one channel: arrivals repeat, handling fails, sends end in every way, senders die."""

    def __init__(self) -> None:
        """Open a private store."""
        super().__init__()
        self.loop = asyncio.Runner()
        self.store = self.loop.run(SqlStore.open("sqlite://"))
        self.now = NOW
        self.known: set[str] = set()
        self.waiting: dict[str, list[str]] = {one: [] for one in PEOPLE}
        self.handled: dict[str, list[str]] = {one: [] for one in PEOPLE}
        self.lanes: dict[str, list[str]] = {one: [] for one in PEOPLE}
        self.claimed: dict[str, Delivery] = {}
        self.wrong: list[str] = []

    @rule(person=people, number=st.integers(0, 5))
    def arrive(self, person: str, number: int) -> None:
        """New the first time, nothing afterwards."""
        name = f"{person}/{number}"
        new = self.loop.run(self.store.ingest([arrival(name, person)]))
        assert new == (name not in self.known)
        if new:
            self.known.add(name)
            self.waiting[person].append(name)

    @rule(failing=crowds)
    def step(self, failing: set[str]) -> None:
        """Each person's rows in order, each on top of the ones before; for some of them it goes wrong."""
        given_up: list[str] = []

        def compute(turn: Turn) -> Outcome:
            self.expect(turn)
            if turn.conversation in failing:
                raise OSError
            return self.write(turn, echo(turn), turn.ext_id)

        def apologise(turn: Turn) -> Outcome:
            self.expect(turn)
            given_up.append(turn.ext_id)
            return self.write(turn, sorry(turn), f"sorry:{turn.ext_id}")

        self.loop.run(self.store.step(compute, apologise, self.now))
        assert self.wrong == []
        assert {name.partition("/")[0] for name in given_up} <= failing

    @rule(sent=crowds, dead=crowds, later=crowds)
    def settle(self, sent: set[str], dead: set[str], later: set[str]) -> None:
        """Report some of what was claimed, each in one of three ways; claim heads, and only those nobody has."""
        ends = []
        for result, lanes in ((Result.SENT, sent), (Result.DEAD, dead - sent), (Result.LATER, later - dead - sent)):
            for lane in lanes & self.claimed.keys():
                one = self.claimed.pop(lane)
                ends.append(Settled(id=one.id, result=result, due_at=self.now))
                if result is not Result.LATER:
                    assert self.lanes[lane].pop(0) == one.key
        heads = {lane: keys[0] for lane, keys in self.lanes.items() if keys and lane not in self.claimed}
        taken = self.loop.run(self.store.settle("town", ends, 9, self.now))
        assert {one.lane: one.key for one in taken} == heads
        self.claimed |= {one.lane: one for one in taken}

    @rule(waits=st.booleans())
    def die(self, waits: bool) -> None:
        """The sender is gone: its claims run out, or the next one releases them."""
        self.claimed.clear()
        if waits:
            self.now += timedelta(seconds=60)
        else:
            self.loop.run(self.store.release("town"))

    @invariant()
    def counts_agree(self) -> None:
        """The store counts what the model holds."""
        status = self.loop.run(self.store.status(self.now))
        assert status.waiting == sum(map(len, self.waiting.values()))
        assert status.unsent == sum(map(len, self.lanes.values()))

    def expect(self, turn: Turn) -> None:
        """Note a turn that should not be; raising here would only be one more failure of the row."""
        next_one, before = self.waiting[turn.conversation][:1], self.handled[turn.conversation]
        if [turn.ext_id] != next_one or seen(turn) != before:
            self.wrong.append(f"{turn.ext_id} after {seen(turn)}, expected {next_one} after {before}")

    def write(self, turn: Turn, outcome: Outcome, name: str) -> Outcome:
        """Take over what the store is about to write."""
        self.waiting[turn.conversation].pop(0)
        self.handled[turn.conversation].append(name)
        self.lanes[turn.conversation] += [post.key for post in outcome.posts]
        return outcome

    def teardown(self) -> None:
        """Leave nothing open."""
        self.loop.run(self.store.close())
        self.loop.close()


Queues.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, database=None)
TestQueues = Queues.TestCase
