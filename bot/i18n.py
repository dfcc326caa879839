"""Sentences, plurals, dates, money and phones as each language writes them.

Knows catalogs and CLDR (Babel, phonenumbers); not who says what or why. Message ids are names (`greeting`), so that English
is a translation like the others.
"""

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from gettext import GNUTranslations
from pathlib import Path
from urllib.parse import urlsplit

import phonenumbers
from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names, get_month_names
from babel.messages.mofile import read_mo
from babel.numbers import format_currency, format_decimal
from babel.support import Translations

from bot.core.calendar import TALLINN, estonian_day
from bot.errors import Problem, SettingsError

DOMAIN = "teejuht"
SHORT_NUMBER = 6
_PLACE = re.compile(r"\{(\w+)\}")


def today_in_estonia(now: datetime | None = None) -> date:
    """Give the day in Tallinn, now or at a moment."""
    return estonian_day(now or datetime.now(UTC))


class Catalogs:
    """The bot's own sentences in every language that has a compiled catalog."""

    def __init__(self, catalogs: Mapping[str, GNUTranslations]) -> None:
        self._catalogs = dict(catalogs)

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that have a catalog, in alphabetical order."""
        return tuple(sorted(self._catalogs))

    def text(self, lang: str, id: str, args: Mapping[str, str] | None = None, *, count: int | None = None) -> str:
        """Say a sentence; `{name}` places are filled from `args` and left as they stand where nothing fits."""
        catalog = self._catalogs[lang]
        said = catalog.gettext(id) if count is None else catalog.ngettext(id, f"{id}_plural", count)
        filled = dict(args or {}) | ({} if count is None else {"count": str(count)})
        return _PLACE.sub(lambda match: filled.get(match[1], match[0]), said)


def moment(at: datetime, lang: str) -> str:
    """Write a moment by the clock in Estonia: day and time."""
    local = at.astimezone(TALLINN)
    return f"{day(local.date(), lang)} {format_time(local, 'HH:mm', locale=lang)}"


def language_name(code: str, lang: str) -> str:
    """Name a language."""
    return str(Locale.parse(lang).languages.get(code, code))


def load_catalogs(folder: Path) -> Catalogs:
    """Read the compiled catalogs below `folder`. Errors: SettingsError if there are none, or one cannot be read."""
    found = {path.parts[-3]: _load(path) for path in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))}
    if not found:
        raise SettingsError(f"no compiled catalogs in {folder}: run `make catalogs` or set TEEJUHT_LOCALES")
    return Catalogs(found)


def catalog_problems(folder: Path, languages: Sequence[str]) -> Iterator[Problem]:
    """Compare the compiled catalogs: a language without one, a sentence that one language lacks."""
    said: dict[str, set[str]] = {}
    for lang in languages:
        path = folder / lang / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if path.exists():
            with path.open("rb") as file:
                said[lang] = {str(message.id) for message in read_mo(file) if message.id and message.string}
        else:
            yield Problem(str(path), 1, "there is no compiled catalog; run `make catalogs`")
    for lang, ids in said.items():
        for missing in sorted(set().union(*said.values()) - ids):
            yield Problem(str(folder / lang / "LC_MESSAGES" / f"{DOMAIN}.po"), 1, f"the sentence {missing!r} is missing")


def _load(path: Path) -> GNUTranslations:
    try:
        with path.open("rb") as file:
            return Translations(file, DOMAIN)
    except (OSError, ValueError, struct.error) as error:
        raise SettingsError(f"{path} is no compiled catalog ({error}): run `make catalogs`") from error


@lru_cache(maxsize=1024)
def day(value: date, lang: str) -> str:
    """Write a date in full: 5. märts 2026, 5 марта 2026 г., 5 March 2026."""
    return format_date(value, "long", locale="en_GB" if lang == "en" else lang)


def month(value: date, lang: str) -> str:
    """Write a month with its year: märts 2026, март 2026 г., March 2026."""
    return format_skeleton("yMMMM", value, locale="en_GB" if lang == "en" else lang)


def month_name(number: int, lang: str) -> str:
    """Name a month by itself: märts, март, March."""
    return str(get_month_names("wide", "stand-alone", locale=lang)[number])


def money(value: Decimal, lang: str) -> str:
    """Write euros: 45 € and 45,50 € in Estonian and Russian, €45 and €45.50 in English."""
    whole = value == value.to_integral_value()
    return format_currency(value, "EUR", locale="en_GB" if lang == "en" else lang, currency_digits=not whole,
                           format=None if not whole else ("¤#,##0" if lang == "en" else "#,##0 ¤"))  # fmt: skip


def number(value: Decimal, lang: str) -> str:
    """Write a number that is no sum: 2,5 in Estonian and Russian, 2.5 in English, without groups of thousands."""
    return format_decimal(value, locale="en_GB" if lang == "en" else lang, decimal_quantization=False, group_separator=False)


def phone(value: str) -> str:
    """Write a phone number, never broken over a line: 116 006 in threes, others in international form."""
    if value.startswith("+"):
        number = phonenumbers.parse(value)
        value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    elif len(value) == SHORT_NUMBER:
        value = f"{value[:3]} {value[3:]}"
    return value.replace(" ", "\N{NO-BREAK SPACE}")


def weekdays(lang: str) -> Sequence[str]:
    """Give the short names of the days, Monday first."""
    names = get_day_names("abbreviated", locale=lang)
    return [names[number] for number in range(7)]


def host(url: str) -> str:
    """Give the part of a link that a person recognises: politsei.ee."""
    return urlsplit(url).netloc.removeprefix("www.")
