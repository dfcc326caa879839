"""Transaction bodies of what comes in, and of the marks that say how far a source has been read.

Knows how an arrival becomes a waiting row, once, and how it wakes its conversation. Knows nothing of what a row means.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from bot.ports import Arrival, Row
from bot.store.tables import TODO, channel, conversation, inbox

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
    new = connection.execute(KEEP, [_columns(arrival) for arrival in arrivals]).all()
    wake(connection, {arrival.conversation for arrival in arrivals})
    return len(new)


def wake(connection: Connection, conversations: Iterable[str]) -> None:
    """Let the next step find these conversations, those of them that have waiting rows."""
    connection.execute(WAKE, {"ids": list(conversations)})


def cursor(connection: Connection, source: str) -> str | None:
    """Return the cursor that was kept with the last arrivals of this source."""
    found: str | None = connection.execute(CURSOR, {"source": source}).scalar()
    return found


def _columns(arrival: Arrival) -> Mapping[str, str | Row | datetime]:
    return {
        "source": arrival.source,
        "ext_id": arrival.ext_id,
        "channel": arrival.channel,
        "conversation_id": arrival.conversation,
        "body": arrival.body,
        "at": arrival.at,
    }
