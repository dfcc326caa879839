"""What the verbs of the command line share: reading files of lines, and showing things on the terminal."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import Progress

from bot.core.effects import Heard
from bot.core.world import Inquiry
from bot.errors import Problem, RuleError, WrongUse
from bot.groups.facts import Answers, read_answers

screen = Console()
notes = Console(stderr=True)


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read JSON objects, one a line, with the number of the line; empty lines are passed over. Errors: WrongUse."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, read_json(line, f"{file}, line {number}")


def read_json(text: str, place: str) -> dict[str, Any]:
    """Read a JSON object. Errors: WrongUse that names the place."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{place} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise WrongUse(f"{place} is no JSON object {{...}}")
    return row


def read_lines(file: Path, *, needs: str) -> list[dict[str, Any]]:
    """Read JSON lines that all have a text called `needs`. Errors: WrongUse that names the file or the line."""
    rows = []
    for number, row in json_lines(file):
        if not isinstance(row.get(needs), str):
            raise WrongUse(f'{file}, line {number} has no "{needs}"')
        rows.append(row)
    return rows


def read_person(row: Mapping[str, Any], inquiry: Inquiry, today: date, place: str) -> tuple[Answers, date]:
    """Read a person's facts and the day asked about. Errors: WrongUse that names the place."""
    facts, as_of = row.get("facts"), row.get("as_of")
    if not isinstance(facts, dict):
        raise WrongUse(f'{place} has no "facts"')
    try:
        return read_answers(facts, inquiry.facts), date.fromisoformat(as_of) if as_of is not None else today
    except (RuleError, ValueError, TypeError) as error:
        raise WrongUse(f"{place}: {error}") from error


def write_file(file: Path, text: str) -> None:
    """Write a file that somebody named. Errors: WrongUse."""
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise WrongUse(f"{file} cannot be written: {error.strerror}") from error


def answer_row(heard: Heard, texts: Sequence[str]) -> dict[str, object]:
    """Give one answer as `ask --json` prints it."""
    return {
        "lang": heard.lang,
        "decision": heard.decision,
        "topics": [{"id": topic, "confidence": confidence} for topic, confidence in heard.topics],
        "text": "\n\n".join(texts),
    }


def show_problems(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Print problems, errors first, with a line that counts them."""
    errors = sum(problem.error for problem in problems)
    if as_json:
        for p in problems:
            row = {"path": p.path, "line": p.line, "text": p.text, "error": p.error}
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    for problem in problems:
        typer.echo(f"{problem}" if problem.error else f"{problem} (warning)")
    typer.echo(f"{errors} errors, {len(problems) - errors} warnings")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on standard error; gives what to call for each step."""
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
