"""tantivy: a search engine's index with BM25.

Set-up: a topic is one document with a field for each language (stemmed in English and Russian; there is no Estonian stemmer;
Ukrainian goes with Russian) and a field of letter n-grams (3 to 5, over word boundaries) of all of them; a question asks all
fields and their scores add up. Better here than words alone, with or without slips allowed. Judged by the lead over the next.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import tantivy

from tests.bench.rankers import Ranker, Ranking, Wording, documents, leads, ranked

STEMMERS = {"et": None, "ru": "russian", "en": "english"}
STORED_IN = {"uk": "ru"}
NGRAMS = "ngrams"
HITS = 60
MEMORY = 50_000_000
"""Bytes that the writer may use."""


class Tantivy(Ranker):
    """A folder of tantivy."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._analyzers = {lang: _words(stemmer) for lang, stemmer in STEMMERS.items()} | {NGRAMS: _ngrams()}
        for name, analyzer in self._analyzers.items():
            index.register_tokenizer(name, analyzer)
        self._searcher = index.searcher()

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:
        """Write the folder."""
        (folder / "index").mkdir()
        made = cls(tantivy.Index(_schema(), path=str(folder / "index")))
        writer = made._index.writer(MEMORY, 1)
        for (topic, _), group in documents(wordings, by_lang=False).items():
            document = tantivy.Document()
            document.add_text("topic", topic)
            for wording in group:
                document.add_text(STORED_IN.get(wording.lang, wording.lang), wording.text)
                document.add_text(NGRAMS, wording.text)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        made._index.reload()
        made._searcher = made._index.searcher()
        return made

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:
        """The folder is there."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open the folder."""
        return cls(tantivy.Index.open(str(folder / "index")))

    def rank(self, text: str) -> Ranking:
        """Rank topics by the sum over the fields."""
        schema = self._index.schema
        terms = [
            (tantivy.Occur.Should, tantivy.Query.term_query(schema, field, token))
            for field, analyzer in self._analyzers.items()
            for token in dict.fromkeys(analyzer.analyze(text))
        ]
        if not terms:
            return []
        hits = self._searcher.search(tantivy.Query.boolean_query(terms), HITS, count=False).hits
        return leads(ranked((str(self._searcher.doc(place).get_first("topic")), float(score or 0)) for score, place in hits))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_text_field("topic", stored=True, tokenizer_name="raw")
    for field in (*STEMMERS, NGRAMS):
        builder = builder.add_text_field(field, tokenizer_name=field)
    return builder.build()


def _words(stemmer: str | None) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.lowercase())
    if stemmer:
        builder = builder.filter(tantivy.Filter.stemmer(stemmer))
    return builder.filter(tantivy.Filter.ascii_fold()).build()


def _ngrams() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(3, 5, False)).filter(tantivy.Filter.lowercase())
    return builder.filter(tantivy.Filter.ascii_fold()).build()
