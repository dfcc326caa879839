"""The words of dates in one language, as editors list them, and the pieces of a message in which they are looked up.

Knows forms and their kinds; not which kinds follow each other in a phrase, nor what day it is.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

DAY, WEEK, MONTH, YEAR = range(4)
_UNITS = {"day": DAY, "week": WEEK, "month": MONTH, "year": YEAR}
BEGINS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""The first month of each season."""
WINTER = BEGINS["winter"]


class Kind(StrEnum):
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


_ENDINGS = {"cardinal": Kind.COUNT, "ordinal": Kind.ORDINAL, "day": Kind.DAY}

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
class Token:
    """A piece of a message with its meaning; `text` is what was typed, of figures and of words that only name years.

    `names_year`: it may stand beside the number of a year; `loose`: it says about; `other`: alone it is another word.
    """

    kind: Kind
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
    _forms: Mapping[str, Token] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms: dict[str, Token] = {}
        year_words = {_words(form) for form in self.year_words}
        about = {_words(form) for form in self.about}
        others = {_words(form) for form in self.not_alone}
        for kind, value, form in self._listed():
            text = _words(form)
            # Endings are kept apart by a hyphen, which no word has: "s" may be an ending and a word.
            place = f"-{text}" if kind in _ENDINGS.values() else text
            token = Token(kind, value, names_year=text in year_words, loose=text in about, other=text in others)
            if not text or forms.setdefault(place, token) != token:
                raise ValueError(f"{form!r} has two meanings or none; leave one")
        for text in about - forms.keys():
            forms[text] = Token(Kind.ABOUT, loose=True)
        for text in year_words - forms.keys():
            forms[text] = Token(Kind.YEAR_WORD, text=text, names_year=True)
        # A frozen dataclass has no other way to keep what is worked out of its fields.
        object.__setattr__(self, "_forms", forms)
        object.__setattr__(self, "_longest", max((form.count(" ") + 1 for form in forms), default=0))

    def find(self, pieces: Sequence[str]) -> tuple[Token, int] | None:
        """Give the meaning of the longest form that the folded words begin with, and its number of words."""
        for size in range(min(self._longest, len(pieces)), 0, -1):
            if token := self._forms.get(" ".join(pieces[:size])):
                return token, size
        return None

    def ending(self, text: str) -> Kind | None:
        """Tell what figures are that have this ending; None if it is no ending."""
        token = self._forms.get(f"-{text}")
        return token.kind if token else None

    def names_year(self, text: str) -> bool:
        """Tell whether a folded word stands beside the number of a year."""
        token = self._forms.get(text)
        return token is not None and token.names_year

    def _listed(self) -> Iterator[tuple[Kind, int, str]]:
        for form, month in self.months.items():
            yield Kind.MONTH, _known(month, {number: number for number in range(1, 13)}), form
        for form, season in self.seasons.items():
            yield Kind.SEASON, _known(season, BEGINS), form
        single = {_words(form) for form in self.single}
        for form, unit in self.units.items():
            yield Kind.ONE if _words(form) in single else Kind.UNIT, _known(unit, _UNITS), form
        for form, ending in self.endings.items():
            yield _known(ending, _ENDINGS), 0, form
        for kind, numbers in (
            (Kind.NUMBER, self.numbers),
            (Kind.LENGTH, self.lengths),
        ):
            yield from ((kind, int(number * 2), form) for form, number in numbers.items())
        for kind, back in (
            (Kind.BACK, self.back),
            (Kind.DAYS_BACK, self.days_back),
            (Kind.MONTHS_BACK, self.months_back),
            (Kind.YEARS_BACK, self.years_back),
        ):
            yield from ((kind, count, form) for form, count in back.items())
        for kind, forms in (
            (Kind.HALF, self.and_a_half),
            (Kind.AND, self.joins),
            (Kind.AGO, self.ago),
            (Kind.SINCE, self.since),
            (Kind.AT, self.at),
            (Kind.ONGOING, self.ongoing),
            (Kind.LASTING, self.lasting),
            (Kind.EDGE, self.edges),
            (Kind.BIRTH, self.birth),
            (Kind.FILLER, self.filler),
        ):
            yield from ((kind, 0, form) for form in forms)


def pieces_of(text: str) -> list[re.Match[str]]:
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
