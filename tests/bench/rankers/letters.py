"""TF-IDF of letter n-grams (char_wb, 2 to 5) and a linear support vector machine, both of scikit-learn.

Set-up: all that is outside is one class, classes weigh the same (else outside, the largest, swallows topics), n-grams that only
one wording has are dropped, counts are damped. Decision values; better here than a logistic regression over the same features.
Judged by the lead over the next topic.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from tests.bench.rankers import Ranker, Ranking, Wording, leads, merged, ranked

joblib: Any = importlib.import_module("joblib")
text_features: Any = importlib.import_module("sklearn.feature_extraction.text")
machines: Any = importlib.import_module("sklearn.svm")

HITS = 12
FILE = "model.joblib"


class Letters(Ranker):
    """A fitted vectoriser and classifier."""

    def __init__(self, vectoriser: Any, classifier: Any) -> None:  # noqa: ANN401 - scikit-learn has no types
        self._vectoriser = vectoriser
        self._classifier = classifier

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:  # noqa: ARG003 - the wordings are all it needs
        """Fit both."""
        vectoriser = text_features.TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, dtype=np.float32
        )
        matrix = vectoriser.fit_transform([wording.text for wording in wordings])
        classifier = machines.LinearSVC(class_weight="balanced", tol=0.01, random_state=0)
        classifier.fit(matrix, [merged(wording.topic) for wording in wordings])
        classifier.coef_ = classifier.coef_.astype(np.float32)
        return cls(vectoriser, classifier)

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:  # noqa: ARG002
        """Keep both as joblib does."""
        joblib.dump((self._vectoriser, self._classifier), folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read both."""
        return cls(*joblib.load(folder / FILE))

    def rank(self, text: str) -> Ranking:
        """Rank classes by decision value."""
        values = self._classifier.decision_function(self._vectoriser.transform([text]))[0]
        best = np.argsort(-values, kind="stable")[:HITS]
        return leads(ranked((str(self._classifier.classes_[number]), float(values[number])) for number in best))
