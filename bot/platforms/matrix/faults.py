"""What a homeserver's errors mean for a message on its way, and for the account.

Knows nio's error responses and the codes of the specification; not what is sent.
"""

from typing import Final

import aiohttp
from nio import ErrorResponse
from peewee import PeeweeException

from bot.errors import ChannelError, Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable

REFUSED_TOKEN: Final = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED")
NOT_THERE: Final = ("M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN_ROOM")
WAIT: Final = 5.0
"""Seconds to wait where the homeserver asks for patience and does not say how much."""
NEVER_LEFT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
NETWORK: Final = (aiohttp.ClientError, TimeoutError, OSError)

LOGGED_OUT: Final = "The homeserver does not accept the bot's login any more. Run `teejuht matrix login` and start again."
SOFT_LOGGED_OUT: Final = "The bot's login has run out; its keys are kept. Run `teejuht matrix login` and start again."


def check(response: object) -> None:
    """Raise what a response means for a message, if it is an error. Errors: SendError."""
    if isinstance(response, ErrorResponse):
        raise meaning(response)


def meaning(error: ErrorResponse) -> SendError:
    """Say what an error means for the message."""
    status = error.transport_response.status if error.transport_response is not None else 0
    return meaning_of(status, error.status_code or "", error.retry_after_ms)


def meaning_of(status: int, code: str, retry_after_ms: int | None = None) -> SendError:
    """Say what a status and the code in the answer mean for the message."""
    if code == "M_LIMIT_EXCEEDED" or status == 429:
        # Homeservers count by account, not by room.
        return RetryLater(retry_after_ms / 1000 if retry_after_ms else WAIT, whole_channel=True)
    if code in REFUSED_TOKEN:
        # Not this message's fault: it waits until the operator has logged in again.
        return Unreachable("the login is not accepted")
    if code in NOT_THERE:
        return Gone(code)
    if status >= 500 or not status >= 400:
        return Unreachable(f"HTTP {status}")
    return Refused(code or f"HTTP {status}")


def failing(error: Exception) -> SendError:
    """Say what it means for the message that a request, or our own key store, failed."""
    if isinstance(error, (*NEVER_LEFT, PeeweeException)):
        return Unreachable(type(error).__name__)
    return MaybeSent(type(error).__name__)


def refuse_login(error: ErrorResponse) -> None:
    """Raise if the homeserver does not know the bot any more. Errors: ChannelError."""
    if error.status_code in REFUSED_TOKEN:
        raise ChannelError(SOFT_LOGGED_OUT if error.soft_logout else LOGGED_OUT)
