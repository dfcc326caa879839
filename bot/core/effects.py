"""What shall be done: messages to say and things to count. Values only; the engine does them."""

from dataclasses import dataclass
from typing import TypeAlias

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


Effect: TypeAlias = Say | Heard | Count | Forget
