"""Transaction bodies of cases: open, change, blank; their threads at desks, links to them, and what staff did with them.

Knows that a number is given once, and that of a case that is forgotten only its number is left. Knows nothing of what a case
is about.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Text, and_, bindparam, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.ports import DESKS, CaseRecord, Deed, DeskThread, FoundCase, Retention, Turn
from bot.store.tables import DEAD, TODO, case, deed, link, outbox, thread

KEPT: Final = case.c.conversation_id.is_not(None)
"""The case is not blank: it is still known whose it is."""
OPEN: Final = and_(KEPT, case.c.closed_at.is_(None))

NEXT = select(func.coalesce(func.max(case.c.number), 0) + 1).scalar_subquery()

# What it returns says whether the number was free. Another step that has just taken it is waited for.
ADD = insert(case).on_conflict_do_nothing(index_elements=["number"]).returning(case.c.number)
# A blank case is nobody's any more, and nobody writes into another one's.
CHANGE = update(case).where(case.c.number == bindparam("which"), case.c.conversation_id == bindparam("whose"))
_of_theirs = select(case.c.number).where(case.c.conversation_id == bindparam("whose"))
# Threads stay until all that was to be said in them is said, such as that the person wants to be forgotten.
BLANK: Final = (
    delete(link).where(link.c.case_number.in_(_of_theirs)),
    update(case).where(case.c.conversation_id == bindparam("whose")).values(conversation_id=None, body=None),
)
NOTE = insert(deed)
MINE = select(case).where(case.c.conversation_id == bindparam("conversation")).order_by(case.c.number)

# Either the thread or the case may be known already: the first one counts.
TIE = insert(thread).on_conflict_do_nothing()
TIED = select(thread.c.thread).where(thread.c.desk == bindparam("at_desk"), thread.c.case_number == bindparam("which"))
KEEP_LINK = insert(link).on_conflict_do_nothing(index_elements=["digest"])
LINKED = (
    select(link.c.desk, case)
    .join(case, case.c.number == link.c.case_number)
    .where(link.c.digest == bindparam("known_by"), link.c.at >= bindparam("since"), OPEN)
)

# Who cleans up waits for nobody: what somebody else holds just now is looked at again an hour later.
_ended = select(case.c.number).where(KEPT, case.c.closed_at < bindparam("before")).with_for_update(skip_locked=True)
PURGE_CASES = update(case).where(case.c.number.in_(_ended)).values(conversation_id=None, body=None)
_blank = case.c.conversation_id.is_(None)
_useless = (
    select(link.c.digest)
    .where(
        or_(
            link.c.at < bindparam("before"),
            select(case.c.number).where(case.c.number == link.c.case_number, _blank).exists(),
        )
    )
    .with_for_update(skip_locked=True, of=link)
)
PURGE_LINKS = delete(link).where(link.c.digest.in_(_useless))
PURGE_DEEDS = delete(deed).where(deed.c.at < bindparam("before"))
_lane = outbox.c.lane == thread.c.desk + "#" + cast(thread.c.case_number, Text)
PURGE_THREADS = delete(thread).where(
    select(case.c.number).where(case.c.number == thread.c.case_number, _blank).exists(),
    *(
        ~select(outbox.c.id).where(outbox.c.channel == DESKS, _lane, outbox.c.status == status).correlate(thread).exists()
        for status in (TODO, DEAD)
    ),
)


class NumberTaken(Exception):
    """Another step has opened a case of this number meanwhile; computed anew, the row will get another one."""


def write(connection: Connection, turn: Turn, record: CaseRecord, now: datetime) -> None:
    """Open a case, or change one that the turn's conversation has.

    Errors: NumberTaken; ValueError for a new case that does not take the turn's number, which no second try would mend.
    """
    written = {"town": record.town, "body": record.body, "closed_at": record.closed_at}
    if not record.opens:
        connection.execute(CHANGE, {**written, "which": record.number, "whose": turn.conversation})
        return
    if record.number != turn.number:
        raise ValueError("a new case takes the number of its turn")
    whose = {"conversation_id": turn.conversation, "channel": turn.channel}
    if connection.execute(ADD, {**written, **whose, "number": record.number, "opened_at": now}).scalar() is None:
        raise NumberTaken


def note(connection: Connection, deeds: Sequence[Deed], now: datetime) -> None:
    """Write into the audit log what staff did."""
    if deeds:
        rows = [{"at": now, "case_number": one.case, "what": one.what, "desk": one.desk, "staff": one.staff} for one in deeds]
        connection.execute(NOTE, rows)


def of(connection: Connection, conversation: str) -> Sequence[CaseRecord]:
    """Return a conversation's cases, oldest first."""
    return [_record(row) for row in connection.execute(MINE, {"conversation": conversation})]


def tie(connection: Connection, threads: Sequence[DeskThread]) -> None:
    """Keep which threads were opened for which cases."""
    if threads:
        connection.execute(TIE, [{"desk": one.desk, "thread": one.thread, "case_number": one.case} for one in threads])


def tied(connection: Connection, desk: str, number: int) -> str | None:
    """Return the desk's id of the thread of a case."""
    found: str | None = connection.execute(TIED, {"at_desk": desk, "which": number}).scalar()
    return found


def keep_link(connection: Connection, digest: str, desk: str, number: int, now: datetime) -> None:
    """Keep the digest of a link to a case."""
    connection.execute(KEEP_LINK, {"digest": digest, "desk": desk, "case_number": number, "at": now})


def linked(connection: Connection, digest: str, now: datetime) -> tuple[str, FoundCase] | None:
    """Return the desk and the open case that a link leads to, unless it is too old."""
    row = connection.execute(LINKED, {"known_by": digest, "since": now - Retention().links}).one_or_none()
    if row is None:
        return None
    return row.desk, FoundCase(record=_record(row), conversation=row.conversation_id, channel=row.channel)


def purge(connection: Connection, now: datetime, keep: Retention) -> int:
    """Blank cases that ended long ago, delete what leads to them and old deeds; return how many rows that were."""
    gone = connection.execute(PURGE_CASES, {"before": now - keep.cases}).rowcount
    gone += connection.execute(PURGE_LINKS, {"before": now - keep.links}).rowcount
    gone += connection.execute(PURGE_DEEDS, {"before": now - keep.deeds}).rowcount
    return gone + connection.execute(PURGE_THREADS).rowcount


def _record(row: Row[Any]) -> CaseRecord:
    return CaseRecord(number=row.number, town=row.town, body=row.body, closed_at=row.closed_at)
