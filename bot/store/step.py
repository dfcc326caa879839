"""The transaction body that handles waiting rows: lock conversations, read their rows, compute, write.

Knows the law of the queue: one row at a time in a conversation, in order, each handled once, and a row that fails three
times is dead. Knows no event and no clock but the stopwatch that keeps the transaction short.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, StatementError

from bot.ports import Compute, Outcome, Tally, Turn
from bot.ports import Row as State
from bot.store import outbox, timers
from bot.store.tables import DEAD, DONE, TODO, conversation, inbox, tally, timer
from bot.store.tables import outbox as outgoing

TRIES: Final = 3
CONVERSATIONS: Final = 20
ROWS: Final = 200

_oldest = select(inbox.c.id, inbox.c.conversation_id).where(inbox.c.status == TODO).order_by(inbox.c.id).limit(ROWS).subquery()
_heads = select(_oldest.c.conversation_id, func.min(_oldest.c.id).label("id")).group_by(_oldest.c.conversation_id).subquery()
# Conversations are locked, never rows: skipping a locked row would let the next one of its conversation overtake it.
LOCK = (
    select(conversation.c.id, conversation.c.state)
    .join(_heads, _heads.c.conversation_id == conversation.c.id)
    .order_by(_heads.c.id)
    .limit(CONVERSATIONS)
    .with_for_update(skip_locked=True, of=conversation)
)
# A second statement, so that it sees what the one who held the lock before us has done.
WAITING = (
    select(inbox)
    .where(inbox.c.conversation_id.in_(bindparam("ids", expanding=True)), inbox.c.status == TODO)
    .order_by(inbox.c.id)
    .limit(ROWS)
)
REMEMBER = (
    update(conversation)
    .where(conversation.c.id == bindparam("conversation"))
    .values(state=bindparam("outcome"), updated_at=bindparam("now"))
)
# A conversation of which nothing is remembered goes, unless something waits that needs its row for a lock.
LET_GO = delete(conversation).where(
    conversation.c.id.in_(bindparam("ids", expanding=True)),
    conversation.c.state.is_(None),
    ~select(inbox.c.id).where(inbox.c.conversation_id == conversation.c.id, inbox.c.status == TODO).exists(),
)
# What a person leaves behind that is told to forget; what was sent keeps its key for de-duplication and belongs to nobody.
LEFT_BEHIND = (
    delete(timer).where(timer.c.conversation_id == bindparam("whose")),
    delete(outgoing).where(outgoing.c.conversation_id == bindparam("whose"), outgoing.c.status != DONE),
    update(outgoing).where(outgoing.c.conversation_id == bindparam("whose")).values(conversation_id=None, lane=""),
)
# The text goes with the transaction that handled it; source and id stay, so that the same arrival is known again.
END = (
    update(inbox)
    .where(inbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(status=DONE, body=None, error=None, ended_at=bindparam("now"))
)
FAIL = update(inbox).where(inbox.c.id == bindparam("row")).values(attempts=inbox.c.attempts + 1, error=bindparam("class_name"))
BURY = FAIL.values(status=DEAD, ended_at=bindparam("now"))

_one = insert(tally)
COUNT = _one.on_conflict_do_update(index_elements=["day", "what", "topic", "lang"], set_={"n": tally.c.n + _one.excluded.n})


def step(connection: Connection, compute: Compute, apologise: Compute, now: datetime, seconds: float) -> int:
    """Handle waiting rows until the time is up, at least one, and return how many were handled or given up."""
    states = {row.id: row.state for row in connection.execute(LOCK)}
    if not states:
        return 0
    work = _Work(connection, compute, apologise, now, states)
    stop_at = perf_counter() + seconds
    for row in connection.execute(WAITING, {"ids": list(states)}).all():
        work.handle(row)
        if perf_counter() >= stop_at:
            break
    work.finish()
    return work.handled


@dataclass(slots=True)
class _Work:
    """One step under way: the conversations it has locked and what it has to write at its end."""

    connection: Connection
    compute: Compute
    apologise: Compute
    now: datetime
    states: dict[str, State | None]
    stuck: set[str] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    tallies: Counter[Tally] = field(default_factory=Counter)
    handled: int = 0

    def handle(self, row: Row[Any]) -> None:
        """Handle one row, unless an earlier one of its conversation has to be tried again first."""
        if row.conversation_id in self.stuck:
            return
        turn = _turn(row, self.states[row.conversation_id])
        wrong = self._apply(self.compute, turn)
        if wrong is None:
            self.done.append(row.id)
        elif row.attempts + 1 < TRIES:
            self.connection.execute(FAIL, {"row": row.id, "class_name": wrong})
            self.stuck.add(row.conversation_id)
            return
        else:
            self.connection.execute(BURY, {"row": row.id, "class_name": wrong, "now": self.now})
            # Should the apology fail as well, the row is still listed as dead, with the first error.
            self._apply(self.apologise, turn)
        self.handled += 1

    def finish(self) -> None:
        """Write what concerns all handled rows."""
        if self.done:
            self.connection.execute(END, {"ids": self.done, "now": self.now})
        if forgotten := [conversation for conversation, state in self.states.items() if state is None]:
            self.connection.execute(LET_GO, {"ids": forgotten})
        if self.tallies:
            self.connection.execute(COUNT, _counts(self.tallies, self.now))

    def _apply(self, rule: Compute, turn: Turn) -> str | None:
        """Compute and write one outcome, or nothing of it: return None, or the class name of what went wrong."""
        try:
            with self.connection.begin_nested():
                outcome = rule(turn)
                self._write(turn, outcome)
        except (OperationalError, InterfaceError, InternalError):
            # The database's fault and not the row's: give up the whole step, the row keeps its tries.
            raise
        except Exception as error:
            # The one broad except of the engine: whatever a rule raises concerns its own row only.
            cause = error.orig if isinstance(error, StatementError) and error.orig else error
            return type(cause).__name__
        # Through JSON, so that the next row finds the same whether or not it falls into this step.
        self.states[turn.conversation] = json.loads(json.dumps(outcome.state))
        self.tallies.update(outcome.tallies)
        return None

    def _write(self, turn: Turn, outcome: Outcome) -> None:
        """Write what belongs to one row; what is to be forgotten goes before the posts of this very row come."""
        if outcome.forget:
            for statement in LEFT_BEHIND:
                self.connection.execute(statement, {"whose": turn.conversation})
        self.connection.execute(REMEMBER, {"conversation": turn.conversation, "outcome": outcome.state, "now": self.now})
        outbox.put(self.connection, turn, outcome.posts, self.now)
        timers.cancel(self.connection, outcome.cancel)
        timers.put(self.connection, turn, outcome.timers)


def _turn(row: Row[Any], state: State | None) -> Turn:
    return Turn(
        inbox_id=row.id,
        source=row.source,
        ext_id=row.ext_id,
        channel=row.channel,
        conversation=row.conversation_id,
        state=state,
        body=row.body,
        at=row.at,
    )


def _counts(tallies: Counter[Tally], now: datetime) -> list[dict[str, object]]:
    """Rows to add up, always in the same order, so that two steps never wait for each other in a circle."""
    day = now.astimezone(UTC).date()
    return sorted(
        ({"day": day, "what": t.what, "topic": t.topic, "lang": t.lang, "n": n} for t, n in tallies.items()),
        key=lambda row: (row["what"], row["topic"], row["lang"]),
    )
