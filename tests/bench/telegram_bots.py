"""A bot in its own process, run by `telegram`: `python -m tests.bench.telegram_bots KIND URL TOKEN FOLDER KNOWLEDGE HOME`.

Knows how each bot is started on Telegram; not who writes, nor how what it costs is told.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from telegram import Bot, Update
from telegram.ext import AIORateLimiter, Application, MessageHandler, filters

from bot.engine import utc_now
from bot.knowledge.load import Library
from bot.platforms.telegram import Profile, TelegramChannel
from bot.store import SqlStore
from tests.bench.metering import Methods, Say, serve
from tests.bench.telling import tell
from tests.worlds import CACHE

TRIES: Final = 5
"""How often the echo with limits tries again after a 429; by default it would lose the message."""


async def ours(url: str, token: str, folder: Path, library: Library, *, paced: bool) -> None:
    """Serve the knowledge from a SQLite file."""

    def channel(say: Say, _: SqlStore) -> TelegramChannel:
        profile = Profile(languages=(), default="et", say=say)
        return TelegramChannel(token=token, url=url, profile=profile, clock=utc_now, paced=paced)

    methods = Methods(client=Bot, calls=("send_message", "edit_message_text"), beside=("get_updates",))
    await serve(library, folder, channel, methods)


async def echo(url: str, token: str, *, concurrent: bool = False, limited: bool = False) -> None:
    """Say what was said, with python-telegram-bot's Application as its documentation shows it."""
    builder = Application.builder().token(token).base_url(f"{url}/bot").concurrent_updates(concurrent)
    application = (builder.rate_limiter(AIORateLimiter(max_retries=TRIES)) if limited else builder).build()
    application.add_handler(MessageHandler(filters.TEXT, _echo))

    async def run() -> None:
        async with application:
            await application.start()
            assert application.updater
            await application.updater.start_polling()
            await asyncio.Event().wait()

    await tell(run)


async def _echo(update: Update, _: object) -> None:
    assert update.message
    assert update.message.text
    await update.message.reply_text(update.message.text)


def main(kind: str, url: str, token: str, folder: str, knowledge: str, home: str) -> None:
    """Run a bot."""
    match kind:
        case "ours" | "ours, paced":
            library = Library(Path(knowledge), home=home, cache=CACHE)
            asyncio.run(ours(url, token, Path(folder), library, paced=kind == "ours, paced"))
        case "echo":
            asyncio.run(echo(url, token))
        case "echo, concurrent":
            asyncio.run(echo(url, token, concurrent=True))
        case "echo, limited":
            asyncio.run(echo(url, token, concurrent=True, limited=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
