"""Telegram's Bot API on this machine: a bot talks to it over HTTP, a test plays the people and breaks things.

    async with bot_api() as api:
        await api.say(7, "/start")
        await api.until(lambda: len(api.sent(7)) == 1, "an answer")

Point python-telegram-bot at it with base_url=f"{api.url}/bot" and base_file_url=f"{api.url}/file/bot". Outgoing calls are held
against aiogram's models of the methods: an unknown field or a wrong type is answered 400 and fails the test at the end.
"""

from tests.peers.bot_api.api import BotApi
from tests.peers.bot_api.server import bot_api
from tests.peers.bot_api.values import Call, FaultKind, Json, Refusal, Upload

__all__ = ["BotApi", "Call", "FaultKind", "Json", "Refusal", "Upload", "bot_api"]
