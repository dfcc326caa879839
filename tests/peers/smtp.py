"""A real mail server for tests: takes mails, keeps them, and fails in the ways that mail servers do.

Knows SMTP through aiosmtpd and how to make a certificate with `openssl`. Knows nothing of our mails.
"""

import asyncio
import ssl
import subprocess
import warnings
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANGS: Final = 30.0
"""Seconds for which a server that hangs says nothing; longer than anybody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it came: who it is from and for by the envelope, and what it says."""

    sender: str
    to: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The words of the mail, with plain line ends."""
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass(slots=True)
class MailServer:
    """A running server. `fail` says how the next mails go wrong, each once; `refuses` are addresses that it never takes."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    account: tuple[str, str] | None = None
    connections: int = 0
    helloes: list[str] = field(default_factory=list)
    _troubles: deque[tuple[str, str]] = field(default_factory=deque)
    _open: "set[_Conversation]" = field(default_factory=set)

    def fail(self, at: str, answer: str) -> None:
        """Let the next CONNECT, MAIL, RCPT or DATA be answered so; `drop` hangs up, `hang` says nothing.

        `lost`, for DATA, keeps the mail and hangs up.
        """
        self._troubles.append((at, answer))

    def trouble(self, at: str) -> str:
        """Take what is to go wrong at this point; empty if nothing is."""
        if self._troubles and self._troubles[0][0] == at:
            return self._troubles.popleft()[1]
        return ""

    # --- what aiosmtpd asks

    async def handle_EHLO(self, _: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        """Note who says hello."""
        session.host_name = hostname
        self.helloes.append(hostname)
        return responses

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Take a sender."""
        answer = self.refuses.get(address) or await self._answer(server, "MAIL")
        if answer:
            return answer
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Take an address."""
        answer = self.refuses.get(address) or await self._answer(server, "RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        answer = await self._answer(server, "DATA")
        if answer and answer != "lost":
            return answer
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(sender=str(envelope.mail_from), to=tuple(envelope.rcpt_tos), message=message))
        if answer == "lost":
            _hang_up(server)
        return "250 2.0.0 OK"

    def authenticate(self, _: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
        """Let the one account in."""
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.account, handled=False)

    async def _answer(self, server: SMTP, at: str) -> str:
        answer = self.trouble(at)
        match answer:
            case "hang":
                await asyncio.sleep(HANGS)
            case "drop":
                _hang_up(server)
        return "421 4.3.0 bye" if answer in ("hang", "drop") else answer

    # --- connections

    def serve(self, tls: ssl.SSLContext | None, *, must_login: bool) -> "_Conversation":
        """Take one connection."""
        self.connections += 1
        with warnings.catch_warnings(action="ignore"):  # it warns of logins without TLS, which is a point of these tests
            taken = _Conversation(self, tls, must_login=must_login)
        self._open.add(taken)
        return taken

    def hang_up(self) -> None:
        """End every connection."""
        for taken in self._open:
            _hang_up(taken)


class _Conversation(SMTP):
    """A connection, which may end before it begins."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None, *, must_login: bool) -> None:
        self._server = server
        super().__init__(
            server,
            hostname="mail.test",
            tls_context=tls,
            auth_required=must_login,
            auth_require_tls=tls is not None,
            authenticator=server.authenticate if must_login else None,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, hang up, or say nothing."""
        match self._server.trouble("CONNECT") if self.transport is None else "":
            case "drop":
                assert isinstance(transport, asyncio.Transport)
                transport.abort()
            case "hang":
                self.transport = transport
            case _:
                super().connection_made(transport)


def _hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


@asynccontextmanager
async def mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    account: tuple[str, str] | None = None,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Run a server on this machine, by default without TLS and for everybody, and stop it at the end."""
    server = MailServer(account=account)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: server.serve(starttls, must_login=account is not None), "127.0.0.1", port, ssl=tls
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        server.hang_up()
        await asyncio.sleep(0)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for localhost; give its file and what a server needs to show it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
