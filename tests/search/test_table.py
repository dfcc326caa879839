"""The compact table: what words may mean, and which words a slip was meant for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from bot.search.table import SHORTEST, STEM, build_table

TABLE = build_table({"kool": ("et:kool",), "kooli": ("et:kool",), "kuu": ("et:kuu", "et:kuuma"), "школа": ("ru:школа",)})


def test_what_words_mean() -> None:
    """Each word has its meanings, in order; what is not there has none."""
    assert TABLE.get("kuu") == ("et:kuu", "et:kuuma")
    assert TABLE.get("kooli") == TABLE.get("kool") == ("et:kool",)
    assert TABLE.get("школа") == ("ru:школа",)
    assert TABLE.get("koo") == TABLE.get("") == ()
    assert ("kool" in TABLE, "koo" in TABLE, len(TABLE)) == (True, False, 4)


def test_words_laid_beside() -> None:
    """They mean what they mean, once, after what the table knew; no slip leads to them, and the table stays as it was."""
    more = TABLE.having({"kool": ("en:cool", "et:kool"), "maja": ("et:maja",)}).having({"maja": ("fi:maja",)})
    assert more.get("kool") == ("et:kool", "en:cool")
    assert more.get("maja") == ("et:maja", "fi:maja")
    assert ("maja" in more, len(more), more.near("maha", 1)) == (True, 5, (0, []))
    assert ("maja" in TABLE, TABLE.get("kool")) == (False, ("et:kool",))


def test_an_empty_table() -> None:
    """Nothing is in it."""
    empty = build_table({})
    assert (empty.get("kool"), empty.near("kool", 2), len(empty)) == ((), (0, []), 0)


@pytest.mark.parametrize(
    ("word", "limit", "found"),
    [
        ("kol", 1, (1, ["kool"])),
        ("koole", 1, (1, ["kool", "kooli"])),
        ("kool", 1, (1, ["kooli"])),
        ("шкала", 1, (1, ["школа"])),
        ("kaal", 1, (0, [])),
        ("kaal", 2, (0, [])),
        ("k", 1, (0, [])),
        ("ko\tol", 1, (0, [])),
        ("", 1, (0, [])),
    ],
)
def test_the_fewest_slips(word: str, limit: int, found: tuple[int, list[str]]) -> None:
    """The nearest other words within the limit, in order; a word itself is no slip, and control characters are no letters."""
    assert TABLE.near(word, limit) == found


LETTERS = st.text(alphabet="abcа", min_size=1, max_size=STEM + 4)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(LETTERS, max_size=12), LETTERS)
def test_a_single_slip_is_found_wherever_it_is(words: list[str], word: str) -> None:
    """Just the words of three letters or more that are one slip away."""
    wanted = sorted(known for known in set(words) if len(known) >= SHORTEST and OSA.distance(known, word) == 1)
    slips, found = build_table(dict.fromkeys(words, ("x",))).near(word, 1)
    assert found == wanted
    assert slips == bool(wanted)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(LETTERS.filter(lambda word: len(word) > STEM), LETTERS)
def test_two_slips_are_found_after_the_first_letters(known: str, tail: str) -> None:
    """Of two slips, one may be among the first letters."""
    word = known[:STEM] + tail
    slips, found = build_table({known: ("x",)}).near(word, 2)
    assert (slips, found) == ((OSA.distance(known, word), [known]) if 1 <= OSA.distance(known, word) <= 2 else (0, []))
