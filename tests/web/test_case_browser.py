"""The page of a case in a real Chromium on a phone: read, answered and finished with and without scripts, by everybody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.core.events import StaffChose, StaffSaid
from bot.i18n import Catalogs
from bot.platforms.web import CaseLine, Who
from bot.platforms.web.case_forms import NO_COMMAND
from tests.peers.browser import Scheme, phone, violations
from tests.web.fakes import LANGUAGES, FakeEngine, MemoryStore, channel, serving
from tests.web.office import LINES, NUMBER, QUESTION, MemoryCases, case_view, document
from tests.web.test_accessibility import SCREENS, VISIBLE_FOCUS

HANGING_OUT = """
[...document.querySelectorAll('form.act :is(button, select, textarea, label, input:not([type=hidden]))')].filter(one => {
  const [inner, outer] = [one.getBoundingClientRect(), one.closest('form').getBoundingClientRect()];
  return inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1
    || inner.left < outer.left - 1 || inner.right > outer.right + 1;
}).map(one => one.outerHTML)
"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(slots=True)
class Office:
    """A served page of one case with what stands behind it."""

    url: str
    engine: FakeEngine
    cases: MemoryCases


@pytest_asyncio.fixture(loop_scope="session")
async def office(catalogs: Catalogs) -> AsyncIterator[Office]:
    """A case with everything in it, behind a link of its own for each test."""
    engine, cases = FakeEngine(MemoryStore()), MemoryCases()
    cases.views[NUMBER] = case_view(lines=(*LINES, replace(LINES[0], id="f", files=(document("leping.txt", b"Tere"),))))
    async with serving(channel(engine.store, catalogs, cases=cases.page()), engine) as url:
        yield Office(url + await cases.path(), engine, cases)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_axe_finds_nothing(browser: Browser, office: Office, lang: str, scheme: Scheme) -> None:
    """WCAG 2.2 AA and best practice: with everything open, after something was done, when refused, and on a dead link."""
    async with phone(browser, scheme=scheme) as (page, watch):
        await page.goto(f"{office.url}?lang={lang}")
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert await violations(page) == []
        await page.locator("form.claim button").click()
        await expect(page.locator("#done")).not_to_be_empty()
        assert await violations(page) == []
        office.cases.away = 1
        await page.fill("#reply", "Tere")
        await page.locator("form.reply button").click()
        await expect(page.locator("textarea")).to_have_value("Tere")
        assert await violations(page) == []
        office.cases.closed.add(NUMBER)
        await page.goto(office.url)
        assert await violations(page) == []
        assert watch.hosts == {office.url.removeprefix("http://").partition("/")[0]}
        assert [error for error in watch.errors if "404" not in error and "503" not in error] == []


async def test_it_fits_every_screen(browser: Browser, office: Office) -> None:
    """Nothing is scrolled sideways, however long a word is."""
    long = "isikut_tõendav_dokument_" * 8
    office.cases.views[NUMBER] = case_view(
        question=long, state=long, contact=long, desks=((long, long),),
        lines=(CaseLine(id="x", who=Who.STAFF, when=long, text=long, name=long, files=(document(long, b"x"),)),),
    )  # fmt: skip
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for width, height in SCREENS:
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_control_stands_in_its_form(browser: Browser, office: Office, lang: str) -> None:
    """Whatever words are on it, nothing hangs out of the part of the page that it belongs to, or over another one."""
    async with phone(browser) as (page, _):
        await page.goto(f"{office.url}?lang={lang}")
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert await page.evaluate(HANGING_OUT) == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_case_is_worked_on(browser: Browser, office: Office, scripts: bool) -> None:
    """Sign, claim, note, reply, send a topic, hand over and close, with and without scripts: the page has none."""
    context = await browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(office.url)
    await page.fill("#name", "Töötaja")
    await page.click("form.name button")
    await expect(page.locator("#name")).to_have_value("Töötaja")
    await page.click("form.claim button")
    await expect(page.locator("#done")).to_be_visible()
    await page.fill("#reply", "/close on käsk\n" + QUESTION)
    await page.click("form.reply button")
    await expect(page.locator("#reply")).to_have_value("")
    await page.locator("details", has=page.locator("#note")).locator("summary").click()
    await page.fill("#note", "elukoht")
    await page.click("form.note button")
    await expect(page.locator("#note")).to_be_hidden()
    await page.locator("details", has=page.locator("#send")).locator("summary").click()
    await page.select_option("#send", "school")
    await page.click("form.send button")
    await expect(page.locator("#send")).to_be_hidden()
    await page.locator("details", has=page.locator("#transfer")).locator("summary").click()
    await page.select_option("#transfer", "narva/mail")
    await page.click("form.transfer button")
    await expect(page.locator("#transfer")).to_be_hidden()
    await page.locator("details", has=page.locator("form.close")).locator("summary").click()
    await page.click("form.close button")
    await expect(page.locator("form.close")).to_be_hidden()
    done = [event.text if isinstance(event, StaffSaid) else event.option
            for event in office.engine.events if isinstance(event, StaffSaid | StaffChose)]  # fmt: skip
    assert done == [
        "case:claim", f"{NO_COMMAND}/close on käsk\n{QUESTION}", "/note elukoht", "/send school", "case:transfer:narva/mail",
        "case:close",
    ]  # fmt: skip
    assert {event.name for event in office.engine.events if isinstance(event, StaffSaid | StaffChose)} == {"Töötaja"}
    await context.close()


async def test_a_double_tap_is_one(browser: Browser, office: Office) -> None:
    """Going back and sending the same again, or reloading what was sent, is nothing new."""
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        await page.fill("#reply", "Tere")
        await page.evaluate("() => { const f = document.querySelector('form.reply'); f.requestSubmit(); f.requestSubmit(); }")
        await expect(page.locator("#done")).not_to_be_empty()
        await page.reload()
        await expect(page.locator("#done")).not_to_be_empty()
        assert len(office.engine.arrivals) == 1


async def test_new_messages_are_looked_for(browser: Browser, office: Office) -> None:
    """The button brings what has come since, each time it is used, and stays with the case."""
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        for number in range(2):
            line = CaseLine(id=f"new{number}", who=Who.RESIDENT, when="nüüd", text=f"Uus {number}")
            view = office.cases.views[NUMBER]
            office.cases.views[NUMBER] = replace(view, lines=(*view.lines, line))
            await page.get_by_role("button", name="Vaata, kas on midagi uut").click()
            await expect(page.locator("#last")).to_contain_text(f"Uus {number}")
            await expect(page.locator("#last")).to_be_in_viewport()
        assert office.engine.arrivals == []


async def test_a_file_is_downloaded(browser: Browser, office: Office) -> None:
    """It is saved under its name and not shown."""
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        async with page.expect_download() as waiting:
            await page.get_by_role("link", name="leping.txt").click()
        download = await waiting.value
        assert download.suggested_filename == "leping.txt"
        assert (await download.path()).read_bytes() == b"Tere"
        assert page.url.startswith(office.url)


async def test_the_keyboard_is_enough(browser: Browser, office: Office) -> None:
    """Every stop of the Tab key is seen; the skip link leads to what can be done."""
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await focused_id(page) == "do"
        await page.goto(office.url)
        stops: list[str] = []
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement === document.body"):
                break
            assert await page.evaluate(VISIBLE_FOCUS), await page.evaluate("document.activeElement.outerHTML")
            stops.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert {"name", "reply", "SUMMARY", "BUTTON", "A"} <= set(stops)


async def test_what_a_screen_reader_is_told(browser: Browser, office: Office) -> None:
    """Each field has its name, each text its language, and what was taken is a status."""
    async with phone(browser) as (page, _):
        await page.goto(office.url)
        await expect(page.locator("#reply")).to_have_accessible_name("Vastus elanikule")
        await expect(page.locator("#reply")).to_have_accessible_description(
            "Elanik saab selle teksti täpselt nii, nagu te selle kirjutate. Elaniku keel: vene keel."
        )
        await expect(page.locator("#name")).to_have_accessible_name("Teie nimi (ei ole kohustuslik)")
        await expect(page.locator("#done")).to_have_attribute("role", "status")
        assert await page.locator(".line").first.locator(".words").get_attribute("lang") == "ru"
        assert [await one.inner_text() for one in await page.locator("h1, h2").all()] == [
            "KJ-0042", "Küsimus", "Mida Teejuht vastas", "Vestlus", "Mida saate teha",
        ]  # fmt: skip


async def focused_id(page: Page) -> str:
    """The id of what has the focus."""
    id: str = await page.evaluate("document.activeElement.id")
    return id
