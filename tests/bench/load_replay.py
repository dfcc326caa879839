"""What the bot says to the same messages when nothing disturbs it: one process, a database in memory, one message at a time.

Answers under load are held against these word for word: a message that was handled twice, or upon what an earlier one had not
left yet, would mostly read otherwise.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from bot.core.world import World
from bot.engine import Engine
from bot.ports import Ability, Arrival, Delivery, Ingest, Message, Row, message_to_json
from bot.store import SqlStore
from tests.bench.load_bot import NAME, arrival
from tests.worlds import catalogs


class Listener:
    """A channel that only notes what it is given, by key."""

    name = NAME
    ability = Ability(max_chars=4000, buttons=True, idempotent=True)

    def __init__(self) -> None:
        """Begin with nothing."""
        self.said: dict[str, Row] = {}

    async def run(self, ingest: Ingest) -> None:
        """Hear nobody."""

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Note a message."""
        self.said[delivery.key] = message_to_json(message)
        return delivery.key


def replay(world: World, asked: Path, said: Path) -> None:
    """Answer the rows of a file, and write what was said by key to another one."""
    arrivals = [arrival(*row) for row in json.loads(asked.read_text())]
    said.write_text(json.dumps(asyncio.run(_answers(world, arrivals))))


async def _answers(world: World, arrivals: Sequence[Arrival]) -> dict[str, Row]:
    listener = Listener()
    store = await SqlStore.open("sqlite://")
    try:
        engine = Engine(store=store, world=lambda: world, catalogs=catalogs(), channels=[listener])
        await engine.ingest(arrivals)
        await engine.drain()
    finally:
        await store.close()
    return listener.said
