"""An emulated Bot API for each test, a second client for it, and a desk in a forum of it."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from bot.platforms.telegram import TelegramDesk
from tests.peers.bot_api import BotApi, bot_api
from tests.telegram.kit import DESK, FORUM, forum, listening, telegram


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """Telegram, which refuses calls that it does not know."""
    async with bot_api() as api:
        yield api


@pytest.fixture
async def second(api: BotApi) -> AsyncIterator[Bot]:
    """The emulator's second client: aiogram, which shares no code with the first."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(api.url))
    async with Bot(api.token, session=session) as bot:
        yield bot


@pytest.fixture
async def desk(api: BotApi) -> AsyncIterator[TelegramDesk]:
    """A desk that is ready, and a channel that listens."""
    forum(api)
    async with listening(channel := telegram(api, desks={FORUM: DESK}), api):
        yield channel.desks[0]
