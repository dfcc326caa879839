"""What an operator is told about the store, and how long it keeps what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A row that was given up: `queue` is `inbox` or `outbox`; `error` is a class name, never a text."""

    queue: str
    id: int
    channel: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things stay. Texts of handled rows go at once; their ids stay `ids` for de-duplication.

    A question is kept for less than a day, and people are told "at most a day". `cases` counts from the end of a case; `links` to
    a case from when they were made.
    """

    conversations: timedelta = timedelta(days=30)
    questions: timedelta = timedelta(hours=22)
    cases: timedelta = timedelta(days=90)
    links: timedelta = timedelta(days=30)
    deeds: timedelta = timedelta(days=365)
    dead: timedelta = timedelta(days=7)
    ids: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in a queue (`inbox`, `outbox`) for one channel: how many rows, how many of them failed so far, since when."""

    queue: str
    channel: str
    rows: int
    failing: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts for the operator, and how old the oldest of what is personal is: never what stands in it, nor whose it is.

    `oldest`: by kind, as `limits` names them, the moment from which the time of the oldest record counts; a kind without any
    is left out.
    """

    revision: str
    conversations: int
    waiting: int
    unsent: int
    dead: int
    timers: int
    oldest_conversation: datetime | None
    open_cases: int = 0
    tallies: Mapping[str, int] = field(default_factory=dict)
    queues: Sequence[Waiting] = ()
    oldest: Mapping[str, datetime] = field(default_factory=dict)


def limits(keep: Retention) -> Mapping[str, timedelta]:
    """Give how long personal records stay, by kind.

    `conversations` are those without an open case, `waiting` and `unsent` the texts of the two queues, `dead` those given up.
    """
    return {
        "conversations": keep.conversations,
        "questions": keep.questions,
        "cases": keep.cases,
        "links": keep.links,
        "deeds": keep.deeds,
        "dead": keep.dead,
        "waiting": keep.conversations,
        "unsent": keep.conversations,
    }
