"""The bench of the whole bot runs, on a small knowledge, and measures every bot."""

from pathlib import Path

from tests.bench.telegram import ECHOES, LIMITED, OURS, Plan, bench
from tests.bench.telegram_table import COLUMNS
from tests.engine.small import write_knowledge


async def test_a_small_run_measures_every_bot(tmp_path: Path) -> None:
    """Each bot answers everybody; what a message costs is told part by part."""
    found = await bench(
        Plan(rounds=1, messages=60, steady=0.4, limited=20, questions=24, knowledge=write_knowledge(tmp_path), home="sampleton")
    )
    assert {"ratio", "messages_per_s", "echo_per_s", "p50_ms", "p99_ms", "faster_echo", "ratio_to_default_echo"} <= found.keys()
    assert found["ratio"] == round(found["messages_per_s"] / found["echo_per_s"], 3)
    assert list(found["closed"]) == list(found["steady"]) == [OURS, *ECHOES]
    assert list(found["limited"]) == list(LIMITED)
    for row in (*found["closed"].values(), *found["steady"].values(), *found["limited"].values()):
        assert set(COLUMNS) <= row.keys()
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["process_cpu_ms"] > 0
    assert found["faster_echo"] in ECHOES
    spent = found["parts"]["cpu_ms"]
    assert list(spent) == ["store", "answering", "telegram", "rest"]
    assert min(spent.values()) > 0, "nothing is counted twice, so that something is left over for the rest"
