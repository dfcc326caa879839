"""The guides are held to their word: settings, verbs, rooms and knowledge files are named where their reader looks."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from bot.__main__ import cli
from bot.settings import Settings
from tests.worlds import KNOWLEDGE, ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_is_named() -> None:
    """The README's table lists every TEEJUHT_ variable and no other."""
    named = set(re.findall(r"`(TEEJUHT_[A-Z_]+)`", README))
    assert named == {f"TEEJUHT_{name.upper()}" for name in Settings.model_fields} | {"TEEJUHT_CONFIG", "TEEJUHT_SECRETS"}


def test_every_default_is_told() -> None:
    """A default that is a number, a word or an address stands in its setting's line."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, int | str) and field.default != "":
            line = next(line for line in README.splitlines() if f"`TEEJUHT_{name.upper()}`" in line)
            assert str(field.default).lower() in line.lower(), line


@pytest.mark.parametrize("room", ["bot", "knowledge", "locales", "tests"])
def test_every_room_has_a_guide(room: str) -> None:
    """Each room has its own README, and the first one links to it."""
    assert (ROOT / room / "README.md").is_file()
    assert f"({room}/README.md)" in README


def test_every_verb_explains_itself() -> None:
    """Each verb of the command line has a sentence of help."""
    command = get_command(cli)
    names = getattr(command, "commands", {})
    assert set(names) == {
        "serve",
        "chat",
        "ask",
        "check",
        "eval",
        "forms",
        "groups",
        "desk",
        "draw",
        "diff",
        "matrix",
        "poster",
        "preview",
        "schema",
        "status",
        "db",
        "queue",
        "channel",
    }
    assert all(verb.help and verb.help[0].isupper() for verb in names.values())


def test_every_knowledge_file_is_explained() -> None:
    """The editors' guide names every kind of file in the knowledge folder."""
    guide = (KNOWLEDGE / "README.md").read_text("utf-8")
    kinds = {path.name for path in KNOWLEDGE.iterdir()} - {"README.md", "et", "ru", "en"}
    assert {kind for kind in kinds if kind not in guide} == set()


def test_every_make_target_named_exists() -> None:
    """The make targets that the guides name are there."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    guides = README + "".join((ROOT / room / "README.md").read_text("utf-8") for room in ("bot", "knowledge", "locales", "tests"))
    for target in set(re.findall(r"`?make ([a-z-]+)\b", guides)) - {"and"}:
        assert re.search(rf"^{target}\b.*:", makefile, re.MULTILINE), target


def test_what_we_depend_on_is_locked_with_hashes_and_without_hosts() -> None:
    """Every dependency stands in the lock file with hashes, and no lock file names a registry."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9.-]+", requirement)
        assert name is not None
        pattern = re.escape(name[0].lower()).replace(r"\.", "[.-]")
        assert re.search(rf"^{pattern}(\[[a-z]+\])?==", lock, re.MULTILINE), requirement
    locks: list[Path] = [*ROOT.glob("requirements*.lock"), ROOT / "tests" / "package-lock.json"]
    for path in locks:
        assert "://" not in path.read_text("utf-8"), path.name
