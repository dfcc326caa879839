"""What happens in a conversation, as values. A channel makes them; the rules read them; the inbox keeps them as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The person opened the conversation (/start, page opened, invite taken). `payload`: what a deep link carried.

    `hint` is the platform's language of the person, if it tells one.
    """

    at: datetime
    payload: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The person wrote something. `edited`: it replaces what the same message said before."""

    at: datetime
    text: str
    hint: str = ""
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chose:
    """The person chose an option: its id, or its number in the message shown last."""

    at: datetime
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """The person put an emoji on a message of ours."""

    at: datetime
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """The person sent something that is not text: a photo, voice, sticker, file, place or contact."""

    at: datetime
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrew:
    """The person deleted a message of theirs."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The person blocked the bot or left the room; nothing can be sent any more."""

    at: datetime


Event: TypeAlias = Opened | Said | Chose | Reacted | SentFile | Withdrew | Left

KINDS: Mapping[str, type[Event]] = {
    "opened": Opened, "said": Said, "chose": Chose, "reacted": Reacted, "sent-file": SentFile, "withdrew": Withdrew, "left": Left,
}  # fmt: skip
_NAMES = {kind: name for name, kind in KINDS.items()}


def to_json(event: Event) -> dict[str, str | bool]:
    """Write an event as the inbox keeps it; its time stands in the inbox row."""
    row: dict[str, str | bool] = {name: value for name, value in asdict(event).items() if name != "at"}
    return {"event": _NAMES[type(event)], **row}


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
