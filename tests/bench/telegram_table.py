"""What the bench of the whole bot found, as tables to read."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console

from tests.bench.rows import table

COLUMNS: Final = ("messages_per_s", "p50_ms", "p99_ms", "process_cpu_ms", "emulator_cpu_ms", "refused")
TITLES: Final = {
    "closed": "fifty people at once, each asks again when answered",
    "steady": "fifty messages a second",
    "limited": "both with their limiters, Telegram with its limits",
}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print everything that was measured."""
    console.print(f"ours answers {found['ratio']:.2f} times as many as the {found['faster_echo']}")
    console.print(f"and {found['ratio_to_default_echo']:.2f} times as many as the echo by default")
    for kind, title in TITLES.items():
        console.print(table(title, ("bot", *COLUMNS), {name: [row[c] for c in COLUMNS] for name, row in found[kind].items()}))
    parts = found["parts"]["cpu_ms"]
    lines = {name: [row.get(part, 0.0) for part in parts] for name, row in found["parts"].items()}
    console.print(table("where a message's time goes in ours", ("", *parts), lines))
    console.print(f"load of the machine: {', '.join(f'{load:.1f}' for load in found['load_average'])}")
