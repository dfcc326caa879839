"""What shall be done: messages to say and things to count. Values only; the engine does them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.core.events import File
from bot.core.state import Conversation
from bot.core.texts import Label, Mark


@dataclass(frozen=True, slots=True)
class Choice:
    """An option under a message; the id means the same everywhere (`topic:school`, `menu:health:2`)."""

    id: str
    label: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """A message to the person, in one language."""

    lang: str
    marks: tuple[Mark, ...]
    choices: tuple[Choice, ...] = ()
    topic: str | None = None
    passing: bool = False
    """It only leads on (a menu, a question of ours): once an option is chosen, what follows may take its place."""
    key: str = ""
    """Names it, where it may be put right later."""
    amends: str = ""
    """The key of an earlier message that this puts right."""
    file: File | None = None


class Do(StrEnum):
    """What is to be done at a desk."""

    OPEN = "open"
    POST = "post"
    AMEND = "amend"
    CLOSE = "close"
    REOPEN = "reopen"
    SAY = "say"
    """A message in the desk's general room, about no case."""
    NOTIFY = "notify"
    """A mail to a resident, that an answer waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Something for staff: at a desk, in the thread of a case (0: none), in the desk's language. `title` names a new thread."""

    do: Do
    desk: str
    lang: str
    case: int = 0
    marks: tuple[Mark, ...] = ()
    choices: tuple[Choice, ...] = ()
    title: str = ""
    topic: str | None = None
    key: str = ""
    amends: str = ""
    file: File | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """A mail to a resident who left an address: that an answer waits, nothing of what it says."""

    to: str
    case: int
    code: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What a member of staff did with a case, for the audit log: ids only."""

    case: int
    what: str
    desk: str
    staff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the bot made of a message: the language identified, the band, the topics with their confidence."""

    lang: str
    decision: str
    topics: tuple[tuple[str, float], ...] = ()
    danger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Count something by topic and language, without any text."""

    what: str
    topic: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """Delete all that is kept of this conversation."""


Effect: TypeAlias = Say | Tell | Notify | Did | Heard | Count | Forget


@dataclass(frozen=True, slots=True)
class Step:
    """What is remembered after an event, and what shall be done."""

    state: Conversation
    effects: tuple[Effect, ...] = ()
