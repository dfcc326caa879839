"""Rows of numbers that a bench of whole bots found: their medians, where a message's time goes, and tables to read."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeAlias

from rich.table import Table

Row: TypeAlias = dict[str, float]


def medians(rows: Mapping[str, Sequence[Row]]) -> dict[str, Row]:
    """Give the median of each number over the rounds, for each bot."""
    return {kind: {name: round(median(row[name] for row in found), 2) for name in found[0]} for kind, found in rows.items()}


def parts(row: Row, library: str) -> dict[str, Row]:
    """Say where a message's time goes: the store without the answering inside its transactions, the library's calls, the rest."""
    cpu = {
        "store": row["transactions_cpu_ms"] - row["answering_cpu_ms"],
        "answering": row["answering_cpu_ms"],
        library: row["calls_cpu_ms"] + row["beside_cpu_ms"],
    }
    wall = {
        "store": row["transactions_wall_ms"] - row["answering_wall_ms"],
        "answering": row["answering_wall_ms"],
        library: row["calls_wall_ms"],
    }
    cpu["rest"] = row["process_cpu_ms"] - sum(cpu.values())
    return {name: {part: round(ms, 2) for part, ms in times.items()} for name, times in (("cpu_ms", cpu), ("wall_ms", wall))}


def table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[float]]) -> Table:
    """Make a table to read; the first column holds the names of the rows."""
    made = Table(title=title)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    for name, numbers in rows.items():
        made.add_row(name, *(f"{number:,.2f}" for number in numbers))
    return made
