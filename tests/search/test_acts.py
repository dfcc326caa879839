"""Small acts: a message that consists of nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.replies import ACT_ORDER
from bot.search.acts import build_acts
from tests.worlds import real_world

ACTS = build_acts(
    {
        "greeting": ["tere", "tere päevast", "привет", "hi", "добрый день"],
        "thanks": ["aitäh", "спасибо", "thank you"],
        "abuse": ["loll"],
        "unordered": ["xyz"],
    },
    ("greeting", "thanks", "abuse", "nothing"),
)


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("Tere!", "greeting"),
        ("tere päevast", "greeting"),
        ("TERE PAEVAST!!!", "greeting"),
        ("привет", "greeting"),
        ("privet", "greeting"),
        ("dobryj den", "greeting"),
        ("dobriy den'", "greeting"),
        ("tere, aitäh", "thanks"),
        ("aitäh, tere", "thanks"),
        ("tere hi привет", "greeting"),
        ("thank you, loll", "abuse"),
        ("привет, thank you", "thanks"),
        ("tere " * 10, "greeting"),
        ("tere " * 11, None),
        ("tere, kus on kool", None),
        ("päevast", None),
        ("thank", None),
        ("tere päev", None),
        ("xyz", None),
        ("", None),
        ("👋", None),
    ],
)
def test_acts(text: str, act: str | None) -> None:
    """The whole message is made of wordings, in any spelling; of several acts the later one counts."""
    assert ACTS.find(text) == act


def test_the_longest_wording_is_taken_first() -> None:
    """A wording that begins like another is read whole."""
    acts = build_acts({"a": ["good"], "b": ["good bye"]}, ("b", "a"))
    assert (acts.find("good bye"), acts.find("good good bye"), acts.find("good")) == ("b", "a", "a")


def test_one_wording_of_two_acts_belongs_to_the_later() -> None:
    """Where two acts share a wording the later act has it."""
    assert build_acts({"a": ["ok"], "b": ["ok"]}, ("a", "b")).find("ok") == "b"


@pytest.mark.parametrize(
    ("act", "texts"),
    [
        ("greeting", ("Tere!", "tere tere", "Здравствуйте", "zdravstvuyte", "Hello", "hi there")),
        ("thanks", ("aitäh", "aitah", "tänan", "Спасибо большое", "spasibo", "thanks a lot", "thank you!")),
        ("farewell", ("head aega", "до свидания", "bye")),
    ],
)
def test_real_acts(act: str, texts: tuple[str, ...]) -> None:
    """Everyday courtesies are known in the three languages."""
    assert {text: real_world().acts.find(text) for text in texts} == dict.fromkeys(texts, act)


def test_every_real_act_is_answered() -> None:
    """No act of the knowledge is left without a reply."""
    assert set(real_world().acts.wordings.values()) <= set(ACT_ORDER)


def test_questions_that_begin_politely_are_questions() -> None:
    """A greeting before a question does not swallow it."""
    asked = ("Tere! Kuidas saada ID-kaarti?", "Здравствуйте, где получить ВНЖ?", "Hello, how do I get an ID card?")
    assert {real_world().acts.find(text) for text in asked} == {None}


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=50))
def test_any_text_may_be_asked(text: str) -> None:
    """Any text names an act that exists, or none."""
    assert real_world().acts.find(text) in {None, *ACT_ORDER}
