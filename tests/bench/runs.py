"""Starting the processes of rankers and gathering what they measured."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.bench.rankers import OURS, Ranking

COSTS = ("build_s", "load_s", "mean_us", "p99_us", "rss_mb")
ROOT = Path(__file__).parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
FOREVER = 3600.0
SLOW = frozenset({"letters", "rapidfuzz"})


class ChildFailed(Exception):
    """A process of a ranker ended badly or took too long; the text says how."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one ranker is asked: questions that are timed, as long as `seconds` last, and others that are only ranked."""

    timed: Sequence[str]
    more: Sequence[str] = ()
    seconds: float = FOREVER


@dataclass(frozen=True, slots=True)
class Run:
    """What one ranker cost and what it ranked, in the order asked."""

    costs: dict[str, float | None]
    rankings: list[Ranking] = field(repr=False)


def cores() -> list[int]:
    """Give the processors that may be used."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def child(step: str, name: str, folder: Path, core: int, *, seconds: float = FOREVER) -> dict[str, Any]:
    """Run one step of one ranker on one core. Errors: ChildFailed."""
    command = [sys.executable, "-m", "tests.bench.child", step, name, str(folder), str(core)]
    try:
        subprocess.run(
            command, cwd=ROOT, env=os.environ | ONE_THREAD, timeout=seconds, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(f"takes more than {seconds:.0f} s to {step}") from error
    except subprocess.CalledProcessError as error:
        said = str(error.stderr).strip().splitlines()[-1:] or [f"ended with {error.returncode}"]
        raise ChildFailed(f"failed to {step}: {said[0]}") from error
    made: dict[str, Any] = json.loads((folder / f"{step}.json").read_text("utf-8"))
    return made


def run_one(name: str, folder: Path, asked: Asked, core: int, *, build: bool = True, seconds: float = FOREVER) -> Run:
    """Build one ranker in one process, unless it lies in the folder already, and ask it in another. Errors: ChildFailed."""
    folder.mkdir(exist_ok=True)
    content = {"timed": asked.timed, "more": asked.more, "warm": asked.timed[0], "seconds": asked.seconds}
    (folder / "questions.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    costs: dict[str, float | None] = {"build_s": None}
    if build:
        costs |= child("build", name, folder, core, seconds=seconds)
    made = child("run", name, folder, core, seconds=seconds + min(asked.seconds, FOREVER))
    rankings = [[(topic, score) for topic, score in ranking] for ranking in made.pop("rankings")]
    return Run(costs | made, rankings)


def run_all(
    asked: Mapping[str, Asked], folder: Path, *, side_by_side: bool, fit: bool, tell: Callable[[str], None]
) -> dict[str, Run]:
    """Run rankers after each other, or side by side on all cores, those that take longest first.

    `fit`: ours is fitted too, for its cost. Errors: ChildFailed.
    """
    free: SimpleQueue[int] = SimpleQueue()
    for core in cores() if side_by_side else cores()[-1:]:
        free.put(core)

    def one(name: str) -> Run:
        core = free.get()
        try:
            run = run_one(name, folder / name, asked[name], core, build=fit or name != OURS)
        except ChildFailed as error:
            raise ChildFailed(f"{name} {error}") from error
        finally:
            free.put(core)
        tell(f"{name}: {run.costs['mean_us']:.0f} us a question")
        return run

    with ThreadPoolExecutor(free.qsize()) as pool:
        order = sorted(asked, key=lambda name: name not in SLOW)
        made = dict(zip(order, pool.map(one, order), strict=True))
    return {name: made[name] for name in asked}
