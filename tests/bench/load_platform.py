"""The platform that a bot under load serves, and the observer of what residents get there.

Hands messages out in batches, again and again until they are confirmed, as Telegram does; shows a message once for each key,
as Matrix does. Counts what no resident should see. Knows no bot: it would count the same for any other.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from bot.loops import Bell
from tests.bench.load_wire import HOST, LONGEST, encoded

BATCH: Final = 100
"""Messages that are handed out at once."""
KEPT: Final = 10
"""Of how many people one's talk is kept word for word."""
LONG_POLL: Final = 60.0
Shown: TypeAlias = Mapping[str, Any]
"""A message of the bot, as `bot.ports.message_to_json` writes it."""


class Closed(Exception):
    """Nobody writes any more."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """What a resident did: wrote (`said`), chose an option (`chose`) or came (`opened`).

    `at` is the time of day in UTC seconds; `handed` (out, first) and `answered` (in full) are seconds of the monotonic clock.
    """

    number: int
    person: str
    kind: str
    text: str
    hint: str
    at: float
    answer: "asyncio.Future[Shown]"
    handed: float = 0.0
    answered: float = 0.0

    def row(self) -> tuple[int, str, str, str, str, float]:
        """Give it as it is handed out."""
        return self.number, self.person, self.kind, self.text, self.hint, self.at


@dataclass(slots=True)
class Faults:
    """What is counted. `repeated` may happen: a message that came again under its own key, and was not shown again."""

    repeated: int = 0
    doubled: int = 0
    """Messages to a question that had its whole answer."""
    out_of_order: int = 0
    strange: int = 0
    """Messages that answer nothing that was asked, or go to somebody else, and apologies."""
    contested: int = 0
    """Times that a bot asked for messages while another one had not left off doing so; harmless where a lease was lost."""


@dataclass(slots=True)
class Platform:
    """Everything that was written and shown.

    `per_second`: how fast people may write until `hurry` is called; 0: as fast as they like. `lag`: seconds that it takes until a
    question for messages, and with it what it confirms, is here.
    """

    per_second: float = 0.0
    lag: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    """The platform's id of each message, by its key."""
    kept: dict[str, dict[str, Shown]] = field(default_factory=lambda: defaultdict(dict))
    """Of some people, by name, what they were shown, by key."""
    faults: Faults = field(default_factory=Faults)
    present: dict[int, int] = field(default_factory=dict)
    """The process of each bot that is connected, by connection."""
    answers: list[float] = field(default_factory=list)
    """When questions had their answers."""
    changed: Bell = field(default_factory=Bell)
    """Rings when a bot comes or goes or asks for messages, and when all is answered and nobody writes any more."""
    port: int = 0
    closed: bool = False
    _confirmed: int = 0
    _new: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _slot: float = 0.0
    _polls: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)
    """Of each bot that asks for messages, the last time it did."""
    _last: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def listened_to(self) -> bool:
        """Tell whether a bot asks for messages."""
        return bool(self._polls)

    @property
    def unanswered(self) -> int:
        """Count what has no answer yet."""
        return len(self.asked) - len(self.answers)

    def hurry(self) -> None:
        """Let everybody write as soon as they are answered."""
        self._hurry.set()

    def close(self) -> None:
        """Let nobody write any more."""
        self.closed = True
        self.hurry()

    async def say(self, person: str, kind: str, text: str, hint: str = "") -> Asked:
        """Write something when it is this person's turn. Errors: Closed."""
        await self._turn()
        if self.closed:
            raise Closed
        answer: asyncio.Future[Shown] = asyncio.get_running_loop().create_future()
        at = datetime.now(UTC).timestamp()
        asked = Asked(number=len(self.asked), person=person, kind=kind, text=text, hint=hint, at=at, answer=answer)
        self.asked.append(asked)
        self._new.set()
        return asked

    async def _turn(self) -> None:
        if not self._hurry.is_set():
            loop = asyncio.get_running_loop()
            self._slot = max(loop.time(), self._slot + 1 / self.per_second)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._slot):
                    await self._hurry.wait()

    # --- what a bot asks ---

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a bot until it hangs up or dies."""
        me = id(writer)
        try:
            with suppress(ConnectionError):
                while line := await reader.readline():
                    self._take(me, writer, json.loads(line))
        finally:
            self._leave(me)
            self.present.pop(me, None)
            self.changed.ring()
            writer.close()

    def _take(self, me: int, writer: asyncio.StreamWriter, request: Sequence[object]) -> None:
        match request:
            case ["hello", number, int(pid)]:
                self.present[me] = pid
                writer.write(encoded([number, None]))
                self.changed.ring()
            case ["poll", int(number), int(offset)]:
                self._leave(me)
                self.faults.contested += len(self._polls)
                self._polls[me] = asyncio.create_task(self._poll(writer, number, offset))
                self.changed.ring()
            case ["leave", _]:
                self._leave(me)
            case ["send", number, str(key), str(person), dict(message)]:
                writer.write(encoded([number, self.show(key, person, message)]))

    def _leave(self, me: int) -> None:
        if poll := self._polls.pop(me, None):
            poll.cancel()

    async def _poll(self, writer: asyncio.StreamWriter, number: int, offset: int) -> None:
        """Hand out what is not confirmed; everything before the offset is, for ever."""
        await asyncio.sleep(self.lag)
        self._confirmed = max(self._confirmed, offset)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONG_POLL):
                while len(self.asked) <= self._confirmed:
                    self._new.clear()
                    await self._new.wait()
        batch, now = self.asked[self._confirmed :][:BATCH], time.monotonic()
        for asked in batch:
            asked.handed = asked.handed or now
        writer.write(encoded([number, [asked.row() for asked in batch]]))

    def show(self, key: str, person: str, message: Shown) -> str:
        """Show a message of the bot, unless its key was shown before; give the platform's id of it."""
        if key in self.shown:
            self.faults.repeated += 1
            return self.shown[key]
        self.shown[key] = f"shown-{len(self.shown)}"
        _, number, part, *more = key.split(":")
        asked = self.asked[int(number)]
        if more or asked.person != person or not part.isdecimal():
            self.faults.strange += 1
        else:
            self._judge(asked, (int(number), int(part)))
        if person_kept(person):
            self.kept[person][key] = message
        if message["end"] and not asked.answered:
            asked.answered = time.monotonic()
            self.answers.append(asked.answered)
            asked.answer.set_result(message)
            if self.closed and not self.unanswered:
                self.changed.ring()
        return self.shown[key]

    def _judge(self, asked: Asked, place: tuple[int, int]) -> None:
        """Hold a message against what its person got before."""
        self.faults.doubled += bool(asked.answered)
        self.faults.out_of_order += place < self._last.get(asked.person, place)
        self._last[asked.person] = max(place, self._last.get(asked.person, place))


def person_kept(person: str) -> bool:
    """Tell whether a person's talk is kept; people are numbered."""
    return int(person.rpartition("-")[2]) % KEPT == 0


@asynccontextmanager
async def platform(per_second: float, lag: float) -> AsyncIterator[Platform]:
    """Serve on a free port until left; bots that are connected then see that it is over."""
    opened = Platform(per_second, lag)
    if not per_second:
        opened.hurry()
    server = await asyncio.start_server(opened.serve, HOST, 0, limit=LONGEST)
    opened.port = server.sockets[0].getsockname()[1]
    async with server:
        yield opened
