"""One ranker in a process of its own: `python -m tests.bench.child build|run NAME FOLDER CORE`, started by `runs`.

Imports nothing but the ranker, so that its memory and times are its own.
"""

import json
import os
import sys
import time
from pathlib import Path

from tests.bench.rankers import find, read_wordings

STATM = Path("/proc/self/statm")
MEGABYTE = 1e6


def build(name: str, folder: Path) -> dict[str, float]:
    """Build from wordings and save; importing is not counted."""
    wordings = read_wordings(folder.parent)
    kind = find(name)
    begun = time.perf_counter()
    ranker = kind.build(wordings, folder)
    seconds = time.perf_counter() - begun
    ranker.save(wordings, folder)
    return {"build_s": round(seconds, 3)}


def run(name: str, folder: Path) -> dict[str, object]:
    """Load, importing aside, and rank the questions, each timed, as far as the seconds reach; then those that are only ranked."""
    asked = json.loads((folder / "questions.json").read_text("utf-8"))
    kind = find(name)
    begun = time.perf_counter()
    ranker = kind.load(folder)
    load = time.perf_counter() - begun
    ranker.rank(asked["warm"])
    rankings, times = [], []
    begun = time.perf_counter()
    for text in asked["timed"]:
        before = time.perf_counter_ns()
        rankings.append(ranker.rank(text))
        times.append(time.perf_counter_ns() - before)
        if time.perf_counter() - begun > asked["seconds"]:
            break
    memory = resident()
    rankings += [ranker.rank(text) for text in asked["more"]]
    times.sort()
    return {
        "load_s": round(load, 3),
        "mean_us": round(sum(times) / len(times) / 1000, 1),
        "p99_us": round(times[min(len(times) * 99 // 100, len(times) - 1)] / 1000, 1),
        "rss_mb": round(memory, 1),
        "rankings": rankings,
    }


def resident() -> float:
    """Give the memory of this process in megabytes; where the system does not tell it, the most it ever had."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MEGABYTE if sys.platform == "darwin" else most * 1024 / MEGABYTE


def main(step: str, name: str, place: str, core: str) -> None:
    """Do a step and write what came of it beside what was read."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    folder = Path(place)
    result = build(name, folder) if step == "build" else run(name, folder)
    (folder / f"{step}.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
