"""What a Matrix client shows: messages, reactions, members, who types and who has read, as values.

Knows what matrix_person.mjs pushes and keeps it, room by room. Must not know where it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message as the client shows it: edited, redacted (then without its words), or not readable (`why` says it).

    `kind` is the msgtype, `thread` and `reply_to` are events or empty, `why` is the code of the failure to decrypt or of
    the warning that the client shows beside the message, `content` is what was decrypted.
    """

    id: str
    sender: str
    body: str
    html: str
    kind: str
    thread: str
    reply_to: str
    edited: bool
    redacted: bool
    encrypted: bool
    readable: bool
    why: str
    at: datetime
    content: Mapping[str, Any] = field(repr=False)

    @property
    def trusted(self) -> bool:
        """Tell whether the client shows the message without any warning."""
        return self.readable and not self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What somebody put below a message."""

    id: str
    sender: str
    event: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Where somebody stands in a room: join, invite, leave or ban."""

    membership: str
    displayname: str


@dataclass(slots=True)
class Room:
    """A room as the client shows it now."""

    messages: dict[str, Seen] = field(default_factory=dict)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    typing: set[str] = field(default_factory=set)
    typed: set[str] = field(default_factory=set)
    read: dict[tuple[str, str], str] = field(default_factory=dict)
    topic: str = ""

    def take(self, seen: Json) -> None:
        """Keep what the client saw."""
        match seen["push"]:
            case "message":
                self._message(seen)
            case "reaction":
                self._reaction(seen)
            case "state":
                self._state(seen["type"], seen["key"], seen["content"])
            case "typing" if seen["on"]:
                self.typing.add(seen["user"])
                self.typed.add(seen["user"])
            case "typing":
                self.typing.discard(seen["user"])
            case "read":
                self.read[seen["user"], seen["thread"]] = seen["event"]

    def _message(self, seen: Json) -> None:
        # A redacted edit looks like a message, as its relation is gone.
        if not seen["redacted"] or seen["id"] in self.messages:
            self.messages[seen["id"]] = _seen(seen)

    def _reaction(self, seen: Json) -> None:
        self.messages.pop(seen["id"], None)
        if seen["redacted"]:
            self.reactions.pop(seen["id"], None)
        else:
            self.reactions[seen["id"]] = Reaction(**{name: seen[name] for name in ("id", "sender", "event", "key")})

    def _state(self, kind: str, key: str, content: Json) -> None:
        if kind == "m.room.member":
            self.members[key] = Member(
                membership=content.get("membership", "leave"), displayname=content.get("displayname") or ""
            )
        elif kind == "m.room.topic":
            self.topic = content.get("topic", "")


def _seen(told: Json) -> Seen:
    content = told["content"]
    named = ("id", "sender", "thread", "reply_to", "edited", "redacted", "encrypted", "readable", "why")
    return Seen(
        **{name: told[name] for name in named},
        body=content.get("body", ""),
        html=content.get("formatted_body", ""),
        kind=content.get("msgtype", ""),
        at=datetime.fromtimestamp(told["at"], UTC),
        content=content,
    )
