"""Transaction bodies for the law and for the operator who must mend something: dead letters, forgetting, retention.

Knows what goes and what stays: a text never outlives the need of its row, an id outlives it, so that the same arrival
or post is known again. How long is said by the caller.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, Select, Table, Update, bindparam, delete, func, select, update

from bot.ports import DeadLetter, Retention
from bot.store import cases
from bot.store import inbox as incoming
from bot.store.counts import status as status
from bot.store.inbox import LET_GO
from bot.store.step import LEFT_BEHIND
from bot.store.tables import DEAD, DONE, TODO, case, conversation, inbox, outbox, timer

QUEUES: Final = {"inbox": inbox, "outbox": outbox}
AT_ONCE: Final = 5000
"""Conversations that one purge deletes at most, so that it stays short."""


def _dead(table: Table) -> Select[Any]:
    return select(table.c.id, table.c.channel, table.c.error, table.c.ended_at).where(table.c.status == DEAD)


def _discard(table: Table) -> Update:
    return update(table).where(table.c.status == DEAD).values(status=DONE, body=None)


LISTED: Final = {name: _dead(table).order_by(table.c.id) for name, table in QUEUES.items()}
DISCARD: Final = {name: _discard(table).where(table.c.id == bindparam("row")) for name, table in QUEUES.items()}
_revived = {"status": TODO, "attempts": 0, "error": None, "ended_at": None}
RETRY: Final = {
    "inbox": update(inbox)
    .where(inbox.c.id == bindparam("row"), inbox.c.status == DEAD)
    .values(_revived)
    .returning(inbox.c.conversation_id),
    "outbox": update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.status == DEAD)
    .values({**_revived, "due_at": outbox.c.at})
    .returning(outbox.c.conversation_id),
}

HOLD = (
    select(conversation.c.id)
    .where(conversation.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(conversation.c.id)
    .with_for_update()
)
FORGET: Final = (
    delete(conversation).where(conversation.c.id == bindparam("whose")),
    *LEFT_BEHIND,
    update(inbox)
    .where(inbox.c.conversation_id == bindparam("whose"))
    .values(conversation_id=None, body=None, status=DONE, ended_at=func.coalesce(inbox.c.ended_at, inbox.c.at)),
)

_before: BindParameter[datetime] = bindparam("before")
IDLE = (
    select(conversation.c.id)
    .where(
        conversation.c.updated_at < _before,
        ~select(case.c.number).where(case.c.conversation_id == conversation.c.id, cases.OPEN).exists(),
    )
    .order_by(conversation.c.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)
EMPTY = (
    update(conversation)
    .where(conversation.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=None, question=None, asked_at=None, keeps_contacts=False)
)
# A question that is being followed by another one just now is left to that.
_asked = select(conversation.c.id).where(conversation.c.asked_at < _before).with_for_update(skip_locked=True)
PURGE_QUESTIONS = update(conversation).where(conversation.c.id.in_(_asked)).values(question=None, asked_at=None)
PURGE_DEAD: Final = tuple(_discard(table).where(table.c.ended_at < _before) for table in QUEUES.values())
PURGE_IDS: Final = (
    *(delete(table).where(table.c.status == DONE, table.c.ended_at < _before) for table in QUEUES.values()),
    delete(timer).where(timer.c.fired, timer.c.due_at < _before),
)
# Only a page that never came back leaves a post unsent for so long: everything else was sent or given up.
PURGE_UNFETCHED = delete(outbox).where(outbox.c.status == TODO, outbox.c.at < _before)


def dead(connection: Connection) -> Sequence[DeadLetter]:
    """Return the rows that were given up, by queue and age."""
    return [_letter(queue, row) for queue, rows in LISTED.items() for row in connection.execute(rows)]


def retry(connection: Connection, queue: str, row: int) -> bool:
    """Let a dead row wait again, with all its tries."""
    if queue not in RETRY:
        return False
    revived = connection.execute(RETRY[queue], {"row": row}).one_or_none()
    if revived is not None and queue == "inbox":
        incoming.wake(connection, [revived.conversation_id])
    return revived is not None


def discard(connection: Connection, queue: str, row: int) -> bool:
    """Take a dead row off the list, and its text with it."""
    return queue in DISCARD and connection.execute(DISCARD[queue], {"row": row}).rowcount > 0


def forget(connection: Connection, whose: str) -> None:
    """Delete what is known of a conversation."""
    connection.execute(HOLD, {"ids": [whose]})
    for statement in FORGET:
        connection.execute(statement, {"whose": whose})


def purge(connection: Connection, now: datetime, keep: Retention) -> int:
    """Delete what is older than its retention and return how many rows went."""
    gone = _purge_conversations(connection, now - keep.conversations)
    gone += connection.execute(PURGE_UNFETCHED, {"before": now - keep.conversations}).rowcount
    gone += sum(connection.execute(statement, {"before": now - keep.dead}).rowcount for statement in PURGE_DEAD)
    gone += sum(connection.execute(statement, {"before": now - keep.ids}).rowcount for statement in PURGE_IDS)
    gone += connection.execute(PURGE_QUESTIONS, {"before": now - keep.questions}).rowcount
    return gone + cases.purge(connection, now, keep)


def _purge_conversations(connection: Connection, before: datetime) -> int:
    """Lock first and look for waiting rows second: an arrival may have come in between."""
    idle = list(connection.execute(IDLE, {"before": before}).scalars())
    if not idle:
        return 0
    connection.execute(EMPTY, {"ids": idle})
    return connection.execute(LET_GO, {"ids": idle}).rowcount


def _letter(queue: str, row: Row[Any]) -> DeadLetter:
    return DeadLetter(queue=queue, id=row.id, channel=row.channel, error=row.error, at=row.ended_at)
