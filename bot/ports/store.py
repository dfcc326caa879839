"""The store: inbox, conversations, outbox, timers and cases, each method one short transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from bot.ports.channels import Arrival, Delivery
from bot.ports.keeping import DeadLetter, Retention, Status
from bot.ports.said import Row


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
    question: str = ""
    """The text of the last question, and when it was asked; kept apart because it goes after a day."""
    asked_at: datetime | None = None
    number: int = 0
    """The number of the case that this turn would open."""
    cases: Callable[[], Sequence[Row]] = tuple
    """Gives what is kept of the person's cases, oldest first; looked up only if it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """What is kept of a case: as long as it is open, and after that for the time of `Retention.cases`.

    `opens`: it is new, and a case that has the number already is another one. `body` is a core case as `to_json` writes it.
    """

    number: int
    town: str
    body: Row
    opens: bool = False
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody of the staff did with a case, for the audit log: ids only, never a text."""

    case: int
    what: str
    desk: str
    staff: str


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

    `forget` also deletes what earlier turns left: texts, unsent messages, timers, cases; this outcome's own posts stay.
    `keeps_contacts`: phone numbers and addresses in the person's next messages are wanted (`Arrival.with_contacts`).
    """

    state: Row | None
    posts: tuple[Post, ...] = ()
    timers: tuple[Timer, ...] = ()
    cancel: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    forget: bool = False
    question: str = ""
    asked_at: datetime | None = None
    keeps_contacts: bool = False
    case: CaseRecord | None = None
    deeds: tuple[Deed, ...] = ()


Compute: TypeAlias = Callable[[Turn], Outcome]
"""Pure and synchronous; runs inside the store's transaction, so it is short and touches nothing."""


class Result(StrEnum):
    """How a send ended, for `Store.settle`."""

    SENT = "sent"
    LATER = "later"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The end of one claimed delivery. LATER needs `due_at`; `free` does not count the attempt (429).

    `thread`: the desk and its id of the thread that was opened for a case of this number.
    """

    id: int
    result: Result
    remote_id: str | None = None
    thread: "DeskThread | None" = None
    due_at: datetime | None = None
    free: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskThread:
    """A thread of a case at a desk, by the desk's id of it."""

    desk: str
    thread: str
    case: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """A case as somebody finds it who may read it."""

    record: CaseRecord
    conversation: str
    channel: str


class Lease(Protocol):
    """The right to speak to the outside for all processes on a database; one has it at a time."""

    async def lost(self) -> None:
        """Return when it is not ours any more."""

    async def give_back(self) -> None:
        """Let somebody else have it; giving back twice is no error."""


class Store(Protocol):
    """Inbox, conversations, outbox, timers, dead letters: every method is one short transaction.

    Times go in and come out as aware UTC datetimes. All adapters pass `tests/contracts/store.py`.
    """

    async def ingest(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> int:
        """Keep arrivals that are new by (source, ext_id) and, in the same transaction, the source's cursor.

        Rows of a conversation that wait or are dead, and whose body has the `message` that an arrival withdraws, get that
        arrival's body for their own: no text of it is left, and nobody is overtaken. Return how many were new.
        """

    async def cursor(self, source: str) -> str | None: ...

    async def lead(self) -> Lease | None:
        """Get the lease, unless another process has it. Who has ever had it claims and releases rows only while it does."""

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with each hint that other processes `tell`, until cancelled; hints may get lost."""

    def tell(self, what: str) -> None:
        """Give the other processes a hint."""

    async def step(self, compute: Compute, apologise: Compute, now: datetime) -> int:
        """Handle waiting arrivals of some conversations in order, about 30 ms of work, and return how many.

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
        """Claim nothing for this channel before `until`, or the end of a longer pause; None takes every pause back."""

    async def paused(self, now: datetime) -> Mapping[str, datetime]:
        """Give the channels that are held back, and until when."""

    async def pull(self, conversation: str, after: int, limit: int = 100) -> Sequence[Delivery]:
        """Rows of a pulled channel's conversation with an id above `after`, oldest first, that the page has not acknowledged."""

    async def acknowledge(self, conversation: str, up_to: int) -> None:
        """The page has shown everything up to this id: those rows are sent."""

    async def fire(self, now: datetime) -> datetime | None:
        """Move due timers into the inbox, each once, and return when the next one is due."""

    async def forget(self, conversation: str) -> None:
        """Delete the conversation's state, texts, unsent rows, timers and cases; ids for de-duplication stay."""

    async def thread(self, desk: str, case: int) -> str | None:
        """Give the desk's id of the thread that was opened for a case."""

    async def sent(self, key: str) -> str | None:
        """Give the channel's id of a message that was sent, by its key."""

    async def cases(self, conversation: str) -> Sequence[CaseRecord]:
        """Give what is kept of a conversation's cases, oldest first."""

    async def keep_link(self, digest: str, desk: str, case: int, now: datetime) -> None:
        """Keep what is needed to know a link to a case again: a digest of its secret, never the secret."""

    async def linked_case(self, digest: str, now: datetime) -> tuple[str, FoundCase] | None:
        """Give the desk that a link was made for and its case; None if there is none, it has ended or the link is too old."""

    async def dead(self) -> Sequence[DeadLetter]: ...

    async def retry(self, queue: str, id: int) -> bool:
        """Give a dead row another life; False if there is none."""

    async def discard(self, queue: str, id: int) -> bool: ...

    async def purge(self, now: datetime, keep: Retention) -> int:
        """Delete what is older than the retention and return how many rows went."""

    async def status(self, now: datetime) -> Status:
        """Counts; `tallies` over the last 30 days as `what` or `what:topic:lang`."""

    async def close(self) -> None: ...
