"""Noisy spellings of questions, as people type them: without diacritics, Russian in Latin letters, with one slip.

Pure: the same text and the same state of `pick` give the same result. A text that a kind of noise cannot change comes back as it
is.
"""

import re
from collections.abc import Callable
from random import Random

_WITHOUT = str.maketrans("õäöüšžÕÄÖÜŠŽ", "oaouszOAOUSZ")
_LONG = re.compile(r"[^\W\d_]{5,}")
_CYRILLIC = re.compile(r"[а-яёіїєґ]", re.IGNORECASE)

_LETTERS = "абвгдезиклмнопрстуф"
_COMMON = dict(zip(_LETTERS, "abvgdeziklmnoprstuf", strict=True)) | {"ъ": ""}
_ENDS = {"ё": "e", "ж": "zh", "й": "y", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sch", "ы": "y", "ь": "", "э": "e"}
SCHEMES: tuple[dict[str, str], ...] = (
    _COMMON | _ENDS | {"ю": "yu", "я": "ya"},
    _COMMON | _ENDS | {"й": "i", "х": "kh", "ц": "ts", "щ": "shch", "ы": "i", "ю": "iu", "я": "ia"},
    _COMMON | _ENDS | {"ё": "jo", "й": "j", "ц": "ts", "щ": "shh", "ь": "'", "ю": "ju", "я": "ja"},
    _COMMON | _ENDS | {"ж": "j", "х": "x", "ч": "4", "ш": "6", "щ": "6", "ю": "u", "я": "ya"},
    _COMMON | _ENDS | {"ё": "jo", "ж": "ž", "й": "j", "ц": "ts", "ч": "tš", "ш": "š", "щ": "štš", "ы": "õ", "ю": "ju", "я": "ja"},
)
"""The usual way, a passport's way, the way of those who write j, the way of text messages, the way of those who know Estonian."""

KEYBOARDS = {
    "et": ("qwertyuiopüõ", "asdfghjklöä", "zxcvbnm"),
    "en": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "ru": ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"),
    "uk": ("йцукенгшщзхї", "фівапролджє", "ячсмитьбю"),
}


def no_diacritics(text: str) -> str:
    """Write Estonian without the dots, the wave and the hooks."""
    return text.translate(_WITHOUT)


def latin(text: str, pick: Random) -> str:
    """Write Russian in Latin letters, the whole text by one scheme."""
    scheme = pick.choice(SCHEMES)
    return "".join(_letter(letter, scheme) for letter in text)


def slip(text: str, pick: Random, *, lang: str = "") -> str:
    """Make one typing slip in a word of five letters or more, on the keyboard of `lang` (else on that of the script)."""
    places = [match.span() for match in _LONG.finditer(text)]
    if not places:
        return text
    start, end = pick.choice(places)
    keyboard = KEYBOARDS.get(lang) or KEYBOARDS["ru" if _CYRILLIC.search(text) else "en"]
    word = text[start:end]
    made = [one for kind in _KINDS if (one := kind(word, pick, keyboard)) != word]
    return text[:start] + pick.choice(made) + text[end:]


def neighbours(letter: str, keyboard: tuple[str, ...]) -> str:
    """Give the keys next to a letter's: beside it, and the two it touches in the rows above and below."""
    for row, keys in enumerate(keyboard):
        if (place := keys.find(letter)) >= 0:
            beside = keys[max(place - 1, 0) : place] + keys[place + 1 : place + 2]
            above = keyboard[row - 1][place : place + 2] if row else ""
            below = keyboard[row + 1][max(place - 1, 0) : place + 1] if row + 1 < len(keyboard) else ""
            return beside + above + below
    return ""


def _letter(letter: str, scheme: dict[str, str]) -> str:
    small = scheme.get(letter.lower())
    if small is None:
        return letter
    return small.capitalize() if letter.isupper() else small


def _swapped(word: str, pick: Random, keyboard: tuple[str, ...]) -> str:  # noqa: ARG001 - slips are called alike
    at = pick.choice([at for at in range(len(word) - 1) if word[at] != word[at + 1]] or [0])
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _missing(word: str, pick: Random, keyboard: tuple[str, ...]) -> str:  # noqa: ARG001
    at = pick.randrange(len(word))
    return word[:at] + word[at + 1 :]


def _doubled(word: str, pick: Random, keyboard: tuple[str, ...]) -> str:  # noqa: ARG001
    at = pick.randrange(len(word))
    return word[: at + 1] + word[at:]


def _beside(word: str, pick: Random, keyboard: tuple[str, ...]) -> str:
    at = pick.randrange(len(word))
    near = neighbours(word[at].lower(), keyboard)
    if not near:
        return word
    key = pick.choice(near)
    return word[:at] + (key.upper() if word[at].isupper() else key) + word[at + 1 :]


_KINDS: tuple[Callable[[str, Random, tuple[str, ...]], str], ...] = (_swapped, _missing, _doubled, _beside)
