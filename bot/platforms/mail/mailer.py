"""Letters on their way to a mail server: one connection each, and what every failure means for the outbox.

Knows SMTP; not what a letter says nor to whom it goes.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as LINES
from email.utils import format_datetime
from enum import StrEnum

import structlog
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from bot.errors import Gone, MaybeSent, Refused, SendError, Unreachable
from bot.platforms.mail.faults import Fault, explain
from bot.render.markup import storable

PERMANENT = 500
"""SMTP answers from this one on say that trying again will not help (RFC 5321, 4.2.1)."""
GOODBYE = 2.0
"""Seconds for the server to say goodbye once it has a letter."""
_NO_MAILBOX = re.compile(r"5\.(?:1\.(?:[1-36]|10)|2\.1)\b")
"""Enhanced codes of an address where nobody reads mail any more (RFC 3463, RFC 7505)."""
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})")
MAX_ADDRESS = 254

log = structlog.get_logger(__name__)


class Tls(StrEnum):
    """How the connection to the mail server is kept from being read."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail of plain text. Letters of one `thread` stand together in a mail program."""

    subject: str
    text: str
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    """One account on a mail server. `sender` is its address; `authority` is a file with a certificate to trust besides the usual.

    A letter takes at most `patience` seconds, which is less than the outbox gives a message.
    """

    host: str
    port: int
    sender: str
    clock: Callable[[], datetime]
    tls: Tls = Tls.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""
    patience: float = 12.0

    async def send(self, to: Sequence[str], letter: Letter, *, key: str) -> str:
        """Hand a letter to the server and return its id, which is the same whenever the key is.

        Errors: Unreachable, MaybeSent, Refused, Gone if none of the addresses is known.
        """
        mail = self.write(to, letter, key)
        client, handed = self._client(), False
        try:
            async with asyncio.timeout(self.patience):
                await client.connect()
                await self._offer(client, to)
                handed = True
                await client.data(bytes(mail))
        except SMTPResponseException as error:
            raise _answered(error) from error
        except (SMTPException, OSError) as error:  # a timeout is an OSError
            if handed:
                raise MaybeSent("the mail server went away with the letter in its hands") from error
            raise Unreachable(f"no connection to the mail server {self.host}:{self.port}") from error
        else:
            with suppress(SMTPException, OSError):
                await client.quit(timeout=GOODBYE)
        finally:
            client.close()
        return id_of(key)

    async def problems(self, to: Sequence[str] = ()) -> Sequence[str]:
        """Say what keeps letters to these addresses from being sent, in words for the operator."""
        if not self.sender:
            return ["no sender is set: mails need an address that they come from", *await self._ask(())]
        return await self._ask(to)

    def write(self, to: Sequence[str], letter: Letter, key: str) -> EmailMessage:
        """Write a letter as it is sent. Errors: Refused for an address that cannot be one."""
        mail = EmailMessage(policy=LINES)
        mail["From"] = address(self.sender)
        mail["To"] = ", ".join(map(address, to))
        mail["Subject"] = " ".join(storable(letter.subject).split())
        mail["Date"] = format_datetime(self.clock())
        mail["Message-ID"] = self._named(id_of(key))
        if letter.thread:
            mail["References"] = self._named(id_of(letter.thread))
        # No holiday notice answers a machine (RFC 3834).
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(storable(letter.text), charset="utf-8")
        return mail

    def _named(self, id: str) -> str:
        return f"<{id}@{self._domain()}>"

    def _domain(self) -> str:
        with suppress(Refused):
            return address(self.sender).rpartition("@")[2]
        return "localhost"

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            # Otherwise the name of this machine, which is nobody's business.
            local_hostname=self._domain(),
            timeout=self.patience,
            use_tls=self.tls is Tls.TLS,
            start_tls=self.tls is Tls.STARTTLS,
            cert_bundle=self.authority or None,
        )

    async def _offer(self, client: SMTP, to: Sequence[str]) -> None:
        """Name sender and addresses; one address that is taken is enough."""
        await client.mail(address(self.sender))
        refused: list[SMTPRecipientRefused] = []
        for one in to:
            try:
                await client.rcpt(address(one))
            except SMTPRecipientRefused as error:
                refused.append(error)
        if len(refused) == len(to):
            raise _nobody(refused)
        if refused:
            log.warning("mail addresses refused", of=len(to), codes=[error.code for error in refused])

    async def _ask(self, to: Sequence[str]) -> Sequence[str]:
        """Connect and name the addresses without handing anything over."""
        client, server = self._client(), f"{self.host}:{self.port}"
        found: list[str] = []
        try:
            async with asyncio.timeout(self.patience):
                await client.connect()
                if self.sender:
                    await client.mail(address(self.sender))
                    found += [explain(Fault.ADDRESS, server, one) for one in to if await self._is_refused(client, one)]
        except SMTPSenderRefused:
            found.append(explain(Fault.SENDER, server, self.sender))
        except (SMTPException, OSError) as error:
            found.append(explain(Fault.of(error), server, type(error).__name__))
        except Refused as error:
            found.append(f"{self.sender!r} is no sender: {error}")
        finally:
            client.close()
        return found

    async def _is_refused(self, client: SMTP, to: str) -> bool:
        """Tell whether the server will never take a letter to an address; one that may be taken later is fine."""
        try:
            await client.rcpt(address(to))
        except SMTPRecipientRefused as error:
            return error.code >= PERMANENT
        except Refused:
            return True
        return False


def address(text: str) -> str:
    """Give an address as it goes to a mail server. Errors: Refused for what cannot be one."""
    name, _, domain = text.strip().rpartition("@")
    with suppress(UnicodeError):
        written = f"{name}@{domain.encode('idna').decode().lower()}"
        if len(written) <= MAX_ADDRESS and _ADDRESS.fullmatch(written) and ".." not in written:
            return written
    raise Refused("an address that mail can go to looks like name@example.ee")


def id_of(key: str) -> str:
    """Name a letter by its key, of which nothing can be read in it."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


def _nobody(refused: Sequence[SMTPRecipientRefused]) -> SendError:
    """Say what it means that no address was taken; one that may be taken later is worth waiting for."""
    if not refused:
        return Refused("the letter has no address")
    errors = [_answered(error) for error in refused]
    return next((error for kind in (Unreachable, Refused) for error in errors if type(error) is kind), errors[0])


def _answered(error: SMTPResponseException) -> SendError:
    """Say what the server's answer means. A refusal of us, not of the letter, holds until the operator mends something."""
    of_the_letter = isinstance(error, (SMTPSenderRefused, SMTPRecipientRefused, SMTPDataError))
    if isinstance(error, SMTPAuthenticationError):
        log.warning("mail server refuses the login", code=error.code)
    if not of_the_letter or error.code < PERMANENT:
        return Unreachable(f"the mail server does not take letters now ({error.code})")
    if isinstance(error, SMTPRecipientRefused) and _NO_MAILBOX.match(error.message):
        return Gone(f"there is no such mailbox ({error.code})")
    return Refused(f"the mail server refuses the letter ({error.code})")
