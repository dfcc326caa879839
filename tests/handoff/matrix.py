"""Residents and staff in Matrix: a direct chat with the bot, and a thread in the desk's room.

Knows what people see and do there, with a client that is not ours.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.platforms.matrix.desk import DONE
from bot.platforms.matrix.inbound import OPTIONS
from tests.handoff.shown import Eyes, Shown, flat
from tests.peers.matrix_person import Person
from tests.peers.matrix_seen import Seen

KEYCAPS: Final = 9
"""Options that a reaction can choose."""


@dataclass(slots=True)
class OnMatrix:
    """Somebody in a direct chat in Matrix."""

    person: Person
    room: str
    bot: str
    eyes: Eyes = field(init=False)
    edits = True
    deletes = True
    page = False

    def __post_init__(self) -> None:
        self.eyes = Eyes(self._look)

    @property
    def accounts(self) -> Sequence[str]:
        """The user, the name before the server, and the room."""
        return self.person.user, self.person.user[1:].partition(":")[0], self.room

    async def say(self, text: str) -> str:
        """Write a message and give its id."""
        return await self.person.say(self.room, text)

    async def choose(self, option: str) -> None:
        """React with the number of the option."""
        message = [seen for seen in self._seen() if option in options_of(seen)][-1]
        await self.person.react(self.room, message.id, keycap(options_of(message).index(option)))

    async def edit(self, message: str, text: str) -> None:
        """Put other words in the place of a message."""
        await self.person.say(self.room, text, edit_of=message)

    async def delete(self, message: str) -> None:
        """Redact a message."""
        await self.person.redact(self.room, message)

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Upload a file, encrypted where the room is."""
        await self.person.send_file(self.room, name, media_type, content, caption)

    async def content(self, shown: Shown) -> bytes:
        """Download the file of a message and decrypt it."""
        return await self.person.fetch(self.room, shown.id)

    def everything(self) -> str:
        """Give the contents of all events of the bot's."""
        return json.dumps([dict(seen.content) for seen in self._seen()], ensure_ascii=False)

    def _seen(self) -> list[Seen]:
        return [seen for seen in self.person.messages(self.room) if seen.sender == self.bot and seen.readable]

    async def _look(self) -> list[Shown]:
        return [in_matrix(seen) for seen in self._seen()]


@dataclass(slots=True)
class InMatrix:
    """Somebody in the desk's room."""

    person: Person
    room: str
    bot: str
    root: str = ""
    eyes: Eyes = field(init=False)
    edits = True
    deletes = True

    def __post_init__(self) -> None:
        self.eyes = Eyes(self._look)

    @property
    def name(self) -> str:
        """Give the name before the server, which a display name is at first."""
        return self.person.user[1:].partition(":")[0]

    @property
    def accounts(self) -> Sequence[str]:
        """The user, and the name."""
        return self.person.user, self.name

    async def open(self, code: str, *expected: str) -> Shown:
        """Wait for the card, which is where the thread begins."""

        def cards() -> list[Seen]:
            ours = [seen for seen in self.person.messages(self.room) if seen.sender == self.bot and not seen.thread]
            return [seen for seen in ours if re.search(rf"\b{code}\b", seen.body)]

        await self.person.until(self.room, lambda _: bool(cards()), f"a card for {code}", 20)
        [card] = cards()
        self.root = card.id
        return await self.eyes.next(code, *expected)

    async def told(self, *expected: str) -> Shown:
        """Read the next message in the thread."""
        return await self.eyes.next(*expected)

    async def confirmed(self, *expected: str) -> None:
        """Read the next message in the thread."""
        await self.told(*expected)

    async def reads(self, text: str) -> Shown:
        """Read the next message in the thread."""
        return await self.eyes.next(text)

    async def sees(self, text: str, *, instead_of: str) -> None:
        """Read the message anew."""
        await self.eyes.next(text)
        assert not await self.eyes.shows(instead_of)

    async def claim(self) -> None:
        """React to the card with the number of the option."""
        await self.tap("case:claim")

    async def tap(self, option: str) -> None:
        """React to the latest message with an option."""
        message = [seen for seen in self._messages() if option in options_of(seen)][-1]
        await self.person.react(self.room, message.id, keycap(options_of(message).index(option)))

    async def say(self, text: str) -> str:
        """Write in the thread."""
        return await self.person.say(self.room, text, thread=self.root)

    async def note(self, text: str) -> None:
        """Write the command."""
        await self.say(f"!note {text}")

    async def send_topic(self, query: str) -> None:
        """Write the command."""
        await self.say(f"!saada {query}")

    async def close(self) -> None:
        """Write the command."""
        await self.say("!close")

    async def is_done(self) -> bool:
        """Look for the mark below the card."""
        marks = [mark for mark in self.person.reactions(self.room) if mark.event == self.root and mark.sender == self.bot]
        return [mark.key for mark in marks] == [DONE]

    async def edit(self, message: str, text: str) -> None:
        """Edit a message."""
        await self.person.say(self.room, text, edit_of=message)

    async def delete(self, message: str) -> None:
        """Redact a message."""
        await self.person.redact(self.room, message)

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Upload a file into the thread."""
        await self.person.send_file(self.room, name, media_type, content, caption, thread=self.root)

    async def content(self, shown: Shown) -> bytes:
        """Download the file of a message."""
        return await self.person.fetch(self.room, shown.id)

    async def everything(self) -> str:
        """Give the contents of all events of the bot's in the thread."""
        return json.dumps([dict(seen.content) for seen in self._messages()], ensure_ascii=False)

    def _messages(self) -> list[Seen]:
        seen = [seen for seen in self.person.messages(self.room) if seen.sender == self.bot and seen.readable]
        return [one for one in seen if self.root in (one.id, one.thread)]

    async def _look(self) -> list[Shown]:
        return [in_matrix(seen) for seen in self._messages()]


def in_matrix(seen: Seen) -> Shown:
    """Read a message as a careful client shows it, without any warning."""
    assert seen.trusted, seen
    has_file = seen.kind in ("m.image", "m.file")
    return Shown(
        id=seen.id, text=flat(seen.body), options=tuple(options_of(seen)), file=seen.content["filename"] if has_file else ""
    )


def options_of(seen: Seen) -> list[str]:
    """Give the ids of the options below a message."""
    return list(seen.content.get(OPTIONS, ()))


def keycap(place: int) -> str:
    """Give the emoji of an option."""
    assert place < KEYCAPS
    return f"{place + 1}\ufe0f\u20e3"
