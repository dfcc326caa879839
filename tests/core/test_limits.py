"""How much one person and one channel may send: bursts, floods, repeats, what is never limited, and what is remembered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot import limits
from bot.core.events import (
    Chose,
    Event,
    Flooded,
    Left,
    Opened,
    Rang,
    Reacted,
    Reported,
    Said,
    SentFile,
    StaffSaid,
    Unreadable,
    Withdrew,
    from_json,
    to_json,
)
from bot.errors import TooBusy
from bot.limits import Limits
from bot.ports import DESKS, Arrival
from tests.core.small import CRISES, NOW, small_world

BURST: Final = 6
CRISIS: Final = next(iter(CRISES.values()))


def arrival(id: object, event: Event | None = None, *, who: str = "ann", withdraws: str = "", desk: str = "") -> Arrival:
    """Something a person does, by default a message."""
    body = to_json(event or Said(at=NOW, text="kool", message=f"m{id}"))
    return Arrival(
        source="bot", ext_id=str(id), channel="town", conversation=who, body=body, at=NOW, withdraws=withdraws, desk=desk
    )


def burst(count: int, first: int = 0, who: str = "ann") -> list[Arrival]:
    """So many messages, numbered."""
    return [arrival(f"{who}-{number}", who=who) for number in range(first, first + count)]


def kinds(admitted: Sequence[Arrival]) -> list[str]:
    """Name what was let in."""
    return [str(one.body["event"]) for one in admitted]


def admit(counted: Limits, arrivals: Sequence[Arrival], seconds: float = 0.0) -> Sequence[Arrival]:
    """Let arrivals in, so many seconds after the start."""
    return counted.admit(arrivals, later(seconds), small_world())


def later(seconds: float) -> datetime:
    """Some time after the start."""
    return NOW + timedelta(seconds=seconds)


# --- one person -------------------------------------------------------------------------------------------------------


def test_a_burst_is_read_and_the_first_too_many_tells_of_the_flood() -> None:
    """What comes beyond that is left out; what the person wrote goes nowhere."""
    arrivals = burst(BURST + 5)
    admitted = admit(Limits(per_minute=BURST), arrivals)
    assert admitted[:BURST] == arrivals[:BURST]
    assert kinds(admitted[BURST:]) == ["flooded"]
    assert (admitted[BURST].source, admitted[BURST].ext_id) == (arrivals[BURST].source, arrivals[BURST].ext_id)
    assert from_json(admitted[BURST].body, NOW) == Flooded(at=NOW, message=f"mann-{BURST}")


def test_where_it_happened_is_told_and_a_message_of_ours_is_not_answered() -> None:
    """The thread, that others read along and the language are kept; what was tapped is not what is replied to."""
    counted = Limits(per_minute=1)
    admit(counted, burst(1))
    [told] = admit(counted, [arrival("a", Said(at=NOW, text="kool", hint="ru", message="7", thread="t", public=True))])
    assert from_json(told.body, NOW) == Flooded(at=NOW, hint="ru", message="7", thread="t", public=True)
    for event in (Chose(at=NOW, option="menu", message="8"), Reacted(at=NOW, emoji="👍", message="8")):
        counted = Limits(per_minute=1)
        [_, told] = admit(counted, [arrival("first"), arrival("a", event)])
        assert from_json(told.body, NOW) == Flooded(at=NOW)


def test_a_person_is_told_once_in_a_flood_that_goes_on() -> None:
    """Until half a minute has gone by nothing is read, so that nothing is read and lost by turns."""
    counted = Limits(per_minute=BURST)
    admit(counted, burst(BURST + 1))
    for second in range(1, 29):
        assert admit(counted, burst(3, 100 * second), second) == []
    assert kinds(admit(counted, burst(5, 5000), 30)) == ["said"] * (BURST // 2) + ["flooded"]


def test_after_a_minute_as_much_is_read_as_at_first() -> None:
    """That is what the person is told."""
    counted = Limits(per_minute=BURST)
    admit(counted, burst(BURST + 1))
    assert kinds(admit(counted, burst(BURST, 100), 60)) == ["said"] * BURST


def test_who_writes_at_a_human_pace_is_never_limited() -> None:
    """As many in a minute as the limit says, for an hour."""
    counted = Limits(per_minute=BURST)
    for number in range(60 * BURST):
        assert kinds(admit(counted, burst(1, number), number * 60 / BURST)) == ["said"]


def test_people_do_not_limit_each_other() -> None:
    """Each conversation has its own."""
    counted = Limits(per_minute=BURST)
    admit(counted, burst(50))
    assert kinds(admit(counted, burst(BURST, who="bob"))) == ["said"] * BURST


def test_without_a_limit_everything_is_read() -> None:
    """0 says so."""
    arrivals = burst(1000)
    counted = Limits()
    assert admit(counted, arrivals) == arrivals
    assert counted.wait(arrivals, NOW) == 0.0
    assert counted.remembered == 0


@pytest.mark.parametrize(
    "event",
    [
        Opened(at=NOW), Said(at=NOW, text="kool"), Chose(at=NOW, option="menu"), Reacted(at=NOW, emoji="👍"),
        SentFile(at=NOW, kind="photo"), Unreadable(at=NOW),
    ],
)  # fmt: skip
def test_whatever_can_be_done_over_and_over_counts(event: Event) -> None:
    """Messages, taps, reactions and files are one bucket."""
    counted = Limits(per_minute=1)
    assert kinds(admit(counted, [arrival(number, event) for number in range(3)]))[1:] == ["flooded"]


@pytest.mark.parametrize(
    "free",
    [
        arrival("x", Left(at=NOW)),
        arrival("x", Withdrew(at=NOW, message="3"), withdraws="3"),
        arrival("x", Rang(at=NOW, clock=1)),
        arrival("x", StaffSaid(at=NOW, text="tere", desk="narva/telegram"), who="", desk="narva/telegram"),
        arrival("x", Said(at=NOW, text="tere"), who="", desk="narva/telegram"),
        Arrival(source="report", ext_id="x", channel=DESKS, conversation="desk:operators", at=NOW,
                body=to_json(Reported(at=NOW, to="operators", what="dead"))),
        Arrival(source="case-page", ext_id="x", channel="", conversation="", at=NOW, case=4, desk="narva/mail",
                body=to_json(StaffSaid(at=NOW, text="tere", desk="narva/mail"))),
    ],
    ids=["left", "withdrew", "rang", "staff", "at a desk", "report", "case page"],
)  # fmt: skip
def test_what_must_not_get_lost_is_never_limited(free: Arrival) -> None:
    """Neither in a flood nor by its own number, nor when the whole channel is too busy."""
    counted = Limits(per_minute=1, per_second=1)
    admit(counted, [arrival(number, who=free.conversation) for number in range(3)])
    assert admit(counted, [free] * 5) == [free] * 5
    counted.wait(burst(10), NOW)
    assert counted.wait([free] * 5, NOW, pages=["town"]) == 0.0


def test_a_crisis_in_a_flood_is_read() -> None:
    """So many messages of a flood are looked at, the first of it among them: the safety lane is not the way around the limit."""
    counted = Limits(per_minute=BURST)
    admit(counted, burst(BURST + 1))
    cries = [arrival(f"c{number}", Said(at=NOW, text=f"kool {CRISIS}")) for number in range(BURST + 3)]
    assert admit(counted, cries) == cries[: BURST - 1]
    assert admit(counted, burst(1, 500)) == []


def test_a_crisis_is_read_in_the_words_to_a_photo_and_as_the_first_that_is_too_much() -> None:
    """What was sent before it does not count."""
    counted = Limits(per_minute=1)
    photo = arrival("p", SentFile(at=NOW, kind="photo", text=CRISIS))
    assert admit(counted, [*burst(1), photo])[1:] == [photo]
    assert kinds(admit(counted, burst(1, 9))) == ["flooded"]


@hypothesis_settings(derandomize=True, deadline=None, max_examples=100)
@given(steps=st.lists(st.tuples(st.integers(0, 5), st.floats(0, 20), st.booleans()), max_size=60))
def test_what_is_handed_in_again_is_treated_alike(steps: list[tuple[int, float, bool]]) -> None:
    """A page that sends until it is told, and a platform after an error, cost nothing and change nothing."""
    once, twice = Limits(per_minute=3), Limits(per_minute=3)
    second = 0.0
    for number, (count, pause, both) in enumerate(steps):
        second += pause
        arrivals = burst(count, 100 * number)
        first = admit(once, arrivals, second)
        assert admit(twice, arrivals, second) == first
        if both:
            assert admit(twice, arrivals, second) == first


def test_a_clock_that_is_put_back_gives_nothing_and_takes_nothing() -> None:
    """Time goes on from there."""
    counted = Limits(per_minute=BURST)
    admit(counted, burst(BURST + 1))
    assert admit(counted, burst(1, 100), -3600) == []
    assert kinds(admit(counted, burst(1, 200), -3570)) == ["said"]


# --- what is remembered -----------------------------------------------------------------------------------------------


def test_who_has_been_quiet_for_a_minute_is_forgotten() -> None:
    """Their buckets are full again, so nothing is lost by it."""
    counted = Limits(per_minute=BURST)
    for number in range(100):
        admit(counted, burst(1, who=f"p{number}"), number)
        assert counted.remembered <= 62
    admit(counted, burst(1, who="last"), 300)
    assert counted.remembered == 1


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people, and however many messages of one, come in a moment."""
    monkeypatch.setattr(limits, "MOST", 10)
    counted = Limits(per_minute=2)
    for number in range(50):
        admit(counted, burst(1, who=f"p{number}"))
    assert counted.remembered == 10
    admit(counted, burst(10_000))
    [*_, person] = counted._people.values()
    assert len(person.judged) == 8


# --- one channel ------------------------------------------------------------------------------------------------------


def test_a_channel_waits_as_long_as_there_is_too_much() -> None:
    """Up to the limit nothing waits; beyond it the limit's pace is kept."""
    counted = Limits(per_second=10)
    assert counted.wait(burst(10), NOW) == 0.0
    assert counted.wait(burst(5), NOW) == pytest.approx(0.5)
    assert counted.wait(burst(25), NOW) == pytest.approx(3.0)
    assert counted.wait(burst(1), later(2)) == pytest.approx(1.1)
    assert counted.wait(burst(1), later(60)) == 0.0


def test_channels_do_not_hold_each_other_up() -> None:
    """Each has its own bucket."""
    counted = Limits(per_second=10)
    counted.wait(burst(50), NOW)
    other = Arrival(source="bot", ext_id="1", channel="web", conversation="w", body=to_json(Said(at=NOW, text="x")), at=NOW)
    assert counted.wait([other], NOW) == 0.0


def test_a_page_is_not_kept_waiting_for_long() -> None:
    """It is told when to come again, and does not make the others wait for it."""
    counted = Limits(per_second=10)
    counted.wait(burst(30), NOW)
    for _ in range(5):
        with pytest.raises(TooBusy) as refused:
            counted.wait(burst(1), NOW, pages=["town"])
        assert refused.value.seconds == pytest.approx(2.1)
    assert counted.wait(burst(1), later(0.2), pages=["town"]) == pytest.approx(1.9)


@hypothesis_settings(derandomize=True, deadline=None, max_examples=100)
@given(batches=st.lists(st.tuples(st.integers(1, 40), st.floats(0, 3)), max_size=40))
def test_what_is_kept_never_runs_ahead_of_the_limit(batches: list[tuple[int, float]]) -> None:
    """At any moment as much was kept as was saved up at first and has come since, and in the order of asking."""
    counted, second, kept, last = Limits(per_second=10), 0.0, 0, 0.0
    for count, pause in batches:
        second += pause
        when = second + counted.wait(burst(count), later(second))
        kept += count
        assert kept <= 10 + 10 * when + 0.001
        assert when >= last - 0.001
        last = when
