"""Clocks of cases and desks that are lost: who is told what, and who gets the case next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.case_texts import (
    CASE_PASSED_ON,
    CASE_SILENT,
    CASE_STILL_OPEN,
    CASE_STILL_WAITING,
    CASE_UNREACHABLE,
    DESK_ANSWER_DUE,
    DESK_NOT_CLAIMED,
    DESK_SILENT,
    DESK_TEST,
)
from bot.core.cases import CaseStage
from bot.core.effects import Do, Step
from bot.core.events import Rang
from bot.core.texts import Contacts, OfficeHours
from bot.core.world import World
from tests.core.desks import (
    NARVA,
    OPEN,
    A,
    B,
    C,
    at_stage,
    case_of,
    claimed,
    closed,
    desked,
    done_at,
    lost,
    open_case,
    rings,
    run,
    tells,
    told_at,
    waiting,
    wrote,
)
from tests.core.small import say, says, sentences

WEDNESDAY = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
"""15.00 in Estonia."""


def with_hours(**hours: str) -> World:
    """Give a World in which Narva's office keeps these hours."""
    world = desked()
    narva = replace(world.municipalities["narva"], hours={day: (span,) for day, span in hours.items()})
    return replace(world, municipalities={**world.municipalities, "narva": narva})


def rung(step: Step) -> Step:
    """Let the clock ring that runs."""
    return run([rings(step.state)], step.state)


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_clocks_count_working_time() -> None:
    """Of the municipality's own office, else of a usual one."""
    for world, due in (
        (desked(), datetime(2026, 11, 26, 9, 0, tzinfo=UTC)),
        (with_hours(wed="09:00-16:00", fri="12:00-16:00"), datetime(2026, 11, 27, 13, 0, tzinfo=UTC)),
    ):
        clock = case_of(run(OPEN, world=world, at=WEDNESDAY).state).clock
        assert clock is not None
        assert clock.due == due


def test_a_case_nobody_takes_goes_on() -> None:
    """To the next desk, then all are reminded, and the resident is told once more, with the contacts."""
    first = rung(Step(open_case()))
    assert (sentences(say(first)), OfficeHours("narva", rings(open_case()).at) in say(first).marks) == ((CASE_PASSED_ON,), True)
    assert (told_at(first, A), done_at(first, B)) == ((DESK_NOT_CLAIMED,), (Do.OPEN,))
    second = rung(first)
    assert (sentences(say(second)), Contacts("narva") in say(second).marks) == ((CASE_STILL_OPEN,), True)
    assert (told_at(second, A), told_at(second, B)) == ((DESK_NOT_CLAIMED,), (DESK_NOT_CLAIMED,))
    third = rung(second)
    assert (says(third), told_at(third, A), told_at(third, B)) == ((), (DESK_NOT_CLAIMED,), (DESK_NOT_CLAIMED,))
    assert {tell.do for tell in (*tells(second), *tells(third))} == {Do.POST}


def test_staff_are_reminded_of_an_answer() -> None:
    """Again and again; the resident is told once, and again only after somebody did something."""
    first = rung(Step(claimed()))
    assert (sentences(say(first)), told_at(first, A)) == ((CASE_STILL_WAITING,), (DESK_ANSWER_DUE,))
    second = rung(first)
    assert (says(second), told_at(second, A)) == ((), (DESK_ANSWER_DUE,))
    answered = run([wrote("Sorry"), "And now?"], second.state)
    assert sentences(say(rung(answered))) == (CASE_STILL_WAITING,)


def test_a_silent_resident_ends_a_case() -> None:
    """After seven days without a word, saying so to both."""
    state = waiting()
    step = rung(Step(state))
    assert (sentences(say(step)), told_at(step, A), done_at(step, A)) == ((CASE_SILENT,), (DESK_SILENT,), (Do.POST, Do.CLOSE))
    assert case_of(step.state).stage is CaseStage.CLOSED
    assert rings(state).at - rings(step.state).at == -timedelta(days=14)


def test_an_old_clock_means_nothing() -> None:
    """One that was set anew since, and one of nothing."""
    state = claimed()
    assert run([Rang(at=WEDNESDAY, clock=1)], state) == Step(state)
    assert run([Rang(at=WEDNESDAY, clock=1)]) == Step(NARVA)
    assert case_of(state).clock is not None


def test_a_closed_case_is_let_go_quietly() -> None:
    """After its 14 days nothing of it is remembered with the conversation, and nobody is told."""
    step = rung(Step(closed()))
    assert (step.state.case, step.effects) == (None, ())


# --- desks that are lost ----------------------------------------------------------------------------------------------


def test_without_its_only_desk_a_case_goes_to_the_next() -> None:
    """The resident is told."""
    step = run([lost(A)], open_case())
    assert (sentences(say(step)), done_at(step, B)) == ((CASE_PASSED_ON,), (Do.OPEN,))
    assert (case_of(step.state).desks, tells(step, A)) == ((B,), ())


def test_without_one_of_its_desks_a_case_stays() -> None:
    """With those that are left, under the clock that runs; nobody needs to know."""
    both = rung(Step(open_case())).state
    for gone, left in ((A, B), (B, A)):
        step = run([lost(gone)], both)
        assert (step.effects, case_of(step.state).places) == ((), (left,))
        assert case_of(step.state).clock == case_of(both).clock
    taken = run([wrote("/claim", B)], both).state
    step = run([lost(A)], taken)
    assert (step.effects, case_of(step.state).places, case_of(step.state).holder_name) == ((), (B,), "Mari")


@pytest.mark.parametrize("command", ["/claim", "Good morning"])
def test_without_who_has_it_a_case_is_open_again(command: str) -> None:
    """A desk that nobody asked yet comes before one that was; its thread is opened again."""
    both = rung(Step(open_case())).state
    step = run([lost(B)], run([wrote(command, B)], both).state)
    assert (sentences(say(step)), done_at(step, A)[0]) == ((CASE_PASSED_ON,), Do.REOPEN)
    assert told_at(step, A)[-1] == DESK_NOT_CLAIMED
    case = case_of(step.state)
    assert (case.stage, case.places, case.desk, case.holder) == (CaseStage.OPEN, (A,), "", "")
    fresh = run([lost(A)], run([wrote(command, A)], open_case()).state)
    assert (sentences(say(fresh)), done_at(fresh, B)[0]) == ((CASE_PASSED_ON,), Do.OPEN)


def test_without_any_desk_the_resident_is_told() -> None:
    """With the contacts; nothing waits any more."""
    for stage in (CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING):
        step = run([lost(B), lost(A)], at_stage(stage))
        assert (sentences(say(step)), Contacts("narva") in say(step).marks) == ((CASE_UNREACHABLE,), True)
        case = case_of(step.state)
        assert (case.stage, case.clock, case.closed_at is not None) == (CaseStage.CANCELLED, None, True)
        assert run([lost(A)], step.state) == Step(step.state)


@pytest.mark.parametrize("stage", [CaseStage.OFFERED, CaseStage.CLOSED])
def test_a_desk_that_is_lost_for_nothing(stage: CaseStage) -> None:
    """Of a card and of a closed case nothing had to be brought; a strange desk means nothing either."""
    assert run([lost(A)], at_stage(stage)).effects == ()
    assert run([lost(C)], claimed()) == Step(claimed())


def test_a_lost_desk_gets_a_new_thread() -> None:
    """Should the case be handed to it all the same."""
    state = run([lost(A)], open_case()).state
    assert done_at(run([wrote(f"/transfer {A}", B)], state), A)[0] is Do.OPEN


def test_a_test_says_so() -> None:
    """A case that the operator makes to try a desk is marked on its card."""
    offered = run(OPEN[:2]).state
    step = run(["case:send"], replace(offered, case=replace(case_of(offered), is_test=True)))
    assert told_at(step, A)[0] == DESK_TEST
