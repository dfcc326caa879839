"""What every Store must do: subclass `StoreContract` and give it a fixture `store`, migrated and empty.

Its steps must be in no hurry, so that what a test sees does not depend on the speed of the machine.

Knows `bot.ports` only: no SQL, no database. Time is passed in; nothing here waits.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from uuid import uuid4

from bot.ports import (
    Arrival,
    Compute,
    DeadLetter,
    Delivery,
    Outcome,
    Post,
    Result,
    Retention,
    Row,
    Settled,
    Status,
    Store,
    Tally,
    Timer,
    Turn,
)

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)


def arrival(ext_id: str, conversation: str = "ann", *, at: datetime = NOW, channel: str = "town") -> Arrival:
    """Something a person did; its body says its own id."""
    return Arrival(source="bot", ext_id=ext_id, channel=channel, conversation=conversation, body={"said": ext_id}, at=at)


def about(ext_id: str, message: str, conversation: str = "ann") -> Arrival:
    """Something a person did about a message; its text says its own id."""
    return replace(arrival(ext_id, conversation), body={"message": message, "text": f"text {ext_id}"})


def withdrawal(ext_id: str, message: str) -> Arrival:
    """A person deleted a message."""
    return replace(arrival(ext_id), body={"message": message, "withdrawn": message}, withdraws=message)


def post(key: str, lane: str = "ann", *, due_at: datetime | None = None) -> Post:
    """A message whose body says its own key."""
    return Post(key=key, lane=lane, body={"text": key}, due_at=due_at)


def seen(turn: Turn) -> list[str]:
    """Return the ids that the conversation remembers having handled."""
    remembered = (turn.state or {}).get("seen", [])
    assert isinstance(remembered, list)
    return [str(one) for one in remembered]


def echo(turn: Turn) -> Outcome:
    """Remember the arrival and answer it."""
    return Outcome(state={"seen": [*seen(turn), turn.ext_id]}, posts=(post(f"re:{turn.ext_id}", turn.conversation),))


def sorry(turn: Turn) -> Outcome:
    """Remember that the arrival went wrong and apologise for it."""
    return Outcome(
        state={"seen": [*seen(turn), f"sorry:{turn.ext_id}"]}, posts=(post(f"sorry:{turn.ext_id}", turn.conversation),)
    )


def giving(outcome: Outcome) -> Compute:
    """Return a rule that answers everything with this outcome."""
    return lambda _: outcome


class Script:
    """A rule that notes its turns, and raises for an id as often as it is told to before it echoes."""

    def __init__(self, raising: dict[str, list[BaseException]] | None = None) -> None:
        """Raise these, one by one, for these ids."""
        self.raising = raising or {}
        self.turns: list[Turn] = []

    def __call__(self, turn: Turn) -> Outcome:
        """Note, then raise or echo."""
        self.turns.append(turn)
        if self.raising.get(turn.ext_id):
            raise self.raising[turn.ext_id].pop(0)
        return echo(turn)

    @property
    def ids(self) -> list[str]:
        """The ids of the turns so far."""
        return [turn.ext_id for turn in self.turns]


class PowerCut(BaseException):
    """Ends a step as nothing does that a rule may raise."""


async def drain(store: Store, compute: Compute = echo, *, apologise: Compute = sorry, now: datetime = NOW) -> int:
    """Step until nothing can be handled, and return how many were."""
    handled = 0
    while more := await store.step(compute, apologise, now):
        handled += more
    return handled


async def say(store: Store, *ids: str, conversation: str = "ann", compute: Compute = echo, now: datetime = NOW) -> None:
    """Let a person do things, and handle them."""
    await store.ingest([arrival(one, conversation, at=now) for one in ids])
    await drain(store, compute, now=now)


async def recall(store: Store, conversation: str = "ann", *, now: datetime = NOW) -> Row | None:
    """Return what is remembered of a conversation, by asking within it; it is remembered on."""
    found: list[Row | None] = []

    def look(turn: Turn) -> Outcome:
        found.append(turn.state)
        return Outcome(state=turn.state)

    await store.ingest([arrival(uuid4().hex, conversation, at=now)])
    await drain(store, look, now=now)
    (state,) = found
    return state


async def claim(store: Store, *, want: int = 100, now: datetime = NOW, channel: str = "town") -> list[Delivery]:
    """Claim what is due, having nothing to report."""
    return list(await store.settle(channel, [], want, now))


async def settle(store: Store, *ends: Settled, now: datetime = NOW) -> list[str]:
    """Report ends and return the keys that are claimed next."""
    return keys(await store.settle("town", ends, 100, now))


def keys(deliveries: Sequence[Delivery]) -> list[str]:
    """Return the keys of deliveries."""
    return [one.key for one in deliveries]


def sent(one: Delivery) -> Settled:
    """The delivery has arrived."""
    return Settled(id=one.id, result=Result.SENT, remote_id=f"shown:{one.key}")


def later(one: Delivery, due_at: datetime, *, free: bool = False) -> Settled:
    """The delivery is to be tried again."""
    return Settled(id=one.id, result=Result.LATER, due_at=due_at, free=free, error="Unreachable")


def refused(one: Delivery) -> Settled:
    """The delivery will never arrive."""
    return Settled(id=one.id, result=Result.DEAD, error="Refused")


async def error_of(call: Awaitable[object]) -> BaseException:
    """Return what a call raises, whatever class its database gives it."""
    (outcome,) = await asyncio.gather(call, return_exceptions=True)
    assert isinstance(outcome, BaseException)
    return outcome


class StoreContract:
    """The promises of `bot.ports.Store`, one test each."""

    # --- arrivals -----------------------------------------------------------------------------------------------------

    async def test_an_arrival_is_kept_once(self, store: Store) -> None:
        """The same source and id again changes nothing: in the same call, in another, and after it was handled."""
        assert await store.ingest([arrival("1"), arrival("1"), arrival("2")]) == 2
        assert await store.ingest([arrival("2"), arrival("3")]) == 1
        assert await drain(store) == 3
        assert await store.ingest([arrival("1"), arrival("2"), arrival("3")]) == 0
        assert await drain(store) == 0

    async def test_an_id_belongs_to_its_source(self, store: Store) -> None:
        """Two sources may use the same id."""
        assert await store.ingest([arrival("1"), replace(arrival("1"), source="other bot")]) == 2

    async def test_no_arrivals_are_no_error(self, store: Store) -> None:
        """A source that heard nothing may say so, with or without a cursor."""
        assert await store.ingest([]) == 0
        assert await store.ingest([], cursor=("bot", "7")) == 0
        assert await store.cursor("bot") == "7"

    async def test_a_cursor_is_the_last_one_kept_for_its_source(self, store: Store) -> None:
        """A source without one has None; pausing a channel of the same name leaves it alone."""
        await store.ingest([arrival("1")], cursor=("bot", "1"))
        await store.ingest([arrival("2")], cursor=("bot", "2"))
        await store.ingest([arrival("3")])
        await store.pause("bot", NOW)
        assert await store.cursor("bot") == "2"
        assert await store.cursor("other bot") is None

    async def test_a_cursor_is_kept_with_its_arrivals_or_not_at_all(self, store: Store) -> None:
        """A batch that cannot be kept leaves the cursor where it was, so that it is heard again."""
        await store.ingest([arrival("1")], cursor=("bot", "1"))
        naive = arrival("3", at=datetime(2026, 11, 22))  # noqa: DTZ001
        await error_of(store.ingest([arrival("2"), naive], cursor=("bot", "3")))
        assert await store.cursor("bot") == "1"
        assert await store.ingest([arrival("2")]) == 1

    async def test_a_withdrawn_message_keeps_its_place_and_not_its_text(self, store: Store) -> None:
        """Whatever waits about it says that it was withdrawn; other messages and other people's stay, and so does the order."""
        await store.ingest([about("1", "m"), about("2", "n"), about("x", "m", "bob")])
        assert await store.ingest([about("3", "m"), withdrawal("4", "m"), about("5", "")]) == 3
        script = Script()
        await drain(store, script)
        said = {turn.ext_id: turn.body.get("text", turn.body.get("withdrawn")) for turn in script.turns}
        assert [one for one in script.ids if one != "x"] == ["1", "2", "3", "4", "5"]
        assert said == {"1": "m", "2": "text 2", "3": "m", "4": "m", "5": "text 5", "x": "text x"}

    async def test_a_withdrawn_message_that_was_given_up_has_no_text_either(self, store: Store) -> None:
        """An operator who lets it wait again finds the withdrawal."""
        await store.ingest([about("1", "m"), about("2", "n")])
        script = Script({"1": [KeyError()] * 3, "2": [KeyError()] * 3})
        for _ in range(6):
            await store.step(script, sorry, NOW)
        await store.ingest([withdrawal("3", "m")])
        letters = await store.dead()
        assert len(letters) == 2
        for letter in letters:
            assert await store.retry("inbox", letter.id)
        again = Script()
        await drain(store, again)
        assert {turn.ext_id: turn.body.get("text") for turn in again.turns} == {"1": None, "2": "text 2", "3": None}

    async def test_withdrawing_what_was_handled_changes_nothing(self, store: Store) -> None:
        """It is not handled again, its answer is sent, and a repeated withdrawal is none."""
        await store.ingest([about("1", "m")])
        await drain(store)
        assert await store.ingest([withdrawal("2", "m")]) == 1
        assert await store.ingest([withdrawal("2", "m")]) == 0
        script = Script()
        assert await drain(store, script) == 1
        assert script.ids == ["2"]
        assert keys(await store.pull("ann", 0)) == ["re:1", "re:2"]

    async def test_a_message_with_any_letters_can_be_withdrawn(self, store: Store) -> None:
        """A text that one of the databases could not look into goes like any other."""
        strange = replace(about("1", "m"), body={"message": "m", "text": "\x00 \ud800"})
        await store.ingest([strange, withdrawal("2", "m")])
        script = Script()
        await drain(store, script)
        assert [turn.body for turn in script.turns] == [{"message": "m", "withdrawn": "m"}] * 2

    # --- steps --------------------------------------------------------------------------------------------------------

    async def test_nothing_waiting_is_nothing_done(self, store: Store) -> None:
        """A step without work returns 0 and computes nothing."""
        script = Script()
        assert await store.step(script, script, NOW) == 0
        assert script.turns == []

    async def test_a_turn_says_what_arrived(self, store: Store) -> None:
        """All of the arrival, with its time in UTC, and nothing remembered the first time."""
        tallinn = timezone(timedelta(hours=2))
        await store.ingest([arrival("1", at=NOW.astimezone(tallinn))])
        script = Script()
        await drain(store, script)
        (turn,) = script.turns
        assert turn == Turn(
            inbox_id=turn.inbox_id,
            source="bot",
            ext_id="1",
            channel="town",
            conversation="ann",
            state=None,
            body={"said": "1"},
            at=NOW,
            number=1,
            cases=turn.cases,
        )
        assert turn.at.tzinfo is UTC

    async def test_a_conversation_is_handled_in_the_order_of_arrival(self, store: Store) -> None:
        """Each turn finds what the one before it left, within one batch and across batches."""
        ids = [str(n) for n in range(60)]
        await store.ingest([arrival(one) for one in ids[:40]])
        await store.ingest([arrival(one) for one in ids[40:]])
        script = Script()
        assert await drain(store, script) == 60
        assert script.ids == ids
        assert await recall(store) == {"seen": ids}

    async def test_every_conversation_has_a_memory_of_its_own(self, store: Store) -> None:
        """Arrivals of many conversations, mixed, each reach their own."""
        people = [f"p{n}" for n in range(50)]
        await store.ingest([arrival(f"{one}/{n}", one) for n in range(3) for one in people])
        assert await drain(store) == 150
        for one in people:
            assert await recall(store, one) == {"seen": [f"{one}/{n}" for n in range(3)]}

    async def test_what_is_remembered_comes_back_as_json_in_the_same_step_and_later(self, store: Store) -> None:
        """A tuple is a list when the next turn sees it, however soon that is."""
        states: list[Row | None] = []

        def remember(turn: Turn) -> Outcome:
            states.append(turn.state)
            return Outcome(state={"pair": (1, 2), "õ": None})

        await store.ingest([arrival("1"), arrival("2")])
        await drain(store, remember)
        await say(store, "3", compute=remember)
        assert states == [None, {"pair": [1, 2], "õ": None}, {"pair": [1, 2], "õ": None}]

    async def test_forgetting_is_remembering_nothing(self, store: Store) -> None:
        """State None leaves no conversation, and what waits or comes later begins anew."""
        script = Script()

        def forgetful(turn: Turn) -> Outcome:
            script(turn)
            return Outcome(state=None if turn.ext_id == "2" else {"last": turn.ext_id})

        await say(store, "1", "2", "3", compute=forgetful)
        assert [turn.state for turn in script.turns] == [None, {"last": "1"}, None]
        assert await recall(store) == {"last": "3"}
        await say(store, "4", compute=giving(Outcome(state=None)))
        assert (await store.status(NOW)).conversations == 0
        await say(store, "5")
        assert await recall(store) == {"seen": ["5"]}

    async def test_a_row_that_fails_is_tried_again_before_its_followers(self, store: Store) -> None:
        """Nobody overtakes within a conversation; the other conversation goes on."""
        await store.ingest([arrival("1"), arrival("2"), arrival("x", "bob")])
        script = Script({"1": [KeyError("once"), KeyError("twice")]})
        assert await store.step(script, sorry, NOW) == 1
        assert script.ids == ["1", "x"]
        assert await store.step(script, sorry, NOW) == 0
        assert await drain(store, script) == 2
        assert script.ids == ["1", "x", "1", "1", "2"]
        assert await recall(store) == {"seen": ["1", "2"]}
        assert await store.dead() == []

    async def test_the_third_failure_is_the_last(self, store: Store) -> None:
        """Then the row is dead with its error's class, the person is told, and the rest goes on after the apology."""
        await store.ingest([arrival("1"), arrival("2")])
        script = Script({"1": [KeyError("a"), OSError("b"), ValueError("secret")]})
        steps = [await store.step(script, sorry, NOW + n * SECOND) for n in range(3)]
        assert steps == [0, 0, 2]
        (letter,) = await store.dead()
        assert letter == DeadLetter(
            queue="inbox", id=script.turns[0].inbox_id, channel="town", error="ValueError", at=NOW + 2 * SECOND
        )
        assert await recall(store) == {"seen": ["sorry:1", "2"]}
        assert keys(await store.pull("ann", 0)) == ["sorry:1", "re:2"]
        assert (await store.status(NOW)).dead == 1

    async def test_a_failed_apology_is_no_reason_to_stop(self, store: Store) -> None:
        """The row is dead with the first error and the conversation goes on as if it had not been there."""
        await store.ingest([arrival("1"), arrival("2")])
        script = Script({"1": [KeyError()] * 3})
        for _ in range(3):
            await store.step(script, Script({"1": [OSError()]}), NOW)
        assert [letter.error for letter in await store.dead()] == ["KeyError"]
        assert await recall(store) == {"seen": ["2"]}

    async def test_an_outcome_that_cannot_be_written_leaves_nothing_behind(self, store: Store) -> None:
        """Its posts, timers and tallies go with it, and it counts as a failure of its row alone."""
        broken = Outcome(
            state={"good": 1},
            posts=(post("good"), Post(key="bad", lane="ann", body={"bad": object()})),  # type: ignore[dict-item]
            timers=(Timer(key="t", due_at=NOW, body={}),),
            tallies=(Tally(what="answer"),),
        )
        await store.ingest([arrival("1"), arrival("x", "bob")])
        for _ in range(3):
            await store.step(lambda turn: broken if turn.ext_id == "1" else echo(turn), echo, NOW)
        status = await store.status(NOW)
        assert (status.timers, status.tallies) == (0, {})
        assert [letter.error for letter in await store.dead()] == ["TypeError"]
        assert keys(await store.pull("ann", 0)) == ["re:1"]
        assert keys(await store.pull("bob", 0)) == ["re:x"]

    async def test_a_step_that_is_cut_off_never_was(self, store: Store) -> None:
        """All its rows wait as they did, with all their tries."""
        await store.ingest([arrival("1"), arrival("x", "bob")])
        for _ in range(4):
            assert isinstance(await error_of(store.step(Script({"x": [PowerCut()]}), sorry, NOW)), PowerCut)
        assert (await store.status(NOW)).waiting == 2
        script = Script({"x": [KeyError()] * 2})
        await drain(store, script)
        await drain(store, script)
        assert script.ids == ["1", "x", "x", "x"]
        assert await recall(store, "bob") == {"seen": ["x"]}

    async def test_a_post_is_written_once(self, store: Store) -> None:
        """A known key changes nothing: not in the same outcome, not in another, not after it was sent."""
        once = giving(Outcome(state={}, posts=(post("k"), post("k"))))
        await say(store, "1", "2", compute=once)
        (only,) = await claim(store)
        assert only.body == {"text": "k"}
        assert await settle(store, sent(only)) == []
        await say(store, "3", compute=once)
        assert await claim(store) == []

    # --- sends --------------------------------------------------------------------------------------------------------

    async def test_a_delivery_says_what_was_posted(self, store: Store) -> None:
        """With the attempt that its claim begins."""
        await say(store, "1")
        (one,) = await claim(store)
        assert one == Delivery(
            id=one.id, key="re:1", channel="town", conversation="ann", lane="ann", body={"text": "re:1"}, attempts=1
        )

    async def test_only_the_head_of_a_lane_is_claimed(self, store: Store) -> None:
        """The next one follows when the head is sent; other lanes do not wait for it."""
        await store.ingest([arrival("1"), arrival("2"), arrival("x", "bob")])
        await drain(store)
        first, other = await claim(store)
        assert keys([first, other]) == ["re:1", "re:x"]
        assert await settle(store, sent(other)) == []
        assert await settle(store, sent(first)) == ["re:2"]

    async def test_no_more_is_claimed_than_wanted(self, store: Store) -> None:
        """The oldest go first; wanting nothing only reports."""
        await store.ingest([arrival(str(n), f"p{n}") for n in range(5)])
        await drain(store)
        assert await claim(store, want=0) == []
        assert keys(await claim(store, want=2)) == ["re:0", "re:1"]
        assert keys(await claim(store, want=2)) == ["re:2", "re:3"]

    async def test_a_channel_claims_its_own(self, store: Store) -> None:
        """Neither its claims nor its reports touch another channel's rows, whatever their lanes are called."""
        await say(store, "1")
        await store.ingest([arrival("x", "bob", channel="web")])
        await drain(store, giving(Outcome(state={}, posts=(post("web:1", "ann"),))))
        (theirs,) = await claim(store, channel="web")
        assert theirs.channel == "web"
        assert await settle(store, sent(theirs)) == ["re:1"]
        assert keys(await claim(store, channel="web", now=NOW + 60 * SECOND)) == ["web:1"]

    async def test_a_claim_ends_by_itself(self, store: Store) -> None:
        """After 60 s the row is due again, and the next claim counts one attempt more."""
        await say(store, "1")
        await claim(store)
        assert await claim(store, now=NOW + 59 * SECOND) == []
        (again,) = await claim(store, now=NOW + 60 * SECOND)
        assert (again.key, again.attempts) == ("re:1", 2)

    async def test_released_claims_are_due_at_once(self, store: Store) -> None:
        """What waits for a later try is claimed by nobody and waits on; other channels keep their claims."""
        await store.ingest([arrival("1"), arrival("x", "bob"), arrival("w", "web-1", channel="web")])
        await drain(store)
        _, waiting = await claim(store)
        await claim(store, channel="web")
        await settle(store, later(waiting, NOW + 9 * SECOND))
        await store.release("town")
        assert keys(await claim(store)) == ["re:1"]
        assert await claim(store, channel="web") == []

    async def test_a_later_try_holds_its_lane_only(self, store: Store) -> None:
        """The head is due at its time, exactly, and nobody of its lane overtakes it."""
        await store.ingest([arrival("1"), arrival("2"), arrival("x", "bob")])
        await drain(store)
        head, other = await claim(store)
        again = NOW + 9 * SECOND
        assert await settle(store, later(head, again), sent(other)) == []
        assert await claim(store, now=again - SECOND) == []
        (retried,) = await claim(store, now=again)
        assert (retried.key, retried.attempts) == ("re:1", 2)

    async def test_a_free_try_is_not_counted(self, store: Store) -> None:
        """Being asked to wait is not a failure."""
        await say(store, "1")
        for _ in range(3):
            (one,) = await claim(store)
            assert one.attempts == 1
            await settle(store, later(one, NOW + SECOND, free=True))
            await store.release("town")
            (one,) = await claim(store, now=NOW + SECOND)
            assert one.attempts == 1
            await store.settle("town", [later(one, NOW, free=True)], 0, NOW)

    async def test_later_without_a_time_is_an_error_and_settles_nothing(self, store: Store) -> None:
        """The other reports of the call are not written either."""
        await store.ingest([arrival("1"), arrival("x", "bob")])
        await drain(store)
        first, other = await claim(store)
        error = await error_of(settle(store, sent(first), Settled(id=other.id, result=Result.LATER)))
        assert isinstance(error, ValueError)
        assert (await store.status(NOW)).unsent == 2

    async def test_a_dead_head_frees_its_lane(self, store: Store) -> None:
        """It stays listed with the class of its error."""
        await say(store, "1", "2")
        (head,) = await claim(store)
        assert await settle(store, refused(head), now=NOW + SECOND) == ["re:2"]
        assert await store.dead() == [DeadLetter(queue="outbox", id=head.id, channel="town", error="Refused", at=NOW + SECOND)]

    async def test_the_first_report_counts(self, store: Store) -> None:
        """Of two claimers of one row, the slower one reports into the void."""
        await say(store, "1")
        (one,) = await claim(store)
        await settle(store, sent(one))
        assert await settle(store, later(one, NOW), refused(one)) == []
        assert await store.dead() == []
        assert (await store.status(NOW)).unsent == 0

    async def test_a_post_with_a_time_waits_for_it(self, store: Store) -> None:
        """And so do those behind it in its lane."""
        due_at = NOW + DAY
        await say(store, "1", compute=giving(Outcome(state={}, posts=(post("a", due_at=due_at), post("b")))))
        assert await claim(store) == []
        (first,) = await claim(store, now=due_at)
        assert await settle(store, sent(first), now=due_at) == ["b"]

    async def test_a_paused_channel_claims_nothing(self, store: Store) -> None:
        """Until its time or until the pause is taken back; what is under way is still reported."""
        await say(store, "1", "2")
        (first,) = await claim(store)
        await store.pause("town", NOW + DAY)
        assert await settle(store, sent(first)) == []
        assert (await store.status(NOW)).unsent == 1
        assert keys(await claim(store, now=NOW + DAY)) == ["re:2"]
        await store.release("town")
        await store.pause("town", None)
        assert keys(await claim(store)) == ["re:2"]

    async def test_a_pause_is_of_one_channel(self, store: Store) -> None:
        """The others go on."""
        await say(store, "1")
        await store.pause("web", NOW + DAY)
        assert keys(await claim(store)) == ["re:1"]

    # --- dead letters -------------------------------------------------------------------------------------------------

    async def test_a_dead_arrival_can_be_tried_again(self, store: Store) -> None:
        """It has all its tries again and finds its conversation, even one that is forgotten by then."""
        await store.ingest([arrival("1")])
        nothing = giving(Outcome(state=None))
        for _ in range(3):
            await store.step(Script({"1": [KeyError()]}), nothing, NOW)
        assert (await store.status(NOW)).conversations == 0
        (letter,) = await store.dead()
        assert await store.retry("inbox", letter.id)
        assert not await store.retry("inbox", letter.id)
        assert await store.dead() == []
        script = Script({"1": [KeyError(), KeyError()]})
        for _ in range(3):
            await store.step(script, sorry, NOW)
        assert script.turns[-1].body == {"said": "1"}
        assert await recall(store) == {"seen": ["1"]}

    async def test_a_dead_delivery_can_be_tried_again(self, store: Store) -> None:
        """It is due at once, as if it had never been tried, and the same row as before."""
        await say(store, "1")
        (head,) = await claim(store)
        await settle(store, refused(head))
        assert await store.retry("outbox", head.id)
        assert await claim(store) == [head]

    async def test_a_discarded_letter_is_gone_for_good(self, store: Store) -> None:
        """Its ids stay: neither the arrival nor the post comes back."""
        await store.ingest([arrival("1")])
        for _ in range(3):
            await store.step(Script({"1": [KeyError()]}), sorry, NOW)
        (apology,) = await claim(store)
        await settle(store, refused(apology))
        for letter in await store.dead():
            assert await store.discard(letter.queue, letter.id)
            assert not await store.discard(letter.queue, letter.id)
            assert not await store.retry(letter.queue, letter.id)
        assert await store.dead() == []
        assert await store.ingest([arrival("1")]) == 0
        await say(store, "2", compute=giving(Outcome(state={}, posts=(post("sorry:1"),))))
        assert await claim(store) == []

    async def test_only_dead_rows_are_letters(self, store: Store) -> None:
        """Waiting, handled and unknown rows, and queues there are none of, can be neither retried nor discarded."""
        script = Script()
        await say(store, "1", compute=script)
        (delivery,) = await claim(store)
        for queue, id in (("inbox", script.turns[0].inbox_id), ("outbox", delivery.id), ("inbox", 99), ("timer", 1)):
            assert not await store.retry(queue, id)
            assert not await store.discard(queue, id)
        assert await settle(store, sent(delivery)) == []

    # --- pages --------------------------------------------------------------------------------------------------------

    async def test_a_page_pulls_what_it_has_not_acknowledged(self, store: Store) -> None:
        """After an id, oldest first, as often as it asks."""
        await say(store, "1", "2", "3")
        await say(store, "x", conversation="bob")
        first, second, third = await store.pull("ann", 0)
        assert keys([first, second, third]) == ["re:1", "re:2", "re:3"]
        assert await store.pull("ann", first.id) == [second, third]
        assert await store.pull("ann", 0, limit=2) == [first, second]
        await store.acknowledge("ann", second.id)
        assert await store.pull("ann", 0) == [third]
        assert keys(await store.pull("bob", 0)) == ["re:x"]

    async def test_an_acknowledged_post_stays_known(self, store: Store) -> None:
        """Writing it again shows nothing again; acknowledging again is no error."""
        await say(store, "1")
        (one,) = await store.pull("ann", 0)
        for _ in range(2):
            await store.acknowledge("ann", one.id)
        await say(store, "2", compute=giving(Outcome(state={}, posts=(post("re:1"),))))
        assert await store.pull("ann", 0) == []

    # --- timers -------------------------------------------------------------------------------------------------------

    async def test_a_timer_arrives_when_it_is_due(self, store: Store) -> None:
        """Once, with its own body, in its conversation, after what waits there; each firing says when to come back."""
        timers = (
            Timer(key="soon", due_at=NOW + SECOND, body={"ring": 1}),
            Timer(key="tomorrow", due_at=NOW + DAY, body={"ring": 2}),
        )
        await say(store, "1", compute=giving(Outcome(state={"n": 1}, timers=timers)))
        assert (await store.status(NOW)).timers == 2
        assert await store.fire(NOW) == NOW + SECOND
        assert await drain(store) == 0
        await store.ingest([arrival("2")])
        assert await store.fire(NOW + SECOND) == NOW + DAY
        assert await store.fire(NOW + SECOND) == NOW + DAY
        script = Script()
        await drain(store, script)
        waited, rung = script.turns
        assert waited.ext_id == "2"
        assert (rung.source, rung.channel, rung.conversation, rung.body) == ("timer", "town", "ann", {"ring": 1})
        assert rung.ext_id.isdecimal()
        assert await store.fire(NOW + DAY) is None

    async def test_a_timer_is_set_once(self, store: Store) -> None:
        """The first time counts, and a key that has fired does not fire again."""
        for n, due_at in enumerate((NOW, NOW + DAY)):
            await say(store, str(n), compute=giving(Outcome(state={}, timers=(Timer(key="k", due_at=due_at, body={}),))))
        assert await store.fire(NOW) is None
        assert await drain(store) == 1
        await say(store, "9", compute=giving(Outcome(state={}, timers=(Timer(key="k", due_at=NOW, body={}),))))
        assert await store.fire(NOW) is None
        assert await drain(store) == 0

    async def test_a_cancelled_timer_does_not_fire(self, store: Store) -> None:
        """One that has fired, and one there never was, are cancelled in vain; the same outcome may set it anew."""
        timer = Timer(key="k", due_at=NOW, body={})
        await say(store, "1", compute=giving(Outcome(state={}, timers=(timer, replace(timer, key="other")))))
        await say(store, "2", conversation="bob", compute=giving(Outcome(state={}, cancel=("k", "never"))))
        await store.fire(NOW)
        assert await drain(store) == 1
        await say(store, "3", compute=giving(Outcome(state={}, cancel=("other",), timers=(replace(timer, key="other"),))))
        await store.fire(NOW)
        assert await drain(store) == 0
        moved = replace(timer, due_at=NOW + DAY)
        await say(store, "4", compute=giving(Outcome(state={}, timers=(timer,))))
        await say(store, "5", compute=giving(Outcome(state={}, cancel=("k",), timers=(moved,))))
        assert await store.fire(NOW) == NOW + DAY

    async def test_overdue_timers_fire_together_in_the_order_they_were_due(self, store: Store) -> None:
        """After a long sleep the conversation hears them one after another, each seeing what the last one left."""
        hours = {name: NOW + timedelta(hours=n) for n, name in enumerate(("remind", "urge", "escalate"), start=1)}
        timers = tuple(Timer(key=name, due_at=hours[name], body={"k": name}) for name in ("escalate", "remind", "urge"))
        await say(store, "1", compute=giving(Outcome(state={}, timers=timers)))
        assert await store.fire(NOW + DAY) is None
        script = Script()
        assert await drain(store, script, now=NOW + DAY) == 3
        assert [turn.body["k"] for turn in script.turns] == ["remind", "urge", "escalate"]
        assert [turn.state for turn in script.turns] == [{}, {"seen": script.ids[:1]}, {"seen": script.ids[:2]}]

    async def test_a_timer_outlives_its_conversation(self, store: Store) -> None:
        """What is remembered may go without it; it then finds nothing remembered."""
        timer = Timer(key="k", due_at=NOW, body={})
        await say(store, "1", compute=giving(Outcome(state=None, timers=(timer,))))
        await store.fire(NOW)
        script = Script()
        assert await drain(store, script) == 1
        assert script.turns[0].state is None

    # --- forgetting and keeping ---------------------------------------------------------------------------------------

    async def test_forgetting_leaves_nothing_of_a_conversation(self, store: Store) -> None:
        """State, waiting texts, unsent and dead posts, and timers are gone; the neighbour keeps everything."""
        timers = {name: (Timer(key=name, due_at=NOW, body={}),) for name in ("ann", "bob")}
        for name in ("ann", "bob"):
            outcome = Outcome(state={"n": 1}, posts=(post(f"{name}:1", name), post(f"{name}:2", name)), timers=timers[name])
            await say(store, f"{name}/1", conversation=name, compute=giving(outcome))
        await store.ingest([arrival("ann/2"), arrival("bob/2", "bob")])
        dying, _ = await claim(store)
        await store.settle("town", [refused(dying)], 0, NOW)
        await store.forget("ann")
        assert await store.dead() == []
        assert await store.pull("ann", 0) == []
        await store.fire(NOW)
        script = Script()
        await drain(store, script)
        assert [turn.conversation for turn in script.turns] == ["bob", "bob"]
        assert script.turns[0].state == {"n": 1}
        assert (await store.status(NOW)).conversations == 1

    async def test_an_outcome_can_forget_what_earlier_turns_left(self, store: Store) -> None:
        """Unsent posts and timers of the conversation are gone with its state; the farewell of this very turn goes out."""
        left = Outcome(state={"n": 1}, posts=(post("ann:1"),), timers=(Timer(key="ann", due_at=NOW, body={}),))
        await say(store, "1", compute=giving(left))
        await say(store, "2", compute=giving(Outcome(state=None, forget=True, posts=(post("ann:bye"),))))
        assert await store.fire(NOW) is None
        assert [delivery.key for delivery in await claim(store)] == ["ann:bye"]
        assert (await store.status(NOW)).conversations == 0

    async def test_a_post_may_go_to_another_channel(self, store: Store) -> None:
        """A desk's card written by a resident's turn is claimed by the desk's channel and belongs to no conversation."""
        card = Post(key="card", lane="desk", body={}, channel="desk")
        await say(store, "1", compute=giving(Outcome(state={}, posts=(post("re:1"), card))))
        assert [delivery.key for delivery in await claim(store)] == ["re:1"]
        (delivery,) = await store.settle("desk", [], 5, NOW)
        assert (delivery.key, delivery.conversation, delivery.lane) == ("card", None, "desk")

    async def test_forgetting_keeps_ids(self, store: Store) -> None:
        """What was handled, or waited, or was sent is known again; new arrivals begin a new conversation."""
        await say(store, "1")
        (one,) = await claim(store)
        await settle(store, sent(one))
        await store.ingest([arrival("2")])
        await store.forget("ann")
        await store.forget("nobody")
        assert await store.ingest([arrival("1"), arrival("2")]) == 0
        assert await drain(store) == 0
        await say(store, "3", compute=giving(Outcome(state=None, posts=(post("re:1"), post("re:3")))))
        assert keys(await claim(store)) == ["re:3"]

    async def test_what_is_sent_while_it_is_forgotten_is_no_error(self, store: Store) -> None:
        """Its report finds no row any more."""
        await say(store, "1")
        (one,) = await claim(store)
        await store.forget("ann")
        assert await settle(store, sent(one)) == []

    async def test_old_conversations_go(self, store: Store) -> None:
        """By the time of their last turn; one with a waiting arrival stays, without what it remembered."""
        keep = Retention(ids=60 * DAY)
        await say(store, "old", conversation="old", now=NOW)
        await say(store, "waiting", conversation="waiting", now=NOW)
        await say(store, "new", conversation="new", now=NOW + SECOND)
        await store.ingest([arrival("w2", "waiting")])
        now = NOW + keep.conversations + timedelta(milliseconds=1)
        status = await store.status(now)
        assert (status.conversations, status.oldest_conversation) == (3, NOW)
        assert await store.purge(now, keep) == 3
        assert await store.purge(now, keep) == 0
        script = Script()
        await drain(store, script, now=now)
        assert [(turn.ext_id, turn.state) for turn in script.turns] == [("w2", None)]
        assert await recall(store, "new", now=now) == {"seen": ["new"]}
        assert await recall(store, "old", now=now) is None

    async def test_posts_that_nobody_fetched_go_with_the_conversation(self, store: Store) -> None:
        """A page that never came back leaves no text behind."""
        await say(store, "1")
        keep = Retention(conversations=DAY)
        assert await store.purge(NOW + DAY, keep) == 0
        assert await store.purge(NOW + DAY + SECOND, keep) == 2
        assert await store.pull("ann", 0) == []
        assert (await store.status(NOW)).unsent == 0

    async def test_dead_letters_go_after_a_week(self, store: Store) -> None:
        """By the time they died; their ids stay for de-duplication as long as those of the others."""
        keep = Retention(conversations=90 * DAY)
        await store.ingest([arrival("1")])
        for _ in range(3):
            await store.step(Script({"1": [KeyError()]}), sorry, NOW)
        (apology,) = await claim(store)
        await settle(store, refused(apology), now=NOW + DAY)
        assert await store.purge(NOW + keep.dead + SECOND, keep) == 1
        assert [letter.queue for letter in await store.dead()] == ["outbox"]
        assert await store.purge(NOW + keep.dead + DAY + SECOND, keep) == 1
        assert await store.dead() == []
        assert await store.ingest([arrival("1")]) == 0

    async def test_ids_go_last(self, store: Store) -> None:
        """Handled arrivals, sent posts and fired timers are known for as long as it says, then no more."""
        keep = Retention(conversations=90 * DAY)
        timer = Timer(key="t", due_at=NOW, body={})
        rule = giving(Outcome(state={}, posts=(post("p"),), timers=(timer,)))
        await say(store, "1", compute=rule)
        (one,) = await claim(store)
        await settle(store, sent(one))
        await store.fire(NOW)
        await drain(store, giving(Outcome(state={})))
        assert await store.purge(NOW + keep.ids, keep) == 0
        assert await store.purge(NOW + keep.ids + SECOND, keep) == 4
        assert await store.ingest([arrival("1")]) == 1
        await drain(store, rule)
        await store.fire(NOW)
        assert await drain(store) == 1
        assert keys(await claim(store)) == ["p"]

    async def test_what_waits_is_never_too_old(self, store: Store) -> None:
        """Waiting arrivals and timers that have not fired are nobody's rubbish."""
        await say(store, "1", compute=giving(Outcome(state={}, timers=(Timer(key="t", due_at=NOW + 400 * DAY, body={}),))))
        await store.ingest([arrival("2")])
        await store.purge(NOW + 365 * DAY, Retention())
        status = await store.status(NOW)
        assert (status.waiting, status.timers) == (1, 1)

    async def test_an_id_is_never_used_again(self, store: Store) -> None:
        """A page goes on after the last id it saw, and a timer arrives under its own, long after others are gone."""
        timer = Timer(key="first", due_at=NOW, body={})
        await say(store, "1", compute=giving(Outcome(state={}, posts=(post("a"),), timers=(timer,))))
        (old,) = await store.pull("ann", 0)
        await store.acknowledge("ann", old.id)
        much_later = NOW + 31 * DAY
        await store.fire(much_later)
        await drain(store, giving(Outcome(state={})), now=much_later)
        await store.purge(much_later, Retention())
        timer = Timer(key="second", due_at=much_later, body={})
        await say(store, "2", compute=giving(Outcome(state={}, posts=(post("b"),), timers=(timer,))), now=much_later)
        assert keys(await store.pull("ann", old.id)) == ["b"]
        await store.fire(much_later)
        assert await drain(store) == 1

    # --- counts -------------------------------------------------------------------------------------------------------

    async def test_an_empty_store_counts_nothing(self, store: Store) -> None:
        """It only says what revision it is."""
        status = await store.status(NOW)
        assert status.revision
        assert replace(status, revision="") == Status(
            revision="", conversations=0, waiting=0, unsent=0, dead=0, timers=0, oldest_conversation=None
        )

    async def test_counts_are_of_what_there_is(self, store: Store) -> None:
        """One of each kind, and two arrivals that wait."""
        await say(
            store,
            "1",
            compute=giving(Outcome(state={}, posts=(post("a"),), timers=(Timer(key="t", due_at=NOW, body={}),))),
        )
        await store.ingest([arrival("2"), arrival("x", "bob")])
        status = await store.status(NOW)
        assert replace(status, revision="", queues=(), oldest={}) == Status(
            revision="",
            conversations=2,
            waiting=2,
            unsent=1,
            dead=0,
            timers=1,
            oldest_conversation=NOW,
        )

    async def test_tallies_add_up(self, store: Store) -> None:
        """By what, topic and language, over thirty days, whatever the time zone that the time comes in."""
        answer, asked = Tally(what="answer", topic="id-card", lang="et"), Tally(what="asked")
        rule = giving(Outcome(state={}, tallies=(answer, asked, answer)))
        await say(store, "1", "2", compute=rule)
        await say(store, "3", compute=rule, now=NOW + DAY)
        now = (NOW + 30 * DAY).astimezone(timezone(timedelta(hours=14)))
        assert (await store.status(NOW + DAY)).tallies == {"answer:id-card:et": 6, "asked": 3}
        assert (await store.status(now)).tallies == {"answer:id-card:et": 2, "asked": 1}
        assert (await store.status(now + 2 * DAY)).tallies == {}

    # --- the end ------------------------------------------------------------------------------------------------------

    async def test_closing_twice_is_no_error(self, store: Store) -> None:
        """Whoever closes need not know whether somebody else has."""
        await store.close()
        await store.close()
