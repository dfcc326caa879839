"""Test cases of the operator's, and reports to whoever keeps the bot."""

import pytest

from bot.core.case_texts import (
    DESK_TEST,
    REPORT_DEAD,
    REPORT_DUE,
    REPORT_FILES,
    REPORT_SELF_CHECK,
    REPORT_SELF_CHECK_WELL,
)
from bot.core.effects import Do, Step
from bot.core.events import Reported, Tried
from bot.core.state import Conversation
from bot.core.texts import Words
from tests.core.desks import EDITORS, A, B, C, case_of, desked, done_at, run, tells, told_at
from tests.core.small import NOW

OPERATOR = Conversation(channel="terminal", number=42)


def test_every_desk_of_a_municipality_is_tried() -> None:
    """At once, with a card that says that it is a test."""
    step = run([Tried(at=NOW, town="narva")], OPERATOR)
    assert [(done_at(step, desk), told_at(step, desk)[0]) for desk in (A, B)] == [((Do.OPEN,), DESK_TEST)] * 2
    assert done_at(step, C) == ()
    assert (case_of(step.state).number, case_of(step.state).threads) == (42, (A, B))


def test_there_is_nothing_to_try() -> None:
    """A municipality without a desk opens no case."""
    assert run([Tried(at=NOW, town="sillamae")], OPERATOR) == Step(OPERATOR)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("files", REPORT_FILES),
        ("due", REPORT_DUE),
        ("dead", REPORT_DEAD),
        ("self-check", REPORT_SELF_CHECK),
        ("self-check-well", REPORT_SELF_CHECK_WELL),
    ],
)
def test_a_report_is_brought(what: str, told: str) -> None:
    """To the first desk of those who can mend it, with what is known; where they have none, nowhere."""
    step = run([Reported(at=NOW, to="editors", what=what, detail="a.yaml:1: b")], OPERATOR)
    (tell,) = tells(step)
    assert (tell.desk, tell.do, told_at(step, EDITORS), tell.marks[1]) == (EDITORS, Do.SAY, (told,), Words("a.yaml:1: b"))
    assert len(tells(run([Reported(at=NOW, to="editors", what=what)], OPERATOR))[0].marks) == 1
    assert run([Reported(at=NOW, to="editors", what=what)], OPERATOR, desked(editors=False)).effects == ()
