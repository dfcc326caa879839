"""Mail addresses as a desk: a mail says that there is a case or that something in it is new, and links to the case's page.

Knows `ports.Desk`, catalogs and the mailer. What was said stays on the page: nothing of a card or a message goes into a mail.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from weakref import WeakValueDictionary

from babel import Locale, UnknownLocaleError

from bot.errors import Refused
from bot.i18n import Catalogs
from bot.platforms.mail.mailer import Letter, Mailer, id_of
from bot.ports import Ability, Attachment, Message
from bot.render.markup import to_text

MAX_CHARS = 100_000
REMEMBERED = 10_000
"""Keys of letters that are known to be sent, so that a repeat in this process sends nothing."""
_CODE = re.compile(r"([^\s\d]*\d+)(?:\s+([a-z]{2,3}))?\b.*", re.DOTALL)

Link: TypeAlias = Callable[[str, int], Awaitable[str]]
"""Makes a new link to the page of a case, by the desk's name and the case's number, and keeps what is needed to know it again."""
Title: TypeAlias = Callable[[str, str], str]
"""Gives the title of a topic in a language; empty if there is none."""


class MailDesk:
    """Staff who read mail: one or more addresses, and a page per case behind the link in it.

    A thread is the case's code. The page shows a case as it is, so what is amended, closed or opened again needs no mail.
    """

    ability = Ability(max_chars=MAX_CHARS, edits=True, at_once=4)

    def __init__(
        self, name: str, *, to: Sequence[str], mailer: Mailer, catalogs: Catalogs, link: Link, title: Title, lang: str = "et"
    ) -> None:
        self.name = name
        self._to = tuple(to)
        self._mailer = mailer
        self._catalogs = catalogs
        self._link = link
        self._title = title
        self._lang = lang
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._sending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Tell that there is a new case, in which language and about which topic, and give its code.

        `case` begins with the code; a language that follows it is the resident's.
        """
        code, lang = read_title(case)
        topic = self._title(card.topic, self._lang) if card.topic else ""
        lines = [
            self._say("mail_new", code=code),
            self._say("mail_language", language=self._language(lang or card.lang)),
            *([self._say("mail_topic", topic=topic)] if topic else []),
        ]
        await self._tell("mail_new_subject", code, "\n".join(lines), key)
        return code

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:  # noqa: ARG002
        """Tell that something in the case is new; what it is, and its files, are on the page.

        A message without a thread is about no case: nobody's page has it, and it is sent in words.
        """
        if thread:
            return await self._tell("mail_more_subject", thread, self._say("mail_more", code=thread), key)
        text = "\n\n".join(to_text(part.markdown) for part in message.parts)
        return await self._once(key, Letter(subject=self._say("mail_said_subject"), text=f"{text}\n"))

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Do nothing: the page shows what the case says now."""

    async def close(self, thread: str) -> None:
        """Do nothing: the links of a closed case are dead."""

    async def reopen(self, thread: str) -> None:
        """Do nothing: the links work again, and whatever is new is told."""

    async def problems(self) -> Sequence[str]:
        """Say what keeps mail from reaching the desk, in words for the operator."""
        found = [] if self._to else [f"the desk {self.name} has no addresses: set at least one"]
        return [*found, *await self._mailer.problems(self._to)]

    async def _tell(self, subject: str, code: str, about: str, key: str) -> str:
        """Send what a mail about a case says, with a new link to it."""

        async def letter() -> Letter:
            url = await self._link(self.name, read_number(code))
            text = "\n\n".join((about, f"{self._say('mail_open')}\n{url}", self._say("mail_foot")))
            return Letter(subject=self._say(subject, code=code), text=f"{text}\n", thread=f"{self.name}#{code}")

        return await self._once(key, letter)

    async def _once(self, key: str, letter: Letter | Callable[[], Awaitable[Letter]]) -> str:
        """Send a letter unless it was sent, by whoever was first; only what the server has counts."""
        key = f"{self.name}#{key}"
        lock = self._sending.setdefault(key, asyncio.Lock())
        async with lock:
            if key not in self._sent:
                written = letter if isinstance(letter, Letter) else await letter()
                self._sent[key] = await self._mailer.send(self._to, written, key=key)
                while len(self._sent) > REMEMBERED:
                    self._sent.popitem(last=False)
            return self._sent[key]

    def _say(self, id: str, **args: str) -> str:
        return self._catalogs.text(self._lang, id, args)

    def _language(self, code: str) -> str:
        try:
            return Locale.parse(code).get_display_name(self._lang) or code
        except (UnknownLocaleError, ValueError):
            return code


def mail_id(desk: str, key: str) -> str:
    """Name the mail that a desk sends for a key: what `post` returns, and the first half of the Message-ID."""
    return id_of(f"{desk}#{key}")


def read_title(case: str) -> tuple[str, str]:
    """Read a case's title into its code and, if it says so, the resident's language. Errors: Refused."""
    found = _CODE.fullmatch(case.strip())
    if found is None:
        raise Refused("the title of a case begins with its code")
    return found[1], found[2] or ""


def read_number(code: str) -> int:
    """Give the number of a case by its code, 42 by KJ-0042. Errors: Refused."""
    digits = re.search(r"[0-9]{1,18}$", code)
    if digits is None:
        raise Refused("the code of a case ends with its number")
    return int(digits[0])
