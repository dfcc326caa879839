"""Trying links on a real server: what each answer comes to, how many are asked at once, and which addresses there are."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from bot.errors import Problem
from bot.knowledge.files import Reader
from bot.knowledge.links import AT_ONCE, NO_NETWORK, Link, check_links, links
from bot.knowledge.read import Files, read
from bot.knowledge.schema import SourceFile, TopicFile
from tests.knowledge.copies import write

SECONDS: Final = 1.0
"""How long a link may take here."""
PATIENCE: Final = 20.0
ANSWERS: Final = {
    "/ok": "200 OK",
    "/empty": "204 No Content",
    "/moved": "301 Moved Permanently\r\nLocation: /ok",
    "/moved-away": "302 Found\r\nLocation: /missing",
    "/moved-nowhere": "302 Found\r\nLocation: http://127.0.0.1:a/",
    "/moved-to-mail": "302 Found\r\nLocation: mailto:info@example.ee",
    "/round": "302 Found\r\nLocation: /round",
    "/unknown": "401 Unauthorized",
    "/forbidden": "403 Forbidden",
    "/missing": "404 Not Found",
    "/gone": "410 Gone",
    "/busy": "429 Too Many Requests",
    "/broken": "500 Internal Server Error",
}
FAULTS: Final = {
    "/moved-away": "answers 404: find where the page has gone",
    "/moved-nowhere": "cannot be reached (RemoteProtocolError)",
    "/moved-to-mail": "cannot be reached (InvalidURL)",
    "/round": "leads round in circles",
    "/unknown": "refuses programs (401); open it yourself",
    "/forbidden": "refuses programs (403); open it yourself",
    "/missing": "answers 404: find where the page has gone",
    "/gone": "answers 410: find where the page has gone",
    "/busy": "refuses programs (429); open it yourself",
    "/broken": "answers 500: find where the page has gone",
    "/slow": "cannot be reached (TimeoutError)",
    "/reset": "cannot be reached (ReadError)",
    "/nonsense": "cannot be reached (RemoteProtocolError)",
}
FINE: Final = ("/ok", "/empty", "/moved", "/endless")


class Site:
    """A web server on one or more ports that knows what it was asked, and how much of it at once."""

    def __init__(self, hold: int = 0) -> None:
        self.ports: list[int] = []
        self.asked: list[str] = []
        self.most = 0
        self.most_of_a_host = 0
        self._hold = hold
        self._open: Counter[str] = Counter()
        self._full = asyncio.Event()
        self._over = asyncio.Event()

    def url(self, path: str, port: int = 0) -> str:
        """Give the address of a path on one of the ports."""
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    @asynccontextmanager
    async def on(self, ports: int) -> AsyncIterator["Site"]:
        """Serve on so many ports."""
        servers = [await asyncio.start_server(self._answer, "127.0.0.1", 0) for _ in range(ports)]
        self.ports = [server.sockets[0].getsockname()[1] for server in servers]
        try:
            yield self
        finally:
            self._over.set()
            for server in servers:
                server.close()
                await server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked did not wait
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split(" ")
        host = next(line[6:] for line in head.split("\r\n") if line.lower().startswith("host: "))
        self.asked.append(f"{method} http://{host}{path}")
        await self._count(host)
        if path == "/slow":
            await self._over.wait()
        elif path == "/reset":
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        elif path == "/nonsense":
            writer.write(b"What do you want?\r\n\r\n")
        elif path == "/dripping":
            await self._go_on(writer, b"HTTP/1.1 200 OK\r\n", b"X-More: to come\r\n", SECONDS / 4)
        elif path == "/endless":
            await self._go_on(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"x" * 1000, 0.01)
        else:
            writer.write(f"HTTP/1.1 {ANSWERS[path.split('?')[0]]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()

    async def _go_on(self, writer: asyncio.StreamWriter, first: bytes, more: bytes, pause: float) -> None:
        writer.write(first)
        while not self._over.is_set():
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(pause)

    async def _count(self, host: str) -> None:
        """Count this request among the open ones; with `hold` none is answered before so many have come."""
        self._open[host] += 1
        self.most = max(self.most, self._open.total())
        self.most_of_a_host = max(self.most_of_a_host, self._open[host])
        if self._hold:
            if self._open.total() >= self._hold:
                self._full.set()
            await self._full.wait()
            await asyncio.sleep(0.1)  # one that should not come would come now
        self._open[host] -= 1


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """One server."""
    async with Site().on(1) as served:
        yield served


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask this machine itself, whatever proxy is set outside."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of knowledge."""
    return tmp_path / "knowledge"


async def tried(
    folder: Path, urls: Sequence[str], *, tell: Callable[[], None] = lambda: None, seconds: float = SECONDS
) -> list[Problem]:
    """Write a file that names an address a line, try them, and give what is wrong."""
    path = folder / "values.yaml"
    write(path, "".join(f"source: {url}\n" for url in urls))
    async with asyncio.timeout(PATIENCE):
        return await check_links(Files(Reader(folder)), [Link(url, path) for url in urls], tell=tell, seconds=seconds)


def fault(line: int, text: str) -> Problem:
    """Make the problem at a line of that file."""
    return Problem("knowledge/values.yaml", line, text, error=False)


def closed_port() -> int:
    """Find a port where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


# --- what an answer comes to


async def test_what_each_answer_comes_to(folder: Path, site: Site) -> None:
    """Pages that answer, also elsewhere, are fine; each other one has its sentence, with file and line, as a warning."""
    urls = [site.url(path) for path in (*FINE, *FAULTS)]
    found = await tried(folder, urls)
    assert found == [fault(len(FINE) + n, f"{site.url(path)} {FAULTS[path]}") for n, path in enumerate(FAULTS, 1)]


async def test_an_address_that_is_none(folder: Path, site: Site) -> None:
    """What no program can ask for is told like a page that does not answer."""
    found = await tried(folder, [site.url("/ok"), "https:///nowhere", "http://127.0.0.1:a/"])
    assert found == [
        fault(2, "https:///nowhere cannot be reached (UnsupportedProtocol)"),
        fault(3, "http://127.0.0.1:a/ cannot be reached (InvalidURL)"),
    ]


async def test_a_bracket_too_many_stops_nothing(folder: Path, site: Site) -> None:
    """An address with half a bracket is a warning; the others are tried all the same."""
    found = await tried(folder, ["https://[example.ee", site.url("/gone")])
    assert [(problem.line, problem.text.split(" (")[0]) for problem in found] == [
        (1, "https://[example.ee cannot be reached"),
        (2, f"{site.url('/gone')} answers 410: find where the page has gone"),
    ]


async def test_the_line_is_that_of_the_address_itself(folder: Path, site: Site) -> None:
    """A longer address above that begins in the same way is another one."""
    found = await tried(folder, [site.url("/gone?more"), site.url("/gone"), site.url("/ok")])
    assert found == [
        fault(1, f"{site.url('/gone?more')} answers 410: find where the page has gone"),
        fault(2, f"{site.url('/gone')} answers 410: find where the page has gone"),
    ]


async def test_a_page_that_comes_drop_by_drop_is_not_waited_for(folder: Path, site: Site) -> None:
    """The seconds are for the whole answer, so that no server can hold the check up for good."""
    async with asyncio.timeout(SECONDS * 8):
        found = await tried(folder, [site.url("/ok"), site.url("/dripping")])
    assert [(problem.line, problem.text.split(" (")[0]) for problem in found] == [
        (2, f"{site.url('/dripping')} cannot be reached")
    ]


# --- how it asks


async def test_each_address_is_asked_once(folder: Path, site: Site) -> None:
    """An address that many files name is asked for once, as a person's program would, and told of once, at the first."""
    source = SourceFile.model_construct(url=site.url("/gone"))  # this server has no certificate, so not https
    files = Files(Reader(folder), topics={id: TopicFile.model_construct(sources=[source] * 2) for id in ("a", "b", "c")})
    for id in files.topics:
        write(folder / "topics" / f"{id}.yaml", f"id: {id}\nurl: {site.url('/gone')}\n")
    found = await check_links(files, links(files))
    assert site.asked == [f"GET {site.url('/gone')}"]
    text = f"{site.url('/gone')} answers 410: find where the page has gone"
    assert found == [Problem("knowledge/topics/a.yaml", 2, text, error=False)]


async def test_few_at_once_and_one_of_a_host(folder: Path) -> None:
    """Eight requests are open together and never more, and never two at the same host."""
    async with Site(hold=AT_ONCE).on(12) as site:
        named = [f"http://{name}:{port}/ok?{n}" for port in site.ports for name in ("127.0.0.1", "localhost") for n in range(2)]
        found = await tried(folder, named, seconds=PATIENCE)
    assert found == []
    assert sorted(site.asked) == sorted(f"GET {url}" for url in named)
    assert (site.most, site.most_of_a_host, AT_ONCE) == (8, 1, 8)


async def test_progress_is_told_for_each_link(folder: Path, site: Site) -> None:
    """Every link counts once, whatever came of it."""
    told: list[None] = []
    urls = [site.url(path) for path in ("/ok", "/moved", "/gone", "/round", "/reset", "/slow")]
    await tried(folder, urls, tell=lambda: told.append(None))
    assert len(told) == len(urls)


# --- without a network


async def test_no_network_is_one_sentence(folder: Path) -> None:
    """Where nothing at all can be reached it is not the pages that are wrong."""
    port = closed_port()
    told: list[None] = []
    urls = [f"http://127.0.0.1:{port}/{n}" for n in range(20)]
    found = await tried(folder, urls, tell=lambda: told.append(None))
    assert found == [Problem("knowledge", 1, NO_NETWORK, error=False)]
    assert len(told) == 20


@pytest.mark.parametrize("answer", ["/ok", "/gone", "/forbidden", "/round"])
async def test_one_answer_of_any_kind_shows_a_network(folder: Path, site: Site, answer: str) -> None:
    """As soon as one server answers, those that do not are told one by one."""
    closed = [f"http://127.0.0.1:{closed_port()}/{n}" for n in range(2)]
    found = await tried(folder, [closed[0], site.url(answer), closed[1]])
    expected = [fault(n, f"{url} cannot be reached (ConnectError)") for n, url in zip((1, 3), closed, strict=True)]
    assert [problem for problem in found if problem.line != 2] == expected
    assert [problem.text for problem in found if problem.line == 2] == [
        f"{site.url(answer)} {text}" for path, text in FAULTS.items() if path == answer
    ]


async def test_nothing_to_try(folder: Path) -> None:
    """Without links there is nothing to say, not even of the network."""
    assert await tried(folder, []) == []


# --- which addresses there are

SOURCE: Final = "{{url: https://a.ee/{}, title: A, checked: 2026-01-01, as_of: unknown}}"
TOPIC: Final = "id: {}\ncategory: life\nowner: editors\nreview_by: 2030-01-01\nsources:\n  - {}\n  - {}\n"
VALUES: Final = """
each: {kind: link, value: {et: https://a.ee/v/et, ru: https://a.ee/v/ru, en: https://a.ee/v/en}, source: https://a.ee/v/1, as_of: unknown}
one: {kind: link, value: https://a.ee/v/one, source: https://a.ee/t/1, as_of: unknown, see: https://a.ee/v/see}
phone: {kind: phone, value: "112", source: https://a.ee/v/2, as_of: unknown}
fee: {kind: money, value: 10.5, source: https://a.ee/v/2, as_of: unknown}
day: {kind: date, value: 2026-01-01, source: https://a.ee/v/3, as_of: unknown}
"""  # noqa: E501 - one value a line
PLACE: Final = f"""
name: {{en: A}}
operator: {{en: A}}
web: https://a.ee/m
hours_web: https://a.ee/m/hours
contacts:
  - {{id: b, name: {{en: B}}, web: https://a.ee/m/b, source: https://a.ee/m/c, as_of: unknown}}
  - {{id: c, name: {{en: C}}, source: https://a.ee/m/c, as_of: unknown}}
additions:
  one: {{text: {{en: A}}, sources: [{SOURCE.format("m/d")}, {SOURCE.format("t/2")}]}}
"""
BARE: Final = """
name: {en: B}
operator: {en: B}
web: https://a.ee/n
contacts: [{id: b, name: {en: B}, source: https://a.ee/n/c, as_of: unknown}]
"""


def test_every_address_of_the_knowledge(folder: Path) -> None:
    """Sources of topics, values in all languages, web pages and contacts of municipalities, each with the first file."""
    write(folder / "topics/one.yaml", TOPIC.format("one", SOURCE.format("t/1"), SOURCE.format("t/2")))
    write(folder / "topics/two.yaml", TOPIC.format("two", SOURCE.format("t/2"), SOURCE.format("t/3")))
    write(folder / "values.yaml", VALUES)
    write(folder / "municipalities/a.yaml", PLACE)
    write(folder / "municipalities/b.yaml", BARE)
    files = read(folder)
    assert [p.text for p in files.problems if "is missing" not in p.text and "no category" not in p.text] == []
    where = {
        "topics/one.yaml": ["t/1", "t/2"],
        "topics/two.yaml": ["t/3"],
        "values.yaml": ["v/et", "v/ru", "v/en", "v/1", "v/one", "v/see", "v/2", "v/3"],
        "municipalities/a.yaml": ["m", "m/hours", "m/b", "m/c", "m/d"],
        "municipalities/b.yaml": ["n", "n/c"],
    }
    assert links(files) == [Link(f"https://a.ee/{end}", folder / path) for path, ends in where.items() for end in ends]
