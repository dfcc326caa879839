"""What is remembered of one conversation: no text of a question, nothing about the person that is not needed."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import get_type_hints

from bot.core import cases
from bot.core.cases import Case


class Stage(StrEnum):
    """Where the conversation stands; `conversation` says what each stage does with an event."""

    NEW = "new"
    TALK = "talk"
    TOWN = "town"
    INTERVIEW = "interview"
    QUESTION = "question"
    """Asked to write the question for the municipality's staff."""
    CONTACT = "contact"
    """Asked for a phone number or an address."""


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
    labels: tuple[str, ...] = ()
    """What stands on these options, in the same order, for who types it; empty until they were spoken."""
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
    public: bool = False
    """True where others read along: nothing about a person is asked or kept."""
    told_languages: bool = False
    offered_ukrainian: bool = False
    case: Case | None = None
    """The question that a person in the municipality has, was offered or had last."""
    clocks: int = 0
    """How many clocks were set so far: their numbers never come again."""
    told_day: str = ""
    """At a desk: the day on which it was told last how to answer."""
    question: str = ""
    """The last question, and when it was asked. Kept apart, because it goes after a day."""
    asked_at: datetime | None = None
    number: int = 0
    """The number that a case would have that is opened now."""
    channel: str = ""
    """Where the conversation is held: files are fetched from there."""
    page: bool = False
    """The person reads on the web page, where nothing rings."""
    earlier: Callable[[], Sequence[Mapping[str, object]]] = tuple
    """Gives what is kept of their cases, as `bot.core.cases` writes them; looked up only if it is called."""

    @property
    def has_case(self) -> bool:
        """Tell whether a person in the municipality has a question of theirs that is not done."""
        return self.case is not None and self.case.running


BLANK = Conversation()
APART = frozenset({"case", "question", "asked_at", "number", "channel", "page", "earlier"})
"""What comes from elsewhere, or is written in its own way."""
FIELDS = tuple(item for item in fields(Conversation) if item.name not in APART)
HINTS = get_type_hints(Conversation)


def to_json(state: Conversation) -> dict[str, object]:
    """Write the fields that differ from a new conversation's."""
    found = ((item.name, getattr(state, item.name)) for item in FIELDS)
    row = {name: list(value) if isinstance(value, tuple) else value for name, value in found if value != getattr(BLANK, name)}
    return row | ({"case": cases.to_json(state.case)} if state.case else {})


def from_json(row: Mapping[str, object] | None) -> Conversation:
    """Read a stored conversation; what this version does not know, or cannot read, is left out."""
    known: dict[str, object] = {}
    for item in FIELDS:
        value = (row or {}).get(item.name)
        if item.name == "stage" and value in list(Stage):
            known["stage"] = Stage(str(value))
        elif isinstance(value, list) and HINTS[item.name] == tuple[str, ...]:
            known[item.name] = tuple(entry for entry in value if isinstance(entry, str))
        elif value is not None and type(value) is HINTS[item.name]:
            known[item.name] = value
    if isinstance(case := (row or {}).get("case"), Mapping):
        with suppress(KeyError, TypeError, ValueError):
            known["case"] = cases.from_json(case)
    return Conversation(**known)  # type: ignore[arg-type]
