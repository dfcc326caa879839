"""A printable A4 poster of a municipality's bot as one SVG: what it is, in each language, and a QR code for each way to it.

Knows the page, the catalogs and QR codes; not which ways there are. SVG breaks no lines, so widths are estimated: every letter
as wide as in DejaVu Sans, the widest of the common fonts; in another one lines only end earlier. Lengths are millimetres.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby, product

import segno

from bot.core.texts import N_
from bot.core.world import Municipality
from bot.errors import WrongUse
from bot.i18n import Catalogs, host, phone

# Translators: the first big line of the poster, a question to whoever passes by; about 30 characters.
POSTER_TITLE = N_("poster_title")
# Translators: the second big line, the answer to the first one; about 25 characters.
POSTER_ASK = N_("poster_ask")
# Translators: where the answers come from, what the bot costs and speaks. Stands in a narrow column: short sentences.
POSTER_ABOUT = N_("poster_about")
# Translators: what the bot is not, and what nobody should write to it.
POSTER_CAREFUL = N_("poster_careful")
# Translators: stands below, in bold; with a no-break space before the number.
POSTER_EMERGENCY = N_("poster_emergency")
# Translators: one short word for the web page, below its QR code; the others stand beside it.
POSTER_WEB = N_("poster_web")
# Translators: the municipality's name stands above, its phone number and e-mail address below.
POSTER_PERSON = N_("poster_person")

WIDE, HIGH, MARGIN = 210.0, 297.0, 15.0
ROOM = WIDE - 2 * MARGIN
GAP = 12.0
"""Between columns: more than the quiet zone of the coarsest code that fits a column."""
APART, AIR = 5.0, 3.0
"""Between the poster's parts, and what is added around the codes and above the foot at least, together."""
MOST_WAYS = 3
QUIET = 4
"""Modules that stay white around a code (ISO/IEC 18004)."""
LARGEST, FULL, SMALLEST = 70.0, 52.0, 46.0
"""Sides of a code without its quiet zone: at most, of a full column, where there is much to say."""
TITLES = (13, 12, 11, 10.5, 10, 9.6, 9.3, 9, 8.7, 8.4, 8)
TEXTS = (6, 5.6, 5.2, 4.9, 4.6, 4.4, 4.2, 4, 3.9, 3.8, 3.7, 3.6, 3.4, 3.2)
NAMES = (6, 5.5, 5, 4.5)
ADDRESSES = (5, 4.7, 4.4, 4.1, 3.8)
CONTACTS = (7, 6.5, 6, 5.5, 5)
LEADING, BASELINE, BOLD = 1.28, 0.96, 1.12
INK, BLUE = "#16202c", "#00407a"
FONTS = "Arial, Helvetica, DejaVu Sans, sans-serif"
WIDTHS = (
    ("ijlIJ.,:;·'!|/ \N{NO-BREAK SPACE}", 0.33),
    ("frt-()", 0.41),
    ("szšžcгзсэтк?", 0.55),
    ("MNOQÕÖHDGUÜДЛМНОПФЦЫмы", 0.8),
    ("mwWжшщюфЖШЩЮ@%—", 1.0),
)
"""How wide letters are, in sizes; others as `_ems` says."""
_WORD = re.compile(r"[^ ]+ *")
_PIECE = re.compile(r"[^/.:@_-]+[/.:@_-]*|[/.:@_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to reach the bot: `name` such as Telegram, "" for the web page; `link` is in the code, `shown` is to be typed."""

    name: str
    link: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a line looks."""

    size: float
    bold: bool = False
    fill: str = INK

    def width(self, text: str) -> float:
        """Estimate how wide a text becomes at most."""
        return sum(map(_ems, text)) * self.size * (BOLD if self.bold else 1)

    def fold(self, text: str, room: float, piece: re.Pattern[str] = _WORD) -> "tuple[Line, ...]":
        """Break a text into lines that fit, between pieces where it can be and inside them where it must."""
        pieces = [part for found in piece.findall(text) for part in ([found] if self.width(found.rstrip()) <= room else found)]
        lines = [""]
        for part in pieces:
            if lines[-1] and self.width((lines[-1] + part).rstrip()) > room:
                lines.append("")
            lines[-1] += part
        return tuple(Line(line.strip(" "), self) for line in lines)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; an empty one is a gap."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Column:
    """Lines below each other, in one language or in none."""

    lines: tuple[Line, ...]
    lang: str = ""

    @property
    def height(self) -> float:
        """How much of the page it takes."""
        return sum(line.style.size * LEADING for line in self.lines)

    def draw(self, x: float, y: float) -> str:
        """Draw it below `y`."""
        drawn = []
        for text, style in ((line.text, line.style) for line in self.lines):
            look = f'font-size="{style.size}" font-weight="{"bold" if style.bold else "normal"}" fill="{style.fill}"'
            drawn += [f'<text x="{x:.2f}" y="{y + style.size * BASELINE:.2f}" {look}>{escape(text)}</text>'] if text else []
            y += style.size * LEADING
        return f"<g{_spoken(self.lang)}>{''.join(drawn)}</g>"


@dataclass(frozen=True, slots=True)
class Row:
    """Columns side by side, each in an equal share of the page's width; `ruled`: with a line above them."""

    columns: tuple[Column, ...]
    middle: bool = False
    ruled: bool = False

    @property
    def height(self) -> float:
        """How much of the page it takes."""
        return max(column.height for column in self.columns)

    def draw(self, y: float) -> str:
        """Draw it below `y`."""
        inside = _share(len(self.columns)) / 2 * self.middle
        drawn = [column.draw(x + inside, y) for column, x in zip(self.columns, _lefts(len(self.columns)), strict=True)]
        rule = f'<path d="M{MARGIN} {y - APART:.2f}h{ROOM}" stroke="{BLUE}" stroke-width="0.8"/>' if self.ruled else ""
        return f'{rule}<g text-anchor="{"middle" if self.middle else "start"}">{"".join(drawn)}</g>'


@dataclass(frozen=True, slots=True)
class Codes:
    """QR codes side by side, each in the middle of its share of the page's width, with their quiet zones."""

    links: tuple[str, ...]
    matrices: tuple[tuple[bytearray, ...], ...]
    side: float

    @property
    def quiet(self) -> float:
        """How wide the widest quiet zone is."""
        return self.side * QUIET / min(map(len, self.matrices))

    @property
    def height(self) -> float:
        """How much of the page they take."""
        return self.side + 2 * self.quiet

    def fit(self, room: float) -> "Codes":
        """Make them as large as the height that is left allows."""
        return replace(self, side=min(_share(len(self.links)), LARGEST, self.side * room / self.height))

    def draw(self, y: float) -> str:
        """Draw them below `y`."""
        drawn, inside = [], (_share(len(self.links)) - self.side) / 2
        for link, matrix, x in zip(self.links, self.matrices, _lefts(len(self.links)), strict=True):
            zone, count = self.side * QUIET / len(matrix), len(matrix) + 2 * QUIET
            whole = self.side + 2 * zone
            size = f'width="{whole:.3f}" height="{whole:.3f}" viewBox="-{QUIET} -{QUIET} {count} {count}"'
            spot = f'x="{x + inside - zone:.3f}" y="{y + self.quiet - zone:.3f}"'
            code = f'<path d="{_squares(matrix)}" shape-rendering="crispEdges"/>'
            drawn.append(f'<svg {spot} {size} role="img" aria-label="QR: {escape(link)}">{code}</svg>')
        return "".join(drawn)


def poster(*, place: Municipality, ways: Sequence[Way], catalogs: Catalogs, languages: Sequence[str]) -> str:
    """Draw the poster of a municipality's bot as SVG. Errors: WrongUse unless there are one to three ways that fit."""
    if not 1 <= len(ways) <= MOST_WAYS:
        raise WrongUse(f"a poster has room for one to {MOST_WAYS} ways to the bot, not for {len(ways)}")
    titles, names = _titles(catalogs, languages), _names(ways, catalogs, languages)
    operators, contact = _operators(place, catalogs, languages), _contact(place)
    taken = sum(row.height for row in (*titles, names, operators, contact)) + (len(titles) + 3) * APART + AIR
    codes, about = _fill(HIGH - 2 * MARGIN - taken, ways, [_about(catalogs, languages, size) for size in TEXTS])
    slack = (HIGH - 2 * MARGIN - taken + AIR - codes.height - about.height) / 3
    parts: tuple[Row | Codes, ...] = (*titles, codes, names, about, operators, contact)
    gaps = [*[APART] * (len(titles) - 1), APART + slack, 0, APART + slack, 2 * APART + slack, 0, 0]
    drawn, y = [], MARGIN
    for part, gap in zip(parts, gaps, strict=True):
        drawn.append(part.draw(y))
        y += part.height + gap
    return _page(drawn, place, ways, catalogs, languages[0])


def _fill(room: float, ways: Sequence[Way], texts: Sequence[Row]) -> tuple[Codes, Row]:
    """Choose the largest text that leaves room for the codes. Errors: WrongUse if there is none."""
    matrices = tuple(segno.make_qr(way.link, error="m").matrix for way in ways)
    for side, text in product((FULL, SMALLEST), texts):
        codes = Codes(tuple(way.link for way in ways), matrices, side)
        if codes.height + text.height <= room:
            return codes.fit(room - text.height), text
    raise WrongUse("the addresses of the bot are too long for a poster")


def _titles(catalogs: Catalogs, languages: Sequence[str]) -> tuple[Row, ...]:
    said = {lang: (catalogs.text(lang, POSTER_TITLE), catalogs.text(lang, POSTER_ASK)) for lang in languages}
    style = _largest([line for lines in said.values() for line in lines], TITLES, ROOM, bold=True)
    asking = replace(style, fill=BLUE)
    return tuple(Row((Column(style.fold(q, ROOM) + asking.fold(a, ROOM), lang),)) for lang, (q, a) in said.items())


def _names(ways: Sequence[Way], catalogs: Catalogs, languages: Sequence[str]) -> Row:
    web = " · ".join(dict.fromkeys(catalogs.text(lang, POSTER_WEB) for lang in languages))
    names, room = [way.name or web for way in ways], _share(len(ways))
    style = _largest(names, NAMES, room, bold=True)
    small = _largest([way.shown for way in ways], ADDRESSES, room)
    lines = (style.fold(name, room) + small.fold(way.shown, room, _PIECE) for name, way in zip(names, ways, strict=True))
    return Row(tuple(map(Column, lines)), middle=True)


def _about(catalogs: Catalogs, languages: Sequence[str], size: float) -> Row:
    style, gap, room, columns = Style(size=size), Line("", Style(size=size / 3)), _share(len(languages)), []
    for lang in languages:
        about, careful = (style.fold(catalogs.text(lang, id), room) for id in (POSTER_ABOUT, POSTER_CAREFUL))
        emergency = replace(style, bold=True).fold(catalogs.text(lang, POSTER_EMERGENCY), room)
        columns.append(Column((*about, gap, *careful, gap, *emergency), lang))
    return Row(tuple(columns))


def _operators(place: Municipality, catalogs: Catalogs, languages: Sequence[str]) -> Row:
    strong, plain, room, columns = Style(size=4.1, bold=True), Style(size=4.1), _share(len(languages)), []
    for lang in languages:
        names = dict.fromkeys([place.operators[lang], *(contact.names[lang] for contact in place.contacts[-1:])])
        lines = [line for name in names for line in strong.fold(name, room)]
        person = plain.fold(catalogs.text(lang, POSTER_PERSON), room)
        columns.append(Column((*lines, *person, Line("", Style(size=1.5))), lang))
    return Row(tuple(columns), ruled=True)


def _contact(place: Municipality) -> Row:
    """Write the phone number and the e-mail address, or where neither is known the web page."""
    known = [way for contact in place.contacts[-1:] for way in (phone(contact.phone), contact.email) if way]
    text = " · ".join(known or [host(place.web)])
    return Row((Column(_largest([text], CONTACTS, ROOM, bold=True).fold(text, ROOM)),))


def _page(drawn: Sequence[str], place: Municipality, ways: Sequence[Way], catalogs: Catalogs, lang: str) -> str:
    title = f"{catalogs.text(lang, POSTER_TITLE)} {catalogs.text(lang, POSTER_ASK)}. {place.operators[lang]}"
    told = "; ".join(f"{way.name or catalogs.text(lang, POSTER_WEB)}: {way.link}" for way in ways)
    size = f'width="{WIDE:g}mm" height="{HIGH:g}mm" viewBox="0 0 {WIDE:g} {HIGH:g}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONTS}"{_spoken(lang)}>',
        f"<title>{escape(title)}</title>\n<desc>{escape(told)}</desc>\n<style>@page{{size:A4;margin:0}}</style>",
        f'<rect width="{WIDE:g}" height="{HIGH:g}" fill="#fff"/>',
    )
    return "\n".join((*head, *drawn, "</svg>\n"))


def _squares(matrix: Sequence[Sequence[int]]) -> str:
    """Write the dark modules as one path: a rectangle for each run of them in a row."""
    drawn = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, run in groupby(row):
            length = len(list(run))
            drawn += [f"M{x} {y}h{length}v1h-{length}z"] if dark else []
            x += length
    return "".join(drawn)


def _largest(texts: Sequence[str], sizes: Sequence[float], room: float, *, bold: bool = False) -> Style:
    """Give the largest size in which each text fits one line, or the smallest size of all."""
    styles = [Style(size=size, bold=bold) for size in sizes]
    return next((style for style in styles if all(style.width(text) <= room for text in texts)), styles[-1])


def _share(count: int) -> float:
    return (ROOM - (count - 1) * GAP) / count


def _lefts(count: int) -> list[float]:
    return [MARGIN + number * (_share(count) + GAP) for number in range(count)]


def _spoken(lang: str) -> str:
    return f' lang="{lang}" xml:lang="{lang}"' if lang else ""


def _ems(letter: str) -> float:
    other = 0.68 if letter.isupper() else 0.64
    return next((ems for letters, ems in WIDTHS if letter in letters), other)
