"""A bot under load: the real engine, store and knowledge around a channel to the platform of the bench.

Knows how a bot is put together. Must not know who writes, nor when it will be killed.
"""

import asyncio
import os
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from bot import app
from bot.core.events import Chose, Event, Opened, Said, to_json
from bot.core.world import World
from bot.engine import Engine
from bot.errors import StoreError, Unreachable
from bot.loops import Patience
from bot.ports import Ability, Arrival, Delivery, Ingest, Message, message_to_json
from bot.store import SqlStore
from tests.bench.load_wire import Line
from tests.worlds import catalogs

NAME: Final = "load"
Update: TypeAlias = tuple[int, str, str, str, str, float]
"""A message as the platform hands it out; see `arrival`."""
STORE_WAIT: Final = 2.0
"""Longest wait for our own database, as on Telegram."""


class LineChannel:
    """Serves the platform at the end of a line."""

    name = NAME
    ability = Ability(max_chars=4000, buttons=True, idempotent=True)

    def __init__(self, line: Line) -> None:
        """Talk over an open line."""
        self._line = line

    async def run(self, ingest: Ingest) -> None:
        """Take batch after batch, confirming each only once it is safe."""
        offset, patience = 0, Patience(NAME)
        try:
            while True:
                rows = cast(list[Update], await self._line.ask("poll", offset))
                try:
                    await ingest([arrival(*row) for row in rows])
                except StoreError as error:
                    await patience.bad(type(error).__name__, at_most=STORE_WAIT)
                    continue
                patience.good()
                offset = rows[-1][0] + 1 if rows else offset
        finally:
            self._line.tell("leave")

    async def send(self, delivery: Delivery, message: Message) -> str:
        """Show a message and give the platform's id of it. Errors: Unreachable."""
        try:
            shown = await self._line.ask("send", delivery.key, delivery.conversation, message_to_json(message))
        except ConnectionError as error:
            raise Unreachable(type(error).__name__) from error
        return str(shown)


def arrival(number: int, person: str, kind: str, text: str, hint: str, at: float) -> Arrival:
    """Read what the platform hands out."""
    time = datetime.fromtimestamp(at, UTC)
    events: dict[str, Event] = {
        "opened": Opened(at=time, hint=hint),
        "said": Said(at=time, text=text, hint=hint),
        "chose": Chose(at=time, option=text),
    }
    return Arrival(source=NAME, ext_id=str(number), channel=NAME, conversation=person, body=to_json(events[kind]), at=time)


async def live(world: World, database: str, port: int) -> None:
    """Serve the platform from a database until it hangs up. Errors: whatever ends the bot."""
    app.set_up_logs(verbose=False)
    line = await Line.open(port)
    listening = asyncio.create_task(line.listen())
    store = await SqlStore.open(database, serve=True)
    engine = Engine(store=store, world=lambda: world, catalogs=catalogs(), channels=[LineChannel(line)])
    serving = asyncio.create_task(engine.run())
    try:
        await line.ask("hello", os.getpid())
        await asyncio.wait((listening, serving), return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    finally:
        serving.cancel()
        await asyncio.wait((serving,))
        line.close()
        await store.close()
