"""Finding a title by a few letters."""

import pytest

from bot.search.titles import find_titles

TITLES = {
    "register-residence": "register-residence Elukoha registreerimine",
    "school": "school Kool",
    "school-meals": "school-meals Koolitoit",
    "id-card": "id-card ID-kaart",
    "permit": "permit Вид на жительство",
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kool", ["school", "school-meals"]),
        ("KOOLI", ["school-meals"]),
        ("  regis ", ["register-residence"]),
        ("kaart", ["id-card"]),
        ("residence", ["register-residence"]),
        ("житель", ["permit"]),
        ("elukoha registreerimine", ["register-residence"]),
        ("elukoha regis", ["register-residence"]),
        ("id kaart", ["id-card"]),
        ("registreerimne", ["register-residence"]),
        ("xyzzy", []),
        ("", []),
        ("  ", []),
        ("-", []),
    ],
)
def test_a_title_is_found(words: str, found: list[str]) -> None:
    """By how a word of it begins, several words of it, or what is much alike; by nothing nothing is found."""
    assert find_titles(words, TITLES, 5) == found


def test_no_more_are_given_than_are_wanted() -> None:
    """The first ones in the order of the titles."""
    names = {str(n): f"Kool {n}" for n in range(9)}
    assert find_titles("kool", names, 3) == ["0", "1", "2"]
    assert len(find_titles("kol", names, 3)) == 3
