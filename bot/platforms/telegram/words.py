"""The words that stand around the chat in Telegram, as ids for translation: the list of commands and what the bot says of itself.

Knows which there are; Telegram's limits are a command's description 256 characters, the description 512, the short one 120.
"""

from collections.abc import Mapping
from typing import Final

from bot.core.texts import N_

COMMANDS: Final[Mapping[str, str]] = {
    # Translators: what the bot's commands do, in a list that Telegram shows; a few words each.
    "start": N_("command_start"),
    "menu": N_("command_menu"),
    "group": N_("command_group"),
    "person": N_("command_person"),
    # Translators: where a question stands that was sent to the municipality's staff.
    "case": N_("command_case"),
    "language": N_("command_language"),
    "municipality": N_("command_municipality"),
    "privacy": N_("command_privacy"),
    "mydata": N_("command_mydata"),
    "forget": N_("command_forget"),
    "help": N_("command_help"),
    # Translators: /stop ends the questions about the person.
    "stop": N_("command_stop"),
}
IN_GROUPS: Final = ("menu", "language", "privacy", "help")
"""Commands that make sense where others read along."""

# Translators: what Telegram shows in an empty chat, at most 512 characters. {operator} is the body that runs the bot.
DESCRIPTION = N_("telegram_description")
# Translators: what Telegram shows on the bot's profile and when it is shared, at most 120 characters.
SHORT_DESCRIPTION = N_("telegram_short_description")
