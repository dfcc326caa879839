"""Channels: one account on one platform each, and what crosses between them and the rest."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from bot.core.events import File
from bot.ports.said import Message, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """What a channel can show; `render` adapts to it.

    `pulled` channels (the web page) fetch their messages from the store and are sent nothing. `idempotent` channels take the
    delivery's key with a send, so that a repeat is one message (Matrix transaction id); others may repeat after a crash.
    """

    max_chars: int
    buttons: bool = False
    edits: bool = False
    threads: bool = False
    reactions: bool = False
    files: bool = False
    """Files can be sent and fetched."""
    amends: bool = False
    """A message of ours can be put right where it stands, also when others came after it."""
    pulled: bool = False
    idempotent: bool = False
    at_once: int = 30
    """Messages that may be on their way at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something that happened outside, as a channel hands it in.

    `source` and `ext_id` name it for ever (bot account and update id, room and event id, browser and message id): the same
    pair again changes nothing. `body` is a core event as `bot.core.events.to_json` writes it. `withdraws` is the platform's id
    of a message that the person took back: texts of it that are still kept go in the same transaction.

    What staff do belongs to the conversation of the resident whose case it is: then `conversation` and `channel` are empty and
    `case` (its number), or `desk` and `thread` (the desk's id of the thread), say which. If there is no such case, it belongs to
    the desk itself: conversation `desk:<name>` of the channel `desks`.

    `with_contacts`: the body with phone numbers and e-mail addresses left in, which is kept in place of `body` where the
    conversation asks for them or a case is open in it.
    """

    source: str
    ext_id: str
    channel: str
    conversation: str
    body: Row
    at: datetime
    withdraws: str = ""
    desk: str = ""
    thread: str = ""
    case: int = 0
    with_contacts: Row | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox on its way to a channel. `key` is the same at every repeat; `attempts` counts this one."""

    id: int
    key: str
    channel: str
    conversation: str | None
    lane: str
    body: Row
    attempts: int = 1


class Ingest(Protocol):
    """Takes arrivals and returns when they are safe; only then may the channel confirm them to its platform.

    `cursor` (source, token) says how far the source has been read; it is kept with the arrivals, or alone if there are none.
    """

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None: ...


class Channel(Protocol):
    """One account on one platform: turns the outside into events and messages into calls, and decides nothing."""

    @property
    def name(self) -> str: ...

    @property
    def ability(self) -> Ability: ...

    async def run(self, ingest: Ingest) -> None:
        """Listen until cancelled. Return when the outside has ended (end of input); raise when it cannot be served."""

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Show the message and return its id there.

        Errors: RetryLater, Unreachable, MaybeSent, Refused, Gone. Cancellation may leave the message sent or not.
        """


@runtime_checkable
class StandsBy(Protocol):
    """A channel to which the outside may come also in processes that do not lead."""

    async def stand_by(self, ingest: Ingest) -> None:
        """Hand in what comes until cancelled; ask for nothing and send nothing."""


@runtime_checkable
class Files(Protocol):
    """What a channel also is whose ability is `files`."""

    async def fetch(self, file: File) -> bytes:
        """Give the content of a file that a person or staff sent here.

        Errors: Refused if it is gone or larger than `file.size`, Unreachable.
        """


Hook: TypeAlias = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Takes what a platform posts to our web server, its headers in small letters, and gives the HTTP status to answer with."""
