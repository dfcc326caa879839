"""Every Protocol and the values that cross them: Channel, Desk, Store.

Knows shapes only: no platform, no SQL, no sentence. Adapters live in `platforms/` and `store/`; the contract suites in
`tests/contracts/` say what an adapter must do.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias, cast

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Row: TypeAlias = Mapping[str, JSON]

# --- what is said -----------------------------------------------------------------------------------------------------


class PartKind(StrEnum):
    """How a channel may set a part of a message apart; the text reads well without it."""

    TEXT = "text"
    CARD = "card"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a message in our Markdown subset (paragraphs, lists, bold, emphasis, links)."""

    kind: PartKind = PartKind.TEXT
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice under a message. `id` means the same in every message, so that an old button still works."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the bot says, in words, before a channel gives it its own markup."""

    lang: str
    parts: tuple[Part, ...]
    options: tuple[Option, ...] = ()
    topic: str | None = None
    end: bool = True
    """False when another message of the same turn follows."""


# --- channels ---------------------------------------------------------------------------------------------------------


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
    pulled: bool = False
    idempotent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Something that happened outside, as a channel hands it in.

    `source` and `ext_id` name it for ever (bot account and update id, room and event id, browser and message id): the same
    pair again changes nothing. `body` is a core event as `bot.core.events.to_json` writes it.
    """

    source: str
    ext_id: str
    channel: str
    conversation: str
    body: Row
    at: datetime


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
    """Takes arrivals and returns when they are safe; only then may the channel confirm them to its platform."""

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: str | None = None) -> None: ...


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


# --- desks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file on its way between a resident and staff; `fetch` reads it (at most `size` bytes)."""

    name: str
    media_type: str
    size: int
    fetch: Callable[[], Awaitable[bytes]]


class Desk(Protocol):
    """Where staff of one municipality receive cases: a forum topic, a thread or a mail per case."""

    @property
    def name(self) -> str: ...

    @property
    def ability(self) -> Ability: ...

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Open a thread for the case with its card and return the thread's id; the same key opens one thread only."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Add a message to the thread and return its id. Errors as in Channel.send."""

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Replace a posted message, or post the new text where the platform cannot edit."""

    async def close(self, thread: str) -> None:
        """Mark the thread as done; closing twice is no error."""

    async def problems(self) -> Sequence[str]:
        """What the desk lacks to work (no forum, not an admin, may not send), in words for the operator; empty if ready."""


# --- store ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One waiting arrival with what is remembered of its conversation (`state` None: nothing)."""

    inbox_id: int
    source: str
    ext_id: str
    channel: str
    conversation: str
    state: Row | None
    body: Row
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message to put into the outbox. Rows of one `lane` are sent in order; `key` makes writing it twice one row.

    Without `channel` it goes to the person of the turn; with one it is a message of that channel, such as a desk's, and belongs
    to no resident's conversation.
    """

    key: str
    lane: str
    body: Row
    due_at: datetime | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something to happen later: at `due_at` it arrives in the conversation's inbox with source `timer`."""

    key: str
    due_at: datetime
    body: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One more of something, counted by day without any text (`what` with topic and language)."""

    what: str
    topic: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one arrival leads to; written in one transaction. `state` None: nothing is remembered.

    `forget` also deletes what earlier turns left: texts, unsent messages, timers; this outcome's own posts stay.
    """

    state: Row | None
    posts: tuple[Post, ...] = ()
    timers: tuple[Timer, ...] = ()
    cancel: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    forget: bool = False


Compute: TypeAlias = Callable[[Turn], Outcome]
"""Pure and synchronous; runs inside the store's transaction, so it is short and touches nothing."""


class Result(StrEnum):
    """How a send ended, for `Store.settle`."""

    SENT = "sent"
    LATER = "later"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The end of one claimed delivery. LATER needs `due_at`; `free` does not count the attempt (429)."""

    id: int
    result: Result
    remote_id: str | None = None
    due_at: datetime | None = None
    free: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A row that was given up: `queue` is `inbox` or `outbox`; `error` is a class name, never a text."""

    queue: str
    id: int
    channel: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things stay. Texts of handled rows go at once; their ids stay `ids` for de-duplication."""

    conversations: timedelta = timedelta(days=30)
    dead: timedelta = timedelta(days=7)
    ids: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts for the operator."""

    revision: str
    conversations: int
    waiting: int
    unsent: int
    dead: int
    timers: int
    oldest_conversation: datetime | None
    tallies: Mapping[str, int] = field(default_factory=dict)


class Store(Protocol):
    """Inbox, conversations, outbox, timers, dead letters: every method is one short transaction.

    Times go in and come out as aware UTC datetimes. All adapters pass `tests/contracts/store.py`.
    """

    async def ingest(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> int:
        """Keep arrivals that are new by (source, ext_id) and, in the same transaction, the source's cursor.

        Return how many were new.
        """

    async def cursor(self, source: str) -> str | None: ...

    async def step(self, compute: Compute, apologise: Compute, now: datetime) -> int:
        """Handle waiting arrivals of some conversations in order, about 10 ms of work, and return how many.

        A `compute` that raises leaves nothing of its row behind and is tried again at the next step; at the third time the row
        is dead, with the error's class name, and `apologise` says so to the person.
        """

    async def settle(self, channel: str, settled: Sequence[Settled], want: int, now: datetime) -> Sequence[Delivery]:
        """Write how sends ended and claim up to `want` heads of lanes that are due.

        A claimed row is due again after 60 s, should its claimer die. A sent or dead row frees its lane; a dead one stays listed.
        """

    async def release(self, channel: str) -> None:
        """Make this channel's claimed rows due now: whoever claimed them is provably gone."""

    async def pause(self, channel: str, until: datetime | None) -> None:
        """Claim nothing for this channel before `until`; None takes the pause back."""

    async def pull(self, conversation: str, after: int, limit: int = 100) -> Sequence[Delivery]:
        """Rows of a pulled channel's conversation with an id above `after`, oldest first, that the page has not acknowledged."""

    async def acknowledge(self, conversation: str, up_to: int) -> None:
        """The page has shown everything up to this id: those rows are sent."""

    async def fire(self, now: datetime) -> datetime | None:
        """Move due timers into the inbox, each once, and return when the next one is due."""

    async def forget(self, conversation: str) -> None:
        """Delete the conversation's state, texts, unsent rows and timers; ids for de-duplication stay."""

    async def dead(self) -> Sequence[DeadLetter]: ...

    async def retry(self, queue: str, id: int) -> bool:
        """Give a dead row another life; False if there is none."""

    async def discard(self, queue: str, id: int) -> bool: ...

    async def purge(self, now: datetime, keep: Retention) -> int:
        """Delete what is older than the retention and return how many rows went."""

    async def status(self, now: datetime) -> Status:
        """Counts; `tallies` over the last 30 days as `what` or `what:topic:lang`."""

    async def close(self) -> None: ...


def message_to_json(message: Message) -> Row:
    """Write a message as the outbox keeps it."""
    return {
        "lang": message.lang,
        "parts": [{"kind": part.kind.value, "markdown": part.markdown} for part in message.parts],
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "topic": message.topic,
        "end": message.end,
    }


def message_from_json(row: Row) -> Message:
    """Read a message back from the outbox. Errors: KeyError, TypeError for a row that no version of ours wrote."""
    parts = cast(Sequence[Mapping[str, str]], row["parts"])
    options = cast(Sequence[Mapping[str, str]], row["options"])
    return Message(
        lang=str(row["lang"]),
        parts=tuple(Part(kind=PartKind(part["kind"]), markdown=part["markdown"]) for part in parts),
        options=tuple(Option(id=option["id"], label=option["label"]) for option in options),
        topic=None if row["topic"] is None else str(row["topic"]),
        end=bool(row["end"]),
    )
