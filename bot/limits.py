"""How much may come at once: from one person in a minute, through one channel in a second.

Pure: knows token buckets, whose arrivals are counted and the time that it is handed; not what is said to who sends too much.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from bot.core import events
from bot.core.safety import danger
from bot.core.world import World
from bot.errors import TooBusy
from bot.ports import DESKS, Arrival

PATIENCE: Final = 2.0
"""Seconds for which a page that waits for an answer may be kept waiting."""
COUNTED: Final = frozenset(
    events.NAMES[kind] for kind in (events.Opened, events.Said, events.Chose, events.Reacted, events.SentFile, events.Unreadable)
)
"""What a person can do as often as they like. That they leave, or take something back, is never too much."""
ON_OURS: Final = frozenset((events.NAMES[events.Chose], events.NAMES[events.Reacted]))
"""Events whose `message` is one of ours."""
MINUTE: Final = 60.0
REOPENS: Final = 0.5
"""How full a bucket is again when a flood counts as over: half a minute's worth. A token at a time would be told of again and
again, every few seconds."""
MOST: Final = 50_000
"""Conversations that are remembered at the same time."""

Name: TypeAlias = tuple[str, str]
"""What names an arrival for ever: its source and external id."""


class Verdict(StrEnum):
    """What becomes of an arrival: it is read; it is the first of a flood, which the person is told; it is left unread."""

    READ = "read"
    TELL = "tell"
    DROP = "drop"


@dataclass(slots=True)
class Bucket:
    """Holds `size` tokens at most, full at first, and gets `rate` a second; it may be taken from in advance."""

    size: float
    rate: float
    at: datetime
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.size

    def fill(self, now: datetime) -> None:
        """Add what has come since; a clock that was put back adds nothing."""
        self.tokens = min(self.size, self.tokens + max(0.0, (now - self.at).total_seconds()) * self.rate)
        self.at = now

    def take(self) -> bool:
        """Take one token, if there is one."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class _Person:
    """Who writes in one conversation: a bucket for everything, one for looks at what is too much, and what was said lately.

    What cannot wait is looked for in a flood too, but not in all of it: a look takes milliseconds of everybody's time.
    """

    everything: Bucket
    urgent: Bucket
    flooding: bool = False
    judged: dict[Name, Verdict] = field(default_factory=dict)

    def judge(self, is_urgent: Callable[[], bool]) -> Verdict:
        """Say what becomes of one more arrival."""
        if self.flooding and self.everything.tokens >= max(1.0, REOPENS * self.everything.size):
            self.flooding = False
        if not self.flooding and self.everything.take():
            return Verdict.READ
        if self.urgent.take() and is_urgent():
            return Verdict.READ
        if self.flooding:
            return Verdict.DROP
        self.flooding = True
        return Verdict.TELL


class Limits:
    """Counts in memory. `per_minute`: messages of one conversation; `per_second`: of one channel; 0: without limit."""

    def __init__(self, *, per_minute: int = 0, per_second: int = 0) -> None:
        self._per_minute = per_minute
        self._per_second = per_second
        self._people: dict[str, _Person] = {}
        self._channels: dict[str, Bucket] = {}

    @property
    def remembered(self) -> int:
        """Count the conversations that are remembered."""
        return len(self._people)

    def admit(self, arrivals: Sequence[Arrival], now: datetime, world: World) -> Sequence[Arrival]:
        """Leave out what is too much from one person; the first of that becomes an event by which they are told."""
        if not self._per_minute:
            return arrivals
        admitted: list[Arrival] = []
        for arrival in arrivals:
            verdict = self._judge(arrival, now, world) if _is_counted(arrival) else Verdict.READ
            if verdict is Verdict.READ:
                admitted.append(arrival)
            elif verdict is Verdict.TELL:
                admitted.append(_flooded(arrival))
        return admitted

    def wait(self, arrivals: Sequence[Arrival], now: datetime, pages: Collection[str] = ()) -> float:
        """Give the seconds after which arrivals may be kept, for which there is room then.

        Errors: TooBusy for a channel among `pages` that would be kept waiting too long; nothing is taken then.
        """
        if not self._per_second:
            return 0.0
        counted = Counter(arrival.channel for arrival in arrivals if _is_counted(arrival))
        most = {channel: PATIENCE if channel in pages else math.inf for channel in counted}
        return max((self._take(channel, count, now, most[channel]) for channel, count in counted.items()), default=0.0)

    def _take(self, channel: str, count: int, now: datetime, at_most: float) -> float:
        bucket = self._channels.setdefault(channel, Bucket(self._per_second, self._per_second, now))
        bucket.fill(now)
        seconds = max(0.0, (count - bucket.tokens) / self._per_second)
        if seconds > at_most:
            raise TooBusy(seconds)
        bucket.tokens -= count
        return seconds

    def _judge(self, arrival: Arrival, now: datetime, world: World) -> Verdict:
        """Say what becomes of an arrival; of the same one that is handed in again, the same."""
        person = self._person(arrival.conversation, now)
        name = arrival.source, arrival.ext_id
        verdict = person.judged.get(name)
        if verdict is None:
            verdict = person.judged[name] = person.judge(lambda: bool(danger(str(arrival.body.get("text", "")), world)))
            if len(person.judged) > 4 * self._per_minute:
                del person.judged[next(iter(person.judged))]
        return verdict

    def _person(self, conversation: str, now: datetime) -> _Person:
        """Give a conversation's record as the newest, and forget those whose buckets are full again."""
        person = self._people.pop(conversation, None) or _Person(self._bucket(now), self._bucket(now))
        person.everything.fill(now)
        person.urgent.fill(now)
        self._people[conversation] = person
        while (oldest := next(iter(self._people))) != conversation:
            if len(self._people) <= MOST and (now - self._people[oldest].everything.at).total_seconds() <= MINUTE:
                break
            del self._people[oldest]
        return person

    def _bucket(self, now: datetime) -> Bucket:
        return Bucket(self._per_minute, self._per_minute / MINUTE, now)


def _is_counted(arrival: Arrival) -> bool:
    """Tell whether a person did this; staff and the engine itself are never limited."""
    at_desk = arrival.desk or arrival.case or arrival.channel == DESKS
    return not at_desk and not arrival.withdraws and arrival.body.get("event") in COUNTED


def _flooded(arrival: Arrival) -> Arrival:
    """Make the arrival one that tells of the flood, without anything that the person wrote."""
    body = arrival.body
    event = events.Flooded(
        at=arrival.at,
        hint=str(body.get("hint", "")),
        message="" if body.get("event") in ON_OURS else str(body.get("message", "")),
        thread=str(body.get("thread", "")),
        public=bool(body.get("public")),
    )
    return replace(arrival, body=events.to_json(event))
