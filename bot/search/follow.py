"""Messages that go on with the question before: "and how much does it cost?", "а для ребёнка?", "aga kui mul pole isikukoodi".

Knows words, not topics: whether there is something to go on with is for the conversation to say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.search.acts import spellings
from bot.search.lexicon import Lexicon
from bot.search.text import tokens

LONGEST = 10
"""Words; a longer message stands for itself."""


class Follow(StrEnum):
    """How a message goes on."""

    BARE = "bare"
    """It names nothing of its own, "how long does it take", or only for whom, "and for my husband"."""
    ALSO = "also"
    """It begins as something added: "and where is the school"."""
    IF = "if"
    """It begins as a condition: "but if I have no passport"."""


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Beginnings, as sequences of folded words and of Latin keys; terms that can be asked about anything, and of persons."""

    beginnings: tuple[tuple[tuple[str, ...], Follow], ...]
    about_anything: frozenset[str]
    persons: frozenset[str]
    lexicon: Lexicon

    def find(self, text: str) -> Follow | None:
        """Tell how a message goes on with the one before it, or None if it stands for itself."""
        folded, keys = spellings(text)
        if not 0 < len(folded) <= LONGEST:
            return None
        begun = ((words, how) for words, how in self.beginnings if words in (folded[: len(words)], keys[: len(words)]))
        words, how = next(begun, ((), None))
        rest = " ".join(tokens(text)[len(words) :])
        own = [slot.terms.keys() for slot in self.lexicon.slots(rest) if not slot.frame]
        if all(not self.about_anything.isdisjoint(terms) or (how and not self.persons.isdisjoint(terms)) for terms in own):
            return Follow.BARE
        return how


def build_follow_ups(
    also: Iterable[str], conditions: Iterable[str], about_anything: Iterable[str], persons: Iterable[str], lexicon: Lexicon
) -> FollowUps:
    """Build from lists of words; of the beginnings the longest counts."""
    kinds = ((Follow.ALSO, also), (Follow.IF, conditions))
    beginnings = {words: how for how, lines in kinds for line in lines for words in spellings(line)}

    def terms(words: Iterable[str]) -> frozenset[str]:
        return frozenset(term for word in words for slot in lexicon.slots(word) for term in slot.terms)

    longest_first = tuple(sorted(beginnings.items(), key=lambda item: -len(item[0])))
    return FollowUps(longest_first, terms(about_anything), terms(persons), lexicon)
