"""What Alembic runs around a revision. Takes its open transaction from `migrate.py`; opens and configures nothing."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # All of a migration or nothing, also on SQLite, whose DDL is transactional (Alembic assumes it is not).
    transactional_ddl=True,
)
context.run_migrations()
