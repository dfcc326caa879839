"""Whether a person belongs to a group, because of what, and when that changes."""

from datetime import date

import pytest

from bot.groups.facts import Answers, Fact, FactKind, read_answers
from bot.groups.rules import read_rule
from bot.groups.status import Group, Status, changes, deciding, status

FACTS = {
    "citizenship": Fact(id="citizenship", kind=FactKind.CHOICE, options=("here", "there")),
    "since": Fact(id="since", kind=FactKind.DATE),
    "abroad": Fact(id="abroad", kind=FactKind.YES_NO),
}
NEWCOMER = Group(id="newcomer", when=read_rule({"citizenship": "there", "since": {"less_than": "5 years"}}, FACTS))
SETTLED = Group(
    id="settled", when=read_rule({"since": {"more_than": "5 years"}}, FACTS), never=read_rule({"abroad": True}, FACTS)
)
TODAY = date(2026, 5, 31)


def answers(**facts: object) -> Answers:
    """Read answers as files write them."""
    return read_answers(facts, FACTS)


@pytest.mark.parametrize(
    ("group", "facts", "expected"),
    [
        (NEWCOMER, {}, Status.POSSIBLE),
        (NEWCOMER, {"citizenship": "there"}, Status.POSSIBLE),
        (NEWCOMER, {"citizenship": "here"}, Status.NO),
        (NEWCOMER, {"citizenship": "there", "since": "2021-06-01"}, Status.MATCH),
        (NEWCOMER, {"citizenship": "there", "since": "2021-05-31"}, Status.NO),
        (NEWCOMER, {"citizenship": "there", "since": "2021"}, Status.POSSIBLE),
        (SETTLED, {"since": "2021-05-31"}, Status.NO),
        (SETTLED, {"since": "2021-05-30"}, Status.MATCH),
        (SETTLED, {"since": "2021-05-30", "abroad": False}, Status.MATCH),
        (SETTLED, {"since": "2021-05-30", "abroad": True}, Status.NO),
        (SETTLED, {"abroad": True}, Status.NO),
    ],
)
def test_status(group: Group, facts: dict[str, object], expected: Status) -> None:
    """True, false and unknown become match, no and possible; what never belongs is no, whatever else is known."""
    assert status(group, answers(**facts), TODAY) is expected


@pytest.mark.parametrize(
    ("group", "facts", "because"),
    [
        (NEWCOMER, {"citizenship": "there", "since": "2024", "abroad": True}, ("citizenship", "since")),
        (NEWCOMER, {"citizenship": "here", "since": "2024"}, ("citizenship",)),
        (NEWCOMER, {"citizenship": "here", "since": "2001"}, ("citizenship",)),
        (NEWCOMER, {"since": "2001"}, ("since",)),
        (NEWCOMER, {"citizenship": "there"}, ("since",)),
        (NEWCOMER, {"citizenship": "there", "since": "2021"}, ("since",)),
        (NEWCOMER, {}, ("citizenship", "since")),
        (SETTLED, {"since": "2001", "abroad": True}, ("abroad",)),
        (SETTLED, {"since": "2001", "abroad": False}, ("since",)),
    ],
)
def test_what_decides(group: Group, facts: dict[str, object], because: tuple[str, ...]) -> None:
    """As few answers as give the same status; of a possible one what is missing, or known too roughly."""
    assert deciding(group, answers(**facts), TODAY) == because


@pytest.mark.parametrize(
    ("group", "facts", "expected"),
    [
        (NEWCOMER, {"citizenship": "there", "since": "2024-02-29"}, [("2029-02-28", "no")]),
        (NEWCOMER, {"citizenship": "there", "since": "2024-03"}, [("2029-03-01", "possible"), ("2029-03-31", "no")]),
        (NEWCOMER, {"citizenship": "here", "since": "2024"}, []),
        (NEWCOMER, {"citizenship": "there", "since": "2021"}, [("2026-12-31", "no")]),
        (NEWCOMER, {"citizenship": "there"}, []),
        (SETTLED, {"since": "2024-03-01"}, [("2029-03-02", "match")]),
        (SETTLED, {"since": "2024-03-01", "abroad": True}, []),
        (SETTLED, {"since": "2001"}, []),
        (NEWCOMER, {"citizenship": "there", "since": "2026-07-01"}, [("2026-07-01", "match"), ("2031-07-01", "no")]),
    ],
)
def test_when_it_changes(group: Group, facts: dict[str, object], expected: list[tuple[str, str]]) -> None:
    """The first day of each status to come; a rough date first makes it possible, then certain."""
    found = changes(group, answers(**facts), TODAY)
    assert [(day.isoformat(), then.value) for day, then in found] == expected
    for day, then in found:
        assert status(group, answers(**facts), day) is then
