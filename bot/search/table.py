"""A compact table from words to what they may mean, which also finds the words that a slip of the pen was meant for.

Knows strings; what a meaning is, is the lexicon's business. Made once; more words may be laid beside it.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from marisa_trie import Trie
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

STEM = 7
"""So many first letters of a word are looked at for a slip; a longer stem takes more memory, a shorter one more time."""
SHORTEST = 3
"""Shorter words are not found by a slip."""
_END = "\t"

Meaning = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Words in a trie, their places among the distinct meanings, and for slips: stems less a letter, each with its stem."""

    words: Trie
    places: "array[int]"
    meanings: Sequence[Meaning]
    stems: Trie
    beside: Mapping[str, Meaning]
    """Words laid beside the table: no slip leads to them."""

    def __contains__(self, word: str) -> bool:
        return word in self.words or word in self.beside

    def __len__(self) -> int:
        return len(self.words) + sum(word not in self.words for word in self.beside)

    def get(self, word: str) -> Meaning:
        """Give what a word may mean; nothing for a word that is not in the table."""
        place = self.words.get(word)
        found = () if place is None else self.meanings[self.places[place]]
        more = self.beside.get(word)
        return (*found, *(one for one in more if one not in found)) if more else found

    def near(self, word: str, limit: int) -> tuple[int, list[str]]:
        """Give the words fewest slips away, at least 1 and at most `limit`, in order; and how many slips that is.

        A single slip is found anywhere. Of more, all but one must come after the first letters.
        """
        if not word.isprintable():
            return 0, []
        stems = {entry.partition(_END)[2] for start in _starts(word) for entry in self.stems.keys(start + _END)}
        pool = [known for stem in stems for known in self._with(stem) if abs(len(known) - len(word)) <= limit]
        found = extract(word, pool, scorer=OSA.distance, processor=None, score_cutoff=limit, limit=None)
        least = min((distance for _, distance, _ in found if distance), default=0)
        return int(least), sorted(known for known, distance, _ in found if distance == least > 0)

    def _with(self, stem: str) -> Iterable[str]:
        """Give the words that have the stem; a short one is the whole word."""
        return (stem,) if len(stem) < STEM else self.words.keys(stem)

    def having(self, beside: Mapping[str, Meaning]) -> "Table":
        """Give the table with more words beside it."""
        both = {word: (*self.beside.get(word, ()), *more) for word, more in beside.items()}
        return replace(self, beside={**self.beside, **both})


def build_table(meanings: Mapping[str, Meaning]) -> Table:
    """Build a table from words and what each may mean."""
    words = Trie(meanings)
    distinct = {meaning: place for place, meaning in enumerate(dict.fromkeys(meanings.values()))}
    places = array("I", bytes(4 * len(words)))
    for word, meaning in meanings.items():
        places[words[word]] = distinct[meaning]
    return Table(words, places, tuple(distinct), Trie(_entries({word[:STEM] for word in meanings if len(word) >= SHORTEST})), {})


def _entries(stems: Iterable[str]) -> Iterator[str]:
    for stem in stems:
        yield stem + _END + stem
        for less in _less(stem):
            yield less + _END + stem


def _starts(word: str) -> set[str]:
    """Give what a stem that is one slip from the word's may be, or may be less a letter: each slip has one in common."""
    return {word[:STEM], word[: STEM - 1], *_less(word[:STEM]), *_less(word[: STEM + 1])}


def _less(word: str) -> Iterator[str]:
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
