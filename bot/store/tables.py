"""The tables, as SQLAlchemy Core sees them; the same on SQLite and PostgreSQL.

Knows columns, indexes and how a moment is stored. Knows no statement and no rule. A change here needs a revision in
`migrations/versions/` and a new `HEAD`; a test compares the two.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    literal_column,
)

HEAD: Final = "0002"
"""The revision this code works with. Revisions are numbered, so a greater one is newer."""

TODO: Final = literal_column("0", Integer)
DONE: Final = literal_column("1", Integer)
DEAD: Final = literal_column("2", Integer)
"""What `status` says. DONE also stands for a dead row that was discarded: it needs nothing more and keeps its error.

Written into the SQL, not bound: no planner uses a partial index for a value it cannot see.
"""


class Moment(TypeDecorator[datetime]):
    """An aware time, stored as UTC so that it sorts and compares the same on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; SQLite keeps no offset, so it is given the UTC clock."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time; PostgreSQL answers in the zone of its session."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
Body = JSON(none_as_null=True)
HOT: Final = {"autovacuum_vacuum_scale_factor": "0.01"}

metadata = MetaData()
bookkeeping = MetaData()

revision = Table("alembic_version", bookkeeping, Column("version_num", String(32), primary_key=True))

conversation = Table(
    "conversation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("state", Body),
    Column("updated_at", Moment, nullable=False),
    # A text, but as JSON: PostgreSQL keeps no NUL in a text and no database half a character, and people send both.
    Column("question", Body),
    Column("asked_at", Moment),
    Column("keeps_contacts", Boolean, nullable=False, server_default=false()),
    Index("conversation_updated", "updated_at"),
)

# Ids are never reused (sqlite_autoincrement): a timer's id names its arrival, a page resumes after an outbox id.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("ext_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("conversation_id", Text),
    Column("body", Body),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("source", "ext_id", name="inbox_arrival"),
    sqlite_autoincrement=True,
    postgresql_with=HOT,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("conversation_id", Text),
    Column("lane", Text, nullable=False),
    Column("body", Body),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment, nullable=False),
    Column("claimed_by", Text),
    Column("error", Text),
    Column("remote_id", Text),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("key", name="outbox_key"),
    sqlite_autoincrement=True,
    postgresql_with=HOT,
)

timer = Table(
    "timer",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("channel", Text, nullable=False),
    Column("conversation_id", Text, nullable=False),
    Column("body", Body, nullable=False),
    Column("fired", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("key", name="timer_key"),
    sqlite_autoincrement=True,
)

# A number is given by the turn that opens a case, and never again: of one that is forgotten the row stays, without whose it
# was and what it was about. The channel stands here too because a case outlives what is remembered of its conversation.
case = Table(
    "cases",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("conversation_id", Text),
    Column("channel", Text, nullable=False),
    Column("town", Text, nullable=False),
    Column("body", Body),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index("cases_conversation", "conversation_id"),
)

thread = Table(
    "thread",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("case_number", Id, nullable=False),
    UniqueConstraint("desk", "case_number", name="thread_case"),
)

link = Table(
    "link",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("desk", Text, nullable=False),
    Column("case_number", Id, nullable=False),
    Column("at", Moment, nullable=False),
)

deed = Table(
    "deed",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("case_number", Id, nullable=False),
    Column("what", Text, nullable=False),
    Column("desk", Text, nullable=False),
    Column("staff", Text, nullable=False),
)

channel = Table(
    "channel",
    metadata,
    Column("id", Text, primary_key=True),
    Column("cursor", Text),
    Column("paused_until", Moment),
)

tally = Table(
    "tally",
    metadata,
    Column("day", Date, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("lang", Text, primary_key=True),
    Column("n", Integer, nullable=False),
)


# Only rows that still matter are indexed, so these stay small while ended rows pile up for their retention.
for _name, _columns, _where in (
    ("inbox_todo", (inbox.c.id,), inbox.c.status == TODO),
    ("inbox_conversation", (inbox.c.conversation_id, inbox.c.id), inbox.c.status == TODO),
    ("inbox_dead", (inbox.c.id,), inbox.c.status == DEAD),
    ("outbox_todo", (outbox.c.channel, outbox.c.id), outbox.c.status == TODO),
    ("outbox_lane", (outbox.c.channel, outbox.c.lane, outbox.c.id), outbox.c.status == TODO),
    ("outbox_conversation", (outbox.c.conversation_id, outbox.c.id), outbox.c.status == TODO),
    ("outbox_dead", (outbox.c.id,), outbox.c.status == DEAD),
    ("timer_due", (timer.c.due_at,), ~timer.c.fired),
):
    Index(_name, *_columns, postgresql_where=_where, sqlite_where=_where)
