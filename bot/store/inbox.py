"""Transaction bodies of what comes in, and of the marks that say how far a source has been read.

Knows how an arrival becomes a waiting row, once, how it wakes its conversation, in whose conversation staff speak, and which
texts go when a message is withdrawn. Knows nothing of what a row means.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, union, union_all, update
from sqlalchemy.dialects.postgresql import insert

from bot.ports import DESKS, Arrival, Row
from bot.store.cases import KEPT as KNOWN
from bot.store.cases import OPEN
from bot.store.tables import DEAD, DONE, TODO, case, channel, conversation, inbox, thread

# PostgreSQL's `insert` knows ON CONFLICT, and SQLite's compiler writes it too: SQLite took that grammar over.
# What it returns are the new ones: no driver counts rows reliably when many are written at once.
KEEP = insert(inbox).on_conflict_do_nothing(index_elements=["source", "ext_id"]).returning(inbox.c.id)

# Every conversation with waiting rows has a row to lock. A step may be holding or deleting that row just now: changing
# nothing in it waits until the step is over, and then finds the row or makes it.
_waiting = (
    select(inbox.c.conversation_id, func.min(inbox.c.channel), func.max(inbox.c.at))
    .where(inbox.c.status == TODO, inbox.c.conversation_id.in_(bindparam("ids", expanding=True)))
    .group_by(inbox.c.conversation_id)
    .order_by(inbox.c.conversation_id)
)
WAKE = (
    insert(conversation)
    .from_select(["id", "channel", "updated_at"], _waiting)
    .on_conflict_do_update(index_elements=["id"], set_={"channel": conversation.c.channel})
)

# A conversation of which nothing is remembered goes, unless something waits that needs its row for a lock.
LET_GO = delete(conversation).where(
    conversation.c.id.in_(bindparam("ids", expanding=True)),
    conversation.c.state.is_(None),
    ~select(inbox.c.id).where(inbox.c.conversation_id == conversation.c.id, inbox.c.status == TODO).exists(),
)

# Two halves, because each has an index of its own. Which of them are about a message is not asked in SQL: PostgreSQL fails on
# JSON text with a NUL in it, wherever in the row that stands.
KEPT = union_all(
    *(
        select(inbox.c.id, inbox.c.body).where(inbox.c.conversation_id == bindparam("conversation"), inbox.c.status == status)
        for status in (TODO, DEAD)
    )
)
WITHDRAW = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("ids", expanding=True)), inbox.c.status != DONE)
    .values(body=bindparam("withdrawal"))
)

# Of a person who has asked again, staff speak in the newest case: what they write elsewhere is about nothing that still goes on.
_newer = case.alias()
_resident = select(case.c.conversation_id, case.c.channel).where(
    KNOWN,
    ~select(_newer.c.number).where(_newer.c.conversation_id == case.c.conversation_id, _newer.c.number > case.c.number).exists(),
)
OF_CASE = _resident.where(case.c.number == bindparam("which"))
OF_THREAD = _resident.join(thread, thread.c.case_number == case.c.number).where(
    thread.c.desk == bindparam("at_desk"), thread.c.thread == bindparam("in_thread")
)
CONTACTS_WANTED = union(
    select(conversation.c.id).where(conversation.c.id.in_(bindparam("ids", expanding=True)), conversation.c.keeps_contacts),
    select(case.c.conversation_id).where(case.c.conversation_id.in_(bindparam("ids", expanding=True)), OPEN),
)

_mark = insert(channel)
MARK = _mark.on_conflict_do_update(index_elements=["id"], set_={"cursor": _mark.excluded.cursor})
CURSOR = select(channel.c.cursor).where(channel.c.id == bindparam("source"))


def ingest(connection: Connection, arrivals: Sequence[Arrival], cursor: tuple[str, str] | None) -> int:
    """Keep arrivals that are new, in their order, together with the source's cursor; return how many were new."""
    new = keep(connection, arrivals)
    if cursor is not None:
        connection.execute(MARK, {"id": cursor[0], "cursor": cursor[1]})
    return new


def keep(connection: Connection, arrivals: Sequence[Arrival]) -> int:
    """Make waiting rows of those arrivals that are new and wake their conversations; return how many were new."""
    if not arrivals:
        return 0
    arrivals = _with_contacts(connection, [_addressed(connection, one) for one in arrivals])
    new = connection.execute(KEEP, [_columns(arrival) for arrival in arrivals]).all()
    wake(connection, {arrival.conversation for arrival in arrivals})
    for arrival in arrivals:
        if arrival.withdraws:
            _withdraw(connection, arrival)
    return len(new)


def wake(connection: Connection, conversations: Iterable[str]) -> None:
    """Let the next step find these conversations, those of them that have waiting rows."""
    connection.execute(WAKE, {"ids": list(conversations)})


def cursor(connection: Connection, source: str) -> str | None:
    """Return the cursor that was kept with the last arrivals of this source."""
    found: str | None = connection.execute(CURSOR, {"source": source}).scalar()
    return found


def _addressed(connection: Connection, arrival: Arrival) -> Arrival:
    """Give what staff do to the resident whose case it is about, or else to the desk itself; leave all other arrivals alone."""
    if not arrival.desk and not arrival.case:
        return arrival
    found = None
    if arrival.case:
        found = connection.execute(OF_CASE, {"which": arrival.case}).one_or_none()
    elif arrival.thread:
        found = connection.execute(OF_THREAD, {"at_desk": arrival.desk, "in_thread": arrival.thread}).one_or_none()
    if found is None:
        return replace(arrival, conversation=f"desk:{arrival.desk}", channel=DESKS)
    return replace(arrival, conversation=found.conversation_id, channel=found.channel)


def _with_contacts(connection: Connection, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """Choose the body that has phone numbers and addresses in it where they are wanted."""
    ids = list({one.conversation for one in arrivals if one.with_contacts is not None})
    if not ids:
        return arrivals
    wanted = set(connection.execute(CONTACTS_WANTED, {"ids": ids}).scalars())
    return [
        one if one.with_contacts is None or one.conversation not in wanted else replace(one, body=one.with_contacts)
        for one in arrivals
    ]


def _withdraw(connection: Connection, arrival: Arrival) -> None:
    """Put an arrival's body in place of what is kept of the message that it withdraws; its conversation is locked by then.

    A message is known by its id and by where it stands: a resident's chat and each desk count for themselves.
    """
    kept = connection.execute(KEPT, {"conversation": arrival.conversation})
    place = (arrival.withdraws, arrival.desk)
    if ids := [row.id for row in kept if (row.body.get("message"), row.body.get("desk", "")) == place]:
        connection.execute(WITHDRAW, {"ids": ids, "withdrawal": arrival.body})


def _columns(arrival: Arrival) -> Mapping[str, str | Row | datetime]:
    return {
        "source": arrival.source,
        "ext_id": arrival.ext_id,
        "channel": arrival.channel,
        "conversation_id": arrival.conversation,
        "body": arrival.body,
        "at": arrival.at,
    }
