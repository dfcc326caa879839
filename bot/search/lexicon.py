"""What a word can mean here: every inflected form of every word the knowledge uses, looked up without a model.

Built from generated form tables and the editors' lexicon. Knows terms (`et:elamisluba`, part `etp:luba`, set of
synonyms `c:17`), not topics. A term's quality (0..1) says how surely the token means it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from bot.search.table import Meaning, Table, build_table
from bot.search.text import fold, is_cyrillic, key, tokens

PART_QUALITY = 0.6
SPAN_WORD_QUALITY = 0.5
SLIP_QUALITY = {1: 0.85, 2: 0.65}
MIN_SLIP_LENGTH = 4
NEAREST = 8
MIN_STEM = 3
KEPT_READINGS = 2048
LONG_WORD = 10
SPLIT_LENGTH = 8
MIN_PART = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WordForms:
    """One lemma of one language with the parts of a compound and all its forms, folded."""

    lang: str
    lemma: str
    parts: tuple[str, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageWords:
    """One language's part of the lexicon, as an editor keeps it. `endings`: what may follow any form."""

    lang: str
    function_words: tuple[str, ...] = ()
    frame_words: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    official: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """What one word of a text (or a phrase that stands for one thing) can mean: term -> quality. Empty: unknown."""

    token: str
    terms: Mapping[str, float]
    slip: bool = False
    frame: bool = False
    meant: str = ""
    """The known form that was probably meant, where the token has a single slip."""


@dataclass(frozen=True, slots=True)
class WordTables:
    """The generated words of all languages, which take long to put together: by form, by Latin key, and their parts."""

    forms: Table
    keys: Table
    parts: Mapping[str, Meaning]


@dataclass(slots=True)
class Lexicon:
    """Look-up tables over all languages at once; build with `build_lexicon`."""

    forms: Table
    keys: Table
    parts: Mapping[str, Meaning]
    function_words: set[str] = field(default_factory=set)
    function_keys: set[str] = field(default_factory=set)
    frame_terms: set[str] = field(default_factory=set)
    endings: tuple[str, ...] = ()
    synonyms: dict[str, list[tuple[tuple[frozenset[str], ...], str]]] = field(default_factory=dict)
    _grammar: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)
    _read: dict[str, Slot] = field(default_factory=dict, repr=False, compare=False)

    def is_function_word(self, token: str) -> bool:
        """Tell whether the token is grammar only, in any language or in Latin-typed Russian."""
        told = self._grammar.get(token)
        if told is None:
            if len(self._grammar) >= KEPT_READINGS:
                self._grammar.clear()
            told = self._grammar[token] = self._is_grammar(token)
        return told

    def _is_grammar(self, token: str) -> bool:
        folded = fold(token)
        if folded in self.function_words or (folded not in self.forms and folded.replace("y", "u") in self.function_words):
            return True
        return not is_cyrillic(token) and folded not in self.forms and key(token) in self.function_keys

    def known(self, token: str) -> tuple[str, ...]:
        """Give the terms of a token that is some known word's form, as typed or by its Latin key."""
        folded = fold(token)
        found = self.forms.get(folded)
        # A Ukrainian word often sounds like the Russian one: the key finds it where the form does not.
        if not is_cyrillic(token) or not any(term.startswith("ru:") for term in found):
            found += tuple(term for term in self.keys.get(key(token)) if term not in found)
        typed = (folded, folded.replace("y", "u"))  # Estonian ü is often typed as y
        return found or next(filter(None, map(self.forms.get, chain(typed[1:], *map(self._stems, typed)))), ())

    def look_up(self, token: str) -> Slot:
        """Find what a token can mean: known form, compound of known words, or a known word with a slip."""
        slot = self._read.get(token)
        if slot is None:
            if len(self._read) >= KEPT_READINGS:
                self._read.clear()
            slot = self._read[token] = self._look_up(token)
        return slot

    def _look_up(self, token: str) -> Slot:
        if terms := self.known(token):
            return self._slot(token, dict.fromkeys(terms, 1.0))
        if split := self._split(fold(token)):
            return self._slot(token, split)
        return self._slip(token)

    def _stems(self, folded: str) -> Iterator[str]:
        """Give what is left of a word without an ending that may follow any form."""
        for ending in self.endings:
            if folded.endswith(ending) and len(folded) - len(ending) >= MIN_STEM:
                yield folded.removesuffix(ending)

    def slots(self, text: str, *, keep_function_words: bool = False) -> list[Slot]:
        """Read a text as a list of slots; phrases that the lexicon knows as one thing become one slot."""
        words = [word for word in tokens(text) if keep_function_words or not self.is_function_word(word)]
        return self.join([self.look_up(word) for word in words])

    def join(self, words: Sequence[Slot]) -> list[Slot]:
        """Put the set's term into words, or runs of words, that the lexicon's synonyms know; the longest run wins."""
        return list(self._join(words))

    def _slot(self, token: str, terms: dict[str, float], *, slip: bool = False) -> Slot:
        frame = bool(terms) and all(term in self.frame_terms for term in terms if not term.startswith("etp:"))
        for term, quality in list(terms.items()):
            for part in self.parts.get(term, ()):
                terms.setdefault(part, quality * PART_QUALITY)
            if term.startswith("et:"):
                terms.setdefault("etp:" + term[3:], quality * PART_QUALITY)
        return Slot(token, terms, slip, frame)

    def _split(self, folded: str) -> dict[str, float]:
        """Read an unknown long word as two known Estonian ones; the last part carries the meaning."""
        if len(folded) < SPLIT_LENGTH or is_cyrillic(folded):
            return {}
        for cut in range(len(folded) - MIN_PART, MIN_PART - 1, -1):
            head, tail = self.forms.get(folded[:cut]), self.forms.get(folded[cut:])
            if head and tail:
                found = [term for term in (*head, *tail) if term.startswith("et:")]
                if len({term for term in head if term in found}) and len({term for term in tail if term in found}):
                    return {"etp:" + term[3:]: PART_QUALITY for term in found}
        return {}

    def _slip(self, token: str) -> Slot:
        """Look for known words one or two slips away, in either spelling."""
        folded = fold(token)
        if len(folded) < MIN_SLIP_LENGTH or folded.isdigit():
            return Slot(token, {})
        best, form = self._near(folded, self.forms)
        for stem in self._stems(folded):
            best, form = max((best, form), self._near(stem, self.forms), key=lambda found: _quality(found[0]))
        if not best and not is_cyrillic(token) and len(rough := key(token)) > 1:  # "aaaa" has the key "a"
            best, form = self._near(rough, self.keys)[0], ""  # a key is no word to read on with
        slot = self._slot(token, dict(best), slip=True)
        return replace(slot, meant=form) if _quality(best) == SLIP_QUALITY[1] else slot

    def _near(self, word: str, table: Table) -> tuple[dict[str, float], str]:
        """Give the terms of the nearest words of a table, a slip or two away, and one of these."""
        if len(word) < MIN_SLIP_LENGTH:
            return {}, ""
        slips, near = table.near(word, 1 if len(word) < LONG_WORD else 2)
        return {term: SLIP_QUALITY[slips] for form in near[:NEAREST] for term in table.get(form)}, min(near, default="")

    def _join(self, words: Sequence[Slot]) -> Iterator[Slot]:
        position = 0
        while position < len(words):
            length, sets = self._longest(words, position)
            if not sets:
                yield words[position]
                position += 1
                continue
            span = words[position : position + length]
            quality = 1.0 if length == 1 else SPAN_WORD_QUALITY
            terms = {term: value * quality for slot in span for term, value in slot.terms.items()}
            sure = min(max(slot.terms.values()) for slot in span)
            terms |= dict.fromkeys(sets, sure)
            yield Slot(" ".join(s.token for s in span), terms, any(s.slip for s in span), False)
            position += length

    def _longest(self, words: Sequence[Slot], position: int) -> tuple[int, list[str]]:
        if self.synonyms.keys().isdisjoint(words[position].terms):
            return 0, []
        best, sets = 0, list[str]()
        for term in words[position].terms:
            for member, name in self.synonyms.get(term, ()):
                span = words[position : position + len(member)]
                if len(member) < best or len(span) < len(member):
                    continue
                if all(not wanted.isdisjoint(slot.terms) for wanted, slot in zip(member, span, strict=True)):
                    sets = [*sets, name] if len(member) == best else [name]
                    best = len(member)
        return best, list(dict.fromkeys(sets))


def build_lexicon(words: Iterable[WordForms], languages: Iterable[LanguageWords]) -> Lexicon:
    """Build the look-up tables of all languages; words of a language whose forms were not generated stand for themselves."""
    return lexicon_of(build_tables(words), languages)


def build_tables(words: Iterable[WordForms]) -> WordTables:
    """Put the generated words together."""
    forms, keys, parts = _tabulate(words)
    return WordTables(build_table(forms), build_table(keys), parts)


def lexicon_of(tables: WordTables, languages: Iterable[LanguageWords]) -> Lexicon:
    """Give the lexicon of generated words with the editors' part."""
    lexicon = Lexicon(tables.forms, tables.keys, tables.parts)
    languages = tuple(languages)
    for language in languages:
        _add_function_words(lexicon, language)
    for language in languages:
        _add_synonyms(lexicon, language)
        for frame in language.frame_words:
            lexicon.frame_terms.update(term for token in tokens(frame) for term in lexicon.known(token))
        lexicon.endings += tuple(fold(ending) for ending in language.endings)
    lexicon.endings = tuple(sorted(lexicon.endings, key=len, reverse=True))
    return lexicon


def unknown_words(lexicon: Lexicon, texts: Iterable[tuple[str, str]]) -> tuple[WordForms, ...]:
    """Give the words of texts (language, text) that no table knows, each as its own only form, in the first text's language."""
    found = {token: lang for lang, text in reversed(tuple(texts)) for token in tokens(text)}
    strange = ((token, lang) for token, lang in found.items() if not lexicon.known(token))
    return tuple(WordForms(lang=lang, lemma=token, parts=(), forms=(fold(token),)) for token, lang in strange)


def with_words(lexicon: Lexicon, words: Iterable[WordForms]) -> Lexicon:
    """Give a lexicon that knows more words; a slip of the pen is not looked for among them."""
    forms, keys, parts = _tabulate(words)
    return replace(
        lexicon,
        forms=lexicon.forms.having(forms),
        keys=lexicon.keys.having(keys),
        parts={**lexicon.parts, **parts},
        _grammar={},
        _read={},
    )


def _tabulate(words: Iterable[WordForms]) -> tuple[dict[str, Meaning], dict[str, Meaning], dict[str, Meaning]]:
    """List the terms by form and by Latin key, and the parts by term."""
    forms: dict[str, Meaning] = {}
    keys: dict[str, Meaning] = {}
    parts: dict[str, Meaning] = {}
    for word in words:
        term = f"{word.lang}:{word.lemma}"
        for form in word.forms:
            _add(forms, form, term)
            if is_cyrillic(form):
                _add(keys, key(form), term)
        if len(word.parts) > 1:
            parts[term] = tuple(f"{word.lang}p:{part}" for part in word.parts)
    return forms, keys, parts


def _add(table: dict[str, Meaning], word: str, term: str) -> None:
    known = table.get(word, ())
    if term not in known:
        table[word] = (*known, term)


def _add_function_words(lexicon: Lexicon, language: LanguageWords) -> None:
    for word in language.function_words:
        for token in tokens(word):
            lexicon.function_words.add(fold(token))
            if is_cyrillic(token) and len(token) > 1:
                lexicon.function_keys.add(key(token))


def _add_synonyms(lexicon: Lexicon, language: LanguageWords) -> None:
    for number, members in enumerate(language.synonyms):
        name = f"c:{language.lang}:{number}"
        for member in members:
            kept = [token for token in tokens(member) if not lexicon.is_function_word(token)] or tokens(member)
            sequence = tuple(frozenset(lexicon.known(token)) for token in kept)
            if not sequence or not all(sequence):
                continue
            for term in sequence[0]:
                lexicon.synonyms.setdefault(term, []).append((sequence, name))


def _quality(terms: Mapping[str, float]) -> float:
    return max(terms.values(), default=0.0)
