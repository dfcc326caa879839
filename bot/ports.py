"""Every Protocol and the values that cross them: Channel, Desk, Store.

Knows shapes only: no platform, no SQL, no sentence. Adapters live in `platforms/` and `store/`; the contract suites in
`tests/contracts/` say what an adapter must do.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

from bot.core.effects import Do as Do
from bot.core.events import File as File

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
    passing: bool = False
    """Its options are chosen from once: what follows may take its place, where a channel can edit."""
    answers: str = ""
    """The channel's id of the person's message that this answers."""
    replaces: str = ""
    """The channel's id of the passing message whose place this may take."""
    thread: str = ""
    """Where a channel has threads, its id of the one in which this belongs."""
    amends: str = ""
    """What this puts right: the key of an earlier message in the outbox, the channel's id of it once it goes out."""
    file: File | None = None
    """A file that goes with it."""
    forgets: bool = False
    """Its person is forgotten with it: what the channel itself keeps, to read what was written so far, goes too."""


Fetch: TypeAlias = Callable[[File], Awaitable[bytes]]
"""Gives a file's content. Errors: Refused if it is gone or larger than was said, Unreachable."""


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


# --- desks ------------------------------------------------------------------------------------------------------------

DESKS = "desks"
"""The channel of the outbox whose rows go to desks: lane `<desk>#<case number>`, body as `deskwork_to_json` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWork:
    """One thing to be done at a desk, as the outbox keeps it. `title` is the case's name on the thread, such as `KJ-0042 ru`.

    Do.NOTIFY is no desk's: `to` is the mail address of a resident for whom an answer waits in the case named by `title`.
    """

    do: Do
    desk: str
    case: int
    message: Message
    title: str = ""
    to: str = ""


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
    def name(self) -> str:
        """Name the desk: `<municipality or group of desks>/<kind>`, such as `kohtla-jarve/telegram`."""

    @property
    def ability(self) -> Ability: ...

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Open a thread for the case with its card and return the thread's id; the same key opens one thread only."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Add a message to the thread, or to the general room (`thread` empty), and return its id. Errors as in Channel.send."""

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Replace a posted message, or post the new text where the platform cannot edit."""

    async def close(self, thread: str) -> None:
        """Mark the thread as done; closing twice is no error."""

    async def reopen(self, thread: str) -> None:
        """Take that mark away; reopening an open one is no error."""

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
    """How long things stay. Texts of handled rows go at once; their ids stay `ids` for de-duplication.

    A question is kept for less than a day, and people are told "at most a day". `cases` counts from the end of a case; `links` to
    a case from when they were made.
    """

    conversations: timedelta = timedelta(days=30)
    questions: timedelta = timedelta(hours=22)
    cases: timedelta = timedelta(days=90)
    links: timedelta = timedelta(days=30)
    deeds: timedelta = timedelta(days=365)
    dead: timedelta = timedelta(days=7)
    ids: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in a queue (`inbox`, `outbox`) for one channel: how many rows, how many of them failed so far, since when."""

    queue: str
    channel: str
    rows: int
    failing: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts for the operator, and how old the oldest of what is personal is: never what stands in it, nor whose it is.

    `oldest`: by kind, as `limits` names them, the moment from which the time of the oldest record counts; a kind without any
    is left out.
    """

    revision: str
    conversations: int
    waiting: int
    unsent: int
    dead: int
    timers: int
    oldest_conversation: datetime | None
    open_cases: int = 0
    tallies: Mapping[str, int] = field(default_factory=dict)
    queues: Sequence[Waiting] = ()
    oldest: Mapping[str, datetime] = field(default_factory=dict)


def limits(keep: Retention) -> Mapping[str, timedelta]:
    """Give how long personal records stay, by kind.

    `conversations` are those without an open case, `waiting` and `unsent` the texts of the two queues, `dead` those given up.
    """
    return {
        "conversations": keep.conversations,
        "questions": keep.questions,
        "cases": keep.cases,
        "links": keep.links,
        "deeds": keep.deeds,
        "dead": keep.dead,
        "waiting": keep.conversations,
        "unsent": keep.conversations,
    }


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


def message_to_json(message: Message) -> Row:
    """Write a message as the outbox keeps it."""
    return {
        "lang": message.lang,
        "parts": [{"kind": part.kind.value, "markdown": part.markdown} for part in message.parts],
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "topic": message.topic,
        "end": message.end,
        "passing": message.passing,
        "answers": message.answers,
        "replaces": message.replaces,
        "thread": message.thread,
        "amends": message.amends,
        "file": None if message.file is None else _file_to_json(message.file),
        "forgets": message.forgets,
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
        passing=bool(row.get("passing")),
        answers=str(row.get("answers", "")),
        replaces=str(row.get("replaces", "")),
        thread=str(row.get("thread", "")),
        amends=str(row.get("amends", "")),
        file=None if row.get("file") is None else File(**cast(Mapping[str, Any], row["file"])),
        forgets=bool(row.get("forgets")),
    )


def deskwork_to_json(work: DeskWork) -> Row:
    """Write what is to be done at a desk as the outbox keeps it."""
    return {
        "do": work.do.value,
        "desk": work.desk,
        "case": work.case,
        "title": work.title,
        "to": work.to,
        "message": message_to_json(work.message),
    }


def deskwork_from_json(row: Row) -> DeskWork:
    """Read it back. Errors: KeyError, TypeError, ValueError for a row that no version of ours wrote."""
    return DeskWork(
        do=Do(str(row["do"])),
        desk=str(row["desk"]),
        case=cast(int, row["case"]),
        title=str(row["title"]),
        to=str(row.get("to", "")),
        message=message_from_json(cast(Row, row["message"])),
    )


def _file_to_json(file: File) -> Row:
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "ref": file.ref, "channel": file.channel}
