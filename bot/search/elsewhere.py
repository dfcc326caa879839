"""Whether a message places its matter in another country: "in Germany", "Venemaal", "в России", with that country's own offices.

What happens there is seldom answered here, even where the words are those of a topic. Knows words, not topics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.search.acts import spellings
from bot.search.lexicon import Lexicon, Slot
from bot.search.text import tokens


@dataclass(frozen=True, slots=True)
class Names:
    """What names something: runs of words as they are written, folded and as Latin keys; and terms, which any form means."""

    runs: frozenset[tuple[str, ...]] = frozenset()
    terms: frozenset[str] = frozenset()

    def among(self, text: str, slots: Sequence[Slot]) -> bool:
        """Tell whether a text, or its words as the lexicon reads them, has any of the names."""
        if any(not self.terms.isdisjoint(slot.terms) for slot in slots):
            return True
        sizes = range(1, max(map(len, self.runs), default=0) + 1)
        return any(
            tuple(words[at : at + size]) in self.runs for words in spellings(text) for at in range(len(words)) for size in sizes
        )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What places a matter in another country, and what in this one."""

    away: Names = Names()
    home: Names = Names()

    def tells(self, text: str, slots: Sequence[Slot]) -> bool:
        """Tell whether a text, its words read as `slots`, names another country's place or office and nothing of ours."""
        return self.away.among(text, slots) and not self.home.among(text, slots)


def build_elsewhere(places: Iterable[str], foreign: Iterable[str], home: Iterable[str], lexicon: Lexicon) -> Elsewhere:
    """Build from lists: places word for word, what is foreign and what is this country's in any form."""

    def runs(names: Iterable[str]) -> frozenset[tuple[str, ...]]:
        return frozenset(run for name in names for run in spellings(name) if run)

    def terms(names: Iterable[str]) -> frozenset[str]:
        return frozenset(term for name in names for token in tokens(name) for term in lexicon.known(token))

    home = tuple(home)
    return Elsewhere(Names(runs(places), terms(foreign)), Names(runs(home), terms(home)))
