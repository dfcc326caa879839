"""What the engine's tests share: a clock to set, a channel that notes what it is given, arrivals, a look into the file."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.core.events import Event, Said, to_json
from bot.core.world import World
from bot.engine import Engine, Watch
from bot.loops import Bell
from bot.ports import Ability, Arrival, Channel, Delivery, Ingest, Message, Retention, Store
from tests.engine.small import small_world
from tests.worlds import catalogs

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PATIENCE: Final = 20.0


@dataclass(slots=True)
class Clock:
    """A clock that stands still until somebody moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class Recorder:
    """A channel whose outside is this list: notes every attempt, then does what `troubles` has for it.

    `troubles` holds, for a lane, what its next sends raise, one each; None lets one through. A lane in `held` is not
    answered until its event is set. `hears` is handed in when the channel runs; without `ends` it then listens for ever.
    """

    name: str = "town"
    ability: Ability = field(default_factory=lambda: Ability(max_chars=4000))
    clock: Callable[[], datetime] = field(default_factory=Clock)
    hears: Sequence[Arrival] = ()
    ends: bool = False
    troubles: dict[str, list[Exception | None]] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    tried: list[tuple[Delivery, datetime]] = field(default_factory=list)
    shown: list[tuple[str, Message]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, ingest: Ingest) -> None:
        """Hand in what there is, then listen."""
        await ingest(self.hears)
        if not self.ends:
            await asyncio.Event().wait()

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Note the attempt and do as the test wants."""
        self.tried.append((delivery, self.clock()))
        self._changed.set()
        if delivery.lane in self.held:
            await self.held[delivery.lane].wait()
        if (troubles := self.troubles.get(delivery.lane)) and (trouble := troubles.pop(0)):
            raise trouble
        self.shown.append((delivery.lane, message))
        self._changed.set()
        return f"remote-{delivery.id}"

    def topics(self, lane: str) -> list[str | None]:
        """Give the topics shown in a lane, in order."""
        return [message.topic for where, message in self.shown if where == lane]

    def keys(self, lane: str) -> list[str]:
        """Give the keys of all attempts in a lane, in order."""
        return [delivery.key for delivery, _ in self.tried if delivery.lane == lane]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something of what is noted here is so."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


def arrival(ext_id: str, event: Event, conversation: str = "ann", *, channel: str = "town") -> Arrival:
    """Something that happened outside."""
    return Arrival(source="bot", ext_id=ext_id, channel=channel, conversation=conversation, body=to_json(event), at=event.at)


def said(ext_id: str, text: str, conversation: str = "ann", *, channel: str = "town", at: datetime = NOW) -> Arrival:
    """A message of a person."""
    return arrival(ext_id, Said(at=at, text=text), conversation, channel=channel)


def poison(ext_id: str, conversation: str = "ann", *, hint: str = "") -> Arrival:
    """An arrival that no version of ours can read: handling it raises, always."""
    body = {"event": "no-such-thing", "hint": hint}
    return Arrival(source="bot", ext_id=ext_id, channel="town", conversation=conversation, body=body, at=NOW)


def engine(
    store: Store,
    *channels: Channel,
    clock: Callable[[], datetime] | None = None,
    world: Callable[[], World] = small_world,
    keep: Retention | None = None,
    watch: Watch | None = None,
    said: Bell | None = None,
) -> Engine:
    """Build the real engine over the small knowledge."""
    return Engine(
        store=store, world=world, catalogs=catalogs(), channels=channels, clock=clock or Clock(), keep=keep,
        watch=watch, said=said,
    )  # fmt: skip


def rows(file: Path) -> list[str]:
    """Give every row of every table of a SQLite file as text."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = [" ".join([table, *map(_written, row)]) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    connection.close()
    return found


def _written(cell: object) -> str:
    """Give a cell as a person would read it: JSON is stored with escapes."""
    try:
        return json.dumps(json.loads(str(cell)), ensure_ascii=False)
    except ValueError:
        return str(cell)
