"""What Telegram knows: chats with their messages, topics and members, people, files and what the bot says about itself.

Keeps and finds things, and says why a chat cannot be reached. What each method does is told elsewhere; knows no HTTP.
"""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from aiogram.types import Chat as ChatModel

from tests.peers.bot_api.values import ApiError, Json

_DETAILS_ONLY: Final = frozenset(ChatModel.model_fields) - {
    "id", "type", "title", "username", "first_name", "last_name", "is_forum", "is_direct_messages"
}  # fmt: skip
_OWN_IDS: Final = ("supergroup", "channel")
_SUPERGROUP: Final = -(10**12)


@dataclass(slots=True, kw_only=True)
class Topic:
    """A thread of a forum; its number is that of the message that opened it."""

    root: Json
    name: str
    icon_color: int
    icon: str | None = None
    open: bool = True


@dataclass(slots=True, kw_only=True)
class Chat:
    """A chat: `info` is what messages tell of it, `details` what getChat adds; `mine` are the ids of the bot's own messages."""

    info: Json
    details: Json = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    mine: set[int] = field(default_factory=set)
    topics: dict[int, Topic] = field(default_factory=dict)
    members: dict[int, Json] = field(default_factory=dict)
    upgraded_to: int | None = None
    last_bot: int | None = None
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def id(self) -> int:
        """The number that the bot knows it by."""
        number: int = self.info["id"]
        return number

    @property
    def kind(self) -> str:
        """Its type: private, group, supergroup or channel."""
        return str(self.info["type"])


class World:
    """Everything behind the token of one bot."""

    def __init__(self, me: Json) -> None:
        self.me = me
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, Json] = {}
        self.queries: dict[str, bool] = {}
        """Callback queries by id, and whether they are answered."""
        self.files: dict[str, bytes] = {}
        """Files by their id."""
        self.commands: dict[tuple[str, str], list[Json]] = {}
        """Commands by scope and language."""
        self.words: dict[tuple[str, str], str] = {}
        """Name and descriptions of the bot by field and language."""
        self.menus: dict[int | None, Json] = {}
        """Menu buttons by chat; None for all others."""
        self._ids = itertools.count(1)
        self._queries = itertools.count(7_000_000_001)

    @property
    def sender(self) -> Json:
        """The bot as its messages name it."""
        return {name: self.me[name] for name in ("id", "is_bot", "first_name", "username")}

    # --- people and chats

    def user(self, id: int, *, lang: str | None = None, **extra: object) -> Json:
        """Make or get a person; a language or other fields given now replace what was known."""
        known = self.users.get(id) or {"id": id, "is_bot": False, "first_name": f"Person {id}", "language_code": "en"}
        self.users[id] = known | extra | ({"language_code": lang} if lang else {})
        return self.users[id]

    def chat(self, id: int, *, type: str = "private", **extra: object) -> Chat:
        """Make or get a chat; a negative id is a group's or a supergroup's unless its type is said."""
        chat = self.chats.get(id)
        if chat is None:
            kind = ("supergroup" if id < _SUPERGROUP else "group") if type == "private" and id < 0 else type
            name = {"first_name": f"Person {id}"} if kind == "private" else {"title": f"{kind.capitalize()} {-id}"}
            chat = self.chats[id] = Chat(info={"id": id, "type": kind, **name})
        if extra:
            chat.details |= {name: value for name, value in extra.items() if name in _DETAILS_ONLY}
            chat.info = chat.info | {name: value for name, value in extra.items() if name not in _DETAILS_ONLY}
        return chat

    def reach(self, id: int | str) -> Chat:
        """Find a chat for the bot to act in. Errors: ApiError if there is none, or the bot is shut out."""
        chat = self._named(id) if isinstance(id, str) else self.chats.get(id)
        if chat is None:
            raise ApiError("Bad Request: chat not found")
        if chat.upgraded_to:
            upgraded = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(upgraded, migrate_to_chat_id=chat.upgraded_to)
        match self.membership(chat)["status"], chat.kind:
            case "kicked", "private":
                raise ApiError("Forbidden: bot was blocked by the user", 403)
            case "kicked", kind:
                raise ApiError(f"Forbidden: bot was kicked from the {kind} chat", 403)
            case "left", kind:
                raise ApiError(f"Forbidden: bot is not a member of the {kind} chat", 403)
        return chat

    def _named(self, name: str) -> Chat | None:
        wanted = name.removeprefix("@").lower()
        return next((chat for chat in self.chats.values() if chat.info.get("username", "").lower() == wanted), None)

    def membership(self, chat: Chat) -> Json:
        """Return the bot's own ChatMember in a chat."""
        return chat.members.get(self.me["id"]) or {"status": "member", "user": self.sender}

    def may(self, chat: Chat, right: str) -> bool:
        """Tell whether the bot is an administrator with a right."""
        return bool(self.membership(chat).get(right))

    # --- messages

    def put(self, chat: Chat, sender: Json, content: Json, *, thread: int | None = None, reply_to: Json | None = None) -> Json:
        """Keep a new message and return it; without an answer to another one, a topic's message answers the topic's first."""
        number = next(chat.ids if chat.kind in _OWN_IDS else self._ids)
        said_by = {"sender_chat": chat.info} if chat.kind == "channel" else {"from": sender}
        message: Json = {"message_id": number, "date": int(time.time()), "chat": chat.info, **said_by}
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
            reply_to = reply_to or chat.topics[thread].root
        if reply_to is not None:
            message["reply_to_message"] = {name: reply_to[name] for name in reply_to if name != "reply_to_message"}
        message |= content
        chat.messages[number] = message
        return message

    def open_topic(self, chat: Chat, sender: Json, name: str, icon_color: int, icon: str | None = None) -> Topic:
        """Open a topic with its service message."""
        emoji = {"icon_custom_emoji_id": icon} if icon else {}
        created = {"forum_topic_created": {"name": name, "icon_color": icon_color, **emoji}, "is_topic_message": True}
        root = self.put(chat, sender, created)
        root["message_thread_id"] = root["message_id"]
        topic = chat.topics[root["message_id"]] = Topic(root=root, name=name, icon_color=icon_color, icon=icon)
        return topic

    def ask(self) -> str:
        """Return the id of a new callback query."""
        query = str(next(self._queries))
        self.queries[query] = False
        return query

    def keep_file(self, content: bytes) -> Json:
        """Keep a file and return its ids and size."""
        number = len(self.files) + 1
        self.files[f"file-{number}"] = content
        return {"file_id": f"file-{number}", "file_unique_id": f"unique-{number}", "file_size": len(content)}


Execute: TypeAlias = Callable[[World, Json], object]
"""What a method does: takes the world and the parameters of a call and returns its result. Errors: ApiError."""
