"""The catalogs: every sentence of the bot in every language, and nothing else."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from bot.core import texts
from bot.i18n import DOMAIN
from tests.worlds import LOCALES, ROOT, catalogs, real_world

LANGUAGES = ("et", "ru", "en")
MAX_LABEL = 28
every_language = pytest.mark.parametrize("lang", LANGUAGES)


@cache
def catalog(lang: str) -> Catalog:
    """Read a language's translations."""
    with (LOCALES / lang / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=lang, abort_invalid=True)


@cache
def marked() -> frozenset[str]:
    """Give every message id that the package marks for translation with N_."""
    return frozenset(id for path in (ROOT / "bot").rglob("*.py") for id in _marked_in(path))


def _marked_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
            (argument,) = node.args
            assert isinstance(argument, ast.Constant), f"{path}:{node.lineno}: N_ marks a literal"
            yield str(argument.value)


def messages(lang: str) -> list[Message]:
    """Give the translations of a language without the head."""
    return [message for message in catalog(lang) if message.id]


def said(message: Message) -> tuple[str, ...]:
    """Give all forms of a translation."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def names(message: Message) -> str:
    """Give the id of a message, the singular one if it has two."""
    return message.id if isinstance(message.id, str) else str(message.id[0])


def places(text: str) -> set[str]:
    """Give the places to fill in a text."""
    return set(re.findall(r"\{(\w*)\}", text))


def test_the_catalogs_are_those_of_our_languages() -> None:
    """There is a catalog for each language that the knowledge speaks, and no other."""
    assert {path.parts[-3] for path in LOCALES.glob("*/LC_MESSAGES/*.po")} == set(LANGUAGES) == set(real_world().languages)
    assert set(catalogs().languages) == set(LANGUAGES)


@every_language
def test_every_sentence_is_translated(lang: str) -> None:
    """Each id marked in the package has a translation, and each translation an id."""
    assert sorted(map(names, messages(lang))) == sorted(marked())


@every_language
def test_no_translation_is_unfinished(lang: str) -> None:
    """None is empty, fuzzy, obsolete, or only its own id."""
    assert [names(m) for m in messages(lang) if m.fuzzy or not all(form.strip() for form in said(m))] == []
    assert [names(m) for m in messages(lang) if names(m) in said(m) and "_" in names(m)] == []
    assert list(catalog(lang).obsolete) == []
    assert not catalog(lang).fuzzy


@every_language
def test_translations_have_the_same_places(lang: str) -> None:
    """A sentence has the same places to fill in every language, in each of its forms, and no stray brace."""
    wanted = {names(m): places(said(m)[0]) for m in messages("et")}
    assert {names(m): set.union(*map(places, said(m))) for m in messages(lang)} == wanted
    stray = [names(m) for m in messages(lang) for form in said(m) if re.search(r"[{}]", re.sub(r"\{\w+\}", "", form))]
    assert stray == []


@every_language
def test_plural_forms_are_the_languages_own(lang: str) -> None:
    """The head names the language and its plural rule, and each plural has all its forms."""
    forms = get_plural(lang)
    assert str(catalog(lang).locale) == lang
    assert (catalog(lang).num_plurals, catalog(lang).plural_expr) == (forms.num_plurals, forms.plural_expr)
    head = (LOCALES / lang / "LC_MESSAGES" / f"{DOMAIN}.po").read_text("utf-8").partition("\n\n")[0]
    assert f'"Plural-Forms: {forms.plural_forms}\\n"' in head
    assert [names(m) for m in messages(lang) if m.pluralizable and len(said(m)) != forms.num_plurals] == []


@every_language
def test_compiled_catalogs_are_up_to_date(lang: str) -> None:
    """What the bot says is what the translators wrote: `make catalogs` was run."""
    plain = [m for m in messages(lang) if isinstance(m.id, str)]
    assert {names(m): catalogs().text(lang, names(m)) for m in plain} == {names(m): said(m)[0] for m in plain}


@every_language
def test_labels_are_short(lang: str) -> None:
    """What stands on a button fits a phone: at most MAX_LABEL characters, one line, no markup."""
    labels = {names(m): said(m)[0] for m in messages(lang) if names(m).startswith("label_")}
    assert labels
    assert [id for id, label in labels.items() if len(label) > MAX_LABEL or re.search(r"[\n*_{}\[\]]", label)] == []


def test_every_sentence_is_said_somewhere() -> None:
    """No sentence of the core is left over: each is used outside the list."""
    constants = {name for name, value in vars(texts).items() if name.isupper() and isinstance(value, str)}
    code = [path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.py") if path != Path(texts.__file__)]
    used = set(re.findall(r"\b[A-Z][A-Z_]+\b", "\n".join(code)))
    assert constants - used == set()


def test_a_message_id_is_a_name() -> None:
    """Ids are short names, not sentences, so that English is a translation like the others."""
    assert [id for id in marked() if not re.fullmatch(r"[a-z][a-z_]{1,40}", id)] == []
