"""From knowledge files to the search: its slow parts are made once and taken from memory or from a file after that."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeVar

from bot.knowledge.compiled import Cache, Search, fingerprint
from bot.knowledge.files import digest
from bot.knowledge.read import Files, outside, vocabulary, wordings
from bot.search.elsewhere import Elsewhere, build_elsewhere
from bot.search.index import Index
from bot.search.lexicon import LanguageWords, Lexicon, WordTables, build_tables, lexicon_of, unknown_words, with_words
from bot.search.patterns import Patterns

T = TypeVar("T")


class Memo(Generic[T]):
    """Remembers the last thing made, and from what: a reload makes only those slow parts anew whose files have changed."""

    def __init__(self) -> None:
        self.made: T | None = None
        self._inputs: tuple[object, ...] = ()

    def __call__(self, make: Callable[[], T], *inputs: object) -> T:
        """Make it anew if the inputs differ from those of the last time."""
        if self.made is None or self._inputs != inputs:
            self.made, self._inputs = make(), inputs
        return self.made


@dataclass(slots=True)
class Memos:
    """The parts of a World that are slow to make."""

    tables: Memo[WordTables] = field(default_factory=Memo)
    search: Memo[Search] = field(default_factory=Memo)
    dangers: Memo[Patterns] = field(default_factory=Memo)


def find_search(files: Files, memos: Memos, cache: Cache | None = None) -> Search:
    """Give the search of the files, made anew only if something that it rests on has changed."""
    strange = tuple(outside(files))
    phrases = (*wordings(files), *strange)
    words = (*vocabulary(files), *((wording.lang, wording.text) for wording in strange))
    languages = language_words(files)
    forms = tuple((lang, digest(text)) for lang, text in files.generated.forms.items())
    elsewhere = [(words.elsewhere.places, words.elsewhere.foreign, words.elsewhere.home) for words in files.lexicon.values()]
    rows = [(row.topic, row.lang, row.field, row.text) for row in phrases]
    name = fingerprint(rows, words, languages, forms, elsewhere, files.generated.linear_digest)

    def make() -> Search:
        if cache and (kept := cache.read(name)):
            memos.tables(lambda: WordTables(kept.base.forms, kept.base.keys, kept.base.parts), forms)
            kept.index.linear = files.generated.linear  # the same, and one is enough
            return kept
        tables = memos.tables(lambda: build_tables(files.generated.words()), forms)
        base = lexicon_of(tables, languages)
        beside = unknown_words(base, words)
        lexicon = with_words(base, beside)
        index = Index(phrases, lexicon, files.generated.linear, _elsewhere(files, lexicon))
        return Search(name, languages, base, beside, index)

    return memos.search(make, name)


def _elsewhere(files: Files, lexicon: Lexicon) -> Elsewhere:
    lists = [words.elsewhere for words in files.lexicon.values()]
    return build_elsewhere(
        chain.from_iterable(words.places for words in lists),
        chain.from_iterable(words.foreign for words in lists),
        chain.from_iterable(words.home for words in lists),
        lexicon,
    )


def language_words(files: Files) -> list[LanguageWords]:
    """Give each language's part of the lexicon."""
    return [
        LanguageWords(
            lang=lang,
            function_words=tuple(words.function_words),
            frame_words=tuple(words.frame_words),
            endings=tuple(words.endings),
            official=tuple(words.official),
            synonyms=tuple(map(tuple, words.synonyms)),
        )
        for lang, words in files.lexicon.items()
    ]
