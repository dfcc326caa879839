"""Sessions, and the server itself: its cookie, its port, its signals, its end."""

import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from bot.errors import SettingsError
from bot.i18n import Catalogs
from bot.platforms.web.server import listen
from bot.platforms.web.session import conversation_of
from bot.ports import Files
from tests.web.fakes import FakeEngine, MemoryStore, browser, channel, serving

ID = "0b6ab7f2-8f0e-4d53-9f43-3d1a1d0c4d9f"
SAID = {"id": ID, "event": "said", "text": "tere"}


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page open: it has the cookie and sends its origin."""
    async with browser(address, Origin=address) as client:
        await client.get("/")
        yield client


def token(client: httpx.AsyncClient) -> str:
    """The session cookie of a client."""
    return client.cookies["teejuht"]


# --- sessions


async def test_the_cookie_is_closed_to_scripts(address: str) -> None:
    """30 days, HttpOnly, SameSite=Lax, and 256 bits that differ each time."""
    async with browser() as one, browser() as other:
        header = (await one.get(address)).headers["set-cookie"]
        await other.get(address)
        assert {"HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=lax"} <= set(header.split("; "))
        assert "Secure" not in header
        assert len(token(one)) == 43
        assert token(one) != token(other)


async def test_on_https_the_cookie_is_bound_to_the_host(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """Behind TLS the cookie is Secure and __Host-, and the origin is the public one."""
    web = channel(store, catalogs, public_url="https://teejuht.example.ee")
    async with serving(web, engine) as url, browser(url) as client:
        header = (await client.get("/")).headers["set-cookie"]
        assert header.startswith("__Host-teejuht=")
        assert "; Secure" in header
        cookie = {"Cookie": header.partition(";")[0]}
        for origin, status in (("https://teejuht.example.ee", 202), (url, 403), ("http://teejuht.example.ee", 403)):
            answer = await client.post("/events", json=SAID, headers={"Origin": origin, **cookie})
            assert answer.status_code == status


async def test_the_store_never_sees_the_cookie(client: httpx.AsyncClient, engine: FakeEngine) -> None:
    """The conversation is named by a hash of the cookie."""
    await client.post("/events", json=SAID)
    [arrival] = engine.arrivals
    assert arrival.conversation == arrival.source == conversation_of(token(client))
    assert re.fullmatch(r"web:[0-9a-f]{32}", arrival.conversation)
    assert token(client) not in repr(arrival)


async def test_a_page_keeps_its_cookie(client: httpx.AsyncClient) -> None:
    """Loading the page again keeps the conversation; a forged cookie is replaced."""
    before = token(client)
    await client.get("/")
    assert token(client) == before
    async with browser(str(client.base_url), Cookie="teejuht=mine") as forger:
        assert len((await forger.get("/")).cookies["teejuht"]) == 43


async def test_a_new_conversation_is_a_new_cookie(client: httpx.AsyncClient, engine: FakeEngine) -> None:
    """After /new the same browser is another person."""
    await client.post("/events", json=SAID)
    assert (await client.post("/new", json={})).status_code == 200
    await client.post("/events", json=SAID)
    first, second = engine.arrivals
    assert first.conversation != second.conversation


# --- the server


async def test_no_file_comes_from_the_page(store: MemoryStore, catalogs: Catalogs) -> None:
    """Nobody can send one there, so there is none to fetch."""
    web = channel(store, catalogs)
    assert not web.ability.files
    assert not isinstance(web, Files)


async def test_a_taken_port_is_explained(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """Who starts a second one reads what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        web = channel(store, catalogs, port=other.getsockname()[1])
        with pytest.raises(SettingsError, match="TEEJUHT_WEB_PORT"):
            await web.run(engine)
    assert web.bound == 0


@pytest.mark.parametrize(
    ("host", "port", "named"), [("127.0.0.1", 70_000, "PORT"), ("192.0.2.1", 0, "HOST"), ("no host", 0, "HOST")]
)
async def test_a_wrong_address_is_explained(host: str, port: int, named: str) -> None:
    """A port that cannot exist, an address that is not ours and a name nobody knows are the setting's fault."""
    with pytest.raises(SettingsError, match=f"TEEJUHT_WEB_{named}"):
        listen(host, port)


async def test_signals_are_left_alone(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """Ctrl+C belongs to whoever runs us."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with serving(channel(store, catalogs), engine) as url, browser() as client:
        await client.get(url)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_it_can_be_served_by_somebody_else(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """`app` is the whole page without a port."""
    transport = httpx.ASGITransport(channel(store, catalogs).app(engine))
    async with httpx.AsyncClient(transport=transport, base_url="http://teejuht.test") as client:
        assert (await client.get("/")).status_code == 200


async def test_a_request_in_flight_is_finished(store: MemoryStore, catalogs: Catalogs) -> None:
    """Stopping waits for an event that is being stored, so that its 202 is true."""
    engine, entered = FakeEngine(store), asyncio.Event()

    async def slow(arrivals: object, *, cursor: tuple[str, str] | None = None) -> None:
        entered.set()
        await asyncio.sleep(0.3)
        await engine(arrivals, cursor=cursor)  # type: ignore[arg-type]

    web = channel(store, catalogs)
    running = asyncio.create_task(web.run(slow))
    await asyncio.sleep(0)
    url = f"http://127.0.0.1:{web.bound}"
    async with browser(url, Origin=url) as client:
        await client.get("/")
        posting = asyncio.create_task(client.post("/events", json=SAID))
        await entered.wait()
        running.cancel()
        assert (await posting).status_code == 202
    with suppress(asyncio.CancelledError):
        await running
    assert len(engine.arrivals) == 1
