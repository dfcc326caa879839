"""The key store opens where it is told to, survives lost connections, and nobody else can read its file."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import peewee
import psycopg
import pytest
from nio.crypto import OlmAccount, OlmDevice
from nio.store.models import Accounts

from bot.errors import StoreError
from bot.platforms.matrix.keys import KeyStore, Login
from tests.peers.postgres import Postgres

BOT = "@bot:example.org"
LOGIN = Login(user=BOT, device="BOTDEVICE", token="secret-token", homeserver="https://example.org")


def test_two_processes_open_at_once(address: str) -> None:
    """Whoever comes first makes the tables, and the other finds them."""
    code = "import sys; from bot.platforms.matrix.keys import KeyStore; KeyStore.open(sys.argv[1]).close()"
    opening = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, address]) for _ in range(2)]
    assert [process.wait(60) for process in opening] == [0, 0]


def test_a_newer_key_store_is_left_alone(address: str) -> None:
    """Tables that a later release has changed are not touched."""
    with closing(KeyStore.open(address)) as keys:
        keys._database.execute_sql("UPDATE storeversion SET version = 3")
    with pytest.raises(StoreError, match="tables of version 3"):
        KeyStore.open(address)


@pytest.fixture
def postgres_address(server: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    yield server.create("keys-alone")
    server.drop("keys-alone")


def end_connections(address: str) -> None:
    """End every other connection to a database, as a restart of the server does."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_lost_connection_is_made_anew(postgres_address: str) -> None:
    """The next call works, be it a read, a write or a transaction, and finds its tables."""
    with closing(KeyStore.open(postgres_address)) as keys:
        end_connections(postgres_address)
        keys.keep(LOGIN)
        end_connections(postgres_address)
        assert keys.login(BOT) == LOGIN
        store = keys.store(BOT, "BOTDEVICE", "", "", "")
        end_connections(postgres_address)
        store.save_account(OlmAccount())
        end_connections(postgres_address)
        store.save_device_keys({"@a:b": {"PHONE": OlmDevice("@a:b", "PHONE", {"ed25519": "key"})}})
        end_connections(postgres_address)
        assert store.load_device_keys()["@a:b"]["PHONE"].ed25519 == "key"


def test_a_connection_lost_in_a_transaction_takes_it_along(postgres_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of it is never written: the caller hears of it, and the next call works."""
    with closing(KeyStore.open(postgres_address)) as keys:
        store = keys.store(BOT, "BOTDEVICE", "", "", "")
        store.save_account(OlmAccount())
        keys.keep(LOGIN)
        delete = Accounts.delete

        def lost() -> object:
            end_connections(postgres_address)
            return delete()

        monkeypatch.setattr(Accounts, "delete", lost)
        with pytest.raises(peewee.PeeweeException):
            keys.forget(BOT)
        assert (keys.login(BOT), keys.has_keys(LOGIN)) == (LOGIN, True)


def test_the_tables_are_in_a_schema_of_their_own(postgres_address: str) -> None:
    """The bot's own tables are beside them, in the same database."""
    KeyStore.open(postgres_address.replace("postgresql://", "postgresql+psycopg://")).close()
    with psycopg.connect(postgres_address) as connection:
        found = connection.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('logins', 'accounts')")
        assert found.fetchall() == [("matrix",)]


def test_a_password_with_strange_characters_is_not_taken_for_a_host(server: Postgres) -> None:
    """Addresses are read as the bot's own database reads them, and errors never show the password."""
    address = server.url("no-such-database").replace("postgres@", "postgres:se/cret%40@")
    with pytest.raises(StoreError) as caught:
        KeyStore.open(address)
    assert "no-such-database" in str(caught.value)
    assert "does not exist" in str(caught.value)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("address", ["mysql://host/name", "data/matrix.db", "postgresql://me:p@ss@host/name", "sqlite:x"])
def test_other_addresses_are_refused(address: str) -> None:
    """Only what can be opened is, and what was written is not repeated: it may hold a password."""
    with pytest.raises(StoreError, match=r"write sqlite:///FILE or postgresql://HOST/NAME") as caught:
        KeyStore.open(address)
    assert address not in str(caught.value)


def test_a_server_that_is_not_there() -> None:
    """The error names the place."""
    with pytest.raises(StoreError, match=r"postgresql://127.0.0.1:1/name cannot be opened: .*refused"):
        KeyStore.open("postgresql://me:secret@127.0.0.1:1/name")


def test_a_file_is_private_from_the_start(tmp_path: Path) -> None:
    """Whatever the umask, nobody else may read the file or its companions."""
    file = tmp_path / "new" / "folder" / "matrix.db"
    before = os.umask(0)
    try:
        with closing(KeyStore.open(f"sqlite+pysqlite:///{file}")) as keys:
            keys.keep(LOGIN)
            modes = {part.name: stat.S_IMODE(part.stat().st_mode) for part in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"matrix.db": 0o600, "matrix.db-wal": 0o600, "matrix.db-shm": 0o600}


def test_a_file_that_was_open_to_others_is_made_private(tmp_path: Path) -> None:
    """A copy from a backup may have come with any mode."""
    file = tmp_path / "matrix.db"
    KeyStore.open(f"sqlite:///{file}").close()
    file.chmod(0o644)
    KeyStore.open(f"sqlite:///{file}").close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_is_safe_against_power_cuts(tmp_path: Path) -> None:
    """What was written is written."""
    with closing(KeyStore.open(f"sqlite:///{tmp_path / 'matrix.db'}")) as keys:
        pragma = keys._database.pragma
        found = [pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")]
    assert found == ["wal", 2, 1, 5000, 1]


def test_what_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """The error says so and names the file."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database\n" * 100)
    with pytest.raises(StoreError, match=r"notes\.txt cannot be opened: file is not a database"):
        KeyStore.open(f"sqlite:///{file}")
    assert file.read_text().startswith("not a database")


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    """A folder, and a path through a file."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="unable to open database file"):
        KeyStore.open(f"sqlite:///{tmp_path}")
    with pytest.raises(StoreError, match=r"Not a directory|File exists"):
        KeyStore.open(f"sqlite:///{tmp_path}/file/matrix.db")
    assert tmp_path.is_dir()
    assert stat.S_IMODE(tmp_path.stat().st_mode) & 0o100


def test_memory_is_a_place_too() -> None:
    """A store in memory works like any other."""
    with closing(KeyStore.open("sqlite://")) as keys:
        keys.keep(LOGIN)
        assert keys.login(BOT) == LOGIN
