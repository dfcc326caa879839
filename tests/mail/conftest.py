"""Words, a mail server and a mailer before it."""

from collections.abc import AsyncIterator

import pytest

from bot.i18n import Catalogs
from bot.platforms.mail import Mailer
from tests.mail.kit import mailer_for
from tests.peers.smtp import MailServer, mail_server
from tests.web.fakes import written_catalogs


@pytest.fixture(scope="session")
def catalogs() -> Catalogs:
    """The real words in every language, compiled in memory."""
    return written_catalogs()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A mail server of its own for each test."""
    async with mail_server() as running:
        yield running


@pytest.fixture
def mailer(server: MailServer) -> Mailer:
    """A mailer before it."""
    return mailer_for(server)
