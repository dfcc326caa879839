"""The bots that serve a platform under load: kept at their number, killed at will, and what they cost.

Knows processes. Knows nothing of what a bot does.
"""

import asyncio
import json
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.bench.load_people import Phrases
from tests.worlds import ROOT

LOG: Final = "log"
PHRASES: Final = "phrases.json"
"""What the nursery leaves in its folder."""
TICK: Final = os.sysconf("SC_CLK_TCK")
AGAIN: Final = 0.2
"""Seconds until a bot that has ended by itself is started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a bot ended: its exit code, seconds of CPU and the most memory."""

    code: int
    cpu: float
    rss_mb: float


@dataclass(slots=True)
class Nursery:
    """The process that forks bots."""

    process: asyncio.subprocess.Process
    folder: Path
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _born: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)
    _ends: dict[int, "asyncio.Future[End]"] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.get_running_loop().create_future())
    )
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def log(self) -> str:
        """Give what bots have logged."""
        return (self.folder / LOG).read_text()

    async def phrases(self) -> Phrases:
        """Give what people may ask, once the knowledge is read."""
        await self._ready.wait()
        return Phrases(**json.loads((self.folder / PHRASES).read_text()))

    async def bear(self, **life: str | int) -> int:
        """Start a bot and give its process; `load_nursery` says what it may do."""
        assert self.process.stdin
        async with self._one:
            self.process.stdin.write(json.dumps(life).encode() + b"\n")
            return await self._born.get()

    async def end(self, pid: int) -> End:
        """Wait until a bot has ended."""
        return await self._ends[pid]

    async def listen(self) -> None:
        """Hear what becomes of bots. Errors: EOFError with its log if the nursery itself has ended."""
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            match json.loads(line):
                case {"ready": _}:
                    self._ready.set()
                case {"born": pid}:
                    self._born.put_nowait(pid)
                case {"ended": pid, "code": code, "cpu": cpu, "rss_mb": peak}:
                    self._ends[pid].set_result(End(code=code, cpu=cpu, rss_mb=peak))
        raise EOFError(f"no bots can be started: {self.log}")


@dataclass(slots=True)
class Crew:
    """So many bots on one database and one platform; whoever ends is replaced."""

    nursery: Nursery
    database: str
    port: int
    kills: int = 0
    exits: int = 0
    """Bots that have ended without being killed."""
    living: set[int] = field(default_factory=set)
    rss_mb: float = 0.0
    _cpu: float = 0.0
    """Of those that have ended."""
    _over: bool = False

    async def keep(self) -> None:
        """Keep one more bot alive until the platform hangs up."""
        while not self._over:
            pid = await self.nursery.bear(database=self.database, port=self.port)
            self.living.add(pid)
            if self._over:
                os.kill(pid, signal.SIGKILL)
            end = await self.nursery.end(pid)
            self.living.discard(pid)
            self._cpu += end.cpu
            self.rss_mb = max(self.rss_mb, end.rss_mb)
            if end.code != -signal.SIGKILL and not self._over:
                self.exits += 1
                await asyncio.sleep(AGAIN)

    def kill(self, pid: int) -> None:
        """Kill a bot."""
        os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def cpu(self) -> float:
        """Give the seconds of CPU that all bots have taken so far."""
        return self._cpu + sum(map(_cpu_of, self.living))

    def end(self) -> None:
        """Replace nobody any more, and kill who is left."""
        self._over = True
        for pid in self.living:
            os.kill(pid, signal.SIGKILL)


def _cpu_of(pid: int) -> float:
    with suppress(FileNotFoundError):  # it has ended, and we are about to hear of it
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    return 0.0


def busy() -> float:
    """Give the seconds of CPU that the whole machine has spent at work."""
    first, *_ = Path("/proc/stat").read_text().splitlines()
    user, nice, system, _idle, _waiting, *others = map(int, first.split()[1:8])
    return (user + nice + system + sum(others)) / TICK


@asynccontextmanager
async def nursery(knowledge: Path, home: str, folder: Path) -> AsyncIterator[Nursery]:
    """Run a nursery until left; it begins with reading the knowledge."""
    pipe = asyncio.subprocess.PIPE
    command: list[Any] = [sys.executable, "-m", "tests.bench.load_nursery", knowledge, home, folder]
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT)
    begun = Nursery(process, folder)
    try:
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(begun.listen())
            yield begun
            listening.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def crew(nursery: Nursery, database: str, port: int, processes: int) -> AsyncIterator[Crew]:
    """Keep so many bots alive until left."""
    made = Crew(nursery, database, port)
    async with asyncio.TaskGroup() as group:
        for _ in range(processes):
            group.create_task(made.keep())
        try:
            yield made
        finally:
            made.end()
