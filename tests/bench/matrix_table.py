"""What the bench of the whole bot on Matrix found, as tables to read."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console

from tests.bench.rows import table

COLUMNS: Final = (
    "messages_per_s", "p50_ms", "p99_ms", "process_cpu_ms", "synapse_cpu_ms", "people_cpu_ms",
    "sync_requests", "send_requests", "receipt_requests", "typing_requests", "state_requests", "answers",
)  # fmt: skip
HEADS: Final = (
    "messages/s", "p50", "p99", "bot", "Synapse", "people", "syncs", "sends", "receipts", "typing", "state", "answers",
)  # fmt: skip
TITLES: Final = {
    "first": "the first message in each room",
    "closed": "everybody asks again when answered",
    "steady": "a steady pace",
    "encrypted": "encrypted rooms, everybody asks again when answered",
}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print everything that was measured."""
    console.print(f"ours answers {found['ratio']:.2f} times as many as the {found['faster_echo']}")
    console.print("times in ms: of bot, Synapse and people their CPU; these, requests and answers for a message")
    for kind, title in TITLES.items():
        lines = {name: [row[column] for column in COLUMNS] for name, row in found[kind].items()}
        console.print(table(title, ("bot", *HEADS), lines))
    for kind, times in found["parts"].items():
        lines = {name: [row.get(part, 0.0) for part in times["cpu_ms"]] for name, row in times.items()}
        console.print(table(f"where a message's time goes in ours ({kind})", ("", *times["cpu_ms"]), lines))
    console.print(f"load of the machine: {', '.join(f'{load:.1f}' for load in found['load_average'])}")
