"""How peers that know only words cut a text into them, so that none is worse off for its letters."""

import re
import unicodedata

_WORD = re.compile(r"\w+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def words(text: str) -> list[str]:
    """Cut a text into lower-case words, е for ё."""
    return _WORD.findall(unicodedata.normalize("NFC", text).lower().replace("ё", "е"))


def plain(word: str) -> str:
    """Drop the diacritics of Latin letters."""
    if word.isascii() or _CYRILLIC.search(word):
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
