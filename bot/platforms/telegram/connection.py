"""The line to the Bot API: python-telegram-bot's client, and updates read one by one, so that one that is broken stops no other.

Knows the library's Bot and its requests; not what an update means.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError

from bot.errors import ChannelError
from bot.platforms.telegram.files import download
from bot.platforms.telegram.inbound import WANTED
from bot.platforms.telegram.line import Line
from bot.ports import File

READ_SECONDS: Final = 10.0
"""Longer than Telegram needs and shorter than the engine waits: an answer given up on was perhaps a message sent."""
LINES: Final = 16
"""Connections that may be open at once: messages on their way, and what is done beside them."""

NOT_ACCEPTED: Final = (
    "Telegram does not accept the token in TEEJUHT_TELEGRAM_TOKEN: it is wrong or was revoked. "
    "Copy the token from @BotFather (/mybots, API Token), set it and start again."
)

log = structlog.get_logger(__name__)


class Connection:
    """A bot's account. `bot` makes the calls."""

    def __init__(self, token: str, url: str) -> None:
        # Else the library warns at every flood error that times will be timedeltas one day.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        _silence()
        self._polls = Line(1, READ_SECONDS)
        self._line = Line(LINES, READ_SECONDS)
        self.bot = Bot(
            token,
            base_url=f"{url}/bot",
            base_file_url=f"{url}/file/bot",
            request=self._line,
            get_updates_request=self._polls,
        )

    async def updates(self, offset: int | None, seconds: int) -> tuple[Sequence[Update], int | None]:
        """Wait so long for updates from an offset on; asking for the next offset confirms these. Errors: TelegramError."""
        try:
            updates: Sequence[Update] = await self.bot.get_updates(offset, timeout=seconds, allowed_updates=WANTED)
        except TelegramError:
            raise
        # The library fails on an update that it does not understand in whatever way its parts happen to.
        except Exception:
            raw = json.loads(self._polls.answer)["result"]
            return list(readable(raw)), (max(row["update_id"] for row in raw) + 1 if raw else offset)
        return updates, (updates[-1].update_id + 1 if updates else offset)

    async def download(self, file: File) -> bytes:
        """Fetch a file that somebody sent. Errors: Refused, Unreachable."""
        return await download(self.bot, self._line, file)

    async def open(self) -> None:
        """Get ready for calls, also again after `close`."""
        await self.bot.request.initialize()
        await self._polls.initialize()

    async def close(self) -> None:
        """Close every connection; closing twice is no error."""
        await self.bot.request.shutdown()
        await self._polls.shutdown()


async def username(token: str, url: str) -> str:
    """Ask Telegram once what the bot is called. Errors: ChannelError."""
    connection = Connection(token, url)
    try:
        return str((await connection.bot.get_me()).username)
    except InvalidToken:
        raise ChannelError(NOT_ACCEPTED) from None
    except TelegramError as error:
        raise ChannelError(f"Telegram cannot be reached: {type(error.__cause__ or error).__name__}") from None
    finally:
        await connection.close()


def readable(rows: Sequence[dict[str, object]]) -> Iterator[Update]:
    """Read updates; one that cannot be read is logged by its id and passed over, as asking again would bring it again."""
    for row in rows:
        number = row.get("update_id")
        if type(number) is not int:
            log.error("telegram update without a number")
            continue
        try:
            yield Update.de_json(row)
        except Exception as error:
            log.error("telegram update not understood", update=number, error=type(error).__name__)


def _silence() -> None:
    """Keep the library's log to itself: it writes out messages, and httpx the address with the token in it."""
    for name in ("telegram", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
