"""What the bench under load found, as tables to read."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

SPEED: Final = ("messages_per_s", "p50_ms", "p99_ms", "cpu_ms", "other_cpus", "rss_mb", "silence_s")
STEADY: Final = ("steady_p50_ms", "steady_p99_ms", "steady_cpu_ms")
COUNTS: Final = ("messages", "lost", "doubled", "out_of_order", "strange", "differ", "compared", "repeated", "contested", "exits")
COLUMNS: Final = {
    "as fast as people are answered, then at a steady pace": (*SPEED, *STEADY),
    "counted by the platform": ("kills", *COUNTS),
}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print everything that was measured."""
    for title, columns in COLUMNS.items():
        console.print(_table(title, columns, found["runs"]))
    if found["outages"]:
        console.print(_table("PostgreSQL away", ("seconds", "recovery_s", *COUNTS), found["outages"]))
    for processes, times in found["scaling"].items():
        console.print(f"{processes} on PostgreSQL answer {times:.2f} times as many as one")
    console.print(f"load of the machine: {', '.join(f'{load:.1f}' for load in found['load_average'])}")


def _table(title: str, columns: tuple[str, ...], rows: list[Mapping[str, Any]]) -> Table:
    table = Table(title=title)
    for number, column in enumerate(("bots", *columns)):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        killed = f", {row['kills']} kills" if row["kills"] else ""
        numbers = (f"{row[column]:,}" if column in row else "" for column in columns)
        table.add_row(f"{row['processes']} on {row['database']}{killed}", *numbers)
    return table
