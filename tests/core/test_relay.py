"""What a resident writes in a case: messages, files, edits, deletions, commands, emergencies and limits."""

from dataclasses import replace

import pytest

from bot.core.case_texts import (
    CASE_ADDED,
    CASE_BACK,
    CASE_CODE_HIDDEN,
    CASE_FILE_REFUSED,
    DESK_DANGER,
    DESK_EARLIER,
    DESK_LEFT,
    RESIDENT_CHANGED,
    RESIDENT_SENT_FILE,
    RESIDENT_WITHDREW,
    RESIDENT_WROTE,
)
from bot.core.cases import CaseStage, Who
from bot.core.conversation import handle
from bot.core.effects import Count, Do, Forget
from bot.core.events import File, Flooded, Left, Said, SentFile, Unreadable, Withdrew
from bot.core.hearing import MAX_CHARS
from bot.core.relay import MAX_FILE, may_pass
from bot.core.state import Conversation
from bot.core.texts import EMPTY, MENU, TOO_FAST, TOO_FAST_CASE, TOO_LONG, UNREADABLE, Card, Text, Words
from tests.core.desks import (
    A,
    B,
    C,
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
from tests.core.small import NOW, ids, others, say, says, sentences, told

PHOTO = SentFile(at=NOW, kind="photo", text="my letter", message="m", name="a.jpg", media_type="image/jpeg", size=9, ref="r")
TALKING = (CaseStage.CLAIMED, CaseStage.WAITING)


@pytest.mark.parametrize("stage", TALKING)
@pytest.mark.parametrize("text", ["Hello", "1", "school", "2.", "tere", "Narva", "👍", "?", "menu", "1️⃣"])
def test_what_is_written_goes_to_the_person(stage: CaseStage, text: str) -> None:
    """As it is, numbers and greetings too, and the bot is quiet; it is staff's turn then."""
    step = run([text], at_stage(stage))
    (tell,) = tells(step)
    assert (says(step), tell.desk, tell.do, tell.case) == ((), A, Do.POST, 42)
    assert (tell.marks, tell.key) == ((Text(RESIDENT_WROTE), Words(text)), f"case:42:{case_of(step.state).lines[-1].n}:{A}")
    assert case_of(step.state).stage is CaseStage.CLAIMED


def test_what_a_message_replies_to_is_shown() -> None:
    """Staff see what the resident had before them."""
    step = run([Said(at=NOW, text="yes", quoted="Will you come?")], claimed())
    assert tells(step)[0].marks[1] == Words("yes", "Will you come?")


def test_only_staffs_turn_runs_on() -> None:
    """A second message does not give staff more time; the first one after their answer begins it."""
    first = run(["Hello"], waiting())
    again = run(["Hello?"], first.state)
    assert case_of(first.state).clock != case_of(waiting()).clock
    assert case_of(again.state).clock == case_of(first.state).clock


def test_commands_are_for_the_bot() -> None:
    """Also while a person has the case."""
    assert sentences(say(run(["/menu"], claimed()))) == (MENU,)
    assert tells(run(["/menu"], claimed())) == ()


def test_the_words_of_an_option_are_for_the_bot() -> None:
    """What stands on the button does what the button does; its number is a message."""
    state = waiting()
    assert state.options == ("case:back",)
    labelled = replace(state, labels=("Back to the bot",))
    assert sentences(say(run(["back to the bot"], labelled))) == (CASE_BACK,)
    assert says(run(["1"], labelled)) == ()


@pytest.mark.parametrize("stage", TALKING)
def test_an_emergency_has_its_card(stage: CaseStage) -> None:
    """Staff are told at once, and the message goes to them too."""
    step = run(["I will kill myself"], at_stage(stage))
    assert (say(step).marks, ids(say(step).choices)) == ((Card("suicide"),), ("case:back",))
    assert told_at(step, A) == (DESK_DANGER, RESIDENT_WROTE)
    assert Count(what="danger", lang="en") in others(step)


def test_an_emergency_in_a_case_that_waits() -> None:
    """The bot answers with the card, and every desk that was asked is told."""
    both = run([rings(open_case())], open_case()).state
    step = run(["I will kill myself"], both)
    assert say(step).marks[0] == Card("suicide")
    assert ids(say(step).choices)[0] == "case:add"
    assert (told_at(step, A), told_at(step, B)) == ((DESK_DANGER,), (DESK_DANGER,))


@pytest.mark.parametrize("stage", [CaseStage.OPEN, *TALKING])
def test_an_emergency_in_a_message_too_long_is_told(stage: CaseStage) -> None:
    """The message is not brought to anybody, the danger is."""
    step = run([f"kill myself {'.' * MAX_CHARS}"], at_stage(stage))
    assert (say(step).marks, told_at(step, A)) == ((Card("suicide"), Text(TOO_LONG)), (DESK_DANGER,))


@pytest.mark.parametrize("stage", [CaseStage.OPEN, *TALKING])
def test_an_emergency_in_the_words_to_a_file(stage: CaseStage) -> None:
    """Whatever becomes of the file."""
    for file in (PHOTO, SentFile(at=NOW, kind="voice")):
        step = run([replace(file, text="kill myself")], at_stage(stage))
        assert says(step)[0].marks == (Card("suicide"),)
        assert told_at(step, A)[0] == DESK_DANGER


def test_a_message_too_long_is_not_brought() -> None:
    """The resident is told, of an empty one too."""
    assert sentences(say(run(["a" * (MAX_CHARS + 1)], claimed()))) == (TOO_LONG,)
    assert sentences(say(run(["  "], claimed()))) == (EMPTY,)
    assert sentences(say(run([replace(PHOTO, text="a" * (MAX_CHARS + 1))], claimed()))) == (TOO_LONG,)
    assert tells(run(["a" * MAX_CHARS], claimed()))


def test_of_too_much_at_once_the_resident_reads_that_staff_did_not_get_it() -> None:
    """Nobody may believe that the last of their messages were brought."""
    step = run([Flooded(at=NOW)], claimed())
    assert (sentences(say(step)), tells(step)) == ((TOO_FAST, TOO_FAST_CASE), ())
    assert sentences(say(run([Flooded(at=NOW, public=True)], claimed()))) == (TOO_FAST,)


# --- what was hidden, files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "hidden"), [("[🆔]", True), ("[📄]", True), ("[💳]", True), ("[📞]", False), ("[📧]", False)])
def test_a_hidden_number_is_told(token: str, hidden: bool) -> None:
    """Who writes a personal code is told that staff do not see it, also in an edit and below a file."""
    for event in (f"it is {token}", Said(at=NOW, text=token, message="Hello", edited=True), replace(PHOTO, text=token)):
        step = run(["Hello", event], claimed())
        assert [sentences(each) for each in says(step)] == ([(CASE_CODE_HIDDEN,)] if hidden else [])
        assert tells(step)


@pytest.mark.parametrize("stage", [CaseStage.OPEN, *TALKING])
def test_a_file_is_brought(stage: CaseStage) -> None:
    """With what is written to it; while nobody has the case, the resident is told that it was added."""
    step = run([PHOTO], at_stage(stage))
    (tell,) = tells(step)
    file = File(name="a.jpg", media_type="image/jpeg", size=9, ref="r", channel="matrix")
    assert (tell.file, tell.marks) == (file, (Text(RESIDENT_SENT_FILE, {"name": "a.jpg"}), Words("my letter")))
    assert [sentences(each) for each in says(step)] == ([(CASE_ADDED,)] if stage is CaseStage.OPEN else [])
    assert (case_of(step.state).lines[-1].file, case_of(step.state).lines[-1].who) == (file, Who.RESIDENT)


@pytest.mark.parametrize(
    ("media_type", "passes"),
    [
        ("image/png", True),
        ("IMAGE/JPEG; q=1", True),
        ("application/pdf", True),
        ("text/plain; charset=utf-8", True),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", True),
        ("application/vnd.oasis.opendocument.text", True),
        ("application/vnd.etsi.asic-e+zip", True),
        ("image/svg+xml", False),
        ("application/vnd.android.package-archive", False),
        ("application/vnd.microsoft.portable-executable", False),
        ("application/vnd.ms-word.document.macroEnabled.12", False),
        ("application/pdf-not", False),
        ("text/html", False),
        ("audio/ogg", False),
        ("", False),
    ],
)
def test_which_files_are_brought(media_type: str, passes: bool) -> None:
    """Pictures and documents, but nothing that runs or plays, and nothing that cannot be fetched or is too large."""
    assert may_pass(media_type, MAX_FILE, "r") == passes
    assert not may_pass(media_type, MAX_FILE + 1, "r")
    assert not may_pass(media_type, 1, "")
    step = run([replace(PHOTO, media_type=media_type, text="")], claimed())
    assert (says(step) == ()) == passes


def test_a_file_that_is_refused() -> None:
    """The resident is told; what they wrote to it goes to staff all the same."""
    step = run([replace(PHOTO, ref="")], claimed())
    assert (sentences(say(step)), told_at(step, A)) == ((CASE_FILE_REFUSED,), (RESIDENT_WROTE,))
    assert tells(run([replace(PHOTO, ref="", text=" ")], claimed())) == ()


# --- putting right, taking back ---------------------------------------------------------------------------------------


def test_an_edited_message_is_put_right() -> None:
    """Where it was brought to; it stays the line that it was."""
    step = run(["Hello", Said(at=NOW, text="Hello!", message="Hello", edited=True)], claimed())
    (tell,) = tells(step)
    assert (tell.do, tell.amends, tell.key, says(step)) == (Do.AMEND, f"case:42:0:{A}", "", ())
    assert tell.marks == (Text(RESIDENT_CHANGED), Words("Hello!"))
    assert [line.text for line in case_of(step.state).lines] == ["Hello!"]


def test_an_edit_of_what_staff_never_saw_is_a_message() -> None:
    """Nothing that is written to a person is lost."""
    step = run([Said(at=NOW, text="Hello!", message="before", edited=True)], claimed())
    assert told_at(step, A) == (RESIDENT_WROTE,)


@pytest.mark.parametrize("state", [claimed(), closed()])
def test_a_deleted_message_is_taken_back(state: Conversation) -> None:
    """At the desk and in what is kept, once, also when the case has ended."""
    for event in ("Hello", replace(PHOTO, message="Hello")):
        talked = run([event], claimed()).state
        talked = run([wrote("/close")], talked).state if case_of(state).stage is CaseStage.CLOSED else talked
        step = run([Withdrew(at=NOW, message="Hello")], talked)
        (tell,) = tells(step)
        assert (tell.do, tell.amends) == (Do.AMEND, f"case:42:0:{A}")
        assert told_at(step, A) == (RESIDENT_WITHDREW,)
        line = case_of(step.state).lines[0]
        assert (line.text, line.file, line.withdrawn) == ("", None, True)
        assert others(run([Withdrew(at=NOW, message="Hello")], step.state)) == ()


def test_a_deleted_message_is_taken_back_where_it_was_before() -> None:
    """The desk that handed the case over has it too."""
    step = run(["Hello", wrote(f"/transfer {C}"), Withdrew(at=NOW, message="Hello")], claimed())
    assert {(tell.desk, tell.do) for tell in tells(step)} == {(A, Do.AMEND), (C, Do.AMEND)}


def test_nobody_elses_words_are_taken_back() -> None:
    """A message of staff's is not the resident's, whatever its id."""
    answered = run([wrote("Hello", message="m")], claimed()).state
    step = run([Withdrew(at=NOW, message="m"), Withdrew(at=NOW, message="")], answered)
    assert (step.effects, case_of(step.state).lines[-1].text) == ((), "Hello")


def test_what_was_taken_back_is_shown_to_nobody_else() -> None:
    """A desk that gets the case later reads the rest."""
    talked = run(["Hello", "secret", Withdrew(at=NOW, message="secret"), PHOTO], claimed()).state
    step = run([wrote(f"/transfer {B}")], talked)
    assert done_at(step, B) == (Do.OPEN, Do.POST, Do.POST)
    earlier = next(tell for tell in tells(step, B) if Text(DESK_EARLIER) in tell.marks)
    assert [mark for mark in earlier.marks if isinstance(mark, Words)] == [Words("Hello"), Words("my letter")]


# --- who leaves, where others read along ------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [CaseStage.OPEN, *TALKING])
def test_who_leaves_is_missed(stage: CaseStage) -> None:
    """Staff are told, and the thread is closed; nothing is remembered."""
    step = run([Left(at=NOW)], at_stage(stage))
    assert (told_at(step, A), done_at(step, A), says(step)) == ((DESK_LEFT,), (Do.POST, Do.CLOSE), ())
    assert Forget() in step.effects
    assert step.state.case is None


@pytest.mark.parametrize("stage", [CaseStage.OFFERED, CaseStage.CLOSED])
def test_who_leaves_without_a_case_is_not(stage: CaseStage) -> None:
    """Staff hear nothing of what they never saw, or what was done."""
    assert run([Left(at=NOW)], at_stage(stage)).effects == (Forget(),)


def test_nothing_is_brought_from_where_others_read_along() -> None:
    """A room that is not private any more is answered by the bot, and staff cannot write into it."""
    step = told(Said(at=NOW, text="library", public=True), claimed(), desked())
    assert (say(step).topic, tells(step)) == ("library", ())
    answer = run([wrote("Good morning")], step.state)
    assert (says(answer), told_at(answer, A)) == ((), (DESK_LEFT,))


def test_what_cannot_be_read_is_asked_for_again() -> None:
    """A case changes nothing in that."""
    step = handle(Unreadable(at=NOW), claimed(), desked())
    assert sentences(say(step)) == (UNREADABLE,)
