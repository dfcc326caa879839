"""What the page posts: bytes in, a core event out.

Knows the shape and the limits of a posted event; not who sent it and not what happens with it.
"""

import json
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from bot.core.events import Chose, Event, Opened, Said
from bot.render.markup import storable

MAX_BYTES = 128 * 1024
MAX_TEXT = 100_000
PAYLOAD = r"^[a-z0-9_-]{0,100}$"

_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
_Hint = Annotated[str, StringConstraints(pattern=r"^[a-z]{0,3}$")]


class Rejected(Exception):
    """The body is not an event of ours; the message is a short code for the page."""


class _Posted(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: _Id


class _Opened(_Posted):
    event: Literal["opened"]
    payload: Annotated[str, StringConstraints(pattern=PAYLOAD)] = ""
    hint: _Hint = ""

    def at(self, now: datetime) -> Event:
        return Opened(at=now, payload=self.payload, hint=self.hint)


class _Said(_Posted):
    event: Literal["said"]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    hint: _Hint = ""

    def at(self, now: datetime) -> Event:
        return Said(at=now, text=self.text, hint=self.hint)


class _Chose(_Posted):
    event: Literal["chose"]
    option: Annotated[str, StringConstraints(min_length=1, max_length=200)]

    def at(self, now: datetime) -> Event:
        return Chose(at=now, option=self.option)


class _Seen(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Annotated[int, Field(ge=0, lt=2**63)]


_Any: TypeAlias = Annotated[_Opened | _Said | _Chose, Field(discriminator="event")]
_EVENT: TypeAdapter[_Opened | _Said | _Chose] = TypeAdapter(_Any)


def parse_event(body: bytes, now: datetime) -> tuple[str, Event]:
    """Read the page's own id and the event. Errors: Rejected."""
    try:
        posted = _EVENT.validate_python(_load(body))
    except ValidationError:
        raise Rejected("not-an-event") from None
    return posted.id, posted.at(now)


def parse_seen(body: bytes) -> int:
    """Read up to which row the page has shown everything. Errors: Rejected."""
    try:
        return _Seen.model_validate(_load(body)).id
    except ValidationError:
        raise Rejected("not-an-id") from None


def _load(body: bytes) -> object:
    """Read JSON; NUL and lone surrogates, which no database keeps, become U+FFFD in every value."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected("not-json") from None
    if not isinstance(value, dict):
        raise Rejected("not-an-object")
    return {key: storable(kept) if isinstance(kept, str) else kept for key, kept in value.items()}
