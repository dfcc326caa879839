"""JSON Schemas of the knowledge files: kept in step with the models, true of the real files, and strict with broken ones."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from ruamel.yaml import YAML

from bot.groups.date_words import DateWords
from bot.knowledge.schemas import KINDS, schemas, write_schemas
from tests.worlds import KNOWLEDGE

SOURCE: Final = {"url": "https://a.ee", "title": "A", "checked": "2026-01-01", "as_of": "unknown"}
TOPIC: Final = {"id": "school", "category": "life", "sources": [SOURCE], "owner": "editors", "review_by": "2030-01-01"}
TEXT: Final = {"title": "School", "questions": [f"question {n}" for n in range(8)]}
VALUE: Final = {"kind": "money", "value": 10.5, "source": "https://a.ee", "as_of": "2026-01-01"}
CONTACT: Final = {"id": "help", "name": {"en": "Help"}, "phone": "+3726101000", "source": "https://a.ee", "as_of": "unknown"}
PLACE: Final = {"name": {"en": "A"}, "operator": {"en": "A"}, "web": "https://a.ee", "contacts": [CONTACT]}
FACT_WORDS: Final = {"label": "L", "question": "Q?", "why": "W.", "options": {"eu": "EU"}}
GROUP: Final = {"id": "adults", "clause": {"en": "C."}, "when": {"adult": True}}
PROGRAMME: Final = {"source": SOURCE, "partners": {"a": {"first": "2026-01-01", "last": "2026-12-31"}}, "groups": [GROUP]}
DATES: Final[dict[str, Any]] = {
    field.name: {} if "Mapping" in str(field.type) else [] for field in fields(DateWords) if field.init
}
SAFETY: Final = {"cards": {"child": "Call."}, "words": {"kid": ["son"]}, "situations": {"child": {"match": ["<kid> gone"]}}}
SOUND: Final[dict[str, Any]] = {
    "languages": {"spoken": ["et"], "recognised": ["uk"]},
    "facts": [{"id": "adult", "kind": "yes-no"}],
    "fact-words": {"citizenship": FACT_WORDS},
    "programme": PROGRAMME,
    "scenarios": [{"why": "W", "date": "2026-01-01", "facts": {"adult": True, "since": None}, "expect": {"adults": "no"}}],
    "group-words": {"help": {"name": "Help", "groups": {"adults": {"name": "Adults", "short": "S.", "opens": "O."}}}},
    "contradictions": [{"id": "odd", "when": {"adult": True}, "text": {"en": "Odd."}}],
    "answers": {"replies": {"yes": ["yes"], "dont_know": ["no idea"]}, "options": {"citizenship": {"eu": ["latvian"]}}},
    "dates": DATES,
    "topic": TOPIC,
    "text": TEXT,
    "values": {"fee": VALUE},
    "categories": [{"id": "life", "name": {"en": "Life"}, "careful": True}],
    "municipality": PLACE,
    "lexicon": {"function_words": ["ja"], "synonyms": [["a", "b"]]},
    "safety": SAFETY,
    "acts": {"greeting": ["hello"]},
    "outside": {"weather": ["will it rain"], "sport": []},
    "phrasings": {"school": ["де школа"]},
    "checks": [{"text": "school", "topics": ["school"], "kind": "short"}],
}
UNKNOWN: Final = {"colour": "red"}
BROKEN: Final[dict[str, tuple[str, Any]]] = {
    "unknown key of a topic": ("topic", {**TOPIC, **UNKNOWN}),
    "unknown key of a source": ("topic", {**TOPIC, "sources": [{**SOURCE, **UNKNOWN}]}),
    "missing key": ("topic", {key: value for key, value in TOPIC.items() if key != "owner"}),
    "id with capitals": ("topic", {**TOPIC, "id": "School"}),
    "no sources": ("topic", {**TOPIC, "sources": []}),
    "http link": ("topic", {**TOPIC, "sources": [{**SOURCE, "url": "http://a.ee"}]}),
    "as_of today": ("topic", {**TOPIC, "sources": [{**SOURCE, "as_of": "today"}]}),
    "checked unknown": ("topic", {**TOPIC, "sources": [{**SOURCE, "checked": "unknown"}]}),
    "a day that no calendar has": ("topic", {**TOPIC, "review_by": "2026-02-30"}),
    "group without a slash": ("topic", {**TOPIC, "for": ["returnees"]}),
    "five variants": ("topic", {**TOPIC, "variants": [{"id": f"v{n}", "when": {"adult": True}} for n in range(5)]}),
    "unknown key of a head": ("text", {**TEXT, **UNKNOWN}),
    "three questions": ("text", {**TEXT, "questions": ["a", "b", "c"]}),
    "empty title": ("text", {**TEXT, "title": ""}),
    "long title": ("text", {**TEXT, "title": "a" * 301}),
    "long label": ("text", {**TEXT, "variants": {"eu": "a" * 41}}),
    "label of what is no id": ("text", {**TEXT, "variants": {"E U": "a"}}),
    "unknown key of a value": ("values", {"fee": {**VALUE, **UNKNOWN}}),
    "unknown kind of value": ("values", {"fee": {**VALUE, "kind": "colour"}}),
    "http source of a value": ("values", {"fee": {**VALUE, "source": "http://a.ee"}}),
    "http link in one language": ("values", {"fee": {**VALUE, "kind": "link", "value": {"en": "http://a.ee"}}}),
    "unknown key of a municipality": ("municipality", {**PLACE, **UNKNOWN}),
    "unknown key of a contact": ("municipality", {**PLACE, "contacts": [{**CONTACT, **UNKNOWN}]}),
    "phone as a number": ("municipality", {**PLACE, "contacts": [{**CONTACT, "phone": 6101000}]}),
    "no contacts": ("municipality", {**PLACE, "contacts": []}),
    "unknown day of the week": ("municipality", {**PLACE, "hours": {"monday": ["09:00-17:00"]}}),
    "hour that no day has": ("municipality", {**PLACE, "hours": {"mon": ["09:00-25:00"]}}),
    "addition to what is no id": ("municipality", {**PLACE, "additions": {"A B": {"text": {}, "sources": [SOURCE]}}}),
    "long addition": ("municipality", {**PLACE, "additions": {"a": {"text": {"en": "a" * 401}, "sources": [SOURCE]}}}),
    "unknown kind of fact": ("facts", [{"id": "adult", "kind": "colour"}]),
    "fact without words": ("fact-words", {"adult": {"label": "L", "question": "Q?"}}),
    "programme without groups": ("programme", {**PROGRAMME, "groups": []}),
    "unknown key of a group": ("programme", {**PROGRAMME, "groups": [{**GROUP, **UNKNOWN}]}),
    "unknown status": ("scenarios", [{"why": "W", "date": "2026-01-01", "facts": {}, "expect": {"adults": "perhaps"}}]),
    "unknown reply": ("answers", {"replies": {"maybe": ["maybe"]}}),
    "option that is no id": ("fact-words", {"adult": {**FACT_WORDS, "options": {"E U": "EU"}}}),
    "no languages": ("languages", {"spoken": []}),
    "unknown key of a category": ("categories", [{"id": "life", "name": {}, **UNKNOWN}]),
    "unknown key of a lexicon": ("lexicon", {**UNKNOWN}),
    "situation without combinations": ("safety", {**SAFETY, "situations": {"child": {"match": []}}}),
    "long card": ("safety", {**SAFETY, "cards": {"child": "a" * 501}}),
    "act that is no list": ("acts", {"greeting": "hello"}),
    "act that is no id": ("acts", {"Good day": ["hello"]}),
    "kind that is no id": ("outside", {"The weather": ["will it rain"]}),
    "kind that is no list": ("outside", {"weather": "will it rain"}),
    "question that is a number": ("outside", {"weather": [112]}),
    "topic that is no id": ("phrasings", {"School": ["де школа"]}),
    "empty phrasing": ("phrasings", {"school": [""]}),
    "check wording without topics": ("checks", [{"text": "school", "kind": "short"}]),
}


def validator(kind: str) -> Draft202012Validator:
    """Make the validator of a kind of file, as editors' programs do: dates are looked at too."""
    return Draft202012Validator(json.loads(schemas()[f"{kind}.json"]), format_checker=FormatChecker())


def faults(kind: str, content: object) -> list[str]:
    """Validate and give what is wrong."""
    return [f"{error.json_path}: {error.message}" for error in validator(kind).iter_errors(content)]


def files(kind: str) -> list[Path]:
    """Give the real files of a kind, by the name that its schema is for."""
    place = KINDS[kind][0].removeprefix("the head of ")
    return sorted(KNOWLEDGE.glob(re.sub("<[a-z ]+>", "*", place)))


def content(path: Path) -> object:
    """Read a file, or the head of a text, as JSON has it."""
    text = path.read_text("utf-8")
    return as_json(YAML(typ="safe", pure=True).load(text.split("\n---\n")[0] if path.suffix == ".md" else text))


def as_json(value: object) -> object:
    """Turn what YAML gives into what JSON has: days become text."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def written() -> Iterator[Path]:
    """Give every real file that people write."""
    for path in (*KNOWLEDGE.rglob("*.yaml"), *KNOWLEDGE.rglob("*.md")):
        if path != KNOWLEDGE / "README.md" and not path.is_relative_to(KNOWLEDGE / ".index"):
            yield path


def test_the_folder_of_schemas_is_in_step() -> None:
    """What editors' programs read is what the models say now."""
    folder = KNOWLEDGE / "schema"
    kept = {path.name: path.read_bytes().decode("utf-8") for path in folder.iterdir()}
    assert kept == schemas(), "run `teejuht schema knowledge/schema` and keep what it wrote"


def test_the_folder_is_made(tmp_path: Path) -> None:
    """Schemas are written into a new folder and over old ones; other files stay."""
    folder = tmp_path / "a" / "b"
    write_schemas(folder)
    (folder / "topic.json").write_text("old")
    (folder / "mine.txt").write_text("mine")
    write_schemas(folder)
    assert {path.name: path.read_bytes().decode("utf-8") for path in folder.iterdir()} == {**schemas(), "mine.txt": "mine"}


def test_every_file_that_people_write_has_a_schema() -> None:
    """No file is left without help, and none has two."""
    named = [path for kind in KINDS for path in files(kind)]
    assert sorted(named) == sorted(written())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.untraced
def test_the_real_files_validate(kind: str) -> None:
    """Every file that the project ships keeps to its schema."""
    found = {str(path): faults(kind, content(path)) for path in files(kind)}
    assert len(found) > 0
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_itself(kind: str) -> None:
    """Each schema keeps to the draft it names, and says which files it is for."""
    schema = json.loads(schemas()[f"{kind}.json"])
    Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (
        Draft202012Validator.META_SCHEMA["$schema"],
        f"knowledge/{KINDS[kind][0]}",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_example_validates(kind: str) -> None:
    """The examples that the broken ones are made from are sound, for the schema and for the reader."""
    assert faults(kind, SOUND[kind]) == []
    KINDS[kind][1].validate_python(SOUND[kind])


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_example_does_not(name: str) -> None:
    """What the reader refuses is shown while one types."""
    kind, broken = BROKEN[name]
    with pytest.raises(ValueError, match="validation error"):
        KINDS[kind][1].validate_python(broken)
    assert len(faults(kind, broken)) == 1
