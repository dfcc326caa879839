"""The account's keys and signatures are what other programs expect."""

import pytest
from aiohttp import web

from bot.errors import ChannelError
from bot.platforms.matrix.account import open_client
from bot.platforms.matrix.keys import KeyStore, Login
from bot.platforms.matrix.signing import cross_signing_keys, is_signed_by, new_seeds, public_key, sign, signed
from tests.matrix.logins import verify, website


async def test_keys_that_only_a_browser_replaces(sqlite: KeyStore) -> None:
    """Some homeservers ask for more than a password; the error says where."""
    other = cross_signing_keys("@teejuht:localhost", new_seeds())

    def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/keys/query"):
            return web.json_response({f"{kind}_keys": {"@teejuht:localhost": key} for kind, key in other.items()})
        return web.json_response({"flows": [{"stages": ["m.oauth"]}], "session": "s"}, status=401)

    async with website(answer) as url:
        login = Login(user="@teejuht:localhost", device="DEVICE", token="t", homeserver=url)
        client = open_client(login, sqlite)
        try:
            with pytest.raises(ChannelError, match="only in a browser"):
                await sign(client, new_seeds(), "password")
        finally:
            await client.close()


def test_signatures_are_what_another_library_expects() -> None:
    """What is signed here is verified there."""
    seeds = new_seeds()
    keys = cross_signing_keys("@a:b", seeds)
    assert [len(seed) for seed in seeds] == [32, 32, 32]
    for kind in ("self_signing", "user_signing"):
        verify(public_key(seeds[0]), keys[kind], "@a:b")


def test_a_signature_is_good_or_it_is_not() -> None:
    """What was changed after signing, signed by others or not at all is not good; `unsigned` is nobody's word."""
    ours, theirs = new_seeds()[:2]
    content = signed({"name": "Õie", "unsigned": {"age": 1}, "signatures": {"@a:b": {"ed25519:x": "y"}}}, "@a:b", ours)
    key = public_key(ours)
    assert is_signed_by(key, "@a:b", content)
    assert is_signed_by(key, "@a:b", content | {"unsigned": {"age": 2}})
    assert not is_signed_by(key, "@a:b", content | {"name": "Oie"})
    assert not is_signed_by(key, "@c:d", content)
    assert not is_signed_by(public_key(theirs), "@a:b", content)
    assert not is_signed_by(key, "@a:b", {"name": "Õie"})
    broken = {"@a:b": {f"ed25519:{key}": "no signature"}}
    assert not is_signed_by(key, "@a:b", content | {"signatures": broken})
