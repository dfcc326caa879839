"""What every Store must do for cases: who staff speak to, what is kept of a case and for how long.

Subclass `CasesContract` beside `StoreContract`, with the same fixture `store`. Knows `bot.ports` only.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from uuid import uuid4

import pytest

from bot.ports import (
    DESKS,
    Arrival,
    CaseRecord,
    Compute,
    Deed,
    Delivery,
    DeskThread,
    Outcome,
    Post,
    Result,
    Retention,
    Row,
    Settled,
    Store,
    Timer,
    Turn,
)
from tests.contracts.store import DAY, NOW, SECOND, Script, about, arrival, claim, drain, giving, post, recall, refused, say, sent

DESK: Final = "town/telegram"
OTHER: Final = "town/matrix"
HOUR: Final = timedelta(hours=1)
STAFF_SAID: Final = {"said": "by staff"}


def record(number: int, *, opens: bool = False, note: str = "new", closed_at: datetime | None = None) -> CaseRecord:
    """A case whose body says a note."""
    return CaseRecord(number=number, town="town", body={"note": note}, opens=opens, closed_at=closed_at)


def opening(turn: Turn) -> Outcome:
    """Open a case under the turn's number, put its card into the outbox of its desk, and remember the number."""
    card = work(f"card:{turn.number}", turn.number)
    return Outcome(state={"case": turn.number}, posts=(card,), case=record(turn.number, opens=True))


def work(key: str, number: int, desk: str = DESK) -> Post:
    """Something to be done at a desk."""
    return Post(key=key, lane=f"{desk}#{number}", body={}, channel=DESKS)


def changing(number: int, note: str = "changed", *, closed_at: datetime | None = None) -> Compute:
    """Return a rule that changes a case."""
    return giving(Outcome(state={"case": number}, case=record(number, note=note, closed_at=closed_at)))


def by_staff(ext_id: str, *, desk: str = DESK, thread: str = "", case: int = 0) -> Arrival:
    """Something that somebody of the staff wrote at a desk, or on the page of a case."""
    return Arrival(
        source="desk", ext_id=ext_id, channel="", conversation="", body=STAFF_SAID, at=NOW, desk=desk, thread=thread, case=case
    )


def tied(one: Delivery, thread: str, case: int, desk: str = DESK, result: Result = Result.SENT) -> Settled:
    """The delivery opened a thread."""
    due_at = NOW if result is Result.LATER else None
    return Settled(id=one.id, result=result, due_at=due_at, thread=DeskThread(desk=desk, thread=thread, case=case))


async def open_case(store: Store, conversation: str = "ann", *, now: datetime = NOW, thread: str = "") -> int:
    """Open a case in a conversation, with a thread at the desk if one is named, and return its number."""
    before = {one.number for one in await store.cases(conversation)}
    await say(store, uuid4().hex, conversation=conversation, compute=opening, now=now)
    (number,) = {one.number for one in await store.cases(conversation)} - before
    if thread:
        (card,) = await store.settle(DESKS, [], 1, now)
        await store.settle(DESKS, [tied(card, thread, number)], 0, now)
    return number


async def change(store: Store, compute: Compute, conversation: str = "ann", *, now: datetime = NOW) -> None:
    """Let something happen in a conversation."""
    await say(store, uuid4().hex, conversation=conversation, compute=compute, now=now)


async def whose(store: Store, *arrivals: Arrival) -> list[tuple[str, str, str]]:
    """Return in which conversation of which channel arrivals are handled, and remember there what was remembered."""
    script = Script()

    def look(turn: Turn) -> Outcome:
        script.turns.append(turn)
        return Outcome(state=turn.state)

    await store.ingest(arrivals)
    await drain(store, look)
    return [(turn.ext_id, turn.conversation, turn.channel) for turn in script.turns]


async def numbers(store: Store, *conversations: str) -> list[int]:
    """Return the numbers of the cases that are kept of conversations."""
    return [one.number for name in conversations for one in await store.cases(name)]


async def heard(store: Store, *arrivals: Arrival) -> list[Row]:
    """Return the bodies that are handled of arrivals."""
    script = Script()

    def listen(turn: Turn) -> Outcome:
        script.turns.append(turn)
        return Outcome(state=turn.state)

    await store.ingest(arrivals)
    await drain(store, listen)
    return [turn.body for turn in script.turns]


class CasesContract:
    """The promises of `bot.ports.Store` about questions, cases, desks and links, one test each."""

    # --- the last question --------------------------------------------------------------------------------------------

    async def test_the_last_question_is_remembered_beside_the_state(self, store: Store) -> None:
        """In the same step and later, whatever its letters, its time in UTC; an outcome without one clears it."""
        turns: list[Turn] = []
        tallinn = NOW.astimezone(timezone(timedelta(hours=2)))

        def ask(turn: Turn) -> Outcome:
            turns.append(turn)
            if turn.ext_id == "4":
                return Outcome(state={})
            return Outcome(state={}, question=f"{turn.ext_id} \x00 \ud800?", asked_at=tallinn)

        await say(store, "1", "2", compute=ask)
        await say(store, "3", "4", "5", compute=ask)
        assert [turn.question for turn in turns] == ["", "1 \x00 \ud800?", "2 \x00 \ud800?", "3 \x00 \ud800?", ""]
        assert [turn.asked_at for turn in turns] == [None, NOW, NOW, NOW, None]
        assert {turn.asked_at.tzinfo for turn in turns if turn.asked_at} == {UTC}

    async def test_a_question_goes_with_the_state(self, store: Store) -> None:
        """State None leaves neither, also for the next turn of the same step and with an arrival that waits."""
        turns: list[Turn] = []

        def ask(turn: Turn) -> Outcome:
            turns.append(turn)
            return Outcome(state=None if turn.ext_id == "2" else {}, question="Why?", asked_at=NOW)

        await say(store, "1", "2", "3", compute=ask)
        await say(store, "4", compute=giving(Outcome(state=None, question="Why?", asked_at=NOW)))
        await say(store, "5", compute=ask)
        assert [turn.question for turn in turns] == ["", "Why?", "", ""]
        assert [turn.asked_at for turn in turns] == [None, NOW, None, None]

    async def test_a_row_that_cannot_be_written_leaves_the_question_before_it(self, store: Store) -> None:
        """Its second try finds what the first one found."""
        broken = Outcome(state={}, question="lost", asked_at=NOW, posts=(Post(key="b", lane="b", body={"b": object()}),))  # type: ignore[dict-item]
        await change(store, giving(Outcome(state={}, question="kept", asked_at=NOW)))
        await store.ingest([arrival("1")])
        await store.step(giving(broken), giving(broken), NOW)
        script = Script()
        await drain(store, script)
        assert [(turn.question, turn.asked_at) for turn in script.turns] == [("kept", NOW)]

    async def test_old_questions_go_before_their_conversations(self, store: Store) -> None:
        """By the time they were asked; the rest of the conversation stays as it is."""
        keep = Retention()
        await change(store, giving(Outcome(state={"n": 1}, question="Why?", asked_at=NOW)))
        assert await store.purge(NOW + keep.questions, keep) == 0
        assert await store.purge(NOW + keep.questions + SECOND, keep) == 1
        assert await store.purge(NOW + keep.questions + SECOND, keep) == 0
        script = Script()
        await say(store, "1", compute=script)
        assert [(turn.state, turn.question, turn.asked_at) for turn in script.turns] == [({"n": 1}, "", None)]

    async def test_a_conversation_that_is_too_old_has_no_question_either(self, store: Store) -> None:
        """Even where a row waits that needs it."""
        keep = Retention(conversations=DAY, questions=30 * DAY)
        asking = Outcome(state={"n": 1}, question="Why?", asked_at=NOW, keeps_contacts=True)
        await change(store, giving(asking))
        await store.ingest([arrival("1")])
        await store.purge(NOW + 2 * DAY, keep)
        await store.ingest([replace(arrival("2"), with_contacts={"said": "5123"})])
        script = Script()
        await drain(store, script)
        assert [(turn.question, turn.asked_at) for turn in script.turns] == [("", None)] * 2
        assert [turn.body for turn in script.turns] == [{"said": "1"}, {"said": "2"}]

    # --- cases --------------------------------------------------------------------------------------------------------

    async def test_a_turn_says_the_number_that_its_case_would_have(self, store: Store) -> None:
        """Counting up within a step and on from the greatest one; a number that nobody takes stays the next."""
        said: list[int] = []

        def every_second(turn: Turn) -> Outcome:
            said.append(turn.number)
            return opening(turn) if int(turn.ext_id) % 2 else Outcome(state=turn.state)

        await store.ingest([arrival(str(n), f"p{n % 3}") for n in range(1, 6)])
        await drain(store, every_second)
        await say(store, "6", "7", compute=every_second)
        assert said == [1, 2, 2, 3, 3, 4, 4]
        assert await numbers(store, "ann") == [4]

    async def test_a_case_comes_back_as_it_was_written(self, store: Store) -> None:
        """Oldest first, each to its own conversation; none is opened twice by being looked at."""
        await open_case(store)
        await open_case(store, "bob")
        await open_case(store, now=NOW + DAY)
        assert await store.cases("ann") == [record(1), record(3)]
        assert await store.cases("bob") == [record(2)]
        assert await store.cases("eve") == []

    async def test_a_case_changes_by_its_number(self, store: Store) -> None:
        """Town, body and end; the others stay."""
        for _ in range(2):
            await open_case(store)
        moved = CaseRecord(number=1, town="other", body={"note": "\x00 õ"}, closed_at=NOW + HOUR)
        await change(store, giving(Outcome(state={}, case=moved)))
        assert await store.cases("ann") == [moved, record(2)]
        await change(store, changing(1, "open again"))
        assert await store.cases("ann") == [record(1, note="open again"), record(2)]

    async def test_nobody_changes_the_case_of_another(self, store: Store) -> None:
        """Nor one that there is not."""
        await open_case(store)
        await change(store, changing(1), "bob")
        await change(store, changing(7), "bob")
        assert await store.cases("ann") == [record(1)]
        assert await store.cases("bob") == []

    async def test_a_case_is_opened_by_the_number_of_its_turn_only(self, store: Store) -> None:
        """Any other number is a mistake of the rule; the case that has it keeps it."""
        await open_case(store)
        await store.ingest([arrival("1", "bob")])
        for _ in range(3):
            await store.step(giving(Outcome(state={}, case=record(1, opens=True, note="stolen"))), giving(Outcome(state={})), NOW)
        assert [letter.error for letter in await store.dead()] == ["ValueError"]
        assert await store.cases("ann") == [record(1)]
        assert await store.cases("bob") == []

    async def test_a_case_is_written_with_all_of_its_outcome_or_not_at_all(self, store: Store) -> None:
        """Its neighbours of the step are written, and its second try opens one case."""
        tries: list[int] = []

        def at_the_second_try(turn: Turn) -> Outcome:
            if turn.conversation == "bob":
                return opening(turn)
            tries.append(turn.number)
            spoilt = Post(key="b", lane="b", body={"b": object()})  # type: ignore[dict-item]
            deed = Deed(case=turn.number, what="opened", desk=DESK, staff="")
            return replace(opening(turn), posts=(spoilt,) if len(tries) == 1 else (), deeds=(deed,))

        await store.ingest([arrival("1"), arrival("x", "bob")])
        assert await store.step(at_the_second_try, opening, NOW) == 1
        assert await store.cases("ann") == []
        assert await drain(store, at_the_second_try) == 1
        assert await numbers(store, "bob", "ann") == [2, 3]
        assert tries == [1, 3]
        assert await store.purge(NOW + DAY, Retention(deeds=HOUR)) == 1

    # --- what staff do ------------------------------------------------------------------------------------------------

    async def test_what_staff_do_belongs_to_the_resident(self, store: Store) -> None:
        """Found by the thread of a case at a desk or by its number, in order with what the resident does, and kept once."""
        number = await open_case(store, thread="t1")
        await open_case(store, "bob", thread="t2")
        staff = (by_staff("1", thread="t1"), by_staff("2", case=number, desk=OTHER), by_staff("3", case=number, thread="t2"))
        resident = ("ann", "town")
        assert await whose(store, *staff[:2], arrival("a"), staff[2]) == [(one, *resident) for one in ("1", "2", "a", "3")]
        assert await store.ingest(staff) == 0
        assert (await store.status(NOW)).conversations == 2

    async def test_what_staff_do_elsewhere_belongs_to_their_desk(self, store: Store) -> None:
        """In the general room, in a thread of no case, in the thread of that name at another desk, about a case there is not."""
        await open_case(store, thread="t1")
        strays = (by_staff("1"), by_staff("2", thread="t9"), by_staff("3", thread="t1", desk=OTHER), by_staff("4", case=9))
        desks = {one.ext_id: f"desk:{one.desk}" for one in strays}
        assert await whose(store, *strays) == [(one, desks[one], "desks") for one in desks]

    async def test_staff_reach_a_resident_whose_case_is_over(self, store: Store) -> None:
        """As long as it is kept, also when the conversation is not."""
        await open_case(store, thread="t1")
        await change(store, giving(Outcome(state=None, case=record(1, closed_at=NOW))))
        assert (await store.status(NOW)).conversations == 0
        assert await whose(store, by_staff("1", thread="t1"), by_staff("2", case=1)) == [
            ("1", "ann", "town"),
            ("2", "ann", "town"),
        ]

    async def test_the_thread_of_an_earlier_case_is_the_desks_own(self, store: Store) -> None:
        """Once the person has asked again, what is written in the old thread is not taken for an answer to the new question."""
        first = await open_case(store, thread="t1")
        await say(store, "close", conversation="ann", compute=changing(first, closed_at=NOW))
        second = await open_case(store, thread="t2")
        strays = (by_staff("1", thread="t1"), by_staff("2", case=first))
        mine = (by_staff("3", thread="t2"), by_staff("4", case=second))
        found = await whose(store, *strays, *mine)
        assert [conversation for _, conversation, _ in found] == [f"desk:{DESK}"] * 2 + ["ann"] * 2

    async def test_a_turn_can_look_up_its_cases(self, store: Store) -> None:
        """What is kept of the conversation's cases, oldest first, and of nobody else's."""
        await open_case(store, "bob")
        await open_case(store)
        await say(store, "again", conversation="ann", compute=opening)
        seen: list[Sequence[Row]] = []

        def look(turn: Turn) -> Outcome:
            seen.append(turn.cases())
            return Outcome(state=turn.state)

        await say(store, "look", conversation="ann", compute=look)
        assert [[body["note"] for body in found] for found in seen] == [["new", "new"]]

    async def test_staff_withdraw_what_they_wrote_themselves(self, store: Store) -> None:
        """A resident's message may have the same id on its platform, and so may one at another desk."""
        await open_case(store, thread="t1")
        by_desk: Row = {"message": "7", "desk": DESK, "text": "text of staff"}
        written = replace(by_staff("1", thread="t1"), body=by_desk)
        elsewhere = replace(by_staff("2", desk=OTHER, case=1), body={**by_desk, "desk": OTHER})
        gone: Row = {"message": "7", "desk": DESK}
        withdrawn = replace(by_staff("3", thread="t1"), body=gone, withdraws="7")
        bodies = await heard(store, written, about("a", "7"), elsewhere, withdrawn)
        assert [body.get("text") for body in bodies] == [None, "text a", "text of staff", None]
        by_resident = replace(arrival("b"), body={"message": "7"}, withdraws="7")
        bodies = await heard(store, replace(written, ext_id="4"), about("c", "7"), by_resident)
        assert [body.get("text") for body in bodies] == ["text of staff", None, None]

    # --- contacts -----------------------------------------------------------------------------------------------------

    async def test_contacts_are_kept_where_they_are_wanted(self, store: Store) -> None:
        """From the outcome that wants them to the next one that does not, in that conversation only."""

        def told(ext_id: str, conversation: str = "ann") -> Arrival:
            return replace(arrival(ext_id, conversation), with_contacts={"said": f"{ext_id}: 5123"})

        wanting = giving(Outcome(state={}, keeps_contacts=True))
        await change(store, wanting)
        await store.ingest([told("1"), told("x", "bob"), arrival("2")])
        script = Script()
        await drain(store, script)
        assert [turn.body["said"] for turn in script.turns] == ["1: 5123", "x", "2"]
        assert await heard(store, told("3")) == [{"said": "3"}]
        await change(store, giving(Outcome(state=None, keeps_contacts=True)))
        assert await heard(store, told("4")) == [{"said": "4"}]

    async def test_contacts_are_not_kept_of_nobody(self, store: Store) -> None:
        """State None forgets that they were wanted, also where a row waits and the conversation with it."""
        forgetful = Outcome(state=None, keeps_contacts=True)
        failing = Script({"2": [KeyError()]})
        await store.ingest([arrival("1"), arrival("2")])
        assert await store.step(lambda turn: forgetful if turn.ext_id == "1" else failing(turn), failing, NOW) == 1
        told = replace(arrival("3"), with_contacts={"said": "5123"})
        assert await heard(store, told) == [{"said": "2"}, {"said": "3"}]

    async def test_contacts_are_kept_while_a_case_is_open(self, store: Store) -> None:
        """What staff write belongs to it too; afterwards they are not."""
        await open_case(store, thread="t1")

        def told(n: int) -> tuple[Arrival, Arrival]:
            resident, staff = arrival(f"a{n}"), by_staff(f"s{n}", thread="t1")
            return replace(resident, with_contacts={"said": "5123"}), replace(staff, with_contacts={"said": "5124"})

        assert await heard(store, *told(1)) == [{"said": "5123"}, {"said": "5124"}]
        await change(store, changing(1, closed_at=NOW))
        assert await heard(store, *told(2)) == [{"said": "a2"}, STAFF_SAID]

    # --- threads and messages -----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("result", list(Result))
    async def test_a_thread_is_known_however_its_delivery_ended(self, store: Store, result: Result) -> None:
        """A card that failed must not open another thread; a case has one at each desk."""
        number = await open_case(store)
        (card,) = await store.settle(DESKS, [], 1, NOW)
        await store.settle(DESKS, [tied(card, "t1", number, result=result)], 0, NOW)
        assert await store.thread(DESK, number) == "t1"
        assert await store.thread(OTHER, number) is None
        assert await store.thread(DESK, number + 1) is None

    async def test_the_first_thread_counts(self, store: Store) -> None:
        """A case has one at a desk and a thread has one case, whatever else is said later."""
        await open_case(store, thread="t1")
        (card,) = await self._cards(store, "bob")
        ends = [tied(card, "t2", 1), tied(card, "t1", 2), tied(card, "t1", 2, OTHER)]
        await store.settle(DESKS, ends, 0, NOW)
        assert [await store.thread(DESK, 1), await store.thread(DESK, 2), await store.thread(OTHER, 2)] == ["t1", None, "t1"]

    async def test_a_dead_letter_to_a_desk_is_listed_like_any_other(self, store: Store) -> None:
        """It can be tried again, and leads its lane then."""
        (card,) = await self._cards(store, "ann")
        await store.settle(DESKS, [refused(card)], 0, NOW)
        (letter,) = await store.dead()
        assert (letter.queue, letter.channel, letter.error) == ("outbox", DESKS, "Refused")
        assert await store.retry("outbox", letter.id)
        assert await store.settle(DESKS, [], 9, NOW) == [card]

    async def test_a_sent_message_is_known_by_its_key(self, store: Store) -> None:
        """From the moment its channel said what it is called there, and after it is forgotten whose it was."""
        await say(store, "1", "2")
        (first,) = await claim(store)
        assert await store.sent("re:1") is None
        (second,) = await store.settle("town", [sent(first)], 9, NOW)
        await store.settle("town", [refused(second)], 0, NOW)
        await store.forget("ann")
        assert await store.sent("re:1") == "shown:re:1"
        assert await store.sent("re:2") is None
        assert await store.sent("re:3") is None

    # --- links --------------------------------------------------------------------------------------------------------

    async def test_a_link_leads_to_an_open_case(self, store: Store) -> None:
        """With the desk it was made for; a case may have many, and one that is over comes back if it is opened again."""
        number = await open_case(store)
        for digest, desk in (("d1", DESK), ("d2", OTHER), ("d1", OTHER)):
            await store.keep_link(digest, desk, number, NOW)
        found = await store.linked_case("d1", NOW)
        assert found is not None
        assert (found[0], found[1].record, found[1].conversation, found[1].channel) == (DESK, record(1), "ann", "town")
        assert [desk for desk, _ in filter(None, [await store.linked_case("d2", NOW)])] == [OTHER]
        assert await store.linked_case("d3", NOW) is None
        await change(store, changing(number, closed_at=NOW))
        assert await store.linked_case("d1", NOW) is None
        await change(store, changing(number, "again"))
        found = await store.linked_case("d1", NOW)
        assert found is not None
        assert found[1].record == record(1, note="again")

    async def test_a_link_is_good_for_thirty_days(self, store: Store) -> None:
        """Then it leads nowhere, and goes."""
        keep = Retention()
        await open_case(store)
        await store.keep_link("d", DESK, 1, NOW)
        assert await store.linked_case("d", NOW + keep.links) is not None
        assert await store.linked_case("d", NOW + keep.links + SECOND) is None
        only_links = replace(keep, conversations=99 * DAY, ids=99 * DAY)
        assert await store.purge(NOW + keep.links, only_links) == 0
        assert await store.purge(NOW + keep.links + SECOND, only_links) == 1
        assert await store.linked_case("d", NOW) is None

    # --- forgetting and keeping ---------------------------------------------------------------------------------------

    @pytest.mark.parametrize("by_outcome", [False, True])
    async def test_a_forgotten_person_has_no_case(self, store: Store, by_outcome: bool) -> None:
        """Its links lead nowhere and staff speak to their desk; its number is never given again; the neighbour keeps all."""
        for name in ("ann", "bob"):
            number = await open_case(store, name, thread=f"t-{name}")
            await store.keep_link(f"d-{name}", DESK, number, NOW)
        if by_outcome:
            await change(store, giving(Outcome(state=None, forget=True)))
        else:
            await store.forget("ann")
        assert [await store.cases("ann"), await store.cases("bob")] == [[], [record(2)]]
        assert [await store.linked_case("d-ann", NOW) is None, await store.linked_case("d-bob", NOW) is None] == [True, False]
        staff = (by_staff("1", thread="t-ann"), by_staff("2", case=1), by_staff("3", thread="t-bob"))
        mine, theirs = (f"desk:{DESK}", "desks"), ("bob", "town")
        assert await whose(store, *staff) == [("1", *mine), ("2", *mine), ("3", *theirs)]
        await store.forget("bob")
        assert await open_case(store, "eve") == 3

    async def test_forgetting_is_of_what_came_before(self, store: Store) -> None:
        """In the same step too: the case and the timers of an earlier turn go, the card for the desk goes out."""

        def rule(turn: Turn) -> Outcome:
            if turn.ext_id == "2":
                return Outcome(state=None, forget=True, posts=(post("bye"),), timers=(Timer(key="2", due_at=NOW, body={}),))
            return replace(opening(turn), timers=(Timer(key=turn.ext_id, due_at=NOW, body={}),))

        await say(store, "1", "2", "3", compute=rule)
        assert await numbers(store, "ann") == [2]
        assert (await store.status(NOW)).timers == 2
        assert [one.key for one in await store.settle(DESKS, [], 9, NOW)] == ["card:1", "card:2"]

    async def test_a_case_that_is_closed_by_forgetting_is_forgotten(self, store: Store) -> None:
        """The last word about it is not kept, and nobody can bring it back."""
        await open_case(store)
        await change(store, giving(Outcome(state=None, forget=True, case=record(1, closed_at=NOW))))
        await change(store, changing(1, "back"))
        assert await store.cases("ann") == []
        assert (await store.status(NOW)).open_cases == 0

    async def test_a_farewell_finds_its_thread(self, store: Store) -> None:
        """Of a forgotten case the thread is known until everything that waits for it has been sent, then no more."""
        await open_case(store, thread="t1")
        bye = Outcome(state=None, forget=True, posts=(work("bye", 1), work("close", 1)))
        await change(store, giving(bye))
        for expected in ("bye", "close"):
            await store.purge(NOW, Retention())
            assert await store.thread(DESK, 1) == "t1"
            (head,) = await store.settle(DESKS, [], 9, NOW)
            assert head.key == expected
            await store.settle(DESKS, [refused(head) if expected == "close" else sent(head)], 0, NOW)
        await store.purge(NOW, Retention())
        assert await store.thread(DESK, 1) == "t1"
        (letter,) = await store.dead()
        await store.discard("outbox", letter.id)
        assert await store.purge(NOW, Retention()) == 1
        assert await store.thread(DESK, 1) is None

    async def test_a_closed_case_goes_in_time(self, store: Store) -> None:
        """Ninety days after its end, with its thread and links; an open one stays, and so do their numbers."""
        keep = Retention(conversations=DAY)
        for name in ("ann", "bob"):
            number = await open_case(store, name, thread=f"t-{name}")
            await store.keep_link(f"d-{name}", DESK, number, NOW + 80 * DAY)
        await change(store, changing(1, closed_at=NOW))
        await store.purge(NOW + keep.cases, keep)
        assert await numbers(store, "ann", "bob") == [1, 2]
        assert await store.thread(DESK, 1) == "t-ann"
        assert await store.purge(NOW + keep.cases + SECOND, keep) == 3
        assert await store.purge(NOW + keep.cases + SECOND, keep) == 0
        assert [await store.cases("ann"), await store.cases("bob")] == [[], [record(2)]]
        assert [await store.thread(DESK, 1), await store.thread(DESK, 2)] == [None, "t-bob"]
        assert await store.linked_case("d-bob", NOW + keep.cases) is not None
        assert await whose(store, by_staff("1", case=1)) == [("1", f"desk:{DESK}", "desks")]
        assert await open_case(store, "eve") == 3

    async def test_a_conversation_with_an_open_case_is_never_too_old(self, store: Store) -> None:
        """It goes when the case has ended."""
        keep = Retention()
        await open_case(store)
        await say(store, "x", conversation="bob")
        old = NOW + keep.conversations + DAY
        await store.purge(old, keep)
        status = await store.status(old)
        assert (status.conversations, status.open_cases, status.oldest_conversation) == (1, 1, NOW)
        assert await recall(store, now=old) == {"case": 1}
        await change(store, changing(1, closed_at=old), now=old)
        await store.purge(old + keep.conversations + DAY, keep)
        status = await store.status(old)
        assert (status.conversations, status.open_cases, status.oldest_conversation) == (0, 0, None)
        assert await numbers(store, "ann") == [1]

    async def test_deeds_outlive_their_case(self, store: Store) -> None:
        """They are kept for their own time, whoever is forgotten meanwhile."""
        keep = Retention()
        deeds = tuple(Deed(case=1, what=what, desk=DESK, staff="telegram:7") for what in ("claim", "close"))
        await change(store, lambda turn: replace(opening(turn), posts=(), deeds=deeds))
        await store.forget("ann")
        await store.purge(NOW + keep.deeds, keep)
        assert await store.purge(NOW + keep.deeds + SECOND, keep) == 2
        assert await store.purge(NOW + keep.deeds + SECOND, keep) == 0

    async def test_open_cases_are_counted(self, store: Store) -> None:
        """Neither those that ended nor those that are forgotten."""
        for name in ("ann", "bob", "eve"):
            await open_case(store, name)
        assert (await store.status(NOW)).open_cases == 3
        await change(store, changing(1, closed_at=NOW))
        await store.forget("bob")
        assert (await store.status(NOW)).open_cases == 1

    async def _cards(self, store: Store, conversation: str) -> list[Delivery]:
        """Open a case and claim its card."""
        await open_case(store, conversation)
        return list(await store.settle(DESKS, [], 9, NOW))
