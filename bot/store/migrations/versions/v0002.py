"""Cases with their threads, links and deeds; what a conversation asked last, apart from the rest because it goes sooner."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Moment = sa.DateTime(timezone=True)
REMEMBERED: Final = ("question", "asked_at", "keeps_contacts")


def upgrade() -> None:
    """Add the columns and make the tables; nobody has asked anything yet."""
    op.add_column("conversation", sa.Column("question", sa.JSON))
    op.add_column("conversation", sa.Column("asked_at", Moment))
    op.add_column("conversation", sa.Column("keeps_contacts", sa.Boolean, nullable=False, server_default=sa.false()))
    _cases()
    _desks()


def downgrade() -> None:
    """Drop them."""
    for table in ("deed", "link", "thread", "cases"):
        op.drop_table(table)
    for column in REMEMBERED:
        op.drop_column("conversation", column)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("number", Id, primary_key=True, autoincrement=False),
        sa.Column("conversation_id", sa.Text),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("town", sa.Text, nullable=False),
        sa.Column("body", sa.JSON),
        sa.Column("opened_at", Moment, nullable=False),
        sa.Column("closed_at", Moment),
    )
    op.create_index("cases_conversation", "cases", ["conversation_id"])


def _desks() -> None:
    op.create_table(
        "thread",
        sa.Column("desk", sa.Text, primary_key=True),
        sa.Column("thread", sa.Text, primary_key=True),
        sa.Column("case_number", Id, nullable=False),
        sa.UniqueConstraint("desk", "case_number", name="thread_case"),
    )
    op.create_table(
        "link",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("case_number", Id, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_table(
        "deed",
        sa.Column("id", Id, primary_key=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("case_number", Id, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
    )
