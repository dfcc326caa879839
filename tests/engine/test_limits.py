"""Limits in the running engine: what a flood leaves in the store, what the person reads, and what has to wait."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bot.core.events import Chose, Left, Opened
from bot.core.texts import TOO_FAST
from bot.engine import Engine, utc_now
from bot.errors import TooBusy
from bot.limits import Limits
from bot.ports import Ability, Arrival
from bot.store import SqlStore
from tests.engine.kit import NOW, Clock, Recorder, arrival, rows, said
from tests.engine.small import small_world
from tests.worlds import catalogs

BURST: Final = 5


@dataclass(slots=True)
class Bot:
    """The real engine with limits, on one channel."""

    engine: Engine
    town: Recorder
    clock: Clock = field(default_factory=Clock)

    async def answer(self, *arrivals: Arrival) -> list[str]:
        """Hand in arrivals at once, handle them, and give what was shown to them."""
        before = len(self.town.shown)
        await self.engine.ingest(arrivals)
        await self.engine.drain()
        return ["\n".join(part.markdown for part in message.parts) for _, message in self.town.shown[before:]]


@pytest.fixture
def bot(store: SqlStore, town: Recorder, clock: Clock) -> Bot:
    """An engine that reads five messages a minute."""
    limits = Limits(per_minute=BURST)
    engine = Engine(store=store, world=small_world, catalogs=catalogs(), channels=[town], clock=clock, limits=limits)
    return Bot(engine, town, clock)


def questions(count: int, first: int = 0, who: str = "ann") -> list[Arrival]:
    """So many questions of one person."""
    return [said(f"{who}-{number}", "where is library", who) for number in range(first, first + count)]


def pause(lang: str = "en") -> str:
    """The sentence that asks for a pause."""
    return catalogs().text(lang, TOO_FAST)


async def test_a_flood_is_answered_as_far_as_the_limit_and_then_once(bot: Bot) -> None:
    """The person reads that it was too much; after a minute everything is as before."""
    shown = await bot.answer(*questions(50))
    assert len(shown) == BURST + 1
    assert shown[-1] == pause()
    assert bot.town.topics("ann") == [*["library"] * BURST, None]
    assert await bot.answer(*questions(5, 100)) == []
    bot.clock.tick(60)
    assert len(await bot.answer(*questions(BURST, 200))) == BURST
    assert bot.town.topics("ann")[-BURST:] == ["library"] * BURST


async def test_of_what_is_too_much_nothing_is_kept(bot: Bot, file: Path) -> None:
    """No row and no word of it is in the file, and the row of the first has no text."""
    await bot.engine.ingest([said(f"k{number}", f"kanarbik-{number}") for number in range(BURST + 20)])
    kept = "\n".join(rows(file))
    assert all(f"kanarbik-{number}" in kept for number in range(BURST))
    assert not any(f"kanarbik-{number}" in kept for number in range(BURST, BURST + 20))
    assert len([row for row in rows(file) if row.startswith("inbox")]) == BURST + 1


async def test_the_others_are_answered_meanwhile(bot: Bot) -> None:
    """A flood of one person costs nobody else an answer."""
    shown = await bot.answer(*questions(200), *questions(3, who="bob"))
    assert bot.town.topics("bob") == ["library"] * 3
    assert len(shown) == BURST + 1 + 3


async def test_what_is_handed_in_again_after_an_error_changes_nothing(bot: Bot) -> None:
    """The same arrivals over and over are one flood, answered once."""
    flood = questions(BURST + 10)
    first = await bot.answer(*flood)
    for _ in range(5):
        assert await bot.answer(*flood) == []
    assert len(first) == BURST + 1
    bot.clock.tick(60)
    assert len(await bot.answer(*questions(BURST, 500))) == BURST


async def test_nothing_is_used_up_by_what_could_not_be_kept(bot: Bot, store: SqlStore) -> None:
    """While the database is away, the same messages are tried again and again, and then they are answered."""
    await store.close()
    for _ in range(BURST):
        with pytest.raises(RuntimeError):
            await bot.engine.ingest(questions(BURST))
    assert [one.body["event"] for one in bot.engine._limits.admit(questions(BURST), NOW, small_world())] == ["said"] * BURST


async def test_in_a_flood_a_crisis_gets_its_card(bot: Bot) -> None:
    """Who writes in fear writes many short messages."""
    await bot.answer(*questions(BURST + 1))
    [shown] = await bot.answer(said("help", "zzzsuicide"))
    assert "112" in shown
    assert await bot.answer(said("more", "where is library")) == []


async def test_taps_count_and_leaving_does_not(bot: Bot) -> None:
    """Who has blocked the bot is forgotten, however much they sent before."""
    taps = [arrival(f"t{number}", Chose(at=NOW, option="menu")) for number in range(BURST + 3)]
    assert (await bot.answer(arrival("o", Opened(at=NOW, hint="ru")), *taps))[-1] == pause("ru")
    await bot.answer(arrival("l", Left(at=NOW)))
    assert (await bot.engine.store.status(NOW)).conversations == 0


# --- the whole channel ------------------------------------------------------------------------------------------------


async def test_a_channel_that_brings_too_much_is_read_more_slowly(store: SqlStore, town: Recorder) -> None:
    """What is asked for is asked for later; everything is kept."""
    engine = Engine(
        store=store, world=small_world, catalogs=catalogs(), channels=[town], clock=utc_now, limits=Limits(per_second=40)
    )
    begun = time.monotonic()
    for part in range(3):
        await engine.ingest(questions(20, 20 * part))
    assert time.monotonic() - begun >= 0.4  # half a second, less what the clocks count differently
    assert (await store.status(utc_now())).waiting == 60


async def test_pages_are_told_to_come_again(store: SqlStore, clock: Clock) -> None:
    """Only so many wait; whoever is refused and comes again is answered."""
    page = Recorder(name="page", ability=Ability(max_chars=4000, pulled=True), clock=clock)
    engine = Engine(
        store=store, world=small_world, catalogs=catalogs(), channels=[page], clock=clock, limits=Limits(per_second=1)
    )
    posts = [said(f"p{number}", "where is library", f"w{number}", channel="page") for number in range(10)]
    found = await asyncio.gather(*(engine.ingest([post]) for post in posts), return_exceptions=True)
    refused = [post for post, error in zip(posts, found, strict=True) if isinstance(error, TooBusy)]
    assert [error for error in found if error and not isinstance(error, TooBusy)] == []
    assert len(refused) == 7
    clock.tick(60)
    await engine.ingest(refused[:1])
    assert (await store.status(NOW)).waiting == 4
