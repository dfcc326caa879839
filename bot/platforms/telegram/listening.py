"""How updates come: asked for by long polling, or pushed to a webhook; and what is done while they cannot.

Knows the order of confirming: `take` has returned before Telegram is told. Knows nothing of what updates mean.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

import structlog
from telegram import Bot, Update, User
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.errors import ChannelError
from bot.loops import Patience
from bot.platforms.telegram.connection import NOT_ACCEPTED, Connection
from bot.platforms.telegram.faults import seconds
from bot.platforms.telegram.inbound import WANTED

LONG_POLL: Final = 50
"""Seconds that Telegram holds a question for updates open."""
LOOK_AGAIN: Final = 300.0
"""Seconds between looks at how the webhook fares."""
STORE_WAIT: Final = 2.0
"""Longest wait for our own database, which nobody else asks to be spared."""

Take: TypeAlias = Callable[[Sequence[Update]], Awaitable[None]]
"""Keeps updates; they may be confirmed when it returns."""

log = structlog.get_logger(__name__)


def secret_of(token: str) -> str:
    """Make the secret that Telegram shows with what it pushes: every process that knows the token knows it."""
    return hmac.new(token.encode(), b"webhook", hashlib.sha256).hexdigest()


async def introduce(bot: Bot, patience: Patience) -> User:
    """Ask Telegram who the bot is, as long as it takes. Errors: ChannelError."""
    while True:
        try:
            me = await bot.get_me()
        except TelegramError as error:
            await _after(error, patience)
        else:
            patience.good()
            return me


async def poll(connection: Connection, take: Take, patience: Patience) -> None:
    """Ask for updates until cancelled. Errors: ChannelError."""
    # Not from where the last process stopped: after a week of silence Telegram begins its numbers anew, and whatever it hands in
    # twice is known.
    offset, webhook = None, True
    while True:
        try:
            if webhook:
                await connection.bot.delete_webhook()
                webhook = False
            updates, following = await connection.updates(offset, LONG_POLL)
        except TelegramError as error:
            webhook = isinstance(error, Conflict)
            await _after(error, patience)
            continue
        try:
            await take(updates)
        except Exception as error:  # the loop's own guard; not confirmed, so Telegram hands them in again
            await patience.bad(f"messages cannot be kept: {type(error).__name__}", at_most=STORE_WAIT)
            continue
        offset = following
        patience.good()


async def be_pushed(bot: Bot, url: str, secret: str, patience: Patience) -> None:
    """Have updates pushed to an address until cancelled, and say when Telegram cannot reach it. Errors: ChannelError."""
    told = None
    while True:
        try:
            info = await bot.get_webhook_info()
            if info.url != url or told is None:
                # One at a time: pushed side by side, messages would lose their order before we see them.
                await bot.set_webhook(url, secret_token=secret, max_connections=1, allowed_updates=WANTED)
        except TelegramError as error:
            await _after(error, patience)
            continue
        patience.good()
        if told is not None and info.last_error_date not in (None, told):
            log.warning("telegram cannot push", url=url, why=info.last_error_message)
        told = info.last_error_date or 0
        await asyncio.sleep(LOOK_AGAIN)


async def _after(error: TelegramError, patience: Patience) -> None:
    """Wait as the error asks. Errors: ChannelError for a token that is not accepted."""
    match error:
        case InvalidToken():
            raise ChannelError(NOT_ACCEPTED) from None
        case Conflict():
            await patience.bad(
                "another program asks for updates with the same token: stop it, or give this bot a token of its own"
            )
        case RetryAfter():
            await patience.bad("too many requests", at_least=seconds(error))
        case _:
            await patience.bad(f"no answer: {type(error.__cause__ or error).__name__}")
