"""Whatever a homeserver refuses, and whatever is none, is told in words that say what to do."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import web

from bot.platforms.matrix.account import log_in, look
from bot.platforms.matrix.homeserver import Client, find
from bot.platforms.matrix.keys import KeyStore
from tests.matrix.logins import (
    WRONG,
    refusal,
    website,
)
from tests.peers import synapse as peer
from tests.peers.synapse import Synapse


async def test_a_wrong_password(synapse: Synapse, sqlite: KeyStore) -> None:
    """The error names the user, and nothing is kept; nobody is told whether there is such a user."""
    account = synapse.register()
    for user in (account.user, "@nobody:localhost"):
        why = await refusal(sqlite, user, synapse.url, password=WRONG)
        assert (
            why == f"{synapse.url} does not accept this password for {user}: check both; a deactivated account has none any more"
        )
        assert sqlite.login(user) is None


async def test_a_deactivated_account(synapse: Synapse, sqlite: KeyStore) -> None:
    """The error says that it may be this, as Synapse does not tell it from a wrong password."""
    account = synapse.register()
    synapse.deactivate(account)
    assert "a deactivated account has none" in await refusal(sqlite, account.user, synapse.url, password=account.password)


async def test_a_revoked_token(synapse: Synapse, sqlite: KeyStore) -> None:
    """The error says that the token is not known; an earlier login stays as it was."""
    account = synapse.register()
    login = await log_in(sqlite, account.user, synapse.url, token=account.token)
    synapse.revoke(account.token)
    why = await refusal(sqlite, account.user, synapse.url, token=account.token)
    assert "does not know the access token" in why
    assert sqlite.login(account.user) == login
    seen = await look(sqlite, account.user)
    assert (seen.accepted, seen.signed, seen.why) == (False, False, why)


async def test_a_token_of_somebody_else(synapse: Synapse, sqlite: KeyStore) -> None:
    """The error names both."""
    account, other = synapse.register(), synapse.register()
    why = await refusal(sqlite, account.user, synapse.url, token=other.token)
    assert account.user in why
    assert other.user in why


async def test_too_many_attempts(sqlite: KeyStore) -> None:
    """The error says how long the homeserver asks to wait."""
    with peer.synapse(limits=True) as server:
        account = server.register()
        for _ in range(10):
            why = await refusal(sqlite, account.user, server.url, password=WRONG)
            if "too many attempts" in why:
                break
    words = why.removeprefix(f"{server.url} has had too many attempts: try again in ").split()
    assert words[1:] == ["seconds"]
    assert int(words[0]) > 0


@pytest.mark.parametrize("user", ["", "teejuht", "@teejuht", "teejuht:a.org", "@:a.org", "@a b:a.org", "@a:b/c"])
async def test_what_is_no_user(sqlite: KeyStore, user: str) -> None:
    """The error shows how a user's id is written."""
    assert "write it like @teejuht:example.org" in await refusal(sqlite, user, "http://localhost", password=WRONG)


@pytest.mark.parametrize(
    "url", ["example.org", "ftp://example.org", "https://", "https://me:secret@example.org", "http://a:port"]
)
async def test_what_is_no_address(sqlite: KeyStore, url: str) -> None:
    """The error shows how an address is written, and does not repeat what may hold a password."""
    why = await refusal(sqlite, "@teejuht:example.org", url, password=WRONG)
    assert why == "the address of the homeserver cannot be read: write it like https://matrix.example.org"


async def test_neither_password_nor_token(sqlite: KeyStore) -> None:
    """One of them is needed."""
    assert "the password or an access token" in await refusal(sqlite, "@teejuht:example.org", "http://localhost")


async def test_nobody_there(sqlite: KeyStore) -> None:
    """The error names the address and what is wrong."""
    why = await refusal(sqlite, "@teejuht:localhost", "http://127.0.0.1:1", password=WRONG)
    assert why.startswith("http://127.0.0.1:1 cannot be reached (")
    assert "refused" in why


async def test_nobody_there_where_the_user_s_server_is(sqlite: KeyStore) -> None:
    """Without an address the server in the user's id is asked, and the error says what can be done."""
    why = await refusal(sqlite, "@teejuht:127.0.0.1:1", "", password=WRONG)
    assert why.startswith("https://127.0.0.1:1 cannot be reached (")
    assert "another address" in why


async def test_a_website_is_no_homeserver(sqlite: KeyStore) -> None:
    """No password is sent to it."""
    seen: list[str] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(f"{request.method} {request.path}")
        return web.Response(text="<html>Welcome!</html>", content_type="text/html")

    async with website(answer) as url:
        why = await refusal(sqlite, "@teejuht:localhost", url, password=WRONG)
    assert why == f"there is no Matrix homeserver at {url}: check the address"
    assert seen == ["GET /_matrix/client/v3/login"]


async def test_a_homeserver_that_is_down_behind_its_proxy(sqlite: KeyStore) -> None:
    """It is not the address that is wrong."""
    async with website(lambda _: web.Response(status=502, text="<html>Bad Gateway</html>")) as url:
        why = await refusal(sqlite, "@teejuht:localhost", url, password=WRONG)
    assert "does not work at the moment (HTTP 502): try again later" in why


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("M_USER_DEACTIVATED", "says that @teejuht:localhost was deactivated"),
        ("M_USER_LOCKED", "says that @teejuht:localhost is locked"),
        ("M_LIMIT_EXCEEDED", "has had too many attempts: try again later"),
        ("ORG_EXAMPLE", "refuses: ORG_EXAMPLE"),
    ],
)
async def test_other_refusals(sqlite: KeyStore, code: str, words: str) -> None:
    """What other homeservers answer is put into words, and never their own text: it may repeat what they were sent."""

    def answer(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"flows": [{"type": "m.login.password"}]})
        return web.json_response({"errcode": code, "error": f"no: {WRONG}"}, status=403)

    async with website(answer) as url:
        assert words in await refusal(sqlite, "@teejuht:localhost", url, password=WRONG)


async def test_a_homeserver_without_passwords(sqlite: KeyStore) -> None:
    """The error says what to use instead."""
    async with website(lambda _: web.json_response({"flows": [{"type": "m.login.sso"}]})) as url:
        why = await refusal(sqlite, "@teejuht:localhost", url, password=WRONG)
    assert "takes no passwords: log in with an access token instead" in why


async def test_a_homeserver_that_hangs(synapse: Synapse, sqlite: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up on."""

    async def hangs(*_: object, **__: object) -> None:
        await asyncio.sleep(0)
        raise TimeoutError

    monkeypatch.setattr(Client, "send", hangs)
    assert "does not answer: try again later" in await refusal(sqlite, "@a:localhost", synapse.url, password=WRONG)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that nobody trusts yet."""
    folder = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*words.split(), *names], cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


async def test_a_certificate_that_nobody_trusts(sqlite: KeyStore, certificate: tuple[Path, ssl.SSLContext]) -> None:
    """The error says that it is the certificate."""
    async with website(lambda _: web.json_response({}), tls=certificate[1]) as url:
        why = await refusal(sqlite, "@teejuht:localhost", url, password=WRONG)
    assert why.startswith(f"{url} has no certificate that this machine trusts (")


@pytest.mark.parametrize("status", [200, 404])
async def test_the_homeserver_is_looked_up(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """The server in the user's id says where its homeserver is; one that says nothing is it itself."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    def answer(request: web.Request) -> web.Response:
        assert request.path == "/.well-known/matrix/client"
        told = {"m.homeserver": {"base_url": "https://matrix.example.org/"}}
        return web.Response(status=404) if status == 404 else web.json_response(told)

    async with website(answer, tls=certificate[1]) as url:
        found = await find(url.removeprefix("https://"))
    assert found == (url if status == 404 else "https://matrix.example.org")


async def test_the_proxy_of_the_environment_is_used(sqlite: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Towns often let programs out through a proxy only."""
    seen: list[str] = []

    def answer(request: web.Request) -> web.Response:
        seen.append(str(request.url))
        return web.Response(status=504)

    async with website(answer) as url:
        monkeypatch.setenv("http_proxy", url)
        await refusal(sqlite, "@teejuht:example.invalid", "http://matrix.example.invalid", password=WRONG)
    assert seen == ["http://matrix.example.invalid/_matrix/client/v3/login"]
