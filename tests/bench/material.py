"""What the bench works on: the wordings of the knowledge, its check wordings, and questions from a file."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bot.editing import INDEX, labelled
from bot.errors import KnowledgeError
from bot.insight.evaluation import Question
from bot.knowledge.read import Files, outside, read, vocabulary, wordings
from bot.knowledge.searching import language_words
from tests.bench import noise
from tests.bench.rankers import Wording
from tests.bench.rankers.making import Source

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
UKRAINIAN = "ukrainian"
SEED = 11


@dataclass(frozen=True, slots=True)
class Material:
    """Wordings, check wordings to choose thresholds on, and questions to measure on (the same ones without a file)."""

    wordings: list[Wording]
    checks: list[Question]
    questions: list[Question]
    left_out: int
    source: Source


def gather(questions: Path | None, *, most: int | None = None) -> Material:
    """Read everything; `most`: at most about so many check wordings and so many questions. Errors: KnowledgeError."""
    files = read(KNOWLEDGE, checks=True)
    if errors := [problem for problem in files.problems if problem.error]:
        raise KnowledgeError(errors)
    inside = [w for w in wordings(files) if len(files.texts.get(w.topic, ())) == len(files.languages)]
    texts = [Wording(w.topic, w.lang, w.field, w.text) for w in (*inside, *outside(files))]
    topics = frozenset(wording.topic for wording in inside)
    checks, left_out = known(labelled(files), topics)
    asked = checks
    if questions:
        asked, left_out = known(_from_file(questions), topics)
    if most:
        checks, asked = sample(checks, most), sample(asked, most)
    return Material(texts, checks, asked, left_out, _source(files))


def known(questions: Iterable[Question], topics: frozenset[str]) -> tuple[list[Question], int]:
    """Keep the labels that the knowledge has; leave out and count the questions that lose all of theirs.

    Ukrainian counts as a language of its own, though the files label it by the language that it is answered in.
    """
    kept, left_out = [], 0
    for question in questions:
        labels = tuple(topic for topic in question.topics if topic in topics)
        if question.topics and not labels:
            left_out += 1
            continue
        kept.append(replace(question, topics=labels, lang="uk" if question.kind == UKRAINIAN else question.lang))
    return kept, left_out


def sample(questions: Sequence[Question], most: int) -> list[Question]:
    """Give about `most` questions, evenly over languages and over what is inside and outside."""
    groups: dict[tuple[str, bool], list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.lang, bool(question.topics)].append(question)
    share = max(1, most // (len(groups) or 1))
    return [question for group in groups.values() for question in group[:: -(-len(group) // share)]]


def noisy(checks: Sequence[Question]) -> dict[str, list[tuple[Question, str]]]:
    """Give each in-scope check wording that a kind of noise changes, with its noisy spelling."""
    pick = Random(SEED)
    found: dict[str, list[tuple[Question, str]]] = {}
    for question in checks:
        if not question.topics:
            continue
        made = {f"slip_{question.lang}": noise.slip(question.text, pick, lang=question.lang)}
        if question.lang == "et":
            made["no_diacritics"] = noise.no_diacritics(question.text)
        elif question.lang == "ru":
            made["latin"] = noise.latin(question.text, pick)
        for kind, text in made.items():
            if text != question.text and question.lang != "uk":
                found.setdefault(kind, []).append((question, text))
    return found


def _from_file(path: Path) -> list[Question]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [Question(text=r["text"], topics=tuple(r["topics"]), lang=r["lang"], kind=r.get("kind", "")) for r in rows]


def _source(files: Files) -> Source:
    own = sum(1 for _ in wordings(files))
    lists = [words.elsewhere for words in files.lexicon.values()]
    elsewhere = [[name for words in lists for name in getattr(words, part)] for part in ("places", "foreign", "home")]
    return Source(KNOWLEDGE / INDEX, language_words(files), list(vocabulary(files))[own:], elsewhere)
