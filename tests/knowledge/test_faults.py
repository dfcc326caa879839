"""Knowledge broken in every way an editor can think of: a sentence with file and line, never a traceback."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.errors import KnowledgeError, Problem
from bot.knowledge.load import load
from tests.knowledge.copies import add, change, write

TOPIC = "topics/school.yaml"
TEXT = "en/school.md"
VALUES = "values.yaml"
SAFETY = "safety/et.yaml"
TOWN = "municipalities/kohtla-jarve.yaml"
CATEGORIES = "categories.yaml"
FACTS = "facts.yaml"

DATED = "  source: https://a.ee\n  as_of: 2026-01-01\n"

Break: TypeAlias = Callable[[Path], int]
"""Breaks a file and gives the line where the fault is."""


def replaced(needle: str, line: str | None) -> Break:
    """Break by replacing the line that begins so."""
    return lambda path: change(path, needle, line)


def appended(line: str) -> Break:
    """Break by a line at the end."""
    return lambda path: add(path, line)


def whole(text: str, line: int = 1) -> Break:
    """Break by writing something else."""

    def rewrite(path: Path) -> int:
        write(path, text)
        return line

    return rewrite


def removed(path: Path) -> int:
    """Break by deleting."""
    path.unlink()
    return 1


def wrong_encoding(path: Path) -> int:
    """Break by saving with another encoding."""
    text = path.read_text("utf-8")
    path.write_bytes(text.encode("cp1251", "replace"))
    return next(number for number, line in enumerate(text.splitlines(), 1) if not line.isascii())


def a_folder(path: Path) -> int:
    """Break by putting a folder where a file should be."""
    path.unlink()
    path.mkdir()
    return 1


def without(path: Path, language: str) -> int:
    """Break an addition by leaving a language out."""
    lines = path.read_text("utf-8").splitlines()
    topic = lines.index("additions:") + 1
    place = next(n for n in range(topic, len(lines)) if lines[n].startswith(f"      {language}:"))
    write(path, "\n".join(lines[:place] + lines[place + 1 :]) + "\n")
    return topic + 1


def phrasing_of_another(path: Path) -> int:
    """Break by the title of another topic among the questions."""
    title = (path.parent / "mental-health.md").read_text("utf-8").split("title: ")[1].split("\n")[0]
    return change(path, "questions:", f"questions:\n  - {title}") + 1


BOMB = "a: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"
TOO_BIG = "# " + "x" * 10_000_000

FAULTS: dict[str, tuple[str, Break, str]] = {
    "tab": (TOPIC, replaced("owner:", "\towner: editors"), "use spaces, not tabs"),
    "wrong indent": (TOPIC, replaced("owner:", " owner: editors"), "not valid YAML"),
    "list without a space": (TEXT, replaced("questions:", "questions:\n  -one"), "questions: write a list here"),
    "key twice": (TOPIC, replaced("owner:", "owner: editors\nowner: editors"), "not valid YAML"),
    "colon in a title": (TEXT, replaced("title:", "title: School: how"), "not valid YAML"),
    "quote left open": (TOPIC, replaced("owner:", 'owner: "editors'), "not valid YAML"),
    "control character": (TOPIC, replaced("owner:", "owner: edi\x07tors"), "not valid YAML"),
    "tag": (TOPIC, replaced("owner:", "owner: !!python/object/apply:os.getcwd []"), "not valid YAML"),
    "two documents": (TOPIC, replaced("owner:", "owner: editors\n---"), "not valid YAML"),
    "nested a hundred thousand times": (TOPIC, whole("[" * 100_000), "this is nested too deeply"),
    "alias bomb": (VALUES, whole(BOMB, 2), "aliases (*name) are not allowed"),
    "unknown key": (TOPIC, replaced("owner:", "owner: editors\nwoner: editors"), "woner: this key is not known"),
    "key that is a number": (TOPIC, replaced("owner:", "owner: editors\n1: one"), "should be strings"),
    "missing key": (TOPIC, replaced("review_by:", None), "review_by: this key is missing; add it"),
    "text for a list": (TOPIC, replaced("related:", "related: kindergarten"), "related: write a list here"),
    "number for a text": (TEXT, replaced("title:", "title: 2026"), "title: write a text here"),
    "too few questions": (TEXT, whole("---\ntitle: School\nquestions: [school]\n---\nYes.\n", 3), "questions: "),
    "missing language": ("ru/school.md", removed, "this file is missing"),
    "http link": (TOPIC, replaced("  - url:", "  - url: http://example.ee"), "sources.0.url: links begin with https://"),
    "half a bracket": (TOPIC, replaced("  - url:", "  - url: 'https://[example.ee'"), "this is no address of a web page"),
    "no host": (TOPIC, replaced("  - url:", "  - url: https:///school"), "this is no address of a web page"),
    "space in an address": (TOPIC, replaced("  - url:", "  - url: https://example.ee/a b"), "this is no address of a web page"),
    "date in another order": (TOPIC, replaced("review_by:", "review_by: 31.12.2027"), "write a date as 2026-03-05"),
    "day that no calendar has": (TOPIC, replaced("review_by:", "review_by: 2027-02-30"), "there is no such day"),
    "hour of a day that no calendar has": (TOPIC, replaced("review_by:", "review_by: 2027-02-30 10:00:00"), "not valid YAML"),
    "value left empty": (
        VALUES, lambda path: add(path, "a:\n  kind: money\n  value:\n  source: https://a.ee\n  as_of: unknown") + 2, "a.value",
    ),
    "phone with letters": (TOWN, replaced("    email:", "    phone: call me"), "phone: this is not written in the expected form"),
    "wrong encoding": ("ru/school.md", wrong_encoding, "this is not UTF-8 text"),
    "ten megabytes": (VALUES, whole(TOO_BIG), "at most 1,000,000 are allowed"),
    "folder for a file": (VALUES, a_folder, "this file cannot be read"),
    "empty": (TOPIC, whole(""), "the file: write"),
    "only a comment": (CATEGORIES, whole("# nothing\n"), "the file: write"),
    "no head": (TEXT, whole("Just the answer.\n"), "must begin with a head"),
    "head left open": (TEXT, whole("---\ntitle: School\n"), "must begin with a head"),
    "no answer": (TEXT, lambda path: whole(path.read_text("utf-8").split("\n---\n")[0] + "\n---\n")(path), "has no text"),
    "heading in the answer": (TEXT, appended("## Cost"), "only paragraphs, lists, bold and links"),
    "answer too long": (TEXT, appended("word " * 200), "at most 900 are read"),
    "unknown value": (TEXT, appended("Pay {{ no-such-value }}."), "there is no value 'no-such-value'"),
    "empty value": (TEXT, appended("Pay {{ }}."), "there is no value ''"),
    "language that is no code": ("languages.yaml", replaced("spoken:", "spoken: [Finnish]"), "not written in the expected form"),
    "fact of an unknown kind": (FACTS, replaced("  kind:", "  kind: perhaps"), "0.kind: "),
    "one brace": (TEXT, appended("Pay { emergency-number }."), "a value is written with two braces on each side"),
    "phone as an address": (TEXT, appended("[Call]({{ emergency-number }})."), "of the kind phone: a link, and"),
    "link in the text": (TEXT, appended("See {{ school-ministry-link }}."), "of the kind link: a link, and"),
    "value that ends before it begins": (
        VALUES,
        appended(f"fee:\n  kind: money\n  value: 1\n{DATED}  valid_from: 2026-02-01\n  valid_until: 2026-01-01"),
        "fee: valid_until lies before valid_from",
    ),
    "mail that is none": (VALUES, appended(f"mail:\n  kind: email\n  value: call me\n{DATED.rstrip()}"), "no e-mail address"),
    "small act that nobody knows": ("acts/en.yaml", appended("greting:\n  - hullo"), "there is no act 'greting'"),
    "situation that nobody knows": (SAFETY, replaced("cards:", "cards:\n  chld: 'Call'"), "there is no situation 'chld'"),
    "municipality without a county": (TOWN, replaced("county:", None), "county: this key is missing; add it"),
    "unknown category": (TOPIC, replaced("category:", "category: schools"), "there is no category 'schools'"),
    "category without a language": (CATEGORIES, replaced("  name: {et: Haridus", "  name: {et: A, ru: A}"), "en is missing"),
    "id unlike the file": (TOPIC, replaced("id:", "id: scool"), "the file is named 'school'"),
    "related to itself": (TOPIC, replaced("related:", "related: [school]"), "is not related to itself"),
    "phrasing of two topics": (TEXT, phrasing_of_another, "is already a phrasing of"),
    "amount that is no number": (
        VALUES,
        appended("fee:\n  kind: money\n  value: much\n  source: https://a.ee\n  as_of: unknown"),
        "fee: 'much' is not a number",
    ),
    "set that is missing": (SAFETY, replaced("      - '=zzchild'", "      - '<kid> gone'"), "child: there is no set <kid>"),
    "pattern without words": (SAFETY, replaced("      - '=zzchild'", "      - '>'"), "has no words"),
    "pattern of signs": (SAFETY, replaced("      - '=zzchild'", "      - '=!!'"), "is no word"),
    "quote left open in a pattern": (SAFETY, replaced("      - '=zzchild'", "      - '\"my kid gone'"), "is not closed"),
    "situation without a card": (SAFETY, replaced("  child: 'et", None), "the situation 'child' needs a card"),
    "addition in two languages": (TOWN, lambda path: without(path, "ru"), "the language ru is missing"),
}  # fmt: skip
ANYWHERE = {
    "missing key", "no answer", "hour of a day that no calendar has", "situation without a card", "answer too long",
    "municipality without a county", "mail that is none",
}  # fmt: skip
"""Faults of a whole file or entry: what is missing has no line of its own."""


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Load and give what is wrong."""
    with pytest.raises(KnowledgeError) as raised:
        load(folder)
    assert str(raised.value) == "\n".join(map(str, raised.value.problems))
    assert all(problem.error for problem in raised.value.problems)
    return raised.value.problems


def test_the_unbroken_copy_loads(folder: Path) -> None:
    """The copy that the tests break has no error itself."""
    assert "school" in load(folder).topics


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_and_line(name: str, folder: Path) -> None:
    """Each fault gives a sentence with its file and a line near it, and the knowledge is not served."""
    file, break_it, text = FAULTS[name]
    line = break_it(folder / file)
    found = [problem for problem in problems_of(folder) if text in problem.text]
    assert [problem.path for problem in found] == [f"knowledge/{file}"] * len(found) != []
    assert name in ANYWHERE or abs(found[0].line - line) <= 1


def test_several_faults_are_reported_at_once(folder: Path) -> None:
    """One run names every broken file, and several faults of one file."""
    change(folder / TOPIC, "owner:", "woner: editors")
    change(folder / TOPIC, "review_by:", "review_by: soon")
    change(folder / "topics/mental-health.yaml", "category:", "category: wellbeing")
    (folder / "ru/victim-support.md").unlink()
    add(folder / "en/child-protection.md", "{{ a }} {{ b }}")
    shown = {(problem.path, problem.text.split(":")[0].split(";")[0]) for problem in problems_of(folder)}
    assert shown >= {
        ("knowledge/topics/school.yaml", "woner"),
        ("knowledge/topics/school.yaml", "owner"),
        ("knowledge/topics/school.yaml", "review_by"),
        ("knowledge/topics/mental-health.yaml", "there is no category 'wellbeing' in categories.yaml"),
        ("knowledge/ru/victim-support.md", "this file is missing"),
        ("knowledge/en/child-protection.md", "there is no value 'a' in values.yaml"),
        ("knowledge/en/child-protection.md", "there is no value 'b' in values.yaml"),
    }


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("topics", ["knowledge"]),
        ("municipalities", ["knowledge"]),
        ("lexicon", [f"knowledge/lexicon/{lang}.yaml" for lang in ("et", "ru", "en", "uk")]),
        ("safety", [f"knowledge/safety/{lang}.yaml" for lang in ("et", "ru", "en")]),
        ("acts", [f"knowledge/acts/{lang}.yaml" for lang in ("et", "ru", "en")]),
        ("outside", [f"knowledge/outside/{lang}.yaml" for lang in ("et", "ru", "en", "uk")]),
        ("uk", ["knowledge/uk/phrasings.yaml"]),
        ("ru", [f"knowledge/ru/{topic}.md" for topic in ("school", "mental-health")]),
    ],
)
def test_a_missing_folder(name: str, missing: list[str], folder: Path) -> None:
    """Without a folder each file that should be in it is named."""
    shutil.rmtree(folder / name)
    assert {problem.path for problem in problems_of(folder)} >= set(missing)


def test_no_folder_at_all(tmp_path: Path) -> None:
    """A wrong folder gives problems, not a traceback."""
    assert problems_of(tmp_path / "nowhere")[-1].text == "there must be languages, topics and municipalities/_national.yaml"


def test_a_mark_at_the_start_of_a_file_is_no_fault(folder: Path) -> None:
    """A byte order mark, which some editors write, is read over."""
    path = folder / TEXT
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "school" in load(folder).topics


def test_windows_line_ends_are_no_fault(folder: Path) -> None:
    """Files saved on Windows are read like others."""
    for file in (TEXT, TOPIC, VALUES):
        path = folder / file
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "school" in load(folder).topics
