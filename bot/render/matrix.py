"""A message as Matrix clients show it: a plain body, and a formatted one in the HTML that the specification lets them show.

Knows what their markup can say (no buttons, no links to phone numbers); not Matrix's calls.
"""

from collections.abc import Iterator, Sequence
from html import escape

from markdown_it.token import Token

from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import parse, to_text, write_html


def matrix_html(message: Message) -> tuple[str, str]:
    """Write a message as (body, formatted_body); options follow as a numbered list, to be answered with a number."""
    options = message.options
    numbered = "\n".join(f"{number}. {option.label}" for number, option in enumerate(options, 1))
    body = [*(to_text(part.markdown) for part in message.parts), *([numbered] if options else [])]
    formatted = [*map(_part, message.parts), *([_options(options)] if options else [])]
    return "\n\n".join(body), "\n".join(formatted)


def _part(part: Part) -> str:
    """Set a card apart as a quotation and sources in italics."""
    tokens = _without_phones(parse(part.markdown))
    if part.kind is PartKind.SOURCES:
        _put_in_italics(tokens)
    html = write_html(tokens)
    return f"<blockquote>\n{html}\n</blockquote>" if part.kind is PartKind.CARD else html


def _options(options: Sequence[Option]) -> str:
    items = "\n".join(f"<li>{escape(option.label, quote=False)}</li>" for option in options)
    return f"<ol>\n{items}\n</ol>"


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
