"""Municipality names in free text, in any language, case form and spelling."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from bot.search.text import fold, key, tokens

LONG_NAME = 7
VOWELS = "aeiou"
ESTONIAN = ("", "s", "se", "st", "l", "le", "lt", "ga", "ks", "ni", "na", "ta", "t", "d")
"""Case endings as keys (doubled letters are one); a name that ends in a consonant takes a vowel before them."""
RUSSIAN = ("a", "e", "i", "u", "o", "oi", "ei", "om", "em", "am", "ah", "ami")
"""Case endings as keys; they take the place of a name's last vowel."""


@dataclass(frozen=True, slots=True)
class Places:
    """Names by the number of their words, each word as a Latin key."""

    names: Mapping[int, tuple[tuple[tuple[str, ...], str], ...]]
    ignored: frozenset[str]

    def find(self, text: str) -> str | None:
        """Give the municipality if the whole text is its name ("Narvas", "в Кохтла-Ярве"); None if none or several fit."""
        words = [key(word) for word in tokens(text) if fold(word) not in self.ignored]
        as_long = self.names.get(len(words), ())
        exact = {slug for name, slug in as_long if list(name) == words}
        found = exact or {slug for name, slug in as_long if _begins(name[0], words) and all(map(_same, name, words))}
        return found.pop() if len(found) == 1 else None


def build_places(names: Iterable[tuple[str, str]], ignored: Iterable[str]) -> Places:
    """Build from pairs of (name in any language, slug)."""
    known = {(tuple(key(word) for word in tokens(name)), slug) for name, slug in names}
    by_words: dict[int, list[tuple[tuple[str, ...], str]]] = {}
    for name, slug in sorted(known):
        by_words.setdefault(len(name), []).append((name, slug))
    return Places({count: tuple(pairs) for count, pairs in by_words.items() if count}, frozenset(ignored))


def _begins(known: str, words: Sequence[str]) -> bool:
    """Tell cheaply whether the first word may be this one: by its first letter, which a slip can spoil in a long name only."""
    return known[0] == words[0][:1] or len(known) >= LONG_NAME


def _same(known: str, word: str) -> bool:
    """Tell whether the word is the name, in some case form or with one slip."""
    if known == word or (len(known) >= LONG_NAME and OSA.distance(known, word) <= 1):
        return True
    open_ended = known[-1] in VOWELS
    stem = known[:-1] if open_ended else known
    if word.startswith(stem) and word.removeprefix(stem) in RUSSIAN:
        return True
    tail = word.removeprefix(known) if word.startswith(known) else "-"
    return tail in ESTONIAN or (not open_ended and tail[:1] in VOWELS and tail[1:] in ESTONIAN)
