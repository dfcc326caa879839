"""The command line: one short function a verb. Says what went wrong in one line, never with a traceback."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bot import __version__, app
from bot.core.effects import Heard
from bot.engine import utc_now
from bot.errors import KnowledgeError, Problem, TeejuhtError, WrongUse
from bot.i18n import catalog_problems
from bot.insight import evaluation, report, tuning
from bot.knowledge import build, generated
from bot.knowledge import check as checking
from bot.knowledge import forms as forming
from bot.knowledge import read as reading
from bot.platforms.terminal import Collector, dressed, plain
from bot.settings import Settings, load_settings
from bot.store import migrate

WRONG_USE = 2

cli = typer.Typer(
    name="teejuht",
    help="Teejuht answers questions about living in Estonia from a curated knowledge base, in Estonian, Russian and English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="Look after the database.", no_args_is_help=True)
cli.add_typer(db, name="db")
screen = Console()
notes = Console(stderr=True)

Lang = Annotated[str | None, typer.Option("--lang", metavar="L", help="Language to answer in: et, ru or en.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per message, row or problem.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        screen.print(f"teejuht {__version__}")
        raise typer.Exit


@cli.callback()
def top(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", is_eager=True, callback=_show_version)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Set up what every verb shares."""
    app.set_up_logs(verbose=verbose)


@cli.command()
def serve() -> None:
    """Start the bot with all configured channels; the web page is on http://127.0.0.1:8080 unless set otherwise."""
    settings = load_settings()
    notes.print("Starting Teejuht ...")
    asyncio.run(app.serve(settings, lambda text: notes.print(text)))


@cli.command()
def chat(
    lang: Lang = None,
    as_json: AsJson = False,
    state: Annotated[Path | None, typer.Option(help="Keep the conversation in this file between calls.")] = None,
) -> None:
    """Talk to the bot in the terminal: type a question or the number of an option; an empty input ends it."""
    content = app.load_content(load_settings())
    _known_language(lang, content)
    lines = _typed() if sys.stdin.isatty() and not as_json else _piped()
    asyncio.run(app.chat(content, lines=lines, out=sys.stdout, as_json=as_json, lang=lang, state=state))


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in any of the languages.")] = None,
    lang: Lang = None,
    municipality: Annotated[str | None, typer.Option(metavar="M", help="Answer for this municipality.")] = None,
    as_json: AsJson = False,
    batch: Annotated[
        Path | None, typer.Option(metavar="FILE", help='Lines {"text": ...}, each a conversation of its own.')
    ] = None,
) -> None:
    """Ask one question, or a file of them, and show the answer."""
    if (question is None) == (batch is None):
        raise WrongUse("give either a QUESTION or --batch FILE")
    if batch and not as_json:
        raise WrongUse("--batch needs --json")
    content = app.load_content(load_settings())
    _known_language(lang, content)
    if municipality and municipality not in content.world.municipalities:
        raise WrongUse(f"there is no municipality {municipality}")
    questions = [question] if question is not None else [row["text"] for row in read_lines(batch or Path(), needs="text")]
    collector = Collector(clock=utc_now, lang=lang, town=municipality)
    for heard, messages in app.ask(content, collector, questions):
        if as_json:
            typer.echo(json.dumps(answer_row(heard, [plain(m) for m in messages]), ensure_ascii=False))
        else:
            for part in (part for message in messages for part in message.parts):
                screen.print(dressed(part))


@cli.command()
def check(as_json: AsJson = False) -> None:
    """Check knowledge and catalogs and list every problem as file:line; exit code 1 if there are errors."""
    settings = load_settings()
    files = reading.read(settings.knowledge, checks=True)
    problems = checking.check_files(files, datetime.now(UTC).date())
    known = len(files.problems)
    world = build.build(files)
    problems += files.problems[known:]
    if world:
        problems += checking.check_wordings(files, world)
    problems += catalog_problems(settings.locales, files.languages)
    show_problems(sorted(problems, key=lambda p: (not p.error, p.path, p.line)), as_json=as_json)
    if any(problem.error for problem in problems):
        raise typer.Exit(1)


@cli.command("eval")
def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(help='Labelled questions, lines {"text", "topics", "lang", "kind"}; default: the check wordings.'),
    ] = None,
    as_json: AsJson = False,
    tune: Annotated[bool, typer.Option("--tune", help="Fit confidence and limits on the check wordings and write them.")] = False,
    explain: Annotated[str | None, typer.Option(metavar="QUESTION", help="Show how one question is understood.")] = None,
) -> None:
    """Measure answers against labelled questions: right, shown, wrong, silent, false, f_oos."""
    settings = load_settings()
    if explain is not None:
        for piece in report.explain(explain, app.load_content(settings).world):
            screen.print(piece)
    elif tune:
        tune_knowledge(settings)
    else:
        measure(settings, file, as_json=as_json)


@cli.command("forms")
def make_forms() -> None:
    """Generate all word forms and the language model into knowledge/.index (needs `make install-forms`)."""
    settings = load_settings()
    files = reading.read(settings.knowledge)
    if errors := [p for p in files.problems if p.error]:
        raise KnowledgeError(errors)
    texts = list(reading.texts(files))
    notes.print("Generating word forms ...")
    made = forming.generate(texts, files.known_languages)
    folder = settings.knowledge / ".index"
    today = datetime.now(UTC).date()
    note = f"generated {today} by `teejuht forms` with {forming.versions()}; sources and licences in NOTICE"
    for lang, words in made.items():
        generated.write_forms(folder, lang, words, note)
        notes.print(f"{lang}: {len(words)} words, {sum(len(word.forms) for word in words)} forms")
    notes.print("Training the language model ...")
    generated.write_language_model(folder, forming.train_language_model(texts), note)


@cli.command()
def status(as_json: AsJson = False) -> None:
    """Show what waits, what is kept, whether the knowledge is sound, and what was asked in the last 30 days."""
    settings = load_settings()
    found = asyncio.run(app.status(settings))
    faults = checking.errors(settings.knowledge)
    rows = {
        "knowledge": f"{faults} errors in the files: they are not served, see `teejuht check`" if faults else "sound",
        "database revision": found.revision,
        "conversations": found.conversations,
        "oldest conversation": found.oldest_conversation.isoformat(timespec="minutes") if found.oldest_conversation else "-",
        "waiting messages": found.waiting,
        "unsent messages": found.unsent,
        "dead letters": found.dead,
        "timers": found.timers,
    }
    if as_json:
        typer.echo(json.dumps({**rows, "tallies": dict(found.tallies)}, ensure_ascii=False))
        return
    table = Table("Teejuht", "", show_header=False)
    for name, value in (*rows.items(), *sorted(found.tallies.items())):
        table.add_row(name, str(value))
    screen.print(table)


@db.command("upgrade")
def db_upgrade() -> None:
    """Create the database's tables, or bring them up to this version."""
    settings = load_settings()
    migrate.upgrade(settings.database)
    notes.print(f"The database is at revision {migrate.revision(settings.database)}.")


# --- pieces -----------------------------------------------------------------------------------------------------------


def read_lines(file: Path, *, needs: str) -> list[dict[str, Any]]:
    """Read JSON lines. Errors: WrongUse that names the file or the line."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise WrongUse(f"{file}, line {number} is not JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get(needs), str):
            raise WrongUse(f'{file}, line {number} has no "{needs}"')
        rows.append(row)
    return rows


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


def measure(settings: Settings, file: Path | None, *, as_json: bool) -> None:
    """Measure a file of questions, or the check wordings, and print the table."""
    world = app.load_content(settings).world
    questions = _labelled(file) if file else _checks(reading.read(settings.knowledge, checks=True))
    with Progress(console=notes, transient=True) as progress:
        task = progress.add_task("Asking", total=len(questions))
        table, left_out = evaluation.measure(questions, world, tell=lambda: progress.advance(task))
    if as_json:
        rows = {group: {**s.shares(), "inside": s.inside, "outside": s.outside} for group, s in evaluation.as_rows(table)}
        typer.echo(json.dumps({"left_out": left_out, "groups": rows}, ensure_ascii=False))
        return
    screen.print(report.scores_table(table))
    typer.echo(f"{left_out} questions left out: none of their topics is in this knowledge base")


def tune_knowledge(settings: Settings) -> None:
    """Fit the numbers and write them, with what they reach."""
    files = reading.read(settings.knowledge, checks=True)
    world = build.build(files)
    if world is None or any(problem.error for problem in files.problems):
        raise KnowledgeError([problem for problem in files.problems if problem.error])
    checks = _checks(files)
    with Progress(console=notes, transient=True) as progress:
        task = progress.add_task("Learning", total=len(checks) + len(world.finder.index.wordings))
        fit, reached = tuning.tune(world, checks, tell=lambda: progress.advance(task))
    note = f"fitted {datetime.now(UTC).date()} by `teejuht eval --tune` on {len(checks)} check wordings"
    generated.write_fit(settings.knowledge / ".index", fit, note, reached)
    typer.echo(json.dumps(reached))


def _labelled(file: Path) -> list[evaluation.Question]:
    return [
        evaluation.Question(
            text=row["text"], topics=tuple(row.get("topics") or ()), lang=row.get("lang", ""), kind=row.get("kind", "")
        )
        for row in read_lines(file, needs="text")
    ]


def _checks(files: reading.Files) -> list[evaluation.Question]:
    return [
        evaluation.Question(text=row.text, topics=tuple(row.topics), lang=lang, kind=row.kind)
        for lang, rows in files.checks.items()
        for row in rows
    ]


def _known_language(lang: str | None, content: app.Content) -> None:
    if lang and lang not in content.world.languages:
        raise WrongUse(f"--lang must be one of {', '.join(content.world.languages)}")


def _typed() -> Iterator[str]:
    while True:
        try:
            line = screen.input("[bold cyan]> [/]")
        except EOFError:
            return
        if not line.strip():
            return
        yield line


def _piped() -> Iterator[str]:
    # Whatever the locale says, scripts write UTF-8; a byte that is none spoils its own character only.
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    return iter(sys.stdin)


def main(run: Callable[[], Any] = cli) -> NoReturn:
    """Run the command line; errors of ours become a sentence and an exit code."""
    try:
        run()
    except WrongUse as error:
        _stop(str(error), WRONG_USE)
    except TeejuhtError as error:
        _stop(str(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _stop(text: str, code: int) -> NoReturn:
    print(f"teejuht: {text}", file=sys.stderr)  # noqa: T201 - the last word on standard error
    sys.exit(code)


if __name__ == "__main__":
    main()
