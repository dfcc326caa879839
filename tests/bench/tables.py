"""What the bench found, as tables to read."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.insight.evaluation import MEASURES
from tests.bench.rankers import NAMES
from tests.bench.runs import COSTS


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print the tables of everything that was measured."""
    rankers = [name for name in NAMES if name in found]
    asked = found["questions"]
    console.print(f"{asked['n']} questions from {asked['source']}; {asked['left_out']} left out, as all their labels are unknown")
    if asked["quick"]:
        console.print("A trial: too few questions for any comparison, and peers have every third wording only.")
    for lang in asked["languages"]:
        rows = [(name, *_numbers(found[name].get(lang), MEASURES, 3)) for name in rankers if lang in found[name]]
        console.print(_table(f"{lang}: all at the same wrong on the check wordings", ("ranker", *MEASURES), rows))
    for measure, side in (("right", "inside"), ("false", "outside")):
        rows = [
            (kind, str(n), *(_number(found[name]["kinds"].get(kind, {}).get(measure), 3) for name in rankers))
            for kind, n in sorted(asked[side].items())
        ]
        console.print(_table(f"{measure}, by kind", ("kind", "n", *rankers), rows))
    lines = [
        (lang, peer, *_numbers(lead, ("difference", "low", "high"), 3), lead["verdict"])
        for lang, peers in found["ahead"].items()
        for peer, lead in peers.items()
    ]
    console.print(_table("ours before each peer, in right", ("lang", "peer", "difference", "low", "high", "verdict"), lines))
    strictly = [(lang, *(_number(by.get(name), 3) for name in rankers)) for lang, by in found["strictly"].items()]
    console.print(_table("right with at most 0.05 wrong and 0.08 false", ("lang", *rankers), strictly))
    console.print(_table("cost", ("ranker", *COSTS), [(name, *_numbers(found[name], COSTS, 1)) for name in rankers]))
    noise = [(kind, str(row["n"]), *_numbers(row, ("clean", "noisy"), 3)) for kind, row in found["noise"].items()]
    console.print(_table("noise: right of ours", ("kind", "n", "clean", "noisy"), noise))
    for size, costs in found.get("growth", {}).items():
        rows = [
            (name, *_numbers(row, COSTS, 1), str(row.get("left_out") or row.get("weights") or "")) for name, row in costs.items()
        ]
        console.print(_table(f"cost with {size} made-up topics", ("ranker", *COSTS, "note"), rows))


def _table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _numbers(row: Mapping[str, Any] | None, names: Iterable[str], places: int) -> list[str]:
    return [_number((row or {}).get(name), places) for name in names]


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"
