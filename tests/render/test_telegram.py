"""Markdown and messages as Telegram's HTML: what it marks up, what it leaves as text, and that nothing else comes through."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape, to_text
from bot.render.telegram import telegram_html, telegram_text
from tests.render.tags import seen
from tests.render.test_markup import ANYTHING

TAGS = {"b", "i", "a"}


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("tere", "tere"),
        ("", ""),
        ("a\nb", "a\nb"),
        ("a\n\nb", "a\n\nb"),
        ("**a** *b* _c_ ***d***", "<b>a</b> <i>b</i> <i>c</i> <i><b>d</b></i>"),
        ("Nii:\n\n- a\n- b\n\nlõpp", "Nii:\n\n• a\n• b\n\nlõpp"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("3. a\n4. **b**", "3. a\n4. <b>b</b>"),
        ("- a\n  - b\n- c", "• a\n  • b\n• c"),
        ("[a](https://x.ee/?b=1&c=2)", '<a href="https://x.ee/?b=1&amp;c=2">a</a>'),
        ("[**a**](https://x.ee) b", '<a href="https://x.ee"><b>a</b></a> b'),
        ("**[a](https://x.ee) b**", '<b><a href="https://x.ee">a</a> b</b>'),
        ("helista [112](tel:112)!", "helista 112!"),
        ("[a@x.ee](mailto:a@x.ee)", "a@x.ee"),
        ("[a **&** b](mailto:a@x.ee)", "a <b>&amp;</b> b (a@x.ee)"),
        ("[x](http://x.ee)", "[x](http://x.ee)"),
        ("1 < 2 > 0 & \"a\" 'b'", "1 &lt; 2 &gt; 0 &amp; \"a\" 'b'"),
        ("<b>a</b> &amp; # `c`", "&lt;b&gt;a&lt;/b&gt; &amp;amp; # `c`"),
        ("\\*a\\*", "*a*"),
    ],
)
def test_the_subset_for_telegram(markdown: str, html: str) -> None:
    """Bold, italics and web links are markup; lists, paragraphs, phones and mail addresses are text."""
    assert telegram_html(markdown) == html


def test_the_parts_of_a_message() -> None:
    """Parts stand apart by an empty line, sources in italics block by block; options are the keyboard's."""
    message = Message(
        lang="en",
        parts=(
            Part(kind=PartKind.CARD, markdown="**Call [112](tel:112)**"),
            Part(markdown="a\n\n- b"),
            Part(kind=PartKind.SOURCES, markdown="Source:\n\n- [*a*](https://x.ee) *b* **c**\n- d"),
        ),
        options=(Option(id="menu", label="Menu"),),
    )
    assert telegram_text(message) == (
        "<b>Call 112</b>\n\na\n\n• b\n\n"
        '<i>Source:</i>\n\n• <i><a href="https://x.ee">a</a> b <b>c</b></i>\n• <i>d</i>'
    )  # fmt: skip


@given(ANYTHING)
@example("</b></i></a>")
@example("[a](https://x.ee)")
def test_escaped_text_is_no_markup(typed: str) -> None:
    """What a person types is shown, as it was typed, and marks nothing up."""
    found = seen(telegram_html(escape(typed)))
    assert found.tags == set()
    assert found.text.split() == to_text(escape(typed)).split()


@given(ANYTHING, st.sampled_from(["**{}**", "- *{}*\n- b", "[{}](https://x.ee) c", "a **b {} c** [d](mailto:e@x.ee)"]))
@example("] * ** _ (", "[{}](https://x.ee) c")
def test_escaped_text_between_markup_keeps_it_whole(typed: str, around: str) -> None:
    """A person's words within an answer leave its tags closed and add none, in a part of any kind."""
    markdown = around.format(escape(" ".join(typed.split())))
    for kind in PartKind:
        found = seen(telegram_text(Message(lang="en", parts=(Part(kind=kind, markdown=markdown),))))
        assert found.tags <= TAGS
        assert not found.nested
        assert set(found.links) <= {"https://x.ee"}


@given(ANYTHING)
@example("*a **b** _c_*")
@example("*a _b_ c* __d **e**__")
def test_any_markdown_is_safe(markdown: str) -> None:
    """Whatever stands in a message, Telegram is given its own three tags, closed in order, and web addresses."""
    message = Message(lang="en", parts=(Part(markdown=markdown), Part(kind=PartKind.SOURCES, markdown=markdown)))
    html = telegram_text(message)
    found = seen(html)
    assert found.tags <= TAGS
    assert not {"a"} & found.nested
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|quot|#x27);)*", html)
    assert all(href.lower().startswith("https://") for href in found.links)
