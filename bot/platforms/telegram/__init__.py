"""Telegram: a bot's account as a channel for residents, and forums in which staff work."""

from bot.platforms.telegram.channel import TelegramChannel
from bot.platforms.telegram.connection import username
from bot.platforms.telegram.desk import TelegramDesk
from bot.platforms.telegram.profile import Profile

__all__ = ["Profile", "TelegramChannel", "TelegramDesk", "username"]
