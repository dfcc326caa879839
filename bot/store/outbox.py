"""Transaction bodies of what goes out: put posts, claim the heads of lanes, write how sends ended, serve the web page.

Knows that rows of one lane of a channel leave one after another, and that sending may open a thread. Knows no platform and no
rule for when to try again.
"""

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Update, bindparam, func, select, update
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert

from bot.ports import Delivery, Post, Result, Settled, Turn
from bot.store import cases
from bot.store.tables import DEAD, DONE, TODO, channel, outbox

CLAIM: Final = timedelta(seconds=60)
"""Longer than any send may take; should the sender die, the row is due again after this."""

PUT = insert(outbox).on_conflict_do_nothing(index_elements=["key"])

# `id = (SELECT min(id) ...)` is one probe of an index; NOT EXISTS(an earlier row) became a nested loop on PostgreSQL.
_ahead = outbox.alias()
_head = (
    select(func.min(_ahead.c.id))
    .where(_ahead.c.channel == outbox.c.channel, _ahead.c.lane == outbox.c.lane, _ahead.c.status == TODO)
    .correlate(outbox)
    .scalar_subquery()
)
HEADS = (
    select(outbox)
    .where(
        outbox.c.channel == bindparam("channel"),
        outbox.c.status == TODO,
        outbox.c.due_at <= bindparam("now"),
        outbox.c.id == _head,
        ~select(channel.c.id).where(channel.c.id == bindparam("channel"), channel.c.paused_until > bindparam("now")).exists(),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("want"))
    .with_for_update(skip_locked=True, of=outbox)
)
TAKE = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(attempts=outbox.c.attempts + 1, due_at=bindparam("until"), claimed_by=bindparam("me"))
)
_claimed = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.channel == bindparam("of_channel"), outbox.c.status == TODO)
    .values(claimed_by=None)
)
# Once sent, the text goes; the key stays, so that writing the same post again stays nothing.
_SETTLE: Final[dict[Result, Update]] = {
    Result.SENT: _claimed.values(status=DONE, body=None, error=None, remote_id=bindparam("shown_as"), ended_at=bindparam("now")),
    Result.LATER: _claimed.values(
        due_at=bindparam("again"), attempts=outbox.c.attempts - bindparam("refund"), error=bindparam("why")
    ),
    Result.DEAD: _claimed.values(status=DEAD, error=bindparam("why"), ended_at=bindparam("now")),
}
# "Due since it was written" is due now, whatever the caller's clock says.
RELEASE = (
    update(outbox)
    .where(outbox.c.channel == bindparam("of_channel"), outbox.c.status == TODO, outbox.c.claimed_by.is_not(None))
    .values(due_at=outbox.c.at, claimed_by=None)
)
SENT = select(outbox.c.remote_id).where(outbox.c.key == bindparam("of_key"), outbox.c.status == DONE)
_paused = insert(channel)
_until = _paused.excluded.paused_until
# What a platform asks for must not shorten what an operator wants; a comparison with nothing is not true, so NULL is always set.
PAUSE = _paused.on_conflict_do_update(
    index_elements=["id"],
    set_={"paused_until": sql_case((channel.c.paused_until > _until, channel.c.paused_until), else_=_until)},
)
PAUSED = select(channel.c.id, channel.c.paused_until).where(channel.c.paused_until > bindparam("now")).order_by(channel.c.id)
PULL = (
    select(outbox)
    .where(
        outbox.c.conversation_id == bindparam("conversation"),
        outbox.c.status == TODO,
        outbox.c.id > bindparam("after"),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
ACKNOWLEDGE = (
    update(outbox)
    .where(
        outbox.c.conversation_id == bindparam("conversation"),
        outbox.c.status == TODO,
        outbox.c.id <= bindparam("up_to"),
    )
    .values(status=DONE, body=None, ended_at=outbox.c.at)
)


def rows(turn: Turn, posts: Sequence[Post], now: datetime) -> list[dict[str, object]]:
    """Write posts as rows of the outbox of their channel, or the turn's, in their order."""
    return [
        {
            "key": post.key,
            "channel": post.channel or turn.channel,
            "conversation_id": None if post.channel else turn.conversation,
            "lane": post.lane,
            "body": post.body,
            "due_at": post.due_at or now,
            "at": now,
        }
        for post in posts
    ]


def put(connection: Connection, posts: Sequence[dict[str, object]]) -> None:
    """Put rows into the outbox; a known key changes nothing."""
    if posts:
        connection.execute(PUT, posts)


def settle(connection: Connection, of_channel: str, settled: Sequence[Settled], want: int, now: datetime) -> Sequence[Delivery]:
    """Write how sends ended, then claim up to `want` heads of lanes; the claim is committed before anything is sent."""
    for result, statement in _SETTLE.items():
        if ends := [_ending(of_channel, end, now) for end in settled if end.result is result]:
            connection.execute(statement, ends)
    cases.tie(connection, [end.thread for end in settled if end.thread])
    if want <= 0:
        return ()
    heads = connection.execute(HEADS, {"channel": of_channel, "now": now, "want": want}).all()
    if heads:
        me = f"{socket.gethostname()}:{os.getpid()}"
        connection.execute(TAKE, {"ids": [row.id for row in heads], "until": now + CLAIM, "me": me})
    return [_delivery(row) for row in heads]


def sent(connection: Connection, key: str) -> str | None:
    """Return the channel's id of a message that was sent."""
    found: str | None = connection.execute(SENT, {"of_key": key}).scalar()
    return found


def release(connection: Connection, of_channel: str) -> None:
    """Make the channel's claimed rows due now."""
    connection.execute(RELEASE, {"of_channel": of_channel})


def pause(connection: Connection, of_channel: str, until: datetime | None) -> None:
    """Hold the channel back until a time, or no longer; of two pauses the one that lasts longer counts."""
    connection.execute(PAUSE, {"id": of_channel, "paused_until": until})


def paused(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Return which channels are held back, and until when."""
    return {row.id: row.paused_until for row in connection.execute(PAUSED, {"now": now})}


def pull(connection: Connection, conversation: str, after: int, limit: int) -> Sequence[Delivery]:
    """Return the conversation's waiting rows after an id, oldest first."""
    found = connection.execute(PULL, {"conversation": conversation, "after": after, "limit": limit})
    return [_delivery(row) for row in found]


def acknowledge(connection: Connection, conversation: str, up_to: int) -> None:
    """Count the conversation's rows up to an id as sent."""
    connection.execute(ACKNOWLEDGE, {"conversation": conversation, "up_to": up_to})


def _ending(of_channel: str, end: Settled, now: datetime) -> dict[str, object]:
    """Return what its statement binds; which of it that is depends on the result."""
    match end.result:
        case Result.SENT:
            said: dict[str, object] = {"shown_as": end.remote_id, "now": now}
        case Result.LATER:
            if end.due_at is None:
                raise ValueError("a delivery that is sent later needs its time")
            said = {"again": end.due_at, "refund": int(end.free), "why": end.error}
        case Result.DEAD:
            said = {"why": end.error, "now": now}
    return {"row": end.id, "of_channel": of_channel, **said}


def _delivery(row: Row[Any]) -> Delivery:
    """A row as its channel sees it; the attempt that this reading begins is counted."""
    return Delivery(
        id=row.id,
        key=row.key,
        channel=row.channel,
        conversation=row.conversation_id,
        lane=row.lane,
        body=row.body,
        attempts=row.attempts + 1,
    )
