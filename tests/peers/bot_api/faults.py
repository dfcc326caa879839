"""What goes wrong on purpose, and Telegram's published limits.

Faults are ordered by a test; the limits hold only when it asks for them. Knows no HTTP.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.peers.bot_api.values import ApiError, FaultKind

PER_CHAT: Final = (3, 1.0)
PER_GROUP: Final = (20, 20 / 60)
OVERALL: Final = (30, 30.0)
"""How many messages at once and how many a second after that: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that will go wrong `times` more times; `method` "*" and `chat` None stand for any."""

    method: str
    kind: FaultKind
    times: int
    seconds: float
    chat: int | None

    def meets(self, method: str, chat: object) -> bool:
        """Tell whether it strikes a call."""
        return self.times > 0 and self.method.lower() in ("*", method.lower()) and self.chat in (None, chat)


class Faults:
    """The faults that are still to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong."""
        self._faults.append(fault)

    def next(self, method: str, chat: object) -> Fault | None:
        """Take the fault that strikes a call, if one does."""
        for fault in self._faults:
            if fault.meets(method, chat):
                fault.times -= 1
                return fault
        return None


def too_many(seconds: float) -> ApiError:
    """Return Telegram's answer to a bot that should wait."""
    wait = int(seconds)
    return ApiError(f"Too Many Requests: retry after {wait}", 429, retry_after=wait)


class Limits:
    """Counts messages in buckets that fill again with time; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[int | None, tuple[float, float]] = {}

    def take(self, chat: int) -> None:
        """Count a message to a chat. Errors: ApiError 429 if that is one too many, which then does not count."""
        now = self._clock()
        kinds = {chat: PER_CHAT if chat > 0 else PER_GROUP, None: OVERALL}
        left = {name: self._left(name, *kind, now) for name, kind in kinds.items()}
        waits = [(1 - left[name]) / kinds[name][1] for name in kinds]
        if max(waits) > 0:
            raise too_many(math.ceil(max(waits)))
        self._buckets |= {name: (left[name] - 1, now) for name in kinds}

    def _left(self, name: int | None, burst: int, rate: float, now: float) -> float:
        left, since = self._buckets.get(name, (float(burst), now))
        return min(left + (now - since) * rate, burst)
