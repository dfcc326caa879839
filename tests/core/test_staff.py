"""What staff do at their desks: claiming, answering, notes, curated answers, handing over, closing, and whose thread it is."""

from dataclasses import replace

import pytest

from bot.core.case_texts import (
    CASE_CLAIMED,
    CASE_CLOSED,
    CASE_REOPENED_BY_STAFF,
    DESK_CALL,
    DESK_CLAIMED,
    DESK_CLOSED,
    DESK_COMMANDS,
    DESK_EARLIER,
    DESK_FILE_REFUSED,
    DESK_GENERAL,
    DESK_NO_CASE,
    DESK_NOTED,
    DESK_OTHER_LANGUAGE,
    DESK_TAKEN_ELSEWHERE,
    DESK_WRONG_STATE,
    RESIDENT_WROTE,
    STAFF_WITHDREW,
    STAFF_WROTE,
    STAFF_WROTE_NAME,
)
from bot.core.cases import CaseStage, to_json
from bot.core.effects import Did, Do, Notify
from bot.core.events import File, StaffEvent, StaffSentFile, StaffWithdrew
from bot.core.state import Conversation
from bot.core.texts import Text, Words
from tests.core.desks import (
    NARVA,
    OPEN,
    QUESTION,
    STAFF,
    A,
    B,
    C,
    case_of,
    claimed,
    closed,
    desked,
    done_at,
    later,
    notices,
    open_case,
    pressed,
    rings,
    run,
    tells,
    told_at,
    waiting,
    wrote,
)
from tests.core.small import NOW, ids, others, say, says, sentences

FORM = StaffSentFile(
    at=NOW, kind="file", desk=A, staff=STAFF, name="Mari", message="f", file_name="a.pdf",
    media_type="application/pdf", size=9, ref="r", text="please",
)  # fmt: skip
DESK = Conversation(channel="desks")


def did(what: str, desk: str = A) -> Did:
    """Make what the audit log is told."""
    return Did(case=42, what=what, desk=desk, staff=STAFF)


def both_asked() -> Conversation:
    """Give a conversation whose case two desks know of, and nobody has."""
    return run([rings(open_case())], open_case()).state


# --- claiming, closing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [wrote("/claim"), wrote("!беру"), wrote("@bot /Võta"), pressed("case:claim")])
def test_a_case_is_claimed(event: StaffEvent) -> None:
    """The resident is told, the desk too, and who it was is kept for the log."""
    step = run([event], open_case())
    assert (sentences(say(step)), ids(say(step).choices)) == ((CASE_CLAIMED,), ("case:back",))
    assert (told_at(step, A), did("claim") in step.effects) == ((DESK_CLAIMED,), True)
    case = case_of(step.state)
    assert (case.stage, case.desk, case.holder, case.holder_name) == (CaseStage.CLAIMED, A, STAFF, "Mari")


def test_other_desks_are_told_who_has_it() -> None:
    """Their thread is closed, and what they write there gets nowhere until they claim the case themselves."""
    step = run([wrote("/claim", B)], both_asked())
    assert told_at(step, A) == (DESK_CLAIMED, DESK_TAKEN_ELSEWHERE)
    assert done_at(step, A) == (Do.POST, Do.POST, Do.CLOSE)
    assert done_at(step, B) == (Do.POST,)
    assert {tell.desk for tell in tells(run(["Hello"], step.state))} == {B}


@pytest.mark.parametrize("event", [wrote("/claim", A), wrote("Good day", A), pressed("case:claim", A)])
def test_a_colleague_takes_over(event: StaffEvent) -> None:
    """Their thread is opened again, with what was written meanwhile; the other one is closed."""
    other = run([wrote("/claim", B), "Hello"], both_asked()).state
    step = run([event], other)
    assert case_of(step.state).desk == A
    assert done_at(step, A)[0] is Do.REOPEN
    assert told_at(step, A)[:2] == (DESK_EARLIER, RESIDENT_WROTE)
    assert (told_at(step, B)[-1], done_at(step, B)[-1]) == (DESK_TAKEN_ELSEWHERE, Do.CLOSE)


def test_claiming_again_tells_the_resident_nothing() -> None:
    """They know that somebody has it."""
    for state in (claimed(), waiting()):
        step = run([wrote("/claim")], state)
        assert (says(step), told_at(step, A)) == ((), (DESK_CLAIMED,))
        assert case_of(step.state).stage is case_of(state).stage


@pytest.mark.parametrize("make", [open_case, claimed, waiting])
@pytest.mark.parametrize("event", [wrote("/close"), wrote("/sulge"), pressed("case:close")])
def test_a_case_is_closed(make: object, event: StaffEvent) -> None:
    """Both sides are told, and the resident can rate it or come back."""
    assert callable(make)
    step = run([event], make())
    assert sentences(say(step)) == (CASE_CLOSED,)
    assert ids(say(step).choices) == ("case:good", "case:bad", "case:reopen", "menu")
    assert (told_at(step, A), done_at(step, A)) == ((DESK_CLOSED,), (Do.POST, Do.CLOSE))
    assert (did("close") in step.effects, case_of(step.state).closed_at) == (True, NOW)


@pytest.mark.parametrize("command", ["/close", "/claim", f"/transfer {B}"])
def test_what_has_ended_does_not_go_on(command: str) -> None:
    """Staff are told; only an answer reopens a case, and nothing one that was cancelled."""
    step = run([wrote(command)], closed())
    assert (says(step), told_at(step, A), step.state) == ((), (DESK_WRONG_STATE,), closed())
    cancelled = run([*OPEN, "case:cancel"]).state
    for event in (wrote("Hello"), wrote(command), pressed("topic:school"), FORM):
        step = run([event], cancelled)
        assert (says(step), told_at(step, A)) == ((), (DESK_WRONG_STATE,))


# --- answering --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [open_case, claimed, waiting])
def test_an_answer_is_brought(make: object) -> None:
    """As it was written, under the municipality's name; it is the resident's turn, and the case is that desk's."""
    assert callable(make)
    step = run([wrote("Good morning", message="m")], make())
    assert say(step).marks[1:] == (Words("Good morning"),)
    assert sentences(say(step)) == (STAFF_WROTE,)
    assert (say(step).key, ids(say(step).choices)) == (f"case:42:{len(case_of(make()).lines)}:", ("case:back",))
    assert (case_of(step.state).stage, case_of(step.state).desk) == (CaseStage.WAITING, A)
    assert did("reply") in step.effects
    assert case_of(step.state).lines[-1].message == "m"


def test_a_name_is_shown_where_the_municipality_wants_it() -> None:
    """And nowhere else; never an account."""
    named = run([wrote("Good morning")], claimed(world=desked(named=True)), desked(named=True))
    assert say(named).marks[0] == Text(STAFF_WROTE_NAME, {"name": "Mari"})
    assert sentences(say(run([wrote("Good morning", name="")], claimed(), desked(named=True)))) == (STAFF_WROTE,)
    assert "Mari" not in str(says(run([wrote("Good morning")], claimed())))


def test_an_answer_in_another_language() -> None:
    """It is brought; staff are told, with answers that come in the resident's language."""
    step = run([wrote("Добрый день, приходите завтра, школа открыта с утра")], claimed())
    assert len(says(step)) == 1
    assert told_at(step, A) == (DESK_OTHER_LANGUAGE,)
    assert "topic:school" in ids(tells(step, A)[0].choices)
    for quiet in ("Добрый день", "Please come tomorrow, the school is open in the morning"):
        assert DESK_OTHER_LANGUAGE not in told_at(run([wrote(quiet)], claimed()), A)


def test_a_quoted_message_is_shown_if_the_resident_knows_it() -> None:
    """Their own words, or what they were told; of what a desk shows above them nothing."""
    state = run(["Where do I go to register my child?", "ok", wrote("/note the mother is rude")], claimed()).state
    for quoted, shown in (
        ("Where do I go to register my child?", "Where do I go to register my child?"),
        ("register my child?", "register my child?"),
        ("Resident:\nWhere do I go to register my child?", "Where do I go to register my child?"),
        (QUESTION, QUESTION),
        ("/note the mother is rude", ""),
        ("the mother is rude", ""),
        ("Where do I go to register my child? she asks, and is rude", ""),
        ("book", ""),
        ("", ""),
    ):
        assert say(run([wrote("Here", quoted=quoted)], state)).marks[1] == Words("Here", shown)


def test_an_edited_answer_is_put_right() -> None:
    """Without a button or an option shown last that counts for something else."""
    answered = run([wrote("Good mornin", message="m")], claimed()).state
    step = run(["/menu", wrote("Good morning", message="m", edited=True)], answered)
    assert (say(step).amends, say(step).marks[1], ids(say(step).choices)) == ("case:42:0:", Words("Good morning"), ("case:back",))
    assert step.state.options == run(["/menu"], answered).state.options
    assert [line.text for line in case_of(step.state).lines] == ["Good morning"]


def test_an_edit_of_what_was_not_brought_is_an_answer() -> None:
    """A mistyped command that becomes a message does reach the resident."""
    step = run([wrote("/clsoe", message="m"), wrote("Good morning", message="m", edited=True)], claimed())
    assert (say(step).marks[1], say(step).amends) == (Words("Good morning"), "")


def test_a_deleted_answer_is_taken_back() -> None:
    """Once."""
    taken = StaffWithdrew(at=NOW, desk=A, message="m", staff=STAFF)
    step = run([wrote("Good morning", message="m"), taken], claimed())
    assert (sentences(say(step)), say(step).amends) == ((STAFF_WITHDREW,), "case:42:0:")
    assert (case_of(step.state).lines[0].text, run([taken], step.state).effects) == ("", ())
    assert run([replace(taken, message="other")], claimed()).effects == ()


def test_the_resident_on_the_page_is_woken() -> None:
    """By mail where an address was left and mails are sent, else staff are asked to call; never with what was answered."""
    page = replace(NARVA, channel="web", page=True)
    for contact, mails, woken in (
        ("a@example.ee", True, True),
        ("a@example.ee", False, False),
        ("a@example.ee or 5555 5555", True, False),
        ("5555 5555", True, False),
    ):
        world = desked(mails=mails)
        state = run([QUESTION, "case:ask", "case:contact", contact, "case:send"], page, world).state
        step = run([wrote("Good morning")], state, world)
        assert notices(step) == ((Notify(to=contact, case=42, code="NA-0042", lang="en"),) if woken else ())
        assert told_at(step, A) == (() if woken else (DESK_CALL,))
    assert not notices(run([wrote("Good morning")], open_case(page)))


def test_a_file_is_brought_to_the_resident() -> None:
    """With what is written to it; a page shows none, and some go nowhere."""
    step = run([FORM], claimed())
    file = File(name="a.pdf", media_type="application/pdf", size=9, ref="r", channel="telegram")
    assert (say(step).file, say(step).marks[1:]) == (file, (Words("please"),))
    assert case_of(step.state).lines[-1].file == file
    assert say(run([replace(FORM, text="")], claimed())).marks[1:] == ()
    for refused, state in ((replace(FORM, media_type="audio/ogg"), claimed()), (FORM, replace(claimed()))):
        if refused is FORM:
            assert state.case
            state = replace(state, case=replace(state.case, page=True))
        step = run([refused], state)
        assert (says(step), told_at(step, A)) == ((), (DESK_FILE_REFUSED,))


def test_a_file_with_a_command_stays_with_colleagues() -> None:
    """What is written to it is done."""
    step = run([replace(FORM, text="/note her letter")], claimed())
    assert (says(step), told_at(step, A), case_of(step.state).lines[-1].text) == ((), (DESK_NOTED,), "her letter")


# --- whose thread it is -----------------------------------------------------------------------------------------------


def test_an_answer_reopens_a_closed_case() -> None:
    """Within 14 days; the resident is told, and the thread is opened again."""
    step = run([wrote("One more thing")], closed())
    assert [sentences(each) for each in says(step)] == [(CASE_REOPENED_BY_STAFF,), (STAFF_WROTE,)]
    assert (done_at(step, A), case_of(step.state).stage) == ((Do.REOPEN,), CaseStage.WAITING)
    assert case_of(step.state).closed_at is None


def test_after_14_days_nothing_reopens_it() -> None:
    """Staff are told every time, in the thread of that case; deletions are left alone."""
    old = closed()
    gone = replace(run([rings(old)], old).state, earlier=lambda: [to_json(case_of(old))])
    for event in (wrote("One more thing"), wrote("/close"), FORM, pressed("case:close")):
        step = run([event], gone)
        assert (says(step), told_at(step, A), tells(step)[0].case) == ((), (DESK_WRONG_STATE,), 42)
    assert run([StaffWithdrew(at=NOW, desk=A, message="m")], gone).effects == ()


@pytest.mark.parametrize("event", [wrote("Hello", B), wrote("/claim", C), pressed("case:claim", B), replace(FORM, desk=C)])
def test_a_desk_that_does_not_have_the_case(event: StaffEvent) -> None:
    """It is told that what it writes reaches nobody, every time."""
    step = run([event], claimed())
    assert (says(step), told_at(step, event.desk), step.state) == ((), (DESK_TAKEN_ELSEWHERE,), claimed())
    assert run([StaffWithdrew(at=NOW, desk=B, message="m")], claimed()).effects == ()


def test_the_general_room_is_told_once_a_day() -> None:
    """How residents are answered; at every command, and never for what is edited, chosen or sent."""
    step = run([wrote("Good morning")], DESK)
    (told,) = tells(step)
    assert (told.do, told.case, told_at(step, A)) == (Do.SAY, 0, (DESK_GENERAL, DESK_COMMANDS))
    assert run([wrote("Coffee?")], step.state).effects == ()
    assert tells(run([wrote("/help")], step.state))
    assert tells(run([wrote("Good morning", at=later(days=1))], step.state))
    for event in (wrote("Good morning", edited=True), FORM, StaffWithdrew(at=NOW, desk=A, message="m")):
        assert others(run([event], DESK)) == ()


def test_a_button_without_a_case_is_answered() -> None:
    """Whoever presses one is told that there is no case for it, every time."""
    step = run([pressed("case:claim"), pressed("case:claim")], DESK)
    assert (told_at(step, A), tells(step)[0].do) == ((DESK_NO_CASE,), Do.SAY)
