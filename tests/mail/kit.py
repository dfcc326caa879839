"""What the tests of mail share: a mailer before a test server, and a letter."""

from datetime import UTC, datetime
from typing import Final

from bot.platforms.mail import Mailer, Tls
from bot.platforms.mail.mailer import Letter
from tests.peers.smtp import MailServer

SENDER: Final = "teejuht@kohtla-jarve.example"
OFFICE: Final = "abi@kohtla-jarve.example"
NOW: Final = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
LETTER: Final = Letter(subject="KJ-0042: täpitähed ыэ", text="Tere, õäöü ыэ 👍\n.\n..\nFrom here\n" + "pikk " * 300 + "\n")


def mailer_for(
    server: MailServer,
    *,
    tls: Tls = Tls.OFF,
    user: str = "",
    password: str = "",
    authority: str = "",
    host: str = "127.0.0.1",
    sender: str = SENDER,
    patience: float = 5.0,
) -> Mailer:
    """Build a mailer as `app` does, with less patience."""
    return Mailer(
        host=host,
        port=server.port,
        sender=sender,
        clock=lambda: NOW,
        tls=tls,
        user=user,
        password=password,
        authority=authority,
        patience=patience,
    )
