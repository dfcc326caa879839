"""What is remembered of one conversation: no text of a question, nothing about the person that is not needed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import get_type_hints


class Stage(StrEnum):
    """Where the conversation stands; `conversation` says what each stage does with an event."""

    NEW = "new"
    TALK = "talk"
    TOWN = "town"
    INTERVIEW = "interview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation. Everything has a default, so that an older or newer row can always be read."""

    stage: Stage = Stage.NEW
    lang: str = ""
    """Language of the replies; empty until something told it."""
    hint: str = ""
    """One of our languages, by what the platform said of the person; holds until a message tells more."""
    lang_chosen: bool = False
    """True if the person chose it, rather than it being read from the messages."""
    turns: int = 0
    town: str = ""
    pending: str = ""
    """Option to follow once the municipality is known."""
    topic: str = ""
    """The topic answered last."""
    others: tuple[str, ...] = ()
    """The next best topics of the last search, for "not what I meant"."""
    options: tuple[str, ...] = ()
    """Options of the message shown last, for numbers."""
    facts: tuple[str, ...] = ()
    """What the person asked about has answered, as `person` reads it."""
    own_facts: tuple[str, ...] = ()
    """The person's own answers while another one is asked about."""
    other: bool = False
    """True while the questions are about another person."""
    fact: str = ""
    """The fact asked last, until it is answered."""
    programme: str = ""
    """The ended programme that the questions are about, if any."""
    told_languages: bool = False
    offered_ukrainian: bool = False
    minute: str = ""
    """The minute (UTC) in which `in_minute` messages came, for the rate limit."""
    in_minute: int = 0


def to_json(state: Conversation) -> dict[str, object]:
    """Write the fields that differ from a new conversation's."""
    blank = Conversation()
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(state).items()
        if value != getattr(blank, name)
    }


def from_json(row: Mapping[str, object] | None) -> Conversation:
    """Read a stored conversation; what this version does not know, or cannot read, is left out."""
    hints = get_type_hints(Conversation)
    known: dict[str, object] = {}
    for item in fields(Conversation):
        value = (row or {}).get(item.name)
        if item.name == "stage" and value in list(Stage):
            known["stage"] = Stage(str(value))
        elif isinstance(value, list) and hints[item.name] == tuple[str, ...]:
            known[item.name] = tuple(entry for entry in value if isinstance(entry, str))
        elif value is not None and type(value) is hints[item.name]:
            known[item.name] = value
    return Conversation(**known)  # type: ignore[arg-type]


def minute(at: datetime) -> str:
    """Name the minute of a moment."""
    return at.strftime("%Y%m%d%H%M")
