"""The page of a case over real HTTP: who may read it, and what it shows."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import httpx
import pytest

from bot.i18n import Catalogs
from bot.platforms.web import Act, CaseLine, Who
from bot.platforms.web.case_links import MISSES_A_MINUTE
from bot.platforms.web.case_page import MAX_FILE
from bot.platforms.web.guard import HEADERS
from tests.web.fakes import LANGUAGES, OPERATORS, FakeEngine, MemoryStore, browser, channel, serving
from tests.web.office import DESK, LINES, NUMBER, MemoryCases, case_view, document, words_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

# --- reading


async def test_everything_of_a_case_is_shown(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """Number, state, place, language, group, contact, question, answer and every line, as it was written."""
    page = await staff.get(await cases.path())
    view = case_view()
    assert page.status_code == 200
    shown = words_of(page.text)
    for value in (
        view.code,
        view.state,
        view.town,
        view.language,
        view.since,
        view.group,
        view.contact,
        view.question,
        view.answer,
    ):
        assert value in shown
    for line in LINES:
        assert line.text in shown
        assert line.name in shown
        assert line.when in shown
    assert re.findall(r'<li class="line (\w+)"', page.text) == ["resident", "staff", "note", "bot"]


async def test_nothing_that_was_written_becomes_markup(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """Texts, names and labels are literal, and the page has no script at all."""
    hostile = "</textarea></div><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7 * 7 }} {operator}"
    line = CaseLine(id="x", who=Who.RESIDENT, when=hostile, text=hostile, name=hostile, lang='"><b>', files=())
    file = replace(line, id="y", files=(document(f"../{hostile}\r\nX: y", b"1"),))
    cases.views[NUMBER] = case_view(
        state=hostile, town=hostile, language=hostile, contact=hostile, question=hostile, answer=hostile,
        lines=(line, file), desks=((f'a/b"{hostile}', hostile),),
    )  # fmt: skip
    page = await staff.get(await cases.path())
    assert not re.search(r"<script|<img src=x|<b>|<[^>]*\son\w+=|> 49 ", re.sub(r'"[^"]*"', '""', page.text))
    assert words_of(page.text).count(hostile) >= 10
    assert 'lang="&#34;&gt;&lt;b&gt;"' in page.text


@pytest.mark.parametrize("text", ["nul \x00", "half \ud83d of a pair", "\u202eshalom שלום\u202c", "👩‍👩‍👧 e\u0301 𐍈"])
async def test_any_text_is_shown(staff: httpx.AsyncClient, cases: MemoryCases, text: str) -> None:
    """What no page can carry is replaced; everything else stands there."""
    cases.views[NUMBER] = case_view(question=text)
    page = await staff.get(await cases.path())
    assert page.status_code == 200
    assert re.sub(r"[\x00\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text) in unescape(page.text)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_page_speaks_the_language_asked_for(
    staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs, lang: str
) -> None:
    """?lang= decides and is remembered; the app is asked in it; no id shows through."""
    path = await cases.path()
    page = await staff.get(path, params={"lang": lang})
    assert f'<html lang="{lang}">' in page.text
    assert catalogs.text(lang, "web_case_claim") in page.text
    assert f'<html lang="{lang}">' in (await staff.get(path)).text
    assert cases.asked == [(NUMBER, DESK, lang)] * 2
    assert "web_" not in page.text


async def test_staff_read_estonian_by_default(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """What the browser wishes is no choice."""
    page = await staff.get(await cases.path(), headers={"Accept-Language": "ru"})
    assert '<html lang="et">' in page.text


async def test_reading_changes_nothing(staff: httpx.AsyncClient, cases: MemoryCases, inbox: FakeEngine) -> None:
    """A program that opens every link in a mail leaves nothing behind, however often it comes."""
    path = await cases.path()
    before = dict(cases.links)
    for method in ("GET", "HEAD", "GET"):
        answer = await staff.request(method, path)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await staff.request(method, path)).status_code == 405
    assert inbox.arrivals == []
    assert cases.links == before


async def test_the_page_is_for_nobody_else(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """It is kept nowhere, found by no search engine, and its address goes to no other site."""
    for path in (await cases.path(), "/case/" + "x" * 22):
        page = await staff.get(path)
        assert {name: page.headers.get(name) for name in HEADERS} == HEADERS
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex, nofollow"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r'(?:src|href)="(?!/|#)', page.text)
        assert not re.search(r"<style|\sstyle=|<script", page.text)


async def test_only_what_is_possible_is_offered(staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs) -> None:
    """A form stands there for each thing that can be done now, and for no other."""
    path = await cases.path()
    for acts in (frozenset(Act), frozenset({Act.REPLY, Act.CLOSE}), frozenset[Act]()):
        cases.views[NUMBER] = case_view(acts=acts)
        page = await staff.get(path)
        offered = set(re.findall(r'name="do" value="(\w+)"', page.text))
        assert offered == ({*acts, Act.NAME} if acts else set())
    assert catalogs.text("et", "web_case_no_acts") in page.text


# --- links


async def test_a_link_is_kept_as_a_digest(cases: MemoryCases) -> None:
    """128 random bits, which the store never sees."""
    paths = [await cases.path() for _ in range(20)]
    tokens = [path.removeprefix("/case/") for path in paths]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
    assert len(set(tokens)) == 20
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in cases.links)
    assert not any(token in repr(cases.links) for token in tokens)


@pytest.mark.parametrize("end", ["closed", "old", "unknown", "malformed", "long"])
async def test_a_dead_link_says_what_may_be_the_matter(
    staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs, end: str
) -> None:
    """In three languages, with whom to turn to, and alike for every reason."""
    path = await cases.path()
    match end:
        case "closed":
            cases.closed.add(NUMBER)
        case "old":
            cases.now += timedelta(days=31)
        case "unknown":
            path = "/case/" + "A" * 22
        case "malformed":
            path = path[:-1]
        case _:
            path += "A" * 5000
    page = await staff.get(path)
    assert page.status_code == 404
    for lang in LANGUAGES:
        assert catalogs.text(lang, "web_case_dead") in unescape(page.text)
        assert f'<section lang="{lang}"' in page.text
        assert OPERATORS[lang] in page.text
    assert "KJ-" not in page.text


async def test_who_tries_too_many_links_must_wait(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """The store is asked so often and no more; after a minute the same address may go on."""
    path, before = await cases.path(), cases.looked
    for number in range(MISSES_A_MINUTE):
        assert (await staff.get(f"/case/{number:022}")).status_code == 404
    held = await staff.get(path)
    assert (held.status_code, held.headers["retry-after"]) == (429, "60")
    assert "Liiga palju" in held.text
    assert cases.looked == before + MISSES_A_MINUTE
    cases.now += timedelta(minutes=1)
    assert (await staff.get(path)).status_code == 200


async def test_what_is_no_link_costs_nothing(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """Paths that we never make are neither looked up nor counted."""
    before = cases.looked
    for text in ("x", "x" * 21, "x" * 23, "x" * 21 + "!", quote("õ" * 22), "..%2f..%2fetc"):
        assert (await staff.get(f"/case/{text}")).status_code == 404
    assert cases.looked == before


async def test_without_cases_there_is_no_such_page(catalogs: Catalogs, cases: MemoryCases) -> None:
    """An installation without mail desks has nothing there."""
    engine = FakeEngine(MemoryStore())
    async with serving(channel(engine.store, catalogs), engine) as url, browser(url) as staff:
        assert (await staff.get(await cases.path())).status_code == 404


# --- files


async def test_files_are_handed_on(staff: httpx.AsyncClient, cases: MemoryCases) -> None:
    """Each is a link that gives its bytes to keep under its own name; no browser shows it as a page of ours."""
    files = (document("leping ü.html", b"<script>alert(1)</script>"), document('../a"\r\nb', b"\x00\xff"))
    cases.views[NUMBER] = case_view(lines=(replace(LINES[0], id="f/1", files=()), replace(LINES[1], id="g 2", files=files)))
    path = await cases.path()
    page = await staff.get(path)
    links = [unescape(link) for link in re.findall(r'href="([^"]*/files/[^"]*)"', page.text)]
    assert [(await staff.get(link)).content for link in links] == [b"<script>alert(1)</script>", b"\x00\xff"]
    got = await staff.get(links[0])
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''leping%20%C3%BC.html"
    assert (await staff.get(links[1])).headers["content-disposition"].endswith("..%2Fa%22%0D%0Ab")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"


async def test_what_cannot_be_handed_on_is_said(staff: httpx.AsyncClient, cases: MemoryCases, catalogs: Catalogs) -> None:
    """A file that is gone, too large or not there is no fault of ours; a large one is named and not read."""
    fetched: list[str] = []
    files = (document("gone.pdf", b"", size=5), document("large.pdf", b"x", size=MAX_FILE + 1, fetched=fetched))
    cases.views[NUMBER] = case_view(lines=(replace(LINES[0], files=files),))
    path = await cases.path()
    page = await staff.get(path)
    assert "large.pdf" in page.text
    assert page.text.count("/files/") == 1
    for number in (0, 1, 2, 99):
        answer = await staff.get(f"{path}/files/a/{number}")
        assert answer.status_code == 404
        assert catalogs.text("et", "web_case_file_gone") in unescape(answer.text)
    assert (await staff.get(f"{path}/files/none/0")).status_code == 404
    cases.closed.add(NUMBER)
    assert catalogs.text("et", "web_case_dead") in unescape((await staff.get(f"{path}/files/a/0")).text)
    assert fetched == []
