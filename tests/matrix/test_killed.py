"""The bot is killed between any two steps of a message's way from Matrix and back; started again it finishes what it began.

What happened is judged by the homeserver and by a person's client that is not ours, which outlive the bot: nothing is lost,
nothing is computed twice, nothing is shown twice, all stands in order, and what is encrypted is read without any warning.
"""

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from bot.store.migrate import upgrade
from tests.engine.moments import nothing
from tests.engine.processes import PATIENCE, UNDONE, ended, living, prepare, process, select, until
from tests.engine.small import small_world
from tests.matrix.kit import bot_account
from tests.matrix.life import Life, dying, live
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Synapse

AT_ONCE: Final = 5
"""Bots that live side by side, each with databases and an account of its own, and a person to talk to."""
EACH: Final = 26
STRIDE: Final = 9
"""The first moments are all tried, then every ninth: all of them, about 300, would take minutes."""
LEAST: Final = 150
"""A life has more moments than this."""
ENCRYPTED: Final = ("Tere!", "Library", "Which")
PLAIN: Final = ("Tere!", "Waste", "Kindergarten")
"""The first word of each answer in a room, in order."""
TALLIES: Final = {"answer": 3}
FIRST: Final = "1\ufe0f\u20e3"
"""The emoji that chooses an option."""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "bot.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@dataclass(slots=True)
class Talk:
    """What Ann says to one bot, in an encrypted room and in a plain one; `rooms` are these with the answers due there."""

    ann: Person
    bot: str
    rooms: dict[str, Sequence[str]] = field(default_factory=dict)

    async def hold(self) -> None:
        """Say everything, and return when Ann has read all answers."""
        await asyncio.gather(self._encrypted(), self._plain())

    async def _encrypted(self) -> None:
        room = await self._open(ENCRYPTED, encrypted=True)
        await self.ann.say(room, "where is library")
        library = (await self._read(room, 2))[1]
        await self.ann.react(room, library.id, FIRST)
        await self._read(room, len(ENCRYPTED))

    async def _plain(self) -> None:
        room = await self._open(PLAIN, encrypted=False)
        await self.ann.say(room, "where is waste")
        await self.ann.say(room, "where is kindergarten")
        await self._read(room, len(PLAIN))

    async def _open(self, answers: Sequence[str], *, encrypted: bool) -> str:
        room = await self.ann.open_direct(self.bot, encrypted=encrypted)
        self.rooms[room] = answers
        return room

    async def _read(self, room: str, number: int) -> list[Seen]:
        """Wait for so many answers in a room."""
        await self.ann.until(room, lambda _: len(self.shown(room)) >= number, f"{number} answers", PATIENCE)
        return self.shown(room)

    def shown(self, room: str) -> list[Seen]:
        """Give the bot's messages as Ann's client shows them."""
        return [message for message in self.ann.messages(room) if message.sender == self.bot]


@pytest.mark.untraced
async def test_killed_at_any_moment_it_loses_and_doubles_nothing(synapse: Synapse, migrated: Path, tmp_path: Path) -> None:
    """One moment after the other of a bot's life is its last, until one lives until everybody is answered."""
    # What a child needs is loaded before the clocks of the first ones tick.
    async with process(nothing) as first:
        await ended(first)
    small_world()
    moments = chain(range(1, EACH), count(EACH, STRIDE))
    codes: dict[int, int | None] = {}

    async def one_after_the_other() -> None:
        async with person(synapse, strict=True) as ann:
            while 0 not in codes.values():
                last = next(moments)
                file = prepare(migrated, tmp_path / str(last))
                life = Life(file=file, bot=await bot_account(synapse, file.parent))
                codes[last] = await two_lives(life, last, synapse, ann)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other())
    assert set(codes.values()) == {-signal.SIGKILL, 0}
    assert min(last for last, code in codes.items() if code == 0) > LEAST


async def two_lives(life: Life, last: int, server: Synapse, ann: Person) -> int | None:
    """Let a bot die at its moment `last` and another one finish; judge them, and give the exit code of the first."""
    talk = Talk(ann, life.bot.user)
    held = asyncio.create_task(talk.hold())
    async with process(dying, life, last) as bot:
        await asyncio.wait((held, death := asyncio.create_task(ended(bot))), return_when=asyncio.FIRST_COMPLETED)
        if not death.done():
            bot.terminate()
        await death
    async with living(live(life)):
        await held
        await until(lambda: not select(life.file, UNDONE))
    check(server, talk, life)
    return bot.exitcode


def check(server: Synapse, talk: Talk, life: Life) -> None:
    """Everything was computed once, and shown once, in order and to be trusted."""
    for room, expected in talk.rooms.items():
        assert [message.body.split()[0] for message in talk.shown(room)] == list(expected)
        assert sent(server, talk, room) == [message.id for message in talk.shown(room)]
        for message in talk.shown(room):
            assert message.trusted
            assert message.encrypted == (expected is ENCRYPTED)
    turns = {id: json.loads(state).get("turns") for id, state in select(life.file, "SELECT id, state FROM conversation")}
    assert turns == {f"matrix:{room}": len(expected) - 1 - (expected is ENCRYPTED) for room, expected in talk.rooms.items()}
    assert dict(select(life.file, "SELECT what, sum(n) FROM tally GROUP BY what")) == TALLIES


def sent(server: Synapse, talk: Talk, room: str) -> list[str]:
    """Ask the homeserver which messages it has from the bot in a room."""
    path = f"/_matrix/client/v3/rooms/{quote(room)}/messages?dir=f&limit=100"
    status, answer = server.request("GET", path, token=talk.ann.account.token)
    assert status == 200
    ours: list[Mapping[str, str]] = [event for event in answer["chunk"] if event["sender"] == talk.bot]
    return [event["event_id"] for event in ours if event["type"] in ("m.room.message", "m.room.encrypted")]
