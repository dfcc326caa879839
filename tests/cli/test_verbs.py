"""The verbs around the knowledge and the database, and what all verbs share: help, version, wrong settings."""

import json
import shutil
from pathlib import Path

import pytest
from typer.main import get_command

from bot import __version__
from bot.__main__ import cli
from bot.knowledge.load import load
from tests.cli.conftest import Teejuht
from tests.engine.small import TOPICS

NEEDS_SETTINGS = [
    ["serve"], ["chat"], ["ask", "x"], ["check"], ["eval"], ["forms"],
    ["groups", "--facts", "{}"], ["diff", "HEAD"], ["preview"], ["status"],
    ["db", "upgrade"], ["db", "copy", "x", "x"], ["db", "backup", "x"], ["db", "restore", "x"],
    ["queue"], ["queue", "list"], ["queue", "retry", "x"], ["queue", "discard", "x"],
    ["channel"], ["channel", "pause", "x"], ["channel", "resume", "x"], ["draw", "groups"], ["poster", "kohtla-jarve"],
    ["matrix", "login"], ["matrix", "status"], ["desk", "test", "kohtla-jarve"],
]  # fmt: skip
VERBS = [
    [word for word in verb if word not in ("x", "HEAD", "--facts", "{}", "groups", "kohtla-jarve") or verb[0] == word]
    for verb in [*NEEDS_SETTINGS, ["schema"], ["db"], ["matrix"], ["desk"]]
]


def test_every_verb_is_listed_here() -> None:
    """The lists of this module name all there are."""
    top = get_command(cli)
    assert sorted(top.commands) == sorted({verb for verb, *_ in VERBS})  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", [[], *VERBS], ids=" ".join)
def test_help_everywhere(teejuht: Teejuht, verb: list[str]) -> None:
    """--help of every verb says how it is used and what it does, and needs no settings."""
    done = teejuht(*verb, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage:" in done.out
    assert len([line for line in done.out.splitlines() if line.strip()]) > 4


@pytest.mark.parametrize("verb", [[], ["db"], ["matrix"], ["desk"]], ids=["teejuht", "db", "matrix", "desk"])
def test_no_verb_shows_the_help(teejuht: Teejuht, verb: list[str]) -> None:
    """Without a verb there is the list of them; it is wrong use."""
    done = teejuht(*verb)
    assert done.code == 2
    assert "Usage:" in done.out + done.err


def test_version(teejuht: Teejuht) -> None:
    """--version says name and version."""
    done = teejuht("--version")
    assert (done.code, done.out) == (0, f"teejuht {__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["dance"], ["ask", "--colour"], ["db", "dance"], ["chat", "--lang"], ["diff"], ["schema"]], ids=" ".join
)
def test_what_does_not_exist_is_wrong_use(teejuht: Teejuht, arguments: list[str]) -> None:
    """An unknown verb or option: exit code 2, on standard error, without a traceback."""
    done = teejuht(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


# --- settings


@pytest.mark.parametrize("verb", NEEDS_SETTINGS, ids=" ".join)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEEJUHT_WEB_PORT", "70000"),
        ("TEEJUHT_KNOWLEDGE", "/no/such/folder"),
        ("TEEJUHT_WEBPORT", "80"),
        ("TEEJUHT_CONFIG", "none.toml"),
    ],
)
def test_a_wrong_setting_stops_every_verb(
    teejuht: Teejuht, monkeypatch: pytest.MonkeyPatch, verb: list[str], name: str, value: str
) -> None:
    """One line that names the variable, exit code 1, whatever was to be done."""
    monkeypatch.setenv(name, value)
    done = teejuht(*verb)
    assert done.code == 1
    [line] = [line for line in done.err.splitlines() if line]
    assert line.startswith(f"teejuht: {name}: ")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TEEJUHT_MUNICIPALITY", "atlantis", "TEEJUHT_MUNICIPALITY: there is no atlantis; known are sampleton"),
        ("TEEJUHT_LOCALES", ".", "no compiled catalogs in . run `make catalogs` or set TEEJUHT_LOCALES"),
        ("TEEJUHT_KNOWLEDGE", ".", ""),
    ],
)
def test_settings_that_fit_nothing(teejuht: Teejuht, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    """A municipality, catalogs or knowledge that are not there stop the start, named."""
    monkeypatch.setenv(name, value)
    done = teejuht("ask", "x")
    assert (done.code, done.out) == (1, "")
    assert done.err.replace(":", "").startswith(f"teejuht {said}".replace(":", ""))
    assert "Traceback" not in done.err


def test_a_language_without_a_catalog_is_named(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All languages of the knowledge need their words."""
    source = Path(__file__).parents[2] / "locales" / "et"
    shutil.copytree(source, room / "locales" / "et")
    monkeypatch.setenv("TEEJUHT_LOCALES", str(room / "locales"))
    done = teejuht("ask", "x")
    assert (done.code, done.err) == (1, "teejuht: TEEJUHT_LOCALES: no compiled catalog for ru, en: run `make catalogs`\n")


def test_the_configured_municipality_is_everybodys(teejuht: Teejuht, monkeypatch: pytest.MonkeyPatch) -> None:
    """A municipality's own bot adds what it knows without being asked."""
    monkeypatch.setenv("TEEJUHT_MUNICIPALITY", "sampleton")
    assert "Keskallee 1." in teejuht("ask", "where is library").out


# --- check


def test_check_of_good_knowledge(teejuht: Teejuht) -> None:
    """Warnings alone are no failure; the first line counts what there is, the last one what is wrong."""
    done = teejuht("check")
    first, *listed, last = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert first.startswith(f"{len(TOPICS)} topics, ")
    assert last == f"0 errors, {len(listed)} warnings"
    assert all(line.endswith(" (warning)") for line in listed)


def test_check_lists_every_error_first(teejuht: Teejuht, knowledge: Path) -> None:
    """Each problem has file and line; errors come first; exit code 1."""
    (knowledge / "ru" / "waste.md").unlink()
    (knowledge / "et" / "library.md").write_text("no head\n")
    (knowledge / "categories.yaml").write_text('- id: life\n  name: {et: "Elu", ru: "Жизнь", en: "Life"}\n  colour: red\n')
    done = teejuht("check")
    lines = done.out.splitlines()[1:]
    errors = [line for line in lines if not line.endswith(" (warning)")]
    assert done.code == 1
    assert "knowledge/ru/waste.md:1: this file is missing; add it (a missing translation is a missing file)" in errors
    assert [line for line in errors if line.startswith("knowledge/et/library.md:1: ")]
    assert [line for line in errors if line.startswith("knowledge/categories.yaml:3: ")]
    assert lines[: len(errors) - 1] == errors[:-1]
    assert errors[-1].startswith(f"{len(errors) - 1} errors, ")


def test_check_as_json(teejuht: Teejuht, knowledge: Path) -> None:
    """A problem a line, with what a script needs."""
    (knowledge / "ru" / "waste.md").unlink()
    done = teejuht("check", "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    missing = {
        "path": "knowledge/ru/waste.md", "line": 1, "error": True,
        "text": "this file is missing; add it (a missing translation is a missing file)",
    }  # fmt: skip
    assert (done.code, rows[0]) == (1, missing)
    assert {tuple(row) for row in rows} == {("path", "line", "text", "error")}


def test_check_of_an_empty_folder(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where nothing is right there is a list and no traceback."""
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(room))
    done = teejuht("check")
    assert (done.code, done.err) == (1, "")
    assert "there must be languages, topics" in done.out


@pytest.mark.parametrize("verb", [["ask", "x"], ["forms"], ["eval", "--tune"], ["diff", "HEAD"]], ids=" ".join)
def test_broken_knowledge_stops_with_its_problems(teejuht: Teejuht, knowledge: Path, verb: list[str]) -> None:
    """Verbs that need the knowledge say what is wrong with it, as `check` would, and write nothing."""
    (knowledge / "ru" / "waste.md").unlink()
    before = sorted((knowledge / ".index").iterdir())
    done = teejuht(*verb)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("teejuht: knowledge/ru/waste.md:1: this file is missing")
    assert sorted((knowledge / ".index").iterdir()) == before


# --- eval


def questions(room: Path) -> Path:
    """Write a few labelled questions."""
    rows = [
        {"text": "where is library", "topics": ["library"], "lang": "en", "kind": "plain"},
        {"text": "where is waste", "topics": ["library"], "lang": "en", "kind": "plain"},
        {"text": "xqz wvk", "topics": ["waste", "no-such-topic"], "lang": "en", "kind": "noisy"},
        {"text": "xqz wvk", "topics": [], "lang": "en", "kind": "none"},
        {"text": "где мусор", "topics": [], "lang": "ru", "kind": "none"},
        {"text": "anything", "topics": ["no-such-topic"], "lang": "en", "kind": "plain"},
    ]
    file = room / "questions.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return file


def test_eval_as_json(teejuht: Teejuht, room: Path) -> None:
    """Shares by language and kind, and how many questions could not count."""
    done = teejuht("eval", questions(room), "--json")
    assert done.code == 0
    measured = json.loads(done.out)
    assert measured["left_out"] == 1
    assert list(measured["groups"]) == ["en", "en/noisy", "en/none", "en/plain", "ru", "ru/none", "all"]
    third = 0.3333
    assert measured["groups"]["en"] == {
        "right": third, "shown": third, "wrong": third, "silent": third, "false": 0.0, "f_oos": 0.6667, "inside": 3, "outside": 1,
    }  # fmt: skip
    assert measured["groups"]["all"] == {
        "right": third, "shown": third, "wrong": third, "silent": third, "false": 0.5, "f_oos": 0.5, "inside": 3, "outside": 2,
    }  # fmt: skip


def test_eval_as_table(teejuht: Teejuht, room: Path) -> None:
    """The same as a table for people."""
    done = teejuht("eval", questions(room))
    assert done.code == 0
    assert all(name in done.out for name in ("right", "shown", "wrong", "silent", "false", "f_oos", "en/plain", "0.333"))
    assert done.out.splitlines()[-1] == "1 questions left out: none of their topics is in this knowledge base"


def test_eval_of_the_check_wordings(teejuht: Teejuht) -> None:
    """Without a file the knowledge's own test wordings are measured."""
    groups = json.loads(teejuht("eval", "--json").out)["groups"]
    assert groups["all"]["inside"] == 3 * 4 * len(TOPICS)
    assert groups["all"]["outside"] == 3 * 120


@pytest.mark.parametrize("content", ["nonsense", '{"topics": []}'])
def test_eval_names_a_bad_line(teejuht: Teejuht, room: Path, content: str) -> None:
    """As everywhere: exit code 2, file and line."""
    file = room / "questions.jsonl"
    file.write_text(f"\n{content}\n")
    done = teejuht("eval", file)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"teejuht: {file}, line 2 ")


def test_eval_explains(teejuht: Teejuht) -> None:
    """One question: its language, its words, the candidates, the decision."""
    done = teejuht("eval", "--explain", "where is the [bold]library qwzx")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("language: en")
    assert "unknown" in done.out
    assert done.out.splitlines()[-1].startswith("decision: answer library")


def test_eval_tunes(teejuht: Teejuht, knowledge: Path) -> None:
    """Fitting writes the numbers with date and measure; the knowledge loads with them."""
    fitted = knowledge / ".index" / "fitted.json"
    fitted.unlink()
    done = teejuht("eval", "--tune")
    assert done.code == 0
    reached = json.loads(done.out)
    written = json.loads(fitted.read_text())
    assert list(reached) == ["right", "wrong", "silent", "false", "quiet"]
    assert written["measured"] == reached
    assert "check wordings" in written["note"]
    assert reached["right"] > 0.8
    assert load(knowledge).finder.fit.answer == written["fit"]["answer"]


# --- database


def test_status_before_there_is_a_database(teejuht: Teejuht) -> None:
    """The operator reads what to do."""
    done = teejuht("status")
    assert (done.code, done.out) == (1, "")
    assert "run `teejuht db upgrade`" in done.err


def test_upgrade_then_status(teejuht: Teejuht, room: Path) -> None:
    """A new folder gets its tables, twice is no error, and nothing waits in them."""
    for _ in range(2):
        done = teejuht("db", "upgrade")
        assert (done.code, done.out) == (0, "")
        assert done.err.startswith("The database is at revision ")
    assert (room / "data" / "teejuht.db").exists()
    revision = done.err.removeprefix("The database is at revision ").rstrip().rstrip(".")
    status = teejuht("status", "--json")
    assert (status.code, status.err) == (0, "")
    assert json.loads(status.out) == {
        "knowledge": "sound", "database revision": revision, "conversations": 0, "oldest conversation": "-",
        "waiting messages": 0, "unsent messages": 0, "dead letters": 0, "timers": 0, "open cases": 0,
        "queues": [], "oldest records": {}, "tallies": {},
    }  # fmt: skip


def test_status_tells_of_broken_knowledge(teejuht: Teejuht, knowledge: Path) -> None:
    """A running bot serves on what was good; whoever looks reads that the files are not."""
    teejuht("db", "upgrade")
    (knowledge / "ru" / "waste.md").unlink()
    status = json.loads(teejuht("status", "--json").out)
    assert status["knowledge"] == "1 errors in the files: they are not served, see `teejuht check`"


def test_status_counts(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was talked about stands in the table, by topic and language."""
    monkeypatch.setenv("TEEJUHT_DATABASE", f"sqlite:///{room}/talk.db")
    teejuht("chat", "--json", "--state", "talk.db", stdin=b'{"text": "where is library"}\n')
    done = teejuht("status")
    assert (done.code, done.err) == (0, "")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in done.out.splitlines() if "│" in line]
    assert ["conversations", "1"] in rows
    assert ["answer:library:en", "1"] in rows
