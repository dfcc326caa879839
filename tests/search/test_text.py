"""Tokens, folding, and the key in which Cyrillic and its many Latin spellings meet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search.text import fold, is_cyrillic, is_latin, key, ngrams, normalise, questions, sentences, tokens

ANYTHING = st.text(max_size=60) | st.text(alphabet="aõšщьяёїž'’ -.!\n\u0301Σİßﬁ4x", max_size=40)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kus on ID-kaart?", ["kus", "on", "id", "kaart"]),
        ("м/ж, 112", ["м", "ж", "112"]),
        ("don’t", ["don't"]),
        ("пʼять п`ять п´ять", ["п'ять", "п'ять", "п'ять"]),
        ("Ёлка", ["елка"]),
        ("o\u0303htu", ["õhtu"]),
        ("и\u0306од", ["йод"]),
        ("a_b", ["a", "b"]),
        ("'a' ''", ["a"]),
        ("e-mail@x.ee", ["e", "mail", "x", "ee"]),
        ("", []),
        ("?!… 👍", []),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    """Words are lower-case, composed, with one kind of apostrophe and е for ё; everything else separates."""
    assert tokens(text) == words


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Üks. Kaks!", ["Üks.", "Kaks!"]),
        ("Üks\nkaks\n\nkolm", ["Üks", "kaks", "kolm"]),
        ("Üks... kaks?! Kolm", ["Üks...", "kaks?!", "Kolm"]),
        ("12.5 kg x.ee", ["12.5 kg x.ee"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences_of_a_text(text: str, pieces: list[str]) -> None:
    """Sentences end with a sign before a space, or with a line."""
    assert sentences(text) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Kus on kool? Kas see on tasuta?", ["Kus on kool?", "Kas see on tasuta?"]),
        ("kus on kool?kas tasuta", ["kus on kool?", "kas tasuta"]),
        ("Tere. Kus on kool", ["Tere. Kus on kool"]),
        ("üks\n\nkaks", ["üks", "kaks"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_questions_of_a_text(text: str, pieces: list[str]) -> None:
    """Questions end with a question mark or with a line; a full stop ends none."""
    assert questions(text) == pieces


@pytest.mark.parametrize(
    ("word", "folded"),
    [("põhikool", "pohikool"), ("šokolaad", "sokolaad"), ("žürii", "zurii"), ("kool", "kool"), ("їжак", "їжак"), ("й", "й")],
)
def test_folding(word: str, folded: str) -> None:
    """Latin letters lose their diacritics, Cyrillic ones stay as they are."""
    assert fold(word) == folded


@pytest.mark.parametrize(
    ("cyrillic", "spellings"),
    [
        ("школа", ["shkola", "schkola", "shkolla"]),
        ("щенок", ["shchenok", "schenok"]),
        ("жильё", ["zhile", "zhilyo", "zhil'e"]),
        ("жена", ["zhena", "zena"]),
        ("хорошо", ["khorosho", "horosho", "xorosho"]),
        ("цена", ["tsena", "cena", "tzena"]),
        ("врач", ["vrach", "wrach", "vra4"]),
        ("юрист", ["yurist", "jurist", "iurist", "urist"]),
        ("яма", ["yama", "jama", "iama"]),
        ("вид на жительство", ["vid na zhitelstvo", "wid na zhitel'stvo", "vid na zitelstvo"]),
        ("паспорт", ["pasport", "passport"]),
        ("ребёнок", ["rebenok", "rebjonok", "rebyonok"]),
        ("квартира", ["kvartira", "qwartira", "kwartira"]),
        ("пособие", ["posobie", "posobiye", "posobije"]),
        ("семья", ["semya", "semja", "sem'ya"]),
        ("съезд", ["sezd", "s'ezd"]),
        ("зарегистрироваться", ["zaregistrirovatsya", "zaregistrirovatsja"]),
        ("мой", ["moy", "moj", "moi"]),
        ("бюро", ["byuro", "bjuro", "biuro"]),
        ("чек", ["chek", "4ek"]),
        ("україна", ["ukraina", "ukraiina"]),
        ("київ", ["kyiv", "kiiv"]),
        ("ґанок", ["ganok"]),
        ("касса", ["kassa", "kasa"]),
    ],
)  # fmt: skip
def test_cyrillic_and_its_latin_spellings_have_one_key(cyrillic: str, spellings: list[str]) -> None:
    """However a Russian or Ukrainian word is typed in Latin letters, its key is that of the Cyrillic word."""
    expected = [key(token) for token in tokens(cyrillic)]
    assert {spelling: [key(token) for token in tokens(spelling)] for spelling in spellings} == dict.fromkeys(spellings, expected)


@pytest.mark.parametrize(
    ("one", "other"), [("школа", "щука"), ("дом", "дым"), ("суд", "зуд"), ("112", "1120"), ("шить", "жить"), ("чай", "цай")]
)
def test_different_words_have_different_keys(one: str, other: str) -> None:
    """The key is rough, but does not throw words together."""
    assert key(one) != key(other)


def test_numbers_keep_their_digits() -> None:
    """A 4 within a word is ч, in a number it is a 4; double digits stay double."""
    assert [key("4"), key("114"), key("1004"), key("4as")] == ["4", "114", "1004", "Cas"]


@pytest.mark.parametrize(
    ("word", "cyrillic", "latin"),
    [
        ("kool", False, True),
        ("õ", False, True),
        ("школа", True, False),
        ("їжак", True, False),
        ("12", False, False),
        ("wow-так", True, True),
        ("კ", False, False),
    ],
)
def test_scripts(word: str, cyrillic: bool, latin: bool) -> None:
    """A word may have letters of one script, of both, or of neither."""
    assert (is_cyrillic(word), is_latin(word)) == (cyrillic, latin)


def test_ngrams_know_where_words_begin_and_end() -> None:
    """Words are taken apart one by one into runs of three and of five letters, with a space at each end."""
    assert list(ngrams(["ab", "c"])) == [" ab", "ab ", " c "]
    assert list(ngrams(["abcd"])) == [" ab", "abc", "bcd", "cd ", " abcd", "abcd "]
    assert list(ngrams(["abc", "abc"])) == 2 * list(ngrams(["abc"]))
    assert list(ngrams([])) == []
    assert list(ngrams([""])) == []


@settings(derandomize=True, deadline=None, max_examples=300)
@given(ANYTHING)
def test_any_text_can_be_read(text: str) -> None:
    """Words of a text are those of its sentences, reading is stable, and a word's fold and key hold no capital or space."""
    assert [word for piece in sentences(text) for word in tokens(piece)] == tokens(text)
    for word in tokens(text):
        assert tokens(word) == [word]
        assert fold(fold(word)) == fold(word)
        assert key(word) == key(word.replace("'", ""))
        assert not set(fold(word) + key(word)) & set(" \n.-_")
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("typed", "read"), [("курсы В2", "b2"), ("экзамен а1", "a1"), ("ещё с1?", "c1"), ("в22", "в22"), ("в 2", "в")]
)
def test_levels_of_language_in_cyrillic(typed: str, read: str) -> None:
    """The letter of B2 is the Latin one, whichever keyboard typed it; a letter before another number stays."""
    assert read in tokens(typed)
