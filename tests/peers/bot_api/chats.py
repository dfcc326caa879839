"""What the bot's methods tell of chats, their members and files.

Knows no messages and no HTTP.
"""

from collections.abc import Mapping
from typing import Final

from tests.peers.bot_api.state import Execute, World
from tests.peers.bot_api.values import ApiError, Json

RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)
LARGEST_DOWNLOAD: Final = 20 * 1024 * 1024
_GIFTS: Final = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_me(world: World, _: Json) -> Json:
    """Tell who the bot is."""
    return world.me


def get_chat(world: World, params: Json) -> Json:
    """Tell everything about a chat."""
    chat = world.reach(params["chat_id"])
    always = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(_GIFTS, False)}
    return always | chat.info | chat.details


def get_chat_member(world: World, params: Json) -> Json:
    """Tell what somebody is in a chat; known people who never spoke there have left it."""
    chat, user = world.reach(params["chat_id"]), params["user_id"]
    if user == world.me["id"]:
        return world.membership(chat)
    if user not in world.users:
        raise ApiError("Bad Request: user not found")
    return chat.members.get(user) or {"status": "left", "user": world.users[user]}


def get_chat_administrators(world: World, params: Json) -> list[Json]:
    """List who manages a group."""
    chat = world.reach(params["chat_id"])
    if chat.kind == "private":
        raise ApiError("Bad Request: there are no administrators in the private chat")
    return [member for member in chat.members.values() if member["status"] in ("creator", "administrator")]


def leave_chat(world: World, params: Json) -> bool:
    """Leave a group."""
    chat = world.reach(params["chat_id"])
    if chat.kind == "private":
        raise ApiError("Bad Request: chat member status can't be changed in private chats")
    chat.members[world.me["id"]] = {"status": "left", "user": world.sender}
    return True


def get_file(world: World, params: Json) -> Json:
    """Tell where a file can be had."""
    file = params["file_id"]
    if file not in world.files:
        raise ApiError("Bad Request: wrong file_id or the file is temporarily unavailable")
    size = len(world.files[file])
    if size > LARGEST_DOWNLOAD:
        raise ApiError("Bad Request: file is too big")
    return {"file_id": file, "file_unique_id": f"unique-{file}", "file_size": size, "file_path": f"files/{file}"}


METHODS: Final[Mapping[str, Execute]] = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    "getFile": get_file,
}
