"""The Desk contract over Matrix: staff with a client that is not ours, a real Synapse, a plain and an encrypted room."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import pytest
import pytest_asyncio

from bot.platforms.matrix import MatrixDesk
from bot.platforms.matrix.desk import DONE
from tests.contracts.desk import WAIT, DeskContract, Posted, Trouble
from tests.matrix.offices import Office, working
from tests.matrix.proxy import Proxy
from tests.matrix.proxy import Trouble as Fault
from tests.matrix.stage import act
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Json, Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWS: Final = r"PUT \S*/send/m\.room\."
KINDS: Final = {"messages": ("m.room.message", "m.room.encrypted"), "reactions": ("m.reaction",)}


def answer(code: str, **more: object) -> str:
    """Write what a homeserver says to a request that fails."""
    return json.dumps({"errcode": code, "error": code, **more})


FAULTS: Final[dict[Trouble, list[Fault]]] = {
    Trouble.LATER: [Fault(request=SHOWS, status=429, body=answer("M_LIMIT_EXCEEDED", retry_after_ms=WAIT * 1000))],
    Trouble.DOWN: [Fault(request=SHOWS, status=502)],
    # The HTTP client itself tries once more where a line breaks.
    Trouble.BROKEN: [Fault(request=SHOWS, arrives=True)] * 2,
    Trouble.REFUSED: [Fault(request=SHOWS, status=413, body=answer("M_TOO_LARGE"))],
    Trouble.GONE: [Fault(request=SHOWS, status=403, body=answer("M_FORBIDDEN"))],
}


@dataclass(slots=True, kw_only=True)
class MatrixDeskRig:
    """A member of staff in a room of their own with the bot."""

    desk: MatrixDesk
    room: str
    ann: Person
    bot: str
    synapse: Synapse
    proxy: Proxy
    needs: Sequence[str] = ("messages", "reactions")
    troubles: frozenset[Trouble] = frozenset(Trouble)
    _levels: Json = field(default_factory=dict)

    @property
    def largest_file(self) -> int:
        told = act(self.synapse, self.ann.account, "GET", "../v1/media/config")
        return int(told["m.upload.size"])

    def fail(self, trouble: Trouble) -> None:
        self.proxy.troubles += FAULTS[trouble]

    async def take(self, need: str) -> None:
        path = f"rooms/{quote(self.room)}/state/m.room.power_levels/"
        levels = act(self.synapse, self.ann.account, "GET", path)
        levels["events"] |= dict.fromkeys(KINDS[need], 100)
        act(self.synapse, self.ann.account, "PUT", path, levels)

    async def seen(self, thread: str, count: int) -> Sequence[Posted]:
        await self.ann.until(self.room, lambda _: len(self._in(thread)) >= count, f"{count} messages of the thread")
        return [await self._posted(message) for message in self._in(thread)]

    async def threads(self) -> int:
        await self._catch_up()
        return len([message for message in self._ours() if not message.thread])

    async def closed(self, thread: str) -> bool:
        await self._catch_up()
        found = [one for one in self.ann.reactions(self.room) if (one.event, one.key) == (thread, DONE)]
        assert len(found) < 2
        return bool(found)

    def _ours(self) -> list[Seen]:
        return [message for message in self.ann.messages(self.room) if message.sender == self.bot]

    def _in(self, thread: str) -> list[Seen]:
        return [message for message in self._ours() if thread in (message.id, message.thread)]

    async def _posted(self, message: Seen) -> Posted:
        assert message.readable
        if message.kind != "m.file":
            return Posted(id=message.id, text=message.body)
        content = await self.ann.fetch(self.room, message.id)
        return Posted(id=message.id, text="", files=((message.content["filename"], content),))

    async def _catch_up(self) -> None:
        """Wait until everything that has happened is seen: what staff write last comes last."""
        last = await self.ann.say(self.room, "so far")
        await self.ann.until(self.room, lambda messages: messages[-1].id == last, "the last message")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A member of staff."""
    async with person(synapse) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot for all of these, with a room and a desk of its own for each test."""
    async with working(synapse, tmp_path_factory.mktemp("bot")) as office:
        yield office


async def new_rig(office: Office, ann: Person, synapse: Synapse, *, encrypted: bool) -> MatrixDeskRig:
    """Open a desk in a room of its own."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    return MatrixDeskRig(desk=desk, room=room, ann=ann, bot=office.stage.user, synapse=synapse, proxy=office.proxy)


class TestPlain(DeskContract):
    """A room that is not encrypted."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def rig(self, office: Office, ann: Person, synapse: Synapse) -> MatrixDeskRig:
        """Staff in such a room."""
        return await new_rig(office, ann, synapse, encrypted=False)


class TestEncrypted(DeskContract):
    """A room that is encrypted."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def rig(self, office: Office, ann: Person, synapse: Synapse) -> MatrixDeskRig:
        """Staff in such a room."""
        return await new_rig(office, ann, synapse, encrypted=True)
