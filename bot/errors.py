"""Every exception of the project, in one tree.

An error says whose fault it is and what to do next. Nothing here imports anything of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class TeejuhtError(Exception):
    """Something that the person at the command line or in the log can act on."""


class WrongUse(TeejuhtError):
    """The command was called in a way that cannot work; exit code 2."""


class SettingsError(TeejuhtError):
    """A setting has a wrong value; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of the knowledge check: where, how bad, what is wrong and what to write instead."""

    path: str
    line: int
    text: str
    error: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class KnowledgeError(TeejuhtError):
    """The knowledge files have errors and cannot be served."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class RuleError(TeejuhtError):
    """A rule, a fact or the value of a fact is not one that the facts know; the message says what is wrong."""


class StoreError(TeejuhtError):
    """The database cannot be used as it is."""


class Locked(StoreError):
    """Another process serves this installation."""


class TooBusy(TeejuhtError):
    """More comes in than may be kept now; there is room after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"too much comes in at once: try again in {seconds:.0f} s")


class ChannelError(TeejuhtError):
    """A channel cannot be served until the operator mends something; the others go on."""


class SendError(TeejuhtError):
    """A message could not be delivered; the subclass says what the outbox does next."""


class RetryLater(SendError):
    """The platform asked us to wait (429): send again exactly after `seconds`; not counted as an attempt.

    With `whole_channel` the limit is the account's, and everything on that channel waits.
    """

    def __init__(self, seconds: float, *, whole_channel: bool = False) -> None:
        self.seconds = seconds
        self.whole_channel = whole_channel
        super().__init__(f"asked to wait {seconds:g} s")


class Unreachable(SendError):
    """Nothing was sent (no connection, 5xx before the request was taken): back off and send again."""


class MaybeSent(SendError):
    """The connection broke after the request left: the message may have arrived.

    It is sent again with the same key; a platform without idempotency keys may then show it twice.
    """


class Refused(SendError):
    """The platform will never take this message (too long, thread gone): a dead letter."""


class Gone(Refused):
    """The person has left (blocked the bot, left the room): the conversation is closed as well."""
