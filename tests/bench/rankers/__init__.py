"""Ways to rank topics for a question, ours and its peers, behind one interface.

Each lives in a module of its own and imports only what it needs itself: a process with one of them has none of the others.
A topic that begins with ~ is a kind of questions that nothing answers; in a ranking all kinds are one entry, named ~.
"""

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import ClassVar, NamedTuple, Self, cast

OUTSIDE = "~"
KEPT = 8
OURS = "teejuht"
NAMES = {
    OURS: "ours:Teejuht",
    "rapidfuzz": "fuzzy:Default",
    "rapidfuzz-sort": "fuzzy:Sorted",
    "bm25": "bm25:Bm25",
    "fts5": "fts5:Fts5",
    "tantivy": "tantivy_fields:Tantivy",
    "letters": "letters:Letters",
    "wordllama": "embeddings:WordLlama",
}
ENGLISH_ONLY = frozenset({"wordllama"})

Ranking = list[tuple[str, float]]
"""Topics with their scores, best first, at most eight of them, and ~ among them. What a score means is the ranker's business."""


class Wording(NamedTuple):
    """A text that stands for a topic, or for a kind of questions outside."""

    topic: str
    lang: str
    field: str
    text: str


class Ranker(ABC):
    """One way to rank. `folder` belongs to the ranker alone; without a saved form of its own it keeps the wordings and builds."""

    english_only: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def build(cls, wordings: Sequence[Wording], folder: Path) -> Self:
        """Make it from wordings."""

    @abstractmethod
    def rank(self, text: str) -> Ranking:
        """Rank the topics for a question."""

    def save(self, wordings: Sequence[Wording], folder: Path) -> None:
        """Keep what `load` needs."""
        write_wordings(wordings, folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Make it from what was saved."""
        return cls.build(read_wordings(folder), folder)


def find(name: str) -> type[Ranker]:
    """Import a ranker's class by its name."""
    module, _, made = NAMES[name].partition(":")
    return cast("type[Ranker]", getattr(import_module(f"{__name__}.{module}"), made))


def write_wordings(wordings: Sequence[Wording], folder: Path) -> None:
    """Write wordings as JSON."""
    (folder / "wordings.json").write_text(json.dumps(wordings, ensure_ascii=False), "utf-8")


def read_wordings(folder: Path) -> list[Wording]:
    """Read what `write_wordings` has written."""
    return [Wording(*row) for row in json.loads((folder / "wordings.json").read_text("utf-8"))]


def is_outside(topic: str) -> bool:
    """Tell whether the topic is a kind of questions that nothing answers."""
    return topic.startswith(OUTSIDE)


def merged(topic: str) -> str:
    """Give the topic, all kinds of outside questions as one."""
    return OUTSIDE if is_outside(topic) else topic


def ranked(scores: Iterable[tuple[str, float]]) -> Ranking:
    """Make a ranking of scores; the best score of a topic counts."""
    best: dict[str, float] = {}
    for topic, score in scores:
        name = merged(topic)
        if name not in best or score > best[name]:
            best[name] = score
    topics = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    kept = [item for item in topics if item[0] != OUTSIDE][:KEPT]
    return [item for item in topics if item[0] == OUTSIDE or item in kept]


def leads(ranking: Ranking) -> Ranking:
    """Score each by its lead over the best other one, outside among them: for most peers a surer sign than the score itself."""
    if len(ranking) < 2:
        return ranking
    first, second = ranking[0][1], ranking[1][1]
    return [(topic, score - (first if place else second)) for place, (topic, score) in enumerate(ranking)]


def mean_of_best(hits: Iterable[tuple[str, float]], count: int) -> Ranking:
    """Rank by the mean of each topic's (or outside kind's) `count` best wordings; `hits` are wordings, best first."""
    found: dict[str, list[float]] = defaultdict(list)
    for topic, score in hits:
        if len(found[topic]) < count:
            found[topic].append(score)
    return ranked((topic, sum(scores) / count) for topic, scores in found.items())


def documents(wordings: Iterable[Wording], *, by_lang: bool) -> dict[tuple[str, str], list[Wording]]:
    """Put the wordings of a topic together, of each language for itself if asked; all that is outside is one topic."""
    found: dict[tuple[str, str], list[Wording]] = defaultdict(list)
    for wording in wordings:
        found[merged(wording.topic), wording.lang if by_lang else ""].append(wording)
    return dict(found)
