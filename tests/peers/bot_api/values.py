"""What the parts of the emulator hand each other: JSON objects, records of calls, uploads and refusals.

Knows no behaviour: neither HTTP nor Telegram's rules.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]

FaultKind = Literal["too-many", "server-error", "bad-gateway", "hang", "drop-before", "drop-after", "blocked", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file within a call."""

    name: str
    content: bytes
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was executed; `at` in seconds of the monotonic clock."""

    method: str
    params: Json
    result: Any
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A call that was answered with an error; `at` in seconds of the monotonic clock."""

    method: str
    params: Json
    code: int
    description: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    type: str = "application/json"


class ApiError(Exception):
    """The call is answered with an error; `parameters` are Telegram's ResponseParameters."""

    def __init__(self, description: str, code: int = 400, **parameters: int) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters


class NotEmulatedError(ApiError):
    """Telegram can do it and the emulator cannot: a gap in the emulator, reported as a violation."""
