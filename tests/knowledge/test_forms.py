"""Word forms and language model: every form of a few words, the way of mixed words, and what is said without the generators.

The generators are slow to start, so all words of this module are generated once.
"""

import sys
from functools import cache

import pytest

from bot.errors import WrongUse
from bot.knowledge import forms
from bot.knowledge.files import Reader
from bot.knowledge.forms import generate, train_language_model, versions
from bot.knowledge.generated import read_generated
from bot.search.langid import CLASSES, LanguageModel
from bot.search.lexicon import WordForms
from bot.search.text import fold
from tests.worlds import KNOWLEDGE, real_world

LANGUAGES = ("et", "ru", "en", "uk")
TEXTS = (
    ("et", "lapsetoetus taotlemine perearst ID-kaart 112 ööd"),
    ("ru", "оформить оформлять пособие школа ВНЖ perearst permit Київ дитина"),
    ("en", "children applied isikukood went"),
    ("uk", "дитина довідка понаехать"),
)


@cache
def generated() -> dict[str, dict[str, WordForms]]:
    """Generate the words of this module once, by language and lemma."""
    return {lang: {word.lemma: word for word in words} for lang, words in generate(TEXTS, LANGUAGES).items()}


@pytest.mark.parametrize(
    ("lang", "lemma", "some"),
    [
        ("et", "perearst", {"perearst", "perearsti", "perearstide", "perearste"}),
        ("et", "öö", {"ööd", "öösse", "ööl"}),
        ("et", "kaart", {"kaart", "kaardi", "kaarte", "kaartide"}),
        ("ru", "пособие", {"пособие", "пособия", "пособий", "пособиями"}),
        ("ru", "школа", {"школа", "школу", "школ", "школах"}),
        ("ru", "внж", {"внж"}),
        ("en", "child", {"child", "children"}),
        ("en", "apply", {"apply", "applies", "applied", "applying"}),
        ("en", "go", {"go", "went", "goes", "going"}),
        ("uk", "дитина", {"дитина", "дитини", "дітей", "дитиною"}),
        ("uk", "довідка", {"довідка", "довідку", "довідок"}),
    ],
)
def test_all_forms_of_a_word(lang: str, lemma: str, some: set[str]) -> None:
    """Cases, numbers and persons of a word are generated, lower-case and with diacritics."""
    assert some <= set(generated()[lang][lemma].forms)


@pytest.mark.parametrize(
    ("lemma", "some"),
    [
        ("perearst", {"perearstile", "perearstiks", "perearstideta", "perearstidega"}),
        ("kaart", {"kaardil", "kaardilt", "kaartideni"}),
        ("taotlema", {"taotlemiseks", "taotlemisega", "taotlesid", "taotlegu"}),
    ],
)
def test_regular_forms_are_not_stored(lemma: str, some: set[str]) -> None:
    """What is a genitive with a regular ending is found by the ending, and rare persons and moods are left out."""
    assert not some & set(generated()["et"][lemma].forms)


@pytest.mark.untraced
def test_every_case_form_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real lexicon finds each regular case form of its words by an ending, nearly always as the word that it is of.

    A few are a form of another word as well, which then stands for itself: `kuule` is of `kuulma`, not of `kuu`.
    """
    stored = {word.lemma: set(word.forms) for word in read_generated(Reader(KNOWLEDGE), KNOWLEDGE / ".index", ("et",)).words()}
    monkeypatch.setattr(forms, "ENDINGS", ())
    texts = [("et", lemma) for lemma in sorted(stored)[::20]]
    whole = {word.lemma: set(map(fold, word.forms)) for word in generate(texts, ("et",))["et"]}
    monkeypatch.undo()
    lexicon = real_world().finder.index.lexicon
    left_out = [
        (lemma, form)
        for lemma, made in whole.items()
        for form in made - stored.get(lemma, made)
        if any(form.endswith(ending) and form.removesuffix(ending) in stored[lemma] for ending in forms.ENDINGS)
    ]
    assert len(left_out) > 1000
    assert [form for _, form in left_out if not lexicon.known(form)] == []
    others = [(lemma, form) for lemma, form in left_out if f"et:{lemma}" not in lexicon.known(form)]
    assert len(others) <= 0.03 * len(left_out), others


def test_the_lexicon_knows_the_endings_that_are_left_out() -> None:
    """What the generator leaves to endings the shipped lexicon takes off again."""
    assert set(forms.ENDINGS) <= set(real_world().finder.index.lexicon.endings)


def test_compounds_have_parts() -> None:
    """An Estonian compound is known with its parts, in their dictionary forms."""
    assert generated()["et"]["lapsetoetus"].parts == ("lapse", "toetus")
    assert {"lapsetoetuse", "lapsetoetusi"} <= set(generated()["et"]["lapsetoetus"].forms)


def test_a_noun_of_action_is_its_verb() -> None:
    """Taotlemine and taotlema are one word with the forms of both; a verb has no parts."""
    word = generated()["et"]["taotlema"]
    assert {"taotlemine", "taotlemist", "taotlen", "taotles", "taodelda", "taotleda"} & set(word.forms) >= {
        "taotlemine", "taotlemist", "taotlen", "taotles", "taotleda",
    }  # fmt: skip
    assert word.parts == ()
    assert "taotlemine" not in generated()["et"]


def test_both_aspects_of_a_russian_verb() -> None:
    """Each aspect is a word of its own with its persons, tenses and participles."""
    assert {"оформить", "оформлю", "оформил", "оформлен"} <= set(generated()["ru"]["оформить"].forms)
    assert {"оформлять", "оформляю", "оформлял"} <= set(generated()["ru"]["оформлять"].forms)


@pytest.mark.parametrize(
    ("token", "langs"),
    [
        ("perearst", {"et"}),
        ("permit", {"en"}),
        ("isikukood", {"en", "et"}),
        ("школа", {"ru"}),
        ("київ", {"uk"}),
        ("понаехать", {"ru", "uk"}),
        ("112", set()),
    ],
)
def test_words_of_one_language_in_texts_of_another(token: str, langs: set[str]) -> None:
    """An Estonian word in a Russian text gets Estonian forms, an unknown one those of its script; numbers get none."""
    found = {lang for lang in LANGUAGES for word in generated()[lang].values() if token in word.forms}
    assert found >= langs
    assert langs or not found


def test_russian_in_latin_letters_is_no_word_of_its_own() -> None:
    """In a Russian text "skolko" is found by the key of "сколько"; what is Estonian or English, or no Russian word, is one."""
    made = generate([("ru", "сколько стоит он"), ("ru", "skolko stoit elamisluba on permit smartid")], ["et", "ru", "en"])
    known = {form for words in made.values() for word in words for form in word.forms}
    assert not {"skolko", "stoit"} & known
    assert {"elamisluba", "on", "permit", "smartid"} <= known


def test_a_word_that_stands_twice_is_generated_once() -> None:
    """Words are merged by lemma, and no form stands twice."""
    for words in generated().values():
        for word in words.values():
            assert len(word.forms) == len(set(word.forms))
            assert all(form == form.lower() and " " not in form and "-" not in form for form in word.forms)


def test_the_head_of_the_files_names_the_generators() -> None:
    """Whoever reads a generated file sees what made it."""
    assert {part.split()[0] for part in versions().split(", ")} == {"estnltk", "pymorphy3", "pymorphy3-dicts-ru", "simplemma"}


@pytest.mark.parametrize("name", ["estnltk", "pymorphy3", "simplemma"])
def test_without_a_generator(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing generator is named together with the command that installs it."""
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(WrongUse, match=rf"not installed \({name}\): run `make install-forms`"):
        generate([("et", "kool")], LANGUAGES)


def test_without_training_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing catalogue is named together with the command that installs it."""
    monkeypatch.setattr(forms, "CATALOGUES", ("no_such_package",))
    with pytest.raises(WrongUse, match=r"not installed \(no_such_package\): run `make install-forms`"):
        train_language_model([])


def test_without_words_of_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training needs text of every class."""
    monkeypatch.setattr(forms, "CATALOGUES", ())
    with pytest.raises(WrongUse, match="no training text"):
        train_language_model([("et", "kool")])


def test_a_language_model_of_tiny_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained on one package's catalogues and a few sentences, the model tells the languages apart, and training repeats."""
    monkeypatch.setattr(forms, "CATALOGUES", ("wtforms", "humanize"))
    monkeypatch.setattr(forms, "PER_CLASS", 2000)
    monkeypatch.setattr(forms, "GRAMS", 1500)
    texts = [("et", "Kuidas ma saan lapse kooli panna? Õpetaja õpilane põhikool"), ("ru", "Как записать ребёнка в школу"),
             ("en", "How do I enrol my child at school"), ("uk", "Як записати дитину до школи"),
             ("eo", "Kie estas lernejo")]  # fmt: skip
    grams = train_language_model(texts)
    assert grams == train_language_model(texts)
    assert list(grams) == sorted(grams)
    assert 0 < len(grams) <= 1500
    assert {len(row) for row in grams.values()} == {len(CLASSES)}
    model = LanguageModel(grams, {}, ())
    asked = {
        "et": "kuidas kooli panna", "en": "how do i enrol at school", "ru": "как записать в школу",
        "uk": "як записати до школи",
    }  # fmt: skip
    assert {lang: model.identify(text).lang for lang, text in asked.items()} == {lang: lang for lang in asked}
    assert model.identify("kak zapisat rebenka v shkolu").lang == "ru"


def test_a_language_without_a_generator() -> None:
    """Its words stand for themselves, in their own language alone."""
    made = generate([("eo", "Kie estas lernejo?"), ("et", "kool")], ("et", "eo"))
    assert {word.lemma: word.forms for word in made["eo"]} == {"kie": ("kie",), "estas": ("estas",), "lernejo": ("lernejo",)}
    assert "kool" in {word.lemma for word in made["et"]}
