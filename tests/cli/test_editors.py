"""Verbs for whoever writes the knowledge: `diff` in a real git repository, `schema`, `forms`, and `check --links`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from bot.knowledge.links import NO_NETWORK
from bot.knowledge.load import load
from bot.knowledge.schemas import schemas
from tests.cli.conftest import Teejuht
from tests.engine.small import write_knowledge

LIBRARY: Final = "en/library.md"
OLD: Final = '"help library"'
NEW: Final = '"xyzzy plugh"'
NOTHING: Final = "0 questions get another answer: 0 better, 0 worse\n"
MISSING: Final = "knowledge/ru/waste.md:1: this file is missing"


@pytest.fixture(autouse=True)
def own_git(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of git from outside: neither its settings nor a repository above."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(room.parent))


def git(room: Path, *arguments: str) -> None:
    """Run git in the working folder."""
    who = ("-c", "user.name=Editor", "-c", "user.email=editor@example.ee")
    subprocess.run(["git", "-C", str(room), *who, *arguments], check=True, capture_output=True)


def commit(room: Path) -> None:
    """Keep everything as it is now."""
    git(room, "add", "--all")
    git(room, "commit", "--quiet", "--message", "As it is now")


@pytest.fixture
def kept(room: Path, knowledge: Path) -> Path:
    """The copy of the small knowledge, kept by git in a repository above it."""
    (room / "README").write_text("Not of the knowledge.\n")
    git(room, "init", "--quiet")
    commit(room)
    return knowledge


def change(path: Path, old: str, new: str) -> None:
    """Replace a text that stands in a file once."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def phrasing_changed(kept: Path) -> dict[str, object]:
    """Give the library another phrasing, and the row that this makes."""
    change(kept / LIBRARY, OLD, NEW)
    return {
        "text": "xyzzy plugh", "lang": "en", "kind": "phrasing", "before": "abstain", "after": "answer library", "better": True,
    }  # fmt: skip


def one_line(err: str) -> str:
    """Give the only line on standard error."""
    [line] = err.splitlines()
    return line


# --- diff


def test_nothing_changed(teejuht: Teejuht, kept: Path) -> None:
    """The files as git keeps them answer alike, and so says one line; JSON has no row."""
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out, done.err.strip()) == (0, NOTHING, "")
    done = teejuht("diff", "HEAD", "--json")
    assert (done.code, done.out) == (0, "")
    assert (kept / LIBRARY).exists()


def test_a_new_phrasing_is_a_row(teejuht: Teejuht, kept: Path) -> None:
    """The question that is answered now, with what was said before and whether it is better; the last line counts."""
    row = phrasing_changed(kept)
    done = teejuht("diff", "HEAD", "--json")
    assert done.code == 0
    assert [json.loads(line) for line in done.out.splitlines()] == [row]
    shown = teejuht("diff", "HEAD")
    *table, last = shown.out.splitlines()
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in table if line.startswith("│")]
    assert cells == [["xyzzy plugh", "en", "phrasing", "abstain", "answer library", "better"]]
    assert (shown.code, last) == (0, "1 questions get another answer: 1 better, 0 worse")


def test_a_phrasing_that_is_gone_is_asked_too(teejuht: Teejuht, kept: Path) -> None:
    """What people asked yesterday they will ask tomorrow: it is worse if nothing answers it."""
    change(kept / LIBRARY, OLD, NEW)
    commit(kept.parent)
    change(kept / LIBRARY, NEW, OLD)
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out.splitlines()[-1]) == (0, "1 questions get another answer: 0 better, 1 worse")
    assert "xyzzy plugh" in done.out


@pytest.mark.parametrize("revision", ["HEAD~1", "old", "old^{tree}", ":/As"])
def test_every_name_that_git_knows(teejuht: Teejuht, kept: Path, revision: str) -> None:
    """An earlier commit, a tag and whatever else git takes for a revision; the knowledge now may be committed or not."""
    git(kept.parent, "tag", "old")
    row = phrasing_changed(kept)
    if revision != ":/As":
        commit(kept.parent)
        assert teejuht("diff", "HEAD").out == NOTHING
    done = teejuht("diff", revision, "--json")
    assert [json.loads(line) for line in done.out.splitlines()] == [row]


def test_check_wordings_are_asked_as_they_are_labelled_now(teejuht: Teejuht, kept: Path) -> None:
    """A check wording counts with its own kind; one with no topic should not be answered."""
    checks = kept / "checks" / "en.yaml"
    rows = json.loads(checks.read_text("utf-8"))
    checks.write_text(json.dumps([*rows, {"text": "Xyzzy plugh!", "topics": [], "kind": "tricky"}]), "utf-8")
    phrasing = phrasing_changed(kept)
    done = teejuht("diff", "HEAD", "--json")
    wording = {**phrasing, "text": "Xyzzy plugh!", "kind": "tricky", "better": False}
    assert [json.loads(line) for line in done.out.splitlines()] == [wording, phrasing]


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("no-such", "not a valid object name: no-such"),
        ("", "not a valid object name: "),
        ("HEAD~9", "not a valid object name: HEAD~9"),
        ("--output=taken", "not a valid object name: --output=taken"),
        ("--list", "not a valid object name: --list"),
        ("--remote=.", "not a valid object name: --remote=."),
        ("-o", "not a valid object name: -o"),
    ],
)
def test_a_revision_that_git_does_not_know(teejuht: Teejuht, kept: Path, revision: str, said: str) -> None:
    """One line that names it, exit code 2; what looks like an option of git is none."""
    done = teejuht("diff", "--", revision)
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err.strip()) == f"teejuht: git knows no knowledge at {revision!r}: {said}".strip()
    assert [path for path in kept.parent.rglob("taken*") if ".git" not in path.parts] == []


def test_an_option_of_git_is_none_of_ours(teejuht: Teejuht, kept: Path, room: Path) -> None:
    """Without the two dashes the command line itself refuses it."""
    done = teejuht("diff", f"--output={room / 'taken'}")
    assert (done.code, done.out) == (2, "")
    assert "No such option" in done.err
    assert sorted(path.name for path in kept.parent.iterdir()) == [".git", "README", "knowledge"]


def test_a_folder_without_git(teejuht: Teejuht, knowledge: Path) -> None:
    """Knowledge that git does not keep has no revisions."""
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err.strip()).startswith("teejuht: git knows no knowledge at 'HEAD': not a git repository")
    assert knowledge.exists()


def test_a_folder_that_git_does_not_keep(teejuht: Teejuht, room: Path, knowledge: Path) -> None:
    """A repository around it is not enough."""
    (room / "README").write_text("Not of the knowledge.\n")
    git(room, "init", "--quiet")
    git(room, "add", "README")
    git(room, "commit", "--quiet", "--message", "Without the knowledge")
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err.strip()).startswith("teejuht: git knows no knowledge at 'HEAD': ")
    assert knowledge.exists()


def test_a_repository_of_somebody_else(teejuht: Teejuht, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git explains at length why it does not look into it; that is one line here."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # how git's own tests say that it is not ours
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err.strip()).startswith("teejuht: git knows no knowledge at 'HEAD': detected dubious ownership")
    assert kept.exists()


def test_git_that_is_not_installed(teejuht: Teejuht, kept: Path, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, so that somebody can install it."""
    (room / "bin").mkdir()
    monkeypatch.setenv("PATH", str(room / "bin"))
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out, done.err.strip()) == (2, "", "teejuht: git is not installed")
    assert kept.exists()


def test_an_old_revision_with_errors(teejuht: Teejuht, kept: Path) -> None:
    """What was broken then cannot be asked: its problems are listed, exit code 1."""
    good = (kept / "ru" / "waste.md").read_text("utf-8")
    (kept / "ru" / "waste.md").unlink()
    commit(kept.parent)
    (kept / "ru" / "waste.md").write_text(good, "utf-8")
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out) == (1, "")
    assert one_line(done.err.strip()).startswith(f"teejuht: {MISSING}")
    assert teejuht("diff", "HEAD~1").out == NOTHING


def test_an_old_revision_with_a_link_out_of_the_folder(teejuht: Teejuht, kept: Path) -> None:
    """A symbolic link to elsewhere is not followed."""
    (kept / "elsewhere").symlink_to("/etc/hostname")
    commit(kept.parent)
    done = teejuht("diff", "HEAD")
    assert (done.code, done.out) == (0, NOTHING)


# --- schema


def test_schemas_are_written(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty files in a folder that is made for them; no settings are needed."""
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", "/no/such/folder")
    done = teejuht("schema", "a/b")
    assert (done.code, done.out, done.err) == (0, "", "20 schemas written to a/b\n")
    assert {path.name: path.read_text("utf-8") for path in (room / "a" / "b").iterdir()} == schemas()
    assert len(schemas()) == 20


@pytest.mark.parametrize("name", ["[x]", "[/]"])
def test_a_folder_with_brackets(teejuht: Teejuht, room: Path, name: str) -> None:
    """Brackets in a name are no marks of ours."""
    done = teejuht("schema", f"a{name}")
    assert (done.code, done.err) == (0, f"20 schemas written to a{name}\n")
    assert len([path for path in room.rglob("*.json") if path.is_file()]) == 20


@pytest.mark.parametrize("folder", ["taken", "taken/below", "/proc/schemas"])
def test_a_folder_that_cannot_be_written(teejuht: Teejuht, room: Path, folder: str) -> None:
    """A file in the way, or a place where nobody writes: one line, exit code 2, and what was there stays."""
    (room / "taken").write_text("mine")
    done = teejuht("schema", folder)
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err).startswith("teejuht: ")
    assert folder in done.err
    assert (room / "taken").read_text() == "mine"


# --- forms


@pytest.mark.untraced
def test_forms_are_generated(teejuht: Teejuht, knowledge: Path) -> None:
    """A line for each language, files that load, and nothing left to generate."""
    assert "run `teejuht forms`" in teejuht("check").out
    done = teejuht("forms")
    said = [line.split(":")[0] for line in done.err.splitlines()]
    assert (done.code, done.out) == (0, "")
    assert said == ["Generating word forms ...", "et", "ru", "en", "uk", "Training the language model ..."]
    assert {path.name for path in (knowledge / ".index").iterdir()} == {
        "fitted.json", "forms-en.txt", "forms-et.txt", "forms-ru.txt", "forms-uk.txt", "language.json", "weights.json",
    }  # fmt: skip
    assert "run `teejuht forms`" not in teejuht("check").out
    assert "raamatukogude " in (knowledge / ".index" / "forms-et.txt").read_text("utf-8")
    assert load(knowledge).finder.find("raamatukogudes").shown[0].topic == "library"


# --- check --links


@pytest.fixture
def nowhere(room: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small knowledge with links to a port of this machine where nobody answers."""
    folder = write_knowledge(room / "knowledge")
    for path in folder.rglob("*.yaml"):
        text = path.read_text("utf-8")
        path.write_text(
            text.replace("https://example.ee", "https://127.0.0.1:1").replace("https://www.112.ee", "https://127.0.0.1:1/112")
        )
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    return folder


def test_links_without_a_network(teejuht: Teejuht, nowhere: Path) -> None:
    """One warning in place of many, after all that the files alone show; it is no failure."""
    *before, _ = teejuht("check").out.splitlines()
    done = teejuht("check", "--links")
    sentence = f"knowledge:1: {NO_NETWORK} (warning)"
    assert (done.code, done.err.strip()) == (0, "")
    assert done.out.splitlines() == [*before, sentence, f"0 errors, {len(before)} warnings"]
    assert nowhere.exists()


def test_links_without_a_network_as_json(teejuht: Teejuht, nowhere: Path) -> None:
    """For scripts it is a row like the others."""
    done = teejuht("check", "--links", "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert [row for row in rows if row["text"] == NO_NETWORK] == [
        {"path": "knowledge", "line": 1, "text": NO_NETWORK, "error": False}
    ]
    assert nowhere.exists()


def test_errors_count_with_links_too(teejuht: Teejuht, nowhere: Path) -> None:
    """Trying links does not hide what is wrong: exit code 1, errors first."""
    (nowhere / "ru" / "waste.md").unlink()
    done = teejuht("check", "--links")
    assert done.code == 1
    assert done.out.splitlines()[1].startswith(MISSING)
    assert f"{NO_NETWORK} (warning)" in done.out


def test_no_link_is_tried_unless_asked(teejuht: Teejuht, nowhere: Path) -> None:
    """A plain check fetches nothing."""
    assert NO_NETWORK not in teejuht("check").out
    assert nowhere.exists()
