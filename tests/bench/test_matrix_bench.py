"""The bench of the whole bot on Matrix runs, on a small knowledge, and measures every bot."""

from pathlib import Path

from tests.bench.matrix import ECHOES, OURS, Plan, bench
from tests.bench.matrix_table import COLUMNS, TITLES
from tests.engine.small import write_knowledge


async def test_a_small_run_measures_every_bot(tmp_path: Path) -> None:
    """Each bot answers everybody once, in plain and in encrypted rooms; what a message costs is told part by part."""
    found = await bench(
        Plan(
            rounds=1,
            rooms=3,
            messages=6,
            steady=0.5,
            encrypted_rooms=2,
            encrypted=4,
            questions=6,
            knowledge=write_knowledge(tmp_path),
            home="sampleton",
        )
    )
    assert {"ratio", "messages_per_s", "echo_per_s", "p50_ms", "p99_ms", "faster_echo", "encrypted_ratio"} <= found.keys()
    assert found["ratio"] == round(found["messages_per_s"] / found["echo_per_s"], 3)
    assert found["faster_echo"] in ECHOES
    assert found["echo_per_s"] == max(found["closed"][kind]["messages_per_s"] for kind in ECHOES)
    for kind in TITLES:
        assert list(found[kind]) == [OURS, *ECHOES]
        for row in found[kind].values():
            assert set(COLUMNS) <= row.keys()
            assert 0 < row["p50_ms"] <= row["p99_ms"]
            assert min(row["process_cpu_ms"], row["people_cpu_ms"], row["synapse_cpu_ms"]) > 0
            assert row["answers"] == row["send_requests"] == 1.0, "every message has one answer, and none has two"
    for times in found["parts"].values():
        assert list(times["cpu_ms"]) == ["store", "answering", "matrix", "rest"]
        assert min(times["cpu_ms"].values()) > 0, "nothing is counted twice, so that something is left over for the rest"
