"""Tables for people: the measures of each group, and how one question is understood."""

import pytest
from rich.console import Console
from rich.table import Table

from bot.insight.evaluation import Scores
from bot.insight.report import explain, scores_table
from tests.engine.small import small_world


def shown(*parts: Table | str) -> str:
    """Print on a wide screen and give what stands there."""
    console = Console(width=300)
    with console.capture() as captured:
        console.print(*parts, sep="\n")
    return captured.get()


def test_a_row_for_each_group() -> None:
    """The table has a row for each group, all last, with counts and shares."""
    table = {"all": Scores(inside=4, right=2, shown=3), "et": Scores(inside=2, outside=2, right=1, false=1, quiet_outside=1)}
    lines = [line.strip("│").split("│") for line in shown(scores_table(table)).splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["et", "2", "2", "0.500", "0.000", "0.000", "0.000", "0.500", "0.667"],
        ["all", "4", "0", "0.500", "0.750", "0.000", "0.000", "0.000", "0.000"],
    ]


@pytest.mark.parametrize(
    ("question", "pieces"),
    [
        ("where is library", ("language: en", "en:library", "nearest wording", "decision: answer library")),
        ("libary", ("Candidates", "library")),
        ("xyzzy", ("unknown", "decision: abstain")),
        ("", ("language: None (0.00)", "decision: abstain")),
    ],
)
def test_how_a_question_is_understood(question: str, pieces: tuple[str, ...]) -> None:
    """Language, words, candidates with their nearest wording, and the band are told."""
    text = shown(*explain(question, small_world()))
    assert [piece for piece in pieces if piece.lower() not in text.lower()] == []
