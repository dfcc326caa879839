"""The words that stand around the chat in Matrix, as ids for translation."""

from bot.core.texts import N_

# Translators: what the bot is called in a chat; its own name and in a word or two what it is.
NAME = N_("matrix_name")
# Translators: the topic of a chat with the bot, a line at its top in most programs. {operator} is the body that runs the bot.
TOPIC = N_("matrix_topic")
# Translators: below a numbered list of choices in a chat without buttons, a few words.
CHOOSE = N_("matrix_choose")
# Translators: below a numbered list of choices among staff, where a written number would be an answer to the resident.
REACT = N_("matrix_react")
