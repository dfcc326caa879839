"""The whole bot on languages it does not speak: it asks for another language or abstains, it does not answer by chance."""

from functools import cache

from ruamel.yaml import YAML

from bot.core.effects import Heard
from bot.insight.evaluation import hear
from tests.worlds import ROOT, real_world

FALSE_AT_MOST = 0.03
MESSAGES: dict[str, list[str]] = YAML(typ="safe").load(ROOT / "tests" / "insight" / "foreign.yaml")
OTHER_SCRIPTS = ("ar", "ka", "zh", "hi")


@cache
def heard(text: str) -> Heard:
    """Say a message to the real bot."""
    return hear(text, real_world())


def test_false_answers_are_rare() -> None:
    """Of more than a hundred short messages in twelve languages at most three in a hundred are answered."""
    every = [text for texts in MESSAGES.values() for text in texts]
    assert len(MESSAGES) == 12
    assert len(set(every)) >= 100
    answered = [(text, heard(text).topics) for text in every if heard(text).decision == "answer"]
    assert len(answered) <= FALSE_AT_MOST * len(every), answered


def test_no_foreign_message_raises_an_alarm() -> None:
    """The emergency card is not shown by chance."""
    assert [text for texts in MESSAGES.values() for text in texts if heard(text).danger] == []


def test_other_scripts_are_recognised() -> None:
    """A message in another script is told apart from all languages of the bot, and nothing is searched."""
    texts = [text for lang in OTHER_SCRIPTS for text in MESSAGES[lang]]
    assert [text for text in texts if (heard(text).lang, heard(text).decision) != ("xx", "abstain")] == []
