"""How many messages the whole bot answers on Matrix, beside a bare echo: `python -m tests.bench.matrix [--json] [--quick]`.

Ours is engine, store, real knowledge and channel; the echo is matrix-nio's client as its documentation shows it, and once more
with a task for each message. All are on one Synapse, which is what is slow; what counts is when a person's client has an answer.
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
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, Final, TypeAlias

from rich.console import Console

from tests.bench.asking import PATIENCE, SETTLE, Costs, Question, ask_steadily, keep_asking, rota, titles
from tests.bench.bot_process import BotProcess, bot_process
from tests.bench.matrix_people import People, encrypted_people, plain_people
from tests.bench.matrix_table import show
from tests.bench.rows import Row, medians, parts
from tests.bench.telling import spent_here
from tests.peers.synapse import Account, Synapse, synapse
from tests.worlds import KNOWLEDGE

OURS: Final = "ours"
ECHOES: Final = ("echo", "echo, concurrent")
STAT: Final = "/proc/{}/stat"
WIDTH: Final = 140
Rounds: TypeAlias = dict[str, list[Row]]
"""What was measured of each bot, round after round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure: rounds of so many messages in so many rooms, and seconds of steady writing."""

    rounds: int = 3
    rooms: int = 30
    messages: int = 180
    steady: float = 8.0
    per_second: float = 6.0
    encrypted_rooms: int = 6
    encrypted: int = 36
    questions: int = 150
    knowledge: Path = KNOWLEDGE
    home: str = "kohtla-jarve"


QUICK: Final = Plan(rounds=1, rooms=6, messages=18, steady=1.0, encrypted_rooms=2, encrypted=4, questions=12)


@dataclass(slots=True)
class Rig:
    """A bot in its process, the people in rooms with it, and the homeserver between them."""

    bot: BotProcess
    people: People
    account: Account
    synapse: int
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def listens(self) -> None:
        """Have the bot work until it has read what was there, and people know it. Errors: EOFError if it ended, TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            # The second sync is asked for when the first one has been dealt with.
            while True:
                if (await self.bot.cost())["requests"]["sync"] >= 2:
                    break
                await asyncio.sleep(0.1)
        await self.people.know(self.account)

    async def ask(self, who: str, question: Question) -> float:
        """Ask in a room, once all before is answered there; give the seconds until the answer. Errors: TimeoutError."""
        begun = time.monotonic()
        async with self._turns.setdefault(who, asyncio.Lock()), asyncio.timeout(PATIENCE):
            answered = self.people.answers.next(who)
            await self.people.write(who, question.text)
            return await answered - begun

    async def cost(self) -> Costs:
        """Give what bot, homeserver and people have cost so far, and the answers. Errors: EOFError if the bot has ended."""
        spent = {"people": spent_here(), "synapse": {"cpu": cpu_of(self.synapse)}}
        return {**await self.bot.cost(), **spent, "rooms": {"answers": self.people.answers.counts.total()}}

    async def keep_asking(self, questions: Sequence[Question], messages: int) -> Row:
        """Let somebody in each room ask, again once answered."""
        people = rota(self.people.rooms, questions)
        row = await keep_asking(self, people, messages, at_once=len(people))
        return row | {"answers": row["answers_rooms"]}

    async def ask_steadily(self, questions: Sequence[Question], seconds: float, per_second: float) -> Row:
        """Let people ask at a steady pace, in one room after the other."""
        turns = ((room, next(asked)) for room, asked in itertools.cycle(rota(self.people.rooms, questions)))
        row = await ask_steadily(self, turns, int(seconds * per_second), per_second=per_second)
        return row | {"answers": row["answers_rooms"]}

    async def single(self, questions: Sequence[Question]) -> list[Question]:
        """Ask each question once, for warmth, and give those that are answered in a single message."""
        langs = {room: next(asked).lang for room, asked in rota(self.people.rooms, questions)}
        left, found = {lang: [q for q in questions if q.lang == lang] for lang in langs.values()}, list[Question]()
        while any(left.values()):
            asked = {room: left[lang].pop() for room, lang in langs.items() if left[lang]}
            before = Counter(self.people.answers.counts)
            await asyncio.gather(*(self.ask(room, question) for room, question in asked.items()))
            await asyncio.sleep(SETTLE)
            found += [question for room, question in asked.items() if self.people.answers.counts[room] == before[room] + 1]
        return found


def cpu_of(process: int) -> float:
    """Give the seconds of CPU that a process has used."""
    # The name in front may hold spaces.
    fields = Path(STAT.format(process)).read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A homeserver on which bots and people are put until the stack is left."""

    server: Synapse
    folder: Path
    plan: Plan
    stack: AsyncExitStack

    async def start(self, kind: str, account: Account) -> BotProcess:
        """Start a bot, which works when it is first asked what it has cost."""
        home = Path(mkdtemp(dir=self.folder))
        arguments = [self.server.url, account.user, account.password, str(home)]
        if kind == OURS:
            command = ["tests.bench.matrix_bots", *arguments, str(self.plan.knowledge), self.plan.home]
        else:
            command = ["tests.bench.matrix_echo", kind, *arguments]
        return await self.stack.enter_async_context(bot_process(*command, log=home / "log"))

    async def people(self, bot: BotProcess, account: Account, *, encrypted: bool) -> Rig:
        """Put people in rooms with a bot."""
        if encrypted:
            crowd = encrypted_people(self.server, account, self.plan.encrypted_rooms, Path(mkdtemp(dir=self.folder)))
        else:
            crowd = plain_people(self.server, account, self.plan.rooms)
        return Rig(bot, await self.stack.enter_async_context(crowd), account, self.server.pid)


@asynccontextmanager
async def bots(server: Synapse, folder: Path, plan: Plan) -> AsyncIterator[tuple[dict[str, Rig], dict[str, Rig]]]:
    """Run all bots side by side until left, and give them with people in plain rooms, and in encrypted ones.

    Ours is the same process in both. A bot that nobody writes to costs next to nothing.
    """
    async with AsyncExitStack() as stack:
        stage = Stage(server=server, folder=folder, plan=plan, stack=stack)
        account = server.register()
        ours = await stage.start(OURS, account), account
        running = {(OURS, False): ours, (OURS, True): ours}
        for kind, encrypted in itertools.product(ECHOES, (False, True)):
            account = server.register()
            running[kind, encrypted] = await stage.start(f"{kind}, keys" if encrypted else kind, account), account
        rigs = {key: await stage.people(*running[key], encrypted=key[1]) for key in running}
        await asyncio.gather(*(rig.listens() for rig in rigs.values()))
        plain, secret = ({kind: rigs[kind, encrypted] for kind in (OURS, *ECHOES)} for encrypted in (False, True))
        yield plain, secret


async def bench(plan: Plan) -> dict[str, Any]:
    """Measure everything."""
    with synapse() as server, TemporaryDirectory() as folder:
        reading = asyncio.create_task(asyncio.to_thread(titles, plan.knowledge, plan.home, plan.questions))
        async with bots(server, Path(folder), plan) as (rigs, secret_rigs):
            asked = await reading
            gc.freeze()
            first = {kind: [await rig.keep_asking(asked, plan.rooms)] for kind, rig in rigs.items()}
            questions = await rigs[OURS].single(asked)
            closed, steady = await _plain(rigs, questions, plan)
            encrypted = await _encrypted(secret_rigs, questions, plan)
            await rigs[OURS].bot.meter()
            full = await rigs[OURS].keep_asking(questions, plan.messages)
            calm = await rigs[OURS].ask_steadily(questions, plan.steady, plan.per_second)
    rows = {"first": first, "closed": closed, "steady": steady, "encrypted": encrypted}
    told = _told(plan, len(questions), {name: medians(found) for name, found in rows.items()})
    return {**told, "parts": {"closed": parts(full, "matrix"), "steady": parts(calm, "matrix")}}


async def _plain(rigs: Mapping[str, Rig], questions: Sequence[Question], plan: Plan) -> tuple[Rounds, Rounds]:
    """Measure plain rooms in rounds: everybody at once, and at a steady pace."""
    closed: Rounds = {kind: [] for kind in rigs}
    steady: Rounds = {kind: [] for kind in rigs}
    for turn in range(plan.rounds):
        for kind in list(rigs)[:: -1 if turn % 2 else 1]:
            closed[kind].append(await rigs[kind].keep_asking(questions, plan.messages))
            steady[kind].append(await rigs[kind].ask_steadily(questions, plan.steady, plan.per_second))
    return closed, steady


async def _encrypted(rigs: Mapping[str, Rig], questions: Sequence[Question], plan: Plan) -> Rounds:
    """Measure encrypted rooms in rounds, after a message in each that brings the keys."""
    rows: Rounds = {kind: [] for kind in rigs}
    for rig in rigs.values():
        await rig.keep_asking(questions, plan.encrypted_rooms)
    for turn in range(plan.rounds):
        for kind in list(rigs)[:: -1 if turn % 2 else 1]:
            rows[kind].append(await rigs[kind].keep_asking(questions, plan.encrypted))
    return rows


def _told(plan: Plan, questions: int, rows: Mapping[str, Mapping[str, Row]]) -> dict[str, Any]:
    """Put together what was found; `ratio` is ours beside the faster of the two echoes."""
    closed, steady = rows["closed"], rows["steady"]
    faster = max(ECHOES, key=lambda kind: closed[kind]["messages_per_s"])
    speed, secret = closed[OURS]["messages_per_s"], {kind: row["messages_per_s"] for kind, row in rows["encrypted"].items()}
    return {
        "ratio": round(speed / closed[faster]["messages_per_s"], 3),
        "faster_echo": faster,
        "messages_per_s": speed,
        "echo_per_s": closed[faster]["messages_per_s"],
        "p50_ms": steady[OURS]["p50_ms"],
        "p99_ms": steady[OURS]["p99_ms"],
        "echo_p50_ms": steady[faster]["p50_ms"],
        "echo_p99_ms": steady[faster]["p99_ms"],
        "encrypted_ratio": round(secret[OURS] / max(secret[kind] for kind in ECHOES), 3),
        **rows,
        "plan": {
            "rounds": plan.rounds, "rooms": plan.rooms, "messages": plan.messages, "steady_s": plan.steady,
            "per_second": plan.per_second, "encrypted_rooms": plan.encrypted_rooms, "encrypted": plan.encrypted,
            "questions": questions,
        },
        "load_average": os.getloadavg(),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.matrix", description="Measure the whole bot beside an echo.")
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
