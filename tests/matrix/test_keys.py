"""The key store keeps logins and keys the same way in SQLite and in PostgreSQL, and nobody else can read its file."""

import logging
from contextlib import closing
from datetime import datetime
from pathlib import Path

import peewee
import pytest
from nio.crypto import (
    InboundGroupSession,
    OlmAccount,
    OlmDevice,
    OutboundGroupSession,
    OutboundSession,
    OutgoingKeyRequest,
    TrustState,
)
from nio.store.database import MatrixStore, SqliteStore
from nio.store.models import Accounts, OlmSessions

from bot.platforms.matrix.keys import KeyStore, Login

BOT, OTHER = "@bot:example.org", "@other:example.org"
ROOM = "!room:example.org"
SEEDS = (b"m" * 32, b"\0" * 32, b"\xff" * 32)
LOGIN = Login(user=BOT, device="BOTDEVICE", token="secret-token", homeserver="https://example.org", seeds=SEEDS)


@pytest.fixture
def store(keys: KeyStore) -> MatrixStore:
    """The store of the bot's device, with an account in it."""
    store = keys.store(BOT, "BOTDEVICE", "", "pickle key", "")
    store.save_account(OlmAccount())
    return store


def again(keys: KeyStore, store: MatrixStore) -> MatrixStore:
    """Open what a store has kept as the next process would."""
    return keys.store(store.user_id, store.device_id, "", store.pickle_key, "")


def a_device(name: str = "PHONE", *, user: str = OTHER, key: str = "") -> OlmDevice:
    """Make somebody's device."""
    return OlmDevice(user, name, {"ed25519": key or f"ed-{name}", "curve25519": f"curve-{name}"}, display_name="Telefon")


def a_session() -> OutboundSession:
    """Make an Olm session with somebody."""
    somebody = OlmAccount()
    somebody.generate_one_time_keys(1)
    return OutboundSession(
        OlmAccount(),
        somebody.identity_keys["curve25519"],
        next(iter(somebody.one_time_keys["curve25519"].values())),
    )


def a_group_session(room: str = ROOM, *, chain: tuple[str, ...] = ()) -> InboundGroupSession:
    """Make the receiving end of somebody's Megolm session."""
    return InboundGroupSession(OutboundGroupSession().session_key, "signing", "sender", room, list(chain))


def test_every_public_method_of_the_library_s_store_is_tested_here() -> None:
    """A new one in the library needs a look whether it works on PostgreSQL."""
    methods = {name for name in vars(SqliteStore) | vars(MatrixStore) if not name.startswith("_")}
    fields = {"models", "store_version", "pickle_key", "database_name", "upgrade_to_v2"}
    text = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in methods - fields if f"store.{name}(" not in text and f"store).{name}(" not in text} == set()


def test_an_account_is_the_same_afterwards(keys: KeyStore, store: MatrixStore) -> None:
    """The account, and whether its keys are shared, are what was saved last."""
    account = store.load_account()
    assert account is not None
    assert not account.shared
    account.shared = True
    store.save_account(account)
    loaded = again(keys, store).load_account()
    assert loaded is not None
    assert (loaded.identity_keys, loaded.shared) == (account.identity_keys, True)


def test_a_device_without_an_account_has_nothing(keys: KeyStore) -> None:
    """The store of an unknown device is empty, and looking does not make an account."""
    store = keys.store(BOT, "UNKNOWN", "", "", "")
    assert store.load_account() is None
    assert not list(store.load_sessions().values())
    assert not list(store.load_inbound_group_sessions())
    assert not list(store.load_device_keys())
    assert store.load_encrypted_rooms() == set()
    assert store.load_outgoing_key_requests() == {}
    assert store.load_sync_token() is None


def test_sessions_are_kept(keys: KeyStore, store: MatrixStore) -> None:
    """Olm sessions come back with the key they belong to, and saving again replaces."""
    first, second = a_session(), a_session()
    store.save_session("curve", first)
    store.save_session("curve", second)
    before = first.pickle("pickle key")
    first.encrypt("moves the ratchet on")
    store.save_session("curve", first)
    store.save_session("curve", first)
    loaded = again(keys, store).load_sessions()["curve"]
    assert {session.id for session in loaded} == {first.id, second.id}
    moved = next(session for session in loaded if session.id == first.id)
    assert isinstance(moved.creation_time, datetime)
    assert moved.pickle("pickle key") == first.pickle("pickle key") != before


def test_group_sessions_are_kept_with_their_chains(keys: KeyStore, store: MatrixStore) -> None:
    """Megolm sessions come back with room, keys and forwarding chain; saved twice they are there once."""
    plain, forwarded = a_group_session(), a_group_session(chain=("one", "two"))
    for session in (plain, forwarded, forwarded):
        store.save_inbound_group_session(session)
    loaded = again(keys, store).load_inbound_group_sessions()
    got = loaded.get(ROOM, "sender", forwarded.id)
    assert (got.room_id, got.ed25519, got.sender_key) == (ROOM, "signing", "sender")
    assert sorted(got.forwarding_chain) == ["one", "two"]
    assert got.export_session(0) == forwarded.export_session(0)
    assert loaded.get(ROOM, "sender", plain.id).forwarding_chain == []
    assert len(list(loaded)) == 2


def test_two_accounts_have_the_same_group_session(keys: KeyStore, store: MatrixStore) -> None:
    """In a room with two of our accounts, each keeps the key that both were sent, and its own."""
    other = keys.store(OTHER, "SECOND", "", "another pickle key", "")
    other.save_account(OlmAccount())
    session, olm = a_group_session(), a_session()
    for each in (store, other):
        each.save_inbound_group_session(session)
        each.save_session("curve", olm)
    for each in (store, other):
        loaded = again(keys, each)
        assert loaded.load_inbound_group_sessions().get(ROOM, "sender", session.id) is not None
        assert [found.id for found in loaded.load_sessions()["curve"]] == [olm.id]


def test_device_keys_change(keys: KeyStore, store: MatrixStore) -> None:
    """A device's keys are what was saved last, and so is whether it is deleted."""
    store.save_device_keys({OTHER: {"PHONE": a_device()}})
    changed = a_device(key="another")
    changed.deleted = True
    store.save_device_keys({OTHER: {"PHONE": changed}, BOT: {"TABLET": a_device("TABLET", user=BOT)}})
    store.save_device_keys({})
    loaded = again(keys, store).load_device_keys()
    phone = loaded[OTHER]["PHONE"]
    assert phone.keys == {"ed25519": "another", "curve25519": "curve-PHONE"}
    assert (phone.deleted, phone.display_name, phone.trust_state) == (True, "Telefon", TrustState.unset)
    assert loaded[BOT]["TABLET"].ed25519 == "ed-TABLET"


def test_many_devices_are_saved_at_once(keys: KeyStore, store: MatrixStore) -> None:
    """More devices than go into one statement."""
    devices = {f"D{number}": a_device(f"D{number}") for number in range(250)}
    store.save_device_keys({OTHER: devices})
    store.ignore_devices(list(devices.values()))
    loaded = again(keys, store).load_device_keys()
    assert {device.trust_state for device in loaded} == {TrustState.ignored}
    assert len(list(loaded)) == 250


def test_trust_changes(keys: KeyStore, store: MatrixStore) -> None:
    """Each state replaces the one before, and each change says whether it was one."""
    device = a_device()
    store.save_device_keys({OTHER: {"PHONE": device}})

    def kept() -> TrustState:
        state = again(keys, store).load_device_keys()[OTHER]["PHONE"].trust_state
        assert store.is_device_verified(device) == (state == TrustState.verified)
        assert store.is_device_blacklisted(device) == (state == TrustState.blacklisted)
        assert store.is_device_ignored(device) == (state == TrustState.ignored)
        return state

    assert kept() == TrustState.unset
    assert [store.verify_device(device), store.verify_device(device), kept()] == [True, False, TrustState.verified]
    assert [store.blacklist_device(device), store.blacklist_device(device), kept()] == [True, False, TrustState.blacklisted]
    assert [store.unblacklist_device(device), store.unblacklist_device(device), kept()] == [True, False, TrustState.unset]
    assert [store.ignore_device(device), store.ignore_device(device), kept()] == [True, False, TrustState.ignored]
    assert [store.unignore_device(device), store.unignore_device(device), kept()] == [True, False, TrustState.unset]
    assert [store.verify_device(device), store.unverify_device(device), kept()] == [True, True, TrustState.unset]
    assert not store.unverify_device(device)
    store.verify_device(device)
    store.ignore_devices([device])
    assert kept() == TrustState.ignored


def test_encrypted_rooms_are_kept(keys: KeyStore, store: MatrixStore) -> None:
    """Rooms are there once, and one account's leaving takes nothing from another."""
    other = keys.store(OTHER, "SECOND", "", "", "")
    other.save_account(OlmAccount())
    other.save_encrypted_rooms({ROOM})
    rooms = {ROOM, *(f"!{number}:example.org" for number in range(500))}
    store.save_encrypted_rooms(rooms)
    store.save_encrypted_rooms({ROOM})
    assert again(keys, store).load_encrypted_rooms() == rooms
    store.delete_encrypted_room(ROOM)
    store.delete_encrypted_room("!never:seen")
    assert again(keys, store).load_encrypted_rooms() == rooms - {ROOM}
    assert again(keys, other).load_encrypted_rooms() == {ROOM}


def test_key_requests_are_kept(keys: KeyStore, store: MatrixStore) -> None:
    """A request is there once, until it is removed."""
    request = OutgoingKeyRequest("request", "session", ROOM, "m.megolm.v1.aes-sha2")
    store.add_outgoing_key_request(request)
    store.add_outgoing_key_request(request)
    assert again(keys, store).load_outgoing_key_requests() == {"request": request}
    store.remove_outgoing_key_request(request)
    store.remove_outgoing_key_request(request)
    assert again(keys, store).load_outgoing_key_requests() == {}


def test_the_sync_token_is_replaced(keys: KeyStore, store: MatrixStore) -> None:
    """The last token wins."""
    store.save_sync_token("first")
    store.save_sync_token("second")
    assert again(keys, store).load_sync_token() == "second"


def test_logins_are_kept(keys: KeyStore, address: str) -> None:
    """A login is the same afterwards, seeds and all; each user has one."""
    assert keys.login(BOT) is None
    keys.keep(LOGIN)
    newer = Login(user=BOT, device="BOTDEVICE", token="newer", homeserver="https://example.org")
    other = Login(user=OTHER, device="SECOND", token="t", homeserver="http://localhost")
    keys.keep(other)
    with closing(KeyStore.open(address)) as second:
        assert second.login(BOT) == LOGIN
        second.keep(newer)
    assert (keys.login(BOT), keys.login(OTHER)) == (newer, other)


def fill(store: MatrixStore) -> None:
    """Put something in every table."""
    device = a_device()
    store.save_session("curve", a_session())
    store.save_inbound_group_session(a_group_session(chain=("one",)))
    store.save_device_keys({OTHER: {"PHONE": device}})
    store.verify_device(device)
    store.save_encrypted_rooms({ROOM})
    store.add_outgoing_key_request(OutgoingKeyRequest("request", "session", ROOM, "m.megolm.v1.aes-sha2"))
    store.save_sync_token("token")


def rows(keys: KeyStore) -> dict[str, int]:
    """Count the rows of each table that has any, but for the version."""
    tables = [model for model in SqliteStore.models if model.__name__ != "StoreVersion"]
    with keys._lent():
        counts = {model.__name__: model.select().count() for model in tables}
    return {name: count for name, count in counts.items() if count}


def test_forgetting_takes_login_and_keys(keys: KeyStore, store: MatrixStore) -> None:
    """Nothing of a user stays behind, and nothing of another goes."""
    other = keys.store(OTHER, "SECOND", "", "", "")
    other.save_account(OlmAccount())
    fill(other)
    alone = rows(keys) | {"Accounts": 1}
    keys.keep(LOGIN)
    fill(store)
    assert keys.has_keys(LOGIN)
    keys.forget(BOT)
    assert (keys.login(BOT), keys.has_keys(LOGIN), rows(keys)) == (None, False, alone)


def test_forgetting_is_all_or_nothing(keys: KeyStore, store: MatrixStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it fails in the middle, the login is there and so are its keys."""
    keys.keep(LOGIN)
    fill(store)
    before = rows(keys)

    def broken(*_: object) -> None:
        raise peewee.OperationalError("the disk is gone")

    monkeypatch.setattr(Accounts, "delete", broken)
    with pytest.raises(peewee.OperationalError):
        keys.forget(BOT)
    assert (keys.login(BOT), rows(keys)) == (LOGIN, before)


def test_a_new_device_takes_the_place_of_the_old_one(keys: KeyStore, store: MatrixStore) -> None:
    """Keys without their login are of no use to anybody but thieves."""
    keys.keep(LOGIN)
    fill(store)
    keys.keep(Login(user=BOT, device="NEW", token="t", homeserver="https://example.org"))
    assert (keys.has_keys(LOGIN), rows(keys)) == (False, {})


def test_two_key_stores_at_once(keys: KeyStore, store: MatrixStore, tmp_path: Path) -> None:
    """Two are open in one process, and closing one leaves the other as it was."""
    second = KeyStore.open(f"sqlite:///{tmp_path / 'second.db'}")
    strange = second.store(BOT, "BOTDEVICE", "", "", "")
    assert strange.load_account() is None
    keys.keep(LOGIN)
    second.keep(Login(user=BOT, device="X", token="t", homeserver="https://example.org"))
    second.close()
    second.close()
    assert keys.login(BOT) == LOGIN
    assert store.load_account() is not None
    assert Accounts._meta.database is None
    assert OlmSessions._meta.database is None


def test_an_error_leaves_the_tables_free(keys: KeyStore) -> None:
    """After an error the library's tables belong to no database, and the store works on."""
    keys.keep(LOGIN)
    with pytest.raises(peewee.IntegrityError):
        keys.keep(Login(user=BOT, device=None, token="t", homeserver="h"))  # type: ignore[arg-type]
    assert Accounts._meta.database is None
    assert keys.login(BOT) == LOGIN


def test_secrets_are_not_shown() -> None:
    """What is printed or logged of a login gives nobody access."""
    assert "secret-token" not in repr(LOGIN)
    assert "mmmm" not in repr(LOGIN)


class Records(logging.Handler):
    """What reaches the root of the log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)


def test_nothing_is_logged(keys: KeyStore) -> None:
    """Not even where everything is logged: the library would write out statements with their values."""
    root, heard = logging.getLogger(), Records()
    before = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        keys.keep(LOGIN)
        keys.login(BOT)
    finally:
        root.removeHandler(heard)
        root.setLevel(before)
    assert heard.records == []
