"""Programmes in their files: what is built, every scenario, and what is found wrong."""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.core.world import Period
from bot.groups.facts import read_answers
from bot.groups.interview import Interview, Walk, walk
from bot.groups.status import Status, statuses
from bot.knowledge import programmes as module
from bot.knowledge.programmes import build_inquiry, check_programmes, load_inquiry
from bot.knowledge.read import Files, read
from bot.knowledge.schema import FactFile, GroupFile, ScenarioFile

REAL = Path(__file__).parents[2] / "knowledge"
TODAY = date(2026, 11, 22)
SUPPORT = "support-2025"


@pytest.fixture(autouse=True)
def _walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interview with the same rules is walked once for all tests: the walk takes longer than all else that is checked."""
    monkeypatch.setattr(module, "walk", walked)


WALKS: dict[str, Walk] = {}


def walked(interview: Interview) -> Walk:
    """Walk every path, or remember having walked it."""
    rules = repr((interview.groups, interview.facts, interview.asked_of, interview.today))
    if rules not in WALKS:
        WALKS[rules] = walk(interview)
    return WALKS[rules]


@cache
def real() -> Files:
    """Read the knowledge that is shipped once."""
    return read(REAL, checks=True)


def scenarios() -> Iterator[Any]:
    """Give every scenario of both programmes."""
    for programme, rows in sorted(real().scenarios.items()):
        for row in rows:
            yield pytest.param(programme, row, id=f"{programme}: {row.why}")


@pytest.mark.parametrize(("programme", "row"), list(scenarios()))
def test_scenario(programme: str, row: ScenarioFile) -> None:
    """Each scenario comes to what it says."""
    inquiry = build_inquiry(real())
    answers = read_answers(row.facts, inquiry.facts)
    assert statuses(inquiry.programmes[programme].groups, answers, row.date) == row.expect


@pytest.mark.parametrize("programme", ["infodays-2021", SUPPORT])
def test_there_are_enough_scenarios(programme: str) -> None:
    """At least sixty, each with a reason of its own, and every end of every group among them."""
    rows = real().scenarios[programme]
    assert len(rows) == len({row.why for row in rows}) >= 60
    for group in real().programmes[programme].groups:
        assert {row.expect[group.id] for row in rows} == set(Status)


def test_nothing_is_wrong_with_what_is_shipped() -> None:
    """No problem with the programmes."""
    assert list(check_programmes(real(), TODAY)) == []


def test_where_and_when_a_programme_holds() -> None:
    """Partners have their own days; a programme without partners holds everywhere."""
    programmes = load_inquiry(REAL).programmes
    days = Period(date(2025, 1, 1), date(2027, 12, 31))
    assert programmes[SUPPORT].days("kohtla-jarve") == days
    assert programmes[SUPPORT].days("narva") is programmes[SUPPORT].days(None) is None
    assert programmes["infodays-2021"].days("narva") == programmes["infodays-2021"].days(None)
    assert [days.has(date(*day)) for day in ((2024, 12, 31), (2025, 1, 1), (2027, 12, 31), (2028, 1, 1))] == [
        False,
        True,
        True,
        False,
    ]


def changed(change: Callable[[list[GroupFile]], None]) -> Files:
    """Copy the files with other groups in the programme."""
    files = copy(real())
    groups = [group.model_copy() for group in files.programmes[SUPPORT].groups]
    change(groups)
    files.programmes = {**files.programmes, SUPPORT: files.programmes[SUPPORT].model_copy(update={"groups": groups})}
    return files


def put(place: int, **fields: object) -> Callable[[list[GroupFile]], None]:
    """Change fields of one group."""

    def change(groups: list[GroupFile]) -> None:
        groups[place] = groups[place].model_copy(update=fields)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put(0, when={"citizen": "eu"}), "group 'international-protection', when: there is no fact 'citizen'"),
        (put(3, never={"adult": "no"}), "group 'returnee', never: adult: 'no' is no value"),
        (put(0, topics=["fairies"]), "group 'international-protection': there is no topic 'fairies'"),
        (put(0, clause={"et": "a", "ru": "b"}), "the clause is missing in en"),
        (put(0, id="newcomer"), "the group 'newcomer' is there twice"),
        (put(0, id="visitor"), "the words of the group support-2025/visitor are missing"),
        (put(0, id="visitor"), "there is no group support-2025/international-protection"),
        (put(0, when={"all": [{"adult": True}, {"adult": False}]}), "nobody belongs to the group 'international-protection'"),
        (put(0, when={"any": [{"adult": True}, {"adult": False}]}), "everybody belongs to the group"),
        (
            put(0, when={"adult": True, "any": [{"adult": True}, {"insured": True}]}),
            "the question 'insured' is never asked, as its answer changes nothing",
        ),
        (put(1, when={"citizenship": "eu"}), "newcomer is match, not no"),
        (put(0, unnamed=True, clause=dict.fromkeys(("et", "ru", "en"), "no dash")), "et: part its name from the rest by ` – `"),
        (put(1, id="visitor"), "for: there is no group 'support-2025/newcomer'; there are infodays-2021/newcomer"),
    ],
)
def test_what_is_found_wrong(change: Callable[[list[GroupFile]], None], said: str) -> None:
    """Rules, references, words, groups that are no groups and scenarios that fail are named with their file."""
    problems = list(check_programmes(changed(change), TODAY))
    assert any(said in problem.text for problem in problems), [str(problem) for problem in problems]
    assert all(problem.line >= 1 for problem in problems)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seldom": ["yes"]}, "adult: there is no adult: 'yes'"),
        ({"instead": {"insured": "no"}}, "adult: there is no insured: 'no'"),
        ({"instead": {"unheard": True}}, "adult: there is no unheard: True"),
        ({"asked_of": {"citizenship": "mars"}}, "adult, asked_of: citizenship: 'mars' is no value"),
    ],
)
def test_what_is_wrong_with_a_fact(fields: dict[str, object], said: str) -> None:
    """Values and rules of a fact are looked at too."""
    files = copy(real())
    files.facts = [FactFile.model_validate({**files.facts[0].model_dump(), **fields}), *files.facts[1:]]
    assert said in [problem.text.partition(" of it")[0] for problem in check_programmes(files, TODAY)]


def test_an_unknown_topic_to_ask_in() -> None:
    """The topic below which an ended programme can be asked for has to be there."""
    files = changed(lambda _groups: None)
    files.programmes[SUPPORT] = files.programmes[SUPPORT].model_copy(update={"asked_in": "fairies"})
    assert "there is no topic 'fairies'" in [problem.text for problem in check_programmes(files, TODAY)]


def test_an_unknown_partner_and_scenario() -> None:
    """A municipality that is none, an unknown fact in a scenario, and too few scenarios."""
    files = changed(lambda _groups: None)
    partners = {"atlantis": next(iter(files.programmes[SUPPORT].partners.values()))}
    files.programmes[SUPPORT] = files.programmes[SUPPORT].model_copy(update={"partners": partners})
    assert "there is no municipality 'atlantis'" in [problem.text for problem in check_programmes(files, TODAY)]
    files = changed(lambda _groups: None)
    files.scenarios = {SUPPORT: [files.scenarios[SUPPORT][0].model_copy(update={"facts": {"unheard": 1}})]}
    texts = [(problem.text, problem.error) for problem in check_programmes(files, TODAY)]
    assert any("there is no fact 'unheard'" in text and error for text, error in texts)
    assert ("write at least 60 scenarios; there are 1", False) in texts
