"""Messages as Matrix shows them: the plain body, the formatted one, options by number, and that nothing else comes through."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape
from bot.render.matrix import matrix_html
from tests.render.tags import seen
from tests.render.test_markup import ANYTHING

TAGS = {"p", "br", "ul", "ol", "li", "strong", "em", "a", "blockquote"}


def part(markdown: str, kind: PartKind = PartKind.TEXT) -> Message:
    """A message of one part."""
    return Message(lang="en", parts=(Part(kind=kind, markdown=markdown),))


@pytest.mark.parametrize(
    ("markdown", "body", "formatted"),
    [
        ("tere", "tere", "<p>tere</p>"),
        ("a\nb\n\nc", "a\nb\n\nc", "<p>a<br>\nb</p>\n<p>c</p>"),
        ("**a** *b*", "a b", "<p><strong>a</strong> <em>b</em></p>"),
        ("- a\n- b", "- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("2. a\n3. b", "2. a\n3. b", '<ol start="2">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("[a](https://x.ee/?b&c)", "a (https://x.ee/?b&c)", '<p><a href="https://x.ee/?b&amp;c">a</a></p>'),
        ("[a@x.ee](mailto:a@x.ee)", "a@x.ee", '<p><a href="mailto:a@x.ee">a@x.ee</a></p>'),
        ("[112](tel:112) [a](https://x.ee)", "112 a (https://x.ee)", '<p>112 <a href="https://x.ee">a</a></p>'),
        ("<b>1 & 2</b>", "<b>1 & 2</b>", "<p>&lt;b&gt;1 &amp; 2&lt;/b&gt;</p>"),
    ],
)
def test_the_subset_for_matrix(markdown: str, body: str, formatted: str) -> None:
    """Both bodies say the same; a phone number is no link, as clients drop it."""
    assert matrix_html(part(markdown)) == (body, formatted)


def test_a_card_is_a_quotation_and_sources_are_italic() -> None:
    """What is set apart is set apart with the tags that clients allow; emphasis within emphasis is one."""
    assert matrix_html(part("**112**\n\na", PartKind.CARD)) == (
        "112\n\na",
        "<blockquote>\n<p><strong>112</strong></p>\n<p>a</p>\n</blockquote>",
    )
    assert matrix_html(part("Source:\n\n- [a](https://x.ee) *b*\n- c", PartKind.SOURCES)) == (
        "Source:\n\n- a (https://x.ee) b\n- c",
        '<p><em>Source:</em></p>\n<ul>\n<li><em><a href="https://x.ee">a</a> b</em></li>\n<li><em>c</em></li>\n</ul>',
    )


def test_options_are_numbered_in_both_bodies() -> None:
    """There are no buttons, so each option has the number to answer with; a label is literal."""
    options = (Option(id="topic:a", label="A & <b>"), Option(id="menu", label="**Menu**"))
    message = Message(lang="en", parts=(Part(markdown="a"), Part(markdown="b")), options=options)
    assert matrix_html(message) == (
        "a\n\nb\n\n1. A & <b>\n2. **Menu**",
        "<p>a</p>\n<p>b</p>\n<ol>\n<li>A &amp; &lt;b&gt;</li>\n<li>**Menu**</li>\n</ol>",
    )


@given(ANYTHING, st.sampled_from(["{}", "**{}**", "- *{}*\n- b", "[{}](https://x.ee) c", "[d {}](tel:112) e"]))
@example("] * ** _ (", "[{}](https://x.ee) c")
@example("</blockquote></p>", "{}")
def test_escaped_text_adds_no_markup(typed: str, around: str) -> None:
    """A person's words within an answer and on an option leave every tag closed and add none, in a part of any kind."""
    markdown = around.format(escape(" ".join(typed.split())))
    for kind in PartKind:
        option = Option(id="x", label=typed)
        found = seen(matrix_html(Message(lang="en", parts=(Part(kind=kind, markdown=markdown),), options=(option,)))[1])
        assert found.tags <= TAGS - {"br"}
        assert not {"em", "strong", "a"} & found.nested
        assert set(found.links) <= {"https://x.ee"}


@settings(deadline=None)
@given(ANYTHING)
@example("- a\n\n  b\n- c")
def test_any_markdown_is_safe(markdown: str) -> None:
    """Whatever stands in a message, the formatted body has the allowed tags alone and addresses that clients open."""
    for kind in PartKind:
        found = seen(matrix_html(part(markdown, kind))[1])
        assert found.tags <= TAGS
        assert all(href.lower().startswith(("https://", "mailto:")) for href in found.links)
