"""What Telegram's errors mean for a message on its way.

Knows python-telegram-bot's exceptions; not what is sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import aiohttp
import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable

NEVER_LEFT: Final = (
    *(aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError),
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
)
"""Errors before the request was on its way; httpx's where files are sent."""
ON_THE_WAY: Final = (aiohttp.ClientError, TimeoutError, httpx.HTTPError)
NOBODY: Final = (
    *("chat not found", "user is deactivated", "not enough rights to send", "chat_write_forbidden", "peer_id_invalid"),
    *("message thread not found", "topic_deleted", "topic_id_invalid"),
)
"""What Telegram says where a person, a group or a topic is not there any more."""
UNCHANGED: Final = ("message is not modified", "topic_not_modified")


@contextmanager
def told() -> Iterator[None]:
    """Raise what the outbox understands instead of what Telegram said; ChatMigrated passes, for the channel to follow."""
    try:
        yield
    except ChatMigrated:
        raise
    except TelegramError as error:
        raise meaning(error) from error


def meaning(error: TelegramError) -> SendError:
    """Say what an error means for the message. The text of Telegram's answer never quotes a person's words."""
    match error:
        case RetryAfter():
            return RetryLater(seconds(error))
        case Forbidden():
            return Gone(str(error))
        case BadRequest():
            return Gone(str(error)) if any(words in str(error).lower() for words in NOBODY) else Refused(str(error))
        case InvalidToken():
            # Not this message's fault: it waits until the operator has given the bot a token that works.
            return Unreachable("the token is not accepted")
        case NetworkError() if isinstance(error.__cause__, ON_THE_WAY) and not isinstance(error.__cause__, NEVER_LEFT):
            return MaybeSent(type(error.__cause__).__name__)
        case _:
            return Unreachable(type(error.__cause__ or error).__name__)


def is_unchanged(error: BadRequest) -> bool:
    """Tell whether a change was refused because all is like that already."""
    return any(words in str(error).lower() for words in UNCHANGED)


def seconds(error: RetryAfter) -> float:
    """Read how long Telegram asks to wait: a timedelta, as `connection` asks the library for."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
