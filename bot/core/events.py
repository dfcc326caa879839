"""What happens in a conversation, as values. A channel makes them; the rules read them; the inbox keeps them as JSON.

`message` is the platform's id of the message that an event is about; `public` says that others read along (a group, a room);
`thread` is the platform's id of the thread inside the conversation in which it happened, where it has threads.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that goes with a message: `ref` is what its `channel` needs to fetch it; without a channel it is the content."""

    name: str
    media_type: str
    size: int
    ref: str
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The person opened the conversation (/start, page opened, invite taken). `payload`: what a deep link carried.

    `hint` is the platform's language of the person, if it tells one.
    """

    at: datetime
    payload: str = ""
    hint: str = ""
    message: str = ""
    thread: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The person wrote something. `edited`: it replaces what the same message said before."""

    at: datetime
    text: str
    hint: str = ""
    edited: bool = False
    message: str = ""
    thread: str = ""
    public: bool = False
    quoted: str = ""
    """The text of the message that this one replies to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """The person chose an option: its id, or its number in the message shown last.

    `message` names ours that had the option if the answer may take its place.
    """

    at: datetime
    option: str
    message: str = ""
    thread: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """The person put an emoji on a message of ours, which `message` names."""

    at: datetime
    emoji: str
    message: str = ""
    thread: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """The person sent something that is not text: a photo, voice, sticker, file, place or contact.

    `text` is what they wrote to it. `ref` is what the channel needs to fetch a file, empty where there is none to fetch.
    """

    at: datetime
    kind: str
    text: str = ""
    hint: str = ""
    message: str = ""
    thread: str = ""
    public: bool = False
    name: str = ""
    media_type: str = ""
    size: int = 0
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrew:
    """The person deleted a message of theirs. What it said goes from the inbox as this arrives."""

    at: datetime
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The person wrote something that could not be decrypted."""

    at: datetime
    hint: str = ""
    message: str = ""
    thread: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flooded:
    """The person did more at once than is read: this, which is not kept, and what follows in the next half minute."""

    at: datetime
    hint: str = ""
    message: str = ""
    thread: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The person blocked the bot or left the room; nothing can be sent any more."""

    at: datetime


# --- what staff do, at a desk -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSaid:
    """Somebody wrote in the thread of a case, or in a desk's general room (then the conversation is the desk's own).

    `staff` is the platform's id of the account, such as `telegram:123`, and `name` what colleagues call it; neither is shown to
    residents unless the municipality says so. `quoted`: the text of the message that this one replies to. `in_thread`: it stands
    in a thread, though perhaps in one that belongs to no case.
    """

    at: datetime
    text: str
    desk: str
    staff: str = ""
    name: str = ""
    message: str = ""
    edited: bool = False
    quoted: str = ""
    in_thread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChose:
    """Somebody chose an option of a message at the desk, by its id."""

    at: datetime
    option: str
    desk: str
    staff: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSentFile:
    """Somebody sent a file in the thread of a case; fields as in `SentFile` and `StaffSaid`. `file_name` is the file's."""

    at: datetime
    kind: str
    desk: str
    text: str = ""
    staff: str = ""
    name: str = ""
    message: str = ""
    file_name: str = ""
    media_type: str = ""
    size: int = 0
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWithdrew:
    """Somebody deleted a message of theirs at the desk."""

    at: datetime
    desk: str
    message: str
    staff: str = ""


# --- what the engine tells --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """A clock that a case set has run out; `clock` is its number. One that was set anew since means nothing."""

    at: datetime
    clock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """What was to be done at a desk cannot be done there: it is gone, or refuses. `why`: an error's class name."""

    at: datetime
    desk: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The operator sends a test case to a municipality's desks."""

    at: datetime
    town: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Something that editors or the operator have to mend. `to`: their group of desks; `detail`: as it is logged."""

    at: datetime
    to: str
    what: str
    detail: str = ""


StaffEvent: TypeAlias = StaffSaid | StaffChose | StaffSentFile | StaffWithdrew
Event: TypeAlias = (
    Opened | Said | Chose | Reacted | SentFile | Unreadable | Flooded | Withdrew | Left
    | StaffSaid | StaffChose | StaffSentFile | StaffWithdrew | Rang | NotDelivered | Tried | Reported
)  # fmt: skip

KINDS: Mapping[str, type[Event]] = {
    "opened": Opened, "said": Said, "chose": Chose, "reacted": Reacted, "sent-file": SentFile, "unreadable": Unreadable,
    "flooded": Flooded, "withdrew": Withdrew, "left": Left,
    "staff-said": StaffSaid, "staff-chose": StaffChose, "staff-sent-file": StaffSentFile,
    "staff-withdrew": StaffWithdrew, "rang": Rang, "not-delivered": NotDelivered,
    "tried": Tried, "reported": Reported,
}  # fmt: skip
STAFF = "staff-"
"""What the names of events begin with that staff make."""
NAMES: Mapping[type[Event], str] = {kind: name for name, kind in KINDS.items()}


def to_json(event: Event) -> dict[str, str | bool | int]:
    """Write an event as the inbox keeps it; its time stands in the inbox row."""
    row: dict[str, str | bool | int] = {name: value for name, value in asdict(event).items() if name != "at"}
    return {"event": NAMES[type(event)], **row}


def from_json(row: Mapping[str, object], at: datetime) -> Event:
    """Read an event back. Errors: ValueError for an unknown kind or field."""
    fields = {name: value for name, value in row.items() if name != "event"}
    kind = KINDS.get(str(row.get("event")))
    if kind is None:
        raise ValueError(f"unknown event {row.get('event')!r}")
    try:
        return kind(at=at, **fields)  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(str(error)) from error
