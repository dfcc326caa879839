"""Reading answers to facts: unknown is not no, and a value must be one of the fact's own."""

import pytest

from bot.errors import RuleError
from bot.groups.dates import read_date
from bot.groups.facts import Answer, Fact, FactKind, read_answers

FACTS = {
    fact.id: fact
    for fact in (
        Fact(id="adult", kind=FactKind.YES_NO),
        Fact(id="citizenship", kind=FactKind.CHOICE, options=("estonia", "eu", "other")),
        Fact(id="resident_since", kind=FactKind.DATE),
    )
}


def test_answers_are_read_by_fact() -> None:
    """Each kind of fact takes its own values."""
    row = {"adult": False, "citizenship": "eu", "resident_since": "2024-05"}
    assert read_answers(row, FACTS) == {"adult": False, "citizenship": "eu", "resident_since": read_date("2024-05")}


def test_null_and_missing_are_unknown() -> None:
    """Null leaves the fact out; nothing is inferred."""
    assert read_answers({"adult": None}, FACTS) == read_answers({}, FACTS) == {}


@pytest.mark.parametrize(
    ("id", "value", "text"),
    [
        ("adult", "true", "adult: 'true' is no value of it; there are true, false"),
        ("adult", 1, "adult: 1 is no value of it; there are true, false"),
        ("citizenship", "Estonia", "citizenship: 'Estonia' is no value of it; there are estonia, eu, other"),
        ("citizenship", ["eu"], "citizenship: ['eu'] is no value of it; there are estonia, eu, other"),
        ("resident_since", 2024, 'resident_since: write a date as text, "2024", "2024-05" or "2024-05-31"'),
        ("resident_since", "last year", "'last year' is not a date: write YYYY, YYYY-MM or YYYY-MM-DD"),
        ("age", 40, "there is no fact 'age'"),
    ],
)
def test_a_wrong_fact_or_value_is_named(id: str, value: Answer, text: str) -> None:
    """The message says what is wrong and which values there are."""
    with pytest.raises(RuleError) as caught:
        read_answers({id: value}, FACTS)
    assert str(caught.value) == text
