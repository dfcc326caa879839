"""Whether a message places its matter in another country: "in Germany", "Venemaal", "в России", with that country's own offices.

What happens there is seldom answered here, even where the words are those of a topic. Knows words, not topics.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.search.acts import spellings
from bot.search.lexicon import Lexicon
from bot.search.text import fold, key, tokens


@dataclass(frozen=True, slots=True)
class Names:
    """What names something: runs of words as they are written, folded and as Latin keys; and terms, which any form means."""

    runs: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    """By their first word."""
    terms: frozenset[str] = frozenset()

    def among(self, written: Sequence[str], terms: Iterable[str]) -> bool:
        """Tell whether the words of a text, or the terms that they may mean, have any of the names."""
        if not self.terms.isdisjoint(terms):
            return True
        return any(
            tuple(words[at : at + len(run)]) == run
            for words in (tuple(map(fold, written)), tuple(map(key, written)))
            for at, word in enumerate(words)
            for run in self.runs.get(word, ())
        )


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What places a matter in another country, and what in this one."""

    away: Names = Names()
    home: Names = Names()

    def tells(self, written: Sequence[str], terms: Mapping[str, float]) -> bool:
        """Tell whether the words of a text, or their terms, name another country's place or office and nothing of ours."""
        return self.away.among(written, terms) and not self.home.among(written, terms)


def build_elsewhere(places: Iterable[str], foreign: Iterable[str], home: Iterable[str], lexicon: Lexicon) -> Elsewhere:
    """Build from lists: places word for word, what is foreign and what is this country's in any form."""

    def runs(names: Iterable[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
        found: dict[str, tuple[tuple[str, ...], ...]] = {}
        for run in sorted({run for name in names for run in spellings(name) if run}):
            found[run[0]] = (*found.get(run[0], ()), run)
        return found

    def terms(names: Iterable[str]) -> frozenset[str]:
        return frozenset(term for name in names for token in tokens(name) for term in lexicon.known(token))

    home = tuple(home)
    return Elsewhere(Names(runs(places), terms(foreign)), Names(runs(home), terms(home)))
