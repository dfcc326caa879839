"""`teejuht poster`: a file to print, and what it says where there is nothing to lead to."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Teejuht


def lines(file: Path) -> str:
    """Give what the poster says."""
    return " ".join(ElementTree.parse(file).getroot().itertext())


def test_the_web_page_and_a_name_that_is_given(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The poster names both ways, and says where it was written."""
    monkeypatch.setenv("TEEJUHT_PUBLIC_URL", "https://juht.example.ee")
    done = teejuht("poster", "sampleton", "--telegram", "@some_bot")
    assert (done.code, done.out) == (0, "")
    assert done.err == "teejuht-sampleton.svg: t.me/some_bot, juht.example.ee\n"
    said = lines(room / "teejuht-sampleton.svg")
    assert "t.me/some_bot" in said
    assert "juht.example.ee" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sampleton"], "there is nothing to lead to yet: set TEEJUHT_PUBLIC_URL, TEEJUHT_MATRIX_USER or TEEJUHT_TELEGRAM_TOKEN"),
        (["atlantis"], "there is no municipality atlantis"),
        (["sampleton", "--telegram", "x_bot", "--to", "no/such/folder/a.svg"], "no/such/folder/a.svg cannot be written"),
    ],
)
def test_wrong_use(teejuht: Teejuht, arguments: list[str], said: str) -> None:
    """What is missing is said in a sentence."""
    done = teejuht("poster", *arguments)
    assert done.code == 2
    assert said in done.err


def test_telegram_that_cannot_be_asked(teejuht: Teejuht, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the command ends with a sentence, and without the token."""
    monkeypatch.setenv("TEEJUHT_TELEGRAM_TOKEN", "123456:GEHEIM")
    monkeypatch.setenv("TEEJUHT_TELEGRAM_API", "http://127.0.0.1:9")
    done = teejuht("poster", "sampleton")
    assert done.code == 1
    assert done.err == "teejuht: Telegram cannot be reached: ClientConnectorError\n"
