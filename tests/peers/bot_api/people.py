"""What people do on Telegram: write, edit, send, tap, block, and change what the bot is in their groups.

Each returns when Telegram has it, not when the bot has it. Knows no HTTP and no methods of the bot.
"""

import time
from typing import Final

from tests.peers.bot_api.chats import RIGHTS
from tests.peers.bot_api.media import sample
from tests.peers.bot_api.privacy import hears, is_present
from tests.peers.bot_api.schema import update_problems
from tests.peers.bot_api.state import Chat, World
from tests.peers.bot_api.text import clean, spoken_entities
from tests.peers.bot_api.topics import COLORS, set_open
from tests.peers.bot_api.updates import Updates
from tests.peers.bot_api.values import Json

SOMEBODY: Final = 501
"""Who speaks in a group where a test does not say who."""


class People:
    """Everybody but the bot."""

    def __init__(self, world: World, updates: Updates, *, validate: bool) -> None:
        self._world = world
        self._updates = updates
        self._validate = validate

    # --- who and where

    def user(self, id: int, *, lang: str = "en", **extra: object) -> Json:
        """Make or get a person, or another bot with `is_bot=True`."""
        return self._world.user(id, lang=lang, **extra)

    def chat(self, id: int, *, type: str = "private", **extra: object) -> Json:
        """Make or get a chat the bot is in; groups have negative ids. Its fields can be changed by saying them again."""
        return self._world.chat(id, type=type, **extra).info

    def member(self, chat: int, user: int, status: str = "member", **extra: object) -> Json:
        """Say what somebody is in a chat, without an update; an administrator without rights has none."""
        rights = dict.fromkeys((*RIGHTS, "can_be_edited", "is_anonymous"), False) if status == "administrator" else {}
        told = {"status": status, "user": self._world.users.get(user) or self._world.user(user), **rights, **extra}
        self._world.chat(chat).members[user] = told
        return told

    # --- what they write

    async def say(
        self,
        chat: int,
        text: str,
        *,
        user: int | None = None,
        lang: str = "en",
        reply_to: Json | None = None,
        thread: int | None = None,
        **extra: object,
    ) -> Json:
        """Write a text; commands and mentions in it are found, `extra` are more fields of the message."""
        text = clean(text)
        entities = spoken_entities(text)
        content = {"text": text, **({"entities": entities} if entities else {}), **extra}
        return self._put(chat, content, user=user, lang=lang, reply_to=reply_to, thread=thread)

    async def send(
        self,
        chat: int,
        *,
        user: int | None = None,
        caption: str = "",
        reply_to: Json | None = None,
        thread: int | None = None,
        **media: object,
    ) -> Json:
        """Send something that is no text, such as `photo=True`, `contact={...}`; `media_group_id` binds several together."""
        told = {kind: sample(self._world, kind) if value is True else value for kind, value in media.items()}
        entities = spoken_entities(caption)
        named = {"caption": caption, **({"caption_entities": entities} if entities else {})} if caption else {}
        return self._put(chat, {**told, **named}, user=user, reply_to=reply_to, thread=thread)

    async def edit(self, message: Json, text: str) -> Json:
        """Change a text that was written before."""
        chat = self._world.chats[message["chat"]["id"]]
        text = clean(text)
        entities = spoken_entities(text)
        kept = {name: value for name, value in chat.messages[message["message_id"]].items() if name != "entities"}
        changed = {**kept, "text": text, "edit_date": int(time.time())} | ({"entities": entities} if entities else {})
        chat.messages[message["message_id"]] = changed
        if hears(self._world, chat, changed):
            self._push(f"edited_{_kind(chat)}", changed)
        return changed

    async def tap(self, message: Json, data: str, *, user: int | None = None) -> str:
        """Tap a button, also one that is not there, and return the id of the query; a deleted message is inaccessible."""
        chat = self._world.chats[message["chat"]["id"]]
        gone = {"chat": chat.info, "message_id": message["message_id"], "date": 0}
        query = {
            "id": self._world.ask(),
            "from": self._somebody(chat, user),
            "message": chat.messages.get(message["message_id"], gone),
            "chat_instance": f"instance{chat.id}",
            "data": data,
        }
        self._push("callback_query", query)
        return str(query["id"])

    async def topic(self, chat: int, name: str, *, user: int | None = None) -> int:
        """Open a topic of a forum and return its message_thread_id."""
        place = self._world.chat(chat)
        opened = self._world.open_topic(place, self._somebody(place, user), name, COLORS[0])
        self._tell(place, opened.root)
        return int(opened.root["message_id"])

    async def close_topic(self, chat: int, thread: int, *, user: int | None = None) -> None:
        """Close a topic."""
        place = self._world.chat(chat)
        set_open(self._world, place, place.topics[thread], self._somebody(place, user), is_open=False)
        self._tell(place, next(reversed(place.messages.values())))

    def upload(self, content: bytes, **about: object) -> Json:
        """Bring a file to Telegram and return what a message tells of it, for `send(chat, document=...)`."""
        return self._world.keep_file(content) | about

    def lose(self, file_id: str) -> None:
        """Make a file unavailable, as Telegram may do with old ones."""
        del self._world.files[file_id]

    # --- what the bot is to them

    async def block(self, chat: int) -> None:
        """Block the bot: what it sends fails from now."""
        self._become(self._world.chat(chat), {"status": "kicked", "until_date": 0})

    async def unblock(self, chat: int) -> None:
        """Let the bot write again."""
        self._become(self._world.chat(chat), {"status": "member"})

    async def remove(self, chat: int) -> None:
        """Throw the bot out of a group."""
        self._become(self._world.chat(chat), {"status": "kicked", "until_date": 0})

    async def add(self, chat: int) -> None:
        """Take the bot into a group, for the first time or again."""
        place = self._world.chat(chat)
        if is_present(self._world, place):
            place.members[self._world.me["id"]] = {"status": "left", "user": self._world.sender}
        self._become(place, {"status": "member"})
        joined = {"new_chat_members": [self._world.sender]}
        self._tell(place, self._world.put(place, self._somebody(place, None), joined))

    def promote(self, chat: int, **rights: bool) -> None:
        """Make the bot an administrator with these rights and no others."""
        given = dict.fromkeys(RIGHTS, False) | {"can_manage_chat": True} | rights
        self._become(self._world.chat(chat), {"status": "administrator", "can_be_edited": False, "is_anonymous": False, **given})

    def demote(self, chat: int) -> None:
        """Make the bot an ordinary member again."""
        self._become(self._world.chat(chat), {"status": "member"})

    async def migrate(self, chat: int) -> int:
        """Make a supergroup of a group and return its id; the old one cannot be reached any more."""
        old = self._world.chat(chat)
        new = self._world.chat(-(10**12) - 10**9 + chat, type="supergroup")
        new.info = {**old.info, "id": new.id, "type": "supergroup"}
        new.members = dict(old.members)
        sender = self._somebody(old, None)
        self._tell(old, self._world.put(old, sender, {"migrate_to_chat_id": new.id}))
        self._tell(new, self._world.put(new, sender, {"migrate_from_chat_id": old.id}))
        old.upgraded_to = new.id
        return new.id

    # --- updates as such

    async def push(self, kind: str, payload: Json, *, check: bool = True) -> Json:
        """Hand in any update; without a check also a broken one or one of an unknown kind. Errors: ValueError."""
        return self._push(kind, payload, always=not check)

    async def repeat(self, update_id: int) -> None:
        """Hand an update in again although the bot has confirmed it."""
        self._updates.repeat(update_id)

    def _push(self, kind: str, payload: Json, *, always: bool = False) -> Json:
        if self._validate and not always and (problems := update_problems({"update_id": 1, kind: payload})):
            raise ValueError("; ".join(problems))
        return self._updates.add(kind, payload, always=always)

    def _put(
        self,
        chat: int,
        content: Json,
        *,
        user: int | None,
        lang: str | None = None,
        reply_to: Json | None,
        thread: int | None,
    ) -> Json:
        place = self._world.chat(chat)
        sender = self._somebody(place, user, lang)
        if place.upgraded_to or (place.kind == "private" and not is_present(self._world, place)):
            raise ValueError(f"nobody can write in chat {chat}: it was upgraded, or the bot is blocked in it")
        if thread is not None and thread not in place.topics:
            raise ValueError(f"chat {chat} has no topic {thread}")
        message = self._world.put(place, sender, content, thread=thread, reply_to=reply_to)
        if sender["is_bot"]:
            place.last_bot = sender["id"]
        if hears(self._world, place, message):
            self._push(_kind(place), message)
        return message

    def _somebody(self, chat: Chat, user: int | None, lang: str | None = None) -> Json:
        id = user or (chat.id if chat.kind == "private" else SOMEBODY)
        person = self._world.user(id, lang=lang) if lang or id not in self._world.users else self._world.users[id]
        if chat.kind != "private":
            chat.members.setdefault(id, {"status": "member", "user": person})
        return person

    def _tell(self, chat: Chat, service: Json) -> None:
        """Hand in a service message, which reaches every bot that is there."""
        if is_present(self._world, chat):
            self._push(_kind(chat), service)

    def _become(self, chat: Chat, member: Json) -> None:
        """Change what the bot is in a chat, and tell it."""
        before = self._world.membership(chat)
        after = {**member, "user": self._world.sender}
        chat.members[self._world.me["id"]] = after
        changed = {"old_chat_member": before, "new_chat_member": after}
        self._push("my_chat_member", {"chat": chat.info, "from": self._somebody(chat, None), "date": int(time.time()), **changed})


def _kind(chat: Chat) -> str:
    return "channel_post" if chat.kind == "channel" else "message"
