"""A small lexicon for tests, as the generators would make it; and evidence that says nothing, to be changed."""

from dataclasses import replace
from typing import Any, Final

from bot.search.confidence import FEATURES, features
from bot.search.index import Evidence
from bot.search.lexicon import LanguageWords, Lexicon, WordForms, build_lexicon

EVIDENCE: Final = Evidence(
    topic="a", score=0.0, lead=0.0, outside=0.0, phrase=0.0, coverage=0.0, slips=0.0, unknown=0.0,
    elsewhere=False, words=3, exact=False, wording=-1,
)  # fmt: skip


def word(lang: str, forms: str, *parts: str) -> WordForms:
    """Make a word of its forms, the lemma first."""
    return WordForms(lang=lang, lemma=forms.split()[0], parts=parts, forms=tuple(forms.split()))


WORDS = (
    word("et", "elamisluba elamisloa elamisluba elamislube elamislubade", "elamine", "luba"),
    word("et", "luba loa luba lube lubade"),
    word("et", "toetus toetuse toetust toetused toetusi"),
    word("et", "laps lapse last lapsed lapsi"),
    word("et", "kool kooli koolid kooliga"),
    word("et", "oo ood oos"),
    word("et", "taotlema taotlen taotles taotlemine taotleda"),
    word("et", "perearst perearsti perearste"),
    word("et", "raha rahad"),
    word("ru", "пособие пособия пособий пособием"),
    word("ru", "ребенок ребенка дети детей детям детский"),
    word("ru", "школа школы школу"),
    word("ru", "внж"),
    word("ru", "вид вида виды"),
    word("ru", "жительство жительства"),
    word("ru", "замок замка"),
    word("ru", "деньги денег"),
    word("en", "child children"),
    word("en", "benefit benefits"),
    word("en", "permit permits"),
    word("en", "residence residences"),
    word("en", "house houses"),
    word("uk", "школа школи школу"),
    word("uk", "довідка довідки"),
)
LANGUAGES = (
    LanguageWords(
        lang="et",
        function_words=("kas", "ja", "ma", "kuidas", "ära"),
        frame_words=("taotlema",),
        endings=("gi", "ki"),
        synonyms=(("toetus", "raha"), ("perearst", "laps kool raha")),
    ),
    LanguageWords(
        lang="ru",
        function_words=("как", "на", "и", "мне", "у меня"),
        synonyms=(("внж", "вид на жительство"), ("пособие", "детские деньги", "деньги")),
    ),
    LanguageWords(lang="en", function_words=("the", "my"), synonyms=(("permit", "unknown words"), ("child", "the"))),
)


def small_lexicon() -> Lexicon:
    """Build the small lexicon."""
    return build_lexicon(WORDS, LANGUAGES)


def weights_by_name(bias: float, **worth: float) -> tuple[float, ...]:
    """Give weights of the logistic model by the names of the figures that they are for."""
    weights = [0.0] * FEATURES
    weights[-1] = bias
    for name, value in worth.items():
        figure: dict[str, Any] = {name: 1.0}
        changed = features(replace(EVIDENCE, **figure))
        (place,) = (place for place, feature in enumerate(features(EVIDENCE)) if feature != changed[place])
        weights[place] = value
    return tuple(weights)
