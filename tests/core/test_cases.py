"""The law of cases as a whole, and cases as they are kept."""

import json

import pytest
from hypothesis import given, settings

from bot.core import case_texts as texts
from bot.core.cases import (
    ENDED,
    MAX_LINES,
    MOVES,
    TALKING,
    WAITS,
    Case,
    CaseStage,
    ClockName,
    Line,
    Move,
    Owner,
    Who,
    case_code,
    from_json,
    to_json,
)
from tests.core.small import NOW
from tests.core.some_cases import CASES

RUNNING = {CaseStage.OPEN, *TALKING}
POSSIBLE = {
    CaseStage.OFFERED: "agree refuse late leave",
    CaseStage.OPEN: "write claim reply transfer finish cancel late lose-desk leave",
    CaseStage.CLAIMED: "write claim reply transfer finish go-back cancel late lose-desk leave",
    CaseStage.WAITING: "write claim reply transfer finish go-back cancel late lose-desk leave",
    CaseStage.CLOSED: "reopen reply late leave",
    CaseStage.DECLINED: "",
    CaseStage.EXPIRED: "",
    CaseStage.CANCELLED: "",
}
LEADS_TO = {
    CaseStage.OFFERED: {CaseStage.OPEN, CaseStage.DECLINED, CaseStage.EXPIRED, CaseStage.CANCELLED},
    CaseStage.OPEN: {CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING, CaseStage.CLOSED, CaseStage.CANCELLED},
    CaseStage.CLAIMED: {CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING, CaseStage.CLOSED, CaseStage.CANCELLED},
    CaseStage.WAITING: {CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING, CaseStage.CLOSED, CaseStage.CANCELLED},
    CaseStage.CLOSED: {CaseStage.OPEN, CaseStage.WAITING, CaseStage.CLOSED},
}


def test_what_is_possible() -> None:
    """Every state knows these moves and no others."""
    assert {stage: {move for at, move in MOVES if at is stage} for stage in CaseStage} == {
        stage: {Move(name) for name in names.split()} for stage, names in POSSIBLE.items()
    }


def test_where_moves_lead() -> None:
    """From every state a case gets into these and no others."""
    found: dict[CaseStage, set[CaseStage]] = {}
    for (stage, _), rule in MOVES.items():
        found.setdefault(stage, set()).add(rule.to)
    assert found == LEADS_TO


@pytest.mark.parametrize(("at", "rule"), MOVES.items(), ids=lambda one: "-".join(one) if isinstance(one, tuple) else "")
def test_somebody_has_every_case_that_runs(at: tuple[CaseStage, Move], rule: object) -> None:
    """A running case has an owner and a clock, the owner that its state says; what ended has neither, but may come back."""
    rule = MOVES[at]
    if rule.keeps:
        assert (rule.to, rule.clock) == (at[0], None)
    elif rule.to in RUNNING:
        assert rule.clock is {
            CaseStage.OPEN: ClockName.CLAIM, CaseStage.CLAIMED: ClockName.ANSWER, CaseStage.WAITING: ClockName.RESIDENT
        }[rule.to]  # fmt: skip
    elif rule.to is CaseStage.CLOSED and at[0] is not CaseStage.CLOSED:
        assert rule.clock is ClockName.REOPENING
    else:
        assert rule.clock is None
    owners = {CaseStage.OPEN: Owner.DESK, CaseStage.CLAIMED: Owner.DESK, CaseStage.WAITING: Owner.RESIDENT}
    assert rule.owner is owners.get(rule.to, Owner.NOBODY)


def test_both_sides_are_told() -> None:
    """A move that changes the state is told to the resident unless what staff wrote tells it, or nobody is there to be told."""
    silent = {at for at, rule in MOVES.items() if rule.to is not at[0] and not rule.resident}
    replies = {(stage, Move.REPLY) for stage in (CaseStage.OPEN, CaseStage.CLAIMED)}
    leaves = {(stage, Move.LEAVE) for stage in (CaseStage.OFFERED, *RUNNING)}
    assert silent == replies | leaves | {(CaseStage.WAITING, Move.WRITE)}


def test_desks_are_told() -> None:
    """What did not come from a desk's own words is told there once it knows of the case."""
    by_words = {Move.WRITE, Move.REPLY}
    silent = {at for at, rule in MOVES.items() if at[0] in RUNNING and at[1] not in by_words and not rule.desk}
    assert silent == set()


def test_every_sentence_is_one_of_cases() -> None:
    """The law names sentences that exist, the resident's and the desks' own."""
    known = {value for name, value in vars(texts).items() if name.isupper()}
    said = {rule.resident for rule in MOVES.values()} - {""}
    told = {rule.desk for rule in MOVES.values()} - {""}
    assert said | told <= known
    assert all(id.startswith("case_") for id in said)
    assert all(id.startswith("desk_") for id in told)


def test_every_clock_has_its_time() -> None:
    """What does not wait for an office has a fixed time; every clock is set by some move, the consent's by the card."""
    assert {name: wait.total_seconds() / 86400 for name, wait in WAITS.items()} == {
        ClockName.CONSENT: 1, ClockName.RESIDENT: 7, ClockName.REOPENING: 14
    }  # fmt: skip
    assert {rule.clock for rule in MOVES.values()} - {None} == set(ClockName) - {ClockName.CONSENT}


@pytest.mark.parametrize(
    ("town", "number", "code"),
    [
        ("kohtla-jarve", 42, "KJ-0042"),
        ("narva", 1, "NA-0001"),
        ("narva-joesuu", 12345, "NJ-12345"),
        ("laane-nigula-vald", 9999, "LNV-9999"),
        ("_national", 3, "_N-0003"),
        ("", 0, "-0000"),
    ],
)
def test_a_case_has_a_name(town: str, number: int, code: str) -> None:
    """Initials of the municipality or its first letters, and at least four figures."""
    assert case_code(town, number) == code
    assert Case(stage=CaseStage.OPEN, lang="et", town=town, desks=(), number=number).code == code


@pytest.mark.parametrize("stage", list(CaseStage))
def test_what_a_state_means(stage: CaseStage) -> None:
    """Running means that staff know of it and it has not ended; talking that what the resident writes is for them."""
    case = Case(stage=stage, lang="et", town="narva", desks=("a", "b", "c"), opened=2)
    assert case.running == (stage in RUNNING)
    assert case.talking == (stage in {CaseStage.CLAIMED, CaseStage.WAITING})
    assert (stage in ENDED) == (stage not in RUNNING and stage is not CaseStage.OFFERED)


def test_who_follows_a_case() -> None:
    """The desk that has it, else all that were asked so far."""
    case = Case(stage=CaseStage.OPEN, lang="et", town="narva", desks=("a", "b", "c"), opened=2)
    assert case.places == ("a", "b")
    assert Case(stage=CaseStage.CLAIMED, lang="et", town="narva", desks=("a", "b", "c"), opened=2, desk="b").places == ("b",)


def test_a_long_case_keeps_its_last_lines() -> None:
    """Lines keep their numbers, and no number is given twice, however many there were."""
    case = Case(stage=CaseStage.CLAIMED, lang="et", town="narva", desks=("a",))
    for n in range(MAX_LINES + 5):
        case = case.with_line(Line(n=case.written, at=NOW, who=Who.RESIDENT, text=str(n)))
    assert [line.n for line in case.lines] == list(range(5, MAX_LINES + 5))
    changed = case.with_changed(Line(n=7, at=NOW, who=Who.RESIDENT, text="new"))
    assert [line.text for line in changed.lines[:4]] == ["5", "6", "new", "8"]


@settings(derandomize=True, deadline=None)
@given(CASES)
def test_a_case_comes_back_as_it_was(case: Case) -> None:
    """Written as JSON and read back, a case is the same."""
    assert from_json(json.loads(json.dumps(to_json(case)))) == case


def test_a_case_of_another_version_is_read() -> None:
    """What a case did not have yet is as if nothing had been said of it; what it will have one day is left out."""
    row = {"stage": "open", "lang": "et", "town": "narva", "desks": ["narva/telegram"], "with_group": True, "mood": "good"}
    assert from_json(row) == Case(stage=CaseStage.OPEN, lang="et", town="narva", desks=("narva/telegram",))
