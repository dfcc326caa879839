"""Rows for every table, as hostile as people and platforms are, and all that a database holds, to compare.

Knows tables. Knows nothing of how they are copied.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import Table, insert, select

from bot.store.database import make_engine, parse
from bot.store.tables import case, channel, conversation, deed, inbox, link, metadata, outbox, tally, thread, timer
from tests.contracts.store import NOW

Rows: TypeAlias = Mapping[Table, list[dict[str, Any]]]

HOSTILE: Final = {
    "text": "NUL \0, half a character \ud83d, a whole one \U0001f600, \u2028 ' \" \\ % :name \r\n",
    "\0": [[{}], [], -0.1, 2**70, 1e300, True, None, ""],
}
"""A body as it may stand in any table."""
SOME: Final[Rows] = {
    conversation: [
        {
            "id": "ann", "channel": "town", "state": HOSTILE, "updated_at": NOW, "question": HOSTILE["text"],
            "asked_at": NOW - timedelta(microseconds=1), "keeps_contacts": True,
        },
        {
            "id": "Анна ’\\N", "channel": "", "state": None, "updated_at": NOW, "question": None, "asked_at": None,
            "keeps_contacts": False,
        },
    ],
    inbox: [
        {
            "id": 7, "source": "bot", "ext_id": "1", "channel": "town", "conversation_id": "ann", "body": HOSTILE, "status": 0,
            "attempts": 2, "error": None, "at": NOW, "ended_at": None,
        },
        {
            "id": 2**40, "source": "bot", "ext_id": "2", "channel": "town", "conversation_id": None, "body": None, "status": 2,
            "attempts": 3, "error": "KeyError", "at": NOW, "ended_at": NOW + timedelta(days=99),
        },
    ],
    outbox: [
        {
            "id": 3, "key": "k", "channel": "town", "conversation_id": "ann", "lane": "ann", "body": HOSTILE, "status": 1,
            "attempts": 1, "due_at": NOW, "claimed_by": "me:1", "error": None, "remote_id": "$e", "at": NOW, "ended_at": NOW,
        },
    ],
    timer: [
        {
            "id": 5, "key": "t", "due_at": NOW + timedelta(days=9999), "channel": "town", "conversation_id": "ann",
            "body": HOSTILE, "fired": True,
        },
    ],
    case: [
        {
            "number": 41, "conversation_id": "ann", "channel": "town", "town": "town", "body": HOSTILE, "opened_at": NOW,
            "closed_at": None,
        },
        {
            "number": 42, "conversation_id": None, "channel": "town", "town": "town", "body": None, "opened_at": NOW,
            "closed_at": NOW,
        },
    ],
    thread: [{"desk": "town/telegram", "thread": "9", "case_number": 41}],
    link: [{"digest": "d", "desk": "town/email", "case_number": 41, "at": NOW}],
    deed: [{"id": 6, "at": NOW, "case_number": 42, "what": "closed", "desk": "town/telegram", "staff": "telegram:7"}],
    channel: [
        {"id": "telegram", "cursor": None, "paused_until": NOW},
        {"id": "matrix:@bot:example.org", "cursor": "s72594_4483", "paused_until": None},
    ],
    tally: [{"day": date(2026, 2, 28), "what": "answer", "topic": "school", "lang": "et", "n": 3}],
}  # fmt: skip


def put(url: str, rows: Rows) -> None:
    """Write rows into a database."""
    engine = make_engine(parse(url))
    try:
        with engine.begin() as connection:
            for table, some in rows.items():
                if some:
                    connection.execute(insert(table), some)
    finally:
        engine.dispose()


def contents(url: str, tables: Iterable[Table] = tuple(metadata.sorted_tables)) -> Rows:
    """Return all rows that a database has, in the order of their ids."""
    engine = make_engine(parse(url))
    try:
        with engine.begin() as connection:
            return {
                table: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
                for table in tables
            }
    finally:
        engine.dispose()


def by_name(rows: Rows) -> dict[str, int]:
    """Count rows by table."""
    return {table.name: len(some) for table, some in rows.items()}
