"""How many messages the whole bot answers, beside a bare echo: `python -m tests.bench.telegram [--json] [--quick]`.

Ours is engine, store, real knowledge and channel; the echo is python-telegram-bot's Application, with its default and with
concurrent_updates=True. All talk to the emulator in this process, which also plays the people: what counts is when
Telegram has an answer.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Final

from rich.console import Console

from tests.bench.asking import PATIENCE, Costs, Question, ask_steadily, keep_asking, rota, titles
from tests.bench.bot_process import BotProcess, bot_process
from tests.bench.rows import Row, medians, parts
from tests.bench.telegram_table import show
from tests.bench.telling import spent_here
from tests.peers.bot_api import BotApi, bot_api
from tests.worlds import KNOWLEDGE

OURS: Final = "ours"
ECHOES: Final = ("echo", "echo, concurrent")
LIMITED: Final = ("ours, paced", "echo, limited")
PEOPLE: Final = 200
AT_ONCE: Final = 50
PER_SECOND: Final = 50
WIDTH: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure: rounds of so many messages, seconds of steady writing, and messages under Telegram's limits."""

    rounds: int = 3
    messages: int = 1000
    steady: float = 10.0
    limited: int = 400
    questions: int = 300
    knowledge: Path = KNOWLEDGE
    home: str = "kohtla-jarve"


QUICK: Final = Plan(rounds=1, messages=150, steady=1.5, limited=60, questions=60)


@dataclass(slots=True)
class Rig:
    """A bot in its process, the Telegram it talks to, and who waits there for an answer."""

    api: BotApi
    bot: BotProcess
    waiting: dict[int, "asyncio.Future[float]"] = field(default_factory=dict)
    people: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    async def listens(self) -> None:
        """Have the bot work and wait until it asks for messages. Errors: EOFError if it has ended."""
        await self.bot.cost()
        ended = self.bot.process
        await self.api.until(lambda: bool(self.api.polls) or ended.returncode is not None, "a bot listens", PATIENCE)
        self.bot.check()

    async def watch(self) -> None:
        """Tell those who wait when their answer has come."""
        seen = 0
        while True:
            for call in self.api.calls[seen:]:
                if call.method == "sendMessage" and (waits := self.waiting.pop(call.params["chat_id"], None)):
                    waits.set_result(call.at)
            seen = len(self.api.calls)
            await self.api.bell.heard()

    async def ask(self, who: int, question: Question) -> float:
        """Ask and give the seconds until Telegram had an answer. Errors: TimeoutError."""
        answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.waiting[who] = answered
        begun = time.monotonic()
        await self.api.say(who, question.text, lang=question.lang)
        return await asyncio.wait_for(answered, PATIENCE) - begun

    async def cost(self) -> Costs:
        """Give what the bot and the emulator have cost so far. Errors: EOFError if the bot has ended."""
        return {**await self.bot.cost(), "emulator": spent_here()}

    async def keep_asking(self, questions: Sequence[Question], messages: int) -> Row:
        """Let people who were not here before ask, each again once answered, so many at once."""
        people = rota([next(self.people) for _ in range(PEOPLE)], questions)
        refused = len(self.api.refused)
        row = await keep_asking(self, people, messages, at_once=AT_ONCE)
        return row | {"refused": len(self.api.refused) - refused}

    async def ask_steadily(self, questions: Sequence[Question], seconds: float) -> Row:
        """Let people who were not here before ask at a steady pace, whether or not others are answered."""
        turns = zip(self.people, itertools.cycle(questions), strict=False)
        refused = len(self.api.refused)
        row = await ask_steadily(self, turns, int(seconds * PER_SECOND), per_second=PER_SECOND)
        return row | {"refused": len(self.api.refused) - refused}


@asynccontextmanager
async def bot(kind: str, number: int, home: Path, plan: Plan) -> AsyncIterator[Rig]:
    """Run a bot with a Telegram of its own until left."""
    async with bot_api(token=f"{number}:BENCH", validate=False) as api:
        api.limits = kind in LIMITED
        arguments = (kind, api.url, api.token, str(home), str(plan.knowledge), plan.home)
        async with bot_process("tests.bench.telegram_bots", *arguments, log=home / "log") as process:
            rig = Rig(api, process)
            watch = asyncio.create_task(rig.watch())
            try:
                yield rig
            finally:
                watch.cancel()


@asynccontextmanager
async def bots(kinds: Sequence[str], folder: Path, plan: Plan) -> AsyncIterator[dict[str, Rig]]:
    """Run bots side by side until left."""
    async with AsyncExitStack() as stack:
        rigs: dict[str, Rig] = {}
        for number, kind in enumerate(kinds, 1):
            rigs[kind] = await stack.enter_async_context(bot(kind, number, Path(mkdtemp(dir=folder)), plan))
        await asyncio.gather(*(rig.listens() for rig in rigs.values()))
        yield rigs


async def single(rig: Rig, questions: Sequence[Question]) -> list[Question]:
    """Ask each question once, for warmth, and give those that are answered in a single message."""
    chats = {next(rig.people): question for question in questions}
    waiting = iter(chats.items())

    async def one() -> None:
        for chat, question in waiting:
            await rig.ask(chat, question)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    await asyncio.sleep(1.0)
    counts = Counter(call.params["chat_id"] for call in rig.api.calls if call.method == "sendMessage")
    return [question for chat, question in chats.items() if counts[chat] == 1]


async def bench(plan: Plan) -> dict[str, Any]:
    """Measure everything."""
    rows: dict[str, list[Row]] = {}
    steady: dict[str, list[Row]] = {}
    asked = titles(plan.knowledge, plan.home, plan.questions)
    gc.freeze()
    with TemporaryDirectory() as folder:
        async with bots((OURS, *ECHOES), Path(folder), plan) as rigs:
            questions = await single(rigs[OURS], asked)
            for kind in ECHOES:
                await single(rigs[kind], questions)
            for turn in range(plan.rounds):
                for kind in list(rigs)[:: -1 if turn % 2 else 1]:
                    rows.setdefault(kind, []).append(await rigs[kind].keep_asking(questions, plan.messages))
                    steady.setdefault(kind, []).append(await rigs[kind].ask_steadily(questions, plan.steady))
            await rigs[OURS].bot.meter()
            metered = await rigs[OURS].keep_asking(questions, plan.messages)
        async with bots(LIMITED, Path(folder), plan) as rigs:
            limited = {kind: [await rig.keep_asking(questions, plan.limited)] for kind, rig in rigs.items()}
    told = _told(plan, len(questions), *map(medians, (rows, steady, limited)))
    return {**told, "parts": parts(metered, "telegram")}


def _told(plan: Plan, questions: int, rows: dict[str, Row], steady: dict[str, Row], limited: dict[str, Row]) -> dict[str, Any]:
    """Put together what was found; `ratio` is ours beside the faster of the two echoes."""
    faster = max(ECHOES, key=lambda kind: rows[kind]["messages_per_s"])
    speed = rows[OURS]["messages_per_s"]
    return {
        "ratio": round(speed / rows[faster]["messages_per_s"], 3),
        "faster_echo": faster,
        "ratio_to_default_echo": round(speed / rows[ECHOES[0]]["messages_per_s"], 3),
        "messages_per_s": speed,
        "echo_per_s": rows[faster]["messages_per_s"],
        "p50_ms": steady[OURS]["p50_ms"],
        "p99_ms": steady[OURS]["p99_ms"],
        "closed": rows,
        "steady": steady,
        "limited": limited,
        "plan": {"rounds": plan.rounds, "messages": plan.messages, "steady_s": plan.steady, "questions": questions},
        "load_average": os.getloadavg(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.telegram", description="Measure the whole bot beside an echo.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="a trial: one short round")
    asked = parser.parse_args()
    with suppress(KeyboardInterrupt):
        found = asyncio.run(bench(QUICK if asked.quick else Plan()))
        if asked.json:
            sys.stdout.write(json.dumps(found, indent=1) + "\n")
        else:
            show(found, Console() if sys.stdout.isatty() else Console(width=WIDTH))


if __name__ == "__main__":
    main()
