"""The whole bot around a channel, in a process of its own, with meters on its parts when they are asked for.

Knows engine, store and knowledge. Must not know which platform the channel serves.
"""

import gc
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine as Sql
from sqlalchemy import Pool, event

from bot import app
from bot.content import Content
from bot.engine import Engine
from bot.knowledge.load import Library
from bot.ports import Channel, Outcome, Turn
from bot.store import SqlStore
from bot.store.migrate import upgrade
from tests.bench.telling import NOTHING, Meter, tell
from tests.worlds import catalogs

OPERATOR: Final = {"operator": "Kohtla-Järve"}
Say: TypeAlias = Callable[[str, str], str]
"""Gives a sentence that stands around a chat, in a language."""


@dataclass(slots=True)
class Metered:
    """Awaits a call and meters the CPU of its own steps, and how long it was awaited."""

    call: Coroutine[Any, Any, Any]
    meter: Meter

    def __await__(self) -> Generator[Any, Any, Any]:
        begun, sent, thrown = time.perf_counter(), None, None
        try:
            while True:
                cpu = time.thread_time()
                try:
                    waits = self.call.throw(thrown) if thrown else self.call.send(sent)
                finally:
                    self.meter.cpu += time.thread_time() - cpu
                thrown = None
                try:
                    sent = yield waits
                except BaseException as error:
                    thrown = error
        except StopIteration as end:
            return end.value
        finally:
            self.meter.wall += time.perf_counter() - begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """What of a library's client to meter: the calls that answers wait for, and what it does beside them."""

    client: type
    calls: tuple[str, ...]
    beside: tuple[str, ...]

    def meter(self, calls: Meter, beside: Meter) -> None:
        """Meter them from now on."""
        for names, meter in ((self.calls, calls), (self.beside, beside)):
            for name in names:
                setattr(self.client, name, _metered(getattr(self.client, name), meter))


async def serve(
    library: Library,
    folder: Path,
    channel: Callable[[Say, SqlStore], Channel],
    methods: Methods,
    counts: Mapping[str, float] = NOTHING,
) -> None:
    """Serve the knowledge over a channel, from a SQLite file, while `tell` works; meters cost a tenth of the speed."""
    app.set_up_logs(verbose=False)
    content = Content(library.load(), catalogs())
    library.finish()
    gc.freeze()
    database = f"sqlite:///{folder / 'bot.sqlite'}"
    upgrade(database)
    store = await SqlStore.open(database, serve=True)
    made = channel(lambda lang, id: content.catalogs.text(lang, id, OPERATOR), store)
    engine = Engine(store=store, world=lambda: content.world, catalogs=content.catalogs, channels=[made])

    def meter() -> Mapping[str, Meter]:
        meters = {name: Meter() for name in ("transactions", "answering", "calls", "beside")}
        event.listen(Sql, "begin", lambda _: meters["transactions"].begin())
        event.listen(Pool, "checkin", lambda *_: meters["transactions"].end())
        _meter_answers(engine, meters["answering"])
        methods.meter(meters["calls"], meters["beside"])
        return meters

    await tell(engine.run, counts=counts, meter=meter)
    await store.close()


def _metered(method: Callable[..., Coroutine[Any, Any, Any]], meter: Meter) -> Callable[..., Awaitable[Any]]:
    async def call(*args: object, **kwargs: object) -> object:
        return await Metered(method(*args, **kwargs), meter)

    return call


def _meter_answers(engine: Engine, meter: Meter) -> None:
    compute = engine.compute

    def metered(turn: Turn) -> Outcome:
        meter.begin()
        try:
            return compute(turn)
        finally:
            meter.end()

    engine.compute = metered  # type: ignore[method-assign]
