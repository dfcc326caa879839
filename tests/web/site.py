"""A page with answers behind it, and what a person does and sees on it in a browser.

The answers are canned: a greeting, then card, text, sources and options for every question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Locator, Page

from bot.core.events import Chose, Event, Opened, Said
from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape
from tests.peers.browser import Watch
from tests.web.fakes import FakeEngine, MemoryStore

TOPICS = (Option(id="topic:school", label="School and kindergarten"), Option(id="menu", label="All topics"))


def reply(event: Event) -> Sequence[Message]:
    """Greet, answer with card, text, sources and options, and say back what was said or chosen."""
    match event:
        case Opened(payload=payload):
            return [Message(lang="en", parts=(Part(markdown=f"Hello! {escape(payload)}"),), options=TOPICS)]
        case Chose(option=option):
            return [Message(lang="en", parts=(Part(markdown=f"chosen {escape(option)}"),))]
        case Said(text=text):
            card = Part(kind=PartKind.CARD, markdown="**In danger? Call [112](tel:112).**")
            answer = Part(markdown=f"You said: {escape(text)}\n\n- one\n- two")
            sources = Part(kind=PartKind.SOURCES, markdown="Source: [Ministry](https://www.siseministeerium.ee/)")
            return [
                Message(lang="en", parts=(card,), end=False),
                Message(lang="et", parts=(answer, sources), options=TOPICS, topic="school"),
            ]
        case _:
            return []


@dataclass(slots=True)
class Site:
    """A served page with what stands behind it."""

    url: str
    store: MemoryStore
    engine: FakeEngine


def clean(watch: Watch, url: str) -> bool:
    """Tell whether a page had no error and asked nobody but us."""
    return not watch.errors and watch.hosts == {url.removeprefix("http://")}


def bot(page: Page) -> Locator:
    """Every message of the bot."""
    return page.locator(".message.bot")


async def say(page: Page, text: str) -> None:
    """Type a message and send it as on a keyboard."""
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def transcript(page: Page) -> list[str]:
    """The words of every message, oldest first, without what is only read aloud."""
    words: list[str] = await page.evaluate(
        "() => [...document.querySelectorAll('.message')].map(m =>"
        " [...m.querySelectorAll('.bubble, .card')].map(b => b.innerText).join('|'))"
    )
    return words


async def focused(page: Page) -> str:
    """What has the focus, as TAG.class."""
    name: str = await page.evaluate("document.activeElement.tagName + '.' + document.activeElement.className")
    return name
