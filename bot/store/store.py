"""The Store of `bot.ports`, on SQLite or PostgreSQL: each method is one transaction whose body has a module of its own.

Knows how a database is opened and which body belongs to which method. Knows no SQL beyond the check of the revision.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Self

from sqlalchemy import Connection, insert, inspect, select

from bot.errors import StoreError
from bot.ports import Arrival, CaseRecord, Compute, DeadLetter, Delivery, FoundCase, Lease, Retention, Settled, Status
from bot.store import cases, inbox, outbox, timers, upkeep
from bot.store.database import Database, is_postgres
from bot.store.lease import Lead, Sole
from bot.store.step import step
from bot.store.tables import HEAD, bookkeeping, metadata, revision
from bot.store.wire import Wire

STEP_SECONDS: Final = 0.03
"""Short, because on SQLite a step keeps everybody else from writing; a shorter one costs more commits."""


class SqlStore:
    """Keeps queues, conversations, cases and timers in a database; `SqlStore.open` makes one."""

    def __init__(self, database: Database, *, step_seconds: float = STEP_SECONDS) -> None:
        """Take over an open database whose tables fit this code; a step goes on taking rows for so many seconds."""
        self._database = database
        self._step_seconds = step_seconds
        self._wire = Wire(database.url)
        self._lead: Lead | None = None
        """The lease as we had it last; we may have lost it."""
        self._candidate: Lead | None = None

    @classmethod
    async def open(cls, url: str, *, serve: bool = False, step_seconds: float = STEP_SECONDS) -> Self:
        """Open the database at `url`; with `serve`, a SQLite installation is held against other processes.

        A database in memory gets its tables here; any other is brought up by `bot.store.migrate.upgrade` before.
        Errors: Locked, or StoreError for an address, a server, a file or a revision that cannot be used.
        """
        database = Database(url)
        try:
            if serve:
                database.hold()
            if database.in_memory:
                await database.run(_make_tables)
            await database.run(check_revision)
        except BaseException:
            await database.close()
            raise
        return cls(database, step_seconds=step_seconds)

    async def lead(self) -> Lease | None:
        """Get the lease, unless another process has it; from now on only with it is anything claimed."""
        if not is_postgres(self._database.url):
            return Sole()
        lead, self._candidate = self._candidate or Lead(self._database.url), None
        try:
            taken = await lead.take()
        except BaseException:
            await lead.give_back()
            raise
        if not taken:
            self._candidate = lead
            return None
        self._lead = lead
        return lead

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Hear what other processes tell."""
        await self._wire.listen(heard)

    def tell(self, what: str) -> None:
        """Tell the other processes."""
        self._wire.tell(what)

    async def ingest(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> int:
        """Keep new arrivals and the source's cursor."""
        return await self._database.run(inbox.ingest, arrivals, cursor)

    async def cursor(self, source: str) -> str | None:
        """Return the source's cursor."""
        return await self._database.run(inbox.cursor, source)

    async def step(self, compute: Compute, apologise: Compute, now: datetime) -> int:
        """Handle waiting arrivals of some conversations."""
        return await self._database.run(step, compute, apologise, now, self._step_seconds)

    async def settle(self, channel: str, settled: Sequence[Settled], want: int, now: datetime) -> Sequence[Delivery]:
        """Write how sends ended and claim the next ones."""
        # How a send ended is true whoever leads now; what is sent next is only the leader's to say.
        run = self._lead.run if self._lead and want > 0 else self._database.run
        return await run(outbox.settle, channel, settled, want, now)

    async def release(self, channel: str) -> None:
        """Make claimed rows due."""
        await (self._lead or self._database).run(outbox.release, channel)

    async def pause(self, channel: str, until: datetime | None) -> None:
        """Hold a channel back."""
        await self._database.run(outbox.pause, channel, until)

    async def paused(self, now: datetime) -> Mapping[str, datetime]:
        """Return which channels are held back."""
        return await self._database.run(outbox.paused, now)

    async def pull(self, conversation: str, after: int, limit: int = 100) -> Sequence[Delivery]:
        """Return what a page has not shown."""
        return await self._database.run(outbox.pull, conversation, after, limit)

    async def acknowledge(self, conversation: str, up_to: int) -> None:
        """Note what a page has shown."""
        await self._database.run(outbox.acknowledge, conversation, up_to)

    async def fire(self, now: datetime) -> datetime | None:
        """Move due timers into the inbox."""
        return await self._database.run(timers.fire, now)

    async def forget(self, conversation: str) -> None:
        """Delete what is known of a conversation."""
        await self._database.run(upkeep.forget, conversation)

    async def thread(self, desk: str, case: int) -> str | None:
        """Return the thread of a case."""
        return await self._database.run(cases.tied, desk, case)

    async def sent(self, key: str) -> str | None:
        """Return the id of a message that was sent."""
        return await self._database.run(outbox.sent, key)

    async def cases(self, conversation: str) -> Sequence[CaseRecord]:
        """Return a conversation's cases."""
        return await self._database.run(cases.of, conversation)

    async def keep_link(self, digest: str, desk: str, case: int, now: datetime) -> None:
        """Keep a link to a case."""
        await self._database.run(cases.keep_link, digest, desk, case, now)

    async def linked_case(self, digest: str, now: datetime) -> tuple[str, FoundCase] | None:
        """Return the case that a link leads to."""
        return await self._database.run(cases.linked, digest, now)

    async def dead(self) -> Sequence[DeadLetter]:
        """Return the rows that were given up."""
        return await self._database.run(upkeep.dead)

    async def retry(self, queue: str, id: int) -> bool:
        """Give a dead row another life."""
        return await self._database.run(upkeep.retry, queue, id)

    async def discard(self, queue: str, id: int) -> bool:
        """Take a dead row off the list."""
        return await self._database.run(upkeep.discard, queue, id)

    async def purge(self, now: datetime, keep: Retention) -> int:
        """Delete what is too old."""
        return await self._database.run(upkeep.purge, now, keep)

    async def status(self, now: datetime) -> Status:
        """Return counts."""
        return await self._database.run(upkeep.status, now)

    async def close(self) -> None:
        """Let go of the database; closing twice is no error."""
        for lead in filter(None, (self._lead, self._candidate)):
            await lead.give_back()
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _make_tables(connection: Connection) -> None:
    """Make what the revisions would make, without the half second that Alembic takes; a test compares the two."""
    metadata.create_all(connection)
    bookkeeping.create_all(connection)
    connection.execute(insert(revision).values(version_num=HEAD))


def check_revision(connection: Connection) -> None:
    """Refuse tables that this code was not written for. Errors: StoreError."""
    known = inspect(connection).has_table(revision.name)
    found = connection.execute(select(revision.c.version_num)).scalar() if known else None
    if found is None:
        raise StoreError("the database has no tables of ours yet: run `teejuht db upgrade`")
    if found < HEAD:
        raise StoreError(f"the database is at revision {found}, this teejuht needs {HEAD}: run `teejuht db upgrade`")
    if found > HEAD:
        raise StoreError(
            f"the database is at revision {found}, newer than this teejuht ({HEAD}): "
            "install the newer version again, or restore a backup"
        )
