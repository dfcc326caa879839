"""How fast Telegram lets a bot write: to one person, to a group, to all of them.

Pure: the time comes in, the seconds to wait go out. Telegram's FAQ for bots says about one message a second to a chat, with short
bursts, 20 a minute to a group and 30 a second in all; what it really allows is not published, so its 429s count as well.
"""

from dataclasses import dataclass, field
from typing import Final

MARGIN: Final = 0.1
"""Seconds by which two messages may come nearer to each other on their way."""
FORGET_AFTER: Final = 600.0
"""Seconds after which an unused turn to write is given up: its message was discarded."""
TIDY_AT: Final = 1000
"""Chats that are remembered before the idle ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many messages at once, then one every so many seconds."""

    burst: int
    seconds: float


EVERYBODY: Final = Limit(burst=30, seconds=1 / 30)
PERSON: Final = Limit(burst=3, seconds=1.0)
GROUP: Final = Limit(burst=20, seconds=3.0)


@dataclass(slots=True)
class Pace:
    """Gives each message its turn. One process writes for an account, so what it remembers itself is all there is to know."""

    _due: dict[int, float] = field(default_factory=dict)
    _due_all: float = 0.0
    _turns: dict[str, float] = field(default_factory=dict)
    _held: dict[int, float] = field(default_factory=dict)

    def wait(self, key: str, chat: int, now: float, cost: int = 1) -> float:
        """Return how many seconds the message must wait, 0 for none; when it comes again after that, it may go.

        `cost` is how many messages Telegram will count.
        """
        if (turn := self._turns.get(key)) is not None:
            if turn > now:
                return turn - now
            del self._turns[key]
            return 0.0
        limit = GROUP if chat < 0 else PERSON
        self._due[chat] = max(self._due.get(chat, 0.0), now) + cost * limit.seconds
        self._due_all = max(self._due_all, now) + cost * EVERYBODY.seconds
        seconds = max(
            self._due[chat] - now - limit.burst * limit.seconds,
            self._due_all - now - EVERYBODY.burst * EVERYBODY.seconds,
        )
        self._tidy(now)
        if seconds <= 0:
            return 0.0
        self._turns[key] = now + seconds + MARGIN
        return seconds + MARGIN

    def hold(self, chat: int, seconds: float, now: float) -> bool:
        """Note that Telegram asked to wait; True if it asks in more than one chat, so that it means the whole account."""
        self._held = {other: until for other, until in self._held.items() if until > now}
        whole = any(other != chat for other in self._held)
        self._held[chat] = now + seconds
        return whole

    def _tidy(self, now: float) -> None:
        if len(self._due) > TIDY_AT:
            self._due = {chat: due for chat, due in self._due.items() if due > now}
            self._turns = {key: turn for key, turn in self._turns.items() if turn > now - FORGET_AFTER}
