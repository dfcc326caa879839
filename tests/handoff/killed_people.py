"""Who has to do with one case: Ann who asks, Mari in the forum and a clerk who reads mail; they wait as long as it takes.

Knows the emulator, mails and the page of a case; nothing of how the bot works, but that Mari is slower than its database.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx

from bot.render.markup import to_text
from tests.engine.processes import PATIENCE, select, until
from tests.handoff.killed import LANG
from tests.peers.bot_api import BotApi, Json
from tests.peers.smtp import MailServer
from tests.telegram.kit import FORUM
from tests.telegram.test_contract import buttons
from tests.web.office import fields
from tests.worlds import catalogs

ANN: Final = 7
MARI: Final = 501
FIRST: Final = "Monday, please"
ANSWER: Final = "At ten o'clock?"
LAST: Final = "Yes, ten"
WORDS: Final = (FIRST, ANSWER, LAST)
_LINK: Final = re.compile(r"http://\S+/case/\S+")


@dataclass(frozen=True, slots=True)
class People:
    """Everybody around a bot, whose file is `file`."""

    api: BotApi
    mail: MailServer
    file: Path

    async def hold(self) -> None:
        """Go the whole way of a question, and return when it is closed."""
        self.api.user(MARI, first_name="Mari")
        async with asyncio.TaskGroup() as group:
            for person in (self.ann(), self.mari(), self.clerk()):
                group.create_task(person)

    async def ask(self) -> None:
        """Ask, and agree to what is sent to staff."""
        await self.api.say(ANN, "where is library")
        await self.until(ANN, "not:library")
        await self.api.say(ANN, "/person")
        await self.api.tap(await self.until(ANN, "case:send"), "case:send")

    async def ann(self) -> None:
        """Ask a person, answer them, and see the case closed."""
        await self.ask()
        await self.until(ANN, FIRST)
        await self.api.say(ANN, ANSWER)
        await self.until(ANN, "case:good")

    async def mari(self) -> None:
        """Take the case, write, and hand it over once there is an answer."""
        card = await self.card()
        await self.api.tap(card, "case:claim", user=MARI)
        await self.until(ANN, "case:back")
        await self.api.say(FORUM, FIRST, user=MARI, thread=card["message_thread_id"])
        await self.until(FORUM, ANSWER)
        await self.api.say(FORUM, "/transfer email", user=MARI, thread=card["message_thread_id"])

    async def card(self) -> Json:
        """Wait for the card of the case, in the topic that the bot knows for it."""
        await until(lambda: bool(select(self.file, "SELECT 1 FROM thread")))
        [(topic,)] = select(self.file, "SELECT thread FROM thread")
        return next(shown for shown in self.api.sent(FORUM) if str(shown["message_thread_id"]) == topic)

    async def clerk(self) -> None:
        """Follow the link in a mail, answer on the page, and close the case there."""
        await until(lambda: bool(self.mail.mails))
        found = _LINK.search(self.mail.mails[0].text)
        assert found is not None
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            await self.post(client, found[0], "reply", text=LAST)
            await self.until(ANN, LAST)
            await self.post(client, found[0], "close")

    async def post(self, client: httpx.AsyncClient, link: str, act: str, **written: str) -> None:
        """Do something on the page, with the same form again and again until the bot says that it has it."""
        page = await asked(client, "GET", link)
        assert page.status_code == HTTPStatus.OK
        answer = await asked(client, "POST", link, {**fields(page, act), **written})
        assert answer.status_code in (HTTPStatus.SEE_OTHER, HTTPStatus.NOT_FOUND)

    async def until(self, chat: int, sign: str) -> Json:
        """Wait until a chat shows something, and give the message."""
        await self.api.until(lambda: sign in signs(self.api, chat), f"{sign} in {chat}", PATIENCE)
        return next(shown for shown in self.api.sent(chat) if sign_of(shown) == sign)


async def asked(client: httpx.AsyncClient, method: str, link: str, form: Mapping[str, str] | None = None) -> httpx.Response:
    """Ask the bot's web server, as often as it takes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await client.request(method, link, data=form)
            except httpx.TransportError:
                await asyncio.sleep(0.05)


def signs(api: BotApi, chat: int, topic: int | None = None) -> list[str]:
    """Give what tells the bot's messages in a chat, or a topic of it, from each other, in order."""
    return [sign_of(shown) for shown in api.sent(chat) if topic in (None, shown.get("message_thread_id"))]


def sign_of(shown: Json) -> str:
    """Tell a message by what somebody has written, else by its first option, else by its words."""
    return next(_signs(shown))


def _signs(shown: Json) -> Iterator[str]:
    yield from (words for words in WORDS if words in shown["text"])
    yield from (button["callback_data"] for button in buttons(shown))
    yield shown["text"]


def said_at_desk(id: str, **args: str) -> str:
    """Give a sentence as it is said at the desk."""
    return to_text(catalogs().text(LANG, id, args))
