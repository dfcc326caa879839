"""What `teejuht status` shows of the database: counts, what waits in the queues, how old the oldest of what is personal is.

Knows how it is laid out; not how it is printed, nor how it was found.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.ports import JSON, Retention, Status, Waiting, limits


def counts(found: Status) -> Mapping[str, str | int]:
    """Give the figures by their names."""
    return {
        "database revision": found.revision,
        "conversations": found.conversations,
        "oldest conversation": _minute(found.oldest_conversation) if found.oldest_conversation else "-",
        "waiting messages": found.waiting,
        "unsent messages": found.unsent,
        "dead letters": found.dead,
        "timers": found.timers,
        "open cases": found.open_cases,
    }


def details(found: Status, keep: Retention) -> Mapping[str, JSON]:
    """Give queues and the oldest records, for scripts; `until` is the moment by which a record is gone."""
    return {
        "queues": [
            {"queue": q.queue, "channel": q.channel, "messages": q.rows, "failing": q.failing, "since": _minute(q.since)}
            for q in _in_order(found)
        ],
        "oldest records": {kind: {"since": _minute(since), "until": _minute(until)} for kind, since, until in _ages(found, keep)},
    }


def rows(found: Status, keep: Retention) -> Mapping[str, str]:
    """Give the same as lines of a table."""
    queues = {
        f"{q.queue} of {q.channel}": f"{q.rows}, the oldest since {_minute(q.since)}, {q.failing} failed so far"
        for q in _in_order(found)
    }
    oldest = {f"oldest of {kind}": f"{_minute(since)}, gone by {_minute(until)}" for kind, since, until in _ages(found, keep)}
    return queues | oldest


def _in_order(found: Status) -> list[Waiting]:
    return sorted(found.queues, key=lambda queue: (queue.queue, queue.channel))


def _ages(found: Status, keep: Retention) -> list[tuple[str, datetime, datetime]]:
    """Give kinds, since when the oldest is there, and by when it is gone."""
    return [(kind, since, since + limit) for kind, limit in limits(keep).items() if (since := found.oldest.get(kind))]


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
