"""Clients that mean no good, or come over a very bad line, on real sockets: others are served all the while."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import httpx
import pytest

from bot.core.events import Said
from bot.errors import StoreError, TooBusy
from bot.i18n import Catalogs
from bot.platforms.web import talk
from bot.platforms.web.connections import Connection
from bot.platforms.web.guard import HEADERS
from bot.platforms.web.inbound import MAX_TEXT
from tests.contracts.channel import until
from tests.web.fakes import FakeEngine, MemoryStore, browser, channel, serving
from tests.web.office import MemoryCases, case_view

ID: Final = "0b6ab7f2-8f0e-4d53-9f43-3d1a1d0c4d9f"
SAID: Final = {"id": ID, "event": "said", "text": "tere"}
PATIENCE: Final = 60.0
SOON: Final = 0.5
"""Seconds that a client has here; a test that takes longer on a slow machine still passes."""


@dataclass(slots=True)
class Line:
    """A connection without a browser."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    taken: int = field(default=0)

    async def send(self, data: bytes) -> None:
        """Send what the server takes; errors when it has closed are the test's to see by `ended`."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()
            self.taken += len(data)

    async def ended(self, drip: bytes = b"") -> bytes:
        """Wait until the server closes, with a byte now and then if given, and return all it said."""
        heard = asyncio.create_task(self.reader.read())
        async with asyncio.timeout(PATIENCE):
            while not heard.done():
                await asyncio.wait({heard}, timeout=0.05)
                await self.send(drip)
        with suppress(ConnectionError):
            return heard.result()
        return b""


@asynccontextmanager
async def line(address: str) -> AsyncIterator[Line]:
    """Connect."""
    url = httpx.URL(address)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def lines(address: str, count: int) -> AsyncIterator[Sequence[Line]]:
    """Connect so many times."""
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(line(address)) for _ in range(count)]


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page open: it has the cookie and sends its origin."""
    async with browser(address, Origin=address) as client:
        client.timeout = httpx.Timeout(PATIENCE)
        await client.get("/")
        yield client


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that waits for nobody long."""
    monkeypatch.setattr(Connection, "head_seconds", SOON)
    monkeypatch.setattr(talk, "BODY_SECONDS", SOON)


def post(client: httpx.AsyncClient, length: int, path: str = "/events") -> bytes:
    """The head of a post of our own page."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {client.base_url.netloc.decode()}\r\nOrigin: {str(client.base_url).rstrip('/')}\r\n"
        f"Cookie: teejuht={client.cookies['teejuht']}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def is_served(client: httpx.AsyncClient, engine: FakeEngine) -> bool:
    """Tell whether somebody else reads the page and is heard."""
    async with browser(str(client.base_url), Origin=str(client.base_url).rstrip("/")) as other:
        other.timeout = httpx.Timeout(PATIENCE)
        before = len(engine.arrivals)
        statuses = (await other.get("/")).status_code, (await other.post("/events", json=SAID)).status_code
        return statuses == (200, 202) and len(engine.arrivals) == before + 1


# --- slow ones


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("head", "drip"), [(b"", b""), (b"GET / HTTP/1.1\r\nX-A: ", b"a"), (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: a\r\n")]
)
async def test_a_head_that_does_not_come_is_not_waited_for(
    client: httpx.AsyncClient, address: str, engine: FakeEngine, head: bytes, drip: bytes
) -> None:
    """Silent connections and such as drip end, however many there are."""
    async with lines(address, 20) as slow:
        await asyncio.gather(*(one.send(head) for one in slow))
        assert await is_served(client, engine)
        assert set(await asyncio.gather(*(one.ended(drip) for one in slow))) == {b""}


@pytest.mark.usefixtures("short")
async def test_after_an_answer_the_next_head_is_not_waited_for_either(address: str) -> None:
    """A byte now and then does not keep a connection that has been of use."""
    async with line(address) as one:
        await one.send(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await one.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        assert b"Disallow" in await one.ended(b"G")


@pytest.mark.usefixtures("short")
async def test_the_rest_of_what_was_refused_is_not_waited_for(address: str) -> None:
    """Who posts from elsewhere is refused before the body, and may not go on with it for ever."""
    async with line(address) as one:
        await one.send(b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
        assert (await one.ended(b" ")).startswith(b"HTTP/1.1 401")


@pytest.mark.usefixtures("short")
async def test_a_body_that_does_not_come_is_not_waited_for(client: httpx.AsyncClient, address: str, engine: FakeEngine) -> None:
    """The script is told to send it once more; nothing of it arrived, and others are heard."""
    async with lines(address, 20) as slow:
        await asyncio.gather(*(one.send(post(client, 5000) + b'{"id": "') for one in slow))
        assert await is_served(client, engine)
        engine.arrivals.clear()
        for answer in await asyncio.gather(*(one.ended(b"a") for one in slow)):
            assert answer.startswith(b"HTTP/1.1 408")
            assert b"connection: close" in answer.lower()
            assert b'{"error":"too-slow"}' in answer
    assert not engine.arrivals


async def test_who_has_a_slow_line_is_heard(client: httpx.AsyncClient, address: str, engine: FakeEngine) -> None:
    """A request in many small pieces is a request."""
    body = b'{"id": "%s", "event": "said", "text": "tere"}' % ID.encode()
    whole = post(client, len(body)) + body
    async with line(address) as one:
        for start in range(0, len(whole), 7):
            await one.send(whole[start : start + 7])
        assert (await one.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 202")
    assert [arrival.body["text"] for arrival in engine.arrivals] == ["tere"]


@pytest.mark.usefixtures("short")
async def test_an_answer_may_take_longer_than_a_question(client: httpx.AsyncClient, store: MemoryStore) -> None:
    """An open stream is no connection that waits for its request."""
    async with client.stream("GET", "/stream") as stream:
        assert stream.status_code == 200
        pulls = len(store.pulls)
        await until(lambda: len(store.pulls) > pulls + 1, "the stream looks again, after two seconds")
        assert not stream.is_closed


# --- large ones


async def test_a_long_message_is_taken_and_a_longer_one_is_not(client: httpx.AsyncClient, engine: FakeEngine) -> None:
    """100 kB reach the rules, which say that it is too long."""
    assert (await client.post("/events", json={**SAID, "text": "x" * MAX_TEXT})).status_code == 202
    assert engine.events == [Said(at=engine.arrivals[0].at, text="x" * MAX_TEXT)]
    assert (await client.post("/events", json={**SAID, "text": "x" * (MAX_TEXT + 1)})).status_code == 400
    assert len(engine.arrivals) == 1


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_are_not_read(client: httpx.AsyncClient, address: str, engine: FakeEngine, chunked: bool) -> None:
    """Whether it says how long it is or not, the server closes long before the end."""
    piece, count = b"x" * 65536, 160
    head = post(client, len(piece) * count)
    if chunked:
        head = head.replace(b"Content-Length: %d" % (len(piece) * count), b"Transfer-Encoding: chunked")
        piece = b"10000\r\n" + piece + b"\r\n"
    async with line(address) as one:
        await one.send(head)
        for _ in range(count):
            await one.send(piece)
        answer = await one.ended()
        assert one.taken < len(piece) * count
        assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    assert await is_served(client, engine)
    assert len(engine.arrivals) == 1


@pytest.mark.parametrize("head", [b"X-A: " + b"a" * 200_000, b"".join(b"X-%d: a\r\n" % n for n in range(20_000))])
async def test_a_head_without_end_is_refused(client: httpx.AsyncClient, address: str, engine: FakeEngine, head: bytes) -> None:
    """One header of 200 kB, or very many."""
    async with line(address) as one:
        await one.send(b"GET / HTTP/1.1\r\nHost: a\r\n" + head)
        answer = await one.ended()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert await is_served(client, engine)


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"\x00" * 100, b"GET\r\n\r\n", b"GET /\r\n\r\n"])
async def test_what_is_no_http_is_refused(client: httpx.AsyncClient, address: str, engine: FakeEngine, garbage: bytes) -> None:
    """TLS on the wrong port, and worse."""
    async with line(address) as one:
        await one.send(garbage + b"\r\n\r\n")
        assert (await one.ended()).startswith(b"HTTP/1.1 400")
    assert await is_served(client, engine)


# --- many


async def test_waiting_connections_make_room_for_new_ones(
    client: httpx.AsyncClient, address: str, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who opens connections and asks nothing keeps nobody out."""
    monkeypatch.setattr(Connection, "most", 10)
    async with lines(address, 60) as idle:
        assert await is_served(client, engine)
        await asyncio.gather(*(one.ended() for one in idle[:50]))


async def test_when_all_are_at_work_a_new_one_is_closed_and_no_other(
    client: httpx.AsyncClient, address: str, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is being served stays so; there is room again when one of them is done."""
    await client.aclose()
    monkeypatch.setattr(Connection, "most", 2)
    tokens = ["a" * 43, "b" * 43]
    async with AsyncExitStack() as opened:
        streams = [await opened.enter_async_context(line(address)) for _ in tokens]
        for one, token in zip(streams, tokens, strict=True):
            await one.send(f"GET /stream HTTP/1.1\r\nHost: a\r\nCookie: teejuht={token}\r\n\r\n".encode())
            assert (await one.reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
        async with line(address) as third:
            await third.send(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await third.ended() == b""
        pulls = len(store.pulls)
        await until(lambda: len(store.pulls) > pulls + 1, "the streams look again")
        assert not any(one.reader.at_eof() for one in streams)
        streams[0].writer.close()

        async def is_heard() -> bool:
            async with line(address) as one:
                await one.send(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return b"Disallow" in await one.ended()

        async with asyncio.timeout(PATIENCE):
            while not await is_heard():  # noqa: ASYNC110 - what is waited for lies outside
                await asyncio.sleep(0.05)


async def test_there_are_only_so_many_streams(address: str, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page too many is told when to come again; it is served when another one has gone."""
    monkeypatch.setattr(talk, "MOST_STREAMS", 2)
    async with AsyncExitStack() as opened:
        others = [await opened.enter_async_context(browser(address, Cookie=f"teejuht={sign * 43}")) for sign in "ab"]
        async with others[0].stream("GET", "/stream") as first:
            async with others[1].stream("GET", "/stream") as second:
                assert (first.status_code, second.status_code) == (200, 200)
                refused = await client.get("/stream")
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
                assert {name: refused.headers.get(name) for name in HEADERS} == HEADERS
            async with asyncio.timeout(PATIENCE):
                while True:
                    async with client.stream("GET", "/stream") as again:
                        if again.status_code == 200:
                            return
                    await asyncio.sleep(0.05)


# --- refusals that a page can act on


async def test_a_page_that_must_wait_is_told_how_long(client: httpx.AsyncClient, engine: FakeEngine) -> None:
    """429 with the seconds; the same event is taken when it comes again."""
    engine.failures, engine.failure = 1, TooBusy(6.2)
    refused = await client.post("/events", json=SAID)
    assert (refused.status_code, refused.headers["retry-after"], refused.json()) == (429, "7", {"error": "too-busy"})
    assert {name: refused.headers.get(name) for name in HEADERS} == HEADERS
    assert (await client.post("/events", json=SAID)).status_code == 202
    assert len(engine.arrivals) == 1


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
async def test_only_a_form_is_taken_as_one(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs, kind: str) -> None:
    """The page of a case takes what its own forms send, and nothing dressed up."""
    cases = MemoryCases(views={42: case_view()})
    web = channel(store, catalogs, cases=cases.page(), clock=cases.clock)
    async with serving(web, engine) as url, browser(url, Origin="null", **{"Sec-Fetch-Site": "same-origin"}) as staff:
        answer = await staff.post(await cases.path(), content=b"do=claim", headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert not engine.arrivals


@pytest.mark.parametrize("error", [OSError("kanarbik"), StoreError("kanarbik"), ValueError("kanarbik"), KeyError("kanarbik")])
async def test_a_fault_writes_nobodys_words_to_the_log(
    client: httpx.AsyncClient, engine: FakeEngine, error: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    """The kind of the fault and its place are enough for whoever mends it."""
    engine.failures, engine.failure = 1, error
    answer = await client.post("/events", json={**SAID, "text": "kanarbik"})
    assert answer.status_code in (500, 503)
    written = "".join(capfd.readouterr())
    assert type(error).__name__ in written
    assert "kanarbik" not in written + answer.text
    assert "Traceback" not in written
