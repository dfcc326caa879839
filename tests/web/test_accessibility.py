"""WCAG 2.2 AA in a real Chromium: axe-core, keyboard, screen sizes, what a screen reader is told, no script."""

import pytest
from playwright.async_api import Browser, Page, expect

from bot.core.events import Chose, Said
from bot.i18n import Catalogs
from tests.peers.browser import Scheme, phone, violations
from tests.web.fakes import LANGUAGES
from tests.web.site import Site, bot, focused, say

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCREENS = ((320, 640), (320, 256), (195, 422), (844, 390), (1280, 800))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_axe_finds_nothing(browser: Browser, site: Site, catalogs: Catalogs, lang: str, scheme: Scheme) -> None:
    """WCAG 2.2 AA and best practice on every page, before and after a conversation, and when offline."""
    async with phone(browser, lang=lang, scheme=scheme) as (page, watch):
        await page.goto(site.url)
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await expect(bot(page)).to_have_count(1)
        assert await violations(page) == []
        await say(page, "how do I register my address?")
        await expect(bot(page)).to_have_count(3)
        assert await violations(page) == []
        await page.locator(".options button").last.click()
        await expect(bot(page)).to_have_count(4)
        await page.context.set_offline(True)
        await say(page, "still there?")
        await expect(page.locator(".trouble")).to_have_text(catalogs.text(lang, "web_unsent"))
        assert await violations(page) == []
        watch.errors.clear()  # the browser says that it is offline
        await page.context.set_offline(False)
        for path in ("/accessibility", "/none"):
            await page.goto(site.url + path)
            assert await violations(page) == []
        assert watch.hosts == {site.url.removeprefix("http://")}


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_fits_every_screen(browser: Browser, site: Site, lang: str) -> None:
    """Nothing is scrolled sideways at 320 px, at 200 % zoom of a phone, on its side or on a desk."""
    async with phone(browser, lang=lang) as (page, _):
        await page.goto(site.url)
        await say(page, "isikut_tõendav_dokument_" * 8)
        await expect(bot(page)).to_have_count(3)
        for path in ("", "/accessibility"):
            await page.goto(site.url + path)
            for width, height in SCREENS:
                await page.set_viewport_size({"width": width, "height": height})
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                assert await page.evaluate("innerWidth") == width


async def test_enlarged_text_fits(tab: Page) -> None:
    """Text at 200 % (the browser's own setting) leaves nothing cut off."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    await tab.evaluate("document.documentElement.style.fontSize = '200%'")
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await violations(tab) == []


async def test_the_keyboard_is_enough(tab: Page, site: Site) -> None:
    """Skip link, languages, options, field and links are reached by Tab, seen, and work by Enter."""
    await tab.keyboard.press("Tab")
    assert await focused(tab) == "A.skip"
    await tab.keyboard.press("Enter")
    await tab.keyboard.type("first line")
    await tab.keyboard.press("Shift+Enter")
    await tab.keyboard.type("second line")
    await tab.keyboard.press("Enter")
    await expect(bot(tab)).to_have_count(3)
    assert await focused(tab) == "TEXTAREA."
    assert site.engine.events[-1] == Said(at=site.engine.arrivals[-1].at, text="first line\nsecond line", hint="en")
    for _ in range(2):
        await tab.keyboard.press("Shift+Tab")
    await tab.keyboard.press("Enter")
    await expect(bot(tab)).to_have_count(4)
    assert isinstance(event := site.engine.events[-1], Chose)
    assert event.option == "topic:school"
    assert await focused(tab) == "BUTTON."


async def test_focus_is_always_seen(tab: Page) -> None:
    """Each stop of the Tab key has an outline or a ring, and is not under the header or the composer."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    await tab.focus(".skip")
    stops = 0
    while await tab.evaluate("document.activeElement !== document.body") and stops < 40:
        stops += 1
        assert await tab.evaluate(VISIBLE_FOCUS), await tab.evaluate("document.activeElement.outerHTML")
        await tab.keyboard.press("Tab")
    assert stops >= 12


VISIBLE_FOCUS = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const ring = style.outlineStyle !== "none" || getComputedStyle(at.parentElement).boxShadow !== "none";
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 10));
  return ring && (top === at || at.contains(top) || at.matches(".skip"));
}"""


async def test_what_a_screen_reader_is_told(tab: Page) -> None:
    """The log is polite, a card is an alert, each message has its language and its author, links say that they open a tab."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    await expect(tab.locator("[role=log]")).to_have_attribute("aria-live", "polite")
    await expect(tab.locator(".card")).to_have_attribute("role", "alert")
    assert [await one.get_attribute("lang") for one in await bot(tab).all()] == ["en", "en", "et"]
    assert await tab.locator(".message .aloud").all_text_contents() == ["Teejuht: ", "You: ", "Teejuht: ", "Teejuht: "]
    link = tab.locator(".sources a")
    await expect(link).to_have_accessible_description("Opens in a new tab")
    await expect(tab.locator(".send")).to_have_accessible_name("Send")
    await expect(tab.locator("#new")).to_have_accessible_name("New conversation")


@pytest.mark.parametrize("switched_off", [True, False])
async def test_without_its_script_the_page_says_so(browser: Browser, site: Site, switched_off: bool) -> None:
    """The page names the operator and 112 where the chat cannot run, be it switched off or lost on the way."""
    context = await browser.new_context(java_script_enabled=not switched_off, locale="ru")
    page = await context.new_page()
    if not switched_off:
        await page.route("**/chat.js", lambda route: route.abort())
    await page.goto(site.url)
    await expect(page.get_by_text("звоните 112")).to_be_visible()
    await expect(page.get_by_text("напрямую: Городская управа Кохтла-Ярве")).to_be_visible()
    await context.close()
