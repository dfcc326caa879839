"""The far end of `bot_process`: a bot's process says what it has cost so far, a line of JSON for each line that comes in.

Knows the process and standard input and output. Must not know the bot, so that a bare echo's process stays bare.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

METER: Final = "meter"
"""The line by which a bot is asked to meter its parts from now on."""
NOTHING: Final[Mapping[str, float]] = {}


@dataclass(slots=True)
class Meter:
    """Seconds of CPU and of waiting that a part of the bot has taken."""

    cpu: float = 0.0
    wall: float = 0.0
    _begun: tuple[float, float] = (0.0, 0.0)

    def begin(self) -> None:
        """Begin to count, in this thread."""
        self._begun = time.thread_time(), time.perf_counter()

    def end(self) -> None:
        """Count what has passed since."""
        cpu, wall = self._begun
        self.cpu += time.thread_time() - cpu
        self.wall += time.perf_counter() - wall


async def tell(
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    counts: Mapping[str, float] = NOTHING,
    meter: Callable[[], Mapping[str, Meter]] = dict,
) -> None:
    """Work from the first line on until standard input ends; answer each. `meter` puts meters on the parts when asked for."""
    asked = asyncio.Event()

    async def run() -> None:
        await asked.wait()
        await work()

    task, loop = asyncio.create_task(run()), asyncio.get_running_loop()
    meters: dict[str, Meter] = {}

    def answer() -> None:
        line = sys.stdin.readline()
        if not line:
            task.cancel()
            return
        asked.set()
        if line.strip() == METER:
            meters.update(meter())
        told = {"process": spent_here()} | {name: {"cpu": part.cpu, "wall": part.wall} for name, part in meters.items()}
        sys.stdout.write(json.dumps(told | ({"requests": dict(counts)} if counts else {})) + "\n")
        sys.stdout.flush()

    loop.add_reader(sys.stdin.fileno(), answer)
    await asyncio.wait((task,))
    if not task.cancelled():
        task.result()


def spent_here() -> dict[str, float]:
    """Give what this process has spent so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter()}
