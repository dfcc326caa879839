"""Markdown subset to HTML and text; any text as literal Markdown."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.render.markup import escape, to_html, to_text

ANYTHING = st.text() | st.text(alphabet=st.sampled_from("ab1. \n\t\\*_[]()<>#+-!`~&|:/;{}\"'=x\x00\ud800\u2028"))


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("tere", "<p>tere</p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("a\n\nb", "<p>a</p>\n<p>b</p>"),
        ("**a** *b* _c_", "<p><strong>a</strong> <em>b</em> <em>c</em></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("[a](https://x.ee/?b=1&c=2)", '<p><a href="https://x.ee/?b=1&amp;c=2">a</a></p>'),
        ("[112](tel:112)", '<p><a href="tel:112">112</a></p>'),
        ("[kiri](mailto:a@x.ee)", '<p><a href="mailto:a@x.ee">kiri</a></p>'),
    ],
)
def test_the_subset_as_html(markdown: str, html: str) -> None:
    """Paragraphs, breaks, bold, emphasis, lists and links become HTML."""
    assert to_html(markdown) == html


@pytest.mark.parametrize(
    "markdown",
    [
        "<b>a</b>",
        "<script>alert(1)</script>",
        "# a",
        "&gt; a",
        "`a`",
        "~~a~~",
        "<https://x.ee>",
        "https://x.ee",
        "[a](javascript:alert(1))",
        "[a](http://x.ee)",
        "[a](data:text/html,x)",
        "[a](//x.ee)",
        "[a](/x)",
        "a | b\n--|--",
        "---",
        "***",
    ],
)
def test_the_rest_is_text(markdown: str) -> None:
    """What is outside the subset is shown as it was typed."""
    assert set(re.findall(r"<\w+", to_html(markdown))) <= {"<p", "<br"}
    assert to_text(markdown).split() == markdown.split()


def test_only_web_links_open_a_new_tab() -> None:
    """Asked for new tabs, a phone number and an address still open their own programs."""
    html = to_html("[a](https://x.ee) [b](tel:112) [c](mailto:a@x.ee)", new_tab=True)
    assert '<a href="https://x.ee" target="_blank" rel="noopener">a</a>' in html
    assert html.count("target") == 1


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**a** *b*\nc", "a b\nc"),
        ("a\n\nb", "a\n\nb"),
        ("[Siseministeerium](https://www.siseministeerium.ee)", "Siseministeerium (https://www.siseministeerium.ee)"),
        ("[https://x.ee](https://x.ee)", "https://x.ee"),
        ("helistage [112](tel:112)!", "helistage 112!"),
        ("[kiri](mailto:a@x.ee) [a@x.ee](mailto:a@x.ee)", "kiri (a@x.ee) a@x.ee"),
        ("Nii:\n- a\n- b\n\nlõpp", "Nii:\n\n- a\n- b\n\nlõpp"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("- a\n  - b\n  - c\n- d", "- a\n  - b\n  - c\n- d"),
        ("- **[a](tel:1)** b", "- a b"),
        ("", ""),
    ],
)
def test_the_subset_as_text(markdown: str, text: str) -> None:
    """Plain text keeps the structure: list marks, breaks, addresses beside labels."""
    assert to_text(markdown) == text


@given(ANYTHING)
@example("1. a\n- b\n* c\n+ d\n# e\n    f\n```\ng")
@example("a\\\nb")
@example("a  \nb")
@example("![x](https://x.ee) [x]: https://x.ee")
def test_escaped_text_reads_as_typed(typed: str) -> None:
    """Any text, escaped, is shown as it was typed but for spaces and what cannot be shown."""
    showable = re.sub(r"[\x00\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", typed)
    assert to_text(escape(typed)).split() == showable.split()


@given(ANYTHING)
def test_escaped_text_is_no_markup(typed: str) -> None:
    """Nothing a person types can become markup."""
    html = to_html(escape(typed))
    assert set(re.findall(r"<(/?\w*)", html)) <= {"p", "/p", "br"}
    assert html.encode("utf-8").decode() == html


@given(ANYTHING)
def test_any_markdown_is_safe(markdown: str) -> None:
    """Whatever stands in a message, no tag or address outside the subset comes out."""
    html = to_html(markdown, new_tab=True)
    assert set(re.findall(r"<(/?\w*)", html)) <= {
        f"{end}{tag}" for end in ("", "/") for tag in ["p", "br", "ul", "ol", "li", "strong", "em", "a"]
    }
    assert all(re.match(r"(https://|tel:|mailto:)", href, re.IGNORECASE) for href in re.findall(r'href="([^"]*)', html))


@given(ANYTHING)
def test_escaped_text_stays_inside_a_sentence(typed: str) -> None:
    """A text put between words of ours does not change them."""
    html = to_html(f"**Küsimus:** {escape(' '.join(typed.split()))} *lõpp*")
    assert html.startswith("<p><strong>Küsimus:</strong>")
    assert html.endswith("<em>lõpp</em></p>")
