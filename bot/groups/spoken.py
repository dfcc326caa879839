"""Dates as people say them ("kaks aastat tagasi", "с марта 2024", "last summer"): a small closed grammar.

Knows figures, the calendar and the shape of phrases; the words of a language come as data. A message is read only if every
word of it is known and the words make one of the forms below: anything else is no date, never a guess.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.groups.dates import FIRST_YEAR, LAST_YEAR, add_months

MAX_LENGTH = 100
"""Longer messages are not read."""
ADULT = 18
"""Years that an adult has lived at least."""
YEARS_AHEAD = 10
"""A year of two figures is at most so far ahead: in 2026 '36 is 2036, '37 is 1937."""
LEAP_GAP = 8
"""The most years between two days of 29 February (1896 and 1904, 2096 and 2104)."""

_DAY, _WEEK, _MONTH, _YEAR = range(4)
_UNITS = {"day": _DAY, "week": _WEEK, "month": _MONTH, "year": _YEAR}
_BEGINS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""The first month of each season."""
_WINTER = _BEGINS["winter"]
_TENS, _ONES = range(40, 200, 20), range(2, 20, 2)
"""Numbers in halves: 20, 30 to 90 and 1 to 9."""


class _Kind(StrEnum):
    """What a piece of a message is. The letters of its pieces spell a message's form: "oMY" is 5. märts 2024."""

    COUNT = "c"  # 5
    ORDINAL = "o"  # 5. or 5-го: a day or a short year, never how many
    DAY = "t"  # 5th: a day, never a short year
    NUMBER = "n"  # five, counted in halves
    HALF = "h"  # and a half
    UNIT = "u"  # years
    ONE = "s"  # year: a unit that means one when no number stands with it
    LENGTH = "L"  # полгода, in halves of months
    AND = "&"
    AGO = "a"
    BACK = "B"  # this: 0, last: 1, the one before: 2
    YEAR_WORD = "w"  # aastal
    YEAR = "Y"
    MONTH = "M"
    SEASON = "S"
    FIGURES = "F"  # 05.03.2024, already written as it is given back
    DAYS_BACK = "D"
    MONTHS_BACK = "P"
    YEARS_BACK = "Q"
    BIRTH = "Z"
    EDGE = "e"
    SINCE = "f"
    AT = "i"
    ONGOING = "g"
    LASTING = "l"
    ABOUT = "b"
    FILLER = "_"


_BESIDE = {_Kind.EDGE, _Kind.SINCE, _Kind.AT, _Kind.ONGOING, _Kind.LASTING, _Kind.ABOUT, _Kind.FILLER}
"""What may stand anywhere in a phrase and is not part of its form."""
_ENDINGS = {"cardinal": _Kind.COUNT, "ordinal": _Kind.ORDINAL, "day": _Kind.DAY}

_PIECE = re.compile(
    r"""(?<!\w)(?P<date>
            [0-9]{1,2}(?P<mark>[./-])\s?[0-9]{1,2}(?P=mark)\s?[0-9]{4}  # 5.3.2024, 05. 03. 2024
          | [0-9]{1,2}(?P<short>[./])[0-9]{1,2}(?P=short)[0-9]{2}       # 05.03.24
          | [0-9]{4}(?P<iso>[./-])[0-9]{1,2}(?P=iso)[0-9]{1,2}          # 2024-03-05
          | [0-9]{4}-[0-9]{1,2}                                         # 2024-03
          | [0-9]{1,2}[./-][0-9]{4}                                     # 03.2024
        )(?![0-9])
      | (?<!\w)'(?P<year>[0-9]{2})(?![0-9])                             # '19
      | (?<!\w)(?P<half>[0-9]{1,2})[.,]5(?![0-9])                       # 1,5 years
      | (?<!\w)(?P<figure>[0-9]{1,4})(?![0-9])                          # not of A2
      | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)""",
    re.VERBOSE,
)
_GAP = re.compile(r"""[\s.,;:!()/"'«»„“”~–—-]*""")
"""What may stand between pieces. Other signs (?, €, %, +, №) make a message a question, an amount or a number of something."""
_APOSTROPHES = str.maketrans("’ʼ`´‘", "'''''")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a message with its meaning; `text` is what was typed, of figures and of words that only name years.

    `names_year`: it may stand beside the number of a year; `loose`: it says about; `other`: alone it is another word.
    """

    kind: _Kind
    value: int = 0
    text: str = ""
    names_year: bool = False
    loose: bool = False
    other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DateWords:
    """The words of one language, in every case form in which people type them; a form may be several words.

    Case and diacritics do not matter. A form has one meaning, except that those of `year_words` may also be in `units` and those
    of `about` in `numbers`. Errors: ValueError for a form with two meanings or a value not known.
    """

    months: Mapping[str, int]
    """Form -> 1 to 12."""
    seasons: Mapping[str, str]
    """Form -> spring, summer, autumn or winter."""
    numbers: Mapping[str, float]
    """Form -> how many; halves are 0.5 and 1.5."""
    and_a_half: tuple[str, ...]
    """What adds a half to a number or to a unit ("two and a half years")."""
    units: Mapping[str, str]
    """Form -> day, week, month or year, as it stands in a length of time and with `back`."""
    single: tuple[str, ...]
    """Forms of `units` that mean one when no number stands with them ("aasta tagasi", never "years ago")."""
    lengths: Mapping[str, float]
    """A length of time in one word -> months ("полгода": 6)."""
    joins: tuple[str, ...]
    """What joins years and months ("a year and three months")."""
    year_words: tuple[str, ...]
    """What stands beside the number of a year, or after `back` ("aastal", "года")."""
    endings: Mapping[str, str]
    """What is typed onto figures -> cardinal ("5-ти"), ordinal ("5-го") or day ("5th": never a year)."""
    ago: tuple[str, ...]
    since: tuple[str, ...]
    """Since, from. Without `ago`, a length after it is an age ("с пяти лет") and is not read."""
    at: tuple[str, ...]
    """Other words that go with a point in time only: in, on, "I came". A length after them is an age or lies ahead."""
    ongoing: tuple[str, ...]
    """Words that tell that something still goes on, with a length or with a point in time: already, "I live"."""
    lasting: tuple[str, ...]
    """Words that go with a length only ("for", "viimased")."""
    back: Mapping[str, int]
    """This: 0, last: 1, the one before last: 2."""
    days_back: Mapping[str, int]
    """Today: 0, yesterday: 1."""
    months_back: Mapping[str, int]
    years_back: Mapping[str, int]
    """A year in one word ("mullu": 1)."""
    edges: tuple[str, ...]
    """Beginning, middle, end."""
    birth: tuple[str, ...]
    """Since birth, all my life."""
    about: tuple[str, ...]
    """About, almost: a day said with it is not meant to the day."""
    filler: tuple[str, ...]
    """What may stand in any phrase and says nothing about time."""
    not_alone: tuple[str, ...]
    """Forms of the fields above that are another word or a name when they are the whole message ("mail", "Marta")."""
    _forms: Mapping[str, _Token] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms: dict[str, _Token] = {}
        year_words = {_words(form) for form in self.year_words}
        about = {_words(form) for form in self.about}
        others = {_words(form) for form in self.not_alone}
        for kind, value, form in self._listed():
            text = _words(form)
            # Endings are kept apart by a hyphen, which no word has: "s" may be an ending and a word.
            place = f"-{text}" if kind in _ENDINGS.values() else text
            token = _Token(kind, value, names_year=text in year_words, loose=text in about, other=text in others)
            if not text or forms.setdefault(place, token) != token:
                raise ValueError(f"{form!r} has two meanings or none; leave one")
        for text in about - forms.keys():
            forms[text] = _Token(_Kind.ABOUT, loose=True)
        for text in year_words - forms.keys():
            forms[text] = _Token(_Kind.YEAR_WORD, text=text, names_year=True)
        # A frozen dataclass has no other way to keep what is worked out of its fields.
        object.__setattr__(self, "_forms", forms)
        object.__setattr__(self, "_longest", max((form.count(" ") + 1 for form in forms), default=0))

    def find(self, pieces: Sequence[str]) -> tuple[_Token, int] | None:
        """Give the meaning of the longest form that the folded words begin with, and its number of words."""
        for size in range(min(self._longest, len(pieces)), 0, -1):
            if token := self._forms.get(" ".join(pieces[:size])):
                return token, size
        return None

    def ending(self, text: str) -> _Kind | None:
        """Tell what figures are that have this ending; None if it is no ending."""
        token = self._forms.get(f"-{text}")
        return token.kind if token else None

    def names_year(self, text: str) -> bool:
        """Tell whether a folded word stands beside the number of a year."""
        token = self._forms.get(text)
        return token is not None and token.names_year

    def _listed(self) -> Iterator[tuple[_Kind, int, str]]:
        for form, month in self.months.items():
            yield _Kind.MONTH, _known(month, {number: number for number in range(1, 13)}), form
        for form, season in self.seasons.items():
            yield _Kind.SEASON, _known(season, _BEGINS), form
        single = {_words(form) for form in self.single}
        for form, unit in self.units.items():
            yield _Kind.ONE if _words(form) in single else _Kind.UNIT, _known(unit, _UNITS), form
        for form, ending in self.endings.items():
            yield _known(ending, _ENDINGS), 0, form
        for kind, numbers in (
            (_Kind.NUMBER, self.numbers),
            (_Kind.LENGTH, self.lengths),
        ):
            yield from ((kind, int(number * 2), form) for form, number in numbers.items())
        for kind, back in (
            (_Kind.BACK, self.back),
            (_Kind.DAYS_BACK, self.days_back),
            (_Kind.MONTHS_BACK, self.months_back),
            (_Kind.YEARS_BACK, self.years_back),
        ):
            yield from ((kind, count, form) for form, count in back.items())
        for kind, forms in (
            (_Kind.HALF, self.and_a_half),
            (_Kind.AND, self.joins),
            (_Kind.AGO, self.ago),
            (_Kind.SINCE, self.since),
            (_Kind.AT, self.at),
            (_Kind.ONGOING, self.ongoing),
            (_Kind.LASTING, self.lasting),
            (_Kind.EDGE, self.edges),
            (_Kind.BIRTH, self.birth),
            (_Kind.FILLER, self.filler),
        ):
            yield from ((kind, 0, form) for form in forms)


def read_spoken(text: str, today: date, words: Sequence[DateWords]) -> str | None:
    """Read a message that is a date phrase and nothing else: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as it was said.

    None for any other message. The first language whose words read it wins. Never raises, whatever the text.
    """
    pieces = _pieces(text) if len(text) <= MAX_LENGTH else []
    for language in words if pieces else ():
        tokens = _tokens(pieces, language, today)
        when = _read(tokens, today) if tokens else None
        if when:
            return when[:7] if "~" in text else when
    return None


def _read(tokens: Sequence[_Token], today: date) -> str | None:
    if len(tokens) == 1 and tokens[0].other:
        return None
    said = frozenset(token.kind for token in tokens)
    core = _with_years([token for token in tokens if token.kind not in _BESIDE], said, today)
    point, length = _point(core, said, today), _length(core, said, today)
    when = point or length
    return when[:7] if when and any(token.loose for token in tokens) else when


def _point(core: Sequence[_Token], said: frozenset[_Kind], today: date) -> str | None:
    """Read a day, a month or a year as the calendar has it."""
    if _Kind.LASTING in said and _Kind.BIRTH not in said:
        return None
    v = [token.value for token in core]
    when: str | None = None
    match "".join(token.kind for token in core).replace(_Kind.COUNT, _Kind.ORDINAL):
        case "F":
            when = core[0].text
        case "Y" | "SY":
            when = _written(v[-1])
        case "YS":
            when = _written(v[0])
        case "MY":
            when = _written(v[1], v[0])
        case "YM":
            when = _written(v[0], v[1])
        case "oMY" | "tMY":
            when = _written(v[2], v[1], v[0])
        case "MoY" | "MtY":
            when = _written(v[2], v[0], v[1])
        case "YoM" | "YtM":
            when = _written(v[0], v[2], v[1])
        case "YMo" | "YMt":
            when = _written(v[0], v[1], v[2])
        case "oM" | "tM":
            when = _latest_day(v[0], v[1], today)
        case "Mt":  # "марта 22" may be a year
            when = _latest_day(v[1], v[0], today)
        case "M":
            when = _written(today.year - (v[0] > today.month), v[0])
        case "BM" if v[0] == 0:  # "last March" said in November may be of either year
            when = _written(today.year, v[1])
        case "S":
            when = _written(_season(v[0], 0, today))
        case "BS":
            when = _written(_season(v[1], v[0], today) if v[0] else today.year)
        case "Bu" | "Bs" if v[1] == _WEEK:
            when = _month_of(today - timedelta(weeks=v[0]))
        case "Bu" | "Bs" if v[1] == _MONTH:
            when = _month_of(add_months(today, -v[0]))
        case "P":
            when = _month_of(add_months(today, -v[0]))
        case "D":
            when = _day_of(today - timedelta(days=v[0]))
        case "Z":
            when = _written(today.year - ADULT)
    return None if when and _Kind.EDGE in said and len(when) > len("YYYY-MM") else when


def _length(core: Sequence[_Token], said: frozenset[_Kind], today: date) -> str | None:
    """Read how long ago something was or since when it goes on."""
    ago = bool(core) and core[-1].kind is _Kind.AGO
    if _Kind.EDGE in said or (not ago and not said.isdisjoint((_Kind.SINCE, _Kind.AT))):
        return None
    rest = core[:-1] if ago else core
    if rest and rest[0].kind is _Kind.BACK and rest[0].value == 1 and len(rest) > 2:  # the last five years
        rest = rest[1:]
    marked = ago or not said.isdisjoint((_Kind.ONGOING, _Kind.LASTING))
    parts = _counted(rest, marked, ago or _Kind.LASTING in said)
    v = [token.value for token in parts]
    match "".join(token.kind for token in parts):
        case "nu":
            return _before(v[0], v[1], today)
        case "nhu":
            return _before(v[0] + 1, v[2], today)
        case "nuh":
            return _before(v[0] + 1, v[1], today)
        case "un" if marked:  # "года два назад": about two years ago
            when = _before(v[1], v[0], today)
            return when[:7] if when else None
        case "L":
            return _before(v[0], _MONTH, today)
        case "nunu" if (v[1], v[3]) == (_YEAR, _MONTH):
            return _before(v[0] * 12 + v[2], _MONTH, today)
        case "nu&nu" if (v[1], v[4]) == (_YEAR, _MONTH):
            return _before(v[0] * 12 + v[3], _MONTH, today)
    return None


def _counted(core: Sequence[_Token], marked: bool, many: bool) -> list[_Token]:
    """Write figures as numbers, and units that mean one as units with their number.

    A unit that stands for itself says nothing unless it is marked as a length. With a number it may be an ordinal or a year
    ("живу 5 год", "22 aasta"), unless the phrase is one of `many` (5 aasta eest); Russian says 21 год, 31 год. Words for tens
    and ones are one number ("thirty five").
    """
    parts: list[_Token] = []
    for token in core:
        before = parts[-1] if parts and parts[-1].kind in (_Kind.NUMBER, _Kind.HALF) else None
        if token.kind is _Kind.COUNT:
            parts.append(_Token(_Kind.NUMBER, token.value * 2))
        elif token.kind is _Kind.NUMBER and before and before.value in _TENS and token.value in _ONES:
            parts[-1] = _Token(_Kind.NUMBER, before.value + token.value)
        elif token.kind is not _Kind.ONE:
            parts.append(token)
        elif before is None and (marked or len(core) > 1):
            parts += [_Token(_Kind.NUMBER, 2), _Token(_Kind.UNIT, token.value)]
        elif before is not None and (many or before.value <= 3 or (marked and before.value % 20 == 2)):
            parts.append(_Token(_Kind.UNIT, token.value))
        else:
            parts.append(token)
    return parts


def _before(halves: int, unit: int, today: date) -> str | None:
    """Go back from a day; years give a year, days a day, and all else a month. None if that is no time at all."""
    whole, half = divmod(halves, 2)
    if halves == 0:
        return None
    if unit == _YEAR:
        return _month_of(add_months(today, -halves * 6)) if half else _written(today.year - whole)
    if unit == _MONTH:
        return _month_of(add_months(today, -whole) - timedelta(days=15 * half))
    if unit == _WEEK:
        return _month_of(today - timedelta(days=halves * 7 // 2))
    return None if half else _day_of(today - timedelta(days=whole))


def _season(begins: int, back: int, today: date) -> int:
    """Give the year of the latest season begun by a day; the last one is not the one that goes on.

    Winter is the year's in which most of it lies (January and February); in December only its beginning can be meant.
    """
    year = today.year - (begins > today.month)
    goes_on = (today.month - begins) % 12 < 3
    if back:
        year -= back - 1 + goes_on
    return min(year + 1, today.year) if begins == _WINTER else year


def _latest_day(day: int, month: int, today: date) -> str | None:
    """Give the latest such day of any year that is not after today; None if there is no such day."""
    for year in range(today.year, today.year - LEAP_GAP - 1, -1):
        when = _written(year, month, day)
        if when and when <= today.isoformat():
            return when
    return None


def _with_years(core: Sequence[_Token], said: frozenset[_Kind], today: date) -> list[_Token]:
    """Make one token of each year that was said with a word: 2019. aastal, last year, 22-м году."""
    # "22 года" is a length and "22 г" may be a house, unless what stands around it is only said of years; "22 году" is a year.
    of_years = not said.isdisjoint((_Kind.SINCE, _Kind.EDGE, _Kind.MONTH, _Kind.SEASON)) and _Kind.AGO not in said
    out: list[_Token] = []
    for token in core:
        before = out[-1] if out else None
        if token.kind is _Kind.YEARS_BACK:
            out.append(_Token(_Kind.YEAR, today.year - token.value))
        elif token.kind is _Kind.YEAR and before and before.names_year:
            out[-1] = token
        elif before is None or not token.names_year:
            out.append(token)
        elif before.kind is _Kind.BACK:
            out[-1] = _Token(_Kind.YEAR, today.year - before.value)
        elif before.kind in (_Kind.COUNT, _Kind.ORDINAL) and len(before.text) == 2 and (of_years or len(token.text) > 1):
            out[-1] = _Token(_Kind.YEAR, _full_year(before.value, today))
        elif before.kind not in (_Kind.YEAR, _Kind.FIGURES):
            out.append(token)
    return out


def _tokens(pieces: Sequence[re.Match[str]], words: DateWords, today: date) -> list[_Token] | None:
    """Give the pieces their meaning in one language; None if one has none."""
    texts = [piece[0] for piece in pieces]
    tokens: list[_Token] = []
    place = 0
    while place < len(pieces):
        found = words.find(texts[place:]) if pieces[place]["word"] else _figures(pieces[place : place + 2], words, today)
        if found is None:
            return None
        token, size = found
        tokens.append(token)
        place += size
    return tokens


def _figures(pieces: Sequence[re.Match[str]], words: DateWords, today: date) -> tuple[_Token, int] | None:
    """Read figures with the ending typed onto them, and how many pieces that is; None if they are no date and no number."""
    piece = pieces[0]
    text = piece[0]
    if piece["date"]:
        numbers = re.findall("[0-9]+", text)
        year, *rest = numbers if len(numbers[0]) == 4 else numbers[::-1]
        when = _written(_full_year(int(year), today) if len(year) == 2 else int(year), *map(int, rest))
        return (_Token(_Kind.FIGURES, text=when), 1) if when else None
    if piece["year"]:
        return _Token(_Kind.YEAR, _full_year(int(piece["year"]), today)), 1
    if piece["half"]:
        return _Token(_Kind.NUMBER, int(piece["half"]) * 2 + 1), 1
    between = piece.string[piece.end() : pieces[1].start()] if len(pieces) > 1 else None
    tail = pieces[1]["word"] if len(pieces) > 1 and between in ("", "-") else None
    ending = words.ending(tail) if tail else None
    size = 2 if ending else 1
    if len(text) == 4:
        # "2020s" are ten years, not one: only an ending or a word for the year is typed right onto it.
        alone = between or tail is None or ending or words.names_year(tail)
        return (_Token(_Kind.YEAR, int(text)), size) if alone and _written(int(text)) else None
    # A dot makes an ordinal of figures (5. aastat: the fifth year); with one letter they may be a house or a size (12a, 5м).
    ordinal = (between is not None and between.startswith(".")) or (tail is not None and len(tail) == 1)
    kind = ending or (_Kind.ORDINAL if ordinal else _Kind.COUNT)
    return _Token(kind, int(text), text), size


def _pieces(text: str) -> list[re.Match[str]]:
    """Split into figures and folded words; nothing if there is anything else in it."""
    folded = _fold(text).strip()
    # "2000.-" is an amount, "2019-" the beginning of something.
    if not folded or {folded[0], folded[-1]} & set("-–—") or not _GAP.fullmatch(_PIECE.sub("", folded)):
        return []
    return list(_PIECE.finditer(folded))


def _fold(text: str) -> str:
    """Lower-case, without diacritics in either script (õ -> o, ё -> е, й -> и)."""
    plain = unicodedata.normalize("NFD", text.translate(_APOSTROPHES).lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _words(form: str) -> str:
    """Write a form as the pieces of a message are looked up."""
    return " ".join(piece[0] for piece in _PIECE.finditer(_fold(form)) if piece["word"])


def _known(value: _Key, known: Mapping[_Key, _Value]) -> _Value:
    if value not in known:
        raise ValueError(f"{value!r} is not known; there are {', '.join(map(str, known))}")
    return known[value]


def _full_year(short: int, today: date) -> int:
    """Give the year of two figures that is nearest, in the past or a little ahead."""
    latest = today.year + YEARS_AHEAD
    return latest - (latest - short) % 100


def _month_of(day: date) -> str | None:
    return _written(day.year, day.month)


def _day_of(day: date) -> str | None:
    return _written(day.year, day.month, day.day)


def _written(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Write a date as `read_date` reads it; None if there is no such day or the year is out of 1900 to 2199."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        whole = date(year, 1 if month is None else month, 1 if day is None else day).isoformat()
    except ValueError:
        return None
    return whole[: 4 if month is None else 7 if day is None else 10]
