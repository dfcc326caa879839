"""Three-valued rules: the truth of every part, the arithmetic of time, and what a rule file may say."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RuleError
from bot.groups.dates import read_date
from bot.groups.facts import Answer, Answers, Fact, FactKind, read_answers
from bot.groups.rules import All, AnyOf, Is, Not, Rule, evaluate, facts_of, read_rule, situations

DAY = date(2026, 11, 22)
FACTS = {
    fact.id: fact
    for fact in (
        *(Fact(id=id, kind=FactKind.YES_NO) for id in ("yes", "no", "unknown", "adult")),
        Fact(id="citizenship", kind=FactKind.CHOICE, options=("estonia", "eu", "other")),
        Fact(id="resident_since", kind=FactKind.DATE),
        Fact(id="returned_on", kind=FactKind.DATE),
    )
}
KNOWN: Answers = {"yes": True, "no": False}


def judged(rule: object, answers: Answers, day: date = DAY) -> bool | None:
    """Read a rule and evaluate it."""
    return evaluate(read_rule(rule, FACTS), answers, day)


@pytest.mark.parametrize(
    ("rule", "truth"),
    [
        ({"yes": True}, True),
        ({"no": True}, False),
        ({"no": False}, True),
        ({"unknown": True}, None),
        ({"not": {"yes": True}}, False),
        ({"not": {"no": True}}, True),
        ({"not": {"unknown": True}}, None),
        ({"all": [{"yes": True}, {"no": False}]}, True),
        ({"all": [{"yes": True}, {"unknown": True}]}, None),
        ({"all": [{"no": True}, {"unknown": True}]}, False),
        ({"any": [{"yes": True}, {"unknown": True}]}, True),
        ({"any": [{"no": True}, {"unknown": True}]}, None),
        ({"any": [{"no": True}, {"no": True}]}, False),
        ({"yes": True, "no": False}, True),
        ({"yes": True, "unknown": True}, None),
        ({"yes": True, "any": [{"no": True}, {"not": {"unknown": False}}]}, None),
    ],
)
def test_true_false_and_unknown_part_by_part(rule: object, truth: bool | None) -> None:
    """All: false if any part is false; any: true if any part is true; unknown is not no."""
    assert judged(rule, KNOWN) is truth


@pytest.mark.parametrize(("value", "truth"), [("estonia", False), ("eu", True), ("other", True)])
def test_one_of_several_values(value: str, truth: bool) -> None:
    """A list of values means one of them."""
    assert judged({"citizenship": ["eu", "other"]}, {"citizenship": value}) is truth


FIVE = ("less_than", "5 years")
MORE = ("more_than", "5 years")
EIGHT = ("within", "8 months")


@pytest.mark.parametrize(
    ("comparison", "since", "day", "truth"),
    [
        # the day before, on and after the fifth anniversary; on it neither "less" nor "more" holds
        (FIVE, "2021-11-23", "2026-11-22", True),
        (FIVE, "2021-11-22", "2026-11-22", False),
        (FIVE, "2021-11-21", "2026-11-22", False),
        (MORE, "2021-11-23", "2026-11-22", False),
        (MORE, "2021-11-22", "2026-11-22", False),
        (MORE, "2021-11-21", "2026-11-22", True),
        # 29 February + 5 years = 28 February
        (FIVE, "2024-02-29", "2029-02-27", True),
        (FIVE, "2024-02-29", "2029-02-28", False),
        (MORE, "2024-02-29", "2029-03-01", True),
        # eight months end on their last day
        (EIGHT, "2026-03-22", "2026-11-22", True),
        (EIGHT, "2026-03-21", "2026-11-22", False),
        (EIGHT, "2026-06-30", "2027-02-28", True),
        (EIGHT, "2026-06-30", "2027-03-01", False),
        # a month and a year are intervals
        (FIVE, "2021-12", "2026-11-22", True),
        (FIVE, "2021-11", "2026-11-22", None),
        (FIVE, "2021-10", "2026-11-22", False),
        (FIVE, "2021", "2026-11-22", None),
        (FIVE, "2022", "2026-11-22", True),
        (FIVE, "2020", "2026-11-22", False),
        (MORE, "2021", "2026-11-22", None),
        (EIGHT, "2026", "2026-11-22", None),
        (EIGHT, "2026-03", "2026-11-22", None),
        (EIGHT, "2026-04", "2026-11-22", True),
        # what lies after the day asked about is cut off; a time wholly after it makes the comparison false
        (FIVE, "2026", "2026-11-22", True),
        (MORE, "2026", "2026-11-22", False),
        (EIGHT, "2026-11", "2026-11-22", True),
        (FIVE, "2026-11-23", "2026-11-22", False),
        (FIVE, "2027", "2026-11-22", False),
        (MORE, "2027", "2026-11-22", False),
        (EIGHT, "2026-12", "2026-11-22", False),
        (EIGHT, "2026-11-22", "2026-11-22", True),
    ],
)
def test_time(comparison: tuple[str, str], since: str, day: str, truth: bool | None) -> None:
    """Anniversaries, leap days, precision of months and years, and the future."""
    rule = {"resident_since": dict([comparison])}
    assert judged(rule, {"resident_since": read_date(since)}, date.fromisoformat(day)) is truth


@pytest.mark.parametrize(
    ("when", "truth"), [("1950", True), ("2026-11-22", True), ("2026", True), ("2026-11-23", False), ("2027", False)]
)
def test_not_in_the_future(when: str, truth: bool) -> None:
    """`past` holds for any time that has begun."""
    assert judged({"returned_on": "past"}, {"returned_on": read_date(when)}) is truth


@pytest.mark.parametrize("comparison", [{"less_than": "5 years"}, {"within": "8 months"}, "past"])
def test_an_unknown_date_is_unknown(comparison: object) -> None:
    """No date, no answer; "not" does not change that."""
    assert judged({"returned_on": comparison}, {}) is None
    assert judged({"not": {"returned_on": comparison}}, {}) is None


def test_the_facts_of_a_rule() -> None:
    """Each fact once, in the order in which they stand."""
    rule = {
        "any": [{"citizenship": "eu"}, {"not": {"returned_on": {"within": "8 months"}}}],
        "citizenship": "other",
        "adult": True,
    }
    assert facts_of(read_rule(rule, FACTS)) == ("citizenship", "returned_on", "adult")


COMPARISON = "resident_since: write a comparison such as {less_than: 5 years}, {within: 8 months} or past"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, "write a rule as `fact: value`; join rules with all, any and not"),
        ({}, "write a rule as `fact: value`; join rules with all, any and not"),
        (["adult"], "write a rule as `fact: value`; join rules with all, any and not"),
        ({"all": []}, "all: write a list of rules here: lines that begin with `- `"),
        ({"any": {"adult": True}}, "any: write a list of rules here: lines that begin with `- `"),
        ({"any": "adult"}, "any: write a list of rules here: lines that begin with `- `"),
        ({"not": "adult"}, "write a rule as `fact: value`; join rules with all, any and not"),
        ({"age": 18}, "there is no fact 'age'; there are yes, no, unknown, adult, citizenship, resident_since, returned_on"),
        ({"adult": "yes"}, "adult: 'yes' is no value of it; there are true, false"),
        ({"citizenship": []}, "citizenship: write a value, or a list of values"),
        ({"citizenship": ["eu", "moon"]}, "citizenship: 'moon' is no value of it; there are estonia, eu, other"),
        *(
            ({"resident_since": wrong}, COMPARISON)
            for wrong in (
                "2024", 5, {}, {"less_than": "5"}, {"less_than": "0 years"}, {"less_than": "five years"}, {"past": "5 years"},
                {"longer": "5 years"}, {"less_than": "5 years", "more_than": "1 year"}, {"within": ["8 months"]},
            )
        ),
    ],
)  # fmt: skip
def test_a_wrong_rule_says_what_to_write(data: object, text: str) -> None:
    """Every fault of a rule is told in words."""
    with pytest.raises(RuleError) as caught:
        read_rule(data, FACTS)
    assert str(caught.value) == text


def test_situations_are_all_that_the_rules_can_tell_apart() -> None:
    """Every value of every fact; dates at the turning points, a day before and after, and in the future."""
    rules = [
        read_rule(r, FACTS)
        for r in ({"adult": True}, {"not": {"resident_since": {"less_than": "5 years"}}}, {"any": [{"citizenship": "eu"}]})
    ]
    found = list(situations(rules, FACTS, DAY))
    assert len(found) == 2 * 6 * 3
    days = {str(answer["resident_since"].first) for answer in found if not isinstance(answer["resident_since"], bool | str)}
    assert days == {"2021-11-21", "2021-11-22", "2021-11-23", "2026-11-21", "2026-11-22", "2026-11-23"}
    assert {evaluate(rules[1], answers, DAY) for answers in found} == {True, False}


def test_no_rules_have_one_situation() -> None:
    """Where nothing is asked there is one situation: nothing known."""
    assert list(situations([], FACTS, DAY)) == [{}]


LEAVES = st.one_of(
    st.sampled_from([Is("adult", (True,)), Is("citizenship", ("eu", "other")), Is("citizenship", ("estonia",))]),
    st.sampled_from(
        [
            read_rule({fact: {test: period}}, FACTS)
            for fact in ("resident_since", "returned_on")
            for test, period in (FIVE, MORE, EIGHT)
        ]
    ),
)
RULES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(parts, min_size=1, max_size=3).map(lambda found: AnyOf(tuple(found))),
        parts.map(Not),
    ),
    max_leaves=6,
)
DATES = st.builds(
    lambda day, length: day.isoformat()[:length], st.dates(date(2015, 1, 1), date(2028, 12, 31)), st.sampled_from([4, 7, 10])
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "adult": st.booleans(),
        "citizenship": st.sampled_from(["estonia", "eu", "other"]),
        "resident_since": DATES,
        "returned_on": DATES,
    },
)


@given(RULES, ROWS, st.sets(st.sampled_from(["adult", "citizenship", "resident_since", "returned_on"])))
def test_knowing_more_never_turns_an_answer_around(rule: Rule, row: dict[str, Any], forgotten: set[str]) -> None:
    """What holds without a fact holds with it, whatever it is."""
    more = read_answers(row, FACTS)
    less: dict[str, Answer] = {id: answer for id, answer in more.items() if id not in forgotten}
    before = evaluate(rule, less, DAY)
    assert before is None or evaluate(rule, more, DAY) is before


@given(RULES, ROWS, st.integers(0, 365))
def test_a_more_precise_date_never_turns_an_answer_around(rule: Rule, row: dict[str, Any], shift: int) -> None:
    """What holds for a month or a year holds for every past day of it."""
    wide = read_answers(row, FACTS)
    narrow: dict[str, Answer] = {}
    for id, answer in wide.items():
        if not isinstance(answer, bool | str):
            past = answer.until(DAY) or answer
            day = min(past.first + timedelta(days=shift), past.last)
            answer = read_date(day.isoformat())
        narrow[id] = answer
    before = evaluate(rule, wide, DAY)
    assert before is None or evaluate(rule, narrow, DAY) is before
