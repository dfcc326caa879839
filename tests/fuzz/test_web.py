"""Requests as browsers never make them, on real sockets: no fault of ours, and every answer of ours is guarded."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Final

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.web.channel import WebChannel
from bot.platforms.web.guard import HEADERS
from bot.platforms.web.session import new_token
from tests.fuzz.kit import House, house
from tests.fuzz.mutation import ODD, TEXTS, Json, mutated, often
from tests.web.fakes import LANGUAGES, OPERATORS, serving, written_catalogs
from tests.web.office import MemoryCases, case_view

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE: Final = 60.0
NOT_HTTP: Final = b"Invalid HTTP request received."
"""What the server itself says of what is no request; it names nothing of ours."""
HOOK: Final = "/hooks/telegram"
ID: Final = "0b6ab7f2-8f0e-4d53-9f43-3d1a1d0c4d9f"
PATHS: Final = (
    "/", "/?lang=ru", "/?lang=%00", "/?start=%ff", "/accessibility", "/favicon.svg", "/robots.txt", "/static/chat.js",
    "/static/../guard.py", "/static/%2e%2e/guard.py", "/static/", "/static/\x7f", "/events", "/seen", "/new", "/stream",
    "/stream?after=-1", "/stream?after=" + "9" * 400, HOOK, "/case/", "/case/x", "/case/CASE", "/case/CASE/files/a/0",
    "/case/CASE/files/a/-1", "/case/CASE/files/%00/9" + "9" * 400, "//", "/%", "/" + "a" * 9000, "*", "http://elsewhere/",
)  # fmt: skip
METHODS: Final = ("GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "X")
NAMES: Final = (
    "Origin", "Sec-Fetch-Site", "Accept", "Accept-Language", "Content-Type", "Cookie", "Last-Event-ID", "If-None-Match",
    "If-Modified-Since", "Range", "Host", "X-Forwarded-For", "X-Forwarded-Proto", "Expect", "Upgrade", "Accept-Encoding",
    "X-Telegram-Bot-Api-Secret-Token",
)  # fmt: skip
VALUES: Final = (
    "same-origin", "cross-site", "null", "https://evil.example", "text/html", "application/json", "text/html;q=x",
    "application/x-www-form-urlencoded", "et,ru;q=0.9", "q=1;;;,,", "teejuht=SESSION", "teejuht=", "teejuht-lang=xx; teejuht=a",
    "teejuht-name=%00%ff", "bytes=0-", "bytes=5-1", "bytes=a-b", "bytes=0-1,2-3,-1",
    "Tue, 31 Feb 2026 25:61:61 GMT", "[", "a:b:c",
    "100-continue", "websocket", "9" * 400, "\xff\xfe", "localhost:99999", "@", "",
)  # fmt: skip
EVENTS: Final[tuple[Json, ...]] = (
    {"id": ID, "event": "opened", "payload": "menu", "hint": "et"},
    {"id": ID, "event": "said", "text": "kus on kool", "hint": "ru"},
    {"id": ID, "event": "chose", "option": "topic:school"},
    {"id": 7},
)
FORMS: Final = ("do=claim", "do=reply&text=tere&nonce=a&check=b", "do=transfer&desk=%00", "do=close&name=" + "a" * 99, "a&" * 99)

REQUESTS: Final = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[tuple[str, House, str]]:
    """The web page before the real engine and store, with a hook and the page of a case; its address and the case's token."""
    cases = MemoryCases(views={42: case_view()})

    async def hook(headers: Mapping[str, str], body: bytes) -> int:
        return 200 if headers.get("x-telegram-bot-api-secret-token") and body else 403

    async with house() as inside:
        channel = WebChannel(
            store=inside.store, listen=lambda: asyncio.sleep, catalogs=written_catalogs(), languages=LANGUAGES,
            default_language="et", host="127.0.0.1", port=0, public_url="", operator=OPERATORS.__getitem__,
            clock=cases.clock, hooks={HOOK: hook}, cases=cases.page(),
        )  # fmt: skip
        async with serving(channel, inside) as url:
            yield url, inside, (await cases.path()).removeprefix("/case/")


async def ask(address: str, request: bytes, *, ends: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send bytes, and read the head of the answer and what of its body came with it; status 0 if there is none.

    `ends`: say that no more will come, where the server cannot tell by itself.
    """
    url = httpx.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
                if ends:
                    writer.write_eof()
            head = b""
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
            while head.startswith(b"HTTP/1.1 1"):
                head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.read(100) if b"text/event-stream" not in head else b""
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int([*first.split(" "), "0", "0"][1]), {name.lower(): value.strip() for name, _, value in pairs}, body


def check(status: int, headers: dict[str, str], body: bytes) -> None:
    """Whatever was asked, it was no fault of ours, and the browser is told what it may do."""
    assert status < 500, (status, body)
    if status and NOT_HTTP not in body:
        assert {name: headers.get(name.lower()) for name in HEADERS} == HEADERS
        assert headers["cache-control"] in ("no-store", "no-cache")


@often(250)
@given(
    method=st.sampled_from(METHODS), path=st.sampled_from(PATHS) | TEXTS.map(lambda text: f"/{text}"),
    headers=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=6),
    body=mutated(EVENTS).map(lambda row: json.dumps(row).encode()) | st.sampled_from(FORMS).map(str.encode)
    | ODD.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50),
    ours=st.booleans(),
)  # fmt: skip
async def test_no_request_is_a_fault_of_ours(
    site: tuple[str, House, str], method: str, path: str, headers: list[tuple[str, str]], body: bytes, ours: bool
) -> None:
    """Methods, paths, headers and bodies of every kind, with and without what our own page would send."""
    url, inside, token = site
    path = "".join(sign if " " < sign < "\x7f" else f"%{ord(sign) % 256:02x}" for sign in path.replace("CASE", token))[:12_000]
    own = [("Host", "a"), ("Origin", "http://a"), ("Content-Type", "application/json"), ("Cookie", f"teejuht={new_token()}")]
    lines = [*(own if ours else [("Host", "a")]), *headers, ("Content-Length", str(len(body))), ("Connection", "close")]
    head = "".join(f"{name}: {value.replace('SESSION', new_token())}\r\n" for name, value in lines)
    request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + body
    check(*await ask(url, request))
    assert await inside.dead() == []


@often(100)
@given(
    base=st.sampled_from(REQUESTS), cut=st.integers(0, 90), put=st.binary(max_size=5), noise=st.none() | st.binary(max_size=300)
)  # fmt: skip
async def test_no_bytes_are_a_fault_of_ours(
    site: tuple[str, House, str], base: bytes, cut: int, put: bytes, noise: bytes | None
) -> None:
    """What is hardly HTTP, or not at all."""
    check(*await ask(site[0], base[:cut] + put + base[cut:] if noise is None else noise, ends=True))


@often(100)
@given(rows=st.lists(mutated(EVENTS, most=2), min_size=1, max_size=4))
async def test_what_our_page_could_send_is_taken_or_refused_and_answered(site: tuple[str, House, str], rows: list[Json]) -> None:
    """An event that is taken is kept, and nothing that was taken cannot be handled."""
    url, inside, _ = site
    for row in rows:
        inside.ids()
        body = json.dumps(row).encode()
        head = (
            f"Origin: http://a\r\nContent-Type: application/json\r\nCookie: teejuht={new_token()}\r\nContent-Length: {len(body)}"
        )
        status, headers, said = await ask(
            url,
            f"POST /events HTTP/1.1\r\nHost: a\r\n{head}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body,
        )
        check(status, headers, said)
        assert status in (202, 400, 413)
        assert len(inside.ids()) == (status == 202)
    assert await inside.dead() == []
