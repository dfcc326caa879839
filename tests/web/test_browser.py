"""A conversation on the page in a real Chromium: shown once and in order, whatever breaks in between."""

import asyncio
import re
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Dialog, Page, Route, expect

from bot.core.events import Chose, Opened, Said
from bot.i18n import Catalogs
from bot.ports import File, Message, Part, PartKind
from tests.contracts.channel import until
from tests.peers.browser import phone, violations
from tests.web.fakes import channel, serving
from tests.web.site import Site, bot, say, transcript

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCRIPT = "<script>alert('x')</script> & **b** <img src=x onerror=alert(1)>"


async def test_user_text_is_literal(tab: Page) -> None:
    """Markup in a message is shown, not run, on both sides."""
    await say(tab, SCRIPT)
    await expect(bot(tab)).to_have_count(3)
    assert (await transcript(tab))[1] == SCRIPT
    assert SCRIPT in (await transcript(tab))[3]
    assert await tab.locator(".message script, .message img").count() == 0


async def test_a_reload_keeps_the_transcript(tab: Page, site: Site) -> None:
    """After a reload everything stands there once, nothing is announced again, and the draft is kept."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    before = await transcript(tab)
    await tab.fill("#text", "half a quest")
    await tab.reload()
    assert await transcript(tab) == before
    assert await tab.input_value("#text") == "half a quest"
    assert await tab.locator("[role=alert]").count() == 0
    site.store.put(site.engine.arrivals[0].conversation, Message(lang="en", parts=(Part(markdown="later"),)))
    await expect(bot(tab)).to_have_count(4)
    assert [type(event) for event in site.engine.events] == [Opened, Said]


async def test_messages_are_acknowledged(tab: Page, site: Site) -> None:
    """What was shown is not kept for a page that comes later."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    await until(lambda: site.store.sent == {site.engine.arrivals[0].conversation: 3}, "the acknowledgement")


async def test_a_deep_link_opens_with_its_payload(browser: Browser, site: Site) -> None:
    """?start= arrives once; a reload does not open again, the address is clean."""
    async with phone(browser) as (page, _):
        await page.goto(site.url + "/?start=register-residence&lang=ru")
        await expect(bot(page)).to_have_count(1)
        await page.reload()
        await expect(bot(page)).to_have_count(1)
        assert page.url == site.url + "/"
        [event] = site.engine.events
        assert isinstance(event, Opened)
        assert (event.payload, event.hint) == ("register-residence", "ru")
        await expect(page.locator("html")).to_have_attribute("lang", "ru")


async def test_unsent_messages_are_sent_later(browser: Browser, site: Site) -> None:
    """What the server does not take says so, is tried again and arrives once, in order, also over a reload."""
    async with phone(browser) as (page, _):
        await page.goto(site.url)
        await expect(bot(page)).to_have_count(1)
        site.engine.failures = 3
        await say(page, "first")
        await say(page, "second")
        await expect(page.locator(".trouble")).to_have_text("Not sent yet, trying again")
        await expect(page.locator("#typing")).to_have_text("")
        await page.reload()
        await expect(page.locator(".trouble")).to_have_count(0)
        await expect(bot(page)).to_have_count(5)
        assert [event.text for event in site.engine.events if isinstance(event, Said)] == ["first", "second"]
        assert [words for words in await transcript(page) if words in ("first", "second")] == ["first", "second"]


async def test_an_answer_that_got_lost_is_no_second_message(browser: Browser, site: Site) -> None:
    """The 202 does not reach the page: it sends again under the same id, and the engine sees one message."""
    async with phone(browser) as (page, _):
        await page.goto(site.url)
        await expect(bot(page)).to_have_count(1)
        lost: list[int] = []

        async def lose(route: Route) -> None:
            answer = await route.fetch()
            lost.append(answer.status)
            await (route.abort() if len(lost) == 1 else route.fulfill(response=answer))

        await page.route("**/events", lose)
        await say(page, "tere")
        await expect(bot(page)).to_have_count(3)
        await expect(page.locator(".trouble")).to_have_count(0)
        assert lost == [202, 202]
        assert site.engine.again == 1


async def test_a_restart_of_the_server_goes_unnoticed(browser: Browser, site: Site, catalogs: Catalogs) -> None:
    """The server goes and comes back: what was said meanwhile, on both sides, is there once."""
    async with AsyncExitStack() as closing:
        first = serving(web := channel(site.store, catalogs), site.engine)
        url = await first.__aenter__()
        port = web.bound
        page, _ = await closing.enter_async_context(phone(browser))
        await page.goto(url)
        await expect(bot(page)).to_have_count(1)
        await first.__aexit__(None, None, None)
        await say(page, "anyone there?")
        await expect(page.locator(".trouble")).to_have_count(1)
        site.store.put(site.engine.arrivals[0].conversation, Message(lang="en", parts=(Part(markdown="meanwhile"),)))
        await closing.enter_async_context(serving(channel(site.store, catalogs, port=port), site.engine))
        await expect(bot(page)).to_have_count(4, timeout=15_000)
        await expect(page.locator(".trouble")).to_have_count(0)
        assert [words.partition("\n")[0].strip() for words in await transcript(page)] == [
            "Hello!", "anyone there?", "meanwhile", "In danger? Call 112.", "You said: anyone there?",
        ]  # fmt: skip


async def test_an_over_long_message_is_given_back(tab: Page, site: Site) -> None:
    """What is too long even to be refused by the bot is not sent, and stands in the field again."""
    long = "ы" * 70_000
    await say(tab, long)
    await expect(tab.locator(".trouble")).to_have_text("Not sent: the message is too long. Please shorten it.")
    assert await tab.input_value("#text") == long
    assert [type(event) for event in site.engine.events] == [Opened]


async def test_typing_is_shown_until_the_end(tab: Page, site: Site) -> None:
    """The indicator stands from the question to the last message of the turn."""
    site.engine.answers = lambda _: ()
    await say(tab, "tere")
    await expect(tab.locator("#typing")).to_have_text("Teejuht is replying")
    here = site.engine.arrivals[0].conversation
    site.store.put(here, Message(lang="en", parts=(Part(markdown="one moment"),), end=False))
    await expect(bot(tab)).to_have_count(2)
    await expect(tab.locator("#typing")).to_have_text("Teejuht is replying")
    site.store.put(here, Message(lang="en", parts=(Part(markdown="here it is"),)))
    await expect(tab.locator("#typing")).to_have_text("")


async def test_old_options_are_quiet_and_work(tab: Page, site: Site) -> None:
    """After a choice the earlier buttons step back but still do what they say."""
    first = tab.locator(".options").first
    await first.locator("button").first.click()
    await expect(bot(tab)).to_have_count(2)
    await expect(first).to_have_class(re.compile("quiet"))
    await first.locator("button").last.click()
    await expect(bot(tab)).to_have_count(3)
    assert [event.option for event in site.engine.events if isinstance(event, Chose)] == ["topic:school", "menu"]
    assert (await transcript(tab))[1::2] == ["School and kindergarten", "All topics"]


async def test_the_language_is_switched(tab: Page, site: Site) -> None:
    """The page speaks the other language, keeps the transcript, and the bot is told."""
    await tab.get_by_role("button", name="Русский").click()
    await expect(tab.locator("html")).to_have_attribute("lang", "ru")
    await expect(bot(tab)).to_have_count(2)
    assert isinstance(event := site.engine.events[-1], Chose)
    assert event.option == "lang:ru"
    assert await tab.locator("#text").get_attribute("placeholder") == "Напишите свой вопрос"


async def test_a_new_conversation_starts_empty(tab: Page, site: Site) -> None:
    """Asked first; then the transcript is gone and the bot meets a stranger."""
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    asked: list[str] = []

    async def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.accept()

    tab.on("dialog", accept)
    async with tab.expect_navigation():
        await tab.click("#new")
    await expect(bot(tab)).to_have_count(1)
    assert len(asked) == 1
    assert len(await transcript(tab)) == 1
    assert len({arrival.conversation for arrival in site.engine.arrivals}) == 2


async def test_two_tabs_show_the_same(tab: Page, site: Site) -> None:
    """A second tab of the same browser sees what either says, each message once and in order."""
    other = await tab.context.new_page()
    await other.goto(site.url)
    await expect(bot(other)).to_have_count(1)
    await expect(bot(tab)).to_have_count(2)
    await say(other, "tere")
    for page in (tab, other):
        await expect(bot(page).last).to_contain_text("You said: tere")
    assert (await transcript(tab))[-3:] == (await transcript(other))[-3:]


async def test_a_long_answer_is_read_from_its_beginning(tab: Page, site: Site) -> None:
    """The first message of an answer stays in sight below the header, whatever follows it."""
    long = Message(lang="en", parts=(Part(markdown="\n\n".join(f"paragraph {n}" for n in range(40))),))
    first = Message(lang="en", parts=(Part(kind=PartKind.CARD, markdown="**112**"),), end=False)
    site.engine.answers = lambda _: (first, long)
    await say(tab, "tere")
    await expect(bot(tab)).to_have_count(3)
    await asyncio.sleep(0.2)
    header = await tab.evaluate("document.querySelector('header').getBoundingClientRect().bottom")
    top = await tab.evaluate("document.querySelector('.card').getBoundingClientRect().top")
    assert header <= top <= header + 40


@pytest.mark.parametrize("content", ['{"text": "õäöü ыэ 👍 <b>"}\n', "", "x" * 300_000])
async def test_a_file_of_the_bot_is_downloaded(tab: Page, site: Site, content: str) -> None:
    """What the bot wrote is a link below its message, also after a reload, and nothing is asked of the server for it."""
    file = File(name="teejuht <minu>.json", media_type="text/html", size=len(content), ref=content)
    site.engine.answers = lambda _: [Message(lang="en", parts=(Part(markdown="Here it is"),), file=file)]
    await say(tab, "my data")
    link = tab.get_by_role("link", name="Download: teejuht <minu>.json")
    await expect(link).to_have_count(1)
    await tab.reload()
    async with tab.expect_download() as waiting:
        await link.click()
    download = await waiting.value
    assert (await download.path()).read_text("utf-8") == content
    assert re.fullmatch(r"teejuht .minu.\.json", download.suggested_filename)
    assert await violations(tab) == []


async def test_a_file_from_elsewhere_is_not_shown(tab: Page, site: Site) -> None:
    """The page cannot fetch it; the message stands as it is."""
    file = File(name="a.jpg", media_type="image/jpeg", size=3, ref="AgAD", channel="telegram")
    site.engine.answers = lambda _: [Message(lang="en", parts=(Part(markdown="A picture"),), file=file)]
    await say(tab, "tere")
    await expect(bot(tab).last).to_contain_text("A picture")
    await expect(tab.locator(".file")).to_have_count(0)
