"""Fitting the linear classifier of the search: `teejuht eval --tune`, run by editors' CI, never by the running bot.

A support vector machine of scikit-learn, one topic against all others, over the wordings of the index. Weights that say next to
the same of all classes are kept as one. Needs `make install-forms`.
"""

import importlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from bot.errors import WrongUse
from bot.search.index import OUTSIDE, Index, spelling, terms
from bot.search.linear import GRAIN, Weights
from bot.search.text import ngrams


class Kind(NamedTuple):
    """A kind of features: how much it counts, and in how many texts a feature must be to be learned."""

    share: float
    least_texts: int


KINDS = (Kind(1.0, 1), Kind(1.4, 3), Kind(0.7, 3))
"""Terms, letters, spelling."""
STRICTNESS = 0.5
"""The machine's C: how much a wording on the wrong side costs."""
ANSWER_WORTH = 0.2
"""How much a sentence of an answer counts beside a wording."""
LEAST = 0.05
"""Weights nearer than this to the middle one of their feature are taken for it."""
DIGITS = 3
STEPS = 2
"""How often progress is told."""


def fit_weights(index: Index, answers: Iterable[tuple[str, str]] = (), *, tell: Callable[[], None] = lambda: None) -> Weights:
    """Fit the classifier on the wordings of an index and, weakly, on sentences of the answers (topic, sentence).

    Errors: WrongUse if scikit-learn is not installed.
    """
    tools = _Tools()
    answers = list(answers)
    texts = [*(wording.text for wording in index.wordings), *(sentence for _, sentence in answers)]
    labels = ["" if wording.topic.startswith(OUTSIDE) else wording.topic for wording in index.wordings]
    worth = [1.0] * len(labels) + [ANSWER_WORTH] * len(answers)
    labels += [topic for topic, _ in answers]
    rows = [features(index, text) for text in texts]
    columns = [tools.columns([row[number] for row in rows], kind) for number, kind in enumerate(KINDS)]
    tell()
    matrix = tools.sparse.hstack([column.matrix for column in columns], format="csr")
    fitted = tools.machine.LinearSVC(C=STRICTNESS, random_state=0).fit(matrix, labels, sample_weight=worth)
    tell()
    topics = [str(name) for name in fitted.classes_ if name]
    shares = tools.numpy.concatenate([tools.numpy.full(len(c.names), kind.share) for c, kind in zip(columns, KINDS, strict=True)])
    rows, intercepts = tools.rows(fitted, with_outside="" in labels)
    weights = (GRAIN * tools.numpy.roll(rows * shares, -1, axis=0).T).round().astype("h")
    biases = tools.numpy.roll(intercepts, -1).round(DIGITS)
    common = tools.numpy.median(weights, axis=1).astype("h")
    kept = abs(weights - common[:, None]) >= GRAIN * LEAST
    return Weights(
        topics=tuple(topics),
        biases=tuple(map(float, biases)),
        features=tuple(chain.from_iterable(column.names for column in columns)),
        rarity=array("f", chain.from_iterable(column.rarity for column in columns)),
        common=array("h", common.tolist()),
        counts=array("H", kept.sum(axis=1).tolist()),
        classes=array("H", kept.nonzero()[1].tolist()),
        weights=array("h", weights[kept].tolist()),
    )


def features(index: Index, text: str) -> tuple[Mapping[str, float], ...]:
    """Give the features of a text by kind."""
    return terms(index.read(text)), Counter(ngrams(index.keys(text))), spelling(text)


class _Columns(NamedTuple):
    """One kind of features of all texts: a sparse matrix, the names of its columns and how rare each is."""

    matrix: Any
    names: Sequence[str]
    rarity: Sequence[float]


class _Tools:
    """The libraries that fit; installed by editors only."""

    def __init__(self) -> None:
        try:
            self.numpy: Any = importlib.import_module("numpy")
            self.sparse: Any = importlib.import_module("scipy.sparse")
            self.machine: Any = importlib.import_module("sklearn.svm")
            self.extraction: Any = importlib.import_module("sklearn.feature_extraction")
            self.preprocessing: Any = importlib.import_module("sklearn.preprocessing")
        except ImportError as error:
            raise WrongUse(f"what fits the search is not installed ({error.name}): run `make install-forms`") from error

    def rows(self, fitted: Any, *, with_outside: bool) -> tuple[Any, Any]:  # noqa: ANN401 - untyped
        """Give weights and biases, a row for each class and outside first; without outside questions nothing is like them."""
        rows, biases = fitted.coef_, fitted.intercept_
        if len(rows) == 1:  # of two classes only the second has a row
            rows, biases = self.numpy.vstack([-rows, rows]), self.numpy.concatenate([-biases, biases])
        if not with_outside:
            rows = self.numpy.vstack([self.numpy.zeros(rows.shape[1]), rows])
            biases = self.numpy.concatenate([[-1.0], biases])
        return rows, biases

    def columns(self, rows: Sequence[Mapping[str, float]], kind: Kind) -> _Columns:
        """Weigh features by how rare they are and give each text the length of the kind's share."""
        vectorizer = self.extraction.DictVectorizer()
        counts = vectorizer.fit_transform(rows).tocsc()
        spread = counts.getnnz(axis=0)
        kept = (spread >= kind.least_texts).nonzero()[0]
        if not len(kept):
            return _Columns(self.sparse.csr_matrix((len(rows), 0)), [], [])
        rarity = self.numpy.log1p(len(rows) / spread[kept]).round(DIGITS)
        matrix = self.preprocessing.normalize(counts[:, kept].tocsr() @ self.sparse.diags(rarity)) * kind.share
        return _Columns(matrix, [vectorizer.feature_names_[place] for place in kept], rarity.tolist())
