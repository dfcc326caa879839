"""The operator's guide is held to its word: files, verbs, settings and tests that it names are there."""

import ast
import re
from functools import cache
from typing import Any, Final

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from bot.__main__ import cli
from bot.settings import Settings
from tests.worlds import ROOT

DEPLOY: Final = ROOT / "deploy"
GUIDE: Final = (DEPLOY / "README.md").read_text("utf-8")
THREATS: Final = GUIDE.partition("## Threats")[2]
NAMED: Final = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", GUIDE)))
VERBS: Final = {"db", "queue", "channel", "desk", "matrix", "status", "poster", "check"}
SHELL: Final = "\n".join(re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL))


@cache
def names_in(path: str) -> set[str]:
    """Give the names of the tests in a module, those in classes too."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED, ids="::".join)
def test_a_test_that_shows_something_is_there(path: str, name: str) -> None:
    """What the table of threats leans on exists under that name."""
    assert name in names_in(path)


def test_every_threat_has_an_answer_and_a_test_or_says_so() -> None:
    """No row is left open, and no test is named in another form than the one that is looked up."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in THREATS.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 20
    for threat, answer, shown in rows:
        assert threat
        assert answer
        assert "`tests/" in shown or "no test" in shown.lower(), threat
    assert len(re.findall(r"tests/", THREATS)) == len(re.findall(r"`tests/[\w/]+\.py::\w+`", THREATS))


def test_every_file_is_told_of() -> None:
    """The table at the head of the guide names all that lies beside it, but what an operator puts there."""
    own = {line.strip("/") for line in (DEPLOY / ".gitignore").read_text("utf-8").splitlines() if line.startswith("/")}
    beside = {path.name for path in DEPLOY.iterdir() if not path.name.startswith(".")} - {"README.md"} - own
    table = GUIDE.partition("\n## ")[0]
    assert set(re.findall(r"`([\w.-]+\.[\w.]+|Containerfile)`", table)) == beside


def options_of(words: list[str]) -> set[str]:
    """Find the verb that words of the guide call, with what follows it, and give its options."""
    found: Any = get_command(cli)
    for word in words:
        if not (verbs := getattr(found, "commands", {})):
            break
        assert word in verbs, words
        found = verbs[word]
    return {option for parameter in found.params for option in parameter.opts}


def test_every_verb_is_one() -> None:
    """Each `teejuht ...` leads to a command, with the options that it has."""
    called = re.findall(
        r"(?<![\w/.@-])teejuht((?: (?:--)?[a-z]+(?:-[a-z]+)*)+)", GUIDE.replace("exec bot", "").replace("--rm bot", "teejuht")
    )
    lines = [line.split() for line in called if line.split()[0] in VERBS]
    assert {line[0] for line in lines} == VERBS
    for words in lines:
        options = options_of([word for word in words if not word.startswith("--")])
        assert {word for word in words if word.startswith("--")} <= options, words


def test_every_setting_is_one() -> None:
    """A misspelt one would stop the start of whoever copies it."""
    known = {f"TEEJUHT_{name.upper()}" for name in Settings.model_fields} | {"TEEJUHT_SECRETS", "TEEJUHT_CONFIG"}
    assert set(re.findall(r"TEEJUHT_[A-Z_]+", GUIDE)) <= known


def test_what_the_guide_copies_is_there() -> None:
    """Commands name files of this folder."""
    named = set(re.findall(r"deploy/([\w.-]+)", SHELL)) | set(re.findall(r"^cp ([\w.-]+)", SHELL, re.MULTILINE))
    assert {"install.sh", "teejuht.service", "teejuht-command.sh", "teejuht.env.example"} <= named
    for name in named:
        assert (DEPLOY / name).is_file()


@pytest.mark.parametrize("field", ["keep_conversations_days", "keep_cases_days", "keep_audit_days"])
def test_times_are_the_defaults(field: str) -> None:
    """The table of what is kept tells the settings' own numbers."""
    [row] = [line for line in GUIDE.splitlines() if line.startswith("| ") and f"TEEJUHT_{field.upper()}" in line]
    assert f"| {Settings.model_fields[field].default} days" in row


def test_alerts_say_what_to_do() -> None:
    """Each alert has an expression, a summary and how grave it is."""
    alerts = [rule for group in YAML(typ="safe").load(DEPLOY / "prometheus-alerts.yaml")["groups"] for rule in group["rules"]]
    assert len(alerts) >= 5
    for alert in alerts:
        assert alert.keys() == {"alert", "expr", "for", "labels", "annotations"}
        assert alert["labels"].keys() == {"severity"}
        assert alert["annotations"]["summary"].endswith((".", "?"))
