"""Messages as Matrix shows them: the plain body, the formatted one, options, pages, and that nothing else comes through."""

import json
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.public import PRIVATE
from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape, to_text
from bot.render.matrix import MAX_BYTES, MAX_CHARS, MAX_WORD, matrix_pages
from tests.render.tags import seen
from tests.render.test_markup import ANYTHING

TAGS = {"p", "br", "ul", "ol", "li", "strong", "em", "a", "blockquote"}
LINK: Final = "https://matrix.to/#/@bot:x.ee"
WORDS: Final = st.text(st.sampled_from('abõЖ😀<&"*_-[1.\x01'), min_size=1, max_size=30)
LINES: Final = st.lists(WORDS, min_size=1, max_size=60).map(lambda words: escape(" ".join(words)))
BLOCKS: Final = st.one_of(
    LINES,
    LINES.map(lambda line: f"**{line}**"),
    LINES.map(lambda line: f"[{line}](https://x.ee)"),
    st.lists(LINES, min_size=1, max_size=8).map(lambda lines: "\n".join(lines)),
    st.lists(LINES, min_size=1, max_size=8).map(lambda lines: "\n".join(f"- {line}" for line in lines)),
    st.lists(LINES, min_size=1, max_size=8).map(lambda lines: "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1))),
)
PARTS: Final = st.builds(
    lambda kind, blocks, times: Part(kind=kind, markdown="\n\n".join(blocks * times)),
    st.sampled_from(PartKind),
    st.lists(BLOCKS, max_size=5),
    st.integers(1, 6),
)
LABELS: Final = st.text(max_size=100)
OPTIONS: Final = st.lists(st.builds(Option, id=st.sampled_from(("menu", "topic:a", f"{PRIVATE}:a")), label=LABELS), max_size=12)


def part(markdown: str, kind: PartKind = PartKind.TEXT) -> Message:
    """A message of one part."""
    return Message(lang="en", parts=(Part(kind=kind, markdown=markdown),))


def only(message: Message) -> tuple[str, str]:
    """Give the bodies of a message that needs one page."""
    (page,) = matrix_pages(message, LINK)
    return page


def said(*parts: str, options: Sequence[Option] = ()) -> Message:
    """A message of several parts."""
    return Message(lang="en", parts=tuple(Part(markdown=markdown) for markdown in parts), options=tuple(options))


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
    assert only(part(markdown)) == (body, formatted)


def test_a_card_is_a_quotation_and_sources_are_italic() -> None:
    """What is set apart is set apart with the tags that clients allow; emphasis within emphasis is one."""
    assert only(part("**112**\n\na", PartKind.CARD)) == (
        "112\n\na",
        "<blockquote>\n<p><strong>112</strong></p>\n<p>a</p>\n</blockquote>",
    )
    assert only(part("Source:\n\n- [a](https://x.ee) *b*\n- c", PartKind.SOURCES)) == (
        "Source:\n\n- a (https://x.ee) b\n- c",
        '<p><em>Source:</em></p>\n<ul>\n<li><em><a href="https://x.ee">a</a> b</em></li>\n<li><em>c</em></li>\n</ul>',
    )


def test_options_are_numbered_in_both_bodies() -> None:
    """There are no buttons, so each option has the number to answer with; a label is literal and stays one line."""
    message = said("a", "b", options=(Option(id="topic:a", label="A & <b>"), Option(id="menu", label="**Menu**\n3. no")))
    assert only(message) == (
        "a\n\nb\n\n1. A & <b>\n2. **Menu** 3. no",
        "<p>a</p>\n<p>b</p>\n<p>1. A &amp; &lt;b&gt;<br>\n2. **Menu** 3. no</p>",
    )


def test_the_way_to_a_private_chat_is_a_link() -> None:
    """It stands below the others without a number, and each of them keeps the number by which it is chosen."""
    options = (Option(id="menu", label="Menu"), Option(id=f"{PRIVATE}:a_b", label='Write "me"'), Option(id="help", label="Help"))
    assert only(said("a", options=options)) == (
        f'a\n\n1. Menu\n3. Help\n\nWrite "me": {LINK}',
        f'<p>a</p>\n<p>1. Menu<br>\n3. Help</p>\n<p><a href="{LINK}">Write "me"</a></p>',
    )
    assert only(said("a", options=options[1:2])) == (
        f'a\n\nWrite "me": {LINK}',
        f'<p>a</p>\n<p><a href="{LINK}">Write "me"</a></p>',
    )


def test_answers_to_a_question_stand_apart_from_the_other_options() -> None:
    """So a list of answers does not end in something that is none."""
    options = (Option(id="fact:a:yes", label="Yes"), Option(id="fact:a:no", label="No"), Option(id="group:why", label="Why?"))
    assert only(said("a?", options=options)) == (
        "a?\n\n1. Yes\n2. No\n\n3. Why?",
        "<p>a?</p>\n<p>1. Yes<br>\n2. No</p>\n<p>3. Why?</p>",
    )


def test_how_to_choose_is_said_below_a_choice() -> None:
    """Where there is only one thing to choose it needs no words."""
    two = (Option(id="menu", label="Menu"), Option(id="help", label="Help"))
    (page,) = matrix_pages(said("a", options=two), LINK, "Reply <with> a number.")
    assert page == (
        "a\n\n1. Menu\n2. Help\n\nReply <with> a number.",
        "<p>a</p>\n<p>1. Menu<br>\n2. Help</p>\n<p><em>Reply &lt;with&gt; a number.</em></p>",
    )
    for options in (two[:1], ()):
        assert matrix_pages(said("a", options=options), LINK, "Reply.") == matrix_pages(said("a", options=options), LINK)


def test_a_message_without_words_is_one_empty_page() -> None:
    """There is always something to send."""
    assert only(said()) == only(said("")) == ("", "")


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_ends_between_parts() -> None:
    """A part that a page has room for is not cut."""
    first, second = "a " * 1400, "b " * 1400
    pages = matrix_pages(said(first, second), LINK)
    assert [body for body, _ in pages] == [first.strip(), second.strip()]


def test_a_page_ends_between_paragraphs_and_items() -> None:
    """Each page has as many as it has room for, with their markup; a list goes on with its number."""
    paragraphs = "\n\n".join(f"**{n}** {'a' * 990}" for n in range(6))
    pages = matrix_pages(said(paragraphs), LINK)
    assert [html.count("<strong>") for _, html in pages] == [4, 2]
    items = "\n".join(f"{n}. {'a' * 990}" for n in range(1, 7))
    pages = matrix_pages(said(items), LINK)
    assert [html[:14] for _, html in pages] == ["<ol>\n<li>aaaaa", '<ol start="5">']
    assert [body[:3] for body, _ in pages] == ["1. ", "5. "]


def test_a_heading_goes_with_its_list() -> None:
    """A part begins a new page where that keeps it whole."""
    pages = matrix_pages(said("a" * 2000, "Topic:\n\n" + "\n".join(f"- {'b' * 500}" for _ in range(5))), LINK)
    assert [(body.count("a"), body.count("- b")) for body, _ in pages] == [(2000, 0), (0, 5)]


def test_a_card_stays_a_quotation_on_every_page() -> None:
    """Where a card is cut, each of its pieces is set apart."""
    card = Part(kind=PartKind.CARD, markdown="\n\n".join("a" * 900 for _ in range(9)))
    pages = matrix_pages(Message(lang="en", parts=(card,)), LINK)
    assert [(html[:12], html[-13:]) for _, html in pages] == [("<blockquote>", "</blockquote>")] * 3


def test_options_stand_together_on_the_last_page() -> None:
    """They are not cut where they fit on a page of their own."""
    options = [Option(id=f"topic:{n}", label=f"label {n} {'c' * 20}") for n in range(9)]
    pages = matrix_pages(said("a " * 1950, options=options), LINK)
    assert [body[:2] for body, _ in pages] == ["a ", "1."]
    assert pages[1][0].count("\n") == 8


def test_options_that_fill_pages_are_cut_between_lines() -> None:
    """However many there are, none is lost and each keeps its line and its number."""
    options = [Option(id=f"topic:{n}", label="c" * 90) for n in range(1, 200)]
    pages = matrix_pages(said("a", options=options), LINK)
    lines = "\n".join(body for body, _ in pages).split("\n")
    assert [line for line in lines if line.startswith(tuple("123456789"))] == [f"{n}. {'c' * 90}" for n in range(1, 200)]


def test_heavy_letters_fill_a_page_sooner() -> None:
    """Letters of several bytes count with their bytes, as an event of Matrix does."""
    light = matrix_pages(said("a" * 900 + " " + "b" * 900 + " " + "c" * 900 + " " + "d" * 900), LINK)
    heavy = matrix_pages(said("&" * 900 + " " + "\x01" * 900 + " " + "😀" * 900 + " " + "\x02" * 900), LINK)
    assert len(light) == 1
    assert len(heavy) > 1


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(PARTS, max_size=4), OPTIONS)
@example([Part(markdown="a" * 9999)], [])
@example([Part(markdown=" ".join("õ" * 999 for _ in range(30)))], [Option(id="menu", label="x")])
def test_no_word_is_lost_or_doubled(parts: list[Part], options: list[Option]) -> None:
    """Every page keeps the limits and the tags, and all pages together say what the message says, in its order."""
    pages = matrix_pages(Message(lang="en", parts=tuple(parts), options=tuple(options)), LINK)
    for page in pages:
        assert len(page[0]) <= MAX_CHARS
        assert len("".join(page).encode()) <= len(json.dumps(page, ensure_ascii=False).encode()) <= MAX_BYTES
        assert seen(page[1]).tags <= TAGS
    expected = " ".join([*(to_text(part.markdown) for part in parts), *below(options)]).split()
    found = " ".join(body for body, _ in pages).split()
    assert "".join(found) == "".join(expected)
    if all(len(word) <= MAX_WORD for word in expected):
        assert found == expected


@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.lists(LINES, min_size=10, max_size=20))
def test_both_bodies_say_the_same(lines: list[str]) -> None:
    """Page by page, the formatted body has the words of the plain one."""
    for body, html in matrix_pages(said("\n\n".join(lines * 4)), LINK):
        assert seen(html).text.split() == body.split()


def below(options: Sequence[Option]) -> list[str]:
    """Give what stands below a message."""
    numbered = [(option.id.startswith(PRIVATE), f"{n}. ", option.label) for n, option in enumerate(options, 1)]
    lines = [number + escape_once(label) for private, number, label in numbered if not private]
    return [*lines, *(f"{escape_once(label)}: {LINK}" for private, _, label in numbered if private)]


def escape_once(label: str) -> str:
    """Give a label as text that can be shown, on one line."""
    return " ".join(to_text(escape(" ".join(label.split()))).split())


# --- nothing else comes through ---------------------------------------------------------------------------------------


@given(ANYTHING, st.sampled_from(["{}", "**{}**", "- *{}*\n- b", "[{}](https://x.ee) c", "[d {}](tel:112) e"]))
@example("] * ** _ (", "[{}](https://x.ee) c")
@example("</blockquote></p>", "{}")
def test_escaped_text_adds_no_markup(typed: str, around: str) -> None:
    """A person's words within an answer and on an option leave every tag closed and add none, in a part of any kind."""
    markdown = around.format(escape(" ".join(typed.split())))
    for kind in PartKind:
        option = Option(id="x", label=typed)
        way = Option(id=PRIVATE, label=typed)
        found = seen(only(Message(lang="en", parts=(Part(kind=kind, markdown=markdown),), options=(option, way)))[1])
        assert found.tags <= TAGS - {"br"}
        assert not {"em", "strong", "a"} & found.nested
        assert set(found.links) <= {"https://x.ee", LINK}


@settings(deadline=None)
@given(ANYTHING)
@example("- a\n\n  b\n- c")
def test_any_markdown_is_safe(markdown: str) -> None:
    """Whatever stands in a message, the formatted body has the allowed tags alone and addresses that clients open."""
    for kind in PartKind:
        found = seen(only(part(markdown, kind))[1])
        assert found.tags <= TAGS
        assert all(href.lower().startswith(("https://", "mailto:")) for href in found.links)
