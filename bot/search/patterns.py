"""Deterministic word patterns: editors' combinations of words, matched through the same lexicon as the search.

A pattern names what is meant (a situation, a small act); nothing is weighed or fitted. Grammar of a combination, as in
knowledge/safety: slots separated by spaces, `a|b` alternatives, `<set>` a named set, `"fixed words"`, `=form` exactly so,
`~start` any word that begins so; a leading `>` keeps the slots in order.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from bot.search.lexicon import Lexicon
from bot.search.text import fold, is_cyrillic, is_latin, key, sentences, tokens

GAP = 6
SLIP_LENGTH = 5
SURE_SLIP = 0.85
KEPT_WORDS = 2048
KEPT_WORDS = 2048

_SLOT = re.compile(r'(?:[=~]?"[^"]*"|<[^>]*>|[^\s"<])+')
_ALTERNATIVE = re.compile(r'(?:"[^"]*"|<[^>]*>|[^|"<])+')


class PatternError(ValueError):
    """A combination that cannot be read; the text says why, `where` what the editor wrote."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Word:
    """One alternative for one token: terms of the lexicon, exact forms, exact keys, or beginnings."""

    terms: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A token as patterns see it."""

    folded: str
    rough: str
    terms: frozenset[str]

    def fits(self, word: Word) -> bool:
        """Tell whether the token is one of the words."""
        return (
            not word.terms.isdisjoint(self.terms)
            or self.folded in word.forms
            or self.rough in word.keys
            or (bool(word.starts) and (self.folded.startswith(word.starts) or self.rough.startswith(word.starts)))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One place of a combination: any of many single words, or one of some runs of neighbouring words."""

    word: Word
    runs: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Slots that must all occur."""

    slots: tuple[Slot, ...]
    ordered: bool
    source: str


Spans: TypeAlias = list[tuple[int, int]]
Shelves: TypeAlias = dict[tuple[str, int], list[str]]
Beginning: TypeAlias = tuple[Slot, tuple[Word, ...]]
"""A slot with the words that must still follow its first one; none for a single word."""


class Piece:
    """A text read for patterns: where each slot occurs in it, as (start, end)."""

    def __init__(self, words: Sequence[tuple[Read, Sequence[Beginning]]]) -> None:
        self.length = len(words)
        self.spans: dict[Slot, Spans] = {}
        for start, (_, beginnings) in enumerate(words, 1):
            for slot, rest in beginnings:
                # Hundreds in every message: most are one word, and of the others the next word mostly does not fit.
                end = start + len(rest)
                if not rest or (end <= self.length and all(words[start + i][0].fits(word) for i, word in enumerate(rest))):
                    self.spans.setdefault(slot, []).append((start - 1, end))


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is meant, the combinations that show it, and those that rule it out."""

    name: str
    match: tuple[Combination, ...]
    unless: tuple[Combination, ...] = ()


class Patterns:
    """All patterns of one kind over one lexicon, in the order in which they are asked.

    Slots are looked up by what a token can be, and combinations by their first slot: most of them are never touched.
    """

    def __init__(self, lexicon: Lexicon, patterns: Iterable[Pattern] = ()) -> None:
        self.lexicon = lexicon
        self.patterns = tuple(patterns)
        self._beginnings: list[Beginning] = []
        self._by_term: dict[str, list[int]] = defaultdict(list)
        self._by_form: dict[str, list[int]] = defaultdict(list)
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._by_start: dict[str, list[int]] = defaultdict(list)
        for slot in {s: None for p in self.patterns for c in (*p.match, *p.unless) for s in c.slots}:
            for first, *rest in ((slot.word,), *slot.runs):
                self._add(slot, first, tuple(rest))
        self._forms, self._keys = _shelve(self._by_form), _shelve(self._by_key)
        self._start_lengths = sorted(set(map(len, self._by_start)))
        self._read: dict[tuple[str, bool], tuple[Read, list[Beginning]]] = {}
        self._rows = [(pattern, combination) for pattern in self.patterns for combination in pattern.match]
        self._by_slot: dict[Slot, list[int]] = defaultdict(list)
        for number, (_, combination) in enumerate(self._rows):
            self._by_slot[combination.slots[0]].append(number)

    def find(self, text: str) -> str | None:
        """Name the first pattern that the text shows, or None."""
        found = self.explain(text)
        return found[0] if found else None

    def explain(self, text: str) -> tuple[str, str] | None:
        """Give the first pattern that the text shows and the combination that showed it."""
        words = tokens(text)
        typed_russian = self._is_typed_russian(words)
        known = {token: self.look_up(token, by_key=typed_russian) for token in words}
        pieces = [Piece([known[token] for token in tokens(piece)]) for piece in sentences(text)]
        whole = Piece([known[token] for token in tokens(text)]) if len(pieces) > 1 else None
        begun = {number for piece in pieces for slot in piece.spans for number in self._by_slot.get(slot, ())}
        for number in sorted(begun):
            pattern, combination = self._rows[number]
            if any(_occurs(combination, piece, GAP) for piece in pieces):
                around = whole or pieces[0]
                if not any(_occurs(c, around, around.length) for c in pattern.unless):
                    return pattern.name, combination.source
        return None

    def _is_typed_russian(self, words: Sequence[str]) -> bool:
        """Tell whether the Latin words are Russian or Ukrainian: a third of them no known word but by their key."""
        latin = [word for word in words if is_latin(word)]
        strange = [word for word in latin if fold(word) not in self.lexicon.forms]
        by_key = sum(key(word) in self.lexicon.keys or key(word) in self._by_key for word in strange)
        return by_key * 3 >= len(latin) > 0

    def read(self, token: str, *, by_key: bool = True) -> Read:
        """Look a token up; only near-certain slips count, and only of tokens that are no known word.

        Without `by_key` a Latin token stands for no Cyrillic word: English "March" is not Russian "матч".
        """
        slot = self.lexicon.look_up(token)
        by_key = by_key or is_cyrillic(token)
        sure = frozenset(t for t, q in slot.terms.items() if q >= SURE_SLIP and not t.startswith("etp:"))
        if not by_key:
            sure = frozenset(term for term in sure if not is_cyrillic(term))
        folded, rough = fold(token), key(token) if by_key else ""
        if (slot.slip or not slot.terms) and len(token) >= SLIP_LENGTH:
            folded = _meant(folded, self._forms)
            if by_key:
                rough = _meant(rough, self._keys) if folded == fold(token) else key(folded)
        return Read(folded, rough, sure)

    def _add(self, slot: Slot, first: Word, rest: tuple[Word, ...]) -> None:
        number = len(self._beginnings)
        self._beginnings.append((slot, rest))
        for table, names in (
            (self._by_term, first.terms),
            (self._by_form, first.forms),
            (self._by_key, first.keys),
            (self._by_start, first.starts),
        ):
            for name in names:
                table[name].append(number)

    def look_up(self, token: str, *, by_key: bool = True) -> tuple[Read, list[Beginning]]:
        """Read a token and find what it can begin."""
        known = self._read.get((token, by_key))
        if known is None:
            if len(self._read) >= KEPT_WORDS:
                self._read.clear()
            read = self.read(token, by_key=by_key)
            known = self._read[token, by_key] = read, self._begun(read)
        return known

    def _begun(self, read: Read) -> list[Beginning]:
        found = {*self._by_form.get(read.folded, ()), *self._by_key.get(read.rough, ())}
        found.update(number for term in read.terms for number in self._by_term.get(term, ()))
        for length in self._start_lengths:
            found.update(self._by_start.get(read.folded[:length], ()), self._by_start.get(read.rough[:length], ()))
        return [self._beginnings[number] for number in found]


def _shelve(words: Iterable[str]) -> Shelves:
    """Sort words by first letter and length, so that a slip is looked for among a few."""
    shelves: Shelves = defaultdict(list)
    for word in words:
        if len(word) >= SLIP_LENGTH:
            shelves[word[0], len(word)].append(word)
    return shelves


def _meant(word: str, shelves: Shelves) -> str:
    """Give the word that was meant, if one is a single slip away; otherwise the word itself."""
    near = [other for length in range(len(word) - 1, len(word) + 2) for other in shelves.get((word[:1], length), ())]
    best = extractOne(word, near, scorer=OSA.distance, processor=None, score_cutoff=1)
    return best[0] if best else word


def compile_pattern(
    name: str, match: Iterable[str], unless: Iterable[str], sets: Mapping[str, Sequence[str]], lexicon: Lexicon
) -> Pattern:
    """Read an editor's lines into a pattern. Errors: PatternError."""
    read = {label: _join(_alternative(word, lexicon) for word in words) for label, words in sets.items()}
    return Pattern(
        name,
        tuple(_combination(line, read, lexicon) for line in match),
        tuple(_combination(line, read, lexicon) for line in unless),
    )


def _combination(line: str, sets: Mapping[str, Slot], lexicon: Lexicon) -> Combination:
    body = line.strip()
    if _SLOT.sub("", body).strip():
        raise PatternError(line, f'a `"` or `<` is not closed in {line!r}')
    slots = tuple(_slot(piece, sets, lexicon) for piece in _SLOT.findall(body.removeprefix(">")))
    if not slots:
        raise PatternError(line, f"the combination {line!r} has no words")
    return Combination(slots, body.startswith(">"), line)


def _slot(piece: str, sets: Mapping[str, Slot], lexicon: Lexicon) -> Slot:
    parts: list[Slot] = []
    for part in _ALTERNATIVE.findall(piece):
        if not part.startswith("<"):
            parts.append(_join([_alternative(part, lexicon)]))
        elif (label := part.strip("<>")) in sets:
            parts.append(sets[label])
        else:
            raise PatternError(part, f"there is no set {part} under `words`")
    if not parts:
        raise PatternError(piece, f"{piece!r} is no word")
    return parts[0] if len(parts) == 1 else _union(parts)


def _join(alternatives: Iterable[tuple[Word, ...]]) -> Slot:
    """Make one slot of alternatives: the single words together, the runs each for itself."""
    alternatives = list(alternatives)
    singles = [Slot(words[0], ()) for words in alternatives if len(words) == 1]
    return _union([*singles, Slot(Word(), tuple(words for words in alternatives if len(words) > 1))])


def _union(slots: Sequence[Slot]) -> Slot:
    return Slot(
        Word(
            frozenset().union(*(slot.word.terms for slot in slots)),
            frozenset().union(*(slot.word.forms for slot in slots)),
            frozenset().union(*(slot.word.keys for slot in slots)),
            tuple(dict.fromkeys(start for slot in slots for start in slot.word.starts)),
        ),
        tuple(run for slot in slots for run in slot.runs),
    )


def _alternative(text: str, lexicon: Lexicon) -> tuple[Word, ...]:
    mark = text[0] if text[:1] in "=~" else ""
    words = tokens(text.lstrip("=~").strip('"'))
    if not words:
        raise PatternError(text, f"{text!r} is no word")
    return tuple(_word(word, mark, lexicon) for word in words)


def _word(token: str, mark: str, lexicon: Lexicon) -> Word:
    cyrillic = is_cyrillic(token)
    if mark == "~":
        return Word(starts=(fold(token), key(token)) if cyrillic else (fold(token),))
    forms = frozenset({fold(token)})
    keys = frozenset({key(token)}) if cyrillic else frozenset()
    if mark == "=":
        return Word(forms=forms, keys=keys)
    return Word(terms=frozenset(lexicon.forms.get(fold(token))), forms=forms, keys=keys)


def _occurs(combination: Combination, piece: Piece, gap: int) -> bool:
    """Tell whether all slots occur at places of their own, each at most `gap` words from a neighbouring one."""
    places = [piece.spans.get(slot, []) for slot in combination.slots]
    return all(places) and _placed(places, (), combination.ordered, gap)


def _placed(places: Sequence[Spans], taken: tuple[tuple[int, int], ...], ordered: bool, gap: int) -> bool:
    if not places:
        spans = sorted(taken)
        return all(after[0] - before[1] <= gap for before, after in pairwise(spans))
    return any(
        _placed(places[1:], (*taken, span), ordered, gap)
        for span in places[0]
        if all(span[1] <= other[0] or span[0] >= other[1] for other in taken)
        and not (ordered and taken and span[0] < taken[-1][1])
    )
