"""How near a message comes to the wordings of a topic, one by one. Knows terms as numbers; what words are worth is told."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

Means = Sequence[tuple[int, float]]
"""What a word can mean: numbers of terms with their quality (0..1), the surest last."""
LONGER, AT_LEAST = 1.6, 4.0
"""Of a message that is much longer than a wording, no more counts than so many times the wording, and so much more."""


class Near(NamedTuple):
    """What comparing found: overlap with the nearest wording and the share of the message that any wording knows (0..1)."""

    overlap: float
    coverage: float
    nearest: int
    """Number of the nearest wording among the topic's, -1 for none."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The wordings of one topic: which have a term, how much there is to match in each, and what a match of it is worth."""

    terms: "array[int]"
    """Numbers of terms, in order."""
    ends: "array[int]"
    """Where the wordings of each term end in `wordings`, 0 first."""
    wordings: "array[int]"
    sizes: "array[float]"
    worths: "array[float]"

    def compare(self, words: Iterable[tuple[Means, float]]) -> Near:
        """Compare a message, given as what each word can mean and its weight, with every wording."""
        terms, ends, wordings = self.terms, self.ends, self.wordings
        matched = [0.0] * len(self.sizes)
        total = known = 0.0
        for means, weight in words:
            total += weight
            found = [
                (quality, wordings[ends[place] : ends[place + 1]])
                for term, quality in means
                if (place := bisect_left(terms, term)) < len(terms) and terms[place] == term
            ]
            if not found:
                continue
            known += found[-1][0] * weight
            if len(found) == 1:
                worth = found[0][0] * weight
                for number in found[0][1]:
                    matched[number] += worth
            else:
                surest: dict[int, float] = {}
                for quality, numbers in found:
                    surest |= dict.fromkeys(numbers, quality)
                for number, quality in surest.items():
                    matched[number] += quality * weight
        nearest, overlap = -1, 0.0
        for number, value in enumerate(matched):
            if value:
                size = self.sizes[number]
                most = LONGER * size + AT_LEAST
                dice = 2 * value / ((total if total < most else most) + size)
                dice = (1.0 if dice > 1.0 else dice) * self.worths[number]
                if dice > overlap:
                    nearest, overlap = number, dice
        return Near(overlap, known / total if total else 0.0, nearest)


def build_shelf(rows: Iterable[tuple[Iterable[int], float, float]]) -> Shelf:
    """Build from wordings in their order: the numbers of their terms, how much there is to match, and what it is worth."""
    where: dict[int, array[int]] = {}
    sizes, worths = array("f"), array("f")
    for number, (terms, size, worth) in enumerate(rows):
        sizes.append(size)
        worths.append(worth)
        for term in set(terms):
            where.setdefault(term, array("H")).append(number)
    terms = sorted(where)
    ends = array("I", accumulate((len(where[term]) for term in terms), initial=0))
    return Shelf(array("I", terms), ends, array("H", (n for term in terms for n in where[term])), sizes, worths)
