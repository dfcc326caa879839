"""A bot whose power goes at a given moment: the real engine over a file of messages, run by `test_killed`.

Knows what the outside does: it hands in what is not confirmed, again and again, and keeps what it was sent.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, Pool, event

from bot.content import Content
from bot.core.events import Said, to_json
from bot.ports import Ability, Arrival, Delivery, Ingest, Message
from bot.private import private_engine
from tests.engine.kit import NOW
from tests.engine.small import TOPICS, small_world
from tests.worlds import catalogs

BATCH: Final = 2
PEOPLE: Final = ("ann", "bob", "ann", "ann", "eve", "bob")
SUBJECTS: Final = ("library", "waste", "waste", "kindergarten", "library", "library")
ASKED: Final = tuple(zip("012345", PEOPLE, SUBJECTS, strict=True))
"""Numbered messages of several conversations, each with the topic that answers it."""


def nothing() -> None:
    """Let the moment pass."""


class FileChannel:
    """Reads messages from the confirmed offset on, as Telegram's are read; writes what is sent, with its key, to a file."""

    name = "file"
    ability = Ability(max_chars=4000)

    def __init__(self, folder: Path, moment: Callable[[], None]) -> None:
        """Read and write in the folder; `moment` is called between any two steps."""
        self._offset = folder / "offset"
        self._sent = folder / "sent"
        self._moment = moment

    async def run(self, ingest: Ingest) -> None:
        """Hand in batch after batch, confirming each only once it is safe."""
        while batch := ASKED[(start := self._confirmed()) : start + BATCH]:
            self._moment()
            await ingest([self._arrival(*asked) for asked in batch])
            self._moment()
            self._confirm(start + len(batch))

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Add a line to what the outside has got, and see that it stays there."""
        self._moment()
        line = json.dumps({"key": delivery.key, "lane": delivery.lane, "topic": message.topic}) + "\n"
        file = os.open(self._sent, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, line.encode())
        os.fsync(file)
        os.close(file)
        self._moment()
        return delivery.key

    def _confirmed(self) -> int:
        return int(self._offset.read_text()) if self._offset.exists() else 0

    def _confirm(self, offset: int) -> None:
        new = self._offset.with_suffix(".new")
        new.write_text(str(offset))
        new.replace(self._offset)

    def _arrival(self, number: str, conversation: str, topic: str) -> Arrival:
        body = to_json(Said(at=NOW, text=f"where is {TOPICS[topic].en}"))
        return Arrival(source="file", ext_id=number, channel=self.name, conversation=conversation, body=body, at=NOW)


async def live(folder: Path, moment: Callable[[], None] = nothing) -> None:
    """Run the bot on the folder until everything is answered."""
    content = Content(small_world(), catalogs())
    channels: Sequence[FileChannel] = [FileChannel(folder, moment)]
    url = f"sqlite:///{folder / 'bot.sqlite'}"
    async with private_engine(content, channels, lambda *_: moment(), url=url) as engine:
        await engine.run()


def dying(folder: Path, last: int) -> None:
    """Live, with a moment before and after each transaction, in each computation, and around each send; die at the last."""
    left = last

    def moment() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "commit", lambda _: moment())
    event.listen(Pool, "checkin", lambda *_: moment())
    asyncio.run(live(folder, moment))
