"""The Channel contract over Matrix: a person with a client that is not ours, a real Synapse, a plain and an encrypted room."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bot.core.events import Opened
from bot.platforms.matrix import MatrixChannel
from bot.platforms.matrix.inbound import OPTIONS
from bot.ports import Message
from tests.contracts.channel import ChannelContract, Inbox, Rig, Shown, running
from tests.matrix.kit import Bot, bot_account, matrix, row
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")


class MatrixRig:
    """A person in a room with the bot."""

    def __init__(self, channel: MatrixChannel, bot: Bot, ann: Person, inbox: Inbox) -> None:
        self.channel = channel
        self._bot = bot
        self._ann = ann
        self._inbox = inbox
        self._said: list[str] = []
        self._shown = 0
        self._stack = AsyncExitStack()

    async def start(self, *, encrypted: bool) -> None:
        """Run the channel until it has joined the person's room, and begin to count then."""
        self.running = await self._stack.enter_async_context(running(self.channel, self._inbox))
        self.room = await self._ann.open_direct(self._bot.user, encrypted=encrypted)
        [opened] = await self._inbox.holds(1)
        assert isinstance(opened, Opened)
        self._inbox.arrivals.clear()

    async def stop(self) -> None:
        """Stop the channel."""
        await self._stack.aclose()

    @property
    def confirmed(self) -> int:
        read = self._ann.read_up_to(self.room, self._bot.user)
        return self._said.index(read) + 1 if read in self._said else 0

    async def open(self, payload: str = "") -> None:
        await self.say(f"!start {payload}".strip())

    async def say(self, text: str) -> None:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            return  # no program can send it: there is no UTF-8 for it
        self._said.append(await self._ann.say(self.room, text))

    async def choose(self, option: str) -> None:
        message = self._ours()[-1]
        options: list[str] = message.content[OPTIONS]
        self._said.append(await self._ann.react(self.room, message.id, f"{options.index(option) + 1}\ufe0f\u20e3"))

    async def repeat(self) -> bool:
        return False

    async def show(self, message: Message) -> str:
        self._shown += 1
        return await self.channel.send(row(f"matrix:{self.room}", message, key=f"k:{self._shown}"), message)

    async def shown(self, count: int) -> Sequence[Shown]:
        await self._ann.until(self.room, lambda _: len(self._ours()) >= count, f"{count} messages")
        return [Shown(text=message.body) for message in self._ours()]

    def _ours(self) -> list[Seen]:
        return [message for message in self._ann.messages(self.room) if message.sender == self._bot.user and message.readable]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """One person for all of these, in a new room each time."""
    async with person(synapse) as somebody:
        yield somebody


class TestPlain(ChannelContract):
    """A room that is not encrypted."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def rig(self, synapse: Synapse, ann: Person, inbox: Inbox, tmp_path: Path) -> AsyncIterator[Rig]:
        """A person in such a room."""
        bot = await bot_account(synapse, tmp_path)
        rig = MatrixRig(matrix(bot), bot, ann, inbox)
        await rig.start(encrypted=False)
        yield rig
        await rig.stop()


class TestEncrypted(ChannelContract):
    """A room that is encrypted."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def rig(self, synapse: Synapse, ann: Person, inbox: Inbox, tmp_path: Path) -> AsyncIterator[Rig]:
        """A person in such a room."""
        bot = await bot_account(synapse, tmp_path)
        rig = MatrixRig(matrix(bot), bot, ann, inbox)
        await rig.start(encrypted=True)
        yield rig
        await rig.stop()
