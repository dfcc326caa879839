"""The searchable form of the topics' wordings, and the evidence a message finds in it.

One index for all languages. A fitted linear classifier over the lexicon's terms and over letter n-grams of the one-script key
finds the likeliest topics; each is then compared with its nearest wording, so that a phrasing the fit has never seen is found
too. Questions that nothing here answers are wordings of their own (their topic begins with ~): a topic has to be likelier than
they are. What evidence is worth is decided in `confidence`.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import chain, count, groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from marisa_trie import Trie

from bot.search.elsewhere import Elsewhere
from bot.search.lexicon import Lexicon, Slot
from bot.search.linear import Linear
from bot.search.nearness import Means, Near, Shelf, build_shelf
from bot.search.text import fold, key, ngrams, tokens

OUTSIDE = "~"
CANDIDATES = 8
COMPARED = 2
"""Of how many of them the nearest wording is looked for."""
HEAVIEST = 12
"""So many words of a long message are compared with wordings: the rarest of those that say something."""
DOUBT = 2.0
"""How much lower than the likeliest a topic is scored that the fit does not know and no wording of which is like the message."""
FRAME_WEIGHT = 0.45
UNKNOWN_WEIGHT = 0.7
FIELD_WEIGHT = {"title": 1.0, "question": 1.0, "keyword": 0.95}
KEPT_WORDS = 2048
NOWHERE = Near(0.0, 0.0, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text that stands for a topic: its title, a phrasing of a question, or a keyword; or one that stands for none (~kind)."""

    topic: str
    lang: str
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for one topic. Scores are of the linear classifier, usually -2 to 2; the rest are shares, 0 to 1."""

    topic: str
    score: float
    lead: float
    """Score over that of the likeliest other topic; below 0 for all but the likeliest."""
    outside: float
    """Score of all that is outside."""
    phrase: float
    """Overlap with the nearest wording."""
    coverage: float
    """Share of the message's words, the heaviest of a long one, that any wording of the topic knows."""
    slips: float
    unknown: float
    elsewhere: bool
    """The message places its matter in another country."""
    words: int
    exact: bool
    """The message is one of the topic's titles or phrasings, word for word."""
    wording: int
    """Number of the nearest wording, -1 for none."""


class Word(NamedTuple):
    """A slot with what the search makes of it."""

    slot: Slot
    means: Means
    weight: float
    """How rare it is, and how little it only frames a question."""
    tells: bool
    """Whether it speaks for any topic."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The wordings of all topics, laid out for finding; `shelves` and `numbers` (of terms) fill as topics are read."""

    topics: Mapping[str, tuple[int, int]]
    """Where each topic's wordings begin and end."""
    plain: Trie
    """Titles and phrasings, folded."""
    owners: "array[int]"
    """For each of `plain` the place of its topic."""
    numbers: dict[str, int] = field(default_factory=dict)
    shelves: dict[str, Shelf] = field(default_factory=dict)


class Index:
    """All wordings of the topics, the lexicon that reads them and the classifier that was fitted to them.

    A layout that was made before takes wordings in its order, and says that they need no laying out.
    """

    def __init__(
        self,
        wordings: Iterable[Wording],
        lexicon: Lexicon,
        linear: Linear,
        elsewhere: Elsewhere | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.lexicon = lexicon
        self.linear = linear
        self.elsewhere = elsewhere or Elsewhere()
        self.wordings: Sequence[Wording] = wordings if layout and isinstance(wordings, Sequence) else _in_order(wordings)
        self._layout = layout or lay_out(self.wordings)
        self._names = tuple(self._layout.topics)
        self._fitted = {linear.topics[topic]: topic for topic in self._names if topic in linear.topics}
        self._unfitted = [topic for topic in self._names if topic not in linear.topics]
        self._next_number = count(len(self._layout.numbers))
        self._words: dict[str, Word] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that have wordings."""
        return self._names

    def warm(self) -> Layout:
        """Read every topic's wordings now, so that no question has to wait for it; give them all laid out."""
        for topic in self._names:
            self._shelf(topic)
        return self._layout

    def find(self, text: str) -> list[Evidence]:
        """Give the evidence for the likeliest topics, the likeliest first."""
        written = tokens(text)
        telling = self._telling(written)
        words = self.words(self.lexicon.join(telling))
        if not words:
            return []
        slots = [word.slot for word in words]
        found_terms = terms(slots)
        *scored, outside = self.linear.scores(found_terms, Counter(ngrams(self._keys(telling))), _spelling(written))
        heaviest = nlargest(HEAVIEST, words, key=lambda word: (word.tells, word.weight)) if len(words) > HEAVIEST else words
        compared = [(word.means, word.weight) for word in heaviest]
        exact = self._exact(written)
        elsewhere = self.elsewhere.tells(written, found_terms)
        slips = sum(slot.slip for slot in slots) / len(slots)
        unknown = sum(not word.tells for word in words) / len(words)

        def evidence(topic: str, score: float, lead: float, near: Near) -> Evidence:
            return Evidence(
                topic=topic, score=score, lead=lead, outside=outside, phrase=near.overlap, coverage=near.coverage,
                slips=slips, unknown=unknown, elsewhere=elsewhere, words=len(slots), exact=topic == exact,
                wording=self._layout.topics[topic][0] + near.nearest if near.nearest >= 0 else -1,
            )  # fmt: skip

        likeliest = sorted(self._fitted, key=scored.__getitem__, reverse=True)[:CANDIDATES]
        first, second = (*(scored[number] for number in likeliest[:2]), outside, outside)[:2]
        found = []
        for place, number in enumerate(likeliest):
            topic = self._fitted[number]
            near = self._shelf(topic).compare(compared) if place < COMPARED else NOWHERE
            found.append(evidence(topic, scored[number], scored[number] - (first if place else second), near))
        # What the fit does not know yet counts as far as the message is like one of its wordings.
        others = (topic for number, topic in self._fitted.items() if topic == exact and number not in likeliest)
        for topic in (*self._unfitted, *others):
            near = self._shelf(topic).compare(compared)
            if near.overlap > 0 or topic == exact:
                lead = (near.overlap - 1.0) * DOUBT
                found.append(evidence(topic, first + lead, lead, near))
        return sorted(found, key=lambda row: -row.score)

    def read(self, text: str) -> list[Slot]:
        """Read a text as what its words mean; words of grammar count only where there are no others."""
        return self.lexicon.join(self._telling(tokens(text)))

    def keys(self, text: str) -> list[str]:
        """Give the words of a text in the one-script key, without words of grammar and without single slips."""
        return self._keys(self._telling(tokens(text)))

    def words(self, slots: Iterable[Slot]) -> list[Word]:
        """Tell what slots of this lexicon are worth to the search."""
        return [self._word(slot) for slot in slots]

    def _shelf(self, topic: str) -> Shelf:
        """Give a topic's wordings laid out for comparing."""
        shelf = self._layout.shelves.get(topic)
        if shelf is None:
            shelf = self._layout.shelves[topic] = build_shelf(map(self._row, self.wordings[slice(*self._layout.topics[topic])]))
        return shelf

    def _row(self, wording: Wording) -> tuple[Iterable[int], float, float]:
        words = self.words(self.read(wording.text))
        terms = (term for word in words for term, _ in word.means)
        return terms, sum(word.weight for word in words), FIELD_WEIGHT[wording.field]

    def _exact(self, written: Iterable[str]) -> str | None:
        """Name the topic that has these words as its title or phrasing."""
        place = self._layout.plain.get(_plain(written))
        return None if place is None else self._names[self._layout.owners[place]]

    def _telling(self, written: Sequence[str]) -> list[Slot]:
        """Look up the words of a text that are not of grammar, or all if there are no others."""
        telling = [word for word in written if not self.lexicon.is_function_word(word)]
        return [self.lexicon.look_up(word) for word in telling or written]

    def _keys(self, telling: Iterable[Slot]) -> list[str]:
        return [key(slot.meant or slot.token) for slot in telling]

    def _word(self, slot: Slot) -> Word:
        """Tell what a slot is worth; one lexicon reads the same words always alike."""
        word = self._words.get(slot.token)
        if word is None or word.slot.terms != slot.terms:
            if len(self._words) >= KEPT_WORDS:
                self._words.clear()
            means = sorted(((self._number(term), quality) for term, quality in slot.terms.items()), key=itemgetter(1))
            weight = _weight(slot, self.linear) * (FRAME_WEIGHT if slot.frame else 1.0)
            word = self._words[slot.token] = Word(slot, means, weight, any(map(self.linear.tells, slot.terms)))
        return word

    def _number(self, term: str) -> int:
        """Number the terms as they come; threads that read at once only leave numbers out."""
        numbers = self._layout.numbers
        number = numbers.get(term)
        return numbers.setdefault(term, next(self._next_number)) if number is None else number


def lay_out(wordings: Sequence[Wording]) -> Layout:
    """Lay out wordings that are in the order of an index, as far as it needs no lexicon."""
    topics: dict[str, tuple[int, int]] = {}
    plain: dict[str, int] = {}
    first = 0
    for topic, group in groupby(wordings, key=lambda wording: wording.topic):
        if topic.startswith(OUTSIDE):
            break
        rows = tuple(group)
        plain |= dict.fromkeys((_plain(tokens(row.text)) for row in rows if row.field != "keyword"), len(topics))
        topics[topic] = (first, first + len(rows))
        first += len(rows)
    known = Trie(plain)
    owners = array("H", bytes(2 * len(known)))
    for text, place in plain.items():
        owners[known[text]] = place
    return Layout(topics, known, owners)


def _in_order(wordings: Iterable[Wording]) -> tuple[Wording, ...]:
    return tuple(sorted(wordings, key=lambda wording: (wording.topic.startswith(OUTSIDE), wording.topic)))


def terms(slots: Sequence[Slot]) -> dict[str, float]:
    """Give the terms of a text with their quality; words that only frame a question count less."""
    found: dict[str, float] = {}
    for slot in slots:
        share = FRAME_WEIGHT if slot.frame else 1.0
        for term, quality in slot.terms.items():
            found[term] = max(found.get(term, 0.0), quality * share)
    return found


def spelling(text: str) -> dict[str, float]:
    """Give the words of a text as they are spelt, words of grammar too, and each two that follow each other."""
    return _spelling(tokens(text))


def _spelling(written: Sequence[str]) -> dict[str, float]:
    words = ["", *map(key, written), ""]
    pairs = (f"={first} {second}" for first, second in pairwise(words))
    return dict.fromkeys(chain((f"={word}" for word in words[1:-1]), pairs), 1.0)


def _plain(written: Iterable[str]) -> str:
    return " ".join(map(fold, written))


def _weight(slot: Slot, linear: Linear) -> float:
    known = [rarity for term in slot.terms if not term.startswith("etp:") and (rarity := linear.rarity(term))]
    known = known or [rarity * 0.8 for term in slot.terms if (rarity := linear.rarity(term))]
    return max(known, default=UNKNOWN_WEIGHT * linear.rarest)
