"""The transaction body that looks: what waits and since when, what is kept and how old the oldest of it is, what was tallied.

Knows columns and moments; reads no text and names nobody. Cheap enough to be asked every few seconds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, Table, bindparam, func, literal_column, select, union_all

from bot.ports import Status, Waiting
from bot.store import cases
from bot.store.tables import DEAD, TODO, case, conversation, deed, inbox, link, outbox, revision, tally, timer

TALLIED: Final = timedelta(days=30)


def _count(table: Table, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*conditions).scalar_subquery()


def _first(moment: ColumnElement[datetime], *conditions: ColumnElement[bool]) -> ScalarSelect[datetime]:
    return select(func.min(moment)).where(*conditions).scalar_subquery()


def _queue(name: str, table: Table) -> Select[Any]:
    """Group by channel what waits; an error stands in a row that was tried in vain."""
    return (
        select(
            literal_column(f"'{name}'").label("queue"),
            table.c.channel,
            func.count().label("rows"),
            func.count(table.c.error).label("failing"),
            func.min(table.c.at).label("since"),
        )
        .where(table.c.status == TODO)
        .group_by(table.c.channel)
    )


COUNTS = select(
    select(revision.c.version_num).scalar_subquery().label("revision"),
    _count(conversation).label("conversations"),
    (_count(inbox, inbox.c.status == DEAD) + _count(outbox, outbox.c.status == DEAD)).label("dead"),
    _count(timer, ~timer.c.fired).label("timers"),
    _first(conversation.c.updated_at).label("oldest_conversation"),
    _count(case, cases.OPEN).label("open_cases"),
)
QUEUES = union_all(_queue("inbox", inbox), _queue("outbox", outbox))

_dead = union_all(*(select(table.c.ended_at).where(table.c.status == DEAD) for table in (inbox, outbox))).subquery()
_has_open_case = select(case.c.number).where(case.c.conversation_id == conversation.c.id, cases.OPEN).exists()
# In the order of an index that says how old a conversation is: the first that counts ends the search.
_idle = (
    select(conversation.c.updated_at)
    .where(conversation.c.state.is_not(None), ~_has_open_case)
    .order_by(conversation.c.updated_at)
    .limit(1)
    .scalar_subquery()
)
OLDEST = select(
    _idle.label("conversations"),
    _first(conversation.c.asked_at).label("questions"),
    _first(case.c.closed_at, cases.KEPT).label("cases"),
    _first(link.c.at).label("links"),
    _first(deed.c.at).label("deeds"),
    _first(_dead.c.ended_at).label("dead"),
)

TALLIES = (
    select(tally.c.what, tally.c.topic, tally.c.lang, func.sum(tally.c.n).label("n"))
    .where(tally.c.day > bindparam("after"))
    .group_by(tally.c.what, tally.c.topic, tally.c.lang)
)


def status(connection: Connection, now: datetime) -> Status:
    """Return counts, how old the oldest records are, and the tallies of the last 30 days."""
    queues = tuple(Waiting(**row._mapping) for row in connection.execute(QUEUES))
    return Status(
        **connection.execute(COUNTS).one()._mapping,
        waiting=sum(queue.rows for queue in queues if queue.queue == "inbox"),
        unsent=sum(queue.rows for queue in queues if queue.queue == "outbox"),
        tallies=_tallies(connection, now),
        queues=queues,
        oldest=_oldest(connection, queues),
    )


def _oldest(connection: Connection, queues: tuple[Waiting, ...]) -> Mapping[str, datetime]:
    found = dict(connection.execute(OLDEST).one()._mapping)
    for kind, name in (("waiting", "inbox"), ("unsent", "outbox")):
        found[kind] = min((queue.since for queue in queues if queue.queue == name), default=None)
    return {kind: moment for kind, moment in found.items() if moment is not None}


def _tallies(connection: Connection, now: datetime) -> Mapping[str, int]:
    days = connection.execute(TALLIES, {"after": (now - TALLIED).astimezone(UTC).date()})
    return {f"{row.what}:{row.topic}:{row.lang}" if row.topic or row.lang else row.what: row.n for row in days}
