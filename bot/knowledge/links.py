"""Trying every link of the knowledge files over the network: which pages no longer answer.

Asks each address once, a few at a time and one at a time of a host.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.errors import Problem
from bot.knowledge.read import Files

AT_ONCE = 8
SECONDS = 20.0
AGENT = "Mozilla/5.0 (compatible; Teejuht link check)"
UNREACHED = "cannot be reached"
NO_NETWORK = "no link could be tried: there seems to be no network"


@dataclass(frozen=True, slots=True)
class Link:
    """An address and the file that names it."""

    url: str
    path: Path


def links(files: Files) -> list[Link]:
    """Give every address of sources, values and municipalities, each once, with the first file that names it."""
    found: dict[str, Link] = {}
    for url, path in _addresses(files):
        found.setdefault(url, Link(url, path))
    return list(found.values())


async def check_links(
    files: Files, wanted: Iterable[Link], *, tell: Callable[[], None] = lambda: None, seconds: float = SECONDS
) -> list[Problem]:
    """Try links and give those that do not answer, as warnings; without a network, that alone. `tell` is called for each."""
    wanted = list(wanted)
    slots = asyncio.Semaphore(AT_ONCE)
    hosts = {_host(link.url): asyncio.Lock() for link in wanted}
    async with httpx.AsyncClient(timeout=seconds, follow_redirects=True, headers={"User-Agent": AGENT}) as client:

        async def one(link: Link) -> str:
            async with hosts[_host(link.url)], slots:
                fault = await _try(client, link.url, seconds)
            tell()
            return fault

        faults = await asyncio.gather(*map(one, wanted))
    if wanted and all(fault.startswith(UNREACHED) for fault in faults):
        return [Problem(files.reader.name(files.reader.root), 1, NO_NETWORK, error=False)]
    return [
        files.reader.problem(link.path, link.url, f"{link.url} {fault}", error=False)
        for link, fault in zip(wanted, faults, strict=True)
        if fault
    ]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:  # half a bracket
        return ""


async def _try(client: httpx.AsyncClient, url: str, seconds: float) -> str:
    """Say what is wrong with an address; nothing if it answers."""
    try:
        # Many servers answer HEAD wrongly; the body is not read.
        async with asyncio.timeout(seconds), client.stream("GET", url) as answer:
            status = answer.status_code
    except httpx.TooManyRedirects:
        return "leads round in circles"
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError, UnicodeError) as error:
        return f"{UNREACHED} ({type(error).__name__})"
    if status in (401, 403, 429):
        return f"refuses programs ({status}); open it yourself"
    return f"answers {status}: find where the page has gone" if status >= 400 else ""


def _addresses(files: Files) -> Iterator[tuple[str, Path]]:
    root = files.reader.root
    for id, topic in files.topics.items():
        for source in topic.sources:
            yield source.url, root / "topics" / f"{id}.yaml"
    for value in files.values.values():
        listed = value.value.values() if isinstance(value.value, dict) else [value.value] if value.kind == "link" else []
        for url in (*map(str, listed), value.source, *([value.see] if value.see else [])):
            yield url, root / "values.yaml"
    for slug, place in files.municipalities.items():
        path = root / "municipalities" / f"{slug}.yaml"
        sources = (source.url for added in place.additions.values() for source in added.sources)
        contacts = (url for contact in place.contacts for url in (contact.web, contact.source))
        for named in (place.web, place.hours_web, *contacts, *sources):
            if named:
                yield named, path
