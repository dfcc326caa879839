"""Full-text search of SQLite: FTS5 with unicode61, diacritics removed, ranked by bm25().

Set-up: the wordings of a topic in one language are one document. FTS5 knows no stems of these languages, so words of six letters
or more are looked for by their first two thirds (at least five letters); a document needs one of the words. Both are better here
than whole words and than each wording for itself. Judged by the lead over the next topic.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.bench.rankers import Ranker, Ranking, Wording, documents, leads, ranked
from tests.bench.rankers.words import words

FILE = "index.db"
TABLE = "create virtual table docs using fts5(body, topic unindexed, tokenize = 'unicode61 remove_diacritics 2')"
FIND = "select topic, -bm25(docs) from docs where docs match ? order by rank limit 60"
LONG = 6
LEAST = 5


class Fts5(Ranker):
    """A file of SQLite."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path)

    @classmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:
        """Write the file."""
        (folder / FILE).unlink(missing_ok=True)
        made = cls(folder / FILE)
        rows = [("\n".join(w.text for w in group), topic) for (topic, _), group in documents(wordings, by_lang=True).items()]
        with made._base:
            made._base.execute(TABLE)
            made._base.executemany("insert into docs (body, topic) values (?, ?)", rows)
            made._base.execute("insert into docs (docs) values ('optimize')")
        return made

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:
        """The file is there."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open the file."""
        made = cls(folder / FILE)
        made.rank("a")
        return made

    def rank(self, text: str) -> Ranking:
        """Rank topics by their best document."""
        query = " OR ".join(map(_term, words(text)))
        return leads(ranked(self._base.execute(FIND, (query,)))) if query else []


def _term(word: str) -> str:
    return f'"{word[: max(LEAST, len(word) * 2 // 3)]}"*' if len(word) >= LONG else f'"{word}"'
