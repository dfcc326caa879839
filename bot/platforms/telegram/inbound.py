"""What Telegram hands in: an update in, a core event out, or nothing where it is nobody's message to us.

Knows what updates look like and when a message in a group is meant for the bot; not what is answered.
"""

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Final

from telegram import CallbackQuery, Chat, ChatMemberUpdated, MaybeInaccessibleMessage, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType, MessageEntityType

from bot.core.events import Chose, Event, Left, Opened, Said, SentFile
from bot.platforms.telegram.files import Sent, sent_in
from bot.platforms.telegram.words import COMMANDS
from bot.render.markup import storable

WANTED: Final = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)
"""Kinds of updates that Telegram is asked for; others are passed over."""
PASSING: Final = "!"
"""Begins the data of a button whose message the answer may take the place of."""
FILES: Final = (
    *("animation", "audio", "checklist", "contact", "dice", "document", "game", "live_photo", "venue", "location", "paid_media"),
    *("photo", "poll", "sticker", "story", "video", "video_note", "voice"),
)
"""Kinds of messages that are not text; one that is of two kinds (an animation is a document too) is of the first."""
ANONYMOUS_ADMIN: Final = 1087968824
"""The account as which an administrator of a group writes who does not show a name."""
_START: Final = re.compile(r"/start(?:@\w+)?(?:\s+(\S{1,200}).*)?", re.DOTALL | re.IGNORECASE)
_COMMAND: Final = re.compile(r"/(\w+)(?:@(\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, or a topic of a forum: where one conversation is held."""

    chat: int
    thread: int | None = None

    @property
    def conversation(self) -> str:
        """Name the conversation."""
        return f"telegram:{self.chat}" if self.thread is None else f"telegram:{self.chat}:{self.thread}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An update that means something.

    `message`: the newest message of the chat that it tells of; `query`: a tap to be answered; `album`: the photos it came with;
    `desk`: the desk at which it happened, if it is one's.
    """

    place: Place
    event: Event
    ext_id: str
    message: int = 0
    query: str = ""
    album: str = ""
    desk: str = ""

    def __post_init__(self) -> None:
        """Refuse values of another kind than Telegram's, which the library hands on as they come. Errors: TypeError."""
        numbers = (self.place.chat, self.place.thread or 0, self.message)
        words = (self.query, self.album, *(getattr(self.event, item.name) for item in fields(self.event) if item.type is str))
        if not all(type(number) is int for number in numbers) or not all(type(word) is str for word in words):
            raise TypeError("an update's fields are of other kinds than Telegram's")


def place_of(conversation: str) -> Place:
    """Read a conversation's name back. Errors: ValueError for one that is not ours."""
    _, chat, *thread = conversation.split(":")
    return Place(chat=int(chat), thread=int(thread[0]) if thread else None)


def read(update: Update, me: User, now: datetime) -> Incoming | None:
    """Read an update; None where nobody needs an answer."""
    ext_id = str(update.update_id)
    if (query := update.callback_query) is not None:
        return _tapped(query, ext_id, now)
    if (message := update.message or update.edited_message) is not None:
        return _wrote(message, ext_id, me, now, edited=update.edited_message is not None)
    if (change := update.my_chat_member) is not None:
        return _membership(change, ext_id, now)
    return None


def _tapped(query: CallbackQuery, ext_id: str, now: datetime) -> Incoming | None:
    """Read a tap on a button. Clients send what data they like, so it must be on the message, as far as Telegram shows that."""
    if (message := query.message) is None or (data := tapped_data(query)) is None:
        return None
    passing = data.startswith(PASSING)
    event = Chose(
        at=now,
        option=storable(data.removeprefix(PASSING)),
        message=str(message.message_id) if passing else "",
        public=message.chat.type != ChatType.PRIVATE,
    )
    return Incoming(place=place_in(message.chat, message), event=event, ext_id=ext_id, query=query.id)


def tapped_data(query: CallbackQuery) -> str | None:
    """Give the data of a button that was tapped; empty if the message has no such button, None if there is nothing to tap."""
    message = query.message
    if message is None or query.data is None:
        return None
    if not isinstance(message, Message) or not message.is_accessible:
        return query.data
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return query.data if any(button.callback_data == query.data for row in rows for button in row) else ""


def _wrote(message: Message, ext_id: str, me: User, now: datetime, *, edited: bool) -> Incoming | None:
    """Read a message of a person: of a private chat any, of a group those to the bot."""
    public = message.chat.type != ChatType.PRIVATE
    if message.chat.type == ChatType.CHANNEL or not by_person(message):
        return None
    text = storable(message.text or message.caption or "")
    if public:
        if not _meant_for(me, message, text):
            return None
        text = _without_name(text, me)
    kind = kind_of(message)
    if kind and (edited or public) and not text:
        return None
    if not kind and message.text is None:
        return None  # somebody came, a title changed, ...
    event = _event(message, kind, text, now, edited=edited, public=public)
    album = storable(message.media_group_id or "")
    return Incoming(
        place=place_in(message.chat, message),
        event=event,
        # The photos of an album come one by one; one answer to all of them is enough.
        ext_id=f"album:{album}" if album and not text else ext_id,
        message=message.message_id,
        album=album,
    )


def _event(message: Message, kind: str, text: str, now: datetime, *, edited: bool, public: bool) -> Event:
    hint = storable(message.from_user.language_code or "") if message.from_user else ""
    number = str(message.message_id)
    if kind:
        # Where others read along nothing is done with a file.
        file = Sent() if public else sent_in(message, kind)
        return SentFile(at=now, kind=kind, text=text, hint=hint, message=number, public=public, **asdict(file))
    if start := _START.fullmatch(text):
        return Opened(at=now, payload=start[1] or "", hint=hint, message=number, public=public)
    if not text:
        return Opened(at=now, hint=hint, message=number, public=public)
    quoted = "" if public else quoted_in(message)
    return Said(at=now, text=text, hint=hint, edited=edited, message=number, public=public, quoted=quoted)


def kind_of(message: Message) -> str:
    """Name what a message is that is no text; empty if it is one, or tells of something."""
    return next((kind for kind in FILES if getattr(message, kind)), "")


def quoted_in(message: Message) -> str:
    """Give the text of the message that this one replies to."""
    replied = message.reply_to_message
    return storable(replied.text or replied.caption or "") if replied is not None else ""


def by_person(message: Message) -> bool:
    """Tell whether a person wrote it: bots must not talk to each other, and a channel's posts in its group ask nothing."""
    sender = message.from_user
    if sender is None or message.is_automatic_forward:
        return False
    return not sender.is_bot or sender.id == ANONYMOUS_ADMIN


def _meant_for(me: User, message: Message, text: str) -> bool:
    """Tell whether a message in a group mentions the bot, replies to it, or is a command for it."""
    replied = message.reply_to_message
    # In a forum every message replies to the one that opened the topic.
    if replied is not None and replied.from_user and replied.from_user.id == me.id and not replied.forum_topic_created:
        return True
    if (command := _COMMAND.match(text)) is not None:
        return command[2].lower() == str(me.username).lower() if command[2] else command[1].lower() in COMMANDS
    entities = {**message.parse_entities(), **message.parse_caption_entities()}
    return any(
        (entity.type == MessageEntityType.MENTION and said.lower() == f"@{me.username}".lower())
        or (entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id)
        for entity, said in entities.items()
    )


def _without_name(text: str, me: User) -> str:
    return re.sub(rf"\s*@{me.username}\b[,:]?\s*", " ", text, flags=re.IGNORECASE).strip()


def _membership(change: ChatMemberUpdated, ext_id: str, now: datetime) -> Incoming | None:
    """Read what became of the bot in a chat: blocked, or taken out of a group."""
    if change.new_chat_member.status not in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
        return None
    return Incoming(place=place_in(change.chat), event=Left(at=now), ext_id=ext_id)


def place_in(chat: Chat, message: MaybeInaccessibleMessage | None = None) -> Place:
    """Give the place of a message; of one that Telegram does not show any more, the chat."""
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return Place(chat=chat.id, thread=thread)
