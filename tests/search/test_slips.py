"""Slips of the pen: which words are found through them, and which are not."""

import pytest

from bot.search.lexicon import (
    MIN_SLIP_LENGTH,
    SLIP_QUALITY,
    LanguageWords,
    build_lexicon,
)
from bot.search.text import fold, is_cyrillic
from tests.search.words import LANGUAGES, WORDS, small_lexicon, word

LEXICON = small_lexicon()


@pytest.mark.parametrize(
    ("token", "best"),
    [
        ("perarst", ("et:perearst", 0.85)),
        ("perearsst", ("et:perearst", 0.85)),
        ("preearst", ("et:perearst", 0.85)),
        ("eprearst", ("et:perearst", 0.85)),
        ("elmaislbua", ("et:elamisluba", 0.65)),
        ("посбие", ("ru:пособие", 0.85)),
        ("посоибе", ("ru:пособие", 0.85)),
        ("pasobie", ("ru:пособие", 0.85)),
        ("шкала", ("ru:школа", 0.85)),
        ("kolli", ("et:kool", 0.85)),
        ("benifits", ("en:benefit", 0.85)),
    ],
)
def test_slips(token: str, best: tuple[str, float]) -> None:
    """A word one or two slips away is found, worth less the more slips there are."""
    slot = LEXICON.look_up(token)
    assert slot.slip
    assert slot.terms.get(best[0]) == best[1]


@pytest.mark.parametrize("token", ["koo", "kal", "xxol", "хххола", "perexxxx", "prearts", "1234567", "аааа", "aaaa", "ььььь"])
def test_what_is_no_slip(token: str) -> None:
    """Short words, words too far away (two slips in a word that is not long), numbers and noise mean nothing."""
    assert LEXICON.look_up(token).terms == {}


def test_one_slip_anywhere_is_found() -> None:
    """A letter changed, added, doubled, left out or swapped at any place: the word is found, if four letters are there."""
    for known in WORDS:
        for form in map(fold, known.forms):
            strange = "ж" if is_cyrillic(form) else "w"
            for place, letter in enumerate(form):
                before, after = form[:place], form[place + 1 :]
                swapped = before + after[:1] + letter + after[1:]
                slips = {
                    before + strange + after,
                    before + strange + form[place:],
                    before + letter + form[place:],
                    before + after,
                }
                for token in {*slips, swapped}:
                    if len(token) >= MIN_SLIP_LENGTH and not LEXICON.known(token):
                        assert LEXICON.look_up(token).terms.get(f"{known.lang}:{known.lemma}") == SLIP_QUALITY[1], (form, token)


@pytest.mark.parametrize(
    ("token", "meant"),
    [
        ("perarst", "perearst"),
        ("школв", "школа"),
        ("elmaislbua", ""),
        ("perearst", ""),
        ("qwertyuiop", ""),
        ("shcola", ""),
    ],
)
def test_what_was_meant(token: str, meant: str) -> None:
    """A single slip tells the form that was meant; two slips, another script or none do not."""
    assert LEXICON.look_up(token).meant == meant


def test_the_nearest_word_wins() -> None:
    """Only words with the fewest slips count: what is one slip away hides what is two away."""
    lexicon = build_lexicon((word("et", "elamisluba"), word("et", "elamisluut")), ())
    assert {term: q for term, q in lexicon.look_up("elamislubx").terms.items() if term.startswith("et:")} == {
        "et:elamisluba": 0.85
    }
    equal = lexicon.look_up("elamislxxa").terms
    assert (equal.get("et:elamisluba"), equal.get("et:elamisluut")) == (0.65, None)


@pytest.mark.parametrize("token", ["perarstile", "perearstiile", "prearstile"])
def test_a_slip_before_an_ending(token: str) -> None:
    """A slip is found in what an ending leaves, too."""
    lexicon = build_lexicon(WORDS, (*LANGUAGES, LanguageWords(lang="et", endings=("le",))))
    slot = lexicon.look_up(token)
    assert (slot.slip, slot.terms.get("et:perearst")) == (True, 0.85)
