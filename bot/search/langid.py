"""Which language to answer in: et, ru, en, or uk (answered in Russian); `xx` for a language the bot does not speak.

Knows scripts, letters and a table of character n-grams per class; the words it asks for come from the lexicon. Russian and
Ukrainian typed in Latin letters are classes of their own. Constants as measured on short resident messages.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.search.text import fold, is_cyrillic, is_latin, normalise, tokens

CLASSES = ("et", "en", "ru", "uk", "ru-latn", "uk-latn", "xx", "xx-cyrl")
CYRILLIC = ("ru", "uk", "xx-cyrl")
LATIN = ("et", "en", "ru-latn", "uk-latn", "xx")
ANSWER_IN = {"ru-latn": "ru", "uk-latn": "uk", "xx-cyrl": "xx"}

SLAVIC = frozenset({"ru", "uk"})

MAX_ORDER = 4
PRIOR = {"ru": 1.0, "xx-cyrl": -4.0, "ru-latn": -0.7, "uk-latn": -2.5, "xx": -3.0}
FUNCTION_WORD_WEIGHT = 2.5
ESTONIAN_LETTER_WEIGHT = 2.0
TEMPERATURE = 2.0
FOREIGN_LETTER_WEIGHT = 3.0
FOREIGN_SURE = 0.6
FOREIGN_WORDS = 2
KEPT_WORDS = 2048

_UKRAINIAN = re.compile(r"[іїєґ]|[а-яґіїє]'[яюєї]")
_RUSSIAN = re.compile(r"[ыэъ]")
_OTHER_CYRILLIC = re.compile(r"[јљњћђџѓќўәғқңөұүһӣӯҷҳӯ]")
_ESTONIAN = re.compile(r"[õäöü]")
_OTHER_LATIN = re.compile(r"[à-ɏ](?<![õäöüšž])")


@dataclass(frozen=True, slots=True)
class Guess:
    """The language to answer in and how sure that is; `lang` None: the text is no evidence."""

    lang: str | None
    p: float


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Log-probabilities (in hundredths) of character n-grams by class, in the order of CLASSES."""

    grams: Mapping[str, tuple[int, ...]]
    function_words: Mapping[str, frozenset[str]]
    neutral: tuple[str, ...]
    _words: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)
    """What words said that were read before, as `_word` gives it."""

    def identify(self, text: str, prior: str | None = None) -> Guess:
        """Guess the language to answer in; `prior` is the conversation's language, worth a little."""
        if _is_foreign_script(text):
            return Guess("xx", 1.0)
        words = [word for word in tokens(text) if not word.isdigit()]
        content = [word for word in words if not self._is_neutral(word)]
        if not content:
            return Guess(None, 0.0)
        classes = CYRILLIC if self._looks_cyrillic(content) else LATIN
        return self._decide(content, classes, normalise(text), prior)

    def _is_neutral(self, word: str) -> bool:
        return fold(word).startswith(self.neutral)

    def _looks_cyrillic(self, content: list[str]) -> bool:
        cyrillic = [word for word in content if is_cyrillic(word)]
        latin = [word for word in content if is_latin(word)]
        if not cyrillic or not latin:
            return bool(cyrillic)
        grammar = frozenset().union(*self.function_words.values())
        latin_grammar = sum(fold(word) in grammar for word in latin)
        cyrillic_grammar = sum(word in grammar for word in cyrillic)
        if latin_grammar >= 2 and latin_grammar > cyrillic_grammar:
            return False
        return not (len(cyrillic) == 1 and not cyrillic_grammar and len(latin) >= 2 and latin_grammar)

    def _decide(self, content: list[str], classes: tuple[str, ...], text: str, prior: str | None) -> Guess:
        words = [word for word in content if is_cyrillic(word) == (classes is CYRILLIC)]
        scores = {name: PRIOR.get(name, 0.0) for name in classes}
        for name, score in self._grams(words, classes).items():
            scores[name] += score / TEMPERATURE
        for name in classes:
            known = self.function_words.get(ANSWER_IN.get(name, name) if name in CYRILLIC else name, frozenset())
            scores[name] += FUNCTION_WORD_WEIGHT * sum(fold(word) in known for word in words)
            if ANSWER_IN.get(name, name) == prior:
                scores[name] += 1.0
        if classes is CYRILLIC:
            _weigh_letters(scores, text)
        else:
            scores["et"] += ESTONIAN_LETTER_WEIGHT * sum(bool(_ESTONIAN.search(word)) for word in words)
            scores["xx"] += FOREIGN_LETTER_WEIGHT * sum(bool(_OTHER_LATIN.search(word)) for word in words)
        return _settle(scores, words)

    def _grams(self, words: list[str], classes: tuple[str, ...]) -> dict[str, float]:
        sums = dict(zip(CLASSES, _added(map(self._word, words)), strict=True))
        return {name: sums[name] / 100 for name in classes}

    def _word(self, word: str) -> tuple[int, ...]:
        """Add up the n-grams of a word, in the order of CLASSES."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= KEPT_WORDS:
                self._words.clear()
            known = self._words[word] = _added(row for gram in ngrams((word,)) if (row := self.grams.get(gram)))
        return known


def ngrams(words: Iterable[str]) -> Iterable[str]:
    """Give the character n-grams (1 to 4) of words with their boundaries."""
    for word in words:
        padded = f" {word} "
        for order in range(1, MAX_ORDER + 1):
            for start in range(len(padded) - order + 1):
                gram = padded[start : start + order]
                if gram != " ":
                    yield gram


def train(samples: Mapping[str, Iterable[str]], size: int) -> dict[str, tuple[int, ...]]:
    """Fit the n-gram table from lists of words per class; keep the `size` n-grams that tell classes apart best."""
    counts = {name: Counter(ngrams(samples[name])) for name in CLASSES}
    totals = {name: sum(counter.values()) for name, counter in counts.items()}
    together = sum(counts.values(), Counter[str]())
    rows: dict[str, tuple[int, ...]] = {}
    for gram, total in together.items():
        if total >= 4:
            rows[gram] = tuple(
                round(100 * math.log((counts[name][gram] + 0.5) / (totals[name] + 0.5 * len(together)))) for name in CLASSES
            )

    def worth(gram: str) -> float:
        row = rows[gram]
        return together[gram] * (max(row) - sum(row) / len(row))

    kept = sorted(rows, key=lambda gram: (-worth(gram), gram))[:size]
    return {gram: rows[gram] for gram in sorted(kept)}


def _added(rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip((0,) * len(CLASSES), *rows, strict=True)))


def _weigh_letters(scores: dict[str, float], text: str) -> None:
    if _UKRAINIAN.search(text):
        scores["uk"] += 8.0
    if _RUSSIAN.search(text):
        scores["ru"] += 8.0
    if _OTHER_CYRILLIC.search(text):
        scores["xx-cyrl"] += 12.0


def _settle(scores: Mapping[str, float], words: list[str]) -> Guess:
    top = max(scores.values())
    odds = {name: math.exp(max(score - top, -50.0)) for name, score in scores.items()}
    total = sum(odds.values())
    shares: dict[str, float] = {}
    for name, value in odds.items():
        lang = ANSWER_IN.get(name, name)
        shares[lang] = shares.get(lang, 0.0) + value / total
    if shares.get("xx", 0.0) < FOREIGN_SURE or len(words) < FOREIGN_WORDS:
        shares.pop("xx", None)
    lang = max(shares, key=lambda name: shares[name])
    if lang == "xx":
        return Guess(lang, shares[lang])
    # Ukrainian is answered in Russian: which of the two it is leaves no doubt about what to answer in.
    like = SLAVIC if lang in SLAVIC else {lang}
    return Guess(lang, sum(shares.get(name, 0.0) for name in like) / sum(shares.values()))


def _is_foreign_script(text: str) -> bool:
    """Tell whether most letters are neither Latin nor Cyrillic (Arabic, Georgian, Han, ...)."""
    letters = [c for c in text if unicodedata.category(c).startswith("L")]
    foreign = sum(not (is_latin(c.lower()) or is_cyrillic(c)) for c in letters)
    return foreign * 2 > len(letters) > 0
