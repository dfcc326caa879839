"""Our Markdown subset as safe HTML and as plain text, and any text as literal Markdown.

Knows the subset (paragraphs, lists, bold, emphasis, links to https, tel and mailto, line breaks) and nothing about who
shows it. Everything outside the subset is shown as it was typed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES = ("https://", "tel:", "mailto:")
_UNPRINTABLE = re.compile(r"[\x00\ud800-\udfff]")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_STRANGE_BREAK = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")


def escape(text: str) -> str:
    r"""Make any text literal Markdown: shown, it reads as it was typed.

    Every ASCII punctuation mark gets a backslash (CommonMark 2.4), so that no rule enabled later can find markup in it. NUL
    and lone surrogates, which neither HTML nor UTF-8 can carry, become U+FFFD.
    """
    text = _STRANGE_BREAK.sub("\n", storable(text))
    return _PUNCTUATION.sub(lambda mark: "\\" + mark[0], text)


def storable(text: str) -> str:
    """Replace NUL and lone surrogates, which no database keeps, with U+FFFD."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def parse(markdown: str) -> list[Token]:
    """Read Markdown into markdown-it's tokens, for a channel whose markup is neither of the two below."""
    return _parser().parse(storable(markdown))


def to_html(markdown: str, *, new_tab: bool = False) -> str:
    """Write Markdown as HTML that needs no further escaping; web links open in a new tab if asked."""
    tokens = parse(markdown)
    for token in _flat(tokens) if new_tab else ():
        if token.type == "link_open" and is_web(token):
            token.attrs |= {"target": "_blank", "rel": "noopener"}
    return write_html(tokens)


def write_html(tokens: Sequence[Token]) -> str:
    """Write tokens of `parse` as HTML that needs no further escaping."""
    parser = _parser()
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


def is_web(link: Token) -> bool:
    """Tell whether a link's opening token leads to a web page, rather than to a phone or a mail program."""
    return str(link.attrs["href"]).lower().startswith("https://")


def to_text(markdown: str) -> str:
    """Write Markdown as plain text: `label (address)` for links, the label alone for phone numbers."""
    return lay_out(parse(markdown), _line)


def lay_out(tokens: Sequence[Token], line: Callable[[Sequence[Token]], str], *, bullet: str = "- ") -> str:
    """Set blocks apart with line breaks and list marks alone; `line` writes what stands inside a block."""
    blocks: list[str] = []
    marks: list[str] = []
    numbers: list[int] = []
    tight = False
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                numbers.append(int(token.attrs.get("start", 1)) if token.tag == "ol" else 0)
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                tight = bool(numbers)
            case "list_item_open":
                marks.append(f"{numbers[-1]}. " if numbers[-1] else bullet)
                numbers[-1] += bool(numbers[-1])
            case "inline":
                indent = "  " * (len(numbers) - 1)
                gap = "\n" if tight and marks else "\n\n"
                blocks.append((gap if blocks else "") + indent + "".join(marks) + line(token.children or ()))
                tight, marks = bool(numbers), []
    return "".join(blocks)


@cache
def _parser() -> MarkdownIt:
    """Build the parser of the subset, once: what it parses leaves nothing behind in it, so threads may share it."""
    parser = MarkdownIt("zero", {"breaks": True})
    parser.enable(["list", "emphasis", "link", "escape", "newline"])
    parser.validateLink = _allowed  # type: ignore[method-assign]
    return parser


def _allowed(url: str) -> bool:
    return url.lower().startswith(SCHEMES)


def _flat(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _line(tokens: Sequence[Token]) -> str:
    said, label, href = "", "", ""
    for token in tokens:
        match token.type:
            case "link_open":
                said, label, href = said + label, "", str(token.attrs["href"])
            case "link_close":
                said, label, href = said + label + address(label, href), "", ""
            case "softbreak" | "hardbreak":
                label += "\n"
            case _:
                label += token.content
    return said + label


def address(label: str, href: str) -> str:
    """Give what a reader of plain text needs beside a link's label; nothing if the label says it."""
    target = href.removeprefix("mailto:")
    return "" if href.startswith("tel:") or label.strip() in (target, href) else f" ({target})"
