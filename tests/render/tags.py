"""Reads HTML as a strict reader would: every tag closed in order, with nothing but what is allowed."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = frozenset({"br"})


@dataclass(slots=True)
class Seen:
    """What stands in a piece of HTML: its tags, those of them that stand within their own kind, links' addresses, words."""

    tags: set[str] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    text: str = ""


def seen(html: str) -> Seen:
    """Read HTML. Errors: AssertionError for a tag left open, closed out of order or with other attributes than ours."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, f"left open: {reader.open}"
    return reader.seen


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= ({"href"} if tag == "a" else {"start"} if tag == "ol" else set()), attrs
        self.seen.tags.add(tag)
        self.seen.nested |= {tag} & set(self.open)
        self.seen.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)
