"""The Channel contract over the terminal, in JSON and in plain mode: a person who types lines and reads what is printed.

A terminal differs from a messenger in five points, each of which replaces a test of the suite below: it opens the
conversation by itself and has no links, nobody hands in a line again (a fault of the store ends the chat), it has no limit
of length, plain input ends at the line's end, and plain output leaves out characters that have no shape of their own.
"""

import asyncio
import json
import queue
import unicodedata
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from itertools import count

import pytest

from bot.core.events import Opened, Said, from_json
from bot.platforms.terminal import TerminalChannel
from bot.ports import Arrival, Message, Option
from tests.contracts.channel import (
    LETTERS,
    MARKUP,
    ChannelContract,
    Inbox,
    Rig,
    Shown,
    delivery,
    message,
    until,
    words,
)


class Keyboard:
    """Lines that a person types; whoever asks for the next one has dealt with those before."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.asked = 0

    def type(self, line: str | None) -> None:
        """Type a line; None ends the input."""
        self._lines.put(line)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.asked += 1
        if (line := self._lines.get()) is None:
            raise StopIteration
        return line


class TerminalRig:
    """A person at a terminal."""

    def __init__(self, inbox: Inbox, *, as_json: bool) -> None:
        self._inbox = inbox
        self._as_json = as_json
        self._opening: list[Arrival] = []
        self._keyboard = Keyboard()
        self._screen = StringIO()
        self._numbers = count()
        self._options: tuple[str, ...] = ()
        self._seen: list[Shown] = []
        self.channel = TerminalChannel(
            lines=self._keyboard, out=self._screen, as_json=as_json, answered=self._answered, clock=lambda: datetime.now(UTC)
        )
        self.running = asyncio.create_task(self.channel.run(self._ingest))

    async def stop(self) -> None:
        """End the input and the channel."""
        self._keyboard.type(None)
        self.running.cancel()
        with suppress(asyncio.CancelledError, OSError):
            await self.running

    async def open(self, payload: str = "") -> None:
        """Let the opening through: a terminal opens the conversation when it starts, so it is held back until asked for."""
        assert payload == ""
        await until(lambda: bool(self._opening), "the opening")
        await self._inbox(self._opening)

    async def say(self, text: str) -> None:
        self._keyboard.type(json.dumps({"text": text}) + "\n" if self._as_json else f"{text}\n")

    async def choose(self, option: str) -> None:
        number = self._options.index(option) + 1
        self._keyboard.type(json.dumps({"choice": option}) + "\n" if self._as_json else f"{number}\n")

    async def repeat(self) -> bool:
        return False

    async def show(self, message: Message) -> str:
        row = replace(delivery(self.channel, message), key=f"k:{next(self._numbers)}")
        start = self._screen.tell()
        remote = await self.channel.send(row, message)
        self._seen.append(self._read(self._screen.getvalue()[start:]))
        self._options = tuple(option.id for option in message.options)
        return remote

    async def shown(self, count: int) -> Sequence[Shown]:
        await until(lambda: len(self._seen) >= count, f"{count} messages")
        return list(self._seen)

    @property
    def confirmed(self) -> int:
        return max(0, self._keyboard.asked - 1)

    async def _ingest(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
        assert cursor is None
        opening = [arrival for arrival in arrivals if isinstance(from_json(arrival.body, arrival.at), Opened)]
        self._opening += opening
        if others := [arrival for arrival in arrivals if arrival not in opening]:
            await self._inbox(others)

    async def _answered(self) -> None:
        """Whatever was said is answered by the test."""

    def _read(self, printed: str) -> Shown:
        """Read what was printed for one message: a line of JSON, or text with numbered options below."""
        if not self._as_json:
            return Shown(text=printed)
        [line] = printed.splitlines()
        row = json.loads(line)
        labels = [option["label"] for option in row["options"]]
        return Shown(text="\n".join([row["text"], *labels]), options=tuple(option["id"] for option in row["options"]))


class TerminalContract(ChannelContract):
    """What both modes share."""

    as_json: bool

    @pytest.fixture
    async def rig(self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
        """A person at a terminal that is wide enough for any word."""
        monkeypatch.setenv("COLUMNS", "300")
        rig = TerminalRig(inbox, as_json=self.as_json)
        yield rig
        await rig.stop()

    async def test_opening_arrives(self, rig: Rig, inbox: Inbox) -> None:
        """It opens the conversation by itself, before anything is typed; there are no links."""
        await rig.open()
        await rig.say("tere")
        events = await inbox.holds(2)
        assert [type(event) for event in events] == [Opened, Said]

    async def test_what_was_refused_comes_again(self, rig: Rig, inbox: Inbox) -> None:
        """A fault of the store ends the chat with the error: the line stands on the screen, and nobody repeats it."""
        inbox.failures = 1
        await rig.say("esimene")
        with pytest.raises(OSError, match="the store is away"):
            await rig.running
        assert rig.confirmed == 0

    async def test_a_long_message_is_shown_whole(self, rig: Rig) -> None:
        """A message of any length is shown whole: no word is lost or doubled."""
        text = " ".join(f"sõna{number}" for number in range(4000))
        await rig.show(message(text, options=(Option(id="menu", label="Menüü"),)))
        [shown] = await rig.shown(1)
        assert [word for word in words(shown.text) if word.startswith("sõna")] == words(text)


class TestJson(TerminalContract):
    """Lines of JSON, as scripts use them."""

    as_json = True


class TestPlain(TerminalContract):
    """Text, as people use it."""

    as_json = False

    async def test_a_choice_arrives(self, rig: Rig, inbox: Inbox) -> None:
        """The number of an option arrives as it was typed; what it means is the core's to say."""
        await rig.show(message("Which one?", options=(Option(id="a", label="A"), Option(id="b", label="B"))))
        await rig.choose("b")
        [event] = await inbox.holds(1)
        assert isinstance(event, Said)
        assert event.text == "2"

    @pytest.mark.parametrize("text", [text for text in (*MARKUP, *LETTERS) if "\n" not in text])
    async def test_any_text_arrives_unchanged(self, rig: Rig, inbox: Inbox, text: str) -> None:
        """Markup characters, emoji and any script arrive as they were typed, a line at a time."""
        await super().test_any_text_arrives_unchanged(rig, inbox, text)

    @pytest.mark.parametrize("text", [*MARKUP, *LETTERS])
    async def test_any_text_is_shown_as_written(self, rig: Rig, text: str) -> None:
        """A literal text is seen literally, without characters that only steer others (directions, joiners, marks)."""
        await rig.show(message(text))
        [shown] = await rig.shown(1)
        assert words(shown.text) == words("".join(c for c in text if unicodedata.category(c) != "Cf"))
