"""The language to answer in: by scripts, letters, words and n-grams, with prior and without."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.search import langid as module
from bot.search.langid import ANSWER_IN, CLASSES, Guess, LanguageModel, ngrams, train
from bot.search.text import is_cyrillic
from tests.worlds import ROOT, real_world

SENTENCES = YAML(typ="safe").load(ROOT / "tests" / "search" / "sentences.yaml")
AT_LEAST = {"et": 0.95, "ru": 0.95, "en": 0.95, "uk": 0.9, "latin": 0.9, "mixed": 0.85}
TRAINING = {
    "et": "kuidas saada elamisluba ja kus on kool laps läheb õppima eesti keelt töö",
    "en": "how to get a permit and where is the school the child goes to learn work",
    "ru": "как получить вид на жительство и где школа ребёнок идёт учить язык работа",
    "uk": "як отримати посвідку на проживання і де школа дитина йде вчити мову робота",
    "ru-latn": "kak poluchit vid na zhitelstvo i gde shkola rebenok idet uchit yazyk rabota",
    "uk-latn": "yak otrymaty posvidku na prozhyvannya i de shkola dytyna yde vchyty movu robota",
    "xx": "comment obtenir un permis et où est l'école l'enfant apprend une langue travail",
    "xx-cyrl": "како добити дозволу и где је школа дете учи језик посао",
}


def small_model(size: int = 4000) -> LanguageModel:
    """Train a model on a sentence per class."""
    grams = train({name: text.split() * 4 for name, text in TRAINING.items()}, size)
    words = {"et": frozenset({"ja", "on", "kus"}), "ru": frozenset({"и", "на"}), "en": frozenset({"the", "and", "is", "to"})}
    return LanguageModel(grams, words, ("perearst", "id"))


MODEL = small_model()


def labelled(kind: str) -> list[tuple[str, str]]:
    """Give (text, language to answer in) of one kind."""
    if kind == "mixed":
        return [(text, lang) for lang, texts in SENTENCES[kind].items() for text in texts]
    return [(text, "ru" if kind == "latin" else kind) for text in SENTENCES[kind]]


@pytest.mark.parametrize("kind", AT_LEAST)
def test_messages_of_residents(kind: str) -> None:
    """Of at least forty messages of each kind nearly all are recognised, without any prior."""
    rows = labelled(kind)
    assert len({text for text, _ in rows}) >= 40
    model = real_world().language_model
    missed = [(text, guess) for text, lang in rows if (guess := model.identify(text).lang) != lang]
    assert len(missed) <= (1 - AT_LEAST[kind]) * len(rows), missed


@pytest.mark.parametrize("kind", ["et", "ru", "en"])
def test_the_language_of_a_conversation_helps(kind: str) -> None:
    """With the right prior no fewer messages are recognised than without."""
    model = real_world().language_model
    alone = sum(model.identify(text).lang == kind for text in SENTENCES[kind])
    assert sum(model.identify(text, kind).lang == kind for text in SENTENCES[kind]) >= alone


@pytest.mark.parametrize("text", ["", "   ", "?!", "112", "2026 05", "👍", "perearst", "ID", "id 12", "Perearstile!"])
def test_no_evidence(text: str) -> None:
    """Numbers, signs and official terms that are used in every language are no evidence."""
    assert MODEL.identify(text) == Guess(None, 0.0)


@pytest.mark.parametrize(
    "text", ["مرحبا كيف الحال", "გამარჯობა", "你好", "नमस्ते", "γειά σου", "שלום", "こんにちは", "id კარტი სად არის"]
)
def test_other_scripts(text: str) -> None:
    """A message mostly in another script is in no language of ours, for certain."""
    assert MODEL.identify(text) == Guess("xx", 1.0)


def test_a_word_of_another_script_within_a_message_does_not_decide() -> None:
    """One foreign word in a longer message leaves the language to the rest."""
    assert MODEL.identify("kus on kool, ma olen 你好").lang == "et"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("kus on kool", "et"),
        ("where is the school", "en"),
        ("где школа", "ru"),
        ("де школа, дитина йде", "uk"),
        ("gde shkola", "ru"),
        ("yak otrymaty posvidku", "uk"),
        ("où est l'école", "xx"),
        ("где је школа дете учи", "xx"),
        ("õppima", "et"),
        ("їжа", "uk"),
        ("п'ять", "uk"),
        ("это", "ru"),
        ("где получить perearst", "ru"),
        ("како добити", "xx"),
    ],
)
def test_a_small_model(text: str, lang: str) -> None:
    """Letters, n-grams and words of grammar decide together; Latin-typed Russian is Russian."""
    assert MODEL.identify(text).lang == lang


def test_one_foreign_word_is_not_enough() -> None:
    """A single word is never taken for a language the bot does not speak: it is a name, or a slip."""
    assert MODEL.identify("apprend").lang != "xx"
    assert MODEL.identify("језик").lang == "ru"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("where is the школа", "en"),
        ("the and is to прописка", "en"),
        ("где the school и как", "ru"),
        ("kus on школа", "et"),
        ("школа wow", "ru"),
    ],
)
def test_two_scripts_in_one_message(text: str, lang: str) -> None:
    """The script with the words of grammar decides; otherwise Cyrillic letters do."""
    assert MODEL.identify(text).lang == lang


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("ģimenes ārsts", True),
        ("médico de família", True),
        ("ģimenes", False),
        ("öö ja šokolaad", False),
        ("žürii küsib tööd", False),
        ("caffe latte", False),
    ],
)
def test_letters_that_none_of_our_languages_has(text: str, foreign: bool) -> None:
    """Words with letters of another Latin alphabet are in no language of ours, if there is more than one word."""
    assert (LanguageModel({}, {}, ()).identify(text).lang == "xx") == foreign


def test_the_prior_decides_what_is_undecided() -> None:
    """A word that tells nothing is taken for the conversation's language."""
    empty = LanguageModel({}, {}, ())
    assert {prior: empty.identify("zzz", prior).lang for prior in ("et", "en")} == {"et": "et", "en": "en"}
    assert empty.identify("ззз").lang == "ru"


def test_russian_and_ukrainian_are_answered_alike() -> None:
    """Which of the two it is leaves no doubt about what to answer in: they count together, in either alphabet."""
    assert LanguageModel({}, {}, ()).identify("ззз") == Guess("ru", 1.0)
    texts = ("школа", "мова", "yak", "kak", "на", "де школа", "gde shkola")
    assert {guess.lang for guess in map(MODEL.identify, texts)} == {"ru", "uk"}
    assert [text for text in texts if is_cyrillic(text) and MODEL.identify(text).p < 1] == []


def test_a_latin_word_may_still_be_estonian() -> None:
    """Latin-typed Russian counts with Ukrainian, but not with Estonian and English, which are answered in themselves."""
    guess = LanguageModel({}, {}, ()).identify("zzz")
    shares = {lang: math.exp(weight) for lang, weight in (("et", 0.0), ("en", 0.0), ("ru", -0.7), ("uk", -2.5))}
    assert guess.lang == "et"
    assert guess.p == pytest.approx(shares["et"] / sum(shares.values()))
    slavic = LanguageModel({}, {"ru-latn": frozenset({"zzz"})}, ()).identify("zzz")
    shares["ru"] *= math.exp(2.5)
    assert slavic.lang == "ru"
    assert slavic.p == pytest.approx((shares["ru"] + shares["uk"]) / sum(shares.values()))


def test_without_a_trained_model_letters_and_words_still_tell() -> None:
    """A knowledge folder without a generated model recognises scripts, letters and words of grammar."""
    bare = LanguageModel({}, {"et": frozenset({"kus"}), "en": frozenset({"the"})}, ())
    texts = {"kus": "et", "the": "en", "öö": "et", "їжа": "uk", "мы": "ru", "ўсё добра": "xx"}
    assert {text: bare.identify(text).lang for text in texts} == texts


def test_words_are_kept_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is asked, what is kept stays small, and the guesses stay the same."""
    texts = list(TRAINING.values())
    expected = [small_model().identify(text) for text in texts]
    monkeypatch.setattr(module, "KEPT_WORDS", 3)
    model = small_model()
    assert [model.identify(text) for text in texts * 2] == expected * 2


def test_ngrams_of_words() -> None:
    """Every run of one to four letters of a word with its boundaries, but no bare boundary."""
    assert list(ngrams(["ab"])) == ["a", "b", " a", "ab", "b ", " ab", "ab ", " ab "]
    assert list(ngrams([])) == []


def test_training_keeps_the_most_telling_grams() -> None:
    """The table has the size asked for, sorted, and rare n-grams are left out."""
    table = train({name: text.split() * 4 for name, text in TRAINING.items()}, 50)
    assert len(table) == 50
    assert list(table) == sorted(table)
    assert all(len(row) == len(CLASSES) and all(-2000 < value < 0 for value in row) for row in table.values())
    assert train({name: ["q"] if name == "et" else [] for name in CLASSES}, 50) == {}


ANYTHING = st.text(max_size=80) | st.text(alphabet="aeõкшїы 'ß4k\u0301你", max_size=40)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(ANYTHING, st.sampled_from([None, "et", "ru", "en", "uk"]))
def test_any_text_can_be_identified(text: str, prior: str | None) -> None:
    """Any text gives a language of the bot, Ukrainian, `xx` or nothing, with a probability."""
    guess = real_world().language_model.identify(text, prior)
    assert guess.lang in {None, *(ANSWER_IN.get(name, name) for name in CLASSES)}
    assert 0 <= guess.p <= 1
    assert not math.isnan(guess.p)
    assert (guess.lang is None) == (guess.p == 0)
