"""Dates as people say them ("kaks aastat tagasi", "с марта 2024", "last summer"): a small closed grammar.

Knows figures, the calendar and the shape of phrases; the words of a language come as data. A message is read only if every
word of it is known and the words make one of the forms below: anything else is no date, never a guess.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.groups.date_words import MONTH, WEEK, WINTER, YEAR, DateWords, Kind, Token, pieces_of
from bot.groups.dates import FIRST_YEAR, LAST_YEAR, add_months

MAX_LENGTH = 100
"""Longer messages are not read."""
ADULT = 18
"""Years that an adult has lived at least."""
YEARS_AHEAD = 10
"""A year of two figures is at most so far ahead: in 2026 '36 is 2036, '37 is 1937."""
LEAP_GAP = 8
"""The most years between two days of 29 February (1896 and 1904, 2096 and 2104)."""
_TENS, _ONES = range(40, 200, 20), range(2, 20, 2)
"""Numbers in halves: 20, 30 to 90 and 1 to 9."""
_BESIDE = {Kind.EDGE, Kind.SINCE, Kind.AT, Kind.ONGOING, Kind.LASTING, Kind.ABOUT, Kind.FILLER}
"""What may stand anywhere in a phrase and is not part of its form."""


def read_spoken(text: str, today: date, words: Sequence[DateWords]) -> str | None:
    """Read a message that is a date phrase and nothing else: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as precise as it was said.

    None for any other message. The first language whose words read it wins. Never raises, whatever the text.
    """
    pieces = pieces_of(text) if len(text) <= MAX_LENGTH else []
    for language in words if pieces else ():
        tokens = _tokens(pieces, language, today)
        when = _read(tokens, today) if tokens else None
        if when:
            return when[:7] if "~" in text else when
    return None


def _read(tokens: Sequence[Token], today: date) -> str | None:
    if len(tokens) == 1 and tokens[0].other:
        return None
    said = frozenset(token.kind for token in tokens)
    core = _with_years([token for token in tokens if token.kind not in _BESIDE], said, today)
    point, length = _point(core, said, today), _length(core, said, today)
    when = point or length
    return when[:7] if when and any(token.loose for token in tokens) else when


def _point(core: Sequence[Token], said: frozenset[Kind], today: date) -> str | None:
    """Read a day, a month or a year as the calendar has it."""
    if Kind.LASTING in said and Kind.BIRTH not in said:
        return None
    v = [token.value for token in core]
    when: str | None = None
    match "".join(token.kind for token in core).replace(Kind.COUNT, Kind.ORDINAL):
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
        case "Bu" | "Bs" if v[1] == WEEK:
            when = _month_of(today - timedelta(weeks=v[0]))
        case "Bu" | "Bs" if v[1] == MONTH:
            when = _month_of(add_months(today, -v[0]))
        case "P":
            when = _month_of(add_months(today, -v[0]))
        case "D":
            when = _day_of(today - timedelta(days=v[0]))
        case "Z":
            when = _written(today.year - ADULT)
    return None if when and Kind.EDGE in said and len(when) > len("YYYY-MM") else when


def _length(core: Sequence[Token], said: frozenset[Kind], today: date) -> str | None:
    """Read how long ago something was or since when it goes on."""
    ago = bool(core) and core[-1].kind is Kind.AGO
    if Kind.EDGE in said or (not ago and not said.isdisjoint((Kind.SINCE, Kind.AT))):
        return None
    rest = core[:-1] if ago else core
    if rest and rest[0].kind is Kind.BACK and rest[0].value == 1 and len(rest) > 2:  # the last five years
        rest = rest[1:]
    marked = ago or not said.isdisjoint((Kind.ONGOING, Kind.LASTING))
    parts = _counted(rest, marked, ago or Kind.LASTING in said)
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
            return _before(v[0], MONTH, today)
        case "nunu" if (v[1], v[3]) == (YEAR, MONTH):
            return _before(v[0] * 12 + v[2], MONTH, today)
        case "nu&nu" if (v[1], v[4]) == (YEAR, MONTH):
            return _before(v[0] * 12 + v[3], MONTH, today)
    return None


def _counted(core: Sequence[Token], marked: bool, many: bool) -> list[Token]:
    """Write figures as numbers, and units that mean one as units with their number.

    A unit that stands for itself says nothing unless it is marked as a length. With a number it may be an ordinal or a year
    ("живу 5 год", "22 aasta"), unless the phrase is one of `many` (5 aasta eest); Russian says 21 год, 31 год. Words for tens
    and ones are one number ("thirty five").
    """
    parts: list[Token] = []
    for token in core:
        before = parts[-1] if parts and parts[-1].kind in (Kind.NUMBER, Kind.HALF) else None
        if token.kind is Kind.COUNT:
            parts.append(Token(Kind.NUMBER, token.value * 2))
        elif token.kind is Kind.NUMBER and before and before.value in _TENS and token.value in _ONES:
            parts[-1] = Token(Kind.NUMBER, before.value + token.value)
        elif token.kind is not Kind.ONE:
            parts.append(token)
        elif before is None and (marked or len(core) > 1):
            parts += [Token(Kind.NUMBER, 2), Token(Kind.UNIT, token.value)]
        elif before is not None and (many or before.value <= 3 or (marked and before.value % 20 == 2)):
            parts.append(Token(Kind.UNIT, token.value))
        else:
            parts.append(token)
    return parts


def _before(halves: int, unit: int, today: date) -> str | None:
    """Go back from a day; years give a year, days a day, and all else a month. None if that is no time at all."""
    whole, half = divmod(halves, 2)
    if halves == 0:
        return None
    if unit == YEAR:
        return _month_of(add_months(today, -halves * 6)) if half else _written(today.year - whole)
    if unit == MONTH:
        return _month_of(add_months(today, -whole) - timedelta(days=15 * half))
    if unit == WEEK:
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
    return min(year + 1, today.year) if begins == WINTER else year


def _latest_day(day: int, month: int, today: date) -> str | None:
    """Give the latest such day of any year that is not after today; None if there is no such day."""
    for year in range(today.year, today.year - LEAP_GAP - 1, -1):
        when = _written(year, month, day)
        if when and when <= today.isoformat():
            return when
    return None


def _with_years(core: Sequence[Token], said: frozenset[Kind], today: date) -> list[Token]:
    """Make one token of each year that was said with a word: 2019. aastal, last year, 22-м году."""
    # "22 года" is a length and "22 г" may be a house, unless what stands around it is only said of years; "22 году" is a year.
    of_years = not said.isdisjoint((Kind.SINCE, Kind.EDGE, Kind.MONTH, Kind.SEASON)) and Kind.AGO not in said
    out: list[Token] = []
    for token in core:
        before = out[-1] if out else None
        if token.kind is Kind.YEARS_BACK:
            out.append(Token(Kind.YEAR, today.year - token.value))
        elif token.kind is Kind.YEAR and before and before.names_year:
            out[-1] = token
        elif before is None or not token.names_year:
            out.append(token)
        elif before.kind is Kind.BACK:
            out[-1] = Token(Kind.YEAR, today.year - before.value)
        elif before.kind in (Kind.COUNT, Kind.ORDINAL) and len(before.text) == 2 and (of_years or len(token.text) > 1):
            out[-1] = Token(Kind.YEAR, _full_year(before.value, today))
        elif before.kind not in (Kind.YEAR, Kind.FIGURES):
            out.append(token)
    return out


def _tokens(pieces: Sequence[re.Match[str]], words: DateWords, today: date) -> list[Token] | None:
    """Give the pieces their meaning in one language; None if one has none."""
    texts = [piece[0] for piece in pieces]
    tokens: list[Token] = []
    place = 0
    while place < len(pieces):
        found = words.find(texts[place:]) if pieces[place]["word"] else _figures(pieces[place : place + 2], words, today)
        if found is None:
            return None
        token, size = found
        tokens.append(token)
        place += size
    return tokens


def _figures(pieces: Sequence[re.Match[str]], words: DateWords, today: date) -> tuple[Token, int] | None:
    """Read figures with the ending typed onto them, and how many pieces that is; None if they are no date and no number."""
    piece = pieces[0]
    text = piece[0]
    if piece["date"]:
        numbers = re.findall("[0-9]+", text)
        year, *rest = numbers if len(numbers[0]) == 4 else numbers[::-1]
        when = _written(_full_year(int(year), today) if len(year) == 2 else int(year), *map(int, rest))
        return (Token(Kind.FIGURES, text=when), 1) if when else None
    if piece["year"]:
        return Token(Kind.YEAR, _full_year(int(piece["year"]), today)), 1
    if piece["half"]:
        return Token(Kind.NUMBER, int(piece["half"]) * 2 + 1), 1
    between = piece.string[piece.end() : pieces[1].start()] if len(pieces) > 1 else None
    tail = pieces[1]["word"] if len(pieces) > 1 and between in ("", "-") else None
    ending = words.ending(tail) if tail else None
    size = 2 if ending else 1
    if len(text) == 4:
        # "2020s" are ten years, not one: only an ending or a word for the year is typed right onto it.
        alone = between or tail is None or ending or words.names_year(tail)
        return (Token(Kind.YEAR, int(text)), size) if alone and _written(int(text)) else None
    # A dot makes an ordinal of figures (5. aastat: the fifth year); with one letter they may be a house or a size (12a, 5м).
    ordinal = (between is not None and between.startswith(".")) or (tail is not None and len(tail) == 1)
    kind = ending or (Kind.ORDINAL if ordinal else Kind.COUNT)
    return Token(kind, int(text), text), size


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
