"""Transaction bodies of things to happen later: set, cancel, fire.

Knows that a timer fires once, and into the inbox: there it waits its turn in its conversation. Knows no calendar.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.ports import Arrival, Outcome, Timer, Turn
from bot.store import inbox
from bot.store.tables import conversation, timer

PUT = insert(timer).on_conflict_do_nothing(index_elements=["key"])
# A fired one stays: its key must not fire again.
CANCEL = delete(timer).where(timer.c.key == bindparam("key"), ~timer.c.fired)
DUE = select(timer).where(~timer.c.fired, timer.c.due_at <= bindparam("now")).order_by(timer.c.due_at, timer.c.id)
# A conversation may have gone while its timer ran; those that are missing come back in the same order in which all others are
# locked, as arrivals would make them: nobody waits in a circle.
_waiting = (
    select(timer.c.conversation_id, func.min(timer.c.channel), func.max(timer.c.due_at))
    .where(~timer.c.fired, timer.c.due_at <= bindparam("now"), timer.c.conversation_id.in_(bindparam("ids", expanding=True)))
    .group_by(timer.c.conversation_id)
    .order_by(timer.c.conversation_id)
)
# Conversations first, timers second, as a step does that cancels one.
CALL = (
    insert(conversation)
    .from_select(["id", "channel", "updated_at"], _waiting)
    .on_conflict_do_update(index_elements=["id"], set_={"channel": conversation.c.channel})
)
FIRE = (
    update(timer).where(timer.c.id.in_(bindparam("ids", expanding=True)), ~timer.c.fired).values(fired=True).returning(timer.c.id)
)
NEXT = select(func.min(timer.c.due_at)).where(~timer.c.fired)


def change(connection: Connection, outcomes: Sequence[tuple[Turn, Outcome]]) -> None:
    """Cancel and set timers as outcomes say, one after the other; a known key changes nothing.

    Key by key in the order of the keys, so that two steps never wait for each other in a circle.
    """
    wanted: dict[str, list[dict[str, object] | None]] = {}
    for turn, outcome in outcomes:
        for key in outcome.cancel:
            wanted.setdefault(key, []).append(None)
        for one in outcome.timers:
            wanted.setdefault(one.key, []).append(_columns(turn, one))
    for key in sorted(wanted):
        for columns in wanted[key]:
            if columns is None:
                connection.execute(CANCEL, {"key": key})
            else:
                connection.execute(PUT, columns)


def fire(connection: Connection, now: datetime) -> datetime | None:
    """Move due timers into the inbox, the earliest first, and return when the next one is due."""
    if due := connection.execute(DUE, {"now": now}).all():
        ids = list({row.conversation_id for row in due})
        connection.execute(CALL, {"ids": ids, "now": now})
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
        connection.execute(inbox.LET_GO, {"ids": ids})
    following: datetime | None = connection.execute(NEXT).scalar()
    return following


def _columns(turn: Turn, one: Timer) -> dict[str, object]:
    return {
        "key": one.key,
        "due_at": one.due_at,
        "channel": turn.channel,
        "conversation_id": turn.conversation,
        "body": one.body,
    }
