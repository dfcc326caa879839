"""What staff do at a desk: an event of the desk's room in, a core event out, or nothing where the desk needs not know.

Knows what events look like and that a case is a thread. Knows no residents, and not what becomes of what is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.core.events import StaffChose, StaffSaid, StaffSentFile, StaffWithdrew
from bot.platforms.matrix.files import file_of
from bot.platforms.matrix.inbound import (
    EDIT,
    KINDS,
    REACTION,
    SILENT,
    VERIFICATION,
    Incoming,
    Place,
    chosen,
    is_file,
    is_named,
    quoted,
    taken_back,
    thread_of,
    words_of,
)
from bot.platforms.matrix.shapes import Json, part, text_of

PLATFORM: Final = "matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRoom:
    """What of a desk's room matters for reading an event: which desk it is, what its sender is called, what it is about."""

    id: str
    desk: str
    me: str
    caller: str = ""
    known: Mapping[str, Json] = field(default_factory=dict)


def about(row: Json) -> set[str]:
    """Name the events to know for reading this one: what is reacted to, edited, replied to or taken back."""
    relation = part(part(row, "content"), "m.relates_to")
    target = relation.get("event_id") if relation.get("rel_type") in (EDIT, REACTION) else ""
    replied = "" if relation.get("is_falling_back") else part(relation, "m.in_reply_to").get("event_id")
    return {text_of(target), text_of(replied), taken_back(row)} - {""}


def read(row: Json, room: DeskRoom, now: datetime) -> Incoming | None:
    """Read an event of a desk's room; None where it is none of the desk's business."""
    kind, sender, id = row.get("type"), text_of(row.get("sender")), text_of(row.get("event_id"))
    if not id or not sender or sender == room.me:
        return None
    match kind:
        case "m.room.message" | "m.sticker":
            return _wrote(row, room, id, now)
        case "m.reaction":
            return _reacted(row, room, id, now)
        case "m.room.redaction":
            return _withdrew(row, room, id, now)
    return None


def _wrote(row: Json, room: DeskRoom, id: str, now: datetime) -> Incoming | None:
    """Read a message or a file, or new words for a message of the same sender."""
    content = part(row, "content")
    relation = part(content, "m.relates_to")
    message, thread, edited = id, thread_of(row), relation.get("rel_type") == EDIT
    if edited:
        message = text_of(relation.get("event_id"))
        first = part(room.known, message)
        if not first or first.get("sender") != row.get("sender"):
            return None  # nobody can put words into a colleague's mouth, nor into a thread that we do not know
        thread, content = thread_of(first), part(content, "m.new_content")
    kind = "sticker" if row.get("type") == "m.sticker" else text_of(content.get("msgtype"))
    if kind in SILENT or kind.startswith(VERIFICATION) or not isinstance(content.get("body"), str):
        return None
    text, staff = words_of(content, relation, kind), _staff(row)
    place = Place(room=room.id, root=thread)
    if is_file(kind):
        return None if edited else _sent(content, kind, text, row, place, room, now)
    event = StaffSaid(
        at=now,
        text=text,
        desk=room.desk,
        staff=staff,
        name=room.caller,
        message=message,
        edited=edited,
        quoted=quoted(content, relation, room.known),
    )
    return Incoming(place=place, event=event, ext_id=id, message=message, desk=room.desk)


def _sent(content: Json, kind: str, text: str, row: Json, place: Place, room: DeskRoom, now: datetime) -> Incoming:
    id, file = text_of(row.get("event_id")), file_of(content, named=is_named(kind))
    event = StaffSentFile(
        at=now,
        kind=KINDS.get(kind, kind),
        desk=room.desk,
        text=text,
        staff=_staff(row),
        name=room.caller,
        message=id,
        file_name=file.name,
        media_type=file.media_type,
        size=file.size,
        ref=file.ref,
    )
    return Incoming(place=place, event=event, ext_id=id, message=id, desk=room.desk)


def _reacted(row: Json, room: DeskRoom, id: str, now: datetime) -> Incoming | None:
    """Read a keycap on a message of ours as its option; a card in the timeline is the beginning of its own thread."""
    found = chosen(row, room.me, room.known)
    if found is None:
        return None
    option, ours = found
    thread = thread_of(ours) or text_of(part(part(row, "content"), "m.relates_to").get("event_id"))
    event = StaffChose(at=now, option=option, desk=room.desk, staff=_staff(row), name=room.caller)
    return Incoming(place=Place(room=room.id, root=thread), event=event, ext_id=id, desk=room.desk)


def _withdrew(row: Json, room: DeskRoom, id: str, now: datetime) -> Incoming | None:
    """Read that a message of staff was taken back, by whoever may."""
    taken = taken_back(row)
    before = part(room.known, taken)
    if not taken or before.get("sender") == room.me or before.get("type") == "m.reaction":
        return None
    event = StaffWithdrew(at=now, desk=room.desk, message=taken, staff=_staff(row))
    place = Place(room=room.id, root=thread_of(before))
    return Incoming(place=place, event=event, ext_id=id, withdraws=taken, desk=room.desk)


def _staff(row: Json) -> str:
    return f"{PLATFORM}:{text_of(row.get('sender'))}"
