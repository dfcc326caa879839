"""A message as Telegram's HTML parse mode shows it: bold, italic and web links are markup, all else is text and line breaks.

Knows what Telegram's markup can say; not its calls, nor how long a message may be.
"""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape

from markdown_it.token import Token

from bot.ports import Message, PartKind
from bot.render.markup import address, is_web, lay_out, parse

BULLET = "• "
_TAGS = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}


def telegram_html(markdown: str) -> str:
    """Write Markdown for Telegram; every block of lines closes the tags it opens, so that a message can be cut between blocks.

    Telegram has links to web pages alone: a phone number or a mail address becomes text, which its apps make tappable.
    """
    return lay_out(parse(markdown), _line, bullet=BULLET)


def telegram_text(message: Message) -> str:
    """Write the parts of a message for Telegram with an empty line between them, sources in italics; options are not text."""
    return "\n\n".join(
        lay_out(parse(part.markdown), _in_italics if part.kind is PartKind.SOURCES else _line, bullet=BULLET)
        for part in message.parts
    )


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
