"""Desks: where the staff of a municipality receive cases."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from bot.core.effects import Do
from bot.ports.channels import Ability
from bot.ports.said import Message, Row, message_from_json, message_to_json

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
