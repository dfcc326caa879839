"""Residents on the web page, and staff who read mail and open the page of a case.

Knows what a browser asks for and what the office's mails say.
"""

import asyncio
import json
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final

import httpx

from tests.handoff.kit import OFFICE, House
from tests.handoff.shown import Eyes, Shown, flat
from tests.peers.smtp import Mail, MailServer
from tests.web.office import fields

NAME: Final = "Ametnik Lehel"
LINK: Final = re.compile(r"/case/[\w-]{22}")


@dataclass(slots=True)
class OnTheWeb:
    """Somebody with the web page open."""

    client: httpx.AsyncClient
    lang: str
    eyes: Eyes = field(init=False)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    edits = False
    deletes = False
    page = True

    def __post_init__(self) -> None:
        self.eyes = Eyes(self._look)

    @property
    def accounts(self) -> Sequence[str]:
        """The secret in the cookie."""
        return (self.client.cookies["teejuht"],)

    async def say(self, text: str) -> str:
        """Write a message."""
        return await self._post(event="said", text=text, hint=self.lang)

    async def choose(self, option: str) -> None:
        """Press the button."""
        assert any(option in (shown["id"] for shown in row["options"]) for _, row in self.rows), f"there is no {option}"
        await self._post(event="chose", option=option)

    async def edit(self, message: str, text: str) -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def delete(self, message: str) -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def content(self, shown: Shown) -> bytes:
        """The page shows no files of staff's."""
        raise NotImplementedError

    def everything(self) -> str:
        """Give all that the page was sent."""
        return json.dumps([row for _, row in self.rows], ensure_ascii=False)

    async def read(self) -> None:
        """Read the stream until cancelled, and say what was seen, as the page's script does."""
        number = 0
        async with self.client.stream("GET", "/stream", params={"after": "0"}, timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("id: "):
                    number = int(line.removeprefix("id: "))
                elif line.startswith("data: "):
                    self.rows.append((number, json.loads(line.removeprefix("data: "))))
                    assert (await self.client.post("/seen", json={"id": number})).status_code == 200

    async def _post(self, **event: str) -> str:
        id = secrets.token_hex(8)
        answer = await self.client.post("/events", json={"id": id, **event})
        assert answer.status_code == 202, answer.text
        return id

    async def _look(self) -> list[Shown]:
        return [
            Shown(
                id=str(number),
                text=words("\n".join(part["html"] for part in row["parts"])),
                options=tuple(option["id"] for option in row["options"]),
                file=(row["file"] or {"name": ""})["name"],
            )
            for number, row in self.rows
        ]


@dataclass(slots=True)
class ByMail:
    """Somebody who reads the office's mail, which is what they are shown, and opens the page of the case, which has the words."""

    server: MailServer
    client: httpx.AsyncClient
    code: str = ""
    pages: list[str] = field(default_factory=list)
    eyes: Eyes = field(init=False)
    name = NAME
    accounts = (NAME, OFFICE)
    edits = False
    deletes = False

    def __post_init__(self) -> None:
        self.eyes = Eyes(self._look)

    async def open(self, code: str, *expected: str) -> Shown:
        """Wait for the mail, which says nothing of what the page has."""
        self.code = code
        mail = await self.eyes.next(code)
        page = await self.page()
        for word in expected:
            assert flat(word) in page, f"{word} is not in {page}"
        return mail

    async def told(self, *expected: str) -> Shown:
        """Wait for a mail; what it is about, only the page says."""
        mail = await self.eyes.next(self.code)
        assert not [word for word in expected if flat(word) in mail.text]
        return mail

    async def confirmed(self, *expected: str) -> None:
        """Get no mail: who does something on the page sees it there."""

    async def reads(self, text: str) -> Shown:
        """Wait for a mail, and find the message on the page."""
        mail = await self.told(text)
        assert (await self.page()).count(flat(text)) == 1
        return mail

    async def sees(self, text: str, *, instead_of: str) -> None:
        """Look at the page, of which no mail tells."""
        await self.eyes.until(lambda: self._says(text), f"the page with {text}")
        assert flat(instead_of) not in await self.page()

    async def claim(self) -> None:
        """Press the button."""
        await self._post("claim")

    async def say(self, text: str) -> str:
        """Write to the resident."""
        await self._post("reply", text=text)
        return ""

    async def note(self, text: str) -> None:
        """Write a note."""
        await self._post("note", text=text)

    async def send_topic(self, query: str) -> None:
        """Choose a curated answer by its title."""
        offered = re.findall(r'<option value="([^"]+)">([^<]+)</option>', (await self._get()).text)
        [topic] = [value for value, label in offered if query in unescape(label)]
        await self._post("send", text=topic)

    async def close(self) -> None:
        """Close the case."""
        await self._post("close")

    async def edit(self, message: str, text: str) -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def delete(self, message: str) -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """The page has nothing for it."""
        raise NotImplementedError

    async def content(self, shown: Shown) -> bytes:
        """Download the only file on the page."""
        [href] = set(re.findall(r'href="(/case/[\w-]+/files/\d+/\d+)"', (await self._get()).text))
        answer = await self.client.get(href)
        assert answer.status_code == 200
        assert f"''{shown.file}" in answer.headers["content-disposition"]
        return answer.content

    async def everything(self) -> str:
        """Give all mails and all that the page said when it was looked at."""
        return "\n".join([*(mail.message.as_string() + mail.text for mail in self._mails()), *self.pages])

    async def page(self) -> str:
        """Read the page by the newest link."""
        answer = await self._get()
        assert answer.status_code == 200, answer.text
        return words(answer.text)

    async def is_done(self) -> bool:
        """Tell whether the link leads nowhere any more."""
        return (await self._get()).status_code == 404

    async def _says(self, text: str) -> bool:
        return flat(text) in await self.page()

    async def _get(self) -> httpx.Response:
        answer = await self.client.get(self._link())
        self.pages.append(answer.text)
        return answer

    async def _post(self, act: str, **more: str) -> None:
        page = await self._get()
        assert page.status_code == 200, page.text
        answer = await self.client.post(self._link(), data={**fields(page, act), **more, "name": NAME})
        assert answer.status_code == 303, answer.text

    def _link(self) -> str:
        found = LINK.search(self._mails()[-1].text)
        assert found
        return found[0]

    def _mails(self) -> list[Mail]:
        to_us = [mail for mail in self.server.mails if OFFICE in mail.to]
        return [mail for mail in to_us if re.search(rf"\b{self.code}\b", str(mail.message["subject"]))]

    async def _look(self) -> list[Shown]:
        return [
            Shown(id=str(mail.message["message-id"]), text=flat(f"{mail.message['subject']} {mail.text}"))
            for mail in self._mails()
        ]


@asynccontextmanager
async def on_the_web(house: House, lang: str) -> AsyncIterator[OnTheWeb]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    headers = {"Origin": house.url}
    async with httpx.AsyncClient(base_url=house.url, headers=headers, verify=tls, trust_env=False) as client:
        assert (await client.get("/", params={"lang": lang})).status_code == 200
        someone = OnTheWeb(client, lang)
        reading = asyncio.create_task(someone.read())
        try:
            yield someone
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


@asynccontextmanager
async def by_mail(house: House) -> AsyncIterator[ByMail]:
    """Give somebody with a browser for the pages of cases."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(base_url=house.url, verify=tls, trust_env=False, headers={"Origin": house.url}) as client:
        yield ByMail(house.mail, client)


def words(html: str) -> str:
    """Give the words of a piece of a page on one line."""
    return flat(unescape(re.sub(r"<[^>]*>", " ", html)))
