"""The searchable form of the topics' wordings, and the evidence a message finds in it.

One index for all languages. A fitted linear classifier over the lexicon's terms and over letter n-grams of the one-script key
finds the likeliest topics; each is then compared with its nearest wording, so that a phrasing the fit has never seen is found
too. Questions that nothing here answers are wordings of their own (their topic begins with ~): a topic has to be likelier than
they are. What evidence is worth is decided in `confidence`.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from itertools import chain, groupby, pairwise
from operator import itemgetter

from bot.search.elsewhere import Elsewhere
from bot.search.lexicon import Lexicon, Slot
from bot.search.linear import Linear
from bot.search.text import fold, key, ngrams, tokens

OUTSIDE = "~"
CANDIDATES = 8
COMPARED = 3
"""Of how many of them the nearest wording is looked for."""
HEAVIEST = 12
"""So many words of a long message are compared with wordings: the rarest of those that say something."""
DOUBT = 2.0
"""How much lower than the likeliest a topic is scored that the fit does not know and no wording of which is like the message."""
FRAME_WEIGHT = 0.45
UNKNOWN_WEIGHT = 0.7
FIELD_WEIGHT = {"title": 1.0, "question": 1.0, "keyword": 0.95}


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


class _Topic:
    """The wordings of one topic, read when it is first compared with."""

    def __init__(self, name: str, first: int, wordings: tuple[Wording, ...], index: "Index") -> None:
        self.name = name
        self.first = first
        self.wordings = wordings
        self._index = index

    @cached_property
    def places(self) -> tuple[Mapping[str, "array[int]"], "array[float]"]:
        """Which wordings, counted from the first, have a term; and how much there is to match in each."""
        where: dict[str, array[int]] = defaultdict(lambda: array("H"))
        norms = array("f")
        for number, wording in enumerate(self.wordings):
            slots = self._index.read(wording.text)
            norms.append(sum(self._index.weigh(slots)))
            for term in {term for slot in slots for term in slot.terms}:
                where[term].append(number)
        return dict(where), norms


class Index:
    """All wordings of the topics, the lexicon that reads them and the classifier that was fitted to them."""

    def __init__(self, wordings: Iterable[Wording], lexicon: Lexicon, linear: Linear, elsewhere: Elsewhere | None = None) -> None:
        self.lexicon = lexicon
        self.linear = linear
        self.elsewhere = elsewhere or Elsewhere()
        self.wordings = tuple(sorted(wordings, key=lambda wording: (wording.topic.startswith(OUTSIDE), wording.topic)))
        self._topics: list[_Topic] = []
        first = 0
        for name, group in groupby(self.wordings, key=lambda wording: wording.topic):
            if name.startswith(OUTSIDE):
                break
            texts = tuple(group)
            self._topics.append(_Topic(name, first, texts, self))
            first += len(texts)
        self._exact = {_plain(w.text): w.topic for w in self.wordings[:first] if w.field != "keyword"}
        self._fitted = [(topic, linear.topics[topic.name]) for topic in self._topics if topic.name in linear.topics]
        self._unfitted = [topic for topic in self._topics if topic.name not in linear.topics]

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that have wordings."""
        return tuple(topic.name for topic in self._topics)

    def warm(self) -> None:
        """Read every topic's wordings now, so that no question has to wait for it."""
        for topic in self._topics:
            topic.places  # noqa: B018 - it is kept once it has been made

    def find(self, text: str) -> list[Evidence]:
        """Give the evidence for the likeliest topics, the likeliest first."""
        slots = self.read(text)
        if not slots:
            return []
        *scored, outside = self.linear.scores(terms(slots), Counter(ngrams(self.keys(text))), spelling(text))
        told = [any(map(self.linear.tells, slot.terms)) for slot in slots]
        weighed = zip(slots, self.weigh(slots), told, strict=True)
        heaviest = [(slot, weight) for slot, weight, _ in nlargest(HEAVIEST, weighed, key=itemgetter(2, 1))]
        exact = self._exact.get(_plain(text))
        elsewhere = self.elsewhere.tells(text, slots)
        slips = sum(slot.slip for slot in slots) / len(slots)
        unknown = told.count(False) / len(slots)

        def evidence(topic: _Topic, score: float, lead: float, compared: tuple[float, float, int]) -> Evidence:
            phrase, coverage, wording = compared
            return Evidence(
                topic=topic.name, score=score, lead=lead, outside=outside, phrase=phrase, coverage=coverage, slips=slips,
                unknown=unknown, elsewhere=elsewhere, words=len(slots), exact=topic.name == exact, wording=wording,
            )  # fmt: skip

        fitted = nlargest(CANDIDATES, self._fitted, key=lambda pair: (scored[pair[1]], -pair[1]))
        first, second = (*(scored[number] for _, number in fitted[:2]), outside, outside)[:2]
        found = []
        for place, (topic, number) in enumerate(fitted):
            compared = self._compare(topic, heaviest) if place < COMPARED else (0.0, 0.0, -1)
            found.append(evidence(topic, scored[number], scored[number] - (first if place else second), compared))
        # What the fit does not know yet counts as far as the message is like one of its wordings.
        known = {topic.name for topic, _ in fitted}
        for topic in (*self._unfitted, *(topic for topic, _ in self._fitted if topic.name == exact and exact not in known)):
            compared = self._compare(topic, heaviest)
            if compared[0] > 0 or topic.name == exact:
                lead = (compared[0] - 1.0) * DOUBT
                found.append(evidence(topic, first + lead, lead, compared))
        return sorted(found, key=lambda row: -row.score)

    def read(self, text: str) -> list[Slot]:
        """Read a text as what its words mean; words of grammar count only where there are no others."""
        return self.lexicon.slots(text) or self.lexicon.slots(text, keep_function_words=True)

    def keys(self, text: str) -> list[str]:
        """Give the words of a text in the one-script key, without words of grammar and without single slips."""
        words = tokens(text)
        told = [word for word in words if not self.lexicon.is_function_word(word)] or words
        return [key(self.lexicon.look_up(word).meant or word) for word in told]

    def weigh(self, slots: Sequence[Slot]) -> list[float]:
        """Weigh the words of a message or wording by how rare they are in what the classifier was fitted to."""
        return [_weight(slot, self.linear) * (FRAME_WEIGHT if slot.frame else 1.0) for slot in slots]

    def _compare(self, topic: _Topic, weighed: Sequence[tuple[Slot, float]]) -> tuple[float, float, int]:
        """Compare weighed words with a topic's wordings: overlap with the nearest, coverage, and the number of the nearest."""
        where, norms = topic.places
        matched: dict[int, float] = {}
        known = 0.0
        for slot, weight in weighed:
            best: dict[int, float] = {}
            for term, quality in sorted(slot.terms.items(), key=itemgetter(1)):  # the surest meaning is kept
                best |= dict.fromkeys(where.get(term, ()), quality)
            for number, quality in best.items():
                matched[number] = matched.get(number, 0.0) + quality * weight
            known += max(best.values(), default=0.0) * weight
        total = sum(weight for _, weight in weighed)
        nearest, overlap = -1, 0.0
        for number, value in matched.items():
            norm = norms[number]
            dice = min(1.0, 2 * value / (min(total, 1.6 * norm + 4) + norm)) * FIELD_WEIGHT[topic.wordings[number].field]
            if dice > overlap:
                nearest, overlap = topic.first + number, dice
        return overlap, known / total, nearest


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
    words = ["", *(key(word) for word in tokens(text)), ""]
    pairs = (f"={first} {second}" for first, second in pairwise(words))
    return dict.fromkeys(chain((f"={word}" for word in words[1:-1]), pairs), 1.0)


def _plain(text: str) -> str:
    return " ".join(fold(token) for token in tokens(text))


def _weight(slot: Slot, linear: Linear) -> float:
    known = [rarity for term in slot.terms if not term.startswith("etp:") and (rarity := linear.rarity(term))]
    known = known or [rarity * 0.8 for term in slot.terms if (rarity := linear.rarity(term))]
    return max(known, default=UNKNOWN_WEIGHT * linear.rarest)
