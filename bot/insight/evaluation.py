"""Measuring answers against labelled questions, as fixed for `teejuht eval`.

right: answered, first topic among the labels; shown: a labelled topic answered or offered; wrong: answered, first topic not among
the labels; silent: abstained though in scope; false: answered though the labels are empty; f_oos: F1 of abstaining on empty
labels. Rows whose labels are all unknown to the knowledge are left out and counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.conversation import handle
from bot.core.effects import Heard
from bot.core.events import Opened, Said
from bot.core.state import Conversation
from bot.core.world import World

MEASURES = ("right", "shown", "wrong", "silent", "false", "f_oos")
_MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A labelled question; empty `topics`: nothing should be answered. `lang` is a label and is not read by the bot."""

    text: str
    topics: tuple[str, ...]
    lang: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Counts of one group of questions."""

    inside: int = 0
    outside: int = 0
    right: int = 0
    shown: int = 0
    wrong: int = 0
    silent: int = 0
    false: int = 0
    quiet_outside: int = 0

    def shares(self) -> dict[str, float]:
        """Give the measures as shares: of in-scope questions, `false` of out-of-scope ones, f_oos an F1."""
        inside, outside = self.inside or 1, self.outside or 1
        abstained = self.silent + self.quiet_outside
        f_oos = 2 * self.quiet_outside / (abstained + self.outside) if abstained + self.outside else 0.0
        values = (
            self.right / inside,
            self.shown / inside,
            self.wrong / inside,
            self.silent / inside,
            self.false / outside,
            f_oos,
        )
        return dict(zip(MEASURES, (round(value, 4) for value in values), strict=True))


def hear(text: str, world: World) -> Heard:
    """Say a text to the bot in a conversation of its own and give what it made of it."""
    opened = handle(Opened(at=_MOMENT), Conversation(), world)
    step = handle(Said(at=_MOMENT, text=text), opened.state, world)
    heard = [effect for effect in step.effects if isinstance(effect, Heard)]
    return heard[0] if heard else Heard(lang="", decision="abstain")


def measure(
    questions: Iterable[Question], world: World, *, tell: Callable[[], None] = lambda: None
) -> tuple[dict[str, Scores], int]:
    """Measure by `lang`, by `lang/kind` and in `all`; also give how many questions were left out. `tell` is called for each."""
    table: dict[str, Scores] = {}
    left_out = 0
    for question in questions:
        tell()
        known = tuple(topic for topic in question.topics if topic in world.topics)
        if question.topics and not known:
            left_out += 1
            continue
        scores = score(known, hear(question.text, world))
        for group in ("all", question.lang, f"{question.lang}/{question.kind}"):
            table[group] = _add(table.get(group, Scores()), scores)
    return table, left_out


def score(labels: Sequence[str], heard: Heard) -> Scores:
    """Score one answer against its labels."""
    topics = [topic for topic, _ in heard.topics]
    answered, quiet = heard.decision == "answer", heard.decision == "abstain"
    if not labels:
        return Scores(outside=1, false=answered, quiet_outside=quiet)
    right = answered and topics[0] in labels
    shown = any(topic in labels for topic in topics)
    return Scores(inside=1, right=right, shown=shown, wrong=answered and not right, silent=quiet)


def _add(a: Scores, b: Scores) -> Scores:
    return Scores(*(getattr(a, name) + getattr(b, name) for name in Scores.__dataclass_fields__))


def as_rows(table: Mapping[str, Scores]) -> list[tuple[str, Scores]]:
    """Order groups for a table: each language with its kinds below it, all last."""
    return sorted(table.items(), key=lambda item: (item[0] == "all", item[0]))
