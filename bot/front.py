"""The channels and desks of an installation, of which one process at a time speaks to the outside.

Knows who serves what, and when; not what is said, nor what is done with what comes in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from bot.delivery import ToDesks, ToResidents
from bot.errors import ChannelError, StoreError
from bot.loops import Bell
from bot.outgoing import Outgoing
from bot.ports import DESKS, Channel, Ingest, Lease, Settled, StandsBy, Store

DESKS_AT_ONCE: Final = 8
TURN_SECONDS: Final = 0.5
"""Between two looks whether it is our turn."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Front:
    """Serves `channels`, and `desks` if there are any. `settled` is told how each try to deliver ended.

    `leading`: whether this process speaks to the outside now. `parts`: how each channel fares: served, stands by, or ended and
    why. `ended`: the channels that only the operator can mend.
    """

    store: Store
    channels: tuple[Channel, ...]
    desks: ToDesks | None
    clock: Callable[[], datetime]
    said: Bell
    ingest: Ingest
    settled: Callable[[str, Settled], None]
    leading: bool = False
    parts: dict[str, str] = field(default_factory=dict)
    ended: dict[str, ChannelError] = field(default_factory=dict)
    _outgoing: dict[str, Outgoing] = field(default_factory=dict)

    @property
    def spoken(self) -> tuple[Channel, ...]:
        """The channels that one process serves; pages, which pull, are served by all."""
        return tuple(channel for channel in self.channels if not channel.ability.pulled)

    async def lead(self, finish: Callable[[], Awaitable[None]]) -> None:
        """Serve what speaks to the outside whenever it is our turn, until it has ended by itself; then `finish`."""
        while True:
            lease = await self._turn()
            serving = asyncio.create_task(self._serve_all())
            losing = asyncio.create_task(lease.lost())
            try:
                await asyncio.wait((serving, losing), return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    serving.result()
                    await finish()
                    return
                log.error("the outside is left to another process", why="the database is gone, or was")
            finally:
                self.leading = False
                await end(serving, losing)
                await lease.give_back()

    async def serve(self, channel: Channel) -> None:
        """Listen to a channel and deliver to it; note the error that ended it if only the operator can mend that."""
        self.parts[channel.name] = "served"
        deliveries = [] if channel.ability.pulled else [asyncio.create_task(self._to(channel).run())]
        # A task that is cancelled before its first step does not even tidy up, and a channel may have nothing to hear.
        await asyncio.sleep(0)
        listening = asyncio.create_task(channel.run(self.ingest))
        try:
            await asyncio.wait((listening,))
        finally:
            # Deliveries first: a channel that has stopped listening has closed its connections too.
            await end(*deliveries)
            await end(listening)
        try:
            listening.result()
        except ChannelError as error:
            log.error("channel ended", channel=channel.name, why=str(error))
            self.ended[channel.name] = error
            self.parts[channel.name] = f"ended: {error}"

    async def send_due(self, channels: Iterable[Channel] | None = None) -> None:
        """Send what is due on these channels, or all, and at the desks."""
        for channel in self.spoken if channels is None else channels:
            await self._to(channel).send_due()
        if self.desks:
            await self._to_desks(self.desks).send_due()

    async def _turn(self) -> Lease:
        """Stand by until it is our turn."""
        self.parts |= dict.fromkeys((channel.name for channel in self.spoken), "stands by")
        standing = [asyncio.create_task(self._stand_by(channel)) for channel in self.spoken if isinstance(channel, StandsBy)]
        try:
            while True:
                with suppress(StoreError):
                    if (lease := await self.store.lead()) is not None:
                        self.leading = True
                        return lease
                await asyncio.sleep(TURN_SECONDS)
        finally:
            await end(*standing)

    async def _stand_by(self, channel: StandsBy) -> None:
        with suppress(ChannelError):  # it is said when it is our turn
            await channel.stand_by(self.ingest)

    async def _serve_all(self) -> None:
        desks = [asyncio.create_task(self._to_desks(self.desks).run())] if self.desks else []
        served = [asyncio.create_task(self.serve(channel)) for channel in self.spoken]
        await asyncio.sleep(0)
        try:
            done, _ = await asyncio.wait(served or desks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            # Desks first: they write through the channels.
            await end(*desks)
            await end(*served)

    def _to(self, channel: Channel) -> Outgoing:
        to = ToResidents(channel=channel, store=self.store, clock=self.clock)
        return self._out(channel.name, channel.ability.at_once, to)

    def _to_desks(self, desks: ToDesks) -> Outgoing:
        return self._out(DESKS, DESKS_AT_ONCE, desks)

    def _out(self, name: str, at_once: int, to: ToResidents | ToDesks) -> Outgoing:
        """Give what delivers: one for each name, which remembers from turn to turn what was in the air."""
        if name not in self._outgoing:
            self._outgoing[name] = Outgoing(
                name=name, at_once=at_once, bring=to.bring, lost=to.lost, ended=self.settled,
                store=self.store, clock=self.clock, said=self.said, ingest=self.ingest,
            )  # fmt: skip
        return self._outgoing[name]


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until they have tidied up."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
