"""What a resident can do with a case that runs or is closed: status, adding, cancelling, going back, rating, reopening."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.case_texts import (
    CASE_ADDED,
    CASE_BACK,
    CASE_CANCELLED,
    CASE_CODE_HIDDEN,
    CASE_NONE,
    CASE_RATED,
    CASE_REOPENED,
    CASE_STATUS,
    DESK_BACK,
    DESK_CANCELLED,
    DESK_RATED_BAD,
    DESK_RATED_GOOD,
    DESK_REOPENED,
    STAGE_CLAIMED,
    STAGE_CLOSED,
    STAGE_OPEN,
    STAGE_WAITING,
)
from bot.core.cases import Case, CaseStage
from bot.core.effects import Do
from bot.core.events import Said
from bot.core.handoff import follow_case
from bot.core.state import Conversation, Stage
from bot.core.texts import STALE_OPTION, OfficeHours
from tests.core.desks import (
    NARVA,
    OPEN,
    A,
    B,
    at_stage,
    case_of,
    claimed,
    closed,
    desked,
    done_at,
    open_case,
    rings,
    run,
    tells,
    told_at,
    waiting,
    wrote,
)
from tests.core.small import NOW, ids, say, says, sentences


def test_there_is_one_case_at_a_time() -> None:
    """Whoever asks again while one runs is told where it stands."""
    for stage in (CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING):
        for option in ("case:ask", "case:send", "case:question", "topic:municipal-contact"):
            step = run([option], at_stage(stage))
            assert sentences(say(step))[0] == CASE_STATUS
            assert case_of(step.state) == case_of(at_stage(stage))


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (CaseStage.OPEN, STAGE_OPEN),
        (CaseStage.CLAIMED, STAGE_CLAIMED),
        (CaseStage.WAITING, STAGE_WAITING),
        (CaseStage.CLOSED, STAGE_CLOSED),
    ],
)
def test_where_it_stands(stage: CaseStage, told: str) -> None:
    """By command and by option, with the hours where it is staff's turn."""
    for asked in ("/case", "case:status"):
        step = run([asked], at_stage(stage))
        assert sentences(say(step)) == (CASE_STATUS, told)
        assert (OfficeHours("narva", NOW) in say(step).marks) == (stage in (CaseStage.OPEN, CaseStage.CLAIMED))


@pytest.mark.parametrize("command", ["/case", "/bot", "/cancel"])
def test_where_there_is_none(command: str) -> None:
    """Commands of a case say that there is none, and lead to a person."""
    for state in (NARVA, run([*OPEN, "case:cancel"]).state):
        step = run([command], state)
        assert (sentences(say(step)), ids(say(step).choices)) == ((CASE_NONE,), ("case:ask", "menu"))


def test_answers_can_be_added_to_a_case_that_waits() -> None:
    """The bot goes on answering; a question goes to staff only if the person wants it."""
    step = run(["library"], open_case())
    assert (say(step).topic, ids(say(step).choices)[0], tells(step)) == ("library", "case:add", ())
    added = run(["case:add"], step.state)
    assert sentences(say(added)) == (CASE_ADDED,)
    assert tells(added)[0].key == "case:42:0:" + A
    assert case_of(added.state).lines[0].text == "library"
    assert case_of(added.state).clock == case_of(open_case()).clock
    assert sentences(say(run(["case:add"], added.state))) == (STALE_OPTION,)


def test_a_hidden_number_in_what_is_added_is_told() -> None:
    """Here as everywhere in a case."""
    step = run(["library [🆔]", "case:add"], open_case())
    assert [sentences(each) for each in says(step)] == [(CASE_CODE_HIDDEN,), (CASE_ADDED,)]


def test_a_case_nobody_has_can_be_cancelled() -> None:
    """Staff are told, their thread is closed, and both is possible once."""
    step = run(["case:cancel"], open_case())
    assert (sentences(say(step)), told_at(step, A)) == ((CASE_CANCELLED,), (DESK_CANCELLED,))
    assert done_at(step, A) == (Do.POST, Do.CLOSE)
    assert case_of(step.state).closed_at == NOW
    assert sentences(say(run(["case:cancel"], step.state))) == (STALE_OPTION,)


@pytest.mark.parametrize("way", ["case:back", "/bot", "case:cancel", "/cancel"])
@pytest.mark.parametrize("stage", [CaseStage.CLAIMED, CaseStage.WAITING])
def test_back_to_the_bot(way: str, stage: CaseStage) -> None:
    """The case is closed, staff are told, and the bot answers again."""
    step = run([way], at_stage(stage))
    assert (sentences(say(step)), told_at(step, A)) == ((CASE_BACK,), (DESK_BACK,))
    assert case_of(step.state).stage is CaseStage.CLOSED
    assert say(run(["library"], step.state)).topic == "library"


def test_a_closed_case_can_be_rated() -> None:
    """The desk is told; the ways on stay."""
    for option, heard in (("case:good", DESK_RATED_GOOD), ("case:bad", DESK_RATED_BAD)):
        step = run([option], closed())
        assert (sentences(say(step)), told_at(step, A)) == ((CASE_RATED,), (heard,))
        assert ids(say(step).choices) == ("case:reopen", "menu")
        assert sentences(say(run([option], waiting()))) == (STALE_OPTION,)


@pytest.mark.parametrize("again", ["case:good", "case:bad"])
def test_a_case_is_rated_once(again: str) -> None:
    """An old button pressed again is thanked for, but neither counted nor told; a case closed anew can be rated anew."""
    state = run(["case:good"], closed()).state
    step = run([again], state)
    assert (sentences(say(step)), ids(say(step).choices)) == ((CASE_RATED,), ("case:reopen", "menu"))
    assert step.effects == (say(step),)
    assert case_of(run(["case:reopen"], state).state).rated is False


def test_a_closed_case_can_be_reopened() -> None:
    """Within 14 days, at the desk that had it, which has the rest of its clock anew."""
    state = closed()
    assert rings(state).at == NOW + timedelta(days=14)
    step = run(["case:reopen"], state)
    assert (sentences(say(step))[0], told_at(step, A), done_at(step, A)) == (
        CASE_REOPENED,
        (DESK_REOPENED,),
        (Do.REOPEN, Do.POST),
    )
    assert (case_of(step.state).stage, case_of(step.state).closed_at, case_of(step.state).desk) == (CaseStage.OPEN, None, "")
    gone = run([rings(state)], state).state
    assert gone.case is None
    assert sentences(say(run(["case:reopen"], gone))) == (STALE_OPTION,)


def test_who_had_a_case_is_asked_first_when_it_comes_back() -> None:
    """Then the others, in their order."""
    late = run([rings(open_case())], open_case()).state
    taken = run([wrote("Hello", B), wrote("/close", B)], late).state
    step = run(["case:reopen"], taken)
    assert case_of(step.state).places == (B,)
    after = run([rings(step.state)], step.state)
    assert (case_of(after.state).places, done_at(after, A)) == ((B, A), (Do.REOPEN, Do.POST, Do.POST))


def test_a_new_case_after_a_closed_one() -> None:
    """It takes the place of the closed one, with a number of its own."""
    step = run(OPEN, replace(closed(), number=43))
    assert (case_of(step.state).code, case_of(step.state).lines) == ("NA-0043", ())


def test_another_language_holds_for_the_case_too() -> None:
    """What is said about it from now on is in the language that the person chose."""
    state = run(["/language ru"], claimed()).state
    assert says(run([wrote("/close")], state))[0].lang == "ru"


@pytest.mark.parametrize("option", ["", "nonsense", "add", "back", "cancel", "reopen", "group", "contact", "good"])
def test_what_is_not_possible(option: str) -> None:
    """Old and forged options of cases say nothing."""
    assert follow_case(option, NARVA, "en", NOW, desked()) is None


def test_a_number_is_the_cases_own() -> None:
    """It is what the store says that it would be."""
    assert case_of(open_case(replace(NARVA, number=7))).code == "NA-0007"
    assert isinstance(case_of(open_case()), Case)


def test_a_question_in_a_stage_that_is_over() -> None:
    """Where a case was reopened meanwhile, a message is no question for a new one."""
    state = replace(run(["case:reopen"], closed()).state, stage=Stage.QUESTION)
    assert say(run([Said(at=NOW, text="library")], state)).topic == "library"
    assert Conversation().has_case is False
