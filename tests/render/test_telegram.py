"""Markdown and messages as Telegram's HTML: what it marks up, what it leaves as text, and that nothing else comes through."""

import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape, to_text
from bot.render.telegram import (
    MAX_UNITS,
    button_labels,
    button_rows,
    telegram_html,
    telegram_pages,
    telegram_text,
    units,
)
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


def options(*labels: str) -> tuple[Option, ...]:
    """Make options of labels."""
    return tuple(Option(id=f"o:{number}", label=label) for number, label in enumerate(labels))


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        ((), []),
        (("Menüü",), [1]),
        (("Jah", "Ei"), [2]),
        (("Jah", "Ei", "Ei tea"), [3]),
        (("2026", "2025", "2024", "2023"), [3, 1]),
        (("Jah", "Ei", "Miks te seda küsite?", "Tagasi"), [2, 1, 1]),
        (("Ma ei tea", "Ei soovi öelda", "Tagasi"), [2, 1]),
        (("Soovin inimesega rääkida", "Menüü", "Keel"), [1, 2]),
    ],
)
def test_short_buttons_stand_side_by_side(labels: tuple[str, ...], rows: list[int]) -> None:
    """Buttons keep their order, share a row while they are short, and none is lost."""
    laid = button_rows(options(*labels))
    assert [len(row) for row in laid] == rows
    assert [option for row in laid for option in row] == list(options(*labels))


EU = "Euroopa Liidu riik, Norra, Island, Liechtenstein & Šveits"


def asking(**labels: str) -> tuple[Option, ...]:
    """Make options with ids of a kind: `fact_1` is an answer, `topic_1` a topic."""
    return tuple(Option(id=name.replace("_", ":"), label=label) for name, label in labels.items())


def test_answers_that_no_button_can_show_are_written_out() -> None:
    """One long answer, and all stand in the text with the numbers that their buttons begin with; what follows them does not."""
    message = Message(
        lang="et",
        parts=(Part(markdown="Mis riik?"),),
        options=asking(fact_1="Eesti", fact_2=EU, fact_3="Muu riik", group_stop="Lõpetan"),
    )
    assert telegram_pages(message) == [f"Mis riik?\n\n1. Eesti\n2. {EU.replace('&', '&amp;')}\n3. Muu riik"]
    labels = [option.label for option in button_labels(message.options)]
    assert labels == ["1. Eesti", "2. Euroopa Liidu riik, Norra, Island,…", "3. Muu riik", "Lõpetan"]
    assert [option.id for option in button_labels(message.options)] == [option.id for option in message.options]


def test_a_long_title_is_cut() -> None:
    """A topic's button only leads to it: its title is cut with a sign, and written out nowhere."""
    message = Message(lang="et", parts=(Part(markdown="Teemad"),), options=asking(fact_1="Jah", topic_1=EU))
    assert telegram_pages(message) == ["Teemad"]
    assert [option.label for option in button_labels(message.options)] == ["Jah", "Euroopa Liidu riik, Norra, Island, Li…"]


def visible(page: str) -> str:
    """Give what a reader sees of a page."""
    return unescape(re.sub(r"<[^>]*>", "", page))


def test_long_messages_are_cut_between_paragraphs() -> None:
    """Paragraphs stay whole and keep their markup; each page is as full as it can be."""
    paragraphs = [f"**{letter}** " + letter * 1500 for letter in "abcde"]
    pages = telegram_pages(Message(lang="et", parts=tuple(Part(markdown=text) for text in paragraphs)))
    assert [re.findall(r"<b>(.)</b>", page) for page in pages] == [["a", "b"], ["c", "d"], ["e"]]


def test_a_long_list_is_cut_between_its_points() -> None:
    """Where a paragraph alone is too long, lines stay whole."""
    pages = telegram_pages(Message(lang="et", parts=(Part(markdown="\n".join(f"- *{n}* {'sõna ' * 100}" for n in range(20))),)))
    assert len(pages) == 3
    assert all(page.startswith("• <i>") for page in pages)
    assert sum(page.count("•") for page in pages) == 20


def test_emoji_count_twice() -> None:
    """Telegram counts UTF-16 units: a page of emoji holds half as many."""
    pages = telegram_pages(Message(lang="et", parts=(Part(markdown="👍" * 3000),)))
    assert [len(page) for page in pages] == [2048, 952]
    assert [units(page) for page in pages] == [4096, 1904]


@given(st.lists(ANYTHING, max_size=4), st.integers(1, 400))
def test_no_page_is_too_long_or_broken(texts: list[str], times: int) -> None:
    """Whatever is said, each page fits, closes its tags, and no word is lost."""
    message = Message(lang="et", parts=tuple(Part(markdown=text * times) for text in texts))
    pages = telegram_pages(message)
    assert all(units(visible(page)) <= MAX_UNITS for page in pages)
    assert all(set(re.findall(r"</?([a-z]+)", page)) <= TAGS for page in pages)
    assert all(page.count("</") * 2 == len(re.findall(r"<[^>]*>", page)) for page in pages)
    assert "".join("".join(map(visible, pages)).split()) == "".join(visible(telegram_text(message)).split())
