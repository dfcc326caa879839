"""The terminal as a channel, for editors, scripts and tests: the residents' road without a messenger.

Knows Rich and lines of JSON; decides nothing.
"""

import asyncio
import contextlib
import json
import re
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import TextIO

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from bot.core.events import Chose, Event, Opened, Said, to_json
from bot.errors import WrongUse
from bot.ports import Ability, Arrival, Delivery, Ingest, Message, Part, PartKind
from bot.render.markup import to_text

MAX_CHARS = 100_000
_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")


class TerminalChannel:
    """One conversation on standard input and output.

    With `as_json`, input lines are {"text": ...} or {"choice": id or number} and every message is one line of JSON. `answered`
    returns when everything said so far has been answered.
    """

    name = "terminal"
    ability = Ability(max_chars=MAX_CHARS, idempotent=True)

    def __init__(
        self,
        *,
        lines: Iterable[str],
        out: TextIO,
        as_json: bool,
        answered: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime],
        lang: str | None = None,
    ) -> None:
        self._lines = lines
        self._out = out
        self._as_json = as_json
        self._answered = answered
        self._clock = clock
        self._lang = lang
        self._console = Console(file=out, highlight=False)
        self._run = uuid.uuid4().hex
        self._numbers = count()
        self._shown: set[str] = set()

    async def run(self, ingest: Ingest) -> None:
        """Greet, then take line by line until the input ends."""
        if self._lang:
            await self._hand_in(ingest, Chose(at=self._clock(), option=f"lang:{self._lang}"), quiet=True)
        await self._hand_in(ingest, Opened(at=self._clock(), hint=self._lang or ""))
        lines = self._events()
        while (event := await _next(lines)) is not None:
            await self._hand_in(ingest, event)

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Print a message, once."""
        if delivery.key not in self._shown:
            self._shown.add(delivery.key)
            if not delivery.key.endswith(":quiet:0"):
                self._print(message)
        return delivery.key

    def _events(self) -> Iterator[Event]:
        for number, line in enumerate(self._lines, 1):
            if self._as_json:
                if line.strip():
                    yield read_line(line, number, self._clock())
            else:
                yield Said(at=self._clock(), text=_keepable(line.rstrip("\n")))

    async def _hand_in(self, ingest: Ingest, event: Event, *, quiet: bool = False) -> None:
        name = f"{self._run}:{next(self._numbers)}" + (":quiet" if quiet else "")
        await ingest(
            [
                Arrival(
                    source="terminal", ext_id=name, channel=self.name, conversation="terminal",
                    body=to_json(event), at=event.at,
                )
            ]
        )  # fmt: skip
        await self._answered()

    def _print(self, message: Message) -> None:
        if self._as_json:
            self._out.write(json.dumps(as_json(message), ensure_ascii=False) + "\n")
            self._out.flush()
            return
        for part in message.parts:
            self._console.print(dressed(part))
        if message.file is not None and not message.file.channel:
            self._console.print(Text(message.file.ref))
        for number, option in enumerate(message.options, 1):
            self._console.print(Text.assemble((f"{number:>3} ", "bold cyan"), option.label))
        self._console.print()


async def _next(events: Iterator[Event]) -> Event | None:
    """Wait for the next event in a thread that dies with the process: nobody can wake one that waits for a line."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Event | None] = loop.create_future()

    def settle(event: Event | None, error: Exception | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(event)
        else:
            found.set_exception(error)

    def read() -> None:
        event, error = None, None
        try:
            event = next(events, None)
        except Exception as raised:  # passed on to whoever waits
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop may have ended while we waited
            loop.call_soon_threadsafe(settle, event, error)

    threading.Thread(target=read, name="terminal", daemon=True).start()
    return await found


def read_line(line: str, number: int, at: datetime) -> Event:
    """Read one line of JSON input. Errors: WrongUse that names the line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"line {number} is not JSON: {error}") from error
    match row:
        case {"text": str(text)}:
            return Said(at=at, text=_keepable(text))
        case {"choice": str() | int() as choice} if not isinstance(choice, bool):
            return Chose(at=at, option=_keepable(str(choice)))
    raise WrongUse(f'line {number} must be {{"text": "..."}} or {{"choice": id or number}}')


def _keepable(text: str) -> str:
    """Replace what no database keeps: NUL and halves of surrogate pairs."""
    return _UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def as_json(message: Message) -> Mapping[str, object]:
    """Give a message as scripts read it."""
    return {
        "text": plain(message),
        "lang": message.lang,
        "topic": message.topic,
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "end": message.end,
    }


def plain(message: Message) -> str:
    """Give a message's text without markup."""
    return "\n\n".join(to_text(part.markdown) for part in message.parts)


def dressed(part: Part) -> Markdown | Panel:
    """Dress a part for Rich; control characters never reach the terminal."""
    text = "".join(c for c in part.markdown if c.isprintable() or c == "\n")
    body = Markdown(text, style="dim" if part.kind is PartKind.SOURCES else "none")
    return Panel(body, border_style="bold red") if part.kind is PartKind.CARD else body


class Collector:
    """A channel that asks questions, each in a conversation of its own, and keeps the answers: for `teejuht ask`."""

    name = "ask"
    ability = Ability(max_chars=MAX_CHARS, idempotent=True)

    def __init__(self, *, clock: Callable[[], datetime], lang: str | None = None, town: str | None = None) -> None:
        self._clock = clock
        self._lang = lang
        self._town = town
        self.answers: dict[str, dict[str, Message]] = {}

    async def run(self, ingest: Ingest) -> None:
        """Listen to nobody."""

    async def ask(self, ingest: Ingest, conversation: str, question: str) -> None:
        """Open a conversation and put the question."""
        now = self._clock()
        opening: list[Event] = [Opened(at=now, payload=self._town or "")]
        opening += [Chose(at=now, option=f"lang:{self._lang}")] if self._lang else []
        arrivals = [self._arrival(f"open:{conversation}:{n}", conversation, event) for n, event in enumerate(opening)]
        await ingest([*arrivals, self._arrival(conversation, conversation, Said(at=now, text=question))])

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Keep an answer under its conversation; what is said at the opening is of no interest here."""
        if not delivery.key.startswith("ask:open:"):
            self.answers.setdefault(delivery.lane, {})[delivery.key] = message
        return delivery.key

    def _arrival(self, ext_id: str, conversation: str, event: Event) -> Arrival:
        return Arrival(
            source="ask", ext_id=ext_id, channel=self.name, conversation=conversation, body=to_json(event), at=event.at
        )
