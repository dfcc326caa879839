"""How soon staff have a case before them: `python -m tests.bench.handoff [--json] [--quick]`.

From when a resident in Telegram agrees to when the desk shows the card (or the mail has come), one case after the other, with the
whole bot, SQLite with `synchronous=FULL` and all peers on this machine, bot and emulator in this process. Telegram's own limit of
20 messages a minute to a group is left out: it holds a case up only where many come at once.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import structlog
from rich.console import Console

from tests.bench.rows import Row, table
from tests.handoff.kit import FORUM, OFFICE, question
from tests.handoff.scene import LANGUAGES, TOPIC, Scene, scene
from tests.handoff.shown import PATIENCE
from tests.handoff.telegram import OnTelegram
from tests.peers.synapse import synapse

WARM: Final = 5
"""Cases at each desk that are not counted."""
LOOK: Final = 0.002
"""Seconds after which the desk is looked at again."""
COLUMNS: Final = ("p50_ms", "p99_ms", "most_ms", "told_p50_ms", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many cases are sent to each desk."""

    cases: int = 200


QUICK: Final = Plan(cases=20)


async def bench(plan: Plan) -> dict[str, Any]:
    """Measure each desk."""
    with synapse() as server, TemporaryDirectory() as folder:
        async with scene(server, Path(folder)) as here:
            desks = {desk: await measure(here, desk, plan.cases) for desk in LANGUAGES}
    return {"desks": desks, "plan": {"cases": plan.cases}, "load_average": os.getloadavg()}


async def measure(here: Scene, desk: str, cases: int) -> Row:
    """Send cases to a desk and give how long they took to arrive, and the residents to be told so."""
    seconds = [await one(here, desk) for _ in range(WARM + cases)][WARM:]
    arrived, told = sorted(at for at, _ in seconds), sorted(at for _, at in seconds)
    return {
        "p50_ms": round(arrived[len(arrived) // 2] * 1000, 1),
        "p99_ms": round(arrived[len(arrived) * 99 // 100] * 1000, 1),
        "most_ms": round(arrived[-1] * 1000, 1),
        "told_p50_ms": round(told[len(told) // 2] * 1000, 1),
        "cases": cases,
    }


async def one(here: Scene, desk: str) -> tuple[float, float]:
    """Let somebody send a case; give the seconds until the desk has it, and until they are told. Errors: TimeoutError."""
    lang, count = LANGUAGES[desk], counter(here, desk)
    async with here.resident("telegram", lang) as someone:
        assert isinstance(someone, OnTelegram)
        chat = someone.id
        await someone.say(question(TOPIC, lang))
        await someone.eyes.next()
        await someone.say("/person")
        await someone.eyes.next()
        before, shown = count(), len(here.house.api.sent(chat))
        begun = time.monotonic()
        await someone.choose("case:send")
        arrived, told = await asyncio.gather(
            until(lambda: count() > before), until(lambda: len(here.house.api.sent(chat)) > shown)
        )
        return arrived - begun, told - begun


async def until(holds: Callable[[], bool]) -> float:
    """Wait until something holds and give the moment. Errors: TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for lies outside
            await asyncio.sleep(LOOK)
    return time.monotonic()


def counter(here: Scene, desk: str) -> Callable[[], int]:
    """Give what counts the messages at a desk."""
    match desk:
        case "telegram":
            return lambda: len(here.house.api.sent(FORUM))
        case "matrix":
            return lambda: sum(seen.sender == here.house.matrix and seen.readable for seen in here.clerk.messages(here.room))
        case _:
            return lambda: sum(OFFICE in mail.to for mail in here.house.mail.mails)


def show(found: dict[str, Any], console: Console) -> None:
    """Print what was measured."""
    rows = {desk: [row[column] for column in COLUMNS] for desk, row in found["desks"].items()}
    console.print(table("from agreeing to the case at the desk; and to the resident being told", ("desk", *COLUMNS), rows))
    console.print(f"load of the machine: {', '.join(f'{load:.1f}' for load in found['load_average'])}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.handoff", description="Measure how soon staff have a case.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="a trial: a few cases")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with suppress(KeyboardInterrupt):
        found = asyncio.run(bench(QUICK if asked.quick else Plan()))
        if asked.json:
            sys.stdout.write(json.dumps(found, indent=1) + "\n")
        else:
            show(found, Console())


if __name__ == "__main__":
    main()
