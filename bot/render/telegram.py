"""A message as Telegram's HTML parse mode shows it: bold, italic and web links are markup, all else is text and line breaks.

Knows what Telegram's markup can say, how it counts letters and how wide its buttons are; not its calls.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from html import escape, unescape
from typing import Final

from markdown_it.token import Token

from bot.core.options import ANSWERS
from bot.ports import Message, Option, PartKind
from bot.render.markup import address, is_web, lay_out, parse

BULLET = "• "
MAX_UNITS: Final = 4096
"""UTF-16 code units of a message, counted without its markup."""
SIDE_BY_SIDE: Final = ((3, 8), (2, 15))
"""So many buttons stand in a row on a phone when their labels have at most so many letters."""
WIDEST: Final = 38
"""Letters of a button that has a row of a phone for itself."""
_TAG: Final = re.compile(r"<[^>]*>")
_TAGS = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}


def telegram_html(markdown: str) -> str:
    """Write Markdown for Telegram; every block of lines closes the tags it opens, so that a message can be cut between blocks.

    Telegram has links to web pages alone: a phone number or a mail address becomes text, which its apps make tappable.
    """
    return lay_out(parse(markdown), _line, bullet=BULLET)


def telegram_text(message: Message) -> str:
    """Write the parts of a message for Telegram with an empty line between them, sources in italics; options are not text."""
    return "\n\n".join(_part(part.kind, part.markdown) for part in message.parts)


def telegram_pages(message: Message) -> list[str]:
    """Write a message for Telegram in as many messages as it takes, cut between paragraphs where that is possible.

    Answers that are too long for buttons are written out below it, with the numbers that the buttons begin with.
    """
    numbered = "\n".join(f"{number}. {option.label}" for number, option in _written_out(message.options))
    text = "\n\n".join(filter(None, (telegram_text(message), escape(numbered, quote=False))))
    return list(_cut(text, ("\n\n", "\n")))


def button_labels(options: Sequence[Option]) -> list[Option]:
    """Give the options with what stands on their buttons: a phone would cut a long label without a sign of it."""
    numbers = {option.id: f"{number}. " for number, option in _written_out(options)}
    return [replace(option, label=_fitting(f"{numbers.get(option.id, '')}{option.label}")) for option in options]


def button_rows(options: Sequence[Option]) -> list[tuple[Option, ...]]:
    """Lay out buttons: short ones beside their neighbours, in their order, all others in rows of their own."""
    rows, rest = list[tuple[Option, ...]](), list(options)
    while rest:
        fits = (n for n, letters in SIDE_BY_SIDE if len(rest) >= n and all(len(o.label) <= letters for o in rest[:n]))
        count = next(fits, 1)
        rows.append(tuple(rest[:count]))
        del rest[:count]
    return rows


def units(text: str) -> int:
    """Count letters as Telegram does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _written_out(options: Sequence[Option]) -> list[tuple[int, Option]]:
    """Give the options to be written out with their numbers: all up to the last answer to a question, if one is too long.

    The title of a topic may be cut: who taps it reads it in full.
    """
    numbered = list(enumerate(options, 1))
    answers = [number for number, option in numbered if option.id.partition(":")[0] in ANSWERS]
    if all(len(options[number - 1].label) <= WIDEST for number in answers):
        return []
    return numbered[: answers[-1]]


def _fitting(label: str) -> str:
    return label if len(label) <= WIDEST else f"{label[: WIDEST - 1].rstrip()}…"


def _cut(html: str, gaps: Sequence[str]) -> Iterator[str]:
    """Cut at the widest gaps that do; a piece that has none left loses its markup and is cut between words."""
    if _size(html) <= MAX_UNITS:
        yield html
        return
    if not gaps:
        yield from _cut_words(unescape(_TAG.sub("", html)))
        return
    gap, *finer = gaps
    page = ""
    for piece in html.split(gap):
        if page and _size(page + gap + piece) <= MAX_UNITS:
            page += gap + piece
            continue
        if page:
            yield page
        *full, page = _cut(piece, finer if _is_whole(piece) else ())
        yield from full
    yield page


def _cut_words(text: str) -> Iterator[str]:
    while units(text) > MAX_UNITS:
        fitting = text.encode("utf-16-le", "surrogatepass")[: 2 * MAX_UNITS].decode("utf-16-le", "ignore")
        end = fitting.rfind(" ") if " " in fitting.strip() else len(fitting)
        yield escape(text[:end], quote=False)
        text = text[end:].lstrip()
    yield escape(text, quote=False)


def _is_whole(html: str) -> bool:
    """Tell whether each line closes the tags it opens."""
    return all(line.count("</") * 2 == len(_TAG.findall(line)) for line in html.split("\n"))


def _size(html: str) -> int:
    return units(unescape(_TAG.sub("", html)))


@lru_cache(maxsize=512)
def _part(kind: PartKind, markdown: str) -> str:
    """Write a part; the same answers and questions are said again and again."""
    return lay_out(parse(markdown), _in_italics if kind is PartKind.SOURCES else _line, bullet=BULLET)


def _line(tokens: Sequence[Token]) -> str:
    return _write(tokens, lambda kind: _TAGS.get(kind, ""))


def _in_italics(tokens: Sequence[Token]) -> str:
    """Put a block into italics; its own emphasis would be a tag within the same tag, and is dropped."""
    return f"<i>{_write(tokens, lambda kind: '' if kind.startswith('em_') else _TAGS.get(kind, ''))}</i>"


def _write(tokens: Sequence[Token], tag: Callable[[str], str]) -> str:
    said, label, plain = "", "", ""
    link: Token | None = None
    quoted = partial(escape, quote=False)
    for token in tokens:
        match token.type:
            case "link_open":
                said, label, plain, link = said + label, "", "", token
            case "link_close" if link is not None:
                said, label, link = said + _link(label, plain, link), "", None
            case "softbreak" | "hardbreak":
                label, plain = label + "\n", plain + "\n"
            case "text" | "text_special":
                label, plain = label + quoted(token.content), plain + token.content
            case kind:
                label += tag(kind)
    return said + label


def _link(label: str, plain: str, link: Token) -> str:
    """Write a link, or what a reader needs beside the label where Telegram has no such link; `plain` is the label as text."""
    href = str(link.attrs["href"])
    if is_web(link):
        return f'<a href="{escape(href)}">{label}</a>'
    return label + escape(address(plain, href), quote=False)
