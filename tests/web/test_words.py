"""The words of the page: every id that is used is listed, every listed one is used and said in each language."""

import re

import pytest

from bot.i18n import Catalogs
from bot.platforms.web import pages, words
from tests.web.fakes import LANGUAGES


def named(pattern: str, text: str) -> set[str]:
    """Everything that one of the pattern's groups finds."""
    return {word for found in re.finditer(pattern, text) for word in found.groups() if word}


def test_templates_use_the_listed_words() -> None:
    """No page names a word that is not listed, and none is listed in vain."""
    templates = "".join(path.read_text("utf-8") for path in (pages.HERE / "templates").iterdir())
    found = named(r"""(?:say|tell)\(["'](web_\w+)|say_in\(code, "(web_\w+)""", templates)
    named_by_code = {"web_language", *words.ERRORS, *words.CASE_TROUBLE}
    assert found | named_by_code == {*words.CHAT, *words.STATEMENT, *words.ERRORS, *words.CASE, *words.CASE_TROUBLE}


def test_every_trouble_of_a_case_is_told_somewhere() -> None:
    """Each sentence that says why something was not done is named where that is found out, or on a page."""
    sources = [pages.HERE / "case_page.py", *(pages.HERE / "templates").iterdir()]
    text = "".join(path.read_text("utf-8") for path in sources)
    assert [id for id in words.CASE_TROUBLE if f'"{id}"' not in text] == []


def test_the_script_uses_the_listed_words() -> None:
    """The script is given what it says, no more and no less."""
    script = (pages.HERE / "static" / "chat.js").read_text("utf-8")
    found = named(r'word\("(\w+)"\)|trouble\(id, "(\w+)"\)|\?\? "(\w+)"\)|4\d\d: "(\w+)"', script)
    assert {f"web_{id}" for id in found} == set(words.SCRIPT)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_every_word(catalogs: Catalogs, lang: str) -> None:
    """No id shows through, no place is lost."""
    for id in words.ALL:
        said = catalogs.text(lang, id)
        assert said not in ("", id), id
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", catalogs.text("en", id))), id
