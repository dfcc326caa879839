"""What Telegram shows around the chat: the commands, the bot's description and the menu button, in each language.

Knows the calls; the words come in. Telegram allows few changes of these, so only what differs is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    MenuButtonCommands,
)
from telegram.error import TelegramError

from bot.platforms.telegram.words import COMMANDS, DESCRIPTION, IN_GROUPS, SHORT_DESCRIPTION

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The words in each language: `say` gives a sentence in a language. People of other languages see those of `default`."""

    languages: Sequence[str]
    default: str
    say: Callable[[str, str], str]

    async def put_up(self, bot: Bot) -> None:
        """Write what differs; a fault costs the words around the chat, never the chat."""
        try:
            for code, lang in {"": self.default, **{lang: lang for lang in self.languages}}.items():
                await self._commands(bot, code, lang)
                await self._descriptions(bot, code, lang)
            await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        except TelegramError as error:
            log.warning("telegram profile not written", error=type(error).__name__)

    async def _commands(self, bot: Bot, code: str, lang: str) -> None:
        scopes: tuple[tuple[BotCommandScope, Sequence[str]], ...] = (
            (BotCommandScopeAllPrivateChats(), tuple(COMMANDS)),
            (BotCommandScopeAllGroupChats(), IN_GROUPS),
        )
        for scope, names in scopes:
            wanted = tuple(BotCommand(name, self.say(lang, COMMANDS[name])) for name in names)
            if await bot.get_my_commands(scope=scope, language_code=code) != wanted:
                await bot.set_my_commands(wanted, scope=scope, language_code=code)

    async def _descriptions(self, bot: Bot, code: str, lang: str) -> None:
        long, short = self.say(lang, DESCRIPTION), self.say(lang, SHORT_DESCRIPTION)
        if (await bot.get_my_description(language_code=code)).description != long:
            await bot.set_my_description(long, language_code=code)
        if (await bot.get_my_short_description(language_code=code)).short_description != short:
            await bot.set_my_short_description(short, language_code=code)
