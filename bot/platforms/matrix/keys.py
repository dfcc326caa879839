"""The key store: an account's login and the Olm keys of its device in one database, so that they live and die together.

Knows the tables, matrix-nio's and one of its own; not what the keys are for. While it is open, what goes wrong comes out as
peewee's error, and the next call works again as soon as the database does.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from nio.crypto import InboundGroupSession, OlmDevice, Session
from nio.store.database import MatrixStore, SqliteStore
from nio.store.models import (
    Accounts,
    ByteField,
    DeviceKeys,
    DeviceTrustState,
    EncryptedRooms,
    Keys,
    MegolmInboundSessions,
    StoreVersion,
)
from peewee import Expression, Model, PeeweeException, TextField

from bot.errors import StoreError
from bot.platforms.matrix.database import Postgres, Sqlite, database_at, first_line

SEED_BYTES: Final = 32
OUTLIVED: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - as the library writes times
"""The time of a session that came from a backup: it may have gone on since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A session on a homeserver, and the seeds of the account's cross-signing keys: master, self-signing, user-signing."""

    user: str
    device: str
    token: str = field(repr=False)
    homeserver: str
    seeds: tuple[bytes, ...] = field(default=(), repr=False)


class Logins(Model):  # type: ignore[misc]  # peewee has no types
    """The login of each user; `seeds` one after the other."""

    user = TextField(primary_key=True)
    device = TextField()
    token = TextField()
    homeserver = TextField()
    seeds = ByteField()


TABLES: Final = (*SqliteStore.models, Logins)


class KeyStore:
    """Logins and keys. Belongs to the thread that opened it."""

    def __init__(self, database: Sqlite | Postgres) -> None:
        self._database = database

    @classmethod
    def open(cls, address: str) -> Self:
        """Open the key store at an address like the bot's own database has, and make what is missing. Errors: StoreError."""
        _silence()
        database, place = database_at(address)
        store = cls(database)
        try:
            database.prepare()
            store._make_tables()
        except (OSError, PeeweeException) as error:
            store.close()
            raise StoreError(f"the key store {place} cannot be opened: {first_line(error)}") from None
        except StoreError:
            store.close()
            raise
        return store

    def login(self, user: str) -> Login | None:
        """Return a user's login."""
        with self._lent():
            row = Logins.get_or_none(Logins.user == user)
        if row is None:
            return None
        seeds = tuple(row.seeds[start : start + SEED_BYTES] for start in range(0, len(row.seeds), SEED_BYTES))
        return Login(user=row.user, device=row.device, token=row.token, homeserver=row.homeserver, seeds=seeds)

    def keep(self, login: Login) -> None:
        """Keep a login in place of the user's last one; if that was on another device, its keys go with it."""
        with self._lent(), self._database.atomic():
            _delete_keys((Accounts.user_id == login.user) & (Accounts.device_id != login.device))
            Logins.replace(
                user=login.user,
                device=login.device,
                token=login.token,
                homeserver=login.homeserver,
                seeds=b"".join(login.seeds),
            ).execute()

    def forget(self, user: str) -> None:
        """Delete a user's login and all keys, or nothing of them."""
        with self._lent(), self._database.atomic():
            _delete_keys(Accounts.user_id == user)
            Logins.delete().where(Logins.user == user).execute()

    def has_keys(self, login: Login) -> bool:
        """Whether the keys of a login's device are here."""
        with self._lent():
            mine = (Accounts.user_id == login.user) & (Accounts.device_id == login.device)
            return bool(Accounts.select().where(mine).exists())

    def store(self, user_id: str, device_id: str, _path: str = "", pickle_key: str = "", _name: str = "") -> MatrixStore:
        """Make what keeps a device's keys; matrix-nio calls this in place of one of its own classes."""
        return DeviceStore(self._database, user_id, device_id, pickle_key)

    def close(self) -> None:
        """Let go of the database; closing twice is no error."""
        self._database.close()

    @contextmanager
    def _lent(self) -> Iterator[None]:
        """Lend the tables to this database; another key store may be open at the same time."""
        with self._database.bind_ctx(TABLES):
            yield

    def _make_tables(self) -> None:
        known = MatrixStore.store_version
        with self._lent(), self._database.atomic():
            self._database.make_place()
            self._database.create_tables(TABLES)
            found, _ = StoreVersion.get_or_create(defaults={"version": known})
        if found.version != known:
            raise StoreError(
                f"the key store has tables of version {found.version}, and this program knows version {known}: "
                "run the release of the bot that made them"
            )


class DeviceStore(SqliteStore):  # type: ignore[misc]  # matrix-nio has no types
    """The keys of one device, in a database that the devices of other accounts share."""

    def __init__(self, database: Sqlite | Postgres, user_id: str, device_id: str, pickle_key: str) -> None:
        # Not the library's own beginning, which opens a file for itself and makes the tables.
        self.user_id = user_id
        self.device_id = device_id
        self.pickle_key = pickle_key
        self.store_path = self.database_name = self.database_path = ""
        self.database = database

    def save_session(self, curve_key: str, session: Session) -> None:
        """Save an Olm session."""
        super().save_session(curve_key, _Named(session, self._own(session.id)))

    def save_inbound_group_session(self, session: InboundGroupSession) -> None:
        """Save a Megolm session."""
        super().save_inbound_group_session(_Named(session, self._own(session.id)))

    def delete_room_keys(self, room: str) -> None:
        """Delete the keys to what was said in a room."""
        with self.database.bind_ctx(self.models):
            mine = MegolmInboundSessions.account == self._get_account()
            MegolmInboundSessions.delete().where(mine & (MegolmInboundSessions.room_id == room)).execute()

    def delete_encrypted_room(self, room: str) -> None:
        """Forget that a room is encrypted; the library would for all accounts."""
        with self.database.bind_ctx(self.models):
            mine = EncryptedRooms.account == self._get_account()
            EncryptedRooms.delete().where(mine & (EncryptedRooms.room_id == room)).execute()

    def _get_device_ids(self, account: Accounts, devices: Sequence[OlmDevice]) -> list[int]:
        # What the library does otherwise is in SQLite's dialect.
        ids: list[int] = self._legacy_get_device_ids(account, devices)
        return ids

    def _own(self, session_id: str) -> str:
        """Name a session as this device's: everybody in a room has the same ones, and the library's tables have each once."""
        return f"{self.user_id} {self.device_id} {session_id}"


class _Named:
    """A session under another id."""

    def __init__(self, session: Session | InboundGroupSession, id: str) -> None:
        self._session = session
        self.id = id

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self._session, name)
        return value


def _delete_keys(which: Expression) -> None:
    """Delete accounts and all that hangs on them; what hangs on a device does not go by itself."""
    accounts = Accounts.select(Accounts.id).where(which)
    devices = DeviceKeys.select(DeviceKeys.id).where(DeviceKeys.account.in_(accounts))
    for table in (Keys, DeviceTrustState):
        table.delete().where(table.device.in_(devices)).execute()
    Accounts.delete().where(which).execute()


def _silence() -> None:
    """Keep peewee's log to itself: it writes out every value."""
    logger = logging.getLogger("peewee")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
