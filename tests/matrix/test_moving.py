"""A key store is moved as a whole or not at all, and the device goes on in the new one as if nothing had been."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import uuid4

import peewee
import psycopg
import pytest
from nio.crypto import OlmAccount
from nio.store.models import Accounts, Keys, MegolmInboundSessions

from bot.errors import StoreError
from bot.platforms.matrix import moving
from bot.platforms.matrix.keys import TABLES, KeyStore
from bot.platforms.matrix.moving import BATCH, move, renew_sessions
from tests.matrix.kit import Bot, bot_account
from tests.matrix.stage import Stage, meet, shown
from tests.matrix.test_keys import BOT, LOGIN, OTHER, ROOM, a_device, a_group_session, a_session, fill
from tests.peers.matrix_person import Person, person
from tests.peers.postgres import Postgres
from tests.peers.synapse import Synapse

EMPTY: Final[dict[str, list[tuple[object, ...]]]] = {}


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of another empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'matrix.db'}"
        return
    server: Postgres = request.getfixturevalue("server")
    name = f"moved-{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


def contents(address: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of all tables that have any, but for the version."""
    with closing(KeyStore.open(address)) as keys, keys._lent():
        rows = {model.__name__: sorted(model.select().tuples(), key=repr) for model in TABLES}
    assert len(rows.pop("StoreVersion")) == 1
    return {name: some for name, some in rows.items() if some}


@pytest.fixture
def filled(address: str) -> str:
    """The address of a key store of either kind with two accounts, their login and something in every table."""
    with closing(KeyStore.open(address)) as keys:
        for user, device in ((OTHER, "SECOND"), (BOT, "BOTDEVICE")):
            store = keys.store(user, device, "", "pickle key", "")
            store.save_account(OlmAccount())
            fill(store)
        keys.keep(LOGIN)
    assert set(contents(address)) == {model.__name__ for model in TABLES} - {"StoreVersion"}
    return address


# --- what is moved


def test_everything_is_the_same_afterwards(filled: str, target: str) -> None:
    """Every row with its id, from either kind to either kind; the original keeps what it has."""
    before = contents(filled)
    assert move(filled, target) == sum(map(len, before.values()))
    assert contents(target) == contents(filled) == before


def test_the_device_goes_on(filled: str, target: str) -> None:
    """Its login, keys and sessions are read as before, and new ones get places of their own."""
    with closing(KeyStore.open(filled)) as keys:
        known = keys.store(BOT, "BOTDEVICE", "", "pickle key", "").load_account()
    assert known is not None
    move(filled, target)
    with closing(KeyStore.open(target)) as keys:
        store = keys.store(BOT, "BOTDEVICE", "", "pickle key", "")
        moved = store.load_account()
        assert moved is not None
        assert moved.identity_keys == known.identity_keys
        assert (keys.login(BOT), keys.has_keys(LOGIN)) == (LOGIN, True)
        assert store.load_sync_token() == "token"
        assert len(list(store.load_inbound_group_sessions())) == len(list(store.load_sessions().values())) == 1
        third = keys.store(BOT, "THIRD", "", "pickle key", "")
        third.save_account(OlmAccount())
        fill(third)
        store.save_device_keys({OTHER: {"TABLET": a_device("TABLET")}})
        store.save_inbound_group_session(a_group_session())
        store.save_session("curve", a_session())
        store.save_encrypted_rooms({ROOM, "!new:example.org"})
        assert set(store.load_device_keys()[OTHER]) == {"PHONE", "TABLET"}
        assert third.load_account() is not None


def test_many_keys(address: str, target: str) -> None:
    """More than go into one statement."""
    with closing(KeyStore.open(address)) as keys:
        store = keys.store(BOT, "BOTDEVICE", "", "", "")
        store.save_account(OlmAccount())
        store.save_device_keys({OTHER: {f"D{n}": a_device(f"D{n}") for n in range(2 * BATCH + 1)}})
        keys.keep(LOGIN)
    move(address, target)
    assert contents(target) == contents(address)


def test_a_name_that_postgresql_cannot_keep(server: Postgres, tmp_path: Path) -> None:
    """People name their devices as they like, and that must not keep anybody from moving."""
    source, target = f"sqlite:///{tmp_path / 'matrix.db'}", server.create("moved-nul")
    device = a_device()
    device.display_name = "Tele\0fon"
    with closing(KeyStore.open(source)) as keys:
        store = keys.store(BOT, "BOTDEVICE", "", "", "")
        store.save_account(OlmAccount())
        store.save_device_keys({OTHER: {"PHONE": device}})
    move(source, target)
    with closing(KeyStore.open(target)) as keys:
        moved = keys.store(BOT, "BOTDEVICE", "", "", "").load_device_keys()
    server.drop("moved-nul")
    assert moved[OTHER]["PHONE"].display_name == "Tele\ufffdfon"


def test_a_key_store_in_use_is_moved_as_it_was_at_one_moment(filled: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot writes meanwhile and waits for nobody; what it writes after the beginning is not in the copy."""
    before = contents(filled)
    copy: Callable[..., int] = moving._copy
    written: list[str] = []

    def busy(*arguments: object) -> int:
        done = copy(*arguments)
        if not written:
            with closing(KeyStore.open(filled)) as keys:
                keys.forget(BOT)
            written.append(BOT)
        return done

    monkeypatch.setattr(moving, "_copy", busy)
    move(filled, target)
    assert contents(target) == before != contents(filled)


# --- what is not moved


def test_where_there_is_none_none_is_made(address: str, target: str) -> None:
    """Without Matrix there is nothing to do, and looking leaves nothing behind."""
    assert move(address, target) == 0
    for place in (address, target):
        if place.startswith("sqlite"):
            assert not Path(place.removeprefix("sqlite:///")).exists()
        else:
            with psycopg.connect(place) as connection:
                assert connection.execute("SELECT to_regnamespace('matrix')").fetchone() == (None,)


def test_a_file_with_other_tables_is_no_key_store(tmp_path: Path, target: str) -> None:
    """A backup of a bot without Matrix is one file with the conversations alone."""
    file = tmp_path / "backup.db"
    with closing(peewee.SqliteDatabase(file)) as database:
        database.execute_sql("CREATE TABLE conversation (id)")
        assert move(f"sqlite:///{file}", target) == 0
        assert database.get_tables() == ["conversation"]


def test_a_target_with_a_login_is_refused(filled: str, target: str) -> None:
    """It is somebody's, and stays as it is."""
    with closing(KeyStore.open(target)) as keys:
        keys.keep(LOGIN)
    before = contents(target)
    with pytest.raises(StoreError, match=r"^the key store \S+ is not empty: move it away"):
        move(filled, target)
    assert contents(target) == before


def test_a_target_with_keys_alone_is_refused(filled: str, target: str) -> None:
    """What a login that did not end well left would get mixed up with ours."""
    with closing(KeyStore.open(target)) as keys:
        keys.store(BOT, "OLD", "", "", "").save_account(OlmAccount())
    with pytest.raises(StoreError, match="is not empty"):
        move(filled, target)


@pytest.mark.parametrize("table", [Accounts, Keys, MegolmInboundSessions], ids=lambda table: str(table.__name__))
def test_an_error_leaves_nothing_behind(
    filled: str, target: str, monkeypatch: pytest.MonkeyPatch, table: type[peewee.Model]
) -> None:
    """It names the place and no key, and the next try works."""

    def broken(*_: object, **__: object) -> object:
        raise peewee.OperationalError("the disk is gone\nwith secret-token")

    with monkeypatch.context() as patch:
        patch.setattr(table, "insert_many", broken)
        with pytest.raises(StoreError, match=r"the key store \S+ cannot be used: the disk is gone$"):
            move(filled, target)
    assert contents(target) == EMPTY
    move(filled, target)
    assert contents(target) == contents(filled)


def test_tables_of_another_version_are_refused(filled: str, target: str) -> None:
    """On either side; nothing is moved."""
    with closing(KeyStore.open(filled)) as keys:
        keys._database.execute_sql("UPDATE storeversion SET version = 3")
    with pytest.raises(StoreError, match="tables of version 3"):
        move(filled, target)


def test_a_server_that_is_not_there(filled: str) -> None:
    """The place is named, without the password."""
    nowhere = "postgresql://me:secret@127.0.0.1:1/name"
    for source, target in ((nowhere, filled), (filled, nowhere)):
        with pytest.raises(StoreError, match=r"postgresql://127.0.0.1:1/name cannot be (used|opened): .*refused") as error:
            move(source, target)
        assert "secret" not in str(error.value)


# --- and the people


async def test_encrypted_chats_go_on(synapse: Synapse, server: Postgres, tmp_path: Path) -> None:
    """From a file to a server and back: what was said while the keys were moved is read, and so are the answers."""
    stage = Stage(account := await bot_account(synapse, tmp_path))
    async with person(synapse, strict=True) as ann:
        await stage.start()
        room = await meet(stage, ann, encrypted=True)
        assert (await shown(ann, room, await stage.show(room, "hello"))).trusted
        for number, address in enumerate((server.create("moved-chat"), f"sqlite:///{tmp_path / 'back.db'}"), 1):
            await stage.stop()
            await ann.say(room, f"question {number}")
            assert move(account.keys, address) > 0
            account = Bot(user=account.user, keys=address)
            stage = following(stage, account)
            await stage.start()
            await stage.hears(room, 1)
            assert stage.said(room) == [f"question {number}"]
            await assert_answered(stage, ann, room, f"answer {number}")
        await stage.stop()
    server.drop("moved-chat")


async def test_older_keys_come_back(synapse: Synapse, tmp_path: Path) -> None:
    """As from a backup: whoever wrote to the bot before it was made reads it and is read as ever.

    Of others the keys are lost: their next message may not be read, which the bot tells them.
    """
    stage = Stage(account := await bot_account(synapse, tmp_path))
    older = f"sqlite:///{tmp_path / 'older.db'}"
    async with person(synapse, strict=True) as ann:
        await stage.start()
        room = await meet(stage, ann, encrypted=True)
        await ann.say(room, "before")
        await stage.hears(room, 2)
        assert move(account.keys, older) > 0
        position = stage.position
        for number in range(3):
            await ann.say(room, f"since {number}")
            await stage.hears(room, 3 + number)
            await assert_answered(stage, ann, room, f"answer {number}")
        await stage.stop()
        renew_sessions(older)
        stage = following(stage, Bot(user=account.user, keys=older))
        stage.position = position
        await stage.start()
        await ann.say(room, "afterwards")
        await stage.hears(room, 4)
        assert stage.said(room) == ["since 0", "since 1", "since 2", "afterwards"]
        await assert_answered(stage, ann, room, "as ever")
        await stage.stop()


def following(before: Stage, bot: Bot) -> Stage:
    """Make a bot that begins where another one of the same device stopped, its messages new ones."""
    stage = Stage(bot)
    stage.position, stage._shown = before.position, before._shown
    return stage


async def assert_answered(stage: Stage, ann: Person, room: str, text: str) -> None:
    """Assert that somebody reads what the bot says, without a warning."""
    seen = await shown(ann, room, await stage.show(room, text))
    assert (seen.body, seen.encrypted, seen.trusted) == (text, True, True)
