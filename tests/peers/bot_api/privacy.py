"""Which messages of people Telegram shows to a bot.

The rules of https://core.telegram.org/bots/features#privacy-mode; knows no updates.
"""

from tests.peers.bot_api.state import Chat, World
from tests.peers.bot_api.text import addressed_to
from tests.peers.bot_api.values import Json


def is_present(world: World, chat: Chat) -> bool:
    """Tell whether the bot is in a chat, and the chat is still the one it was."""
    return chat.upgraded_to is None and world.membership(chat)["status"] in ("member", "administrator")


def hears(world: World, chat: Chat, message: Json) -> bool:
    """Tell whether a message reaches the bot; in groups an ordinary member only gets what is meant for it."""
    sender = message.get("from", {})
    if not is_present(world, chat) or sender.get("is_bot"):
        return False
    if chat.kind in ("private", "channel") or world.me["can_read_all_group_messages"]:
        return True
    if world.membership(chat)["status"] == "administrator":
        return True
    answered = message.get("reply_to_message", {})
    if answered.get("message_id") in chat.mine:
        return True
    addressed = addressed_to(message.get("text") or message.get("caption") or "", world.me["username"])
    return chat.last_bot == world.me["id"] if addressed is None else addressed
