"""Transaction bodies of things to happen later: set, cancel, fire.

Knows that a timer fires once, and into the inbox: there it waits its turn in its conversation. Knows no calendar.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.ports import Arrival, Timer, Turn
from bot.store import inbox
from bot.store.tables import conversation, timer

PUT = insert(timer).on_conflict_do_nothing(index_elements=["key"])
# A fired one stays: its key must not fire again.
CANCEL = delete(timer).where(timer.c.key.in_(bindparam("keys", expanding=True)), ~timer.c.fired)
DUE = select(timer).where(~timer.c.fired, timer.c.due_at <= bindparam("now")).order_by(timer.c.due_at, timer.c.id)
# Conversations first, timers second, as a step does that cancels one: nobody waits in a circle.
HOLD = (
    select(conversation.c.id)
    .where(conversation.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(conversation.c.id)
    .with_for_update()
)
FIRE = (
    update(timer).where(timer.c.id.in_(bindparam("ids", expanding=True)), ~timer.c.fired).values(fired=True).returning(timer.c.id)
)
NEXT = select(func.min(timer.c.due_at)).where(~timer.c.fired)


def put(connection: Connection, turn: Turn, timers: Sequence[Timer]) -> None:
    """Set timers for the turn's conversation; a known key changes nothing."""
    if timers:
        connection.execute(
            PUT,
            [
                {
                    "key": one.key,
                    "due_at": one.due_at,
                    "channel": turn.channel,
                    "conversation_id": turn.conversation,
                    "body": one.body,
                }
                for one in timers
            ],
        )


def cancel(connection: Connection, keys: Sequence[str]) -> None:
    """Delete timers that have not fired."""
    if keys:
        connection.execute(CANCEL, {"keys": list(keys)})


def fire(connection: Connection, now: datetime) -> datetime | None:
    """Move due timers into the inbox, the earliest first, and return when the next one is due."""
    if due := connection.execute(DUE, {"now": now}).all():
        connection.execute(HOLD, {"ids": list({row.conversation_id for row in due})})
        fired = set(connection.execute(FIRE, {"ids": [row.id for row in due]}).scalars())
        arrivals = [
            Arrival(
                source="timer",
                ext_id=str(row.id),
                channel=row.channel,
                conversation=row.conversation_id,
                body=row.body,
                at=now,
            )
            for row in due
            if row.id in fired
        ]
        inbox.keep(connection, arrivals)
    following: datetime | None = connection.execute(NEXT).scalar()
    return following
