"""Catalogs from the translations in locales/, a store, an engine, a served page and a browser."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from playwright.async_api import Browser, Page, expect

from bot.i18n import DOMAIN, Catalogs
from tests.peers.browser import chromium, phone
from tests.web.fakes import LANGUAGES, FakeEngine, MemoryStore, channel, serving
from tests.web.site import Site, bot, clean, reply

pytest.register_assert_rewrite("tests.contracts.channel")

LOCALES = Path(__file__).parents[2] / "locales"


@pytest.fixture(scope="session")
def catalogs() -> Catalogs:
    """The real words in every language, compiled in memory."""
    return Catalogs({lang: _compiled(lang) for lang in LANGUAGES})


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


def _compiled(lang: str) -> Translations:
    source = LOCALES / lang / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)
