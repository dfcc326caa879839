"""From a message to comparable words: tokens, folded forms, and one Latin key for both scripts.

Knows letters, not languages' words: those come from the lexicon. The key lets Cyrillic and Russian typed in Latin
letters meet: both sides are written the same way, nothing is transliterated back.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

NGRAMS = (3, 5)

_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "`": "'", "´": "'", "‘": "'", "ё": "е", "Ё": "Е"})
_LEVEL = re.compile(r"\b[авс][12]\b")
"""Levels of language (A1 to C2) and the like, typed on a Cyrillic keyboard."""
_LATIN_TWINS = str.maketrans("авс", "abc")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_QUESTION = re.compile(r"(?<=\?)\s*|\n+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LATIN = re.compile(r"[a-zà-ɏ]")

_TO_LATIN = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэіїєґ", "abvgdeziyklmnoprstufyeiieg", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
)
_DIGRAPHS = re.compile(r"shch|sch|sh|ch|4|zh|kh|x|ts|tz|ck|q|w|y|j|c")
_KEYS = {"shch": "S", "sch": "S", "sh": "S", "ch": "C", "4": "C", "zh": "z", "kh": "h", "x": "h", "ts": "c", "tz": "c"}
_KEYS |= {"ck": "k", "q": "k", "w": "v", "y": "i", "j": "i", "c": "c"}
_DOUBLE = re.compile(r"(.)\1+")
_GLIDE = re.compile(r"i+([aeou])")


def normalise(text: str) -> str:
    """Lower-case, NFC, one kind of apostrophe, е for ё, and the Latin letter in B2 whichever was typed."""
    plain = unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()
    return _LEVEL.sub(lambda match: match[0].translate(_LATIN_TWINS), plain)


def tokens(text: str) -> list[str]:
    """Split into words and numbers; hyphens and slashes separate (id-kaart is two tokens)."""
    return _TOKEN.findall(normalise(text))


def sentences(text: str) -> list[str]:
    """Split at sentence ends and line breaks; never returns an empty piece."""
    return [piece for piece in _SENTENCE.split(text) if piece.strip()]


def questions(text: str) -> list[str]:
    """Split at question marks and line breaks; never returns an empty piece."""
    return [piece for piece in _QUESTION.split(text) if piece.strip()]


def is_cyrillic(token: str) -> bool:
    """Tell whether the token has a Cyrillic letter."""
    return bool(_CYRILLIC.search(token))


def is_latin(token: str) -> bool:
    """Tell whether the token has a Latin letter."""
    return bool(_LATIN.search(token))


@lru_cache(maxsize=4096)
def fold(token: str) -> str:
    """Drop diacritics of Latin letters (õ -> o, š -> s); Cyrillic letters stay as they are."""
    if token.isascii() or is_cyrillic(token):
        return token
    return "".join(c for c in unicodedata.normalize("NFD", token) if not unicodedata.combining(c))


@lru_cache(maxsize=4096)
def key(token: str) -> str:
    """Write a token of either script in one rough Latin spelling, as people type Russian in Latin letters."""
    if token.isdigit():
        return token
    latin = fold(token.translate(_TO_LATIN)).replace("'", "")
    rough = _DIGRAPHS.sub(lambda match: _KEYS[match[0]], latin)
    return _GLIDE.sub(lambda match: {"o": "e"}.get(match[1], match[1]), _DOUBLE.sub(r"\1", rough))


def ngrams(words: Iterable[str]) -> Iterator[str]:
    """Give the n-grams (of 3 and 5 letters) of words, with their boundaries."""
    for word in words:
        padded = f" {word} "
        for size in NGRAMS:
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]
