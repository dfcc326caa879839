"""A linear classifier, fitted by `teejuht eval --tune`: what each feature of a message speaks for which topic.

Knows topics as names and features as strings; where features come from is `index`'s business. The last class is all that is
outside: questions that nothing here answers.
"""

import math
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

SPREAD = 600
"""A feature that speaks for more classes than this is passed over; it keeps a large index quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was fitted. `counts`: how many entries of `classes` and `weights` belong to each feature, in order."""

    topics: tuple[str, ...]
    biases: Sequence[float]
    """One for each topic, the last for outside."""
    features: Sequence[str]
    rarity: Sequence[float]
    counts: Sequence[int]
    classes: "array[int]"
    weights: "array[float]"


UNFITTED_WEIGHTS = Weights(topics=(), biases=(0.0,), features=(), rarity=(), counts=(), classes=array("H"), weights=array("f"))


class Linear:
    """The fitted weights, ready to be asked."""

    def __init__(self, fitted: Weights) -> None:
        self.topics = {topic: number for number, topic in enumerate(fitted.topics)}
        self._biases = tuple(fitted.biases)
        self._rarity = fitted.rarity
        self.rarest = max(fitted.rarity, default=1.0)
        self._places = {feature: place for place, feature in enumerate(fitted.features)}
        self._starts = array("I", accumulate(fitted.counts, initial=0))
        self._classes, self._weights = fitted.classes, fitted.weights
        ends = list(accumulate(fitted.counts))
        telling = bytearray(len(ends))
        for entry, (number, weight) in enumerate(zip(fitted.classes, fitted.weights, strict=True)):
            if weight > 0 and number < len(self.topics):
                telling[bisect_right(ends, entry)] = 1
        self._telling = bytes(telling)

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
        scores = list(self._biases)
        for features in kinds:
            known = [
                (place, count * self._rarity[place])
                for feature, count in features.items()
                if (place := self._places.get(feature)) is not None
            ]
            length = math.sqrt(sum(weight * weight for _, weight in known))
            for place, weight in known:
                start, end = self._starts[place], self._starts[place + 1]
                if end - start <= SPREAD:
                    share = weight / length
                    for number, worth in zip(self._classes[start:end], self._weights[start:end], strict=True):
                        scores[number] += share * worth
        return scores
