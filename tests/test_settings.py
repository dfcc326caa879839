"""Settings: variables and a TOML file, read once; whatever is wrong is named, with what to write instead."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import ROOT, Settings, load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting from outside."""
    for name in [*(f"TEEJUHT_{name.upper()}" for name in Settings.model_fields), "TEEJUHT_CONFIG"]:
        monkeypatch.delenv(name, raising=False)


def fault(**given: object) -> str:
    """Load settings that must not load and give what is said about it."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    return str(caught.value)


def test_everything_has_a_default() -> None:
    """Without any setting the web page runs on SQLite in ./data, with the knowledge and words beside the code."""
    assert load_settings().model_dump() == {
        "database": "sqlite:///data/teejuht.db",
        "knowledge": ROOT / "knowledge",
        "locales": ROOT / "locales",
        "cache": Path("data/cache"),
        "municipality": None,
        "web": True,
        "web_host": "127.0.0.1",
        "web_port": 8080,
        "public_url": "",
        "keep_conversations_days": 30,
    }
    assert load_settings().keep_conversations == timedelta(days=30)


def test_variables_set_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each setting is a variable with the prefix."""
    wanted = {
        "database": "postgresql://teejuht@db.example.ee/teejuht",
        "knowledge": str(tmp_path),
        "locales": str(tmp_path),
        "cache": str(tmp_path),
        "municipality": "kohtla-jarve",
        "web": "false",
        "web_host": "::1",
        "web_port": "9000",
        "public_url": "https://juht.example.ee",
        "keep_conversations_days": "7",
    }
    assert set(wanted) == set(Settings.model_fields)
    for name, value in wanted.items():
        monkeypatch.setenv(f"TEEJUHT_{name.upper()}", value)
    found = load_settings()
    assert {name: str(value).lower() for name, value in found.model_dump().items()} == wanted
    assert found.keep_conversations == timedelta(days=7)


def test_settings_cannot_be_changed() -> None:
    """They are read once and frozen."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().web_port = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE", "mysql://x/y"),
        ("DATABASE", "data/teejuht.db"),
        ("DATABASE", ""),
        ("KNOWLEDGE", "/no/such/folder"),
        ("LOCALES", "/no/such/folder"),
        ("MUNICIPALITY", "Kohtla Järve"),
        ("MUNICIPALITY", ""),
        ("WEB", "perhaps"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "-1"),
        ("WEB_PORT", "http"),
        ("PUBLIC_URL", "juht.example.ee"),
        ("PUBLIC_URL", "https://juht.example.ee/path"),
        ("KEEP_CONVERSATIONS_DAYS", "0"),
        ("KEEP_CONVERSATIONS_DAYS", "366"),
        ("KEEP_CONVERSATIONS_DAYS", "soon"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One line, which begins with the variable and says what is wrong."""
    monkeypatch.setenv(f"TEEJUHT_{name}", value)
    said = fault()
    assert said.startswith(f"TEEJUHT_{name}: ")
    assert len(said) > len(f"TEEJUHT_{name}: ")
    assert len(said.splitlines()) == 1


def test_a_missing_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that is not there stands in the message."""
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", "/no/such/folder")
    assert fault() == "TEEJUHT_KNOWLEDGE: there is no folder /no/such/folder"


def test_a_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with a slip of the pen is named, not quoted."""
    monkeypatch.setenv("TEEJUHT_DATABASE", "postgres://bot:geheim@db/x")
    assert "geheim" not in fault()


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several faults are several lines."""
    monkeypatch.setenv("TEEJUHT_WEB", "perhaps")
    monkeypatch.setenv("TEEJUHT_WEB_PORT", "http")
    assert [line.split(":")[0] for line in fault().splitlines()] == ["TEEJUHT_WEB", "TEEJUHT_WEB_PORT"]


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nobody reads would be ignored in silence; it is named, with those that there are."""
    monkeypatch.setenv("TEEJUHT_WEBPORT", "80")
    monkeypatch.setenv("TEEJUHT_TOWN", "narva")
    said = fault()
    assert said.startswith("TEEJUHT_TOWN, TEEJUHT_WEBPORT: there is no such setting; known are TEEJUHT_CACHE, TEEJUHT_CONFIG")
    assert [name for name in Settings.model_fields if f"TEEJUHT_{name.upper()}" not in said] == []


# --- the file


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that TEEJUHT_CONFIG names."""
    file = tmp_path / "teejuht.toml"
    monkeypatch.setenv("TEEJUHT_CONFIG", str(file))
    return file


def test_the_file_sets_and_variables_win(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TOML file holds the same names; a variable counts more, and what is given in code most."""
    config.write_text('web_port = 9000\nweb_host = "0.0.0.0"\nkeep_conversations_days = 7\n')
    monkeypatch.setenv("TEEJUHT_WEB_PORT", "9001")
    found = load_settings(keep_conversations_days=3)
    assert (found.web_host, found.web_port, found.keep_conversations_days) == ("0.0.0.0", 9001, 3)


def test_a_missing_file_is_named(config: Path) -> None:
    """A file that is not there is not taken for an empty one."""
    assert fault() == f"TEEJUHT_CONFIG: there is no file {config}"


@pytest.mark.parametrize("content", [b"web_port = \n", b"= 1", b"\xff\xfe", b'web_host = "unfinished'])
def test_a_broken_file_is_named(config: Path, content: bytes) -> None:
    """What is no TOML says so with the file's name."""
    config.write_bytes(content)
    said = fault()
    assert said.startswith(f"{config}: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("web_port = 70000", "WEB_PORT"),
        ('colour = "red"', "COLOUR"),
        ("[web]\nport = 1\n", "WEB"),
        ("[desks.narva]\nx = 1\n", "DESKS"),
    ],
)
def test_a_wrong_value_in_the_file_is_named(config: Path, content: str, name: str) -> None:
    """A wrong value or an unknown name in the file is named as its variable would be."""
    config.write_text(content)
    assert fault().startswith(f"TEEJUHT_{name}: ")


def test_a_folder_given_in_code_is_checked(tmp_path: Path) -> None:
    """Also values that do not come from outside are looked at."""
    file = tmp_path / "file"
    file.write_text("")
    assert fault(knowledge=file) == f"TEEJUHT_KNOWLEDGE: there is no folder {file}"
