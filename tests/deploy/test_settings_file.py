"""The example of a settings file: every setting stands in it with what it is for, and all of it can be used as it is."""

import re
from pathlib import Path
from typing import Final

import pytest

from bot.settings import Settings, load_settings
from tests.worlds import ROOT

EXAMPLE: Final = (ROOT / "deploy" / "teejuht.env.example").read_text("utf-8")
SETTING: Final = re.compile(r"^#(TEEJUHT_[A-Z_]+)=(.*)$", re.MULTILINE)
SHOWN: Final = {name: value.strip('"') for name, value in SETTING.findall(EXAMPLE)}
SOURCES: Final = {"TEEJUHT_CONFIG", "TEEJUHT_SECRETS"}


def variable(name: str) -> str:
    """Give a setting's variable."""
    return f"TEEJUHT_{name.upper()}"


def test_every_setting_is_shown_once() -> None:
    """No more, no fewer."""
    assert sorted(name for name, _ in SETTING.findall(EXAMPLE)) == sorted({*map(variable, Settings.model_fields), *SOURCES})


def test_nothing_is_set() -> None:
    """An operator takes the # away from what they want."""
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


def test_every_setting_is_explained() -> None:
    """A sentence stands above each."""
    for block in EXAMPLE.split("\n\n"):
        if shown := SETTING.findall(block):
            first, *_ = block.splitlines()
            assert len(shown) == 1, block
            assert first.startswith("# "), block
            assert block.splitlines()[-2].endswith((".", "guide.")), block


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if field.default not in (None, "", {})])
def test_a_default_is_the_codes(name: str) -> None:
    """What is shown for a setting that has a default is that default; folders of the package and secrets have none to show."""
    default = Settings.model_fields[name].default
    if name in ("knowledge", "locales") or hasattr(default, "get_secret_value"):
        return
    assert SHOWN[variable(name)] == (str(default).lower() if isinstance(default, bool) else str(default))


def test_all_of_it_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every # taken away it loads, once its folders and its file are there."""
    (tmp_path / "teejuht.toml").write_text('[desks.kohtla-jarve]\nemail = ["abi@example.ee"]\n')
    places = {"KNOWLEDGE": tmp_path, "LOCALES": tmp_path, "SECRETS": tmp_path, "CONFIG": tmp_path / "teejuht.toml"}
    for name, value in {**SHOWN, **{f"TEEJUHT_{name}": str(path) for name, path in places.items()}}.items():
        monkeypatch.setenv(name, value)
    found = load_settings()
    assert (found.municipality, found.public_url, found.matrix_user) == (
        "kohtla-jarve",
        "https://juht.example.ee",
        "@teejuht:example.ee",
    )
    assert found.matrix_allowed == ("example.ee", "example.org")


def test_the_guides_desks_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The TOML file that the guide shows is one."""
    guide = (ROOT / "deploy" / "README.md").read_text("utf-8")
    [shown] = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "teejuht.toml").write_text(shown)
    monkeypatch.setenv("TEEJUHT_CONFIG", str(tmp_path / "teejuht.toml"))
    needed = {
        "telegram_token": "1:a",
        "matrix_user": "@bot:example.ee",
        "smtp_host": "mail.example.ee",
        "mail_from": "bot@example.ee",
    }
    found = load_settings(**needed, public_url="https://juht.example.ee")
    assert found.desks["kohtla-jarve"].order == ("telegram", "email")
    assert {"editors", "operators"} <= found.desks.keys()
