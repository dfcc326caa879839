"""`teejuht groups`: target groups from facts, for people and for scripts."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Teejuht

REAL = Path(__file__).parents[2] / "knowledge"


@pytest.fixture(autouse=True)
def real_knowledge(monkeypatch: pytest.MonkeyPatch, room: Path) -> Path:
    """The knowledge that is shipped."""
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(REAL))
    return room


NEWCOMER = {"citizenship": "other", "resident_since": "2024-03", "residence_basis": "aliens-act-permit"}


def test_one_person(teejuht: Teejuht) -> None:
    """Both programmes, with what decides, on the day that was asked about."""
    done = teejuht("groups", "--facts", json.dumps(NEWCOMER), "--as-of", "2026-05-31", "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert list(found) == ["infodays-2021", "support-2025"]
    assert found["support-2025"]["newcomer"] == {
        "status": "match",
        "because": ["citizenship", "resident_since", "residence_basis"],
    }
    assert found["support-2025"]["diverse-background"] == {"status": "no", "because": ["resident_since"]}
    assert found["support-2025"]["returnee"] == {"status": "no", "because": ["citizenship"]}
    assert found["infodays-2021"]["weakly-integrated-resident"] == {
        "status": "possible",
        "because": ["main_language", "belongs_to_estonian_community"],
    }


def test_what_could_not_matter_is_not_missing(teejuht: Teejuht) -> None:
    """A possible group names only facts that could decide it."""
    facts = {"citizenship": "other", "resident_since": "2015"}
    found = json.loads(teejuht("groups", "--facts", json.dumps(facts), "--as-of", "2026-05-31", "--json").out)
    assert found["support-2025"]["diverse-background"] == {"status": "possible", "because": ["residence_basis"]}


def test_a_table_for_people(teejuht: Teejuht) -> None:
    """Without --json there is a table; --programme shows one programme."""
    done = teejuht("groups", "--programme", "support-2025", "--facts", json.dumps(NEWCOMER), "--as-of", "2026-05-31")
    assert done.code == 0
    assert "newcomer" in done.out
    assert "match" in done.out
    assert "infodays" not in done.out


def test_a_batch(teejuht: Teejuht, room: Path) -> None:
    """A line out for a line in, each on its own day; empty lines are passed over."""
    rows = [{"facts": NEWCOMER, "as_of": "2026-05-31"}, {"facts": NEWCOMER, "as_of": "2029-04-01"}, {"facts": {}}]
    (room / "people.jsonl").write_text("\n\n".join(map(json.dumps, rows)), "utf-8")
    done = teejuht("groups", "--batch", "people.jsonl", "--json")
    found = [json.loads(line)["support-2025"]["newcomer"]["status"] for line in done.out.splitlines()]
    assert (done.code, found) == (0, ["match", "no", "possible"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"facts": {"citizen": "eu"}}', "there is no fact 'citizen'"),
        ('{"facts": {"citizenship": "mars"}}', "citizenship: 'mars' is no value of it"),
        ('{"facts": {"adult": "true"}}', "adult: 'true' is no value of it"),
        ('{"facts": {"resident_since": "May"}}', "'May' is not a date"),
        ('{"facts": {}, "as_of": "today"}', "today"),
        ('{"facts": {}, "as_of": 5}', "argument must be str"),
        ('{"facts": []}', 'has no "facts"'),
        ("{}", 'has no "facts"'),
        ("[]", "is no JSON object"),
        ("{", "is not JSON"),
    ],
)
def test_a_wrong_line_is_named(teejuht: Teejuht, room: Path, line: str, said: str) -> None:
    """What is wrong stops it with the number of the line."""
    (room / "people.jsonl").write_text('{"facts": {}}\n' + line + "\n", "utf-8")
    done = teejuht("groups", "--batch", "people.jsonl", "--json")
    assert done.code == 2
    assert "line 2" in done.err
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either --facts JSON or --batch FILE"),
        (("--facts", "{}", "--batch", "x", "--json"), "give either"),
        (("--batch", "nowhere", "--json"), "cannot be read"),
        (("--batch", "nowhere"), "needs --json"),
        (("--facts", "{}", "--programme", "x"), "there is no programme x; there are infodays-2021, support-2025"),
        (("--facts", '{"adult": 1}'), "--facts: adult: 1 is no value"),
        (("--facts", "{}", "--as-of", "soon"), "soon"),
    ],
)
def test_wrong_use(teejuht: Teejuht, arguments: tuple[str, ...], said: str) -> None:
    """A sentence and exit code 2."""
    done = teejuht("groups", *arguments)
    assert done.code == 2
    assert said in done.err


def test_broken_rules_are_named(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that cannot be read is reported with its file and line, and nothing is decided."""
    folder = room / "copy"
    for name in ("languages.yaml", "facts.yaml", "groups", "et", "ru", "en"):
        (folder).mkdir(exist_ok=True)
        (folder / name).symlink_to(REAL / name)
    (folder / "groups").unlink()
    (folder / "groups" / "support-2025").mkdir(parents=True)
    text = (REAL / "groups" / "support-2025" / "rules.yaml").read_text("utf-8")
    (folder / "groups" / "support-2025" / "rules.yaml").write_text(text.replace("more_than: 5 years", "more_than: ages"), "utf-8")
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(folder))
    done = teejuht("groups", "--facts", "{}")
    assert done.code == 1
    assert "rules.yaml:" in done.err
    assert "diverse-background" in done.err


def test_drawing(teejuht: Teejuht, tmp_path: Path) -> None:
    """A Mermaid and an SVG file for each programme, and how many ways there are."""
    done = teejuht("draw", "groups", "--to", str(tmp_path), "--lang", "et")
    assert (done.code, done.out) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{programme}.{kind}" for programme in ("support-2025", "infodays-2021") for kind in ("mmd", "svg")
    }
    assert "Mis riigi kodanik" in (tmp_path / "support-2025.mmd").read_text("utf-8")
    assert "ways through the questions, the longest of 6" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("draw", "topics"), "topics cannot be drawn; groups can"),
        (("draw", "groups", "--lang", "fi"), "there is no language fi; there are et, ru, en"),
        (("draw", "groups", "--to", "/no/such"), "/no/such/infodays-2021.mmd cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_drawn(teejuht: Teejuht, words: tuple[str, ...], said: str) -> None:
    """Wrong use is told in a line."""
    done = teejuht(*words)
    assert (done.code, done.err) == (2, f"teejuht: {said}\n")
