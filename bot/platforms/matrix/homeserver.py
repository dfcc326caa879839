"""The line to a homeserver: matrix-nio's client, calls that it lacks, and what refusals and failures mean in words.

Knows addresses, requests and Matrix's error codes; not who is logged in.
"""

import json
import logging
import os
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from nio import (
    Api,
    AsyncClient,
    AsyncClientConfig,
    DiscoveryInfoResponse,
    ErrorResponse,
    KeysClaimError,
    KeysClaimResponse,
    KeysUploadError,
    KeysUploadResponse,
    Response,
    SyncResponse,
)

from bot.errors import ChannelError

SECONDS: Final = 10.0
"""Longer than a homeserver needs and shorter than the engine waits."""
NUMBERED: Final[Mapping[str, type]] = {"event_id": str, "origin_server_ts": int}
"""What events of a room have besides, and those do not that only came beside it."""
PLAIN: Final = AsyncClientConfig(max_timeouts=0, max_limit_exceeded=0, request_timeout=SECONDS, encryption_enabled=False)
"""What is asked without keys, and never twice by itself."""

WORDS: Final = {
    "M_FORBIDDEN": "does not accept this password for {user}: check both; a deactivated account has none any more",
    "M_USER_DEACTIVATED": "says that {user} was deactivated: its administrator can open the account again, or make another one",
    "M_USER_LOCKED": "says that {user} is locked: ask its administrator to unlock the account",
    "M_USER_SUSPENDED": "says that {user} is suspended: ask its administrator to lift that",
    "M_UNKNOWN_TOKEN": "does not know the access token of {user}: it is wrong or was logged out; log in again",
    "M_MISSING_TOKEN": "does not know the access token of {user}: it is wrong or was logged out; log in again",
}


class Client(AsyncClient):  # type: ignore[misc]  # matrix-nio has no types
    """matrix-nio's client, which goes through the proxy that the environment names, and keeps its keys before it shows them."""

    client_session: aiohttp.ClientSession | None

    async def send(self, *request: object, **options: object) -> aiohttp.ClientResponse:
        """Make a request. Errors: aiohttp.ClientError, TimeoutError."""
        if self.client_session is None:
            # Made with the first request, as a session belongs to a running loop.
            connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
            timeout = aiohttp.ClientTimeout(total=SECONDS)
            self.client_session = aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True)
        response: aiohttp.ClientResponse = await super().send(*request, **options)
        return response

    async def parse_body(self, transport_response: aiohttp.ClientResponse) -> dict[str, Any]:
        """Read an answer; an error page is an error, and not the empty answer that says for many calls that all is well."""
        body: dict[str, Any] = tame(await super().parse_body(transport_response))
        return body or ({"error": f"HTTP {transport_response.status}"} if transport_response.status >= 400 else {})

    async def keys_claim(self, user_set: Mapping[str, Iterable[str]]) -> KeysClaimResponse | KeysClaimError:
        """Claim others' one-time keys. Errors: aiohttp.ClientError, TimeoutError."""
        method, path, data = Api.keys_claim(self.access_token, user_set)
        # The library's own call names no room, and then cannot make its error.
        return await self._send(KeysClaimResponse, method, path, data, ("",))

    async def receive_response(self, response: Response) -> None:
        """Take an answer in; of a sync all keys that came with it are kept, or none."""
        if self.store is None or not isinstance(response, SyncResponse):
            await super().receive_response(response)
            return
        # The library keeps the step of an Olm session first and then the key that came with it: killed in between, it could
        # not read that again when the homeserver hands it in once more. Nothing in here waits, so nobody else writes meanwhile.
        with self.store.database.atomic():
            await super().receive_response(response)

    async def keys_upload(self) -> KeysUploadResponse | KeysUploadError:
        """Upload the device's keys and new one-time keys. Errors: aiohttp.ClientError, TimeoutError."""
        keys = self.olm.share_keys()
        # The library keeps their private halves when the server has answered: killed in between, it could never read what is
        # encrypted to them, nor upload any more under the names that are taken.
        self.olm.save_account()
        method, path, data = Api.keys_upload(self.access_token, keys)
        return await self._send(KeysUploadResponse, method, path, data)


def tame(body: dict[str, Any]) -> dict[str, Any]:
    """Mend what matrix-nio fails on in a sync, which it would do at each repeat of it for ever.

    The state in an invitation is what a stranger's server says it is; a room that was left may come without any state. Events
    that are none are left out.
    """
    if not isinstance(body, dict) or not isinstance(rooms := body.get("rooms"), dict):  # the state of a room is a list
        return body
    for room in _rooms(rooms, "join"):
        _leave_sound(room, "state", NUMBERED)
        _leave_sound(room, "timeline", NUMBERED)
    for room in _rooms(rooms, "invite"):
        _leave_sound(room, "invite_state", {})
        for event in room["invite_state"]["events"]:
            event.pop("unsigned", None)
    for room in _rooms(rooms, "leave"):
        _leave_sound(room, "state", NUMBERED)
        _leave_sound(room, "timeline", NUMBERED)
    if "to_device" in body:
        _leave_sound(body, "to_device", {})
    return body


def _rooms(rooms: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Give the rooms of a kind; what is none is taken out."""
    found = rooms.get(kind)
    rooms[kind] = {id: room for id, room in found.items() if isinstance(room, dict)} if isinstance(found, dict) else {}
    return list(rooms[kind].values())


def _leave_sound(holder: dict[str, Any], part: str, more: Mapping[str, type]) -> None:
    """Leave of a list of events those that have what every event has, of the kinds that it has."""
    found = holder.get(part)
    within = found if isinstance(found, dict) else {}
    events = within.get("events")
    holder[part] = {**within, "events": [event for event in events if _is_sound(event, more)] if isinstance(events, list) else []}


def _is_sound(event: object, more: Mapping[str, type]) -> bool:
    return (
        isinstance(event, dict)
        and isinstance(event.get("state_key", ""), str)
        and all(type(event.get(name)) is kind for name, kind in {"type": str, "sender": str, "content": dict, **more}.items())
    )


async def ask(client: AsyncClient, path: str, body: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
    """Post to the homeserver what matrix-nio has no call for; returns status and answer. Errors: as `Client.send`."""
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    response = await client.send("POST", f"/_matrix/client/v3/{path}", json.dumps(body), headers)
    answer = await client.parse_body(response)
    return response.status, answer if isinstance(answer, dict) else {}


async def look_up(client: AsyncClient, path: str) -> tuple[int, Any]:
    """Get from the homeserver what matrix-nio has no good call for; returns status and answer. Errors: as `Client.send`."""
    response = await client.send("GET", f"/_matrix/client/{path}", None, {"Authorization": f"Bearer {client.access_token}"})
    return response.status, await client.parse_body(response)


async def find(server: str) -> str:
    """Look up the address of the homeserver whose users are called `@...:server`. Errors: ChannelError."""
    url = f"https://{server}"
    client = Client(url, config=PLAIN)
    try:
        with reached(url):
            found = await client.discovery_info()
    except ChannelError as error:
        raise ChannelError(f"{error}. If {server}'s homeserver has another address, give it.") from None
    finally:
        await client.close()
    return address(found.homeserver_url) if isinstance(found, DiscoveryInfoResponse) else url


def address(url: str) -> str:
    """Check the address of a homeserver as somebody wrote it. Errors: ChannelError."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("https", "http") and parts.hostname and parts.username is None and (parts.port or True)
    except ValueError:
        good = False
    if not good:
        raise ChannelError("the address of the homeserver cannot be read: write it like https://matrix.example.org")
    return url.rstrip("/")


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Say in words that a homeserver cannot be reached. Errors: ChannelError."""
    try:
        yield
    except aiohttp.ClientSSLError as error:
        raise ChannelError(f"{url} has no certificate that this machine trusts ({_name(error)}): check the address") from None
    except TimeoutError:
        raise ChannelError(f"{url} does not answer: try again later, or check the address") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ChannelError(f"{url} cannot be reached ({_name(error)}): check the address and the network") from None


def refused(url: str, user: str, answer: ErrorResponse) -> ChannelError:
    """Say in words what a homeserver's refusal means and what to do."""
    response = answer.transport_response
    return refusal(url, user, response.status if response else 0, vars(answer) | {"errcode": answer.status_code})


def refusal(url: str, user: str, status: int, answer: Mapping[str, Any]) -> ChannelError:
    """Say in words what a homeserver's refusal means and what to do; `answer` is its body."""
    code = answer.get("errcode")
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        wait = answer.get("retry_after_ms")
        when = f"in {-(-int(wait) // 1000)} seconds" if wait else "later"
        return ChannelError(f"{url} has had too many attempts: try again {when}")
    if code in WORDS:
        return ChannelError(f"{url} {WORDS[code].format(user=user)}")
    if code:
        # Only the code: what a server writes beside it may quote what it was sent.
        return ChannelError(f"{url} refuses: {code}")
    if status >= 500:
        return ChannelError(f"{url} does not work at the moment (HTTP {status}): try again later")
    return ChannelError(f"there is no Matrix homeserver at {url}: check the address")


def silence() -> None:
    """Keep the library's log to itself: it writes out what servers answer, tokens and messages included."""
    logger = logging.getLogger("nio")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _name(error: BaseException) -> str:
    """Name what went wrong below aiohttp, whose own words are for programmers."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message
    if isinstance(inner, OSError) and inner.errno is not None and inner.errno > 0:
        return os.strerror(inner.errno)
    return str(getattr(inner, "strerror", None) or type(error).__name__)
