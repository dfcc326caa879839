"""Masking on messages of three languages: what must be hidden, what must stay, and what holds for any text."""

import random
import re
import time
import unicodedata
from functools import cache
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from ruamel.yaml import YAML
from stdnum import luhn, numdb
from stdnum.ee import ik

from bot.core.masking import IBAN_COUNTRIES, TOKENS, Masked, mask
from bot.search.text import tokens
from tests.worlds import real_world

LISTS = Path(__file__).parent / "masked.yaml"
ANY_TOKEN = re.compile("|".join(map(re.escape, TOKENS.values())))
SEPARATORS = (
    "",
    "",
    " ",
    "  ",
    "-",
    " - ",
    "\u00a0",
    "\u202f",
    "\u200b",
    "\u2060",
    "\u00ad",
    "\ufeff",
    "\n",
    "\t",
    "–",
    "−",
    "\0",
)
DIGITS = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९")
SIZE = 100_000
SECONDS = 0.25
"""Of processor time for a hostile text of SIZE: a few times what it takes, a hundredth of what it would in squared time."""


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Read a list of messages."""
    return tuple(YAML(typ="safe").load(LISTS.read_text("utf-8"))[name])


@pytest.mark.parametrize("row", rows("masked"), ids=lambda row: row["text"])
def test_a_personal_number_is_hidden(row: dict[str, str]) -> None:
    """Nothing but the number goes, its kind is told, and a second time changes nothing."""
    kinds = tuple(next(kind for kind, token in TOKENS.items() if token == found) for found in ANY_TOKEN.findall(row["masked"]))
    assert mask(row["text"]) == Masked(row["masked"], kinds)
    assert mask(row["masked"]) == Masked(row["masked"], ())


@pytest.mark.parametrize("row", rows("ordinary"), ids=lambda row: row["text"])
def test_an_ordinary_number_stays(row: dict[str, str]) -> None:
    """Dates, sums, years, case codes, short numbers, addresses and the like are not touched."""
    assert mask(row["text"]) == Masked(row["text"], ())


def test_the_lists_are_large_enough() -> None:
    """At least a hundred messages each, thirty in every language."""
    for name in ("masked", "ordinary"):
        langs = [row["lang"] for row in rows(name)]
        assert len(langs) >= 100
        assert {lang for lang in langs if langs.count(lang) >= 30} == {"et", "ru", "en"}


def test_without_contacts_phones_and_addresses_stay() -> None:
    """In a contact field only what is always hidden is hidden, also where a phone number abroad passes for a personal code."""
    swedish = next(n for n in (f"467012345{i:02}" for i in range(100)) if ik.is_valid(n))
    text = f"+372 5123 4567, 51234567, +{swedish}, ab1234567@example.ee, AB1234567"
    assert mask(text, contacts=False) == Masked(text.replace("AB1234567", "[📄]"), ("document",))
    assert mask(swedish).found == ("personal-code",)


def test_public_contacts_stay() -> None:
    """A number or address that is kept stays however either is written, and its neighbours go."""
    kept = ("+372 321 2345", "info@Example.ee", "00358 41 2345678", "1247")
    text = "3212345, +372 3212345 24/7, (+372) 321-2345, 372 321 2345, +358 412 345 678, INFO@example.ee, 1247"
    assert mask(text, kept=kept) == Masked(text, ())
    assert mask("321 2345 või 321 2346, info@example.com", kept=kept).text == "321 2345 või [📞], [📧]"


def test_kinds_are_told_in_order() -> None:
    """The kinds stand in the order of the text, not of the rules."""
    text = "5123456, AB1234567, a@example.ee, EE382200221020145685, 4111111111111111, 59906150011"
    assert mask(text).found == ("phone", "document", "email", "iban", "card", "personal-code")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("+99912345678", "+99912345678"),
        ("+372 800 1234 5", "+372 800 1234 5"),
        ("+10 000 000", "+10 000 000"),
        ("599061500115", "599061500115"),
        ("38\u0336001085718", "[🆔]"),
        ("4111 1111 1111 1111 2027", "[💳] 2027"),
        ("4111 1111 1111 1112 123", "4111 1111 1111 1112 123"),
        ("22-11-2026 " + str(next(n for n in range(100, 1000) if ik.is_valid(f"22112026{n}"))), None),
        ("38001085718¹", "[🆔]¹"),
        ("", ""),
    ],
)
def test_edges(text: str, left: str | None) -> None:
    """No country, free numbers, sums, longer numbers, invisible marks, footnotes, a date and a number (None: no change)."""
    assert mask(text).text == (text if left is None else left)


# --- what holds for any text ---

CLUTTER = st.text("0123456789 -.,/@+()[]:;=#AKaekn№§€\n\u00a0\u200b\u0336٣３¹", max_size=60)
PIECES = st.lists(
    st.one_of(
        st.sampled_from([row["text"] for name in ("masked", "ordinary") for row in rows(name)]),
        st.sampled_from([word for row in rows("masked") for word in row["text"].split() if any(map(str.isdecimal, word))]),
        st.text("0123456789 -.,/@+()", max_size=12),
    ),
    max_size=8,
)
TEXTS = st.one_of(
    CLUTTER, st.text(max_size=40), PIECES.map("".join), PIECES.map(" ".join), PIECES.map("-".join), PIECES.map(",".join)
)


@given(TEXTS, st.booleans())
@example("test@пример.рф-ivan.test@example.com", True)
@example("a@example.org2551231-0124", True)
@example("+37251234567\u200bEE382200221020145685", True)
@example("LT121000011101001000UA213223130000026007233566001", False)
@example("89123456789,8 (912) 345-67-89", True)
@example("512 34 56.5123457", True)
def test_twice_is_once(text: str, contacts: bool) -> None:
    """What is left of a text holds nothing that would be hidden."""
    once = mask(text, contacts=contacts).text
    assert mask(once, contacts=contacts) == Masked(once, ())


@given(TEXTS.filter(lambda text: not ANY_TOKEN.search(text)))
def test_nothing_else_changes(text: str) -> None:
    """The pieces between masks stand in the text, in order and to its ends; what went away had a digit or an @."""
    masked = mask(text)
    first, *others = ANY_TOKEN.split(masked.text)
    assert len(others) == len(masked.found)
    assert text.startswith(first)
    rest = text[len(first) :]
    for piece in others[:-1]:
        gone = 1 + rest[1:].index(piece) if piece else 1
        rest = rest[gone + len(piece) :]
    assert not others or (rest.endswith(others[-1]) and len(rest) > len(others[-1]))


@st.composite
def codes(draw: st.DrawFn) -> str:
    """Make a valid personal code of somebody who is not born yet."""
    birth = draw(st.dates(min_value=ik.get_birth_date("56001010000"), max_value=ik.get_birth_date("59912310000")))
    start = f"{draw(st.sampled_from('56'))}{birth:%y%m%d}{draw(st.integers(0, 999)):03}"
    return start + ik.calc_check_digit(start + "0")


AROUND = st.text(st.characters(codec="utf-8", exclude_categories=("Nd", "Cs", "Mn"), exclude_characters="+@/."), max_size=10)


@given(codes(), st.lists(st.sampled_from(SEPARATORS), min_size=10, max_size=10), st.sampled_from(DIGITS), AROUND, AROUND)
def test_no_valid_code_is_left(code: str, between: list[str], digits: str, before: str, after: str) -> None:
    """Whatever digits it is written with, and whatever stands between them."""
    written = "".join(digits[int(digit)] + gap for digit, gap in zip(code, [*between, ""], strict=True))
    masked = mask(before + written + after)
    assert not any(unicodedata.decimal(char, None) is not None for char in masked.text)
    assert (masked.found, masked.text.count("[🆔]")) == (("personal-code",), 1 + (before + after).count("[🆔]"))


@given(st.text("0123456789", min_size=13, max_size=19).filter(lambda digits: digits[0] in "3456"))
def test_cards_are_checked_by_luhn(digits: str) -> None:
    """A number is taken for a card's if the Luhn algorithm of another implementation says so."""
    assert (mask(digits).found == ("card",)) == luhn.is_valid(digits)


# --- what others know ---


@pytest.mark.parametrize("size", [7, 8])
def test_estonian_numbers_are_those_of_the_numbering_plan(size: int) -> None:
    """Numbers with first digits that phonenumbers knows for mobile or fixed ones are hidden, others are not."""
    chance = random.Random(size)
    own = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE}
    for lead in range(10, 100):
        numbers = [f"{lead}{chance.randrange(10 ** (size - 2)):0{size - 2}}" for _ in range(300)]
        used = any(phonenumbers.number_type(phonenumbers.parse(number, "EE")) in own for number in numbers)
        assert used == (mask(f"number {numbers[0][:-1]}1").found == ("phone",)), lead


def test_accounts_are_as_long_as_the_registry_says() -> None:
    """The length of every country's account numbers is that of the IBAN registry."""
    registry = numdb.get("iban")
    for length, names in IBAN_COUNTRIES.items():
        for country in names.split():
            ((_, row),) = registry.info(country)
            assert 4 + sum(map(int, re.findall(r"\d+", row["bban"]))) == length, country


def test_a_mask_does_not_disturb_the_answer() -> None:
    """A question with masks is read as without them: its words, language, topics, dangers and small acts."""
    world = real_world()
    for row in rows("masked"):
        text, bare = row["masked"], ANY_TOKEN.sub(" ", row["masked"])
        assert tokens(text) == tokens(bare)
        assert world.language_model.identify(text) == world.language_model.identify(bare)
        assert world.finder.find(text) == world.finder.find(bare)
        assert world.finder.several(text) == world.finder.several(bare)
        assert world.dangers.find(text) == world.dangers.find(bare)
        assert world.acts.find(text) == world.acts.find(bare)


HOSTILE = (
    "1 ", "1-", "@", "a@", "a@a.", "1@", " ", "- ", "11 ", "55 ", "4444 ", "59901011234 ", "599-0101-1234 ", "+", "+3725", "00",
    "51234567 ", "5123 4567\u00a0", "+372 51234567 ", "EE11 ", "AB1234567 ", "1,", "http://", "a.", "\0",
    "1 \0", "w@w.ee ", "0 1 1 ", "1.1",
)  # fmt: skip


@pytest.mark.parametrize("piece", [*HOSTILE, "any"])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    """A hundred thousand characters made to be looked at again and again take a moment."""
    chance = random.Random(1)
    text = "".join(chance.choices("0123456789 -@", k=SIZE)) if piece == "any" else (piece * SIZE)[:SIZE]
    taken = []
    for _ in range(3):
        start = time.process_time()
        mask(text)
        taken.append(time.process_time() - start)
    assert min(taken) < SECONDS
