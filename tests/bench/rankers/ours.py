"""The search of this project, as the bot runs it: forms and fitted weights from files, everything made once and kept in one file.

Building means fitting (what `teejuht eval --tune` does to the classifier), making the index and writing it; word forms are there
already. Loading means reading that file, as a start of the bot does. The score is the fitted probability, which knows of outside
already, so that there is no entry for it.
"""

import gc
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from bot.knowledge.compiled import Search, load, save
from bot.search.confidence import Fit, probability
from bot.search.finder import MAX_SEARCHED
from bot.search.linear import UNFITTED_WEIGHTS, Linear
from tests.bench.rankers import Ranker, Ranking, Wording, ranked

FILE = "kept.search"
UNFITTED = "unfitted"
"""A file of this name in the folder: take mean wordings for weights, as fitting takes too long."""


class Teejuht(Ranker):
    """A search and the fit of its confidence."""

    def __init__(self, search: Search, fit: Fit) -> None:
        self._search = search
        self._fit = fit

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:
        """Fit the classifier to the wordings and make the index."""
        from tests.bench.rankers import fitting, making  # not among what a running bot imports

        bare = making.make(wordings, folder, Linear(UNFITTED_WEIGHTS))
        weights = fitting.mean_wordings(bare.index) if (folder / UNFITTED).exists() else fitting.fit(bare.index)
        return cls(making.make(wordings, folder, Linear(weights)), read_fit(folder))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Do what a start of the bot does for searching."""
        made = cls(load(folder / FILE), read_fit(folder))
        gc.freeze()
        return made

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:  # noqa: ARG002 - the wordings are in the index
        """Write the file, unless that of the shipped weights is there."""
        if not (folder / FILE).exists():
            save(self._search, folder / FILE)

    def rank(self, text: str) -> Ranking:
        """Rank topics by their probability."""
        return ranked((e.topic, probability(e, self._fit.weights)) for e in self._search.index.find(text[:MAX_SEARCHED]))


def read_fit(folder: Path) -> Fit:
    """Read the fitted numbers."""
    return Fit(**json.loads((folder / "fitted.json").read_text("utf-8"))["fit"])
