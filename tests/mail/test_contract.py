"""The Desk contract over mail: staff who get a mail, open its link, and read the page of the case.

What the page shows comes from the case as the store keeps it, which the rig plays: it is there before the desk is told. Staff
see a message when a mail has come for it.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from html import unescape

import httpx
import pytest

from bot.i18n import Catalogs
from bot.platforms.mail import MailDesk
from bot.platforms.mail.desk import mail_id, read_number
from bot.platforms.web import CaseLine, Who
from bot.platforms.web.case_page import MAX_FILE
from bot.ports import Attachment, Message
from bot.render.markup import to_text
from tests.contracts.channel import message, until, words
from tests.contracts.desk import DeskContract, Posted, Rig, Trouble, card, seen_to
from tests.mail.kit import OFFICE, mailer_for
from tests.peers.smtp import Mail, MailServer
from tests.web.fakes import FakeEngine, MemoryStore, channel
from tests.web.office import DESK, PUBLIC, MemoryCases, case_view, words_of

FAILURES = {
    Trouble.DOWN: ("CONNECT", "drop"),
    Trouble.BROKEN: ("DATA", "lost"),
    Trouble.REFUSED: ("RCPT", "550 5.7.1 policy"),
    Trouble.GONE: ("RCPT", "550 5.1.1 no such user"),
}


class KeptDesk(MailDesk):
    """The desk with the cases behind it: what it is told to show is in the case already."""

    cases: MemoryCases

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Keep the card."""
        code = case.split()[0]
        self.cases.views.setdefault(read_number(code), case_view(code=code, lines=(), question="", answer=""))
        self._keep(code, card, key)
        return await super().open(case, card, key=key)

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Keep the message; a case in which somebody says more is open again, or its links would be dead."""
        self.cases.closed.discard(read_number(thread))
        self._keep(thread, message, key, tuple(attachments))
        return await super().post(thread, message, key=key, attachments=attachments)

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Change what is kept."""
        number = read_number(thread)
        view = self.cases.views[number]
        lines = tuple(replace(line, text=_text(message)) if line.id == posted else line for line in view.lines)
        self.cases.views[number] = replace(view, lines=lines)
        await super().amend(thread, posted, message)

    async def close(self, thread: str) -> None:
        """Close the case."""
        self.cases.closed.add(read_number(thread))
        await super().close(thread)

    async def reopen(self, thread: str) -> None:
        """Open it again."""
        self.cases.closed.discard(read_number(thread))
        await super().reopen(thread)

    def _keep(self, code: str, message: Message, key: str, files: tuple[Attachment, ...] = ()) -> None:
        number = read_number(code)
        view = self.cases.views[number]
        id = mail_id(self.name, key)
        if id not in {line.id for line in view.lines}:
            line = CaseLine(id=id, who=Who.RESIDENT, when="23.11 kell 14.05", text=_text(message), files=files)
            self.cases.views[number] = replace(view, lines=(*view.lines, line))


def _text(message: Message) -> str:
    """Give a message's words, its options below them."""
    return "\n\n".join([*(to_text(part.markdown) for part in message.parts), *(one.label for one in message.options)])


class MailRig:
    """Somebody at the office who reads mail and opens links."""

    largest_file = MAX_FILE
    troubles = frozenset(FAILURES)
    needs = ("addresses", "sender", "connection")

    def __init__(self, server: MailServer, catalogs: Catalogs, browser: httpx.AsyncClient, cases: MemoryCases) -> None:
        self._server = server
        self._browser = browser
        self._catalogs = catalogs
        self._cases = cases
        self._mailer = mailer_for(server)
        self._to: tuple[str, ...] = (OFFICE,)
        self.desk = self._made()

    def fail(self, trouble: Trouble) -> None:
        self._server.fail(*FAILURES[trouble])

    async def take(self, need: str) -> None:
        match need:
            case "addresses":
                self._to = ()
            case "sender":
                self._mailer = replace(self._mailer, sender="")
            case _:
                self._mailer = replace(self._mailer, port=1)
        self.desk = self._made()

    async def seen(self, thread: str, count: int) -> Sequence[Posted]:
        await until(lambda: len(self._mails(thread)) >= count, f"{count} mails about {thread}")
        page = await self._browser.get(_link(self._mails(thread)[-1]))
        posted = {one.id: one for one in [await self._read(line) for line in _lines(page.text)]}
        return [posted[str(mail.message["Message-ID"]).strip("<>").partition("@")[0]] for mail in self._mails(thread)]

    async def threads(self) -> int:
        return len({str(mail.message["Subject"]).partition(":")[0] for mail in self._server.mails})

    async def closed(self, thread: str) -> bool:
        return (await self._browser.get(_link(self._mails(thread)[-1]))).status_code == httpx.codes.NOT_FOUND

    def _mails(self, thread: str) -> list[Mail]:
        return [mail for mail in self._server.mails if str(mail.message["Subject"]).startswith(f"{thread}:")]

    async def _read(self, line: str) -> Posted:
        text = re.search(r'<div class="words"[^>]*>(.*?)</div>', line, re.DOTALL)
        links = re.findall(r'<a href="([^"]*)">(.*?)</a>', line)
        files = [(unescape(name), (await self._browser.get(unescape(path))).content) for path, name in links]
        named = re.findall(r"<li><span>(.*?)</span>", line)
        said = "\n".join(map(words_of, [text[1] if text else "", *named]))
        return Posted(id=re.findall(r'data-id="([^"]*)"', line)[0], text=said, files=tuple(files))

    def _made(self) -> KeptDesk:
        desk = KeptDesk(
            DESK,
            to=self._to,
            mailer=self._mailer,
            catalogs=self._catalogs,
            link=self._cases.door().make,
            title=lambda topic, lang: f"{topic} {lang}",
        )
        desk.cases = self._cases
        return desk


def _link(mail: Mail) -> str:
    return str(re.findall(rf"{PUBLIC}(\S+)", mail.text)[0])


def _lines(page: str) -> Sequence[str]:
    return re.findall(r'<li class="line .*?(?=<li class="line |</ol>)', page, re.DOTALL)


class TestMail(DeskContract):
    """Mail and the page of a case."""

    @pytest.fixture
    async def rig(self, server: MailServer, catalogs: Catalogs) -> AsyncIterator[Rig]:
        """Somebody at the office."""
        cases, store = MemoryCases(), MemoryStore()
        transport = httpx.ASGITransport(channel(store, catalogs, cases=cases.page()).app(FakeEngine(store)))
        async with AsyncExitStack() as stack:
            browser = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=PUBLIC))
            yield MailRig(server, catalogs, browser, cases)

    async def test_a_long_message_is_shown_whole(self, rig: Rig) -> None:
        """A page has no limit: a message of any length is one line of it, and no word is lost."""
        text = " ".join(f"sõna{number}" for number in range(rig.desk.ability.max_chars // 5))
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        await rig.desk.post(thread, message(text), key="m:1")
        shown = await seen_to(rig, thread, "end")
        assert [words(one.text) for one in shown[1:]] == [words(text), ["end"]]
