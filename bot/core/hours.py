"""When an office is open, and how much of its working time passes: Estonia's public holidays, shortened eves, summer time.

Knows the law's calendar and the hours that a municipality wrote; not whose clock runs, what happens when it ends, or any wording.
Takes aware moments of any zone; gives moments in UTC, which can be kept and compared also in the nights when the clocks change.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias, TypeVar

from bot.core.calendar import TALLINN, estonian_day

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_AHEAD = timedelta(days=60)
"""How far ahead an opening is looked for before the office counts as one that does not open."""
SHORTER = 180
"""Minutes by which the working day before some holidays is shorter: Employment Contracts Act § 53."""
HOLIDAYS = {
    "uusaasta": "new_year",
    "iseseisvuspäev": "independence_day",
    "suur reede": "good_friday",
    "ülestõusmispühade 1. püha": "easter_sunday",
    "kevadpüha": "may_day",
    "nelipühade 1. püha": "pentecost",
    "võidupüha": "victory_day",
    "jaanipäev": "midsummer_day",
    "taasiseseisvumispäev": "restoration_day",
    "jõululaupäev": "christmas_eve",
    "esimene jõulupüha": "christmas_day",
    "teine jõulupüha": "boxing_day",
}
"""Public Holidays and Days of National Importance Act § 1 and § 2: the ids of the holidays by the names that the library has."""
OTHER_HOLIDAY = "public_holiday"
"""A holiday that a new law, and with it a new edition of the library, has added."""
WITH_EVE = frozenset({"new_year", "independence_day", "victory_day", "christmas_eve"})
"""Before which the working day is shorter: Employment Contracts Act § 53."""

Minutes: TypeAlias = tuple[tuple[int, int], ...]
"""From when to when, in minutes of the day by the clock on the wall; in order, with closed time between them."""
Span: TypeAlias = tuple[datetime, datetime]
Point = TypeVar("Point", int, datetime)

_HOURS = re.compile(r"(([01][0-9]|2[0-3]):([0-5][0-9]))-(([01][0-9]|2[0-3]):([0-5][0-9]))")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayKind:
    """What the law makes of a day; `holiday` is the id of the holiday, or of the one that comes after a shortened day."""

    kind: Literal["working", "holiday", "shortened"]
    holiday: str = ""


WORKING = DayKind("working")


def day_kind(day: date) -> DayKind:
    """Tell what the law makes of a day in Estonia; a weekend is no holiday, so that it is for the hours to say that it is closed.

    Knows the law in force since 2009; from 2101 on the library has no holidays, and every day is a working day.
    """
    return _special_days(day.year).get(day, WORKING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When an office is open. Make it with `of`; without any hours nothing is known, which is not the same as closed."""

    week: tuple[Minutes, ...]
    """Monday first."""
    exceptions: Mapping[date, Minutes] = field(default_factory=dict)

    @classmethod
    def of(cls, week: Mapping[str, Iterable[str]], exceptions: Mapping[date, Iterable[str]] | None = None) -> "Hours":
        """Read hours as municipalities write them: {"mon": ("09:00-12:00", "13:00-17:00")}.

        A day of the week that is missing is closed. `exceptions` are the office's own days and count as they are written, also on
        holidays and their eves; one without hours is closed. Errors: ValueError for an unknown day of the week, for hours
        that are not HH:MM-HH:MM, and for hours whose end does not come after the beginning.
        """
        if unknown := set(week) - set(DAYS):
            raise ValueError(f"{', '.join(sorted(unknown))}: no day of the week; there are {', '.join(DAYS)}")
        return cls(
            week=tuple(_read(week.get(day, ())) for day in DAYS),
            exceptions={day: _read(written) for day, written in (exceptions or {}).items()},
        )

    @property
    def known(self) -> bool:
        """Tell whether there are any hours, or any exceptional days."""
        return any(self.week) or bool(self.exceptions)

    def is_open(self, at: datetime) -> bool:
        """Tell whether it is open; the moment of opening belongs to it, that of closing does not."""
        return self.closing(at) is not None

    def closing(self, at: datetime) -> datetime | None:
        """Give the moment at which it closes, a lunch break too; None if it is closed already."""
        at = _utc(at)
        return next((closes for opens, closes in self._open_on(estonian_day(at)) if opens <= at < closes), None)

    def next_opening(self, at: datetime) -> datetime | None:
        """Give the first moment after `at` at which it opens, also while it is open; None if it stays closed for 60 days."""
        at = _utc(at)
        return next((opens for opens, _ in self._open_from(at) if opens > at), None)

    def opened_between(self, start: datetime, end: datetime) -> timedelta:
        """Give the working time between two moments: none if `end` does not come after `start`, or no hours are known."""
        start, end = _utc(start), _utc(end)
        day, last, passed = estonian_day(start), estonian_day(end), timedelta()
        while day <= last:
            for opens, closes in self._open_on(day):
                passed += max(min(closes, end) - max(opens, start), timedelta())
            day += _DAY
        return passed

    def after(self, start: datetime, working: timedelta) -> datetime | None:
        """Give the first moment at which so much working time has passed since `start`.

        None if no hours are known (plain time would be a guess: the caller decides), or if before that moment the office stays
        closed for 60 days. Errors: ValueError for less than no time.
        """
        start = _utc(start)
        if working < timedelta():
            raise ValueError(f"{working} is less than no working time")
        if not working:
            return start if self.known else None
        for opens, closes in self._open_from(start):
            if working <= closes - opens:
                return opens + working
            working -= closes - opens
        return None

    def _open_from(self, at: datetime) -> Iterator[Span]:
        """Give what is left of the opening times from a moment on, until the office stays closed for LOOK_AHEAD."""
        day = estonian_day(at)
        last = day + LOOK_AHEAD
        while day <= last:
            for opens, closes in self._open_on(day):
                if at < closes:
                    last = day + LOOK_AHEAD
                    yield max(opens, at), closes
            day += _DAY

    def _open_on(self, day: date) -> tuple[Span, ...]:
        """Give when it is open on a day, without what an eve or the clocks leave no time for."""
        spans = ((_moment(day, opens), _moment(day, closes)) for opens, closes in self._minutes(day))
        return _joined((opens, closes) for opens, closes in spans if opens < closes)

    def _minutes(self, day: date) -> Minutes:
        if day in self.exceptions:
            return self.exceptions[day]
        kind, usual = day_kind(day).kind, self.week[day.weekday()]
        if kind == "holiday":
            return ()
        return _shortened(usual) if kind == "shortened" else usual


@lru_cache(maxsize=64)
def _special_days(year: int) -> Mapping[date, DayKind]:
    # Its import takes a tenth of a second, which nobody who asks a question in a terminal shall wait for.
    from holidays import country_holidays

    # The next year's first day makes this year's last one shorter. A fixed language: without one, names come as the machine's
    # environment has them.
    named = country_holidays("EE", years=(year, year + 1), language="et", expand=False)
    ids = {day: HOLIDAYS.get(name, OTHER_HOLIDAY) for day, name in named.items()}
    eves = {day - _DAY: DayKind("shortened", id) for day, id in ids.items() if id in WITH_EVE}
    return eves | {day: DayKind("holiday", id) for day, id in ids.items()}


def _read(written: Iterable[str]) -> Minutes:
    return _joined(sorted(map(_span, written)))


def _span(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if match is None or match[1] >= match[4]:
        raise ValueError(f"{text!r} are no opening hours: write them as 09:00-17:00, the end after the beginning")
    return int(match[2]) * 60 + int(match[3]), int(match[5]) * 60 + int(match[6])


def _joined(spans: Iterable[tuple[Point, Point]]) -> tuple[tuple[Point, Point], ...]:
    """Make one of those that touch or overlap; they come in order."""
    joined: list[tuple[Point, Point]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            first, last = joined[-1][0], max(joined.pop()[1], last)
        joined.append((first, last))
    return tuple(joined)


def _shortened(spans: Minutes) -> Minutes:
    """End the last one earlier; of one that is too short for that nothing is left, and no other is touched."""
    return (*spans[:-1], *((opens, max(opens, closes - SHORTER)) for opens, closes in spans[-1:]))


def _moment(day: date, minutes: int) -> datetime:
    """Give the moment of a time on the wall: of one that comes twice the first, for one that is skipped that of the jump."""
    wall = datetime.combine(day, time(*divmod(minutes, 60)), TALLINN)
    moment = wall.astimezone(UTC)
    # Estonia's clocks jump by an hour, on the hour.
    return moment if moment.astimezone(TALLINN).time() == wall.time() else moment.replace(minute=0)


def _utc(moment: datetime) -> datetime:
    """Give the same moment in UTC. Errors: ValueError if it has no zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(UTC)
