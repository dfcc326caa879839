"""Messages that go on with the question before: bare ones, additions, conditions; in any spelling."""

import pytest

from bot.search.follow import LONGEST, Follow, build_follow_ups
from tests.search.words import small_lexicon
from tests.worlds import real_world

FOLLOW_UPS = build_follow_ups(
    ("ja", "и", "and", "and for"),
    ("ja kui", "а если", "but if"),
    ("raha", "деньги"),
    ("laps", "ребенок", "child"),
    small_lexicon(),
)


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("raha?", Follow.BARE),
        ("kuidas taotlen", Follow.BARE),
        ("kuidas", Follow.BARE),
        ("как деньги", Follow.BARE),
        ("ja laps?", Follow.BARE),
        ("i rebenok", Follow.BARE),
        ("and for the child", Follow.BARE),
        ("but if my child", Follow.BARE),
        ("laps", None),
        ("ja kool", Follow.ALSO),
        ("И школа", Follow.ALSO),
        ("i shkola", Follow.ALSO),
        ("and for school", Follow.ALSO),
        ("ja kui kool", Follow.IF),
        ("а если школа", Follow.IF),
        ("a esli shkola", Follow.IF),
        ("kool", None),
        ("kool ja", None),
        ("andres", None),
        ("", None),
        ("?!", None),
    ],
)
def test_how_a_message_goes_on(text: str, how: Follow | None) -> None:
    """What names nothing of its own is bare; a beginning counts as whole words, the longest first, in either script."""
    assert FOLLOW_UPS.find(text) == how


def test_a_long_message_stands_for_itself() -> None:
    """Beyond some words even what begins as an addition is a question of its own."""
    assert FOLLOW_UPS.find("ja " + "kool " * (LONGEST - 1)) == Follow.ALSO
    assert FOLLOW_UPS.find("ja " + "kool " * LONGEST) is None


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("and how much does it cost?", Follow.BARE),
        ("how long does it take", Follow.BARE),
        ("where do I apply", Follow.BARE),
        ("can I do it online", Follow.BARE),
        ("what about my husband", Follow.BARE),
        ("but if I have no passport", Follow.IF),
        ("and where is the school", Follow.ALSO),
        ("how do I get a passport", None),
        ("child benefit", None),
        ("а для ребёнка?", Follow.BARE),
        ("сколько это стоит", Follow.BARE),
        ("i skolko eto stoit", Follow.BARE),
        ("а если я опоздал", Follow.BARE),
        ("какие документы нужны", Follow.BARE),
        ("а если у меня нет паспорта", Follow.IF),
        ("как получить паспорт", None),
        ("aga kui mul pole isikukoodi", Follow.IF),
        ("kui palju see maksab", Follow.BARE),
        ("ja kui kaua", Follow.BARE),
        ("kas saab internetis teha", Follow.BARE),
        ("aga minu abikaasa?", Follow.BARE),
        ("kuidas saada isikukoodi", None),
        ("а скільки це коштує", Follow.BARE),
        ("if I lose my job can I get a benefit", None),
        ("если уволили с работы, что с пособием", None),
        ("kui mul pole tööd, kas saan toetust", None),
    ],
)
def test_the_real_words(text: str, how: Follow | None) -> None:
    """The shipped lists know how people go on, in every language."""
    assert real_world().follow_ups.find(text) == how
