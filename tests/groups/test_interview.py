"""The interview: as few questions as can be, each of use, and the same end as knowing everything at once."""

from collections import Counter
from datetime import date
from itertools import combinations
from random import Random
from statistics import median

import pytest

from bot.groups.facts import Answer
from bot.groups.interview import Interview, walk
from bot.groups.status import Status, statuses
from tests.groups.people import INQUIRY, TODAY, Asked, Person, ask, person, tell

PEOPLE = 100_000
SAMPLE = 1_000
FEW, COMPLETIONS = 80, 150
"""What trying all answers to all questions takes long for."""
SUPPORT, INFODAYS = "support-2025", "infodays-2021"


@pytest.mark.parametrize("programme", [SUPPORT, INFODAYS])
@pytest.mark.untraced
def test_asking_ends_as_knowing_everything(programme: str) -> None:
    """For a hundred thousand people the interview comes to the statuses that all their facts give."""
    interview, random = INQUIRY.interview((programme,), TODAY), Random(1)
    lengths: Counter[int] = Counter()
    for _ in range(PEOPLE):
        one = person(random)
        asked = ask(interview, one)
        assert statuses(interview.groups, asked.answers, TODAY) == statuses(interview.groups, one, TODAY), one
        lengths[len(asked.facts)] += 1
    assert max(lengths) <= 9
    if programme == SUPPORT:
        assert median(lengths.elements()) <= 5


@pytest.mark.parametrize("programme", [SUPPORT, INFODAYS])
@pytest.mark.untraced
def test_every_question_could_change_something(programme: str) -> None:
    """Whatever was asked might have been answered so that an open status becomes another one."""
    interview, random = INQUIRY.interview((programme,), TODAY), Random(2)
    for _ in range(FEW):
        asked = ask(interview, person(random))
        answers: dict[str, Answer] = {}
        unknown: frozenset[str] = frozenset()
        for fact in asked.facts:
            before = statuses(interview.groups, answers, TODAY)
            ends = {
                tuple(statuses(interview.groups, {**answers, **rest, fact: value}, TODAY).values())
                for value in interview.values(fact)
                for rest in _completions(interview, fact, answers, unknown)
            }
            assert Status.POSSIBLE in before.values()
            assert len(ends) > 1
            answers |= {fact: asked.answers[fact]} if fact in asked.answers else tell(asked.answers, fact)
            unknown |= {fact} - answers.keys()


@pytest.mark.untraced
def test_hardly_anybody_could_be_asked_less() -> None:
    """For nine people of ten no fewer questions, however chosen, would have settled as much."""
    interview, random = INQUIRY.interview((SUPPORT,), TODAY), Random(3)
    people = [person(random) for _ in range(SAMPLE)]
    longer = [one for one in people if _shorter(interview, one, ask(interview, one))]
    assert len(longer) <= 0.1 * SAMPLE


def test_walking_every_path() -> None:
    """Every question is asked of somebody, every group attained and missed; the longest way is short."""
    walked = walk(INQUIRY.interview((SUPPORT,), TODAY))
    assert walked.paths > 500
    assert walked.longest <= 9
    assert walked.asked == {fact for group in INQUIRY.programmes[SUPPORT].groups for fact in group.facts}
    assert all(ends == set(Status) for ends in walked.reached.values())


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 1, 31), date(2026, 10, 31), date(2027, 12, 31)])
def test_any_day_has_its_interview(day: date) -> None:
    """Also on the last day of a month and on leap day every status comes to all its ends."""
    walked = walk(INQUIRY.interview((SUPPORT,), day))
    assert walked.longest <= 9
    assert all(ends == set(Status) for ends in walked.reached.values())


def test_only_of_whom_it_is_asked() -> None:
    """How citizenship was acquired is asked of citizens alone."""
    interview = INQUIRY.interview((SUPPORT,), TODAY)
    random = Random(4)
    for _ in range(SAMPLE):
        asked = ask(interview, person(random, unknown=0.3))
        if "citizenship_by" in asked.facts:
            assert asked.answers["citizenship"] == "estonia"
            assert asked.facts.index("citizenship") < asked.facts.index("citizenship_by")


def test_how_many_are_left() -> None:
    """The number of questions to come falls with each answer that settles something, and is 0 at the end."""
    interview = INQUIRY.interview((SUPPORT,), TODAY)
    before = interview.left({})
    assert 3 < before < 5
    assert interview.left({"citizenship": "other"}) < before
    one = ask(interview, person(Random(5)))
    assert interview.left(one.answers, one.unknown) == 0


def _completions(interview: Interview, fact: str, answers: dict[str, Answer], unknown: frozenset[str]) -> list[dict[str, Answer]]:
    """Give some ways in which everything else may be answered."""
    random = Random(fact)
    others = [f for group in interview.groups for f in group.facts if f != fact and f not in answers and f not in unknown]
    return [{other: random.choice(interview.values(other)) for other in others} for _ in range(COMPLETIONS)]


def _shorter(interview: Interview, one: Person, asked: Asked) -> bool:
    """Search every choice of fewer questions for one that settles as much."""
    wanted = statuses(interview.groups, one, TODAY)
    facts = list(dict.fromkeys(fact for group in interview.groups for fact in group.facts))
    for chosen in (some for size in range(len(asked.facts)) for some in combinations(facts, size)):
        answers = {name: value for fact in chosen for name, value in tell(one, fact).items()}
        unknown = frozenset(fact for fact in chosen if fact not in answers)
        if statuses(interview.groups, answers, TODAY) == wanted and interview.next_fact(answers, unknown) is None:
            return True
    return False
