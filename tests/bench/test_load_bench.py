"""The bench of the whole bot under load runs, on a small knowledge, and finds that nothing is lost, doubled or out of order."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench.load import QUICK, bench
from tests.bench.load_platform import Platform
from tests.bench.load_run import POSTGRES, SQLITE
from tests.bench.load_table import COLUMNS
from tests.engine.small import write_knowledge

SMALL = replace(
    QUICK, people=40, steady=0.4, warm=0.2, seconds=0.6, processes=((SQLITE, 1), (POSTGRES, 2)), away=1.0, home="sampleton"
)
NEVER = ("lost", "doubled", "out_of_order", "strange", "differ")
PERSON = "person-0"


async def test_a_small_run_loses_doubles_and_reorders_nothing(tmp_path: Path) -> None:
    """Bots are killed and PostgreSQL goes away; every message is answered once, in order, as an undisturbed bot would."""
    found = await bench(replace(SMALL, knowledge=write_knowledge(tmp_path)))
    runs, outages = found["runs"], found["outages"]
    assert [(row["database"], row["processes"], row["kills"]) for row in runs] == [
        (SQLITE, 1, 0), (POSTGRES, 2, 0), (SQLITE, 1, 2), (POSTGRES, 2, 2),
    ]  # fmt: skip
    assert len(outages) == 1
    for row in (*runs, *outages):
        assert {name: row[name] for name in NEVER} == dict.fromkeys(NEVER, 0), row
        assert row["compared"] > 0
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert min(row["messages"], row["messages_per_s"], row["cpu_ms"], row["rss_mb"]) > 0
    for row in runs[:2]:
        assert {name for columns in COLUMNS.values() for name in columns} <= row.keys()
        assert row["repeated"] == 0
    assert outages[0]["seconds"] == SMALL.away
    assert outages[0]["recovery_s"] > 0


def shown(*said: tuple[str, bool]) -> Platform:
    """Let somebody ask two questions, and show them messages: key, and whether it ends an answer."""
    platform = Platform(per_second=0.0)
    platform.hurry()

    async def say() -> None:
        for text in ("one", "two"):
            await platform.say(PERSON, "said", text)
        for key, end in said:
            platform.show(key, PERSON, {"end": end})

    asyncio.run(say())
    return platform


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ([("load:0:0", True), ("load:1:0", True), ("load:0:0", True)], "repeated"),
        ([("load:0:0", True), ("load:0:1", True), ("load:1:0", True)], "doubled"),
        ([("load:1:0", True), ("load:0:0", True)], "out_of_order"),
        ([("load:0:1", False), ("load:0:0", True), ("load:1:0", True)], "out_of_order"),
        ([("load:0:apology:0", True), ("load:1:0", True)], "strange"),
    ],
)
def test_the_platform_counts_what_no_resident_should_see(said: Sequence[tuple[str, bool]], fault: str) -> None:
    """Each fault is counted as what it is."""
    platform = shown(*said)
    assert {name for name in platform.faults.__slots__ if getattr(platform.faults, name)} == {fault}
    assert platform.unanswered == 0


def test_the_platform_counts_what_is_not_answered_in_full() -> None:
    """A question with no answer, or with the first half of one, is not answered."""
    assert shown(("load:0:0", True)).unanswered == 1
    assert shown(("load:0:0", True), ("load:1:0", False)).unanswered == 1
