"""Logs the bot's account in, and looks how it fares.

Knows the order in which a login, its keys and their signatures are made, so that killed anywhere in it a second `log_in`
finishes what the first began: everything is kept here before a server hears of it. Knows no rooms and no messages.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from nio import AsyncClient, AsyncClientConfig, ErrorResponse

from bot.errors import ChannelError
from bot.platforms.matrix.homeserver import PLAIN, SECONDS, Client, address, find, reached, refused, silence
from bot.platforms.matrix.keys import KeyStore, Login
from bot.platforms.matrix.signing import is_signed, new_seeds, published, sign

DEVICE_NAME: Final = "Teejuht"
AGAIN: Final = "run `teejuht matrix login`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How an account fares. `why` says what is wrong and what to do, and is empty when nothing is."""

    user: str
    homeserver: str = ""
    device: str = ""
    accepted: bool = False
    signed: bool = False
    why: str = ""


def open_client(login: Login, keys: KeyStore) -> AsyncClient:
    """Make the client of a login, with its device's keys; an error or a limit is the caller's to wait out."""
    silence()
    config = AsyncClientConfig(
        store=keys.store,
        encryption_enabled=True,
        store_sync_tokens=False,
        max_timeouts=0,
        max_limit_exceeded=0,
        request_timeout=SECONDS,
    )
    # Without a path the library loads no keys, though they are in no folder.
    client = Client(login.homeserver, login.user, device_id=login.device, store_path=".", config=config)
    client.restore_login(login.user, login.device, login.token)
    return client


async def log_in(keys: KeyStore, user: str, homeserver: str, *, password: str = "", token: str = "") -> Login:
    """Log in with a password or an access token, publish the device's keys and sign them. Errors: ChannelError.

    With the password a user's device and keys stay; only keys that the server knows otherwise make a new device.
    An empty `homeserver` is looked up. After an error, and after a crash, the same call goes on.
    """
    silence()
    server = server_of(user)
    if not password and not token:
        raise ChannelError(f"to log in as {user}, the password or an access token of the account is needed")
    url = address(homeserver) if homeserver else await find(server)
    await _look_for_matrix(url, user, password)
    login = await (_by_password(keys, user, url, password) if password else _by_token(keys, user, url, token))
    return await _publish(keys, login, password)


async def look(keys: KeyStore, user: str) -> Account:
    """Ask the homeserver whether the kept login is good and its device signed."""
    login = keys.login(user)
    if login is None:
        return Account(user=user, why=f"nobody has logged in as {user}: {AGAIN}")
    account = Account(user=user, homeserver=login.homeserver, device=login.device)
    if not keys.has_keys(login):
        return replace(account, why=f"the keys of the device {login.device} are not here: {AGAIN}")
    try:
        async with plain(login) as client:
            await _accepted(client, user, login.device)
            account = replace(account, accepted=True)
            if not await _has_our_keys(keys, login):
                raise ChannelError(f"the homeserver holds other keys of the device {login.device} than are here: {AGAIN}")
            account = replace(account, signed=await is_signed(client, login.seeds))
    except ChannelError as error:
        return replace(account, why=str(error))
    if not account.signed:
        return replace(account, why=f"the device {login.device} is not signed, and some clients hide what it writes: {AGAIN}")
    return account


def server_of(user: str) -> str:
    """Return the server in a user's id. Errors: ChannelError."""
    name, _, server = user.partition(":")
    if len(name) < 2 or not name.startswith("@") or not server or any(sign in user for sign in " /?#"):
        raise ChannelError(f"{user!r} is not the id of a Matrix user: write it like @teejuht:example.org")
    return server


async def _look_for_matrix(url: str, user: str, password: str) -> None:
    """Ask what logins the server takes before anything secret is sent there. Errors: ChannelError."""
    client = Client(url, config=PLAIN)
    try:
        with reached(url):
            answer = await client.login_info()
    finally:
        await client.close()
    if isinstance(answer, ErrorResponse):
        raise refused(url, user, answer)
    if password and "m.login.password" not in answer.flows:
        raise ChannelError(f"{url} takes no passwords: log in with an access token instead")


async def _by_password(keys: KeyStore, user: str, url: str, password: str) -> Login:
    """Log in on the device that is kept, or on a new one where its keys are not ours."""
    kept = keys.login(user)
    seeds = kept.seeds if kept else ()
    login = await _enter(user, url, password, kept.device if kept else "", seeds)
    stranger = None
    if not await _has_our_keys(keys, login):
        stranger, login = login, await _enter(user, url, password, "", seeds)
    keys.keep(login)
    await _mend(keys, login)
    if stranger:
        # Nobody can read what is encrypted to that device any more.
        async with plain(stranger) as client:
            with reached(url):
                await client.logout()
    return login


async def _by_token(keys: KeyStore, user: str, url: str, token: str) -> Login:
    """Take the device that a token belongs to. Errors: ChannelError when its keys are not here."""
    kept = keys.login(user)
    login = Login(user=user, device="", token=token, homeserver=url, seeds=kept.seeds if kept else ())
    async with plain(login) as client:
        login = replace(login, device=await _accepted(client, user))
    if not await _has_our_keys(keys, login):
        raise ChannelError(
            f"the device {login.device} of this access token has published keys that are not here, and it can only be used "
            "with them: log in with the password, or with the access token of a new session"
        )
    keys.keep(login)
    await _mend(keys, login)
    return login


async def _enter(user: str, url: str, password: str, device: str, seeds: tuple[bytes, ...]) -> Login:
    """Open a session with the password, on a new device when none is named. Errors: ChannelError."""
    client = Client(url, user, device_id=device, config=PLAIN)
    try:
        with reached(url):
            answer = await client.login(password, device_name=DEVICE_NAME)
    finally:
        await client.close()
    if isinstance(answer, ErrorResponse):
        raise refused(url, user, answer)
    _same_user(url, user, answer.user_id)
    return Login(user=user, device=answer.device_id, token=answer.access_token, homeserver=url, seeds=seeds)


async def _accepted(client: AsyncClient, user: str, device: str = "") -> str:
    """Ask whose token this is and return its device. Errors: ChannelError when it is not good, or not the user's."""
    with reached(client.homeserver):
        me = await client.whoami()
    if isinstance(me, ErrorResponse):
        raise refused(client.homeserver, user, me)
    _same_user(client.homeserver, user, me.user_id)
    if not me.device_id or device not in ("", me.device_id):
        raise ChannelError(f"the access token of {user} belongs to no device, or to another one: {AGAIN}")
    return str(me.device_id)


def _same_user(url: str, user: str, told: str) -> None:
    if told != user:
        raise ChannelError(f"this is a login of {told} at {url}, and not of {user}: check the user and the access token")


async def _has_our_keys(keys: KeyStore, login: Login) -> bool:
    """Whether the keys that the server holds of a device, if any, are the ones that are here."""
    async with plain(login) as client:
        theirs = (await published(client)).device
    if theirs is None:
        return True
    ours = keys.store(login.user, login.device, pickle_key=PLAIN.pickle_key).load_account()
    names = ("ed25519", "curve25519")
    return ours is not None and all(theirs["keys"].get(f"{name}:{login.device}") == ours.identity_keys[name] for name in names)


async def _mend(keys: KeyStore, login: Login) -> None:
    """Have our keys uploaded again where the server forgot them: it does when a device is logged out."""
    async with plain(login) as client:
        if (await published(client)).device is not None:
            return
    store = keys.store(login.user, login.device, pickle_key=PLAIN.pickle_key)
    if (account := store.load_account()) is not None:
        account.shared = False
        store.save_account(account)


async def _publish(keys: KeyStore, login: Login, password: str) -> Login:
    """Upload what others need to encrypt to us and to know our device. Errors: ChannelError."""
    client = open_client(login, keys)
    try:
        if client.should_upload_keys:
            with reached(login.homeserver):
                answer = await client.keys_upload()
            if isinstance(answer, ErrorResponse):
                raise refused(login.homeserver, login.user, answer)
        if not login.seeds:
            login = replace(login, seeds=new_seeds())
            keys.keep(login)
        await sign(client, login.seeds, password)
    finally:
        await client.close()
    return login


@asynccontextmanager
async def plain(login: Login) -> AsyncIterator[AsyncClient]:
    """Open a login without its keys."""
    client = Client(login.homeserver, login.user, device_id=login.device, config=PLAIN)
    client.user_id, client.access_token = login.user, login.token
    try:
        yield client
    finally:
        await client.close()
