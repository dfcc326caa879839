"""Catalogs from the translations in locales/, a store, an engine, a served page and a browser."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.i18n import Catalogs
from tests.peers.browser import chromium, phone
from tests.web import fakes
from tests.web.fakes import FakeEngine, MemoryStore, channel, serving, written_catalogs
from tests.web.office import NUMBER, MemoryCases, case_view
from tests.web.site import Site, bot, clean, reply


@pytest.fixture(scope="session")
def catalogs() -> Catalogs:
    """The real words in every language, compiled in memory."""
    return written_catalogs()


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def engine(store: MemoryStore) -> FakeEngine:
    """An engine that answers nothing until a test says what."""
    return FakeEngine(store)


@pytest.fixture
async def address(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> AsyncIterator[str]:
    """The served page."""
    async with serving(channel(store, catalogs), engine) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests here."""
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def site(catalogs: Catalogs) -> AsyncIterator[Site]:
    """A server of its own for each test."""
    store = MemoryStore()
    engine = FakeEngine(store, reply)
    async with serving(channel(store, catalogs), engine) as url:
        yield Site(url, store, engine)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """A phone with the page open; at the end it must have asked nobody else and have had no error."""
    async with phone(browser) as (page, watch):
        await page.goto(site.url)
        await expect(bot(page)).to_have_count(1)
        yield page
        assert clean(watch, site.url)


# --- the page of a case


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def case_site(catalogs: Catalogs) -> AsyncIterator[tuple[str, FakeEngine, MemoryCases]]:
    """One server of the page of a case for all tests of a module."""
    engine, cases = FakeEngine(MemoryStore()), MemoryCases()
    async with serving(channel(engine.store, catalogs, cases=cases.page(), clock=cases.clock), engine) as url:
        yield url, engine, cases


@pytest.fixture
def cases(case_site: tuple[str, FakeEngine, MemoryCases]) -> MemoryCases:
    """One open case, no links, a new minute."""
    cases = case_site[2]
    cases.views, cases.closed, cases.links, cases.asked = {NUMBER: case_view()}, set(), {}, []
    cases.now += timedelta(minutes=2)
    cases.away = 0
    return cases


@pytest.fixture
def inbox(case_site: tuple[str, FakeEngine, MemoryCases]) -> FakeEngine:
    """Its engine, with nothing in it."""
    engine = case_site[1]
    engine.arrivals.clear()
    engine.again = engine.failures = 0
    return engine


@pytest_asyncio.fixture(loop_scope="module")
async def staff(case_site: tuple[str, FakeEngine, MemoryCases]) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that posts forms as browsers do from a page without referrer."""
    async with fakes.browser(case_site[0], Origin="null", Accept="text/html", **{"Sec-Fetch-Site": "same-origin"}) as client:
        yield client
