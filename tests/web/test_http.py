"""Pages and posted events over real HTTP: headers, languages, what is taken and what is refused."""

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from bot.core.events import Chose, Opened, Said
from bot.errors import StoreError
from bot.i18n import Catalogs
from bot.platforms.web.guard import HEADERS
from bot.platforms.web.inbound import MAX_BYTES, MAX_TEXT
from tests.web.fakes import LANGUAGES, OPERATORS, FakeEngine, MemoryStore, browser, channel, serving

ID = "0b6ab7f2-8f0e-4d53-9f43-3d1a1d0c4d9f"
PATHS = (
    "/",
    "/accessibility",
    "/favicon.svg",
    "/static/chat.js",
    "/static/chat.css",
    "/robots.txt",
    "/none",
    "/events",
    "/stream",
)
SAID: dict[str, object] = {"id": ID, "event": "said", "text": "tere"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(catalogs: Catalogs) -> AsyncIterator[tuple[str, FakeEngine]]:
    """One server for all tests here: each brings a cookie of its own."""
    engine = FakeEngine(MemoryStore())
    async with serving(channel(engine.store, catalogs), engine) as url:
        yield url, engine


@pytest.fixture
def address(served: tuple[str, FakeEngine]) -> str:
    """Where it is."""
    return served[0]


@pytest.fixture
def engine(served: tuple[str, FakeEngine]) -> FakeEngine:
    """Its engine, with nothing in it."""
    engine = served[1]
    engine.arrivals.clear()
    engine.again = 0
    return engine


@pytest.fixture
def store(engine: FakeEngine) -> MemoryStore:
    """Its store."""
    return engine.store


@pytest_asyncio.fixture(loop_scope="module")
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the page open: it has the cookie and sends its origin."""
    async with browser(address, Origin=address) as client:
        await client.get("/")
        yield client


# --- pages


@pytest.mark.parametrize("path", PATHS)
async def test_every_response_is_guarded(client: httpx.AsyncClient, path: str) -> None:
    """The security headers are on pages, files, the stream's refusal and errors alike."""
    answer = await client.get(path) if path != "/stream" else await client.get(path, headers={"Cookie": "teejuht=x"})
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    assert answer.headers["cache-control"] in ("no-store", "no-cache")


async def test_the_policy_allows_our_own_only(client: httpx.AsyncClient) -> None:
    """Nothing is loaded from elsewhere, nothing stands inline, nobody frames us."""
    page = await client.get("/")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page.text)
    assert not re.search(r'(?:src|href)="(?!/|#)', page.text)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_pages_speak_the_language_asked_for(client: httpx.AsyncClient, catalogs: Catalogs, lang: str) -> None:
    """?lang= decides and is remembered; the operator is named in the language."""
    page = await client.get("/", params={"lang": lang})
    assert f'<html lang="{lang}">' in page.text
    assert catalogs.text(lang, "web_write") in page.text
    assert OPERATORS[lang] in page.text
    assert "web_" not in re.sub(r"data-words='[^']*'|data-words=\"[^\"]*\"", "", page.text)
    assert f'<html lang="{lang}">' in (await client.get("/accessibility")).text


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("", "et"),
        ("ru", "ru"),
        ("ru-EE,ru;q=0.9,en;q=0.8", "ru"),
        ("uk,ru;q=0.5,en;q=0.7", "en"),
        ("de,fr;q=0.5", "et"),
        ("en;q=0, et;q=0.1", "et"),
        ("*, en;q=0.5", "en"),
        (";;;q=9,,ru;q=x," * 500, "et"),
    ],
)
async def test_the_browsers_language_is_a_wish(address: str, header: str, lang: str) -> None:
    """Without a choice the browser's first language that we speak is taken, else the default."""
    async with browser(**{"Accept-Language": header}) as client:
        assert f'<html lang="{lang}">' in (await client.get(address)).text


async def test_an_unknown_language_is_not_remembered(client: httpx.AsyncClient) -> None:
    """Nonsense in ?lang= or the cookie falls back and sets nothing."""
    assert '<html lang="et">' in (await client.get("/", params={"lang": "xx<"})).text
    assert "teejuht-lang" not in client.cookies


@pytest.mark.parametrize(
    ("start", "kept"), [("register-residence", "register-residence"), ("a" * 101, ""), ('"><script>', ""), ("", "")]
)
async def test_a_deep_link_reaches_the_script(client: httpx.AsyncClient, start: str, kept: str) -> None:
    """A payload of the agreed form is handed to the script, anything else is dropped."""
    page = await client.get("/", params={"start": start})
    assert f'data-start="{kept}"' in page.text


async def test_the_statement_says_where_to_report(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """The accessibility page names the contact, as a link."""
    web = channel(store, catalogs, contact="[a@example.ee](mailto:a@example.ee)")
    async with serving(web, engine) as url, browser() as client:
        page = await client.get(f"{url}/accessibility?lang=en")
    assert '<a href="mailto:a@example.ee">a@example.ee</a>' in page.text
    assert "WCAG 2.2" in page.text


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_a_missing_page_is_a_short_page(client: httpx.AsyncClient, catalogs: Catalogs, lang: str) -> None:
    """A person gets words in their language, the script a code."""
    page = await client.get("/none", params={"lang": lang}, headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert catalogs.text(lang, "web_missing_title") in page.text
    assert (await client.get("/none")).json() == {"error": "Not Found"}


async def test_a_fault_shows_no_traceback(store: MemoryStore, engine: FakeEngine, catalogs: Catalogs) -> None:
    """When our own code breaks, the person reads one sentence."""
    web = channel(store, catalogs)
    web._pages._operator = lambda lang: {"et": OPERATORS["et"]}[lang]
    async with serving(web, engine) as url, browser() as client:
        answer = await client.get(f"{url}/?lang=ru")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_robots_are_told(client: httpx.AsyncClient) -> None:
    """Search engines may read the page, not the stream."""
    assert "Disallow: /\n" in (await client.get("/robots.txt")).text


# --- events


@pytest.mark.parametrize(
    ("posted", "event"),
    [
        ({"event": "opened"}, Opened),
        ({"event": "opened", "payload": "menu_1-a", "hint": "ru"}, Opened),
        ({"event": "said", "text": "tere", "hint": "et"}, Said),
        ({"event": "said", "text": ""}, Said),
        ({"event": "said", "text": "x" * MAX_TEXT}, Said),
        ({"event": "chose", "option": "topic:school"}, Chose),
    ],
)
async def test_events_are_taken(client: httpx.AsyncClient, engine: FakeEngine, posted: dict[str, object], event: type) -> None:
    """What a person can do is answered with 202; an over-long text reaches the core, which answers it."""
    answer = await client.post("/events", json={"id": ID, **posted})
    assert (answer.status_code, answer.json()) == (202, {})
    assert isinstance(engine.events[0], event)
    assert engine.arrivals[0].ext_id == ID


@pytest.mark.parametrize(
    "posted",
    [
        {"event": "said", "text": "x", "id": ""},
        {"event": "said", "text": "x", "id": "short"},
        {"event": "said", "text": "x", "id": 12345678},
        {"event": "said", "text": "x", "id": ID, "at": "2026-01-01"},
        {"event": "said", "text": 1, "id": ID},
        {"event": "said", "id": ID},
        {"event": "said", "text": "x" * (MAX_TEXT + 1), "id": ID},
        {"event": "said", "text": "x", "id": ID, "hint": "<b>"},
        {"event": "opened", "payload": "A B", "id": ID},
        {"event": "opened", "payload": "a\n", "id": ID},
        {"event": "chose", "option": "", "id": ID},
        {"event": "chose", "option": "x" * 201, "id": ID},
        {"event": "left", "id": ID},
        {"id": ID},
        {},
    ],
)
async def test_wrong_events_are_refused(client: httpx.AsyncClient, engine: FakeEngine, posted: dict[str, object]) -> None:
    """A field too few, too many or of another form: 400 and nothing happened."""
    answer = await client.post("/events", json=posted)
    assert (answer.status_code, answer.json()) == (400, {"error": "not-an-event"})
    assert not engine.arrivals


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null", b"[1]", b'"x"', b"[" * 100_000, b"NaN", b"1" * 5000])
@pytest.mark.parametrize("path", ["/events", "/seen"])
async def test_bad_json_is_refused(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    """No body makes a traceback."""
    answer = await client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("not-")


async def test_too_much_is_refused(client: httpx.AsyncClient, engine: FakeEngine) -> None:
    """A body over the limit is not read to its end."""
    answer = await client.post("/events", json={**SAID, "text": "x" * MAX_BYTES})
    assert (answer.status_code, answer.json()) == (413, {"error": "too-long"})
    assert not engine.arrivals


@pytest.mark.parametrize("path", ["/events", "/seen", "/new"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_other_sites_cannot_post(client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int) -> None:
    """A forged form or fetch is refused before it is read."""
    answer = await client.post(path, content=json.dumps(SAID), headers={"Content-Type": "application/json", **headers})
    assert answer.status_code == status


@pytest.mark.parametrize(("site", "status"), [("same-origin", 202), ("same-site", 403), ("cross-site", 403), (None, 403)])
async def test_without_an_origin_the_fetch_site_decides(client: httpx.AsyncClient, site: str | None, status: int) -> None:
    """Browsers that leave Origin out say where the request comes from; who says neither is not our page."""
    del client.headers["Origin"]
    answer = await client.post("/events", json=SAID, headers={"Sec-Fetch-Site": site} if site else {})
    assert answer.status_code == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, method: str) -> None:
    """Only POST does something."""
    assert (await client.request(method, "/events")).status_code == 405


async def test_without_a_session_nothing_is_taken(address: str, engine: FakeEngine) -> None:
    """Whoever has no cookie is told so."""
    async with browser(address, Origin=address) as client:
        for answer in (
            await client.post("/events", json=SAID),
            await client.post("/seen", json={"id": 1}),
            await client.get("/stream"),
        ):
            assert (answer.status_code, answer.json()) == (401, {"error": "no-session"})
    assert not engine.arrivals


@pytest.mark.parametrize(("failure", "status"), [(StoreError("locked"), 503), (OSError("no disk"), 500)])
async def test_while_the_store_is_away_events_are_not_confirmed(
    client: httpx.AsyncClient, engine: FakeEngine, failure: Exception, status: int
) -> None:
    """The page hears that it did not work and sends the same again."""
    engine.failures, engine.failure = 1, failure
    answer = await client.post("/events", json=SAID)
    assert answer.status_code == status
    assert str(failure) not in answer.text
    assert (await client.post("/events", json=SAID)).status_code == 202
    assert (await client.post("/events", json=SAID)).status_code == 202
    assert len(engine.arrivals) == engine.again == 1


@pytest.mark.parametrize("number", ["1", 1.5, -1, True, None, 2**63])
async def test_wrong_acknowledgements_are_refused(client: httpx.AsyncClient, store: MemoryStore, number: object) -> None:
    """Only the id of a row acknowledges."""
    assert (await client.post("/seen", json={"id": number})).status_code == 400
    assert not store.sent
