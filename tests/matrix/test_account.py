"""The bot's account logs in with a password or a token, keeps its device and its keys, and says how it fares."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from nio.crypto import OlmAccount

from bot.platforms.matrix.account import Account, log_in, look
from bot.platforms.matrix.keys import KeyStore, Login
from bot.platforms.matrix.signing import public_key
from tests.matrix.logins import assert_can_be_written_to, assert_signed, friend_of, identity, queried, refusal
from tests.peers import synapse as peer
from tests.peers.synapse import Synapse


async def test_login_by_password(synapse: Synapse, keys: KeyStore) -> None:
    """A new device is made, with keys that are kept, published and signed."""
    account = synapse.register()
    login = await log_in(keys, account.user, f"{synapse.url}/", password=account.password)
    assert keys.login(account.user) == login
    assert (login.user, login.homeserver) == (account.user, synapse.url)
    assert login.device != account.device
    assert_signed(synapse, keys, login)
    assert queried(synapse, login)["device_keys"][login.user][login.device]["unsigned"] == {"device_display_name": "Teejuht"}
    assert await look(keys, account.user) == Account(
        user=account.user, homeserver=synapse.url, device=login.device, accepted=True, signed=True
    )


async def test_login_by_token(synapse: Synapse, keys: KeyStore) -> None:
    """The device is the token's own."""
    account = synapse.register()
    login = await log_in(keys, account.user, synapse.url, token=account.token)
    assert (login.device, login.token) == (account.device, account.token)
    assert keys.login(account.user) == login
    assert_signed(synapse, keys, login)
    assert (await look(keys, account.user)).signed


@pytest.mark.parametrize("by", ["password", "token"])
async def test_login_again(synapse: Synapse, keys: KeyStore, by: str) -> None:
    """The device, its keys and the seeds stay."""
    account = synapse.register()
    first = await log_in(keys, account.user, synapse.url, password=account.password)
    before, published = identity(keys, first), queried(synapse, first)["master_keys"]
    how = {"password": account.password} if by == "password" else {"token": first.token}
    second = await log_in(keys, account.user, synapse.url, **how)
    assert (second.device, second.seeds, identity(keys, second)) == (first.device, first.seeds, before)
    assert_signed(synapse, keys, second)
    assert queried(synapse, second)["master_keys"] == published


async def test_a_device_that_was_deleted_comes_back(synapse: Synapse, keys: KeyStore) -> None:
    """With the password the device is made anew under its name, and its keys are published once more."""
    account = synapse.register()
    first = await log_in(keys, account.user, synapse.url, password=account.password)
    before = identity(keys, first)
    synapse.delete_device(account, first.device)
    assert "log in again" in (await look(keys, account.user)).why
    second = await log_in(keys, account.user, synapse.url, password=account.password)
    assert (second.device, identity(keys, second)) == (first.device, before)
    assert_signed(synapse, keys, second)
    async with friend_of(synapse) as friend:
        await assert_can_be_written_to(keys, second, friend)


async def test_a_token_of_another_device_takes_its_place(synapse: Synapse, keys: KeyStore) -> None:
    """The new device is signed with the seeds that the account has, and the old one's keys are gone from here."""
    account = synapse.register()
    first = await log_in(keys, account.user, synapse.url, password=account.password)
    second = await log_in(keys, account.user, synapse.url, token=account.token)
    assert (second.device, second.seeds) == (account.device, first.seeds)
    assert (keys.has_keys(first), keys.has_keys(second)) == (False, True)
    assert_signed(synapse, keys, second)


async def test_a_lost_key_store_and_the_password(synapse: Synapse, keys: KeyStore) -> None:
    """A new device is made: the old one's keys are nowhere. The account's keys are replaced."""
    account = synapse.register()
    first = await log_in(keys, account.user, synapse.url, password=account.password)
    keys.forget(account.user)
    second = await log_in(keys, account.user, synapse.url, password=account.password)
    assert first.device != second.device
    assert first.seeds != second.seeds
    assert_signed(synapse, keys, second)


async def test_a_lost_key_store_and_the_token(synapse: Synapse, keys: KeyStore) -> None:
    """Refused, and nothing is kept: with other keys under the same name nobody could read what this device says."""
    account = synapse.register()
    await log_in(keys, account.user, synapse.url, token=account.token)
    keys.forget(account.user)
    why = await refusal(keys, account.user, synapse.url, token=account.token)
    assert "keys that are not here" in why
    assert "log in with the password" in why
    assert keys.login(account.user) is None
    assert not keys.has_keys(Login(user=account.user, device=account.device, token="", homeserver=""))


async def test_a_device_with_other_keys(synapse: Synapse, keys: KeyStore) -> None:
    """A key store that was brought back from before its device got other keys: a new device, and the old one is logged out."""
    account = synapse.register()
    first = await log_in(keys, account.user, synapse.url, password=account.password)
    keys.forget(account.user)
    keys.keep(first)
    keys.store(first.user, first.device, "", "DEFAULT_KEY", "").save_account(OlmAccount())
    assert "other keys" in (await look(keys, account.user)).why
    assert "keys that are not here" in await refusal(keys, account.user, synapse.url, token=first.token)
    second = await log_in(keys, account.user, synapse.url, password=account.password)
    assert first.device not in queried(synapse, second)["device_keys"][account.user]
    assert second.seeds == first.seeds
    assert_signed(synapse, keys, second)


@asynccontextmanager
async def foreign_keys(server: Synapse, account: peer.Account, folder: Path) -> AsyncIterator[Login]:
    """Let another program make an account's cross-signing keys."""
    with closing(KeyStore.open(f"sqlite:///{folder / 'another-program.db'}")) as theirs:
        yield await log_in(theirs, account.user, server.url, password=account.password)


async def test_foreign_cross_signing_keys_and_a_token(synapse: Synapse, keys: KeyStore, tmp_path: Path) -> None:
    """Without the password they cannot be replaced; the login is kept, and `look` says what to do."""
    account = synapse.register()
    async with foreign_keys(synapse, account, tmp_path) as theirs:
        why = await refusal(keys, account.user, synapse.url, token=account.token)
        assert "another program has made" in why
        assert "`teejuht matrix login` with the account's password" in why
        seen = await look(keys, account.user)
        assert (seen.accepted, seen.signed) == (True, False)
        assert "is not signed" in seen.why
        assert "`teejuht matrix login`" in seen.why
        login = await log_in(keys, account.user, synapse.url, password=account.password)
    assert login.device == account.device
    assert queried(synapse, login)["master_keys"] != {}
    assert_signed(synapse, keys, login)
    assert theirs.seeds != login.seeds


async def test_foreign_cross_signing_keys_and_the_password(synapse: Synapse, keys: KeyStore, tmp_path: Path) -> None:
    """They are replaced by ours."""
    account = synapse.register()
    async with foreign_keys(synapse, account, tmp_path):
        login = await log_in(keys, account.user, synapse.url, password=account.password)
    ours = public_key(login.seeds[0])
    assert queried(synapse, login)["master_keys"][account.user]["keys"] == {f"ed25519:{ours}": ours}
    assert_signed(synapse, keys, login)


async def test_looking_without_a_login(sqlite: KeyStore) -> None:
    """It says what to do."""
    seen = await look(sqlite, "@teejuht:localhost")
    assert seen == Account(user="@teejuht:localhost", why=seen.why)
    assert "`teejuht matrix login`" in seen.why


async def test_looking_without_keys(synapse: Synapse, sqlite: KeyStore) -> None:
    """Looking makes no keys."""
    account = synapse.register()
    login = Login(user=account.user, device=account.device, token=account.token, homeserver=synapse.url)
    sqlite.keep(login)
    assert "are not here" in (await look(sqlite, account.user)).why
    assert not sqlite.has_keys(login)


async def test_looking_when_nobody_answers(synapse: Synapse, sqlite: KeyStore) -> None:
    """The login may still be good, and the reason says why nobody knows."""
    account = synapse.register()
    login = await log_in(sqlite, account.user, synapse.url, token=account.token)
    sqlite.keep(replace(login, homeserver="http://127.0.0.1:1"))
    seen = await look(sqlite, account.user)
    assert (seen.accepted, seen.signed) == (False, False)
    assert "cannot be reached" in seen.why


async def test_nothing_secret_is_logged(synapse: Synapse, sqlite: KeyStore) -> None:
    """Not even where everything is logged."""
    heard: list[str] = []

    class Root(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    account, handler, root = synapse.register(), Root(logging.DEBUG), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        login = await log_in(sqlite, account.user, synapse.url, password=account.password)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert not [line for line in heard if account.password in line or login.token in line]
    assert login.token not in repr(login)
