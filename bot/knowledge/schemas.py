"""JSON Schemas of the knowledge files, for editors' programs that complete and check while one types."""

import json
from pathlib import Path

from pydantic import TypeAdapter

from bot.groups.date_words import DateWords
from bot.knowledge.schema import (
    AnswersFile,
    CategoryFile,
    CheckFile,
    ContradictionFile,
    FactFile,
    FactWordsFile,
    FrontMatter,
    Id,
    LanguagesFile,
    LexiconFile,
    Line,
    MunicipalityFile,
    ProgrammeFile,
    ProgrammeWordsFile,
    SafetyFile,
    ScenarioFile,
    TopicFile,
    ValueFile,
)

KINDS: dict[str, tuple[str, TypeAdapter[object]]] = {
    "languages": ("languages.yaml", TypeAdapter(LanguagesFile)),
    "facts": ("facts.yaml", TypeAdapter(list[FactFile])),
    "fact-words": ("<language>/facts.yaml", TypeAdapter(dict[str, FactWordsFile])),
    "programme": ("groups/<programme>/rules.yaml", TypeAdapter(ProgrammeFile)),
    "scenarios": ("groups/<programme>/scenarios.yaml", TypeAdapter(list[ScenarioFile])),
    "contradictions": ("contradictions.yaml", TypeAdapter(list[ContradictionFile])),
    "answers": ("<language>/answers.yaml", TypeAdapter(AnswersFile)),
    "dates": ("<language>/dates.yaml", TypeAdapter(DateWords)),
    "group-words": ("<language>/groups.yaml", TypeAdapter(dict[str, ProgrammeWordsFile])),
    "topic": ("topics/<topic>.yaml", TypeAdapter(TopicFile)),
    "text": ("the head of <language>/<topic>.md", TypeAdapter(FrontMatter)),
    "values": ("values.yaml", TypeAdapter(dict[str, ValueFile])),
    "categories": ("categories.yaml", TypeAdapter(list[CategoryFile])),
    "municipality": ("municipalities/<slug>.yaml", TypeAdapter(MunicipalityFile)),
    "lexicon": ("lexicon/<language>.yaml", TypeAdapter(LexiconFile)),
    "safety": ("safety/<language>.yaml", TypeAdapter(SafetyFile)),
    "acts": ("acts/<language>.yaml", TypeAdapter(dict[Id, list[Line]])),
    "outside": ("outside/<language>.yaml", TypeAdapter(dict[Id, list[Line]])),
    "phrasings": ("<language only recognised>/phrasings.yaml", TypeAdapter(dict[Id, list[Line]])),
    "checks": ("checks/<language>.yaml", TypeAdapter(list[CheckFile])),
}
"""The files each schema is for."""


def schemas() -> dict[str, str]:
    """Give each schema's file name and its text."""
    return {f"{kind}.json": _text(place, adapter) for kind, (place, adapter) in KINDS.items()}


def write_schemas(folder: Path) -> None:
    """Write the schemas below a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _text(place: str, adapter: TypeAdapter[object]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"knowledge/{place}"}
    schema = adapter.json_schema(by_alias=True)
    schema.pop("title", None)
    return json.dumps(_closed(head | schema), indent=1, ensure_ascii=False) + "\n"


def _closed(part: object) -> object:
    """Allow no key beside those of a pattern: pydantic refuses them, but does not say so in its schema."""
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    return closed | ({"additionalProperties": False} if "patternProperties" in part else {})
