"""Reading a folder of knowledge files into the files' own shapes, with every fault of form found on the way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from bot.errors import Problem
from bot.groups.date_words import DateWords
from bot.groups.facts import Fact
from bot.knowledge.files import Kept, Reader
from bot.knowledge.generated import Generated, read_generated
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
from bot.search.index import OUTSIDE, Wording

LINES = TypeAdapter(dict[Id, list[Line]])
DATES = TypeAdapter(DateWords)
_VARIANT = re.compile(r"^## variant:[ \t]*(\S*)[ \t]*$", re.MULTILINE)


class TextFile(NamedTuple):
    """One language of a topic: head, answer, and what is different for each variant."""

    head: FrontMatter
    body: str
    variants: dict[str, str]


@dataclass(slots=True)
class Files:
    """What the files say, still in the files' own shapes."""

    reader: Reader
    languages: tuple[str, ...] = ()
    recognised: tuple[str, ...] = ()
    topics: dict[str, TopicFile] = field(default_factory=dict)
    texts: dict[str, dict[str, TextFile]] = field(default_factory=dict)
    facts: list[FactFile] = field(default_factory=list)
    programmes: dict[str, ProgrammeFile] = field(default_factory=dict)
    scenarios: dict[str, list[ScenarioFile]] = field(default_factory=dict)
    group_words: dict[str, dict[str, ProgrammeWordsFile]] = field(default_factory=dict)
    contradictions: list[ContradictionFile] = field(default_factory=list)
    answers: dict[str, AnswersFile] = field(default_factory=dict)
    dates: dict[str, DateWords] = field(default_factory=dict)
    fact_words: dict[str, dict[str, FactWordsFile]] = field(default_factory=dict)
    values: dict[str, ValueFile] = field(default_factory=dict)
    categories: list[CategoryFile] = field(default_factory=list)
    municipalities: dict[str, MunicipalityFile] = field(default_factory=dict)
    lexicon: dict[str, LexiconFile] = field(default_factory=dict)
    safety: dict[str, SafetyFile] = field(default_factory=dict)
    acts: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    phrasings: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Phrasings by topic in the languages that are only recognised."""
    outside: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Questions by kind that nothing here answers."""
    checks: dict[str, list[CheckFile]] = field(default_factory=dict)
    generated: Generated = field(default_factory=Generated)

    @property
    def problems(self) -> list[Problem]:
        """Everything found wrong so far."""
        return self.reader.problems

    @property
    def known_languages(self) -> tuple[str, ...]:
        """The languages spoken, then those only recognised."""
        return (*self.languages, *self.recognised)

    @property
    def fact_table(self) -> dict[str, Fact]:
        """The facts that rules may look at."""
        return {
            fact.id: Fact(
                id=fact.id, kind=fact.kind, options=tuple(fact.options), seldom=tuple(fact.seldom),
                instead=tuple(fact.instead.items()), passing=fact.passing,
            )
            for fact in self.facts
        }  # fmt: skip


def read(root: Path, *, checks: bool = False, kept: dict[Path, Kept] | None = None) -> Files:
    """Read all files below `root`; problems are gathered, not raised. Check wordings are read only when asked for.

    `kept` is what an earlier reading of the same folder left: files that have not changed since are not parsed again.
    """
    reader = Reader(root, kept={} if kept is None else kept)
    files = Files(reader)
    _read_languages(files, root)
    files.categories = reader.yaml(root / "categories.yaml", TypeAdapter(list[CategoryFile])) or []
    files.values = reader.yaml(root / "values.yaml", TypeAdapter(dict[str, ValueFile])) or {}
    _read_topics(files, root)
    for path in sorted((root / "municipalities").glob("*.yaml")):
        if place := reader.yaml(path, MunicipalityFile):
            files.municipalities[path.stem] = place
    for lang in files.known_languages:
        if words := reader.yaml(root / "lexicon" / f"{lang}.yaml", LexiconFile):
            files.lexicon[lang] = words
        files.outside[lang] = reader.yaml(root / "outside" / f"{lang}.yaml", LINES) or {}
    for lang in files.recognised:
        files.phrasings[lang] = reader.yaml(root / lang / "phrasings.yaml", LINES) or {}
    _read_programmes(files, root, checks=checks)
    for lang in files.languages:
        if safety := reader.yaml(root / "safety" / f"{lang}.yaml", SafetyFile):
            files.safety[lang] = safety
        files.acts[lang] = reader.yaml(root / "acts" / f"{lang}.yaml", LINES) or {}
        if checks:
            files.checks[lang] = reader.yaml(root / "checks" / f"{lang}.yaml", TypeAdapter(list[CheckFile])) or []
    files.generated = read_generated(reader, root / ".index", files.known_languages)
    return files


def read_inquiry(root: Path) -> Files:
    """Read only what is asked of people and decided from it: facts and programmes with their words."""
    files = Files(Reader(root))
    _read_languages(files, root)
    _read_programmes(files, root, checks=False)
    return files


def wordings(files: Files) -> Iterator[Wording]:
    """Give every text that stands for a topic: titles, phrasings and keywords."""
    for id, by_lang in files.texts.items():
        for lang, (head, *_) in by_lang.items():
            yield Wording(topic=id, lang=lang, field="title", text=head.title)
            for question in head.questions:
                yield Wording(topic=id, lang=lang, field="question", text=question)
            for keyword in (*head.keywords, *head.terms):
                yield Wording(topic=id, lang=lang, field="keyword", text=keyword)
    for lang, by_topic in files.phrasings.items():
        for id in files.texts:
            for question in by_topic.get(id, ()):
                yield Wording(topic=id, lang=lang, field="question", text=question)


def outside(files: Files) -> Iterator[Wording]:
    """Give every text that stands for what nothing here answers."""
    for lang, by_kind in files.outside.items():
        for kind, lines in by_kind.items():
            for line in lines:
                yield Wording(topic=f"{OUTSIDE}{kind}", lang=lang, field="outside", text=line)


def vocabulary(files: Files) -> Iterator[tuple[str, str]]:
    """Give every text whose words must be known in all their forms, with the language of its file."""
    for wording in wordings(files):
        yield wording.lang, wording.text
    for lang, words in files.lexicon.items():
        for members in (
            words.frame_words,
            words.official,
            words.follow_ups.about_anything,
            words.follow_ups.persons,
            words.elsewhere.foreign,
            words.elsewhere.home,
            *words.synonyms,
        ):
            for member in members:
                yield lang, member
    yield from crisis_words(files)


def crisis_words(files: Files) -> Iterator[tuple[str, str]]:
    """Give the words of the safety combinations, with the language of their file."""
    for lang, safety in files.safety.items():
        for lines in (*safety.words.values(), *((*s.match, *s.unless) for s in safety.situations.values())):
            for line in lines:
                yield lang, " ".join(word for word in line.replace("|", " ").split() if word[0] not in "<=~>")


def texts(files: Files) -> Iterator[tuple[str, str]]:
    """Give all that teaches what a language looks like: the vocabulary and the answers."""
    yield from vocabulary(files)
    for by_lang in files.texts.values():
        for lang, text in by_lang.items():
            for body in (text.body, *text.variants.values()):
                yield lang, body


def _read_languages(files: Files, root: Path) -> None:
    if named := files.reader.yaml(root / "languages.yaml", LanguagesFile):
        files.languages, files.recognised = tuple(named.spoken), tuple(named.recognised)


def _read_programmes(files: Files, root: Path, *, checks: bool) -> None:
    reader = files.reader
    files.facts = reader.yaml(root / "facts.yaml", TypeAdapter(list[FactFile])) or []
    for folder in sorted(path for path in (root / "groups").glob("*") if path.is_dir()):
        if programme := reader.yaml(folder / "rules.yaml", ProgrammeFile):
            files.programmes[folder.name] = programme
        if checks:
            files.scenarios[folder.name] = reader.yaml(folder / "scenarios.yaml", TypeAdapter(list[ScenarioFile])) or []
    if files.programmes:
        files.contradictions = reader.yaml(root / "contradictions.yaml", TypeAdapter(list[ContradictionFile])) or []
    for lang in files.languages:
        files.fact_words[lang] = reader.yaml(root / lang / "facts.yaml", TypeAdapter(dict[str, FactWordsFile])) or {}
        if files.programmes:
            if answers := reader.yaml(root / lang / "answers.yaml", AnswersFile):
                files.answers[lang] = answers
            if dates := reader.yaml(root / lang / "dates.yaml", DATES):
                files.dates[lang] = dates
            files.group_words[lang] = reader.yaml(root / lang / "groups.yaml", TypeAdapter(dict[str, ProgrammeWordsFile])) or {}


def _read_topics(files: Files, root: Path) -> None:
    known = {category.id for category in files.categories}
    for path in sorted((root / "topics").glob("*.yaml")):
        topic = files.reader.yaml(path, TopicFile)
        if topic is None:
            continue
        if topic.id != path.stem:
            fault = f"the id is {topic.id!r}, the file is named {path.stem!r}; make them the same"
            files.reader.report_at(path, "id:", fault)
        if topic.category not in known:
            files.reader.report_at(path, "category:", f"there is no category {topic.category!r} in categories.yaml")
        files.topics[topic.id] = topic
        for lang in files.languages:
            if text := files.reader.markdown(root / lang / f"{path.stem}.md", FrontMatter):
                files.texts.setdefault(topic.id, {})[lang] = _text(*text)


def _text(head: FrontMatter, content: str) -> TextFile:
    """Cut the variants' sections off the answer."""
    body, *sections = _VARIANT.split(content)
    return TextFile(head, body.strip(), dict(zip(sections[::2], map(str.strip, sections[1::2]), strict=True)))
