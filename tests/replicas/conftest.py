"""A real PostgreSQL with a database for each test, which several stores, engines or processes share."""

from tests.store.conftest import postgres_url, server, sqlite_url

__all__ = ["postgres_url", "server", "sqlite_url"]
