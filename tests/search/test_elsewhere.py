"""Whether a matter lies in another country."""

import pytest

from bot.search.elsewhere import Elsewhere, build_elsewhere
from bot.search.index import terms
from bot.search.text import tokens
from tests.search.words import small_lexicon
from tests.worlds import real_world

LEXICON = small_lexicon()
ELSEWHERE = build_elsewhere(["in Germany", "в Москве", "Soomes"], ["пособие"], ["kool", "here"], LEXICON)


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("how do I get a permit in Germany", True),
        ("IN GERMANY", True),
        ("from Germany", False),
        ("germany in", False),
        ("вид на жительство в Москве", True),
        ("vid na zhitelstvo v moskve", True),
        ("из Москвы", False),
        ("toetus Soomes", True),
        ("toetus Soomest", False),
        ("где мои пособия", True),
        ("toetus", False),
        ("", False),
        ("toetus Soomes ja koolid", False),
        ("a permit in Germany or here", False),
        ("пособие, kooliga", False),
    ],
)
def test_where_a_matter_lies(text: str, away: bool) -> None:
    """Places count word for word in any script, foreign words in any form, and none where this country is named too."""
    assert ELSEWHERE.tells(tokens(text), terms(LEXICON.slots(text))) is away


def test_without_words() -> None:
    """Nothing is elsewhere where nothing is known to be."""
    assert not Elsewhere().tells(["in", "germany"], terms(LEXICON.slots("in Germany")))


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("Kuidas Soomes lapsetoetust taotleda?", True),
        ("Lõpetasin kooli Soomes, kas siin tunnustatakse?", False),
        ("kas Saksamaal on üürilepingul tagatisraha", True),
        ("tulin Saksamaalt, kust saan isikukoodi", False),
        ("Как получить ВНЖ в Германии", True),
        ("как платят налоги в РФ", True),
        ("переехал из России, где регистрироваться", False),
        ("российская пенсия в Эстонии", False),
        ("kak poluchit grazhdanstvo v germanii", True),
        ("registering with a doctor in the UK", True),
        ("I worked in Spain, does it count in Estonia?", False),
        ("we are moving from Ukraine", False),
        ("де отримати паспорт у Польщі", True),
    ],
)
def test_the_real_words(text: str, away: bool) -> None:
    """What the lexicon names elsewhere and at home, in the languages that are understood."""
    index = real_world().finder.index
    assert index.elsewhere.tells(tokens(text), terms(index.read(text))) is away
