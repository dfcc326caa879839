"""Opening hours and working time: the law's calendar written out by hand, the nights of the change, the clocks of cases."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.calendar import TALLINN
from bot.core.hours import DAYS, HOLIDAYS, OTHER_HOLIDAY, WITH_EVE, DayKind, Hours, day_kind

OFFICE = Hours.of({
    "mon": ("09:00-12:00", "13:00-18:00"), "tue": ("09:00-12:00", "13:00-17:00"), "wed": ("09:00-12:00", "13:00-17:00"),
    "thu": ("09:00-12:00", "13:00-17:00"), "fri": ("09:00-14:00",),
})  # fmt: skip
NIGHTS = Hours.of(dict.fromkeys(DAYS, ("00:00-06:00", "22:00-23:59")))
UNKNOWN = Hours.of({})
HOUR = timedelta(hours=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""At 03:00 the clocks go on to 04:00; at 04:00 they go back to 03:00."""

LAW = {
    # Public Holidays and Days of National Importance Act § 1.
    date(2026, 2, 24): "independence_day",
    date(2027, 2, 24): "independence_day",
    # § 2 clause 1.
    date(2026, 1, 1): "new_year",
    date(2027, 1, 1): "new_year",
    # § 2 clause 2: the Friday before Easter Sunday.
    date(2026, 4, 3): "good_friday",
    date(2027, 3, 26): "good_friday",
    # § 2 clause 3.
    date(2026, 4, 5): "easter_sunday",
    date(2027, 3, 28): "easter_sunday",
    # § 2 clause 4.
    date(2026, 5, 1): "may_day",
    date(2027, 5, 1): "may_day",
    # § 2 clause 5: the seventh Sunday after Easter Sunday.
    date(2026, 5, 24): "pentecost",
    date(2027, 5, 16): "pentecost",
    # § 2 clause 6.
    date(2026, 6, 23): "victory_day",
    date(2027, 6, 23): "victory_day",
    # § 2 clause 7.
    date(2026, 6, 24): "midsummer_day",
    date(2027, 6, 24): "midsummer_day",
    # § 2 clause 8.
    date(2026, 8, 20): "restoration_day",
    date(2027, 8, 20): "restoration_day",
    # § 2 clause 8-1.
    date(2026, 12, 24): "christmas_eve",
    date(2027, 12, 24): "christmas_eve",
    # § 2 clause 9.
    date(2026, 12, 25): "christmas_day",
    date(2027, 12, 25): "christmas_day",
    # § 2 clause 10.
    date(2026, 12, 26): "boxing_day",
    date(2027, 12, 26): "boxing_day",
}
EVES = {
    # Employment Contracts Act § 53: the day directly before New Year's Day, Independence Day, Victory Day and Christmas Eve.
    date(2026, 12, 31): "new_year",
    date(2027, 12, 31): "new_year",
    date(2026, 2, 23): "independence_day",
    date(2027, 2, 23): "independence_day",
    date(2026, 6, 22): "victory_day",
    date(2027, 6, 22): "victory_day",
    date(2026, 12, 23): "christmas_eve",
    date(2027, 12, 23): "christmas_eve",
}


def at(day: date, clock: str, fold: int = 0) -> datetime:
    """Give the moment at which a clock in Estonia shows a time; `fold=1`: for the second time in that night."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=TALLINN, fold=fold).astimezone(UTC)


def clock(moment: datetime | None) -> str:
    """Say what a clock in Estonia shows at a moment."""
    return f"{moment.astimezone(TALLINN):%Y-%m-%d %H:%M}" if moment else "never"


def opened_on(hours: Hours, day: date) -> timedelta:
    """Give the working time of a day."""
    return hours.opened_between(at(day, "00:00"), at(day + timedelta(days=1), "00:00"))


# --- the law's calendar -----------------------------------------------------------------------------------------------


def test_every_day_of_two_years_is_what_the_law_makes_of_it() -> None:
    """All public holidays and shortened days of 2026 and 2027, and no others, with the holiday that they are or come before."""
    written = {day: DayKind("holiday", id) for day, id in LAW.items()} | {
        day: DayKind("shortened", id) for day, id in EVES.items()
    }
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(2 * 365)]
    assert {day: day_kind(day) for day in days} == dict.fromkeys(days, DayKind("working")) | written
    assert (days[-1], len(LAW), len(EVES)) == (date(2027, 12, 31), 24, 8)


@pytest.mark.parametrize(
    ("easter", "pentecost"),
    [
        (date(2024, 3, 31), date(2024, 5, 19)),
        (date(2025, 4, 20), date(2025, 6, 8)),
        (date(2028, 4, 16), date(2028, 6, 4)),
        (date(2038, 4, 25), date(2038, 6, 13)),
    ],
)
def test_easter_moves(easter: date, pentecost: date) -> None:
    """Good Friday, Easter Sunday and Pentecost move together; Easter Monday is a working day."""
    around = [easter + timedelta(days=n) for n in (-2, -1, 0, 1)]
    assert [day_kind(day).holiday for day in (*around, pentecost)] == ["good_friday", "", "easter_sunday", "", "pentecost"]


def test_every_holiday_has_an_id_of_its_own() -> None:
    """For as long as the library looks ahead no holiday is called by a name that has no id, and each comes once a year."""
    for year in range(2010, 2101):
        first, after = date(year, 1, 1), date(year + 1, 1, 1)
        days = [day_kind(first + timedelta(days=n)) for n in range((after - first).days)]
        named = [day.holiday for day in days if day.kind == "holiday"]
        assert sorted(named) == sorted(HOLIDAYS.values())
        eves = [day.holiday for day in days if day.kind == "shortened"]
        assert sorted(eves) == sorted(WITH_EVE - ({"new_year"} if year == 2100 else set()))


def test_a_year_without_holidays_is_no_error() -> None:
    """Beyond the library's years every day is a working day."""
    assert day_kind(date(2101, 12, 24)) == day_kind(date(9999, 12, 31)) == DayKind("working")


def test_a_holiday_of_a_new_law_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A holiday that the library calls by a name that has no id is a holiday all the same."""
    monkeypatch.delitem(HOLIDAYS, "taasiseseisvumispäev")
    # A year that no other test asks for: what was found is kept.
    assert day_kind(date(2007, 8, 20)) == DayKind("holiday", OTHER_HOLIDAY)


def test_names_do_not_depend_on_the_machines_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holidays are recognised whatever language the environment asks for."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(name, "en_US.UTF-8")
    # A year that no other test asks for: what was found is kept.
    assert day_kind(date(2008, 6, 24)) == DayKind("holiday", "midsummer_day")


# --- hours as they are written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["", "9-17", "9:00-17:00", "09:00", "09:00-24:00", "09:60-17:00", "09:00-09:00", "22:00-02:00", "09:00-12:00-13:00",
     "09:00-17:00\n", "０9:00-17:00"],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused(written: str) -> None:
    """Anything but HH:MM-HH:MM, and an end that does not come after the beginning, is an error, in exceptions too."""
    with pytest.raises(ValueError, match="are no opening hours"):
        Hours.of({"mon": (written,)})
    with pytest.raises(ValueError, match="are no opening hours"):
        Hours.of({}, {date(2026, 7, 1): (written,)})


def test_an_unknown_day_of_the_week_is_refused() -> None:
    """A day that is misspelt is an error, never a day on which the office is closed."""
    with pytest.raises(ValueError, match="monday: no day of the week"):
        Hours.of({"monday": ("09:00-17:00",)})


@pytest.mark.parametrize(
    "spans",
    [
        ("09:00-12:00", "12:00-17:00"),
        ("12:00-17:00", "09:00-12:00"),
        ("09:00-13:00", "12:00-17:00"),
        ("09:00-17:00", "10:00-11:00"),
        ("09:00-12:00", "11:00-12:30", "12:30-17:00"),
    ],
)
def test_spans_that_touch_are_one(spans: tuple[str, ...]) -> None:
    """Hours that touch or overlap, in any order, count once, and nothing closes between them."""
    assert Hours.of({"mon": spans}) == Hours.of({"mon": ("09:00-17:00",)})


# --- open and closed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "closes", "opens"),
    [
        ("2026-11-23 08:59", "never", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 11:59", "2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 12:00", "never", "2026-11-23 13:00"),
        ("2026-11-23 13:00", "2026-11-23 18:00", "2026-11-24 09:00"),
        ("2026-11-23 18:00", "never", "2026-11-24 09:00"),
        ("2026-11-27 13:59", "2026-11-27 14:00", "2026-11-30 09:00"),
        ("2026-11-28 10:00", "never", "2026-11-30 09:00"),
        ("2026-06-22 13:00", "2026-06-22 15:00", "2026-06-25 09:00"),
        ("2026-06-22 15:00", "never", "2026-06-25 09:00"),
        ("2026-06-24 10:00", "never", "2026-06-25 09:00"),
        ("2026-12-23 13:59", "2026-12-23 14:00", "2026-12-28 09:00"),
        ("2026-12-31 13:30", "2026-12-31 14:00", "2027-01-04 09:00"),
    ],
)
def test_an_office_opens_and_closes(moment: str, closes: str, opens: str) -> None:
    """It opens on the minute and is closed on the minute, over lunch, week-ends, holidays and their eves."""
    then = datetime.fromisoformat(moment).replace(tzinfo=TALLINN)
    assert (clock(OFFICE.closing(then)), clock(OFFICE.next_opening(then))) == (closes, opens)
    assert OFFICE.is_open(then) == (closes != "never")


@pytest.mark.parametrize("day", LAW)
def test_holidays_are_closed(day: date) -> None:
    """On a public holiday an office that is open every day does not open."""
    assert (opened_on(OFFICE, day), opened_on(NIGHTS, day)) == (timedelta(), timedelta())


@pytest.mark.parametrize("day", EVES)
@pytest.mark.parametrize(
    ("usual", "on_the_eve"),
    [
        (("09:00-17:00",), ("09:00-14:00",)),
        (("09:00-12:00", "13:00-17:00"), ("09:00-12:00", "13:00-14:00")),
        (("09:00-12:00", "13:00-15:00"), ("09:00-12:00",)),
        (("09:00-12:00", "13:00-16:00"), ("09:00-12:00",)),
        (("09:00-12:00", "12:00-14:00"), ("09:00-11:00",)),
        (("10:00-12:00",), ()),
        (("00:00-02:00",), ()),
        ((), ()),
    ],
)
def test_the_last_hours_of_an_eve_end_earlier(day: date, usual: tuple[str, ...], on_the_eve: tuple[str, ...]) -> None:
    """The last span ends three hours earlier or is dropped; the ones before it stay; the day before it is an ordinary one."""
    hours, written = Hours.of(dict.fromkeys(DAYS, usual)), Hours.of({}, {day: on_the_eve})
    quarters = [at(day, "00:00") + n * HOUR / 4 for n in range(24 * 4)]
    assert [hours.is_open(moment) for moment in quarters] == [written.is_open(moment) for moment in quarters]
    found = [[office.next_opening(moment) for moment in quarters[::12]] for office in (hours, written)]
    that_day = [[opens for opens in openings if opens and opens <= quarters[-1]] for openings in found]
    assert that_day[0] == that_day[1]
    before = day - timedelta(days=1)
    assert opened_on(hours, before) == opened_on(Hours.of({}, {before: usual}), before)


def test_exceptional_days_win() -> None:
    """The office's own days count as they are written: on a holiday, on an eve, on a week-end, and closed on a working day."""
    own = {
        date(2026, 6, 23): ("10:00-12:00",),
        date(2026, 6, 22): ("09:00-18:00",),
        date(2026, 6, 27): ("10:00-14:00",),
        date(2026, 6, 25): (),
    }
    hours = Hours.of(dict.fromkeys(DAYS[:5], ("09:00-17:00",)), own)
    assert [opened_on(hours, date(2026, 6, n)) / HOUR for n in range(21, 30)] == [0, 9, 2, 0, 0, 8, 4, 0, 8]


def test_a_day_begins_at_midnight_in_estonia() -> None:
    """Hours at midnight belong to the day that begins there, whatever day it is elsewhere."""
    monday = Hours.of({"mon": ("00:00-01:00", "23:00-23:59")})
    moments = [
        "2026-11-22 23:59",
        "2026-11-23 00:00",
        "2026-11-23 01:00",
        "2026-11-23 23:58",
        "2026-11-23 23:59",
        "2026-11-24 00:00",
    ]
    opened = [monday.is_open(datetime.fromisoformat(moment).replace(tzinfo=TALLINN)) for moment in moments]
    assert opened == [False, True, False, True, False, False]
    assert monday.is_open(datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    assert opened_on(monday, date(2026, 11, 23)) == timedelta(hours=1, minutes=59)


# --- the nights when the clocks change --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "spring", "usual", "autumn"),
    [
        (("00:00-06:00",), 5, 6, 7),
        (("09:00-17:00",), 8, 8, 8),
        (("03:30-05:00",), 1, 1.5, 2.5),
        (("02:00-03:30",), 1, 1.5, 1.5),
        (("03:15-03:45",), 0, 0.5, 0.5),
        (("03:00-04:00",), 0, 1, 2),
        (("04:00-05:00",), 1, 1, 1),
        (("01:00-03:30", "03:45-05:00"), 3, 3.75, 4.75),
    ],
)
def test_working_time_is_what_passes(spans: tuple[str, ...], spring: float, usual: float, autumn: float) -> None:
    """An hour that is skipped is not worked, one that comes twice is; an end that comes twice is the first."""
    hours = Hours.of({"sun": spans})
    days = (SPRING, SPRING + timedelta(days=14), AUTUMN)
    assert [opened_on(hours, day) / HOUR for day in days] == [spring, usual, autumn]


def test_the_hour_that_comes_twice() -> None:
    """What closes at a time that comes twice is closed when it comes again; what runs over it stays open."""
    early, long = Hours.of({"sun": ("01:00-03:30",)}), Hours.of({"sun": ("03:30-06:00",)})
    first, again = at(AUTUMN, "03:40"), at(AUTUMN, "03:10", fold=1)
    assert again - first == timedelta(minutes=30)
    assert [early.is_open(at(AUTUMN, "03:10")), early.is_open(first), early.is_open(again)] == [True, False, False]
    assert [long.is_open(at(AUTUMN, "03:10")), long.is_open(first), long.is_open(again)] == [False, True, True]
    assert early.closing(at(AUTUMN, "02:00")) == at(AUTUMN, "03:30") < again


def test_the_hour_that_is_skipped() -> None:
    """What opens in the hour that is skipped opens at the jump, and hours that meet there are one."""
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert Hours.of({"sun": ("03:30-05:00",)}).next_opening(jump - HOUR) == jump
    assert Hours.of({"sun": ("02:00-03:30",)}).closing(jump - HOUR / 2) == jump
    assert clock(Hours.of({"sun": ("03:15-03:45",)}).next_opening(jump - HOUR)) == "2026-04-12 03:15"
    assert Hours.of({"sun": ("01:00-03:30", "03:45-05:00")}).closing(jump - HOUR) == jump + HOUR


@pytest.mark.parametrize(("day", "elapsed"), [(SPRING, 5), (AUTUMN, 7)])
def test_a_clock_runs_through_the_change(day: date, elapsed: int) -> None:
    """Working time that began before the change ends when as much has really passed."""
    assert NIGHTS.after(at(day, "00:00"), elapsed * HOUR) == at(day, "06:00")


# --- the clocks of cases ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "hours", "then"),
    [
        ("2026-11-23 09:30", 2, "2026-11-23 11:30"),
        ("2026-11-23 11:00", 2, "2026-11-23 14:00"),
        ("2026-11-23 10:00", 2, "2026-11-23 12:00"),
        ("2026-11-23 07:00", 2, "2026-11-23 11:00"),
        ("2026-11-27 13:00", 2, "2026-11-30 10:00"),
        ("2026-11-28 13:00", 0, "2026-11-28 13:00"),
        ("2026-06-22 14:30", 2, "2026-06-25 10:30"),
        ("2026-12-23 13:00", 2, "2026-12-28 10:00"),
        ("2026-12-31 13:00", 40, "2027-01-11 15:00"),
    ],
)
def test_working_hours_pass(start: str, hours: int, then: str) -> None:
    """A case that waits so many working hours is due at the first moment at which they have passed."""
    assert clock(OFFICE.after(datetime.fromisoformat(start).replace(tzinfo=TALLINN), hours * HOUR)) == then


@pytest.mark.parametrize("hours", [UNKNOWN, Hours.of({"mon": ()})])
def test_without_hours_nothing_is_known(hours: Hours) -> None:
    """Without hours there is no clock: not even of no time, and never plain time."""
    start = at(date(2026, 11, 23), "10:00")
    assert (hours.known, hours.is_open(start), hours.closing(start), hours.next_opening(start)) == (False, False, None, None)
    assert (hours.after(start, HOUR), hours.after(start, timedelta())) == (None, None)
    assert hours.opened_between(start, start + 1000 * HOUR) == timedelta()


@pytest.mark.parametrize(("days", "opens"), [(59, True), (60, True), (61, False)])
def test_an_office_that_stays_closed_never_opens(days: int, opens: bool) -> None:
    """An opening is looked for sixty days ahead, also from a day on which it is open, and a clock stops with it."""
    today, then = date(2026, 7, 1), date(2026, 7, 1) + timedelta(days=days)
    hours = Hours.of({}, {today: ("09:00-10:00",), then: ("09:00-10:00",)})
    for start in (at(today, "09:30"), at(today, "20:00")):
        assert hours.next_opening(start) == (at(then, "09:00") if opens else None)
    assert hours.known
    assert hours.after(at(today, "09:30"), HOUR / 2) == at(today, "10:00")
    assert hours.after(at(today, "09:30"), HOUR) == (at(then, "09:30") if opens else None)


def test_a_clock_runs_over_many_short_openings() -> None:
    """The sixty days are counted from opening to opening, not from the start."""
    monthly = Hours.of({}, {date(2026, month, 1): ("09:00-10:00",) for month in range(1, 13)})
    assert clock(monthly.after(at(date(2026, 1, 1), "08:00"), 12 * HOUR)) == "2026-12-01 10:00"
    assert monthly.after(at(date(2026, 1, 1), "08:00"), 13 * HOUR) is None


def test_less_than_no_time_is_refused() -> None:
    """Working time cannot run backwards; between moments in the wrong order none has passed."""
    start = at(date(2026, 11, 23), "10:00")
    with pytest.raises(ValueError, match="less than no working time"):
        OFFICE.after(start, -HOUR)
    assert OFFICE.opened_between(start + HOUR, start) == OFFICE.opened_between(start + 48 * HOUR, start) == timedelta()


def test_moments_without_a_zone_are_refused() -> None:
    """A moment without a zone would be read in the machine's own, and is an error everywhere."""
    naive, aware = datetime(2026, 11, 23, 10), at(date(2026, 11, 23), "10:00")  # noqa: DTZ001
    for ask in (
        OFFICE.is_open,
        OFFICE.closing,
        OFFICE.next_opening,
        lambda moment: OFFICE.after(moment, HOUR),
        lambda moment: OFFICE.opened_between(moment, aware),
        lambda moment: OFFICE.opened_between(aware, moment),
    ):
        with pytest.raises(ValueError, match="no time zone"):
            ask(naive)


# --- for all hours ----------------------------------------------------------------------------------------------------


def _written(minutes: list[int]) -> tuple[str, ...]:
    clocks = [f"{minute // 60:02}:{minute % 60:02}" for minute in sorted(minutes)]
    return tuple(f"{opens}-{closes}" for opens, closes in zip(clocks[::2], clocks[1::2], strict=False))


SPANS = st.lists(st.integers(0, 24 * 60 - 1), max_size=6, unique=True).map(_written)
WEEKS: st.SearchStrategy[Mapping[str, tuple[str, ...]]] = st.dictionaries(st.sampled_from(DAYS), SPANS, max_size=7)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
# Most of them near the days that are different.
NEAR = [at(day, "00:00") for day in (SPRING, AUTUMN, date(2026, 6, 21), date(2026, 12, 22), date(2026, 12, 30))]
MOMENTS = st.builds(
    lambda base, seconds: base + timedelta(seconds=seconds), st.sampled_from([FIRST, *NEAR]), st.integers(0, 3 * 24 * 3600)
) | st.builds(lambda minutes: FIRST + timedelta(minutes=minutes), st.integers(0, 2 * 365 * 24 * 60))
EXCEPTIONS = st.dictionaries(MOMENTS.map(lambda moment: moment.date()), SPANS, max_size=4)
HOURS = st.builds(Hours.of, WEEKS, EXCEPTIONS)
WORKING = st.builds(lambda seconds: timedelta(seconds=seconds), st.integers(0, 60 * 3600))


@given(HOURS, MOMENTS, WORKING)
@example(OFFICE, FIRST, 40 * HOUR)
def test_after_is_the_inverse_of_opened_between(hours: Hours, start: datetime, working: timedelta) -> None:
    """So much working time passes until the moment that `after` gives, and less until any moment before it."""
    due = hours.after(start, working)
    if due is None:
        assert not hours.known or hours.opened_between(start, start + timedelta(days=60)) < working
    else:
        assert hours.opened_between(start, due) == working
        assert due == start or hours.opened_between(start, due - timedelta(seconds=1)) < working


@given(HOURS, MOMENTS, WORKING, WORKING)
def test_more_working_time_is_due_later(hours: Hours, start: datetime, working: timedelta, more: timedelta) -> None:
    """What waits longer is due later, and never before it began."""
    due, later = hours.after(start, working), hours.after(start, working + more)
    assert due is not None or later is None
    assert due is None or due >= start
    assert due is None or later is None or (later > due if more else later == due)


@given(HOURS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_working_time_adds_up(hours: Hours, moments: list[datetime]) -> None:
    """The working time of a whole is that of its parts, and no more than the time that passes."""
    first, middle, last = sorted(moments)
    parts = [hours.opened_between(start, end) for start, end in pairwise([first, middle, last])]
    assert hours.opened_between(first, last) == sum(parts, timedelta()) <= last - first
    assert min(parts) >= timedelta()


@given(HOURS, MOMENTS)
@example(Hours.of({"sun": ("01:00-03:30", "03:45-05:00")}), at(SPRING, "02:30"))
def test_being_open_is_working_time(hours: Hours, moment: datetime) -> None:
    """It is open exactly when working time passes, until it closes; then none passes until it opens."""
    second = timedelta(seconds=1)
    assert hours.is_open(moment) == bool(hours.opened_between(moment, moment + second))
    closes, opens = hours.closing(moment), hours.next_opening(moment)
    if closes:
        assert hours.opened_between(moment, closes) == closes - moment > timedelta()
        assert not hours.is_open(closes)
    if opens:
        assert (hours.is_open(opens - second), hours.is_open(opens)) == (False, True)
        assert hours.opened_between(closes or moment, opens) == timedelta()
    else:
        assert hours.opened_between(closes or moment, moment + timedelta(days=60)) == timedelta()


@given(HOURS, MOMENTS, WORKING, st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))))
def test_the_zone_of_a_moment_does_not_matter(hours: Hours, moment: datetime, working: timedelta, zone: timezone) -> None:
    """A moment means the same in every zone, in Tallinn's too, and what comes back is in UTC."""

    def asked(start: datetime) -> list[object]:
        end = (start.astimezone(UTC) + working).astimezone(start.tzinfo)
        return [
            hours.is_open(start), hours.closing(start), hours.next_opening(start), hours.after(start, working),
            hours.opened_between(start, end),
        ]  # fmt: skip

    expected = asked(moment)
    assert asked(moment.astimezone(zone)) == asked(moment.astimezone(TALLINN)) == expected
    assert all(found.tzinfo is UTC for found in expected if isinstance(found, datetime))
