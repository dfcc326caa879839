"""Cross-signing, which matrix-nio lacks: the account's three keys, and the device signed by them.

Without it, clients that leave out insecure devices show nothing of what the bot writes. Knows keys and signatures (Matrix
specification, "Cross-signing" and "Signing JSON") and the calls that publish them; not where seeds are kept.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa
from nio import Api, AsyncClient
from unpaddedbase64 import decode_base64, encode_base64

from bot.errors import ChannelError
from bot.platforms.matrix.homeserver import ask, reached, refusal

Json: TypeAlias = dict[str, Any]

KINDS: Final = ("master", "self_signing", "user_signing")
SEED_BYTES: Final = 32
PASSWORD: Final = "m.login.password"

OTHERS: Final = (
    "another program has made the cross-signing keys of {user}, and so nobody could tell this device from a stranger's: "
    "`teejuht matrix login` with the account's password replaces them"
)
WANTS_PASSWORD: Final = (
    "{url} takes cross-signing keys only with the account's password: run `teejuht matrix login` with the password"
)
WANTS_BROWSER: Final = (
    "{url} replaces cross-signing keys only in a browser: allow it in the settings of the account {user}, and log in again"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the server holds of our own account: the cross-signing keys by their kind, and the device."""

    keys: Mapping[str, Json]
    device: Json | None


def new_seeds() -> tuple[bytes, ...]:
    """Make the three secrets: master, self-signing, user-signing."""
    return tuple(secrets.token_bytes(SEED_BYTES) for _ in KINDS)


def public_key(seed: bytes) -> str:
    """Return the public half of an Ed25519 key, in the Base64 without padding that Matrix uses."""
    return encode_base64(_key(seed).public_key().export_key(format="raw"))


def signature(seed: bytes, content: Json) -> str:
    """Sign a JSON object."""
    return encode_base64(eddsa.new(_key(seed), "rfc8032").sign(_canonical(content)))


def is_signed_by(public: str, user: str, content: Json) -> bool:
    """Whether a JSON object carries a good signature by a user's key."""
    found = content.get("signatures", {}).get(user, {}).get(f"ed25519:{public}")
    try:
        eddsa.new(eddsa.import_public_key(decode_base64(public)), "rfc8032").verify(_canonical(content), decode_base64(found))
    except (AttributeError, TypeError, ValueError):
        return False
    return True


def cross_signing_keys(user: str, seeds: Sequence[bytes]) -> dict[str, Json]:
    """Write the three public keys as the server takes them, the other two signed by the master key."""
    keys: dict[str, Json] = {}
    for kind, seed in zip(KINDS, seeds, strict=True):
        public = public_key(seed)
        keys[kind] = {"user_id": user, "usage": [kind], "keys": {f"ed25519:{public}": public}}
        if kind != "master":
            keys[kind] = signed(keys[kind], user, seeds[0])
    return keys


def signed(content: Json, user: str, seed: bytes) -> Json:
    """Return a JSON object with no other signature than that by one of the user's keys."""
    bare = {name: value for name, value in content.items() if name not in ("signatures", "unsigned")}
    return bare | {"signatures": {user: {f"ed25519:{public_key(seed)}": signature(seed, bare)}}}


async def published(client: AsyncClient) -> Published:
    """Ask the server what it holds of our own account and device. Errors: ChannelError."""
    user = client.user_id
    answer = await _post(client, "keys/query", {"device_keys": {user: [client.device_id]}})
    keys = {kind: answer.get(f"{kind}_keys", {}).get(user) for kind in KINDS}
    device = answer.get("device_keys", {}).get(user, {}).get(client.device_id)
    return Published(keys={kind: key for kind, key in keys.items() if key}, device=device)


async def sign(client: AsyncClient, seeds: Sequence[bytes], password: str = "") -> None:
    """Publish the keys of these seeds and sign the device, whatever of it is not done yet. Errors: ChannelError.

    With the password, keys that another program published are replaced. The device's own keys must be uploaded already.
    """
    user, now = client.user_id, await published(client)
    if not _are_ours(now, seeds):
        if now.keys.get("master") and not password and not _is_ours("master", now, seeds):
            raise ChannelError(OTHERS.format(user=user))
        await _publish(client, seeds, password)
        now = await published(client)
    if now.device is None:
        raise ChannelError(f"{client.homeserver} does not hold the keys of the device {client.device_id}: log in again")
    if not is_signed_by(public_key(seeds[1]), user, now.device):
        answer = await _post(client, "keys/signatures/upload", {user: {client.device_id: signed(now.device, user, seeds[1])}})
        if answer.get("failures"):
            raise ChannelError(f"{client.homeserver} does not take the signature of the device {client.device_id}: log in again")


async def is_signed(client: AsyncClient, seeds: Sequence[bytes]) -> bool:
    """Whether the server holds our cross-signing keys and our device is signed by them. Errors: ChannelError."""
    now = await published(client)
    return (
        bool(seeds)
        and _are_ours(now, seeds)
        and now.device is not None
        and is_signed_by(public_key(seeds[1]), client.user_id, now.device)
    )


async def _publish(client: AsyncClient, seeds: Sequence[bytes], password: str) -> None:
    """Upload the three public keys; a server that wants to be sure asks for the password first."""
    user, path = client.user_id, "keys/device_signing/upload"
    keys = cross_signing_keys(user, seeds)
    # Who has verified this device then trusts the account too.
    device = client.olm.account.sign(_canonical(keys["master"]).decode())
    keys["master"]["signatures"] = {user: {f"ed25519:{client.device_id}": device}}
    body: Json = {f"{kind}_key": key for kind, key in keys.items()}
    with reached(client.homeserver):
        status, answer = await ask(client, path, body)
        if status == 401 and "flows" in answer:
            if not password:
                raise ChannelError(WANTS_PASSWORD.format(url=client.homeserver))
            if not any(flow.get("stages") == [PASSWORD] for flow in answer["flows"]):
                raise ChannelError(WANTS_BROWSER.format(url=client.homeserver, user=user))
            who = {"type": "m.id.user", "user": user}
            auth = {"type": PASSWORD, "session": answer.get("session"), "identifier": who, "password": password}
            status, answer = await ask(client, path, body | {"auth": auth})
    if status != 200:
        raise refusal(client.homeserver, user, status, answer)


async def _post(client: AsyncClient, path: str, body: Json) -> Json:
    with reached(client.homeserver):
        status, answer = await ask(client, path, body)
    if status != 200:
        raise refusal(client.homeserver, client.user_id, status, answer)
    return answer


def _are_ours(now: Published, seeds: Sequence[bytes]) -> bool:
    return all(_is_ours(kind, now, seeds) for kind in KINDS)


def _is_ours(kind: str, now: Published, seeds: Sequence[bytes]) -> bool:
    ours = public_key(seeds[KINDS.index(kind)])
    return bool(now.keys.get(kind, {}).get("keys") == {f"ed25519:{ours}": ours})


def _key(seed: bytes) -> ECC.EccKey:
    return ECC.construct(curve="Ed25519", seed=seed)


def _canonical(content: Json) -> bytes:
    bare = {name: value for name, value in content.items() if name not in ("signatures", "unsigned")}
    text: str = Api.to_canonical_json(bare)
    return text.encode()
