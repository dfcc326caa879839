"""BM25 over stems: bm25s with the Snowball stemmers of PyStemmer.

Set-up: all wordings of a topic are one document, all that is outside another (much better here than each wording for itself, as
a topic's words add up). Wordings are stemmed by their language (Ukrainian, for which there is no stemmer, as Russian), a question
by each of the three stemmers, and the best of the scores counts. k1 3 and b 0.5: documents are long, so repetition should tell.
Judged by the lead over the next topic.
"""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from tests.bench.rankers import Ranker, Ranking, Wording, documents, leads, ranked
from tests.bench.rankers.words import plain, words

bm25s: Any = importlib.import_module("bm25s")
stemming: Any = importlib.import_module("Stemmer")

STEMMERS = {"et": "estonian", "ru": "russian", "en": "english"}
STEMMED_AS = {"uk": "ru"}
HITS = 60


class Bm25(Ranker):
    """An index of stems; `topics` names its documents in order."""

    def __init__(self, index: Any, topics: Sequence[str]) -> None:  # noqa: ANN401 - bm25s has no types
        self._stemmers = {lang: stemming.Stemmer(name) for lang, name in STEMMERS.items()}
        self._index = index
        self._topics = topics

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:  # noqa: ARG003 - the wordings are all it needs
        """Index one document a topic."""
        made = cls(bm25s.BM25(k1=3.0, b=0.5), ())
        found = documents(wordings, by_lang=False)
        made._topics = [topic for topic, _ in found]
        stems = [[stem for w in group for stem in made._stems(w.text, w.lang)] for group in found.values()]
        made._index.index(stems, show_progress=False)
        return made

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:  # noqa: ARG002
        """Keep the index in its own form."""
        self._index.save(str(folder / "index"))
        (folder / "topics.json").write_text(json.dumps(self._topics), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the index."""
        index = bm25s.BM25.load(str(folder / "index"), load_corpus=False)
        return cls(index, json.loads((folder / "topics.json").read_text("utf-8")))

    def rank(self, text: str) -> Ranking:
        """Rank topics by the stemmer that suits the question best."""
        scores = np.zeros(len(self._topics), np.float32)
        for stems in {tuple(self._stems(text, lang)) for lang in STEMMERS}:
            known = [stem for stem in stems if stem in self._index.vocab_dict]
            if known:
                scores = np.maximum(scores, self._index.get_scores(known))
        best = np.argsort(-scores, kind="stable")[:HITS]
        return leads(ranked((self._topics[number], float(scores[number])) for number in best if scores[number] > 0))

    def _stems(self, text: str, lang: str) -> list[str]:
        return [plain(stem) for stem in self._stemmers[STEMMED_AS.get(lang, lang)].stemWords(words(text))]
