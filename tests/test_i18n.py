"""Sentences, plurals, dates, money, numbers and phones as each language writes them."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from bot.core import texts
from bot.errors import SettingsError
from bot.i18n import DOMAIN, Catalogs, day, host, load_catalogs, money, number, phone, weekdays
from tests.worlds import LOCALES, catalogs

LANGUAGES = ("et", "ru", "en")
IDS = sorted(value for name, value in vars(texts).items() if name.isupper() and isinstance(value, str))


def compiled(lang: str, sentences: dict[str | tuple[str, str], str | tuple[str, ...]]) -> bytes:
    """Compile sentences as `make catalogs` does."""
    catalog = Catalog(locale=lang)
    for id, said in sentences.items():
        catalog.add(id, said)
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def test_the_shipped_catalogs_are_found() -> None:
    """All three languages have a catalog."""
    assert catalogs().languages == ("en", "et", "ru")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_sentence_is_said_in_every_language(lang: str) -> None:
    """No sentence of the core is missing or empty in a language's file."""
    with (LOCALES / lang / "LC_MESSAGES" / "teejuht.po").open("rb") as file:
        said = {message.id for message in read_po(file, locale=lang) if message.string}
    assert [id for id in IDS if id not in said] == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"town": "Narva"}, "In Narva: {other} {{x}"),
        ({"town": "{other}", "other": "O"}, "In {other}: O {{x}"),
        ({"town": r"\1 %s"}, r"In \1 %s: {other} {{x}"),
        ({}, "In {town}: {other} {{x}"),
    ],
)
def test_places_are_filled_once_and_literally(args: dict[str, str], said: str) -> None:
    """What fits is filled in as it is; what does not fit stays as it stands; nothing filled in is read again."""
    said_by = Catalogs({"en": Translations(BytesIO(compiled("en", {"x": "In {town}: {other} {{x}"})), DOMAIN)})
    assert said_by.text("en", "x", args) == said


@pytest.mark.parametrize(
    ("lang", "counted"),
    [
        ("et", {1: "1 päev", 2: "2 päeva", 5: "5 päeva", 21: "21 päeva"}),
        ("ru", {1: "1 день", 2: "2 дня", 5: "5 дней", 11: "11 дней", 21: "21 день"}),
        ("en", {1: "1 day", 2: "2 days", 0: "0 days"}),
    ],
)
def test_plurals_follow_the_language(lang: str, counted: dict[int, str]) -> None:
    """One, few and many are chosen as the language does."""
    forms = {"et": ("{count} päev", "{count} päeva"), "ru": ("{count} день", "{count} дня", "{count} дней"),
             "en": ("{count} day", "{count} days")}  # fmt: skip
    made = compiled(lang, {("days", "days_plural"): forms[lang]})
    said_by = Catalogs({lang: Translations(BytesIO(made), DOMAIN)})
    assert {count: said_by.text(lang, "days", count=count) for count in counted} == counted


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    """Without any compiled catalog the operator reads how to make them."""
    with pytest.raises(SettingsError, match="run `make catalogs`"):
        load_catalogs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no catalog at all, but long enough", b"\xde\x12\x04\x95" + b"\xff" * 40])
def test_a_broken_catalog_is_named(tmp_path: Path, content: bytes) -> None:
    """A file that is no catalog is named, with what to do."""
    file = tmp_path / "et" / "LC_MESSAGES" / "teejuht.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"et/LC_MESSAGES/teejuht\.mo is no compiled catalog"):
        load_catalogs(tmp_path)


def test_catalogs_are_read_from_any_folder(tmp_path: Path) -> None:
    """A setting may point elsewhere, with other languages; other files are left alone."""
    file = tmp_path / "fi" / "LC_MESSAGES" / "teejuht.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled("fi", {"hello": "Hei"}))
    (tmp_path / "README.md").write_text("x")
    found = load_catalogs(tmp_path)
    assert (found.languages, found.text("fi", "hello")) == (("fi",), "Hei")
    assert load_catalogs(LOCALES).languages == ("en", "et", "ru")


@pytest.mark.parametrize(("lang", "written"), [("et", "5. märts 2026"), ("ru", "5 марта 2026 г."), ("en", "5 March 2026")])
def test_a_date_is_written_in_full(lang: str, written: str) -> None:
    """Day, month in words, year; the order is the language's."""
    assert day(date(2026, 3, 5), lang).split() == written.split()


@pytest.mark.parametrize(
    ("value", "et", "ru", "en"),
    [
        ("45", "45 €", "45 €", "€45"),
        ("45.00", "45 €", "45 €", "€45"),
        ("45.5", "45,50 €", "45,50 €", "€45.50"),
        ("0.99", "0,99 €", "0,99 €", "€0.99"),
        ("1234.5", "1 234,50 €", "1 234,50 €", "€1,234.50"),
        ("12000", "12 000 €", "12 000 €", "€12,000"),
        ("0", "0 €", "0 €", "€0"),
    ],
)
def test_money_is_written_as_the_language_does(value: str, et: str, ru: str, en: str) -> None:
    """Whole euros without cents, others with two digits; whichever space stands between."""
    written = [money(Decimal(value), lang).replace("\N{NO-BREAK SPACE}", " ") for lang in LANGUAGES]
    assert written == [et, ru, en]


@pytest.mark.parametrize(("value", "et", "en"), [("2.5", "2,5", "2.5"), ("3", "3", "3"), ("12345.678", "12345,678", "12345.678")])
def test_a_number_keeps_its_digits(value: str, et: str, en: str) -> None:
    """No digit is rounded away and thousands are not grouped."""
    assert [number(Decimal(value), lang) for lang in LANGUAGES] == [et, et, en]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("112", "112"),
        ("1247", "1247"),
        ("116006", "116 006"),
        ("+3726101000", "+372 610 1000"),
        ("+37258510000", "+372 5851 0000"),
    ],
)
def test_a_phone_number_is_grouped_and_never_broken(value: str, written: str) -> None:
    """Short numbers stay as they are, others are grouped, with spaces at which no line breaks."""
    assert phone(value) == written.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(("lang", "first", "last"), [("et", "E", "P"), ("ru", "пн", "вс"), ("en", "Mon", "Sun")])
def test_the_week_begins_on_monday(lang: str, first: str, last: str) -> None:
    """Seven short names, Monday first, Sunday last."""
    names = weekdays(lang)
    assert (len(names), names[0], names[-1]) == (7, first, last)


@pytest.mark.parametrize(
    ("url", "shown"),
    [("https://www.politsei.ee/et/x?y=1", "politsei.ee"), ("https://tartu.ee", "tartu.ee"), ("https://a.www.ee/", "a.www.ee")],
)
def test_a_link_is_known_by_its_host(url: str, shown: str) -> None:
    """The host without www is what a person recognises."""
    assert host(url) == shown
