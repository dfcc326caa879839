"""The whole search in one file, made once from the knowledge and then read in a fraction of a second.

A cache of this installation, never edited and never shared: whoever empties its folder loses nothing but time. Needs only what
searching needs, so that a process that does nothing else stays small.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, overload
from zipfile import BadZipFile, ZipFile

from marisa_trie import Trie

import bot.search
from bot.search.elsewhere import Elsewhere, Names
from bot.search.index import Index, Layout, Wording
from bot.search.lexicon import LanguageWords, Lexicon, WordForms, WordTables, lexicon_of, with_words
from bot.search.linear import Linear, Weights
from bot.search.nearness import Shelf
from bot.search.table import Table

SUFFIX = ".search"
KEPT = 3
"""So many files are kept: the newest."""
_BROKEN = (OSError, BadZipFile, ValueError, KeyError, TypeError, IndexError)


@dataclass(frozen=True, slots=True)
class Search:
    """What the search is made of; `name` tells it from every other."""

    name: str
    languages: Sequence[LanguageWords]
    base: Lexicon
    """The lexicon of the generated words; the index's also knows `beside`."""
    beside: Sequence[WordForms]
    index: Index


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of such files, each named after all that it was made from."""

    folder: Path

    def read(self, name: str) -> Search | None:
        """Give what is kept under a name; nothing if there is none or it is broken."""
        try:
            return load(self._path(name))
        except _BROKEN:
            return None

    def keep(self, search: Search) -> None:
        """Keep it, unless it is kept already or the folder cannot be written."""
        path = self._path(search.name)
        if path.exists():
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            save(search, path)
            files = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in files[KEPT:]:
                old.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / (name + SUFFIX)


def fingerprint(*parts: object) -> str:
    """Name what is made from some parts, told apart by how they print, and by this very program."""
    made = blake2b(digest_size=16)
    for source in sorted(Path(*bot.search.__path__).glob("*.py")):
        made.update(source.read_bytes())
    made.update(Path(__file__).read_bytes())
    made.update(repr((sys.byteorder, *parts)).encode())
    return made.hexdigest()


def save(search: Search, path: Path) -> None:
    """Write the search to a file, which is there whole or not at all."""
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:  # processes may write at once
        written = Path(part.name)
        try:
            with ZipFile(part, "w") as file:
                for name, data in _content(search):
                    file.writestr(name, data)
            part.close()
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)


def load(path: Path) -> Search:
    """Read the search from a file. Errors: OSError if there is none, ValueError and the like if it is broken."""
    with ZipFile(path) as file:
        return _search(path.stem, _Parts(file.read))


def _search(name: str, parts: "_Parts") -> Search:
    languages = [LanguageWords(**_tuples(words)) for words in parts.json("languages")]
    tables = WordTables(parts.table("forms"), parts.table("keys"), dict(parts.json("parts")))
    base = lexicon_of(tables, languages)
    beside = [WordForms(**_tuples(word)) for word in parts.json("beside")]
    away, home = parts.json("elsewhere")
    index = Index(
        Lines(parts.read("wordings")),
        with_words(base, beside),
        parts.linear(),
        Elsewhere(_names(away), _names(home)),
        parts.layout(),
    )
    return Search(name, languages, base, beside, index)


class Lines(Sequence[Wording]):
    """Wordings as they stand in the file, read when the first of them is wanted: searching itself wants none."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._rows: tuple[Wording, ...] | None = None

    @overload
    def __getitem__(self, place: int) -> Wording: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Wording]: ...
    def __getitem__(self, place: int | slice) -> Wording | Sequence[Wording]:
        """Give one wording, or some."""
        return self._read()[place]

    def __len__(self) -> int:
        """Count them."""
        return len(self._read())

    def _read(self) -> tuple[Wording, ...]:
        if self._rows is None:
            rows = json.loads(zlib.decompress(self._packed))
            self._rows = tuple(Wording(topic=topic, lang=lang, field=field, text=text) for topic, lang, field, text in rows)
        return self._rows


def _content(search: Search) -> Iterator[tuple[str, bytes]]:
    """Give the parts of the file."""
    index, tables = search.index, search.base
    layout = index.warm()
    yield "languages", _json([asdict(words) for words in search.languages])
    yield "beside", _json([asdict(word) for word in search.beside])
    yield "parts", _json(tables.parts)
    for name, table in (("forms", tables.forms), ("keys", tables.keys)):
        yield f"{name}.words", table.words.tobytes()
        yield f"{name}.places", table.places.tobytes()
        yield f"{name}.meanings", _json(table.meanings)
        yield f"{name}.stems", table.stems.tobytes()
    fitted = index.linear.fitted
    yield "linear", _json({"topics": fitted.topics, "biases": fitted.biases, "features": list(index.linear.places)})
    for field, kind in _ARRAYS.items():
        yield f"linear.{field}", array(kind, getattr(fitted, field)).tobytes()
    yield "linear.telling", index.linear.telling
    yield "wordings", zlib.compress(_json([(row.topic, row.lang, row.field, row.text) for row in index.wordings]))
    yield "elsewhere", _json([{"runs": n.runs, "terms": sorted(n.terms)} for n in (index.elsewhere.away, index.elsewhere.home)])
    yield "layout", _json({"topics": layout.topics, "numbers": layout.numbers})
    yield "layout.plain", layout.plain.tobytes()
    yield "layout.owners", layout.owners.tobytes()
    for place, topic in enumerate(layout.topics):
        for field, _ in _SHELF:
            yield f"shelf.{place}.{field}", getattr(layout.shelves[topic], field).tobytes()


_ARRAYS = {"rarity": "f", "common": "h", "counts": "H", "classes": "H", "weights": "h"}
_SHELF = (("terms", "I"), ("ends", "I"), ("wordings", "H"), ("sizes", "f"), ("worths", "f"))


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of a file by name, each read when it is wanted: all at once would take a lot of memory for a moment."""

    read: Callable[[str], bytes]

    def json(self, name: str) -> Any:  # noqa: ANN401 - as it was written
        return json.loads(self.read(name))

    def array(self, kind: str, name: str) -> "array[Any]":
        return array(kind, self.read(name))

    def trie(self, name: str) -> Trie:
        return Trie().frombytes(self.read(name))

    def table(self, name: str) -> Table:
        meanings = tuple(tuple(map(sys.intern, meaning)) for meaning in self.json(f"{name}.meanings"))
        places = self.array("I", f"{name}.places")
        return Table(self.trie(f"{name}.words"), places, meanings, self.trie(f"{name}.stems"), {})

    def linear(self) -> Linear:
        fitted = self.json("linear")
        arrays = {field: self.array(kind, f"linear.{field}") for field, kind in _ARRAYS.items()}
        weights = Weights(topics=tuple(fitted["topics"]), biases=fitted["biases"], features=fitted["features"], **arrays)
        return Linear(weights, self.read("linear.telling"))

    def layout(self) -> Layout:
        made = self.json("layout")
        return Layout(
            {topic: (first, last) for topic, (first, last) in made["topics"].items()},
            self.trie("layout.plain"),
            self.array("H", "layout.owners"),
            {sys.intern(term): number for term, number in made["numbers"].items()},
            {
                topic: Shelf(**{field: self.array(kind, f"shelf.{place}.{field}") for field, kind in _SHELF})
                for place, topic in enumerate(made["topics"])
            },
        )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _tuples(value: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lists of a JSON object into tuples, and lists in them too."""
    return {name: _tuple(one) for name, one in value.items()}


def _tuple(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _names(said: Mapping[str, Any]) -> Names:
    return Names({first: _tuple(runs) for first, runs in said["runs"].items()}, frozenset(said["terms"]))
