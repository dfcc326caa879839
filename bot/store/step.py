"""The transaction body that handles waiting rows: lock conversations, read their rows, compute, write.

Knows the law of the queue: one row at a time in a conversation, in order, each handled once, and a row that fails three
times is dead. Knows no event and no clock but the stopwatch that keeps the transaction short.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, StatementError

from bot.ports import Compute, Outcome, Tally, Turn
from bot.ports import Row as Body
from bot.store import cases, memory, outbox, timers
from bot.store.inbox import LET_GO
from bot.store.memory import Memory
from bot.store.tables import DEAD, DONE, TODO, conversation, inbox, tally, timer
from bot.store.tables import outbox as outgoing

TRIES: Final = 3
DATABASE_FAULTS: Final = (OperationalError, InterfaceError, InternalError)
"""The database's fault and not a row's: the whole step is given up, the rows keep their tries."""
CONVERSATIONS: Final = 20
ROWS: Final = 200

_oldest = select(inbox.c.id, inbox.c.conversation_id).where(inbox.c.status == TODO).order_by(inbox.c.id).limit(ROWS).subquery()
_heads = select(_oldest.c.conversation_id, func.min(_oldest.c.id).label("id")).group_by(_oldest.c.conversation_id).subquery()
# Conversations are locked, never rows: skipping a locked row would let the next one of its conversation overtake it.
LOCK = (
    select(
        conversation.c.id,
        conversation.c.state,
        conversation.c.question,
        conversation.c.asked_at,
        cases.NEXT.label("number"),
    )
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
# What a person leaves behind that is told to forget; what was sent keeps its key for de-duplication and belongs to nobody.
LEFT_BEHIND = (
    delete(timer).where(timer.c.conversation_id == bindparam("whose")),
    delete(outgoing).where(outgoing.c.conversation_id == bindparam("whose"), outgoing.c.status != DONE),
    update(outgoing).where(outgoing.c.conversation_id == bindparam("whose")).values(conversation_id=None, lane=""),
    *cases.BLANK,
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
    locked = connection.execute(LOCK).all()
    if not locked:
        return 0
    memories = {row.id: Memory(row.state, row.question or "", row.asked_at) for row in locked}
    work = _Work(connection, compute, apologise, now, memories, locked[0].number)
    stop_at = perf_counter() + seconds
    for row in connection.execute(WAITING, {"ids": list(memories)}).all():
        work.handle(row)
        if perf_counter() >= stop_at:
            break
    return work.finish()


@dataclass(frozen=True, slots=True)
class _Computed:
    """What a row comes to."""

    row: Row[Any]
    turn: Turn
    outcome: Outcome
    memory: Memory
    buried: bool = False
    """The row was given up, and this says so."""


@dataclass(slots=True)
class _Work:
    """One step under way: the conversations it has locked, what was computed, and what has to be written at its end.

    Computing touches nothing, so everything is written at once at the end, which costs a fraction of one by one.
    """

    connection: Connection
    compute: Compute
    apologise: Compute
    now: datetime
    memories: dict[str, Memory]
    number: int
    """Of the next case."""
    stuck: set[str] = field(default_factory=set)
    computed: list[_Computed] = field(default_factory=list)
    handled: int = 0

    def handle(self, row: Row[Any]) -> None:
        """Compute one row, unless an earlier one of its conversation has to be tried again first."""
        if row.conversation_id in self.stuck:
            return
        look_up = partial(self._cases, row.conversation_id)
        turn = memory.turn_of(row, self.memories[row.conversation_id], self.number, look_up)
        try:
            done = self._apply(self.compute, row, turn)
        # The one broad except of the engine: whatever a rule raises concerns its own row only.
        except Exception as error:
            if not self._try_again(row, error):
                with suppress(Exception):  # the row is listed as dead with the first error
                    self._take(self._apply(self.apologise, row, turn, buried=True))
            return
        self._take(done)
        self.handled += 1

    def _cases(self, conversation: str) -> list[Body]:
        return [record.body for record in cases.of(self.connection, conversation)]

    def finish(self) -> int:
        """Write everything and return how many rows were handled or given up."""
        try:
            with self.connection.begin_nested():
                self._write(self.computed)
            written = self.computed
        except DATABASE_FAULTS:
            raise
        except Exception:
            written = self._write_one_by_one()
        self._end(written)
        return self.handled

    def _apply(self, rule: Compute, row: Row[Any], turn: Turn, *, buried: bool = False) -> _Computed:
        outcome = rule(turn)
        return _Computed(row, turn, outcome, Memory.after(outcome), buried)

    def _take(self, done: _Computed) -> None:
        self.computed.append(done)
        self.memories[done.turn.conversation] = done.memory
        if done.outcome.case and done.outcome.case.opens:
            self.number = max(self.number, done.outcome.case.number + 1)

    def _try_again(self, row: Row[Any], error: Exception) -> bool:
        """Note that a row failed; False if it is given up."""
        cause = error.orig if isinstance(error, StatementError) and error.orig else error
        name = type(cause).__name__
        if row.attempts + 1 < TRIES:
            self.connection.execute(FAIL, {"row": row.id, "class_name": name})
            self.stuck.add(row.conversation_id)
            return True
        self.connection.execute(BURY, {"row": row.id, "class_name": name, "now": self.now})
        self.handled += 1
        return False

    def _write(self, computed: Sequence[_Computed]) -> None:
        """Write outcomes; what is to be forgotten goes before the posts and timers of that very row come.

        Cases in the order of their numbers, and before what may be another step's too, so that nobody waits in a circle.
        """
        posts: list[dict[str, object]] = []
        timed: list[tuple[Turn, Outcome]] = []
        for done in computed:
            turn, outcome = done.turn, done.outcome
            if outcome.case:
                cases.write(self.connection, turn, outcome.case, self.now)
            if outcome.forget:
                outbox.put(self.connection, posts)
                posts = []
                timed = [one for one in timed if one[0].conversation != turn.conversation]
                for statement in LEFT_BEHIND:
                    self.connection.execute(statement, {"whose": turn.conversation})
            posts += outbox.rows(turn, outcome.posts, self.now)
            timed.append((turn, outcome))
        outbox.put(self.connection, posts)
        timers.change(self.connection, timed)
        cases.note(self.connection, [one for done in computed for one in done.outcome.deeds], self.now)
        last = {done.turn.conversation: memory.columns(done.turn, done.outcome, done.memory, self.now) for done in computed}
        if last:
            self.connection.execute(memory.REMEMBER, list(last.values()))

    def _write_one_by_one(self) -> list[_Computed]:
        """Find the row that cannot be written, and leave out what was computed upon it; return what was written."""
        written: list[_Computed] = []
        unsure: set[str] = set()
        for done in self.computed:
            if done.turn.conversation in unsure:
                self.handled -= 1
                continue
            try:
                with self.connection.begin_nested():
                    self._write([done])
                written.append(done)
            except DATABASE_FAULTS:
                raise
            except Exception as error:
                unsure.add(done.turn.conversation)
                self.memories[done.turn.conversation] = Memory.before(done.turn)
                self.handled -= 1
                fault = not isinstance(error, cases.NumberTaken)  # then there is nothing wrong with the row
                if fault and not done.buried and not self._try_again(done.row, error):
                    written += self._apology(done)
        return written

    def _apology(self, done: _Computed) -> list[_Computed]:
        with suppress(Exception), self.connection.begin_nested():
            said = self._apply(self.apologise, done.row, done.turn, buried=True)
            self._write([said])
            self.memories[done.turn.conversation] = said.memory
            return [said]
        return []

    def _end(self, written: Sequence[_Computed]) -> None:
        """Write what concerns all rows."""
        if ids := [done.row.id for done in written if not done.buried]:
            self.connection.execute(END, {"ids": ids, "now": self.now})
        if forgotten := [name for name, kept in self.memories.items() if kept.state is None]:
            self.connection.execute(LET_GO, {"ids": forgotten})
        if tallies := Counter(tally for done in written for tally in done.outcome.tallies):
            self.connection.execute(COUNT, _counts(tallies, self.now))


def _counts(tallies: Counter[Tally], now: datetime) -> list[dict[str, object]]:
    """Rows to add up, always in the same order, so that two steps never wait for each other in a circle."""
    day = now.astimezone(UTC).date()
    return sorted(
        ({"day": day, "what": t.what, "topic": t.topic, "lang": t.lang, "n": n} for t, n in tallies.items()),
        key=lambda row: (row["what"], row["topic"], row["lang"]),
    )
