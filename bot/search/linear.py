"""A linear classifier, fitted by `teejuht eval --tune`: what each feature of a message speaks for which topic.

Knows topics as names and features as strings; where features come from is `index`'s business. The last class is all that is
outside: questions that nothing here answers.
"""

import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

GRAIN = 1000
"""Weights are whole numbers, this many to a 1."""
FINEST = 4096
"""Shares of a message are reckoned as parts of this many, or of fewer where a very long message would not fit."""
LANE = 4
"""Bytes for the sum of one class."""
FEW = 8
"""A feature with so few entries is reckoned entry by entry, which is faster than laying out its row."""
KEPT_BYTES = 8_000_000
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

    def __init__(self, fitted: Weights, telling: bytes | None = None) -> None:
        self.fitted = replace(fitted, features=())
        """What was fitted, but for the features: they are kept as `places`."""
        self.places = {feature: place for place, feature in enumerate(fitted.features)}
        self.telling = _telling(fitted) if telling is None else telling
        """For each feature, whether it speaks for any topic; may be given by whom it was worked out before."""
        self.topics = {topic: number for number, topic in enumerate(fitted.topics)}
        self.rarest = max(fitted.rarity, default=1.0)
        self._starts = array("I", accumulate(fitted.counts, initial=0))
        both = (fitted.weights, fitted.common)
        self._lift = max(0, *(-min(some, default=0) for some in both))
        most = self._lift + max(1, *(max(some, default=0) for some in both))
        self._most = (2 ** (8 * LANE) - 1) // most
        self._rows: dict[int, int] = {}
        self._most_rows = KEPT_BYTES // (LANE * len(fitted.biases))

    def rarity(self, feature: str) -> float:
        """Tell how rare a feature is: a logarithm above 0, or 0 for one that was never seen."""
        place = self.places.get(feature)
        return 0.0 if place is None else self.fitted.rarity[place]

    def tells(self, feature: str) -> bool:
        """Tell whether a feature speaks for any topic."""
        place = self.places.get(feature)
        return place is not None and bool(self.telling[place])

    def scores(self, *kinds: Mapping[str, float]) -> list[float]:
        """Give the score of each topic, and of outside as the last, from features by kind; each kind has the length one.

        Features that were never seen are passed over.
        """
        shares: list[tuple[int, float]] = []
        places, rarity = self.places, self.fitted.rarity
        for features in kinds:
            known = [
                (place, count * rarity[place])
                for feature, count in features.items()
                if (place := places.get(feature)) is not None
            ]
            length = math.sqrt(sum([weight * weight for _, weight in known]))
            shares += [(place, weight / length) for place, weight in known if weight]
        unit = min(FINEST, self._most / max(1.0, sum([share for _, share in shares])))
        biases, classes, weights = self.fitted.biases, self.fitted.classes, self.fitted.weights
        starts, rows = self._starts, self._rows
        single = [0] * len(biases)
        sums = parts = flat = 0
        for place, share in shares:
            part = int(share * unit)
            if not (row := rows.get(place)):
                start, end = starts[place], starts[place + 1]
                if end - start <= FEW:
                    common = self.fitted.common[place]
                    flat += part * common
                    for entry in range(start, end):
                        single[classes[entry]] += part * (weights[entry] - common)
                    continue
                row = self._row(place)
            parts += part
            sums += part * row
        lanes = memoryview(sums.to_bytes(LANE * len(biases), sys.byteorder)).cast("I")
        flat, scale = flat - parts * self._lift, GRAIN * unit
        return [bias + (lane + alone + flat) / scale for bias, lane, alone in zip(biases, lanes, single, strict=True)]

    def _row(self, place: int) -> int:
        """Lay out the weights of a feature, and keep them."""
        fitted = self.fitted
        lanes = array("I", [self._lift + fitted.common[place]]) * len(fitted.biases)
        for entry in range(self._starts[place], self._starts[place + 1]):
            lanes[fitted.classes[entry]] = self._lift + fitted.weights[entry]
        if len(self._rows) >= self._most_rows:
            self._rows.clear()
        row = self._rows[place] = int.from_bytes(lanes, sys.byteorder)
        return row


def _telling(fitted: Weights) -> bytes:
    entries = zip(fitted.weights, fitted.classes, strict=True)
    speak = bytes(weight > 0 and number < len(fitted.topics) for weight, number in entries)
    return bytes(any(speak[start:end]) for start, end in pairwise(accumulate(fitted.counts, initial=0)))
