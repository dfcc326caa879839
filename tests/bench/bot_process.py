"""A bot in a process of its own, and what it says that it has cost so far.

Knows how the process is started, asked and ended; not what the bot does. See `telling` for its far end.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.asking import Costs
from tests.bench.telling import METER
from tests.worlds import ROOT


@dataclass(frozen=True, slots=True)
class BotProcess:
    """A bot that runs."""

    process: asyncio.subprocess.Process
    log: Path
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)

    def check(self) -> None:
        """Look whether it runs. Errors: EOFError with its log."""
        if self.process.returncode is not None:
            raise EOFError(f"the bot has ended: {self.log.read_text()}")

    async def cost(self) -> Costs:
        """Ask what it has cost so far. Errors: EOFError with its log."""
        return await self._ask("")

    async def meter(self) -> None:
        """Have its parts metered from now on. Errors: EOFError with its log."""
        await self._ask(METER)

    async def _ask(self, line: str) -> Costs:
        assert self.process.stdin
        assert self.process.stdout
        async with self._line:
            self.process.stdin.write(f"{line}\n".encode())
            answer = await self.process.stdout.readline()
        if not answer:
            raise EOFError(f"the bot has ended: {self.log.read_text()}")
        told: Costs = json.loads(answer)
        return told


@asynccontextmanager
async def bot_process(module: str, *arguments: str, log: Path) -> AsyncIterator[BotProcess]:
    """Run a bot until left."""
    pipe = asyncio.subprocess.PIPE
    with log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe, stderr=errors, cwd=ROOT
        )
    try:
        yield BotProcess(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
