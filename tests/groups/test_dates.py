"""Dates as intervals: what was said is never more precise than it was, and answers are about the past."""

from datetime import date

import pytest

from bot.errors import RuleError
from bot.groups.dates import Interval, add_months, compare, read_date

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("1900", date(1900, 1, 1), date(1900, 12, 31)),
        ("2199-12-31", date(2199, 12, 31), date(2199, 12, 31)),
    ],
)
def test_a_date_is_the_interval_of_its_days(text: str, first: date, last: date) -> None:
    """A year is all its days, a month too."""
    assert read_date(text) == Interval(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24",
        "2024-",
        "2024-1",
        "2024-13",
        "2024-02-30",
        "2023-02-29",
        "2024-00",
        "1899",
        "2200",
        "01.05.2024",
        "２０２４",
        "2024\n",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Anything else is an error, never a guess."""
    with pytest.raises(RuleError):
        read_date(text)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 60, date(2029, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 3, 31), 8, date(2026, 11, 30)),
        (date(2026, 5, 15), 8, date(2027, 1, 15)),
        (date(2026, 11, 22), -60, date(2021, 11, 22)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_months_keep_the_day_or_take_the_last(day: date, months: int, then: date) -> None:
    """The calendar's own rule for months of different length."""
    assert add_months(day, months) == then


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("2027", False),
        ("2026-12", False),
        ("2026-11-23", False),
        ("2026-11-22", True),
        ("2026", None),
        ("2026-11", True),
        ("2026-06", True),
        ("2026-05", None),
        ("2026-04", False),
        ("2025", False),
    ],
)
def test_a_comparison_is_unknown_where_the_day_decides(text: str, truth: bool | None) -> None:
    """Here: on or after 16 May 2026. The part after the day asked about counts for nothing."""
    assert compare(read_date(text), DAY, lambda day: day >= date(2026, 5, 16)) is truth


def test_cutting_off_the_future() -> None:
    """What lies after a day is cut off; nothing may be left."""
    assert read_date("2026").until(DAY) == Interval(date(2026, 1, 1), DAY)
    assert read_date("2025").until(DAY) == read_date("2025")
    assert read_date("2027").until(DAY) is None
