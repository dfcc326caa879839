"""What the bot's methods do to the topics of a forum.

Needs the right `can_manage_topics`, as Telegram does. Knows no HTTP.
"""

from collections.abc import Mapping
from typing import Final

from tests.peers.bot_api.state import Chat, Execute, Topic, World
from tests.peers.bot_api.values import ApiError, Json

COLORS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
LONGEST_NAME: Final = 128


def create(world: World, params: Json) -> Json:
    """Open a topic."""
    chat = _forum(world, params, "create a topic")
    color = params.get("icon_color", COLORS[0])
    if color not in COLORS:
        raise ApiError("Bad Request: invalid icon color specified")
    topic = world.open_topic(chat, world.sender, _name(params), color, params.get("icon_custom_emoji_id"))
    icon = {"icon_custom_emoji_id": topic.icon} if topic.icon else {}
    return {"message_thread_id": topic.root["message_id"], "name": topic.name, "icon_color": color, **icon}


def edit(world: World, params: Json) -> bool:
    """Rename a topic or give it another icon."""
    topic = _topic(_forum(world, params, "edit the topic"), params)
    name = _name(params) if params.get("name") else topic.name
    icon = params.get("icon_custom_emoji_id", topic.icon) or None
    if (name, icon) == (topic.name, topic.icon):
        raise ApiError("Bad Request: TOPIC_NOT_MODIFIED")
    topic.name, topic.icon = name, icon
    return True


def close(world: World, params: Json) -> bool:
    """Close a topic to everybody who does not manage topics."""
    chat = _forum(world, params, "close the topic")
    return set_open(world, chat, _topic(chat, params), world.sender, is_open=False)


def reopen(world: World, params: Json) -> bool:
    """Open a topic again."""
    chat = _forum(world, params, "reopen the topic")
    return set_open(world, chat, _topic(chat, params), world.sender, is_open=True)


def delete(world: World, params: Json) -> bool:
    """Delete a topic with its messages."""
    chat = _forum(world, params, "delete the topic")
    _topic(chat, params)
    thread = params["message_thread_id"]
    del chat.topics[thread]
    for message_id in [number for number, said in chat.messages.items() if said.get("message_thread_id") == thread]:
        del chat.messages[message_id]
    return True


def set_open(world: World, chat: Chat, topic: Topic, sender: Json, *, is_open: bool) -> bool:
    """Close or open a topic with its service message. Errors: ApiError if it is so already."""
    if topic.open == is_open:
        raise ApiError("Bad Request: TOPIC_NOT_MODIFIED")
    topic.open = is_open
    told = "forum_topic_reopened" if is_open else "forum_topic_closed"
    world.put(chat, sender, {told: {}}, thread=topic.root["message_id"])
    return True


METHODS: Final[Mapping[str, Execute]] = {
    "createForumTopic": create,
    "editForumTopic": edit,
    "closeForumTopic": close,
    "reopenForumTopic": reopen,
    "deleteForumTopic": delete,
}


def _forum(world: World, params: Json, purpose: str) -> Chat:
    chat = world.reach(params["chat_id"])
    if not chat.info.get("is_forum"):
        raise ApiError("Bad Request: the chat is not a forum")
    if not world.may(chat, "can_manage_topics"):
        raise ApiError(f"Bad Request: not enough rights to {purpose}")
    return chat


def _topic(chat: Chat, params: Json) -> Topic:
    topic = chat.topics.get(params["message_thread_id"])
    if topic is None:
        raise ApiError("Bad Request: TOPIC_ID_INVALID")
    return topic


def _name(params: Json) -> str:
    name = str(params["name"]).strip()
    if not name:
        raise ApiError("Bad Request: topic title is empty")
    # Longer ones are cut, not refused.
    return name[:LONGEST_NAME]
