"""One run of the bench under load: a database, so many bots, residents who write all the time, and what is done to them.

Knows when what is measured. Knows neither what residents write nor how a bot is made.
"""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

from bot.store.migrate import upgrade
from tests.bench.load_crew import Crew, Nursery, busy, crew
from tests.bench.load_people import live
from tests.bench.load_platform import Asked, Platform, person_kept, platform
from tests.bench.load_postgres import Server
from tests.bench.telling import spent_here
from tests.worlds import KNOWLEDGE

SQLITE: Final = "sqlite"
POSTGRES: Final = "postgres"
TEMPLATE: Final = "load_template"
PATIENCE: Final = 90.0
"""Seconds without any answer after which what is not answered is lost; longer than a claim holds."""
SETTLE: Final = 0.5
"""Seconds after the last answer in which another one would come."""
LAG: Final = 0.02
"""Seconds that a question for messages takes where bots are killed, so that they are between keeping and confirming too."""
SEED: Final = 20
Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure: people at once; seconds of steady writing, of warming up and of the run; kills and outages."""

    people: int = 200
    per_second: float = 50.0
    steady: float = 10.0
    warm: float = 3.0
    seconds: float = 20.0
    processes: Sequence[tuple[str, int]] = ((SQLITE, 1), (POSTGRES, 1), (POSTGRES, 2), (POSTGRES, 4))
    killed: Sequence[tuple[str, int]] = ((SQLITE, 1), (POSTGRES, 1), (POSTGRES, 2), (POSTGRES, 4))
    kills: int = 12
    between: tuple[float, float] = (0.3, 2.0)
    """Seconds from kill to kill, at least and at most."""
    outages: Sequence[int] = (1, 2)
    """Processes that PostgreSQL is taken away from."""
    away: float = 30.0
    knowledge: Path = KNOWLEDGE
    home: str = "kohtla-jarve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """What all runs share."""

    plan: Plan
    nursery: Nursery
    server: Server
    folder: Path

    def prepare(self) -> None:
        """Make an empty database of each kind to copy."""
        upgrade(f"sqlite:///{self.folder / TEMPLATE}")
        upgrade(self.server.postgres.create(TEMPLATE))

    def database(self, kind: str, name: str) -> str:
        """Make an empty database and give its address."""
        if kind == POSTGRES:
            return self.server.postgres.create(name, template=TEMPLATE)
        folder = self.folder / name
        folder.mkdir()
        return f"sqlite:///{shutil.copy(self.folder / TEMPLATE, folder / 'bot.sqlite')}"


@dataclass(slots=True)
class Load:
    """Bots and the residents who write to them."""

    platform: Platform
    crew: Crew
    random: Random = field(default_factory=lambda: Random(SEED))

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something of the bots. Errors: TimeoutError with their log."""
        ear = self.platform.changed.listen()
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen: {self.crew.nursery.log}")
            await ear.wait(1.0)

    async def kill_one(self) -> None:
        """Kill a bot that is at work."""
        await self.until(lambda: bool(self.present), "a bot at work")
        self.crew.kill(self.random.choice(self.present))

    @property
    def present(self) -> list[int]:
        """Give the bots that are alive and connected."""
        return [pid for pid in self.platform.present.values() if pid in self.crew.living]

    def answered_since(self, moment: float) -> bool:
        """Tell whether anything was answered after a moment."""
        return bool(self.platform.answers) and self.platform.answers[-1] > moment

    async def finish(self) -> None:
        """Let nobody write any more and wait for what is not answered, as long as answers come."""
        self.platform.close()
        ear, begun = self.platform.changed.listen(), time.monotonic()
        while self.platform.unanswered and time.monotonic() < max(begun, self.platform.answers[-1]) + PATIENCE:
            await ear.wait(1.0)
        await asyncio.sleep(SETTLE)


@asynccontextmanager
async def load(
    rig: Rig, kind: str, processes: int, name: str, *, per_second: float = 0.0, lag: float = 0.0
) -> AsyncIterator[Load]:
    """Have residents write to so many bots until left."""
    url, phrases = rig.database(kind, name), await rig.nursery.phrases()
    async with platform(per_second, lag) as far, crew(rig.nursery, url, far.port, processes) as bots:
        begun = Load(far, bots)
        await begun.until(lambda: len(begun.present) == processes and far.listened_to, "all bots at work")
        people = asyncio.create_task(live(rig.plan.people, far, phrases, SEED))
        try:
            yield begun
        finally:
            people.cancel()
            await asyncio.wait((people,))


async def run(rig: Rig, kind: str, processes: int) -> Row:
    """Measure so many bots: first at a steady pace, then as fast as they answer."""
    plan, steady = rig.plan, Row()
    async with load(rig, kind, processes, f"run_{kind}_{processes}", per_second=plan.per_second) as begun:
        far = begun.platform
        await asyncio.sleep(plan.steady / 5)
        await _measured(begun, lambda: asyncio.sleep(plan.steady), steady)
        far.hurry()
        await asyncio.sleep(plan.warm)
        row = await _measured(begun, lambda: asyncio.sleep(plan.seconds), _bots(kind, processes))
        await begun.finish()
        row |= {f"steady_{name}": steady[name] for name in ("messages_per_s", "p50_ms", "p99_ms", "cpu_ms")}
    return await _judged(rig, begun, row)


async def run_killed(rig: Rig, kind: str, processes: int) -> Row:
    """Kill bots at random moments while people write as fast as they are answered, and go on a little."""
    plan = rig.plan

    async def kill() -> None:
        for _ in range(plan.kills):
            await asyncio.sleep(begun.random.uniform(*plan.between))
            await begun.kill_one()
        await asyncio.sleep(plan.between[1])

    async with load(rig, kind, processes, f"killed_{kind}_{processes}", lag=LAG) as begun:
        await asyncio.sleep(plan.warm)
        row = await _measured(begun, kill, _bots(kind, processes))
        await begun.finish()
    return await _judged(rig, begun, row)


async def run_outage(rig: Rig, processes: int) -> Row:
    """Take PostgreSQL away for a while; `recovery_s` is from when it takes connections again to the first new answer."""
    plan, back = rig.plan, 0.0

    async def interrupt() -> None:
        nonlocal back
        await asyncio.to_thread(rig.server.stop)
        await asyncio.sleep(plan.away)
        await asyncio.to_thread(rig.server.start)
        back = time.monotonic()
        await begun.until(lambda: begun.answered_since(back), "an answer")
        await asyncio.sleep(plan.warm)

    async with load(rig, POSTGRES, processes, f"outage_{processes}", lag=LAG) as begun:
        await asyncio.sleep(plan.warm)
        row = await _measured(begun, interrupt, _bots(POSTGRES, processes) | {"seconds": plan.away})
        await begun.finish()
        row["recovery_s"] = round(next(at for at in begun.platform.answers if at > back) - back, 2)
    return await _judged(rig, begun, row)


def _bots(kind: str, processes: int) -> Row:
    return {"database": kind, "processes": processes}


async def _measured(begun: Load, work: Callable[[], Awaitable[None]], row: Row) -> Row:
    """Fill a row with what was answered while something was done, how fast and at what cost.

    `other_cpus`: how many processors all others kept busy meanwhile, PostgreSQL among them.
    """
    cpu, here, machine, start = begun.crew.cpu(), spent_here()["cpu"], busy(), time.monotonic()
    await work()
    await begun.until(lambda: begun.answered_since(start), "an answer")
    seconds = time.monotonic() - start
    cpu, here, machine = begun.crew.cpu() - cpu, spent_here()["cpu"] - here, busy() - machine
    answered = [asked for asked in begun.platform.asked if start <= asked.answered < start + seconds]
    took = sorted((asked.answered - asked.handed) * 1000 for asked in answered)
    row |= {
        "messages_per_s": round(len(took) / seconds, 1),
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[len(took) * 99 // 100], 1),
        "cpu_ms": round(cpu / len(took) * 1000, 2),
        "platform_cpu_ms": round(here / len(took) * 1000, 2),
        "other_cpus": round((machine - cpu - here) / seconds, 2),
        "silence_s": round(_silence(answered, start, start + seconds), 2),
    }
    return row


def _silence(answered: Sequence[Asked], start: float, end: float) -> float:
    """Give the longest time in which nobody was answered."""
    times = [start, *sorted(asked.answered for asked in answered), end]
    return max(later - earlier for earlier, later in pairwise(times))


async def _judged(rig: Rig, ended: Load, row: Row) -> Row:
    """Add what was counted over the whole run."""
    far, bots = ended.platform, ended.crew
    differ, compared = await _differing(rig, far)
    counts = {"messages": len(far.asked), "kills": bots.kills, "exits": bots.exits, "lost": far.unanswered}
    told = {"differ": differ, "compared": compared, "rss_mb": round(bots.rss_mb)}
    return row | counts | asdict(far.faults) | told


async def _differing(rig: Rig, far: Platform) -> tuple[int, int]:
    """Have the kept talks held again with nothing to disturb them; give how many messages differ, and of how many."""
    asked, said = rig.folder / "asked.json", rig.folder / "said.json"
    asked.write_text(json.dumps([one.row() for one in far.asked if person_kept(one.person)]))
    end = await rig.nursery.end(await rig.nursery.bear(asked=str(asked), said=str(said)))
    if end.code:
        raise EOFError(f"the talks cannot be held again: {rig.nursery.log}")
    expected: dict[str, Any] = json.loads(said.read_text())
    shown = {key: message for talk in far.kept.values() for key, message in talk.items()}
    keys = expected.keys() | shown.keys()
    return sum(expected.get(key) != shown.get(key) for key in keys), len(keys)
