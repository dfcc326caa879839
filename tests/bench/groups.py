"""How long deciding takes: `python -m tests.bench.groups [--people N]`.

One evaluation is all groups of both programmes for one person; beside it stands looking up what to ask that person next where the
interview has been held before, as in a running bot. The people are those of tests/groups/people.py.
"""

import argparse
import time
from collections.abc import Callable
from random import Random

from bot.groups.status import statuses
from tests.groups.people import INQUIRY, TODAY, Person, person

PEOPLE = 20_000


def measure(people: list[Person], work: Callable[[Person], object]) -> tuple[float, float, float]:
    """Give the mean, the 99th percentile and the longest time, in microseconds."""
    times = []
    for one in people:
        begun = time.perf_counter_ns()
        work(one)
        times.append((time.perf_counter_ns() - begun) / 1000)
    times.sort()
    return sum(times) / len(times), times[len(times) * 99 // 100], times[-1]


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    random = Random(7)
    people = [person(random) for _ in range(parser.parse_args().people)]
    groups = [group for programme in INQUIRY.programmes.values() for group in programme.groups]
    interview = INQUIRY.interview(("support-2025",), TODAY)
    for one in people:
        interview.next_fact(one)
    rows = {
        "decide all groups": lambda one: statuses(groups, one, TODAY),
        "find the next question": lambda one: interview.next_fact(one),
    }
    for name, work in rows.items():
        mean, p99, longest = measure(people, work)
        print(f"{name}: mean {mean:.0f} us, p99 {p99:.0f} us, longest {longest:.0f} us, {len(people)} people")  # noqa: T201


if __name__ == "__main__":
    main()
