"""A linear classifier, fitted by `teejuht eval --tune`: what each feature of a message speaks for which topic.

Knows topics as names and features as strings; where features come from is `index`'s business. The last class is all that is
outside: questions that nothing here answers.
"""

import math
import sys
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

GRAIN = 1000
"""Weights are whole numbers, this many to a 1."""
FINEST = 4096
"""Shares of a message are reckoned as parts of this many, or of fewer where a very long message would not fit."""
LANE = 4
"""Bytes for the sum of one class."""
KEPT_BYTES = 16_000_000
"""So much is kept of rows that were laid out before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was fitted. `counts`: how many entries of `classes` and `weights` belong to each feature, in order."""

    topics: tuple[str, ...]
    biases: Sequence[float]
    """One for each topic, the last for outside."""
    features: Sequence[str]
    rarity: Sequence[float]
    common: "array[int]"
    """What a feature says of every class that has no entry, in parts of 1 / GRAIN as `weights`."""
    counts: Sequence[int]
    classes: "array[int]"
    weights: "array[int]"


UNFITTED_WEIGHTS = Weights(
    topics=(), biases=(0.0,), features=(), rarity=(), common=array("h"), counts=(), classes=array("H"), weights=array("h")
)


class Linear:
    """The fitted weights, ready to be asked.

    A feature's weights for all classes are laid side by side in one long integer, LANE bytes each and all raised above zero:
    a multiplication and an addition then reckon every class at once. The sums of a message never overflow their lanes.
    """

    def __init__(self, fitted: Weights) -> None:
        self.topics = {topic: number for number, topic in enumerate(fitted.topics)}
        self._biases = tuple(fitted.biases)
        self._rarity = fitted.rarity
        self.rarest = max(fitted.rarity, default=1.0)
        self._places = {feature: place for place, feature in enumerate(fitted.features)}
        self._starts = array("I", accumulate(fitted.counts, initial=0))
        self._classes, self._weights, self._common = fitted.classes, fitted.weights, fitted.common
        ends = list(accumulate(fitted.counts))
        telling = bytearray(len(ends))
        for entry, (number, weight) in enumerate(zip(fitted.classes, fitted.weights, strict=True)):
            if weight > 0 and number < len(self.topics):
                telling[bisect_right(ends, entry)] = 1
        self._telling = bytes(telling)
        both = (fitted.weights, fitted.common)
        self._lift = max(0, *(-min(some, default=0) for some in both))
        most = self._lift + max(1, *(max(some, default=0) for some in both))
        self._most = (2 ** (8 * LANE) - 1) // most
        self._rows: dict[int, int] = {}
        self._most_rows = KEPT_BYTES // (LANE * len(self._biases))

    def rarity(self, feature: str) -> float:
        """Tell how rare a feature is: a logarithm above 0, or 0 for one that was never seen."""
        place = self._places.get(feature)
        return 0.0 if place is None else self._rarity[place]

    def tells(self, feature: str) -> bool:
        """Tell whether a feature speaks for any topic."""
        place = self._places.get(feature)
        return place is not None and bool(self._telling[place])

    def scores(self, *kinds: Mapping[str, float]) -> list[float]:
        """Give the score of each topic, and of outside as the last, from features by kind; each kind has the length one.

        Features that were never seen are passed over.
        """
        shares: list[tuple[int, float]] = []
        for features in kinds:
            known = [
                (place, count * self._rarity[place])
                for feature, count in features.items()
                if (place := self._places.get(feature)) is not None
            ]
            length = math.sqrt(sum(weight * weight for _, weight in known))
            shares += [(place, weight / length) for place, weight in known if weight]
        unit = min(FINEST, self._most / max(1.0, sum(share for _, share in shares)))
        sums = parts = 0
        for place, share in shares:
            part = int(share * unit)
            parts += part
            sums += part * self._row(place)
        lanes = memoryview(sums.to_bytes(LANE * len(self._biases), sys.byteorder)).cast("I")
        lifted, scale = parts * self._lift, GRAIN * unit
        return [bias + (lane - lifted) / scale for bias, lane in zip(self._biases, lanes, strict=True)]

    def _row(self, place: int) -> int:
        """Lay out the weights of a feature."""
        row = self._rows.get(place)
        if row is None:
            lanes = array("I", [self._lift + self._common[place]]) * len(self._biases)
            for entry in range(self._starts[place], self._starts[place + 1]):
                lanes[self._classes[entry]] = self._lift + self._weights[entry]
            if len(self._rows) >= self._most_rows:
                self._rows.clear()
            row = self._rows[place] = int.from_bytes(lanes, sys.byteorder)
        return row
