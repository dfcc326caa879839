"""`teejuht db`: copying all that is kept to another place, into a file and back; what is refused, and that nothing is told."""

import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from nio.crypto import OlmAccount

from bot.copies import KEYS
from bot.platforms.matrix import KeyStore, Login
from bot.platforms.matrix.keys import OUTLIVED
from bot.store.migrate import downgrade, revision, upgrade
from bot.store.tables import HEAD, metadata
from tests.cli.conftest import Done, Teejuht
from tests.cli.test_processes import free_port, started, wait_for
from tests.matrix.test_keys import a_session
from tests.peers.postgres import Postgres, postgres
from tests.store.rows import SOME, contents, put

LOGIN: Final = Login(user="@bot:example.org", device="D", token="secret-token", homeserver="https://example.org")
DATABASE: Final = "sqlite:///data/teejuht.db"
KEY_FILE: Final = Path("data/matrix.db")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with postgres() as running:
        yield running


@pytest.fixture
def on_server(server: Postgres) -> Iterator[str]:
    """An empty database on it, its address with a password that nobody asks for."""
    yield server.create("moved").replace("postgres@", "postgres:GEHEIM@")
    server.drop("moved")


@pytest.fixture
def filled(room: Path) -> Path:
    """An installation with the default settings that has kept something of everything."""
    upgrade(DATABASE)
    put(DATABASE, SOME)
    keep_login(f"sqlite:///{KEY_FILE}")
    return room


def keep_login(address: str) -> None:
    """Log the bot in, as far as the key store knows."""
    with closing(KeyStore.open(address)) as keys:
        keys.keep(LOGIN)
        store = keys.store(LOGIN.user, LOGIN.device, "", "", "")
        store.save_account(OlmAccount())
        store.save_session("curve", a_session())


def logged_in(address: str) -> bool:
    """Whether the login and its keys are there."""
    with closing(KeyStore.open(address)) as keys:
        return keys.login(LOGIN.user) == LOGIN and keys.has_keys(LOGIN)


def sessions_go_on(address: str) -> bool:
    """Whether the bot will go on with the sessions that it has with other devices, rather than begin new ones."""
    with closing(KeyStore.open(address)) as keys:
        sessions = keys.store(LOGIN.user, LOGIN.device, "", "", "").load_sessions()["curve"]
    return [session.use_time == OUTLIVED for session in sessions] == [False]


def told(done: Done) -> dict[str, int]:
    """Read the table of counts."""
    assert done.code == 0, done.err
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in done.out.splitlines() if "│" in line]
    return {name: int(count) for name, count in rows}


ALL: Final = {table.name: len(rows) for table, rows in SOME.items()} | {KEYS: 3}


# --- copy


def test_moving_up(teejuht: Teejuht, filled: Path, on_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the file to a server, keys and all, and back; what is told adds up and holds no secret."""
    assert filled.is_dir()
    up = teejuht("db", "copy", DATABASE, on_server)
    assert told(up) == ALL
    assert contents(on_server) == contents(DATABASE)
    assert logged_in(on_server)
    assert sessions_go_on(on_server)
    assert "GEHEIM" not in up.out + up.err
    monkeypatch.setenv("TEEJUHT_MATRIX_KEYS", "back/matrix.db")
    monkeypatch.setenv("TEEJUHT_DATABASE", on_server)
    down = teejuht("db", "copy", "configured", "sqlite:///back/teejuht.db")
    assert told(down) == ALL
    assert contents("sqlite:///back/teejuht.db") == contents(DATABASE)
    assert logged_in("sqlite:///back/matrix.db")


def test_a_bot_without_matrix_is_moved_without(teejuht: Teejuht, filled: Path, on_server: str) -> None:
    """And no key store is made."""
    (filled / KEY_FILE).unlink()
    assert told(teejuht("db", "copy", "configured", on_server)) == ALL | {KEYS: 0}
    assert not (filled / KEY_FILE).exists()


def test_from_file_to_file_the_keys_stay(teejuht: Teejuht, filled: Path) -> None:
    """Their place is a setting of its own."""
    done = teejuht("db", "copy", "configured", f"sqlite:///{filled}/data/new.db")
    assert told(done) == {name: count for name, count in ALL.items() if name != KEYS}
    assert contents("sqlite:///data/new.db") == contents(DATABASE)
    assert logged_in(f"sqlite:///{KEY_FILE}")


def test_a_target_with_a_login_gets_nothing_at_all(teejuht: Teejuht, filled: Path, on_server: str) -> None:
    """Conversations without their keys would be half a bot."""
    assert filled.is_dir()
    keep_login(on_server)
    done = teejuht("db", "copy", DATABASE, on_server)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("teejuht: the key store postgresql://127.0.0.1")
    assert "is not empty" in done.err
    assert "GEHEIM" not in done.err
    assert not any(contents(on_server).values())


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("data/teejuht.db", "configured", 2, "write sqlite:///FILE, postgresql://HOST/NAME or configured"),
        ("configured", "mysql://u:GEHEIM@h/n", 2, "write sqlite:///FILE, postgresql://HOST/NAME or configured"),
        ("configured", "configured", 1, "cannot be copied into itself"),
        ("sqlite:///data/none.db", "configured", 1, "there is no database"),
        ("sqlite:///none/teejuht.db", "configured", 1, "there is no database"),
        ("configured", "postgresql://u:GEHEIM@127.0.0.1:1/n", 1, "refused"),
    ],
)
def test_what_cannot_be_copied(teejuht: Teejuht, filled: Path, source: str, target: str, code: int, said: str) -> None:
    """One line says why."""
    before = sorted((filled / "data").iterdir())
    done = teejuht("db", "copy", source, target)
    assert (done.code, done.out) == (code, "")
    [line] = done.err.splitlines()
    assert line.startswith("teejuht: ")
    assert said in line
    assert "GEHEIM" not in line
    assert {path.name for path in (filled / "data").iterdir()} - {path.name for path in before} <= {"bot.lock"}
    assert not (filled / "none").exists()


# --- backup and restore


def move_away(room: Path) -> None:
    """Do what the operator is told to do before a restore."""
    (room / "data").rename(room / "old")


def test_a_backup_brings_everything_back(teejuht: Teejuht, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file that nobody else may read holds all of it; nothing else is left beside it.

    With other people's devices new sessions will begin, as the old ones may have gone on since.
    """
    before = contents(DATABASE)
    backup = teejuht("db", "backup", "night.db")
    assert told(backup) == ALL
    file = filled / "night.db"
    assert backup.err.splitlines()[-1] == f"night.db: {file.stat().st_size:,} bytes, revision {HEAD}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in filled.iterdir() if path.name.startswith("night")] == ["night.db"]
    move_away(filled)
    whole = file.read_bytes()
    monkeypatch.chdir(filled)
    restore = teejuht("db", "restore", "night.db")
    assert told(restore) == ALL
    assert (contents(DATABASE), logged_in(f"sqlite:///{KEY_FILE}")) == (before, True)
    assert file.read_bytes() == whole
    assert not sessions_go_on(f"sqlite:///{KEY_FILE}")
    assert sessions_go_on("sqlite:///old/matrix.db")
    assert sorted(path.name for path in filled.iterdir() if path.name.startswith("night")) == ["night.db"]


def test_a_backup_from_a_server(teejuht: Teejuht, filled: Path, on_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same file, and either kind of database takes it."""
    teejuht("db", "copy", DATABASE, on_server)
    monkeypatch.setenv("TEEJUHT_DATABASE", on_server)
    backup = teejuht("db", "backup", "night.db")
    assert told(backup) == ALL
    assert "GEHEIM" not in backup.out + backup.err
    again = teejuht("db", "restore", "night.db")
    assert (again.code, again.out) == (1, "")
    assert "is not empty" in again.err
    before = contents(DATABASE)
    monkeypatch.delenv("TEEJUHT_DATABASE")
    move_away(filled)
    assert told(teejuht("db", "restore", "night.db")) == ALL
    assert contents(DATABASE) == before


def test_a_backup_while_the_bot_runs(teejuht: Teejuht, filled: Path, small_knowledge: Path) -> None:
    """It takes no notice; a restore and a copy are refused as long as it runs."""
    database = f"sqlite:///{filled}/data/teejuht.db"
    with started("serve", knowledge=small_knowledge, web_port=free_port(), database=database, admin_bind="") as served:
        wait_for(served, "Web page")
        assert told(teejuht("db", "backup", "night.db"))["cases"] == len(SOME[metadata.tables["cases"]])
        for verb in (["restore", "night.db"], ["copy", "configured", "sqlite:///new/teejuht.db"]):
            done = teejuht("db", *verb)
            assert (done.code, done.out) == (1, "")
            assert "another teejuht already serves" in done.err
    assert not (filled / "new" / "teejuht.db").exists()


def test_an_older_backup_is_brought_up(teejuht: Teejuht, filled: Path) -> None:
    """On the way in; the file itself stays of its version."""
    told(teejuht("db", "backup", "night.db"))
    downgrade("sqlite:///night.db", "0001")
    kept = {table: SOME[table] for table in SOME if table.name in ("inbox", "outbox", "timer", "tally")}
    move_away(filled)
    assert told(teejuht("db", "restore", "night.db"))["inbox"] == 2
    assert contents(DATABASE, kept) == kept
    assert (revision("sqlite:///night.db"), revision(DATABASE)) == ("0001", HEAD)


def test_a_file_that_is_there_is_left_alone(teejuht: Teejuht, filled: Path) -> None:
    """Also the beginning of a backup that somebody else may be writing."""
    for name, words in (("night.db", "night.db is there already"), ("night.db.part", "night.db.part is there already")):
        (filled / name).write_text("mine")
        done = teejuht("db", "backup", "night.db")
        assert (done.code, done.out) == (2, "")
        assert words in done.err
        assert (filled / name).read_text() == "mine"
        (filled / name).unlink()


@pytest.mark.parametrize("name", ["no/such/folder/night.db", "what?.db"])
def test_a_file_that_cannot_be_written(teejuht: Teejuht, filled: Path, name: str) -> None:
    """The name is said, and nothing is made."""
    before = sorted(filled.rglob("*"))
    done = teejuht("db", "backup", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"teejuht: {name}")
    assert sorted(filled.rglob("*")) == before


def test_a_backup_that_fails_leaves_nothing(teejuht: Teejuht, room: Path) -> None:
    """As where there is no database yet."""
    done = teejuht("db", "backup", "night.db")
    assert (done.code, done.out) == (1, "")
    assert "there is no database" in done.err
    assert list(room.iterdir()) == []


def test_what_is_no_backup_is_refused(teejuht: Teejuht, room: Path) -> None:
    """Something else, another program's database, a newer version's, one that was cut off; nothing is made of it."""
    (room / "letter.db").write_text("Dear Ann, " * 100)
    with closing(sqlite3.connect(room / "foreign.db")) as foreign:
        foreign.execute("CREATE TABLE inbox (id)")
    upgrade("sqlite:///newer.db")
    with closing(sqlite3.connect(room / "newer.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    upgrade("sqlite:///cut.db")
    whole = (room / "cut.db").read_bytes()
    (room / "cut.db").write_bytes(whole[: len(whole) // 2])
    for name, words, code in (
        ("letter.db", "letter.db is no backup of teejuht", 1),
        ("foreign.db", "foreign.db is no backup of teejuht", 1),
        ("newer.db", "newer.db is of revision 9999, newer than this teejuht", 1),
        ("cut.db", "cut.db is damaged: ", 1),
        ("none.db", "none.db cannot be read: No such file", 2),
        (".", ". cannot be read: Is a directory", 2),
    ):
        done = teejuht("db", "restore", name)
        assert (done.code, done.out) == (code, ""), name
        [line] = done.err.splitlines()
        assert line.startswith(f"teejuht: {words}")
    assert not (room / "data").exists()


def test_without_room_for_a_copy_nothing_is_restored(teejuht: Teejuht, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable to set is named."""
    told(teejuht("db", "backup", "night.db"))
    move_away(filled)
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    done = teejuht("db", "restore", "night.db")
    assert (done.code, done.out) == (1, "")
    assert done.err == "teejuht: night.db cannot be copied into a temporary folder (TMPDIR): No such file or directory\n"


def test_restoring_over_something_is_refused(teejuht: Teejuht, filled: Path) -> None:
    """Both the conversations and the keys must be away; what to do is said, and nothing changes."""
    told(teejuht("db", "backup", "night.db"))
    shutil.copytree(filled / "data", filled / "copy")
    done = teejuht("db", "restore", "night.db")
    assert (done.code, done.out) == (1, "")
    assert "teejuht.db is not empty, there are rows in" in done.err
    assert "move it away" in done.err
    move_away(filled)
    keep_login(f"sqlite:///{KEY_FILE}")
    done = teejuht("db", "restore", "night.db")
    assert (done.code, done.out) == (1, "")
    assert f"the key store {KEY_FILE} is not empty: move it away" in done.err
    assert not any(contents(DATABASE).values())


def test_a_backup_of_nothing(teejuht: Teejuht, room: Path) -> None:
    """A bot that nobody has talked to has one too."""
    upgrade(DATABASE)
    assert set(told(teejuht("db", "backup", "night.db")).values()) == {0}
    assert set(told(teejuht("db", "restore", "night.db")).values()) == {0}
    assert not (room / KEY_FILE).exists()
