"""The small acts of a dialogue that are no question: greeting, thanks, help, abuse.

A message is an act only if it consists of nothing else, so that "hello, how do I get an ID card" stays a question.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.search.text import fold, key, tokens

LONGEST = 10


@dataclass(frozen=True, slots=True)
class Acts:
    """Wordings by act, as sequences of folded words and of Latin keys; later acts in `order` win over earlier ones."""

    wordings: Mapping[tuple[str, ...], str]
    order: tuple[str, ...]

    def find(self, text: str) -> str | None:
        """Name the act if the whole message is made of known wordings, or None."""
        for spelling in spellings(text):
            if 0 < len(spelling) <= LONGEST and (acts := self._tile(spelling)):
                return max(acts, key=self.order.index)
        return None

    def _tile(self, words: Sequence[str]) -> list[str]:
        """Cover the words by wordings, the longest first; give the acts in order, or nothing."""
        found: list[str] = []
        start = 0
        while start < len(words):
            ends = range(len(words), start, -1)
            end = next((end for end in ends if tuple(words[start:end]) in self.wordings), None)
            if end is None:
                return []
            found.append(self.wordings[tuple(words[start:end])])
            start = end
        return found


def build_acts(wordings: Mapping[str, Sequence[str]], order: Sequence[str]) -> Acts:
    """Build the acts from lists of wordings; each is known as written and by its Latin key."""
    table: dict[tuple[str, ...], str] = {}
    for act in order:
        for wording in wordings.get(act, ()):
            table |= dict.fromkeys(spellings(wording), act)
    return Acts(table, tuple(order))


def spellings(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the words of a text folded, and as Latin keys."""
    words = tokens(text)
    return tuple(map(fold, words)), tuple(map(key, words))


def plain(text: str) -> str:
    """Give the words of a text folded, with a space between."""
    return " ".join(map(fold, tokens(text)))
