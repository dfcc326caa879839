"""What tests of logging in share: refusals, what the homeserver holds of an account, and somebody who writes to it."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from nio import Api, AsyncClient, ToDeviceMessage
from vodozemac import Ed25519PublicKey, Ed25519Signature

from bot.errors import ChannelError
from bot.platforms.matrix.account import log_in, open_client
from bot.platforms.matrix.keys import KeyStore, Login
from tests.peers.synapse import Json, Synapse

WRONG = "not-the-password"
Answer = Callable[[web.Request], web.Response]


async def refusal(keys: KeyStore, user: str, url: str, *, password: str = "", token: str = "") -> str:
    """Log in, be refused, and return why."""
    with pytest.raises(ChannelError) as caught:
        await log_in(keys, user, url, password=password, token=token)
    for secret in filter(None, (password, token)):
        assert secret not in str(caught.value)
    return str(caught.value)


def identity(keys: KeyStore, login: Login) -> dict[str, str]:
    """Read the public keys of a login's device as the key store has them."""
    account = keys.store(login.user, login.device, "", "DEFAULT_KEY", "").load_account()
    assert account is not None
    found: dict[str, str] = account.identity_keys
    return found


def queried(server: Synapse, login: Login) -> Json:
    """Ask the homeserver for all that it holds of a user's keys."""
    status, answer = server.request("POST", "/_matrix/client/v3/keys/query", {"device_keys": {login.user: []}}, login.token)
    assert status == 200
    return answer


def assert_signed(server: Synapse, keys: KeyStore, login: Login) -> None:
    """Assert that the server has our keys, and that another library finds all signatures good."""
    answer = queried(server, login)
    device = answer["device_keys"][login.user][login.device]
    assert {name.partition(":")[0]: key for name, key in device["keys"].items()} == identity(keys, login)
    master, own, users = (answer[f"{kind}_keys"][login.user] for kind in ("master", "self_signing", "user_signing"))
    [master_key], [own_key] = master["keys"].values(), own["keys"].values()
    verify(master_key, own, login.user)
    verify(master_key, users, login.user)
    verify(own_key, device, login.user)


def verify(public: str, content: Json, user: str) -> None:
    """Verify a signature as another implementation does. Errors: vodozemac's."""
    bare = {name: value for name, value in content.items() if name not in ("signatures", "unsigned")}
    found = Ed25519Signature.from_base64(content["signatures"][user][f"ed25519:{public}"])
    Ed25519PublicKey.from_base64(public).verify_signature(Api.to_canonical_json(bare).encode(), found)


@asynccontextmanager
async def friend_of(server: Synapse) -> AsyncIterator[AsyncClient]:
    """Log somebody in who writes to the bot."""
    account = server.register()
    with closing(KeyStore.open("sqlite://")) as keys:
        client = open_client(await log_in(keys, account.user, server.url, token=account.token), keys)
        try:
            yield client
        finally:
            await client.close()


async def assert_can_be_written_to(keys: KeyStore, login: Login, friend: AsyncClient) -> None:
    """Assert that a device can read what somebody encrypts to a one-time key of it."""
    client = open_client(login, keys)
    try:
        await write(friend, login)
        response = await client.sync(timeout=0)
    finally:
        await client.close()
    assert [type(event).__name__ for event in response.to_device_events] == ["DummyEvent"]


async def write(sender: AsyncClient, login: Login) -> None:
    """Encrypt something to a device: a dummy, which says nothing and needs a session like anything else."""
    sender.olm.users_for_key_query.add(login.user)
    await sender.keys_query()
    device = sender.olm.device_store[login.user][login.device]
    await sender.keys_claim({login.user: [login.device]})
    session = sender.olm.session_store.get(device.curve25519)
    assert session is not None
    content = sender.olm._olm_encrypt(session, device, "m.dummy", {})
    await sender.to_device(ToDeviceMessage("m.room.encrypted", login.user, login.device, content))


@asynccontextmanager
async def website(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run something that is no homeserver."""

    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    try:
        yield str(server.make_url("/")).replace("127.0.0.1", "localhost").rstrip("/")
    finally:
        await server.close()
