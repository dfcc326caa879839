"""Dates as people know them: a year, a month or a day, kept as the interval of its days.

Knows calendar arithmetic only; what a comparison means for a rule stands in `rules`.
"""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.errors import RuleError

FIRST_YEAR, LAST_YEAR = 1900, 2199
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Interval:
    """The days from `first` to `last`, both included, one of which is meant."""

    first: date
    last: date

    def until(self, day: date) -> "Interval | None":
        """Cut off what lies after a day; None if nothing is left."""
        return None if self.first > day else Interval(self.first, min(self.last, day))


def read_date(text: str) -> Interval:
    """Read `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. Errors: RuleError for anything else, years out of 1900 to 2199 too."""
    match = _DATE.fullmatch(text)
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise RuleError(f"{text!r} is not a date: write YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
    except ValueError:
        raise RuleError(f"there is no day {text}") from None
    if match[3]:
        return Interval(first, first)
    last_month = month if match[2] else 12
    return Interval(first, date(year, last_month, calendar.monthrange(year, last_month)[1]))


def add_months(day: date, months: int) -> date:
    """Add months and keep the day of the month, or take the month's last day (31 January + 1 month; 29 February + 12)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def compare(when: Interval, today: date, holds: Callable[[date], bool]) -> bool | None:
    """Tell whether a comparison holds for a time in the past; None if it depends on the day that is meant.

    `holds` must turn at most once as the day grows. Answers are about the past: what lies after `today` is cut off, and a time
    wholly after it makes the comparison false.
    """
    past = when.until(today)
    if past is None:
        return False
    at_first, at_last = holds(past.first), holds(past.last)
    return at_first if at_first == at_last else None
