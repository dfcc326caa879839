"""Looking words up: forms, spellings, endings, compounds, synonyms, words of grammar."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import lexicon as module
from bot.search.lexicon import (
    LanguageWords,
    Lexicon,
    build_lexicon,
    unknown_words,
    with_words,
)
from bot.search.text import fold, tokens
from tests.search.words import LANGUAGES, WORDS, small_lexicon, word
from tests.worlds import real_world

LEXICON = small_lexicon()


def sure(token: str, lexicon: Lexicon = LEXICON) -> set[str]:
    """Give the terms that a word means for certain."""
    return {term for term, quality in lexicon.look_up(*tokens(token)).terms.items() if quality == 1.0}


def knowing(lang: str, text: str) -> Lexicon:
    """Give the small lexicon that knows the words of a text too."""
    return with_words(LEXICON, unknown_words(LEXICON, [(lang, text)]))


def test_every_form_is_its_word() -> None:
    """Every form of every word is found under its term."""
    assert [form for word in WORDS for form in word.forms if f"{word.lang}:{word.lemma}" not in sure(form)] == []


@pytest.mark.parametrize(
    ("token", "terms"),
    [
        ("ööd", {"et:oo"}),
        ("ood", {"et:oo"}),
        ("KOOL", {"et:kool"}),
        ("Kooliga", {"et:kool"}),
        ("школу", {"ru:школа", "uk:школа"}),
        ("shkolu", {"ru:школа", "uk:школа"}),
        ("schkolu", {"ru:школа", "uk:школа"}),
        ("posobiya", {"ru:пособие"}),
        ("posobija", {"ru:пособие"}),
        ("rebenka", {"ru:ребенок"}),
        ("ребёнка", {"ru:ребенок"}),
        ("dovidki", {"uk:довідка"}),
        ("lube", {"et:luba"}),
        ("koolgi", {"et:kool"}),
        ("lapsedki", {"et:laps"}),
        ("gi", set()),
        ("qwertyuiop", set()),
        ("112", set()),
    ],
)  # fmt: skip
def test_known_words(token: str, terms: set[str]) -> None:
    """Forms are found without diacritics, with endings, and Cyrillic ones in Latin letters."""
    assert sure(token) == terms


ENDINGS = build_lexicon(
    (*WORDS, word("et", "kodu"), word("et", "kodus"), word("et", "oa"), word("et", "koolik")),
    (*LANGUAGES, LanguageWords(lang="et", endings=("s", "ks", "le", "õ"))),
)


@pytest.mark.parametrize(
    ("token", "terms"),
    [
        ("koolis", {"et:kool"}),
        ("kooliks", {"et:kool"}),
        ("koolikuks", set()),
        ("perearstile", {"et:perearst"}),
        ("lapselegi", set()),
        ("kodus", {"et:kodus"}),
        ("kodusks", {"et:kodus"}),
        ("koduks", {"et:kodu"}),
        ("oale", set()),
        ("houseks", {"en:house"}),
        ("KOOLIKS", {"et:kool"}),
        ("kodoks", set()),
        ("koduo", {"et:kodu"}),
    ],
)
def test_endings(token: str, terms: set[str]) -> None:
    """One ending may follow any form of at least three letters; a form that is known as it stands needs none."""
    assert set(ENDINGS.known(*tokens(token))) == terms


def test_the_longest_ending_counts() -> None:
    """Where two endings fit, what is left is the shortest word."""
    assert set(ENDINGS.known("kooliks")) == {"et:kool"}
    assert ENDINGS.known("koolik") == ("et:koolik",)


@pytest.mark.parametrize(
    ("token", "terms"),
    [
        ("elamisluba", {"et:elamisluba": 1.0, "etp:elamine": 0.6, "etp:luba": 0.6, "etp:elamisluba": 0.6}),
        ("kool", {"et:kool": 1.0, "etp:kool": 0.6}),
        ("lapsetoetuse", {"etp:laps": 0.6, "etp:toetus": 0.6}),
        ("lastekool", {}),
        ("schoolkool", {}),
        ("residencepermit", {}),
        ("kooliood", {"etp:kool": 0.6, "etp:oo": 0.6}),
        ("kasskool", {}),
    ],
)
def test_compounds(token: str, terms: Mapping[str, float]) -> None:
    """A compound is known with its parts; an unknown long word of two known Estonian ones means these parts."""
    assert LEXICON.look_up(token).terms == terms


@pytest.mark.parametrize(
    ("token", "grammar"),
    [
        ("kas", True), ("Ära", True), ("ara", True), ("как", True), ("kak", True), ("меня", True), ("menya", True),
        ("и", True), ("i", False), ("the", True), ("kool", False), ("na", True), ("школа", False), ("12", False),
    ],
)  # fmt: skip
def test_words_of_grammar(token: str, grammar: bool) -> None:
    """Function words are known folded and in Latin letters; those of one letter only as they are."""
    assert LEXICON.is_function_word(*tokens(token)) == grammar


def test_a_known_word_is_no_latin_function_word() -> None:
    """A Latin word that a table knows is not taken for a Russian function word with the same key."""
    assert LEXICON.is_function_word("mne")
    lexicon = knowing("en", "mne")
    assert lexicon.is_function_word("мне")
    assert not lexicon.is_function_word("mne")


def test_frame_words_are_marked() -> None:
    """A word that only frames a question is marked; one that may mean something else too is not."""
    assert {token: LEXICON.look_up(token).frame for token in ("taotlen", "taotlemine", "kool", "qqqq")} == {
        "taotlen": True, "taotlemine": True, "kool": False, "qqqq": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words", "name"),
    [
        ("вид на жительство", ["вид жительство"], "c:ru:0"),
        ("vid na zhitelstvo", ["vid zhitelstvo"], "c:ru:0"),
        ("вида жительства", ["вида жительства"], "c:ru:0"),
        ("ВНЖ", ["внж"], "c:ru:0"),
        ("raha", ["raha"], "c:et:0"),
        ("toetused", ["toetused"], "c:et:0"),
        ("lapse kooli raha", ["lapse kooli raha"], "c:et:1"),
        ("деньги", ["деньги"], "c:ru:1"),
        ("детские деньги", ["детские", "деньги"], "c:ru:1"),
        ("вид на жительсво", ["вид жительсво"], "c:ru:0"),
    ],
)
def test_synonyms(text: str, words: list[str], name: str) -> None:
    """A word or a run of words that stands for one thing is one slot with the set's term, the longest run first."""
    slots = LEXICON.slots(text)
    assert [slot.token for slot in slots] == words
    assert name in slots[-1].terms


def test_words_of_a_run_count_for_themselves_too_but_less() -> None:
    """In a run the set is meant for certain, the single words half."""
    (slot,) = LEXICON.slots("вид на жительство")
    assert (slot.terms["c:ru:0"], slot.terms["ru:вид"], slot.terms["ru:жительство"]) == (1.0, 0.5, 0.5)


def test_a_run_with_a_slip_is_as_sure_as_its_weakest_word() -> None:
    """A slip in a run lowers what the run is worth."""
    (slot,) = LEXICON.slots("вид на жительсво")
    assert slot.terms["c:ru:0"] == 0.85
    assert slot.slip


@pytest.mark.parametrize("text", ["вид", "жительство", "жительство вид", "lapse kooli", "raha lapse kooli"])
def test_parts_of_a_run_are_not_the_run(text: str) -> None:
    """A run counts whole and in its order only."""
    assert not {"c:ru:0", "c:et:1"} & {term for slot in LEXICON.slots(text) for term in slot.terms}


def test_a_synonym_with_unknown_words_is_left_out() -> None:
    """A member of a set whose words nobody knows never matches."""
    assert [slot.terms for slot in LEXICON.slots("unknown words")] == [{}, {}]
    assert {name for members in LEXICON.synonyms.values() for _, name in members} == {
        "c:et:0",
        "c:et:1",
        "c:ru:0",
        "c:ru:1",
        "c:en:0",
        "c:en:1",
    }


def test_grammar_is_left_out_of_a_text_unless_asked_for() -> None:
    """Function words give no slots; a text of nothing else can be read with them."""
    assert [slot.token for slot in LEXICON.slots("kas ma kuidas kooli")] == ["kooli"]
    assert LEXICON.slots("как мне") == []
    assert [slot.token for slot in LEXICON.slots("как мне", keep_function_words=True)] == ["как", "мне"]


def test_plain_words_are_known_by_their_own_form() -> None:
    """A word that no table has is known as it is written, in either script; a known one keeps its terms."""
    lexicon = knowing("ru", "Прописка школа")
    assert sure("прописка", lexicon) == sure("propiska", lexicon) == {"ru:прописка"}
    assert sure("школа", lexicon) == {"ru:школа", "uk:школа"}


def test_a_lexicon_that_learns_forgets_its_readings() -> None:
    """What was read before more words were known is read anew; the old lexicon reads as before."""
    old = small_lexicon()
    assert old.look_up("prügi").terms == {}
    new = with_words(old, unknown_words(old, [("et", "prügi")]))
    assert "et:prügi" in new.look_up("prügi").terms
    assert old.look_up("prügi").terms == {}


def test_readings_are_kept_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is asked, what is kept stays small, and the readings stay the same."""
    monkeypatch.setattr(module, "KEPT_READINGS", 3)
    lexicon = small_lexicon()
    texts = ("kool", "perarst", "школу", "qqqq", "kooliga")
    assert [lexicon.look_up(text) for text in texts * 2] == [LEXICON.look_up(text) for text in texts * 2]


ANYTHING = st.text(max_size=40) | st.text(alphabet="aeklorstõöšжшщьяиоклab '-4\u0301\n", max_size=60)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(ANYTHING)
def test_any_text_has_slots(text: str) -> None:
    """Any text can be read by the real lexicon; qualities lie above 0 and at most at 1."""
    for slot in real_world().finder.index.lexicon.slots(text, keep_function_words=True):
        assert all(0 < quality <= 1 for quality in slot.terms.values())
        assert not (slot.slip and 1.0 in slot.terms.values())


def test_y_for_u_with_dots() -> None:
    """Estonian ü is often typed as y; what is known with y is itself."""
    words = (word("et", "üür üüri"), word("en", "my"))
    folded = [replace(known, forms=tuple(map(fold, known.forms))) for known in words]
    lexicon = build_lexicon(folded, [LanguageWords(lang="et", function_words=("üks",))])
    assert lexicon.known("yyri") == lexicon.known("üüri") == ("et:üür",)
    assert lexicon.known("my") == ("en:my",)
    assert lexicon.is_function_word("yks")
