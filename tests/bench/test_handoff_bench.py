"""The bench of handoffs runs and measures every kind of desk."""

from tests.bench.handoff import COLUMNS, Plan, bench
from tests.handoff.scene import LANGUAGES


async def test_a_small_run_measures_every_desk() -> None:
    """Each case arrives, and the resident is told."""
    found = await bench(Plan(cases=2))
    assert list(found["desks"]) == list(LANGUAGES)
    for row in found["desks"].values():
        assert list(row) == list(COLUMNS)
        assert 0 < row["p50_ms"] <= row["p99_ms"] <= row["most_ms"]
        assert row["told_p50_ms"] > 0
