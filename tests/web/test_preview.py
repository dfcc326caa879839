"""The editors' preview over real HTTP and in a real Chromium: topics, channels side by side, problems, the refresh."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.errors import Problem, WrongUse
from bot.i18n import Catalogs
from bot.platforms.web.guard import HEADERS
from bot.platforms.web.preview import preview_app, serve_preview
from bot.platforms.web.preview_views import by_topic
from tests.core.small import LANGUAGES
from tests.peers.browser import Scheme, phone, violations
from tests.web.editor import PROBLEMS, Editor, previewing, school, titled
from tests.web.fakes import browser as client_of
from tests.web.site import clean

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def editor(catalogs: Catalogs) -> Editor:
    """An editor whose files have three warnings."""
    return Editor(catalogs)


@pytest_asyncio.fixture(loop_scope="session")
async def url(editor: Editor) -> AsyncIterator[str]:
    """Where the editor's pages are."""
    async with previewing(editor) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a screen."""
    async with client_of(url) as client:
        yield client


@asynccontextmanager
async def desk(browser: Browser, *, scheme: Scheme = "light", width: int = 1280) -> AsyncIterator[Page]:
    """Open a tab on a desk's screen; at the end it must have had no error and asked one host."""
    async with phone(browser, scheme=scheme, width=width, height=800) as (page, watch):
        yield page
        assert clean(watch, next(f"http://{host}" for host in watch.hosts))


async def scrolled(page: Page, to: int) -> None:
    """Wait until the page stands there. Errors: TimeoutError when it does not."""
    async with asyncio.timeout(5):
        while await page.evaluate("scrollY") != to:  # noqa: ASYNC110 - what is waited for lies in the browser
            await asyncio.sleep(0.02)


def listed(page: str) -> list[str]:
    """The topics in the list."""
    return re.findall(r'href="/topic/([a-z-]+)"', page)


# --- the list


async def test_topics_stand_by_category_with_their_problems(client: httpx.AsyncClient, editor: Editor) -> None:
    """Categories in the knowledge's order and none that is empty; counts at the topics, the rest of the problems below."""
    editor.save(school(), PROBLEMS)
    page = (await client.get("/")).text
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", page)[:2] == ["education (en)", "status (en)"]
    assert "empty (en)" not in page
    assert sorted(listed(page)) == sorted(school().topics)
    [row] = re.findall(r'href="/topic/school">School</a> <code>school</code>(.*?)</li>', page, re.DOTALL)
    assert re.findall(r">([^<]+)</span>", row) == ["1 error", "1 warning"]
    assert "knowledge/facts.yaml:2</code>: &lt;b&gt;nobody&lt;/b&gt; uses this" in page
    assert "was due for review" not in page


@pytest.mark.parametrize(
    ("query", "topics"),
    [
        ({"find": "school"}, ["school"]),
        ({"find": " ШКОЛА "}, ["school"]),
        ({"find": "child-p"}, ["child-protection"]),
        ({"only": "problems"}, ["school", "library"]),
        ({"only": "problems", "find": "lib"}, ["library"]),
        ({"find": '"><script>'}, []),
    ],
)
async def test_the_list_is_filtered(client: httpx.AsyncClient, query: dict[str, str], topics: list[str]) -> None:
    """By a part of the title in any language or of the file's name, and by having problems."""
    page = (await client.get("/", params=query)).text
    assert listed(page) == topics
    assert "<script>" not in page
    assert ("No topic is left" in page) is (not topics)


def problem(path: str, text: str) -> Problem:
    """A problem somewhere."""
    return Problem(f"knowledge/{path}", 1, text)


@pytest.mark.parametrize(
    ("found", "topics"),
    [
        (problem("et/school.md", "x"), {"school"}),
        (problem("topics/school.yaml", "there is no topic 'library' yet"), {"school"}),
        (problem("et/school.md", "'a' is already a phrasing of library"), {"school", "library"}),
        (problem("checks/et.yaml", "library has 2 check wordings"), {"library"}),
        (problem("checks/et.yaml", "'pension' is answered with school, not library or none"), {"school", "library"}),
        (problem("municipalities/narva.yaml", "school: the language ru is missing"), {"school"}),
        (problem("values.yaml", "only-here was valid until 2026-01-01"), {"school"}),
        (problem("values.yaml", "elsewhere is used nowhere"), {""}),
        (problem("acts/school.yaml", "x"), {""}),
        (problem("et/not-yet-there.md", "x"), {""}),
    ],
)
async def test_a_problem_stands_at_its_topics(found: Problem, topics: set[str]) -> None:
    """By its file, by the topics it names out of quotes, and by the values that the topics use."""
    assert set(by_topic([found], school("{{only-here}}"))) == topics


# --- a topic


async def test_a_topic_in_every_language_and_channel(client: httpx.AsyncClient) -> None:
    """Each language has a column; in it the same answer as Telegram, Matrix and the web page mark it up, with its options."""
    page = (await client.get("/topic/school")).text
    general = page.partition('id="general"')[2].partition('id="eu"')[0]
    columns = general.split('<div class="column">')[1:]
    assert [re.findall(r"<h3>(\w+)", column) for column in columns] == [["Estonian"], ["Russian"], ["English"]]
    for column, lang in zip(columns, LANGUAGES, strict=True):
        telegram, matrix, web = re.split(r'<div class="box (?:matrix|web)">', column)
        assert f"112.\n\n• one\n• two ({lang})" in telegram
        assert '<a href="https://example.ee/a">' in telegram
        assert '<span class="key">EU</span>' in telegram  # the question that tells who has a variant
        assert f"<li>two ({lang})</li>" in matrix
        assert re.search(r"\d\. EU<br>", matrix)
        assert f'<div class="message bot" lang="{lang}">' in web
        assert '<a href="tel:112">112</a>' in web
        assert '<button type="button" disabled>EU</button>' in web.partition('class="options"')[2]


async def test_variants_follow_the_general_answer(client: httpx.AsyncClient) -> None:
    """Each variant has its own row of columns and its own limit."""
    page = (await client.get("/topic/school")).text
    assert re.findall(r'<h2 id="heading-[a-z]+">(.*?)</h2>', page) == ["General answer", "Variant eu: I came from the EU"]
    assert "<b>School: I came from the EU</b>\n\nOnly <b>now</b>." in page
    assert len(re.findall(r"13 of 20 characters", page)) == 3


async def test_too_long_is_marked(client: httpx.AsyncClient, editor: Editor) -> None:
    """An answer over the limit is told by its number of characters."""
    editor.save(school("a" * 36))
    assert re.findall(r'<span class="(\w+)">(\d+) of 40', (await client.get("/topic/school")).text) == [("wrong", "41")] * 3
    editor.save(school("a" * 35))
    assert re.findall(r'<span class="(\w+)">(\d+) of 40', (await client.get("/topic/school")).text) == [("quiet", "40")] * 3


@pytest.mark.parametrize(
    ("home", "query", "chosen", "local"),
    [
        (None, "", [""], False),
        (None, "narva", ["narva"], True),
        (None, "atlantis", [""], False),
        ("narva", "", ["narva"], True),
        ("narva", "elva", ["elva"], False),
    ],
)
async def test_a_municipality_can_be_chosen(
    client: httpx.AsyncClient, editor: Editor, home: str | None, query: str, chosen: Sequence[str], local: bool
) -> None:
    """What it adds is shown; one that is not known is none; the operator's own is chosen first and cannot be left out."""
    editor.save(replace(school(), home=home))
    page = (await client.get("/topic/school", params={"town": query})).text
    options = re.findall(r'<option value="([a-z-]*)"( selected)?>(.*?)<', page)
    assert [slug for slug, selected, _ in options if selected] == [slug for slug in chosen if slug]
    assert ("narva." in page) is local
    assert ("no municipality" in page) is (home is None)
    assert next(name for slug, _, name in options if slug == "narva") == "Narva (adds to this topic)"
    assert next(slug for slug, _, _ in options if slug) == "narva"


async def test_problems_stand_above_errors_apart(client: httpx.AsyncClient, editor: Editor) -> None:
    """Errors, then warnings, each with file and line; another topic's are not shown."""
    editor.save(school(), PROBLEMS)
    page = (await client.get("/topic/school")).text
    problems = page.partition('class="answer"')[0]
    assert re.findall(r"<h3.*?>(.*?)</h3>", problems) == ["1 error", "1 warning"]
    assert "<code>knowledge/et/school.md:7</code>: the answer has 41 characters" in problems
    assert "library has" not in problems
    assert "None." in (await client.get("/topic/hobby")).text


async def test_with_errors_the_last_good_text_is_shown(client: httpx.AsyncClient, editor: Editor) -> None:
    """The page says that the text is older than the files, with every error that stops them; warnings do not."""
    editor.save(school("Old."), [*PROBLEMS, problem("values.yaml", "this is not YAML")], fresh=False)
    for path in ("/", "/topic/school", "/topic/library"):
        page = (await client.get(path)).text
        said = re.search(r'<section class="problems stale".*?</section>', page, re.DOTALL)
        assert said is not None, path
        assert "below is the last text without them" in said[0]
        assert "2 errors" in said[0]
        assert "this is not YAML" in said[0]
        assert "was due for review" not in said[0]
    assert "Old." in (await client.get("/topic/school")).text


async def test_without_any_good_text_errors_alone_are_shown(client: httpx.AsyncClient, editor: Editor) -> None:
    """A preview started on broken files says what is broken."""
    editor.save(None, PROBLEMS, fresh=False)
    for path, status in (("/", 200), ("/topic/school", 404)):
        answer = await client.get(path)
        assert answer.status_code == status
        assert "the answer has 41 characters" in answer.text
        assert "once they are mended" in answer.text


async def test_a_missing_topic_leads_back(client: httpx.AsyncClient) -> None:
    """A topic that is not there, or not yet, is a page that follows the files as well."""
    answer = await client.get("/topic/none")
    assert answer.status_code == 404
    assert '<a href="/">All topics</a>' in answer.text
    assert "data-number=" in answer.text


async def test_pages_are_guarded_and_literal(client: httpx.AsyncClient, editor: Editor) -> None:
    """The policy of the real page holds, nothing stands inline, and no text of an editor is markup but our own."""
    editor.save(titled(school(label="<i>eu</i>"), "<script>alert(1)</script>"))
    for path in ("/", "/topic/school", "/topic/none", "/static/preview.js", "/static/preview.css"):
        answer = await client.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        if "html" in answer.headers["content-type"]:
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|<i>eu", answer.text)


# --- the stream


async def test_the_stream_tells_of_every_reading(client: httpx.AsyncClient, editor: Editor) -> None:
    """A page that is out of date hears so at once, any page at the next reading, told of or not."""
    for silence in (False, True):
        before = editor.reading.number
        async with client.stream("GET", "/changes", params={"since": before}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await anext(lines) == ": still here"
            editor.save(school(), silence=silence)
            assert "data: changed" in [await anext(lines) for _ in range(6)]
        async with client.stream("GET", "/changes", params={"since": before}) as stream:
            assert await anext(stream.aiter_lines()) == "data: changed"


async def test_streams_end_with_the_server(editor: Editor) -> None:
    """Stopping does not wait for pages that are open."""
    async with client_of() as client:
        async with previewing(editor) as url:
            stream = await client.send(client.build_request("GET", f"{url}/changes"), stream=True)
        assert "data: changed" in (await stream.aread()).decode()
    assert not editor.waiting


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.ee"])
async def test_it_is_for_this_machine_alone(editor: Editor, host: str) -> None:
    """An address that others reach is refused, before anything listens."""
    with pytest.raises(WrongUse, match="this machine alone"):
        await serve_preview(preview_app(editor.source), host, 0)


async def test_a_taken_port_is_explained(editor: Editor) -> None:
    """Who starts a second one reads what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(WrongUse, match="choose another port"):
        await serve_preview(preview_app(editor.source), port=other.getsockname()[1])


# --- in a browser


async def test_columns_stand_side_by_side(browser: Browser, url: str) -> None:
    """On a desk three columns of 390 px, the same channel at the same height in each; a phone has them below each other."""
    async with desk(browser) as page:
        await page.goto(f"{url}/topic/school")
        for channel in ("telegram", "matrix", "web"):
            boxes = [await box.bounding_box() for box in await page.locator(f"#general .{channel}").all()]
            places = [(box["x"], box["y"], box["width"]) for box in boxes if box]
            assert [width for _, _, width in places] == [390, 390, 390]
            assert len({x for x, _, _ in places}) == 3
            assert len({y for _, y, _ in places}) == 1
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        columns = [await column.bounding_box() for column in await page.locator("#general .column").all()]
        assert len({column["x"] for column in columns if column}) == 1


async def test_a_saved_file_is_shown_at_once(browser: Browser, url: str, editor: Editor) -> None:
    """The page comes anew where the editor was; errors are shown above the last good text, and go once they are mended."""
    async with desk(browser) as page:
        await page.goto(f"{url}/topic/school?town=narva")
        await page.evaluate("scrollTo(0, 400)")
        editor.save(school("Now open.\n\nAnd tomorrow."), PROBLEMS[1:])
        await expect(page.locator("#general .telegram").last).to_contain_text("Now open.")
        await scrolled(page, 400)
        await expect(page.locator("#town")).to_have_value("narva")
        editor.save(editor.reading.world, PROBLEMS, fresh=False)
        await expect(page.locator(".stale")).to_contain_text("the answer has 41 characters")
        await expect(page.locator("#general .web").last).to_contain_text("Now open.")
        editor.save(school("Mended."))
        await expect(page.locator(".stale")).to_have_count(0)
        await expect(page.locator("#general .matrix").first).to_contain_text("Mended.")


async def test_a_page_outlives_its_server(browser: Browser, editor: Editor) -> None:
    """When the preview stops the page says so; when it is started again the page follows, whatever its readings' numbers."""
    async with phone(browser, width=1280) as (page, _):
        async with previewing(editor) as url:
            await page.goto(f"{url}/topic/school")
            await expect(page.locator("#lost")).to_be_empty()
        await expect(page.locator("#lost")).to_contain_text("start it again")
        editor.reading = replace(editor.reading, world=school("After all."))
        again = asyncio.create_task(serve_preview(preview_app(editor.source), port=int(url.rpartition(":")[2])))
        await expect(page.locator("#general .web").last).to_contain_text("After all.", timeout=15_000)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, url: str, editor: Editor, scheme: Scheme) -> None:
    """WCAG 2.2 AA and best practice on every page, with and without errors."""
    for fresh in (True, False):
        editor.save(school("a" * 50), PROBLEMS, fresh=fresh)
        async with desk(browser, scheme=scheme) as page:
            for path in ("/", "/?find=nothing", "/topic/school?town=narva"):
                await page.goto(url + path)
                assert await violations(page) == []
