"""Personal numbers in a message: found by their form and check digits, and hidden behind a pictogram in brackets.

Knows forms of numbers, not what a message means, who wrote it or where it goes. What cannot be told from an ordinary number is
left: ten bare digits are no Russian passport and no Ukrainian tax number, six digits after two letters mostly no passport.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from stdnum.ee import ik
from stdnum.iso7064 import mod_97_10
from stdnum.lv import pvn

Span: TypeAlias = tuple[int, int]
Finder: TypeAlias = Callable[[str], Iterable[Span]]

TOKENS: Final = {"personal-code": "[🆔]", "document": "[📄]", "card": "[💳]", "iban": "[🏦]", "phone": "[📞]", "email": "[📧]"}
"""What stands in a number's place. No letter and no digit in it: search and language identification see nothing there."""
CONTACTS: Final = frozenset({"phone", "email"})
_WEB_ADDRESS: Final = ""
"""The kind of what is looked at and left alone."""
_TAKEN: Final = "]"
"""Stands for what an earlier finder found; what a mask ends with, so that masked text is read as it was when it was masked."""
_GONE: Final = "\0"
_SEPARATORS: Final = str.maketrans("", "", " -\n./()")

IBAN_COUNTRIES: Final = {
    15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
"""How many characters an account number has, by country."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal numbers, and the kinds of those that stood in it, in their order."""

    text: str
    found: tuple[str, ...]


def mask(text: str, *, kept: Collection[str] = (), contacts: bool = True) -> Masked:
    """Hide personal codes, documents, cards and accounts; with `contacts` also phones and e-mail addresses but those `kept`.

    Kept numbers may be written in any way; without a country they are Estonian. Masking twice changes nothing more.
    """
    plain, places = _read(text)
    hidden: list[tuple[int, int, str]] = []
    for kind, find in _FINDERS:
        spans = list(_apart(find(plain)))
        if kind in CONTACTS:
            public = frozenset(map(_contact, kept)) if contacts and spans else frozenset()
            told = [span for span in spans if contacts and _contact(plain[slice(*span)]) not in public]
        else:
            told = spans if kind != _WEB_ADDRESS else []
        hidden.extend((places[start], places[end - 1] + 1, kind) for start, end in told)
        plain = _replaced(plain, ((start, end, _TAKEN * (end - start)) for start, end in spans))
    hidden.sort()
    masked = _replaced(text, ((start, end, TOKENS[kind]) for start, end, kind in hidden))
    return Masked(masked, tuple(kind for _, _, kind in hidden))


# --- the text as the finders see it ---


def _read(text: str) -> tuple[str, Sequence[int]]:
    """Write digits, spaces and dashes in one way each, leave out what nobody sees; tell where each character stood."""
    same = text.translate({ord(char): _plain(char) for char in set(text)})
    places: list[int] = []
    start = 0
    for void in _VOID.finditer(same):
        places.extend(range(start, void.start()))
        start = void.end()
    if not start:
        return same, range(len(text))
    places.extend(range(start, len(text)))
    return _VOID.sub("", same), places


_VOID = re.compile(rf"{_GONE}+| (?={_GONE}* )")
"""Invisible characters, and all spaces of a row but the last."""


def _plain(char: str) -> str:
    """Give the ASCII twin of a digit, letter, sign, space or line break, _GONE for what has no width, or the character."""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char.isspace():
        return "\n" if char.splitlines() == [""] else " "
    category = unicodedata.category(char)
    if category in {"Cc", "Cf", "Mn", "Me"}:
        return _GONE
    if category == "Pd" or char == "−":
        return "-"
    twin = unicodedata.normalize("NFKC", char)
    # A raised digit is a footnote or the paragraph 14¹, not a part of the number before it.
    return twin if len(twin) == 1 and twin.isascii() and not twin.isdigit() else char


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    """Leave out spans that begin inside an earlier one."""
    reached = 0
    for start, end in spans:
        if start >= reached:
            yield start, end
            reached = end


def _replaced(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Put the third of each in the place of the text from the first to the second."""
    pieces: list[str] = []
    reached = 0
    for start, end, new in spans:
        pieces += text[reached:start], new
        reached = end
    return "".join((*pieces, text[reached:]))


def _digits(written: str) -> str:
    return written.translate(_SEPARATORS)


# --- the finders ---
# What stands around a number decides only by signs that no mask of the same or a later finder changes (`]` counts as the digit
# that it hides): this is why masking twice is masking once.


def _code(between: str, but: str = "") -> re.Pattern[str]:
    """Write the form of an Estonian personal code (sex and century, date, number, check digit) with this between its digits."""
    month = rf"(?:0{between}[1-9]|1{between}[0-2])"
    day = rf"(?:0{between}[1-9]|[12]{between}\d|3{between}[01])"
    rest = between.join(("", r"\d", r"\d", month, day, r"\d", r"\d", r"\d", r"\d"))
    return re.compile(rf"[1-6](?<!\d\d){but}(?=({rest})(?!\d))")


_CODE, _SPACED_CODE = _code(""), _code(r"[ \n-]{0,3}", but=r"(?!\d{10})")
_DATE = re.compile(r"(?:\d\d[ -]\d\d[ -](?:19|20)\d\d|(?:19|20)\d\d[ -]\d\d[ -]\d\d)(?!\d)")
_LATVIAN = re.compile(
    r"[0-3](?<!\d\d)(?=((?:(?:(?<=0)[1-9]|(?<=[12])\d|(?<=3)[01])(?:0[1-9]|1[0-2])\d\d-[0-2]|(?<=3)2\d{4}-\d)\d{4})(?!\d))"
)


def _checked(form: re.Pattern[str], text: str, right: Callable[[str], bool]) -> Iterator[Span]:
    """Find what has a form and right check digits; each number is looked at once.

    A form consumes its first character, so that it is found fast, and only looks at the rest, so that the next may begin there.
    """
    known: dict[str, bool] = {}
    for match in form.finditer(text):
        start, end = match.start(), match.end(1)
        number = _digits(text[start:end])
        if number not in known:
            known[number] = right(number)
        if known[number]:
            yield start, end


def _codes(text: str) -> Iterator[Span]:
    """Find Estonian personal codes; Lithuanian ones are the same."""
    return (span for span in _checked(_CODE, text, _is_code) if not _is_other(text, *span))


def _spaced_codes(text: str) -> Iterator[Span]:
    """Find personal codes in groups of any size; after cards and accounts, whose groups could be some."""
    return (span for span in _checked(_SPACED_CODE, text, _is_code) if not _is_other(text, *span))


def _is_code(digits: str) -> bool:
    return digits[-1] == ik.calc_check_digit(digits)


def _is_other(text: str, start: int, end: int) -> bool:
    """Tell whether what could be a code is a number abroad, or (nobody born before 1900 lives) a date and a number after it."""
    if text[start] in "12":
        return _DATE.match(text, start) is not None
    return text[start - 1 : start] == "+" and _is_abroad(_digits(text[start:end]))


def _latvian_codes(text: str) -> Iterator[Span]:
    """Find Latvian personal codes: only with their hyphen, 010190-12345 or 321234-12345, and a check digit that is right."""
    return _checked(_LATVIAN, text, lambda digits: pvn.calc_check_digit_pers(digits[:-1]) == digits[-1])


# The end of an address is found at once; its beginning is looked for in the reversed text, where it is an end too.
_AT = re.compile(r"(?<=[\w.+%~&-])@(?:[\w-]++\.)+[^\W\d_]{2,24}(?![^\W\d]|@)")
_LOCAL = re.compile(r"[\w.+%~&-]+")
_WEB = re.compile(r"""(?:https?://|\bwww\.|\.[a-z]{2,10}/)[^\s,;<>"')]+""", re.IGNORECASE)


def _emails(text: str) -> Iterator[Span]:
    backwards, reached = text[::-1], 0
    for match in _AT.finditer(text):
        local = _LOCAL.match(backwards, len(text) - match.start())
        start = match.start() - (len(local[0]) if local else 0)
        yield max(start, reached), match.end()
        reached = match.end()


def _web_addresses(text: str) -> Iterator[Span]:
    return (match.span() for match in _WEB.finditer(text))


_IBAN = re.compile(
    r"(?<![^\W\d])(?=[A-Z]{2}[ -]?\d)(?=("
    + "|".join(
        rf"(?:{names.replace(' ', '|')})[ -]?\d[ -]?\d(?:[ -]?[A-Z0-9]){{{n - 4}}}(?!\d)" for n, names in IBAN_COUNTRIES.items()
    )
    + "))",
    re.IGNORECASE,
)
_CARD = re.compile(
    r"[2-6](?<!\d\d)(?<!2(?![2-7]))"
    r"(?=(\d{12,18}|\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{1,4}|\d{3}[ -]\d{6}[ -]\d{4,5}|\d{7}[ -]\d{8})(?!\d))"
)
_LONG_CARD = re.compile(r"[3-6](?<!\d\d)(?=(\d{3}[ -](?:\d{4}[ -]){3}\d{1,3})(?!\d))")
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def _ibans(text: str) -> Iterator[Span]:
    return _checked(_IBAN, text, lambda number: mod_97_10.checksum(number[4:] + number[:4]) == 1)


def _long_cards(text: str) -> Iterator[Span]:
    return _checked(_LONG_CARD, text, _is_luhn)


def _cards(text: str) -> Iterator[Span]:
    """Find card numbers as one number or in the groups that stand on cards."""
    return _checked(_CARD, text, _is_luhn)


def _is_luhn(digits: str) -> bool:
    """Check as `stdnum.luhn` does, in a third of its time: every number of four digits may begin a card."""
    raw = digits.encode()
    return (sum(raw[::-2]) + sum(raw[-2::-2].translate(_DOUBLED)) - ord("0") * len(raw)) % 10 == 0


_DOCUMENT = re.compile(
    r"(?=[^\W_])(?<![\w-])(?:"
    # Letters and seven digits, as on Estonian cards and passports; not "nr" and the like, small letters only as ours have them.
    r"(?!(?i:nr|no|id|ik|tk|kv)\d)(?:[A-ZÕÄÖÜА-Я]{1,2}|[abku][a-z]?)\d{7}"
    r"|(?:A[A-ES]|BP|K[B-H]|UP)[ -]\d{7}"
    # Ukrainian passports: abroad since 2007, and the one at home, whose letters are Cyrillic.
    r"|(?!EE|EU)[EFG][A-Z]\d{6}|[А-ЯІЇЄҐ]{2}(?: ?№)? ?\d{6}"
    # A Russian passport is ten digits like any others; only the sign between series and number tells it.
    r"|\d\d ?\d\d,? ?(?:№|номер|N) ?\d{6}"
    r")(?!\w)"
)


def _documents(text: str) -> Iterator[Span]:
    return (match.span() for match in _DOCUMENT.finditer(text))


def _grouped(*shapes: str) -> str:
    """Write digits in groups of these sizes, `34` for 612 3456."""
    return "|".join("[ -]".join(rf"\d{{{size}}}" for size in shape) for shape in shapes)


_ESTONIAN = (
    rf"(?:(?:(?=5|8[1-49])(?:{_grouped('8', '44', '35', '53', '233', '332', '422', '2222')})"
    rf"|(?=3[23589]|4[3-8]|5[0-256]|6\d|7[1-9]|88)(?:{_grouped('7', '34', '43', '322', '223', '232')}))(?!\d))"
)
"""Mobile numbers of seven and eight digits and fixed ones of seven, by their first digits; nobody owns short and free numbers."""
_ABROAD = re.compile(
    r"(?:(?:\((?=\+\d{1,3}\)))?\+[ (]{0,2}|(?<![\w.,:\]-])00)"
    rf"(?:372[ )-]{{0,2}}{_ESTONIAN}|[1-9](?:[ ./()-]{{0,3}}\d){{7,14}}(?!\d))",
    re.IGNORECASE,
)
_LONE = "".join(rf"(?<!(?<!\d)(?<!\d[ -])\d{{{size}}}[.,])" for size in (1, 2, 3))
"""Not the decimals of a number such as 59.4369608; the groups before are none of another phone number."""
_NEAR = re.compile(
    rf"(?=[(03-8])(?<![\w#=$€£])(?<!eur )(?<![$€£] )(?<![\w\]]-){_LONE}(?:(?:(?:\(372\)|372)[ -]?)?{_ESTONIAN}"
    # As Russians, Ukrainians and Finns write their mobile numbers at home: 8 (9xx) and 0xx.
    r"|8[ -]?\(?9\d\d\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d"
    r"|(?:\((?=0\d\d\)))?0(?:39|4\d|50|6[36-8]|7[1-3]|9\d)\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d)"
    r"(?!\w|-\d|[.,]\d{1,2}(?![ -]?\(?\d))"
    r"(?! ?(?:[€$£₽%]|eur|евро|євро|usd|dollar|долл|руб|грн|kroon|крон|sek\b|m²|m2|м²|кв|км|km\b))",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\d+0000|\d+00(?:[ -]\d+00)+|\d\d[ -]\d{3}[ -]000|\d+0[ -](?:19|20)\d\d")
"""Round sums, ranges of them, and a sum before a year."""


def _phones_abroad(text: str) -> Iterator[Span]:
    """Find numbers with their country, 8 to 15 digits."""
    return (match.span() for match in _ABROAD.finditer(text) if _is_abroad(_international(match[0])[1:]))


def _is_abroad(digits: str) -> bool:
    """Tell whether digits begin with a country's code and are no round sum, nor a short or free Estonian number."""
    country = next((int(digits[:size]) for size in (1, 2, 3) if int(digits[:size]) in COUNTRY_CODE_TO_REGION_CODE), None)
    return country is not None and not digits.endswith("00000") and not digits.startswith(("3721", "37280", "37290"))


def _phones_near(text: str) -> Iterator[Span]:
    """Find numbers without a country: Estonian ones, and mobile numbers of the neighbours."""
    return (match.span() for match in _NEAR.finditer(text) if not (_AMOUNT.fullmatch(match[0]) or _is_list(match[0])))


def _is_list(written: str) -> bool:
    """Tell whether what could be a number is bus lines or ages: pairs of digits that only grow."""
    pairs = re.split("[ -]", written)
    return len(pairs) == 4 and pairs == sorted(pairs) and all(len(pair) == 2 for pair in pairs)


def _contact(written: str) -> str:
    """Give a phone number in E.164 or an e-mail address in small letters, to compare."""
    return written.strip().casefold() if "@" in written else _international(written)


def _international(written: str) -> str:
    digits = _digits(written.strip())
    if digits.startswith(("+", "00")):
        return "+" + digits.lstrip("+").removeprefix("00")
    return "+" + digits if digits.startswith("372") and len(digits) >= 10 else "+372" + digits


_FINDERS: Final[tuple[tuple[str, Finder], ...]] = (
    ("personal-code", _codes),
    ("personal-code", _latvian_codes),
    ("email", _emails),
    (_WEB_ADDRESS, _web_addresses),
    ("iban", _ibans),
    ("card", _long_cards),
    ("card", _cards),
    ("personal-code", _spaced_codes),
    ("phone", _phones_abroad),
    ("document", _documents),
    ("phone", _phones_near),
)
"""In this order: what an earlier one finds, a later one does not see. An e-mail address keeps the digits it is made of."""
