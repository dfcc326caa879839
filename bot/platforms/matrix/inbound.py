"""What Matrix hands in: an event of a room in, a core event out, or nothing where it is nobody's message to us.

Knows what events look like, as the dictionaries that servers send, and when one in a room with several people is meant for
the bot; not what is answered. Any part of an event may be of any kind: people's programs write what they like.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.core.events import Chose, Event, Opened, Said, SentFile, Unreadable, Withdrew
from bot.platforms.matrix.files import file_of
from bot.platforms.matrix.shapes import Json, part, text_of

OPTIONS: Final = "ee.teejuht.options"
"""Field of our messages with the ids of their options, by which a reaction to any of them is understood."""
THREAD: Final = "m.thread"
EDIT: Final = "m.replace"
REACTION: Final = "m.annotation"
KINDS: Final[Mapping[str, str]] = {
    "m.image": "photo", "m.video": "video", "m.audio": "audio", "m.file": "document", "m.location": "location",
}  # fmt: skip
POLLS: Final = ("m.poll.start", "org.matrix.msc3381.poll.start")
SILENT: Final = ("m.notice", "m.server_notice")
"""Kinds of messages that programs write; bots must not talk to each other."""
VERIFICATION: Final = "m.key.verification"
_START: Final = re.compile(r"[/!]start(?:\s+(\S{1,200}).*)?", re.DOTALL | re.IGNORECASE)
_KEYCAP: Final = re.compile("(?:([1-9])\ufe0f?\u20e3|(\U0001f51f))\ufe0f?")
_QUOTED: Final = re.compile(r"<[^>\n]*>\s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A room, or a thread in it: where one conversation is held."""

    room: str
    root: str = ""

    @property
    def conversation(self) -> str:
        """Name the conversation."""
        return f"matrix:{self.room} {self.root}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What of a room matters for reading its events.

    `names`: what the bot is called there. `public`: more than one person reads along. `known`: what events are about, by id, as
    far as it could be had.
    """

    id: str
    me: str
    names: Sequence[str] = ()
    public: bool = False
    known: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An event that means something. `message`: the person's message that it is; `withdraws`: one that was taken back.

    `desk` names the desk where staff did it; the place is then the desk's room with the thread of a case.
    """

    place: Place
    event: Event
    ext_id: str
    message: str = ""
    withdraws: str = ""
    desk: str = ""


def place_of(conversation: str) -> Place:
    """Read a conversation's name back."""
    room, _, root = conversation.removeprefix("matrix:").partition(" ")
    return Place(room=room, root=root)


def about(row: Json, *, public: bool) -> set[str]:
    """Name the events to know for reading this one: what is reacted to, edited or replied to; in public also where it belongs."""
    relation = part(part(row, "content"), "m.relates_to")
    target = relation.get("event_id") if public or relation.get("rel_type") in (EDIT, REACTION) else ""
    replied = part(relation, "m.in_reply_to").get("event_id") if public or not relation.get("is_falling_back") else ""
    return {text_of(target), text_of(replied), taken_back(row) if public else ""} - {""}


def read(row: Json, room: Room, now: datetime) -> Incoming | None:
    """Read an event; None where nobody needs an answer."""
    kind, sender, id = row.get("type"), text_of(row.get("sender")), text_of(row.get("event_id"))
    if not id or not sender:
        return None
    if kind == "m.room.member":
        return _joined(row, room, id, now)
    if sender == room.me:
        return None
    match kind:
        case "m.room.message" | "m.sticker":
            return _wrote(row, room, id, now)
        case "m.room.encrypted":
            return _unreadable(row, room, id, now)
        case "m.reaction":
            return _reacted(row, room, id, now)
        case "m.room.redaction":
            return _withdrew(row, room, id, now)
        case _ if kind in POLLS and not room.public:
            return _sent("poll", "", thread_of(row), room, id, now, {})
    return None


def _joined(row: Json, room: Room, id: str, now: datetime) -> Incoming | None:
    """Read our own coming into a room with one person: they opened a conversation."""
    before = part(part(row, "unsigned"), "prev_content").get("membership")
    came = row.get("state_key") == room.me and part(row, "content").get("membership") == "join" and before != "join"
    if not came or room.public:
        return None
    return Incoming(place=Place(room=room.id), event=Opened(at=now), ext_id=id)


def _wrote(row: Json, room: Room, id: str, now: datetime) -> Incoming | None:
    """Read a message of a person: where nobody else reads along any, else those to the bot."""
    content = part(row, "content")
    relation = part(content, "m.relates_to")
    edited = relation.get("rel_type") == EDIT
    message = text_of(relation.get("event_id")) if edited else id
    if edited:
        content = part(content, "m.new_content")
    kind = "sticker" if row.get("type") == "m.sticker" else text_of(content.get("msgtype"))
    if not message or kind in SILENT or kind.startswith(VERIFICATION) or not isinstance(content.get("body"), str):
        return None
    thread = thread_of(part(room.known, message) if edited else row) or thread_of(_replied(room, relation))
    if room.public and not _meant_for(room, content, relation, thread):
        return None
    text, cited = words_of(content, relation, kind), ""
    if room.public:
        text = _without_names(text, room)
    else:
        cited = quoted(content, relation, room.known)
    if is_file(kind):
        return None if edited or (room.public and not text) else _sent(kind, text, thread, room, id, now, content)
    place, shown = _where(room, thread, message)
    start = _START.fullmatch(text.strip())
    event: Event
    if start or (room.public and not text):
        event = Opened(at=now, payload=(start and start[1]) or "", message=message, thread=shown, public=room.public)
    else:
        event = Said(at=now, text=text, edited=edited, message=message, thread=shown, public=room.public, quoted=cited)
    return Incoming(place=place, event=event, ext_id=id, message=message)


def _sent(kind: str, text: str, thread: str, room: Room, id: str, now: datetime, content: Json) -> Incoming:
    place, shown = _where(room, thread, id)
    file = file_of(content, named=is_named(kind))
    event = SentFile(
        at=now,
        kind=KINDS.get(kind, kind),
        text=text,
        message=id,
        thread=shown,
        public=room.public,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        ref=file.ref,
    )
    return Incoming(place=place, event=event, ext_id=id, message=id)


def _unreadable(row: Json, room: Room, id: str, now: datetime) -> Incoming | None:
    """Read a message that could not be decrypted; where several people talk, nobody knows whether it was meant for us."""
    if room.public:
        return None
    return Incoming(place=Place(room=room.id), event=Unreadable(at=now, message=id, thread=thread_of(row)), ext_id=id, message=id)


def _reacted(row: Json, room: Room, id: str, now: datetime) -> Incoming | None:
    """Read a keycap on a message of ours as the choice of that option; other reactions need no answer."""
    found = chosen(row, room.me, room.known)
    if found is None:
        return None
    option, ours = found
    place, shown = _where(room, thread_of(ours), id)
    return Incoming(place=place, event=Chose(at=now, option=option, thread=shown, public=room.public), ext_id=id)


def chosen(row: Json, me: str, known: Mapping[str, Json]) -> tuple[str, Json] | None:
    """Read a reaction as an option of a message of ours, which is given too; None if it is another one."""
    relation = part(part(row, "content"), "m.relates_to")
    ours = part(known, text_of(relation.get("event_id")))
    keycap = _KEYCAP.fullmatch(text_of(relation.get("key")))
    options = part(ours, "content").get(OPTIONS)
    if ours.get("sender") != me or keycap is None or not isinstance(options, list):
        return None
    number = int(keycap[1] or 10)
    option = text_of(options[number - 1]) if number <= len(options) else ""
    return (option, ours) if option else None


def _withdrew(row: Json, room: Room, id: str, now: datetime) -> Incoming | None:
    """Read that a message was taken back, by whoever may; of it nothing but its id is left."""
    taken = taken_back(row)
    if not taken:
        return None
    place, _ = _where(room, thread_of(part(room.known, taken)), taken)
    return Incoming(place=place, event=Withdrew(at=now, message=taken), ext_id=id, withdraws=taken)


def taken_back(row: Json) -> str:
    """Give the event that a redaction takes back; room versions write it in one of two places."""
    if row.get("type") != "m.room.redaction":
        return ""
    return text_of(row.get("redacts")) or text_of(part(row, "content").get("redacts"))


def thread_of(row: Json) -> str:
    """Give the root of the thread that an event belongs to; nothing for the room itself."""
    relation = part(part(row, "content"), "m.relates_to")
    return text_of(relation.get("event_id")) if relation.get("rel_type") == THREAD else ""


def _where(room: Room, thread: str, message: str) -> tuple[Place, str]:
    """Give the conversation of a message and the thread for its answer: in public one that it begins, so as to disturb nobody."""
    if not room.public:
        return Place(room=room.id), thread
    root = thread or message
    return Place(room=room.id, root=root), root


def _meant_for(room: Room, content: Json, relation: Json, thread: str) -> bool:
    """Tell whether a message mentions the bot, replies to it, or stands in a thread that began so."""
    if _mentions(room, content) or _replied(room, relation):
        return True
    root = part(room.known, thread)
    return bool(thread) and (root.get("sender") == room.me or _mentions(room, part(root, "content")))


def _replied(room: Room, relation: Json) -> Json:
    """Give our message that a message in public replies to, else nothing; in threads clients only pretend to."""
    replied = part(room.known, text_of(part(relation, "m.in_reply_to").get("event_id")))
    return replied if room.public and replied.get("sender") == room.me and not relation.get("is_falling_back") else {}


def _mentions(room: Room, content: Json) -> bool:
    """Tell whether a message names the bot: as clients mark it, or by words in the programs that mark nothing."""
    if "m.mentions" in content:
        named = part(content, "m.mentions").get("user_ids")
        return isinstance(named, list) and room.me in named
    body = text_of(content.get("body")).casefold()
    return room.me.casefold() in body or any(body.startswith(f"{name.casefold()}:") for name in room.names if name)


def is_file(kind: str) -> bool:
    """Tell whether a kind of message shows something that is not text."""
    return kind == "sticker" or kind in KINDS


def is_named(kind: str) -> bool:
    """Tell whether the body of such a message may be a file's name; of stickers and places it describes them."""
    return kind in KINDS and kind != "m.location"


def words_of(content: Json, relation: Json, kind: str) -> str:
    """Give what the person wrote: a file's caption, and of a reply not the lines that quote what it replies to."""
    body = text_of(content.get("body"))
    if is_file(kind):
        name = text_of(content.get("filename"))
        return body if name and name != body else ""
    return _halves(body)[1] if "m.in_reply_to" in relation else body


def quoted(content: Json, relation: Json, known: Mapping[str, Json]) -> str:
    """Give the text of the message that one replies to, as far as it is known; in a thread clients only pretend to reply."""
    if relation.get("is_falling_back") or not (id := text_of(part(relation, "m.in_reply_to").get("event_id"))):
        return ""
    replied = part(part(known, id), "content")
    if said := words_of(replied, part(replied, "m.relates_to"), text_of(replied.get("msgtype"))):
        return said
    return _QUOTED.sub("", _halves(text_of(content.get("body")))[0], count=1)


def _halves(body: str) -> tuple[str, str]:
    """Part the lines of older clients that quote a message from the reply to it."""
    if not body.startswith("> <"):
        return "", body
    lines = body.split("\n")
    count = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
    cited = "\n".join(line[1:].removeprefix(" ") for line in lines[:count])
    return cited, "\n".join(lines[count:]).removeprefix("\n")


def _without_names(text: str, room: Room) -> str:
    names = "|".join(re.escape(name) for name in (room.me, *room.names) if name)
    return re.sub(rf"(?:^|\s)@?(?:{names})[,:]?(?=\s|$)", " ", text, flags=re.IGNORECASE).strip()
