"""Queues, conversations and timers in SQLite or PostgreSQL; the only room that knows SQL."""

from bot.store.store import SqlStore

__all__ = ["SqlStore"]
