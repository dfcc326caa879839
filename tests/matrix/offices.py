"""A bot at work for staff: its desks, a room each, and what stands between it and the homeserver.

Knows how a desk is opened. Knows nothing of what is tested.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Refused
from bot.platforms.matrix import MatrixDesk
from bot.ports import Fetch, File
from tests.matrix.outage import through_proxy
from tests.matrix.proxy import Proxy
from tests.matrix.stage import Stage, becomes
from tests.peers.matrix_person import Person
from tests.peers.synapse import Synapse


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A bot with its desks by their rooms; `files` are those that other channels hold, by what they are called there."""

    stage: Stage
    desks: dict[str, str]
    proxy: Proxy
    files: dict[str, bytes] = field(default_factory=dict)

    async def open_desk(self, ann: Person, *, encrypted: bool) -> tuple[MatrixDesk, str]:
        """Make a room, say that it is a desk, and have the bot come; return the desk and the room."""
        room, name = await ann.open_room([], encrypted=encrypted), f"town-{len(self.desks)}/matrix"
        self.desks[room] = name
        await ann.invite(room, self.stage.user)
        await becomes(ann, room, self.stage.user, "join")
        await ann.say(room, "here we work")
        await self.stage.desk_hears(name, 1)
        self.stage.inbox.arrivals.clear()
        return MatrixDesk(name=name, room=room, channel=self.stage.channel), room


@asynccontextmanager
async def working(server: Synapse, folder: Path) -> AsyncIterator[Office]:
    """Run a bot until left."""
    desks, files = dict[str, str](), dict[str, bytes]()
    async with through_proxy(server, folder) as (bot, proxy):
        stage = Stage(bot, desks=desks, fetch=holding(files))
        await stage.start()
        try:
            yield Office(stage=stage, desks=desks, proxy=proxy, files=files)
        finally:
            await stage.stop()


def holding(files: Mapping[str, bytes]) -> Fetch:
    """Fetch from what is held."""

    async def fetch(file: File) -> bytes:
        if file.ref not in files:
            raise Refused("gone")
        return files[file.ref]

    return fetch
