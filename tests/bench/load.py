"""The whole bot under load, with kills: `python -m tests.bench.load [--json] [--quick] [--kills N] [--seconds S]`.

Two hundred residents at once write what newcomers write (`load_people`), each again when answered, to one to four bots with the
real engine, store and knowledge. A platform in this process (`load_platform`) is the clock and counts what is lost, doubled and
out of order; some talks are held word for word against an undisturbed bot's (`load_replay`). Then the same with bots killed at
random moments, and with PostgreSQL away for S seconds.
"""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.console import Console

from bot.app import until_stopped
from tests.bench.load_crew import nursery
from tests.bench.load_postgres import safe_postgres
from tests.bench.load_run import POSTGRES, SQLITE, Plan, Rig, Row, run, run_killed, run_outage
from tests.bench.load_table import show

QUICK: Final = Plan(
    steady=0.6, warm=0.3, seconds=1.0, killed=((SQLITE, 1), (POSTGRES, 2)), kills=2, between=(0.2, 0.6), outages=(2,), away=3.0
)
WIDTH: Final = 160


async def bench(plan: Plan) -> dict[str, Any]:
    """Measure everything."""
    with TemporaryDirectory() as folder:
        async with nursery(plan.knowledge, plan.home, Path(folder)) as born:
            with safe_postgres() as server:
                rig = Rig(plan=plan, nursery=born, server=server, folder=Path(folder))
                rig.prepare()
                return await _bench(rig)


async def _bench(rig: Rig) -> dict[str, Any]:
    plan = rig.plan
    runs = [await run(rig, *one) for one in plan.processes]
    runs += [await run_killed(rig, *one) for one in plan.killed if plan.kills]
    outages = [await run_outage(rig, processes) for processes in plan.outages if plan.away]
    return {
        "runs": runs,
        "outages": outages,
        "scaling": _scaling(runs),
        "plan": {"people": plan.people, "seconds": plan.seconds, "steady_s": plan.steady, "kills": plan.kills},
        "load_average": os.getloadavg(),
    }


def _scaling(runs: list[Row]) -> dict[str, float]:
    """Give how many times as much several processes on PostgreSQL answer as one does."""
    speeds = {row["processes"]: row["messages_per_s"] for row in runs if row["database"] == POSTGRES and not row["kills"]}
    one = speeds.pop(1, None)
    return {str(processes): round(speed / one, 2) for processes, speed in speeds.items()} if one else {}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description="Measure the bot under load, with kills.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="a trial: everything, shortly")
    parser.add_argument("--kills", type=int, metavar="N", help="kills in each of the runs with kills; 0 leaves them out")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long PostgreSQL is away; 0 leaves that out")
    asked = parser.parse_args()
    plan = QUICK if asked.quick else Plan()
    plan = replace(
        plan,
        kills=plan.kills if asked.kills is None else asked.kills,
        away=plan.away if asked.seconds is None else asked.seconds,
    )
    asyncio.run(until_stopped(_tell(plan, as_json=asked.json)))


async def _tell(plan: Plan, *, as_json: bool) -> None:
    found = await bench(plan)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        show(found, Console() if sys.stdout.isatty() else Console(width=WIDTH))


if __name__ == "__main__":
    main()
