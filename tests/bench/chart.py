"""The chart of the bench: right against wrong over all thresholds, one panel a language."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from tests.bench.rankers import OURS
from tests.bench.scoring import WRONG

MOST_WRONG = 0.15
NAMES = {"et": "Estonian", "ru": "Russian", "en": "English", "uk": "Ukrainian"}
STYLES = {
    OURS: ("#D55E00", "-"),
    "letters": ("#0072B2", "-"),
    "tantivy": ("#009E73", "-"),
    "bm25": ("#CC79A7", "-"),
    "fts5": ("#000000", "--"),
    "rapidfuzz": ("#56B4E9", ":"),
    "rapidfuzz-sort": ("#56B4E9", "-"),
    "wordllama": ("#A0790A", "-."),
}
"""Colours that people who see few colours tell apart (Okabe and Ito), with dashes for where they are near."""

Curves = Mapping[str, Mapping[str, Sequence[tuple[float, float]]]]
"""Points (wrong, right) by language and ranker."""


def draw(curves: Curves, path: Path) -> None:
    """Write the chart as PNG, 1200 pixels wide."""
    mpl.use("Agg")
    columns = 2 if len(curves) > 3 else max(len(curves), 1)
    rows = -(-len(curves) // columns)
    figure = Figure(figsize=(12, 1.1 + 4.4 * rows), dpi=100, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    handles: dict[str, Artist] = {}
    for axes, (lang, lines) in zip(panels, curves.items(), strict=False):
        handles |= _panel(axes, lang, lines)
    for axes in list(figure.axes)[len(curves) :]:
        axes.set_visible(False)
    names = [name for name in STYLES if name in handles]
    figure.legend(
        [handles[name] for name in names], names, loc="outside lower center", ncols=len(names), fontsize=12, frameon=False
    )
    figure.savefig(path)


def _panel(axes: Axes, lang: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Artist]:
    handles: dict[str, Artist] = {}
    for name, points in lines.items():
        colour, dashes = STYLES[name]
        width, above = (4.0, 3) if name == OURS else (2.0, 2)
        wrong, right = zip(*points, strict=True)
        handles[name] = axes.plot(wrong, right, dashes, color=colour, linewidth=width, zorder=above, drawstyle="steps-post")[0]
    axes.axvline(WRONG, color="#555555", linewidth=1, zorder=1)
    axes.set(xlim=(0, MOST_WRONG), ylim=(0, 1))
    axes.set_title(NAMES.get(lang, lang), fontsize=15)
    axes.set_xlabel("wrong", fontsize=13)
    axes.set_ylabel("right", fontsize=13)
    axes.tick_params(labelsize=12, labelleft=True)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    axes.grid(color="#dddddd", linewidth=0.8)
    return handles
