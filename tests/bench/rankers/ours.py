"""The search of this project, as the bot runs it: forms and fitted weights from files, the index made when it starts.

Building means fitting (what `teejuht eval --tune` does to the classifier) and making the index; word forms are there already.
Loading means what a start of the bot needs for searching: reading the generated files and making lexicon and index. The score is
the fitted probability, which knows of outside already, so that there is no entry for it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from bot.knowledge.files import Reader
from bot.knowledge.generated import read_generated, write_weights
from bot.search import index as searching
from bot.search.confidence import Fit, probability
from bot.search.elsewhere import Elsewhere, build_elsewhere
from bot.search.finder import MAX_SEARCHED
from bot.search.index import Index
from bot.search.lexicon import LanguageWords, Lexicon, build_lexicon, unknown_words, with_words
from bot.search.linear import UNFITTED_WEIGHTS, Linear
from tests.bench.rankers import Ranker, Ranking, Wording, is_outside, ranked, read_wordings, write_wordings

WEIGHTS = "weights.json"
GENERATED = ("language.json", "fitted.json", WEIGHTS)
UNFITTED = "unfitted"
"""A file of this name in the folder: take mean wordings for weights, as fitting takes too long."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where ours comes from.

    The folder of generated files, the lexicon's words, other texts (language, text) to be known, and what places a matter
    elsewhere (places, foreign, home).
    """

    generated: Path
    languages: Sequence[LanguageWords]
    texts: Sequence[tuple[str, str]]
    elsewhere: Sequence[Sequence[str]]


class Teejuht(Ranker):
    """An index and the fit of its confidence."""

    def __init__(self, index: Index, fit: Fit) -> None:
        self._index = index
        self._fit = fit

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:
        """Fit the classifier to the wordings and make the index."""
        from tests.bench.rankers.fitting import fit, mean_wordings  # not among what a running bot imports

        lexicon, confidence, _, elsewhere = _read(folder, wordings, fitted=False)
        index = Index(_own(wordings), lexicon, Linear(UNFITTED_WEIGHTS))
        weights = mean_wordings(index) if (folder / UNFITTED).exists() else fit(index)
        if not (folder / WEIGHTS).exists():
            write_weights(folder, weights, "made for a measurement")
        return cls(Index(index.wordings, lexicon, Linear(weights), elsewhere), confidence)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Do what a start of the bot does for searching."""
        wordings = read_wordings(folder)
        lexicon, fit, linear, elsewhere = _read(folder, wordings, fitted=True)
        index = Index(_own(wordings), lexicon, linear, elsewhere)
        index.warm()
        return cls(index, fit)

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:
        """Everything is there."""

    def rank(self, text: str) -> Ranking:
        """Rank topics by their probability."""
        return ranked((e.topic, probability(e, self._fit.weights)) for e in self._index.find(text[:MAX_SEARCHED]))


def prepare(folder: Path, wordings: Sequence[Wording], source: Source, *, fitted: bool) -> None:
    """Lay out what ours reads; `fitted`: with the weights that were fitted to the real wordings."""
    write_wordings(wordings, folder)
    languages = [asdict(language) for language in source.languages]
    content = {"languages": languages, "texts": source.texts, "elsewhere": source.elsewhere}
    (folder / "lexicon.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    generated = source.generated
    names = [path.name for path in generated.glob("forms-*.txt")] + [n for n in GENERATED if fitted or n != WEIGHTS]
    for name in names:
        (folder / name).symlink_to((generated / name).resolve())


def _read(folder: Path, wordings: Sequence[Wording], *, fitted: bool) -> tuple[Lexicon, Fit, Linear, Elsewhere]:
    content = json.loads((folder / "lexicon.json").read_text("utf-8"))
    languages = [LanguageWords(**language) for language in content["languages"]]
    reader = Reader(folder)
    generated = read_generated(reader, folder, [language.lang for language in languages])
    if fitted and reader.problems:
        raise ValueError("; ".join(f"{problem.path}: {problem.text}" for problem in reader.problems))
    base = build_lexicon(generated.words, languages)
    inside = [(w.lang, w.text) for w in wordings if not is_outside(w.topic)]
    outside = [(w.lang, w.text) for w in wordings if is_outside(w.topic)]
    texts = inside + [(lang, text) for lang, text in content["texts"]] + outside
    lexicon = with_words(base, unknown_words(base, texts))
    places, foreign, home = content["elsewhere"]
    return lexicon, generated.fit, Linear(generated.weights), build_elsewhere(places, foreign, home, lexicon)


def _own(wordings: Sequence[Wording]) -> list[searching.Wording]:
    return [searching.Wording(topic=w.topic, lang=w.lang, field=w.field, text=w.text) for w in wordings]
