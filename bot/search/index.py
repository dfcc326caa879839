"""The searchable form of the topics' wordings, and the evidence a message finds in it.

One index for all languages. Evidence is counted per phrase (title, phrasing, keyword) and per topic; what it is worth is
decided in `confidence`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.search.lexicon import Lexicon, Slot
from bot.search.text import key, tokens, trigrams

FRAME_WEIGHT = 0.45
UNKNOWN_WEIGHT = 0.7
LEXICAL_SHARE = 0.65
PHRASE_SHARE = 0.65
FIELD_WEIGHT = {"title": 1.0, "question": 1.0, "keyword": 0.95}
LONG_QUESTION = 9
COMMON_TRIGRAM = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text that stands for a topic: its title, a phrasing of a question, or a keyword."""

    topic: str
    lang: str
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for one topic; every figure lies between 0 and 1 except `words` and `margin` (-1..1)."""

    topic: str
    score: float
    phrase: float
    coverage: float
    trigram: float
    margin: float
    slips: float
    unknown: float
    words: int
    agreement: bool
    wording: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    wording: Wording
    norm: float
    grams: dict[str, float]


class Index:
    """Postings of all wordings over the lexicon's terms and over trigrams.

    `before` is an earlier index: what it read with the same lexicon is not read again.
    """

    def __init__(self, wordings: Sequence[Wording], lexicon: Lexicon, before: "Index | None" = None) -> None:
        self.wordings = tuple(wordings)
        self.lexicon = lexicon
        known = before._slots if before and before.lexicon is lexicon else {}
        self._slots: dict[str, list[Slot]] = {text: known.get(text) or self._read(text) for text in (w.text for w in wordings)}
        slots = [self._slots[wording.text] for wording in self.wordings]
        self._topic_terms: dict[str, Counter[str]] = defaultdict(Counter)
        for wording, read in zip(self.wordings, slots, strict=True):
            self._topic_terms[wording.topic].update({term for slot in read for term in slot.terms})
        self._idf = self._weigh(self._topic_terms)
        self._max_idf = max(self._idf.values(), default=1.0)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._by_gram: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._gram_idf = self._weigh_grams()
        self._phrases = [self._add(number, read) for number, read in enumerate(slots)]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that have wordings."""
        return tuple(self._topic_terms)

    def find(self, text: str, *, without: int | None = None, hidden: str | None = None) -> list[Evidence]:
        """Give the evidence for each topic that has any, the strongest first.

        For tuning, `without` leaves one wording out and `hidden` a whole topic, as if they had never been written.
        """
        slots = self._read(text)
        if not slots:
            return []
        leaves_out = without is not None or hidden is not None
        out = (
            frozenset(n for n, w in enumerate(self.wordings) if n == without or w.topic == hidden) if leaves_out else frozenset()
        )
        idf = self._idf_without(slots, out) if out else self._idf
        weights = [self._weight(slot, idf) for slot in slots]
        phrase = self._phrase_scores(slots, weights, out)
        cosine = self._cosines(text, out)
        return self._rank(slots, weights, idf, phrase, cosine, out)

    def _read(self, text: str) -> list[Slot]:
        return self.lexicon.slots(text) or self.lexicon.slots(text, keep_function_words=True)

    # --- building ---

    def _weigh(self, topic_terms: dict[str, Counter[str]]) -> dict[str, float]:
        spread = Counter(term for terms in topic_terms.values() for term in terms)
        return {term: math.log(1 + len(topic_terms) / count) for term, count in spread.items()}

    def _weigh_grams(self) -> dict[str, float]:
        spread = Counter(gram for wording in self.wordings for gram in set(trigrams(self._keys(wording.text))))
        return {gram: math.log(1 + len(self.wordings) / count) for gram, count in spread.items()}

    def _keys(self, text: str) -> list[str]:
        words = tokens(text)
        return [key(word) for word in words if not self.lexicon.is_function_word(word)] or [key(word) for word in words]

    def _add(self, number: int, slots: Sequence[Slot]) -> _Phrase:
        wording = self.wordings[number]
        norm = 0.0
        for slot in slots:
            norm += self._weight(slot, self._idf)
            for term, quality in slot.terms.items():
                self._postings[term].append((number, quality))
        vector = self._vector(wording.text)
        for gram, weight in vector.items():
            self._by_gram[gram].append((number, weight))
        return _Phrase(wording, norm, vector)

    def _vector(self, text: str, out: frozenset[int] = frozenset()) -> dict[str, float]:
        counts = Counter(trigrams(self._keys(text)))
        if out:
            counts = Counter({g: n for g, n in counts.items() if any(m not in out for m, _ in self._by_gram.get(g, ()))})
        raw = {g: (1 + math.log(n)) * self._gram_idf[g] for g, n in counts.items() if g in self._gram_idf}
        length = math.sqrt(sum(v * v for v in raw.values())) or 1.0
        return {gram: value / length for gram, value in raw.items()}

    def _weight(self, slot: Slot, idf: Mapping[str, float]) -> float:
        known = [idf[term] for term in slot.terms if term in idf and not term.startswith("etp:")]
        known = known or [idf[term] * 0.8 for term in slot.terms if term in idf]
        if not known:
            return UNKNOWN_WEIGHT * self._max_idf * (FRAME_WEIGHT if slot.frame else 1.0)
        return max(known) * (FRAME_WEIGHT if slot.frame else 1.0)

    # --- finding ---

    def _idf_without(self, slots: Sequence[Slot], out: frozenset[int]) -> dict[str, float]:
        """Weigh the message's terms as if the wordings in `out` did not exist."""
        topics = len({w.topic for n, w in enumerate(self.wordings) if n not in out})
        kept = {
            term: {self.wordings[n].topic for n, _ in self._postings.get(term, ()) if n not in out}
            for slot in slots
            for term in slot.terms
        }
        return {term: math.log(1 + topics / len(found)) for term, found in kept.items() if found}

    def _phrase_scores(self, slots: Sequence[Slot], weights: Sequence[float], out: frozenset[int]) -> dict[int, float]:
        """Dice overlap of the message with each phrase, weighed by how telling the words are."""
        matched: dict[int, float] = defaultdict(float)
        for slot, weight in zip(slots, weights, strict=True):
            best: dict[int, float] = {}
            for term, quality in slot.terms.items():
                for number, worth in self._postings.get(term, ()):
                    value = quality * worth
                    if value > best.get(number, 0.0):
                        best[number] = value
            for number, value in best.items():
                matched[number] += value * weight
        total = sum(weights)
        return {
            number: min(1.0, 2 * value / (min(total, 1.6 * self._phrases[number].norm + 4) + self._phrases[number].norm))
            * FIELD_WEIGHT[self.wordings[number].field]
            for number, value in matched.items()
            if number not in out
        }

    def _cosines(self, text: str, out: frozenset[int]) -> dict[int, float]:
        sums: dict[int, float] = defaultdict(float)
        common = COMMON_TRIGRAM * len(self.wordings)
        for gram, weight in self._vector(text, out).items():
            postings = self._by_gram.get(gram, ())
            if len(postings) > common > 40:
                continue
            for number, worth in postings:
                sums[number] += weight * worth
        return {number: value for number, value in sums.items() if number not in out}

    def _bag(self, topic: str, slots: Sequence[Slot], weights: Sequence[float], gone: Counter[str]) -> float:
        """Share of the message that any wording of the topic, in any language, knows."""
        terms = self._topic_terms[topic]
        found = 0.0
        for slot, weight in zip(slots, weights, strict=True):
            best = max((q for term, q in slot.terms.items() if terms.get(term, 0) > gone.get(term, 0)), default=0.0)
            found += best * weight
        return found / sum(weights)

    def _rank(
        self,
        slots: Sequence[Slot],
        weights: Sequence[float],
        idf: Mapping[str, float],
        phrase: dict[int, float],
        cosine: dict[int, float],
        out: frozenset[int],
    ) -> list[Evidence]:
        best_phrase, best_cosine = self._best(phrase), self._best(cosine)
        topics = best_phrase.keys() | best_cosine.keys()
        gone: dict[str, Counter[str]] = defaultdict(Counter)
        for wording in (self.wordings[n] for n in out if self.wordings[n].topic in topics):
            gone[wording.topic].update({term for slot in self._read(wording.text) for term in slot.terms})
        rows = []
        for topic in topics:
            coverage = self._bag(topic, slots, weights, gone.get(topic, Counter()))
            dice, number = best_phrase.get(topic, (0.0, -1))
            gram = best_cosine.get(topic, (0.0, -1))[0]
            lexical = PHRASE_SHARE * dice + (1 - PHRASE_SHARE) * coverage
            rows.append((LEXICAL_SHARE * lexical + (1 - LEXICAL_SHARE) * gram, topic, dice, coverage, gram, number))
        rows.sort(key=lambda row: (-row[0], row[1]))
        return list(self._evidence(rows, slots, idf))

    def _best(self, scores: dict[int, float]) -> dict[str, tuple[float, int]]:
        best: dict[str, tuple[float, int]] = {}
        for number, value in scores.items():
            topic = self.wordings[number].topic
            if value > best.get(topic, (0.0, -1))[0]:
                best[topic] = (value, number)
        return best

    def _evidence(
        self, rows: Sequence[tuple[float, str, float, float, float, int]], slots: Sequence[Slot], idf: Mapping[str, float]
    ) -> Iterable[Evidence]:
        by_gram = max(rows, key=lambda row: row[4])[1] if rows else ""
        by_words = max(rows, key=lambda row: row[2])[1] if rows else ""
        slips = sum(slot.slip for slot in slots) / len(slots)
        unknown = sum(not any(term in idf for term in slot.terms) for slot in slots) / len(slots)
        for place, (score, topic, dice, coverage, gram, number) in enumerate(rows):
            other = rows[1][0] if place == 0 and len(rows) > 1 else rows[0][0] if place else 0.0
            yield Evidence(
                topic=topic,
                score=score,
                phrase=dice,
                coverage=coverage,
                trigram=gram,
                margin=score - other,
                slips=slips,
                unknown=unknown,
                words=len(slots),
                agreement=topic == by_gram == by_words,
                wording=number,
            )
