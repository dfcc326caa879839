"""The commands of staff: in three languages, notes, curated answers, handing over, and wrong answers."""

from dataclasses import replace

import pytest

from bot.core.case_texts import (
    CASE_TRANSFERRED,
    DESK_COMMANDS,
    DESK_EARLIER,
    DESK_NO_EDITORS,
    DESK_NO_TOPIC,
    DESK_NOTED,
    DESK_NOWHERE,
    DESK_SEND_WHAT,
    DESK_SENT_TOPIC,
    DESK_TRANSFERRED,
    DESK_UNKNOWN_COMMAND,
    DESK_WHICH_DESK,
    DESK_WHICH_TOPIC,
    DESK_WRONG_SENT,
    EDITORS_WRONG,
    STAFF_SENT_TOPIC,
    STAFF_WROTE,
    STAFF_WROTE_NAME,
)
from bot.core.cases import CaseStage, Who
from bot.core.effects import Did, Do
from bot.core.events import StaffEvent, StaffWithdrew
from bot.core.staff_words import COMMANDS
from bot.core.state import Conversation
from bot.core.texts import Answer, Words
from tests.core.desks import (
    EDITORS,
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
    open_case,
    pressed,
    rings,
    run,
    tells,
    told_at,
    wrote,
)
from tests.core.small import NOW, ids, say, says, sentences


def did(what: str, desk: str = A) -> Did:
    """Make what the audit log is told."""
    return Did(case=42, what=what, desk=desk, staff=STAFF)


def both_asked() -> Conversation:
    """Give a conversation whose case two desks know of, and nobody has."""
    return run([rings(open_case())], open_case()).state


@pytest.mark.parametrize("word", list(COMMANDS))
@pytest.mark.parametrize("sign", ["/{}", "!{}", "  /{}", "/{}@teejuht_bot", "@bot /{}", "/ {}", "/{}:", "@bot, !{}"])
def test_commands_in_three_languages(word: str, sign: str) -> None:
    """None of them reaches the resident as it is written, however it is spelt."""
    for typed in (word, word.upper()):
        step = run([wrote(f"{sign.format(typed)} kanarbik")], claimed())
        assert DESK_UNKNOWN_COMMAND not in told_at(step, A)
        assert "kanarbik" not in str(says(step))
        assert tells(step, A)


@pytest.mark.parametrize("text", ["/nope", "!Nope it is", "/notee secret", "/нет", "@bot /notex secret"])
def test_an_unknown_command_reaches_nobody(text: str) -> None:
    """Staff see which there are."""
    step = run([wrote(text)], claimed())
    assert (says(step), told_at(step, A), step.state) == ((), (DESK_UNKNOWN_COMMAND, DESK_COMMANDS), claimed())


@pytest.mark.parametrize("text", ["Hello /note", "1/2", "https://example.ee/close", "!!!", "/", "Come at 5 / 6"])
def test_what_is_no_command_is_an_answer(text: str) -> None:
    """A sign in the middle, or alone, means nothing."""
    assert say(run([wrote(text)], claimed())).marks[1] == Words(text)


def test_help() -> None:
    """The commands are shown, for a note without words too."""
    for text in ("/help", "/note", "/note  "):
        step = run([wrote(text)], claimed())
        assert (says(step), told_at(step, A), step.state) == ((), (DESK_COMMANDS,), claimed())


def test_a_note_stays_with_colleagues() -> None:
    """Other desks that were asked read it, and every desk that gets the case later; the resident never does."""
    step = run([wrote("/note she called twice")], both_asked())
    assert (says(step), told_at(step, A), told_at(step, B)) == ((), (DESK_NOTED,), (STAFF_WROTE_NAME,))
    assert Words("she called twice") in tells(step, B)[0].marks
    assert did("note") in step.effects
    line = case_of(step.state).lines[-1]
    assert (line.who, line.text, case_of(step.state).stage) == (Who.NOTE, "she called twice", CaseStage.OPEN)
    moved = run([wrote(f"/transfer {C}")], step.state)
    assert Words("she called twice") in [mark for tell in tells(moved, C) for mark in tell.marks]
    assert says(run([wrote("/note later")], closed())) == ()


def test_a_note_stays_one_when_it_is_edited() -> None:
    """With or without the command before it; deleted, it is gone."""
    noted = run([wrote("/note secret", message="m")], claimed()).state
    for text in ("/note kanarbik", "kanarbik"):
        step = run([wrote(text, message="m", edited=True)], noted)
        assert (says(step), told_at(step, A)) == ((), (DESK_NOTED,))
        assert [(line.who, line.text) for line in case_of(step.state).lines] == [(Who.NOTE, "kanarbik")]
    step = run([StaffWithdrew(at=NOW, desk=A, message="m")], noted)
    assert (step.effects, case_of(step.state).lines[0].text) == ((), "")


@pytest.mark.parametrize("event", [wrote("/send school"), wrote("/saada kool"), wrote("/send SCHOOL"), pressed("topic:school")])
def test_a_curated_answer_is_sent(event: StaffEvent) -> None:
    """In the resident's language, and shown to staff in theirs."""
    step = run([event], claimed())
    assert (say(step).lang, say(step).topic, sentences(say(step))) == ("en", "school", (STAFF_WROTE, STAFF_SENT_TOPIC))
    assert Answer("school", "narva") in say(step).marks
    (shown,) = tells(step, A)
    assert (shown.lang, told_at(step, A), shown.marks[1]) == ("et", (DESK_SENT_TOPIC,), Answer("school", "narva"))
    assert case_of(step.state).lines[-1].topic == "school"


def test_which_answer_is_meant() -> None:
    """Several are offered, of none it is said so; without words, how it is asked."""
    step = run([wrote("/send k")], claimed())
    assert (told_at(step, A), says(step)) == ((DESK_WHICH_TOPIC,), ())
    assert set(ids(tells(step, A)[0].choices)) == {"topic:kindergarten", "topic:school", "topic:college"}
    assert told_at(run([wrote("/send xyzzy")], claimed()), A) == (DESK_NO_TOPIC,)
    assert told_at(run([pressed("topic:gone")], claimed()), A) == (DESK_NO_TOPIC,)
    assert told_at(run([wrote("/send")], claimed()), A) == (DESK_SEND_WHAT,)


def test_a_case_is_handed_over() -> None:
    """The resident is told with the hours, the new desk gets the card and what was written, the old one is closed."""
    step = run([wrote("/transfer johvi/telegram")], run(["Hello"], claimed()).state)
    assert sentences(say(step)) == (CASE_TRANSFERRED,)
    assert (told_at(step, A), done_at(step, A)) == ((DESK_TRANSFERRED,), (Do.POST, Do.CLOSE))
    assert done_at(step, C) == (Do.OPEN, Do.POST, Do.POST)
    assert DESK_EARLIER in told_at(step, C)
    assert (case_of(step.state).stage, case_of(step.state).places, case_of(step.state).desks) == (CaseStage.OPEN, (C,), (C, B, A))
    assert did("transfer") in step.effects


@pytest.mark.parametrize(
    ("to", "offered"),
    [
        ("", {B, C}),
        ("nowhere", {B, C}),
        ("telegram", None),
        ("JOHVI", None),
        ("narva", None),
        ("editors", {B, C}),
        (A, {B, C}),
    ],
)
def test_to_whom_a_case_is_handed_over(to: str, offered: set[str] | None) -> None:
    """By a desk's name or a part of it; else the desks that receive cases are offered."""
    step = run([wrote(f"/transfer {to}")], claimed())
    if offered is None:
        assert case_of(step.state).stage is CaseStage.OPEN
        return
    assert told_at(step, A) == (DESK_WHICH_DESK,)
    assert set(ids(tells(step, A)[0].choices)) == {f"case:transfer:{desk}" for desk in offered}
    assert case_of(run([pressed(f"case:transfer:{B}")], step.state).state).places == (B,)


def test_of_several_desks_one_is_chosen() -> None:
    """A part of a name that fits more than one offers those."""
    step = run([wrote("/transfer narva", C)], run([wrote(f"/transfer {C}")], claimed()).state)
    assert ids(tells(step, C)[0].choices) == (f"case:transfer:{A}", f"case:transfer:{B}")


def test_there_is_nobody_to_hand_it_to() -> None:
    """Where there is one desk, it is said so, and no button offers it."""
    alone = replace(desked(), desks=replace(desked().desks, groups={"narva": desked().desks.groups["narva"][:1]}))
    opened = run(OPEN, world=alone)
    assert "case:transfer" not in ids(tells(opened, A)[0].choices)
    assert told_at(run([wrote("/transfer")], opened.state, alone), A) == (DESK_NOWHERE,)


def test_a_case_comes_back() -> None:
    """To a desk that had it before: its thread is opened again, with what was written elsewhere."""
    away = run([wrote(f"/transfer {C}"), wrote("Come tomorrow", C)], claimed()).state
    step = run([wrote(f"/transfer {A}", C)], away)
    assert done_at(step, A) == (Do.REOPEN, Do.POST, Do.POST)
    assert told_at(step, A)[0] == DESK_EARLIER
    assert case_of(step.state).places == (A,)


def test_a_wrong_answer_is_told_to_the_editors() -> None:
    """With the topic and the question; where there are no editors, that is said."""
    step = run([wrote("/wrong the phone is old")], claimed())
    (told,) = tells(step, EDITORS)
    assert (told.do, told.case, told.lang, told_at(step, EDITORS)) == (Do.SAY, 0, "et", (EDITORS_WRONG,))
    assert told.marks[1] == Words("the phone is old", QUESTION)
    assert (told_at(step, A), says(step), did("wrong") in step.effects) == ((DESK_WRONG_SENT,), (), True)
    alone = desked(editors=False)
    assert told_at(run([wrote("/wrong")], claimed(), alone), A) == (DESK_NO_EDITORS,)


@pytest.mark.parametrize("option", ["", "case:", "case:good", "case:back", "menu", "forget:yes", "lang:ru"])
def test_a_strange_option_does_nothing(option: str) -> None:
    """A desk has no other buttons than its own."""
    assert run([pressed(option)], claimed()).effects == ()
