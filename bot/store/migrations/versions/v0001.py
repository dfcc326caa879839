"""The first tables: conversations, queues, timers, channels, tallies."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Moment = sa.DateTime(timezone=True)
HOT: Final = {"autovacuum_vacuum_scale_factor": "0.01"}
UNTIL_ENDED: Final = "status = 0"


def upgrade() -> None:
    """Make the tables and their indexes."""
    _conversation()
    _inbox()
    _outbox()
    _timer()
    op.create_table(
        "channel",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text),
        sa.Column("paused_until", Moment),
    )
    op.create_table(
        "tally",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("lang", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop everything: before the first revision there is nothing."""
    for table in ("tally", "channel", "timer", "outbox", "inbox", "conversation"):
        op.drop_table(table)


def _conversation() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.JSON),
        sa.Column("updated_at", Moment, nullable=False),
    )
    op.create_index("conversation_updated", "conversation", ["updated_at"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", Id, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("ext_id", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text),
        sa.Column("body", sa.JSON),
        sa.Column("status", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text),
        sa.Column("at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.UniqueConstraint("source", "ext_id", name="inbox_arrival"),
        sqlite_autoincrement=True,
        postgresql_with=HOT,
    )
    _partial("inbox_todo", "inbox", ["id"], UNTIL_ENDED)
    _partial("inbox_conversation", "inbox", ["conversation_id", "id"], UNTIL_ENDED)
    _partial("inbox_dead", "inbox", ["id"], "status = 2")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", Id, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("body", sa.JSON),
        sa.Column("status", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("remote_id", sa.Text),
        sa.Column("at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.UniqueConstraint("key", name="outbox_key"),
        sqlite_autoincrement=True,
        postgresql_with=HOT,
    )
    _partial("outbox_todo", "outbox", ["channel", "id"], UNTIL_ENDED)
    _partial("outbox_lane", "outbox", ["channel", "lane", "id"], UNTIL_ENDED)
    _partial("outbox_conversation", "outbox", ["conversation_id", "id"], UNTIL_ENDED)
    _partial("outbox_dead", "outbox", ["id"], "status = 2")


def _timer() -> None:
    op.create_table(
        "timer",
        sa.Column("id", Id, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("due_at", Moment, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.Text, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("fired", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("key", name="timer_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("timer_due", "timer", ["due_at"], postgresql_where=sa.text("NOT fired"), sqlite_where=sa.text("fired = 0"))


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    """Index only the rows that still matter, on both databases."""
    op.create_index(name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))
