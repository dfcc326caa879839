"""wordllama: averaged word vectors of a language model, English only, with the weights that its wheel carries.

Set-up: cosine with the wordings, the mean of a topic's three nearest (better here than the nearest alone and than a topic's
centre), judged by the lead over the next topic. The vectors of the wordings are kept as an array.
"""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tests.bench.rankers import Ranker, Ranking, Wording, leads, mean_of_best

package: Any = importlib.import_module("wordllama")

HITS = 400
BEST = 3


class WordLlama(Ranker):
    """The model and the wordings' vectors, shape (wordings, 256), each of length one."""

    english_only: ClassVar[bool] = True

    def __init__(self, model: Any, vectors: NDArray[np.float32], topics: Sequence[str]) -> None:  # noqa: ANN401 - no types
        self._model = model
        self._vectors = vectors
        self._topics = topics

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:  # noqa: ARG003 - the wordings are all it needs
        """Embed the English wordings."""
        english = [wording for wording in wordings if wording.lang == "en"]
        model = _model()
        return cls(model, model.embed([w.text for w in english], norm=True), [w.topic for w in english])

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:  # noqa: ARG002
        """Keep the vectors."""
        np.save(folder / "vectors.npy", self._vectors)
        (folder / "topics.json").write_text(json.dumps(self._topics), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the model and the vectors."""
        return cls(_model(), np.load(folder / "vectors.npy"), json.loads((folder / "topics.json").read_text("utf-8")))

    def rank(self, text: str) -> Ranking:
        """Rank topics by their nearest wordings."""
        scores = self._vectors @ self._model.embed(text, norm=True)[0]
        best = np.argsort(-scores, kind="stable")[:HITS]
        return leads(mean_of_best(((self._topics[number], float(scores[number])) for number in best), BEST))


def _model() -> Any:  # noqa: ANN401
    """Load the packaged weights; the package finds its own tokenizer only where it is told that its folder is a cache."""
    return package.WordLlama.load(cache_dir=Path(str(package.__file__)).parent, disable_download=True)
