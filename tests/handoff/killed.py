"""A bot with two desks whose power goes at a given moment: everything as `app` builds it, run by `test_killed`.

For processes of their own: what is put in place here stays there. Knows what the moments of its life are; nothing of who writes,
nor of what anybody has seen.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import randrange
from typing import Final

from aiosmtplib.protocol import SMTPProtocol

from bot import app, offices
from bot.content import Content
from bot.platforms.telegram import TelegramChannel
from bot.settings import Settings, load_settings
from bot.store import SqlStore
from tests.engine.moments import around_calls, around_transactions, countdown
from tests.engine.small import small_world
from tests.telegram.kit import FORUM
from tests.telegram.life import PROFILE
from tests.worlds import catalogs

TOWN: Final = "sampleton"
GROUP: Final = f"{TOWN}/telegram"
OFFICE: Final = f"{TOWN}/email"
LANG: Final = "en"
PASSED_OVER: Final = (*PROFILE, "sendChatAction")
"""Calls in which no message has a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Where a bot lives: its database, Telegram's address and its token there, the port of the mail server and its own."""

    file: Path
    url: str
    token: str
    mail_port: int
    web_port: int

    @property
    def settings(self) -> Settings:
        """What an operator would set: a forum, and people who read mail for what is handed to them."""
        return load_settings(
            database=f"sqlite:///{self.file}",
            municipality=TOWN,
            telegram_token=self.token,
            telegram_api=self.url,
            web_port=self.web_port,
            public_url=f"http://127.0.0.1:{self.web_port}",
            smtp_host="127.0.0.1",
            smtp_port=self.mail_port,
            smtp_security="off",
            mail_from="teejuht@example.ee",
            desks={TOWN: {"telegram": FORUM, "email": ["abi@example.ee"], "lang": LANG}},
        )


def quiet_port() -> int:
    """Find a port that nobody uses, and that nobody gets by chance while a bot is dead: the system gives out higher ones."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", randrange(15_000, 32_000))) as listening:
            return int(listening.getsockname()[1])


def serve(life: Life) -> None:
    """Live until SIGTERM."""
    _at_full_speed()
    asyncio.run(app.until_stopped(_live(life)))


def dying(life: Life, last: int) -> None:
    """Live, with a moment around each transaction, each call to Telegram and each line to the mail server; die at the last."""
    moment = countdown(last)
    around_transactions(moment)
    around_calls(moment, lambda url: not url.endswith(PASSED_OVER))
    _around_mail(moment)
    serve(life)


async def _live(life: Life) -> None:
    settings = life.settings
    world = offices.furnish(replace(small_world(), home=TOWN), settings)
    store = await SqlStore.open(settings.database, serve=True)
    try:
        await app.build_engine(settings, Content(world, catalogs()), store).run()
    finally:
        await store.close()


def _at_full_speed() -> None:
    """Write to Telegram without its limits, which would have people wait for seconds."""
    make = TelegramChannel.__init__

    def unpaced(channel: TelegramChannel, **about: object) -> None:
        make(channel, **about | {"paced": False, "first_wait": 0.02})  # type: ignore[arg-type]

    TelegramChannel.__init__ = unpaced  # type: ignore[method-assign, assignment]


def _around_mail(moment: Callable[[], None]) -> None:
    """Have a moment before each line to a mail server, and one once it is on its way; a whole letter is one line."""
    write = SMTPProtocol.write

    def written(protocol: SMTPProtocol, data: bytes) -> None:
        moment()
        write(protocol, data)
        protocol._loop.call_soon(moment)

    SMTPProtocol.write = written  # type: ignore[method-assign, assignment]
