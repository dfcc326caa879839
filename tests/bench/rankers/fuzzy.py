"""rapidfuzz alone: how alike the letters of a question and of each wording are.

Two set-ups. `Default` is the one most often met: WRatio, a topic as good as its best wording. `Sorted` is the best found for
short questions: token_sort_ratio, and the mean of a topic's three best wordings, because one lucky likeness says little.
Both are judged by the lead over the next topic. Neither has a saved form.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from rapidfuzz import fuzz, process, utils

from tests.bench.rankers import Ranker, Ranking, Wording, leads, mean_of_best, ranked

HITS = 400
BEST = 3


class Default(Ranker):
    """process.extract with WRatio over all wordings."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self._topics = [wording.topic for wording in wordings]
        self._texts = [utils.default_process(wording.text) for wording in wordings]

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:  # noqa: ARG003 - the wordings are all it needs
        """Bring the wordings into the form that is compared."""
        return cls(wordings)

    def rank(self, text: str) -> Ranking:
        """Rank topics by their best wording."""
        hits = process.extract(utils.default_process(text), self._texts, scorer=fuzz.WRatio, processor=None, limit=HITS)
        return leads(ranked((self._topics[number], score) for _, score, number in hits))


class Sorted(Default):
    """process.extract with token_sort_ratio."""

    def rank(self, text: str) -> Ranking:
        """Rank topics by the mean of their three best wordings."""
        hits = process.extract(utils.default_process(text), self._texts, scorer=fuzz.token_sort_ratio, processor=None, limit=HITS)
        return leads(mean_of_best(((self._topics[number], score) for _, score, number in hits), BEST))
