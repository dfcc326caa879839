"""A message as Matrix clients show it: a plain body, and a formatted one in the HTML that the specification lets them show.

Knows what their markup can say (no buttons, no links to phone numbers) and how much an event holds; not Matrix's calls.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from html import escape as escape_html
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final, TypeAlias

from markdown_it.token import Token

from bot.core.options import ANSWERS
from bot.core.public import PRIVATE
from bot.ports import Message, Option, PartKind
from bot.render.markup import escape, parse, storable, to_text, write_html

MAX_CHARS: Final = 4000
"""Letters of one plain body; nobody reads more at once."""
MAX_BYTES: Final = 30_000
"""Bytes of both bodies in an event's JSON: an event has at most 65,536, encryption adds a third, and what is around it some."""
MAX_WORD: Final = 1000
"""Letters of a word that are kept together where a page ends."""

Shown: TypeAlias = tuple[str, str]
"""A plain body and the formatted one."""
Cut: TypeAlias = Callable[[str], Sequence[str]]
"""A way to cut Markdown into pieces that can stand on different pages."""

_BREAK: Final = re.compile(r"\r\n?|\n")
_WORD: Final = re.compile(rf"([^ \t\n]{{1,{MAX_WORD}}})([ \t\n]*)")


def matrix_pages(message: Message, link: str, hint: str = "") -> list[Shown]:
    """Write a message as (body, formatted_body), in as many messages as it takes; the options stand on the last one.

    They have the numbers to answer with, and `hint` below says so. An option for a private chat is a link there (`link`) and has
    no number.
    """
    said = [_part(part.kind, part.markdown) for part in message.parts]
    below = _options(message.options, link, hint)
    if _fits([*said, *below]):
        return [_joined([*said, *below])]
    pages: list[list[Shown]] = [[]]
    for part in message.parts:
        _pour(pages, [part.markdown], part.kind, (_blocks, _items, _words))
    if pages[-1] and not _fits([*pages[-1], *below]):
        pages.append([])
    for shown in below:
        if _fits([*pages[-1], shown]):
            pages[-1].append(shown)
        else:
            _pour(pages, [f"{escape(line)}\n" for line in shown[0].split("\n")], PartKind.TEXT, (_words,))
    return [_joined(page) for page in pages]


# --- parts and options ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _part(kind: PartKind, markdown: str) -> Shown:
    """Set a card apart as a quotation and sources in italics; the same answers and questions are said again and again."""
    tokens = _without_phones(parse(markdown))
    if kind is PartKind.SOURCES:
        _put_in_italics(tokens)
    html = write_html(tokens)
    return to_text(markdown), f"<blockquote>\n{html}\n</blockquote>" if html and kind is PartKind.CARD else html


def _options(options: Sequence[Option], link: str, hint: str) -> list[Shown]:
    """Write options as lines with their numbers, answers to a question apart from the rest, then the ways to a private chat.

    Lines and not a list: a number that is left out would put all numbers of a list after it wrong, and not every client heeds
    where a list begins.
    """
    named = [(option.id.partition(":")[0], " ".join(storable(option.label).split())) for option in options]
    lines = [(name in ANSWERS, f"{number}. {label}") for number, (name, label) in enumerate(named, 1) if name != PRIVATE]
    groups = [[line for _, line in group] for _, group in groupby(lines, key=itemgetter(0))]
    ways = [(f"{label}: {link}", _link(label, link)) for name, label in named if name == PRIVATE]
    hints = [(hint, f"<p><em>{escape_html(hint, quote=False)}</em></p>")] if hint and len(lines) > 1 else []
    return [*map(_lines, groups), *hints, *ways]


def _lines(lines: Sequence[str]) -> Shown:
    listed = "<br>\n".join(escape_html(line, quote=False) for line in lines)
    return "\n".join(lines), f"<p>{listed}</p>"


def _link(label: str, address: str) -> str:
    return f'<p><a href="{escape_html(address)}">{escape_html(label, quote=False)}</a></p>'


def _without_phones(tokens: list[Token]) -> list[Token]:
    """Leave the number of a phone link as text: clients drop links of a kind that the specification does not name."""
    for token in tokens:
        if token.children:
            token.children = list(_kept(token.children))
    return tokens


def _kept(children: Sequence[Token]) -> Iterator[Token]:
    phone = False
    for child in children:
        if child.type == "link_open":
            phone = str(child.attrs["href"]).lower().startswith("tel:")
        if not (phone and child.type in ("link_open", "link_close")):
            yield child


def _put_in_italics(tokens: Sequence[Token]) -> None:
    """Put the words of every block into emphasis; what was emphasised in it is not marked twice."""
    for token in tokens:
        if token.children:
            inside = [child for child in token.children if child.tag != "em"]
            token.children = [Token("em_open", "em", 1), *inside, Token("em_close", "em", -1)]


# --- pages ------------------------------------------------------------------------------------------------------------


def _joined(page: Sequence[Shown]) -> Shown:
    bodies, formatted = zip(*page, strict=True) if page else ((), ())
    return "\n\n".join(filter(None, bodies)), "\n".join(filter(None, formatted))


def _fits(page: Sequence[Shown]) -> bool:
    shown = _joined(page)
    return len(shown[0]) <= MAX_CHARS and len(json.dumps(shown, ensure_ascii=False).encode()) <= MAX_BYTES


def _pour(pages: list[list[Shown]], pieces: Sequence[str], kind: PartKind, cuts: Sequence[Cut]) -> None:
    """Fill pages with pieces of Markdown that follow each other; one that is too much for a whole page is cut finer."""
    rest = list(pieces)
    while rest:
        count = _most(pages[-1], rest, kind)
        if count:
            pages[-1].append(_part(kind, "".join(rest[:count])))
        elif not cuts or _fits([_part(kind, rest[0])]):
            pages.append([])
        else:
            count = 1
            _pour(pages, cuts[0](rest[0]), kind, cuts[1:])
        del rest[:count]


def _most(page: Sequence[Shown], pieces: Sequence[str], kind: PartKind) -> int:
    """Count the pieces, from the first, that a page has room for."""

    def too_many(count: int) -> bool:
        return not _fits([*page, _part(kind, "".join(pieces[:count]))])

    return bisect_left(range(1, len(pieces) + 1), True, key=too_many)


def _blocks(markdown: str) -> list[str]:
    """Cut between paragraphs and lists."""
    return _between(markdown, [token.map[0] for token in parse(markdown) if token.map and token.level == 0])


def _items(markdown: str) -> list[str]:
    """Cut a list between its items."""
    starts = [token.map[0] for token in parse(markdown) if token.map and token.type == "list_item_open" and token.level == 1]
    return _between(markdown, starts)


def _between(markdown: str, starts: Sequence[int]) -> list[str]:
    lines = [f"{line}\n" for line in _BREAK.split(markdown)]
    bounds = [0, *starts[1:], len(lines)]
    return ["".join(lines[start:end]) for start, end in pairwise(bounds)]


def _words(markdown: str) -> list[str]:
    """Cut into words, without markup; one that is longer than MAX_WORD is cut too."""
    found = _WORD.findall(to_text(markdown).strip())
    return [escape(word) + ("\n" if "\n" in gap else gap[:1]) for word, gap in found]
