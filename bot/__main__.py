"""The command line: one short function a verb. Says what went wrong in one line, never with a traceback."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.progress import Progress
from rich.table import Table

from bot import __version__, accounts, app, channel_verbs, db_verbs, desk_verbs, editing, private, queue_verbs
from bot.console import (
    answer_row,
    json_lines,
    notes,
    progress,
    read_json,
    read_lines,
    read_person,
    screen,
    show_problems,
    write_file,
)
from bot.content import Content, count_faults, load_content
from bot.engine import utc_now
from bot.errors import TeejuhtError, WrongUse
from bot.i18n import today_in_estonia
from bot.insight import evaluation, overview, report
from bot.insight.groups import decide_groups, groups_table
from bot.knowledge import read as reading
from bot.knowledge import schemas
from bot.knowledge.programmes import load_inquiry
from bot.platforms.terminal import Collector, dressed, plain
from bot.render.poster import poster as draw_poster
from bot.settings import Settings, load_settings
from bot.window import retention

WRONG_USE = 2

cli = typer.Typer(
    name="teejuht",
    help="Teejuht answers questions about living in Estonia from a curated knowledge base, in Estonian, Russian and English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(db_verbs.db, name="db")
cli.add_typer(queue_verbs.queue, name="queue")
cli.add_typer(channel_verbs.channel, name="channel")
cli.add_typer(accounts.matrix, name="matrix")
cli.add_typer(desk_verbs.desk, name="desk")

Lang = Annotated[str | None, typer.Option("--lang", metavar="L", help="Language to answer in, such as et.")]
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
    asyncio.run(app.serve(settings, lambda text: notes.print(text, soft_wrap=True)))


@cli.command()
def chat(
    lang: Lang = None,
    as_json: AsJson = False,
    state: Annotated[Path | None, typer.Option(help="Keep the conversation in this file between calls.")] = None,
) -> None:
    """Talk to the bot in the terminal: type a question or the number of an option; an empty input ends it."""
    content = load_content(load_settings())
    _known_language(lang, content)
    lines = _typed() if sys.stdin.isatty() and not as_json else _piped()
    asyncio.run(private.chat(content, lines=lines, out=sys.stdout, as_json=as_json, lang=lang, state=state))


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
    content = load_content(load_settings())
    _known_language(lang, content)
    if municipality and municipality not in content.world.municipalities:
        raise WrongUse(f"there is no municipality {municipality}")
    questions = [question] if question is not None else [row["text"] for row in read_lines(batch or Path(), needs="text")]
    collector = Collector(clock=utc_now, lang=lang, town=municipality)
    for heard, messages in private.ask(content, collector, questions):
        if as_json:
            typer.echo(json.dumps(answer_row(heard, [plain(m) for m in messages]), ensure_ascii=False))
        else:
            for part in (part for message in messages for part in message.parts):
                screen.print(dressed(part))


@cli.command()
def check(
    links: Annotated[bool, typer.Option("--links", help="Try every link over the network too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check knowledge and catalogs and list every problem as file:line; exit code 1 if there are errors."""
    files, problems = editing.check(load_settings())
    if links:
        wanted = editing.all_links(files)
        with progress("Trying links", len(wanted)) as tell:
            problems += editing.try_links(files, wanted, tell)
    if not as_json:
        counts = editing.census(files, today_in_estonia())
        typer.echo(", ".join(f"{count} {what}" for what, count in counts.items()))
    show_problems(problems, as_json=as_json)
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
        for piece in report.explain(explain, load_content(settings).world):
            screen.print(piece)
    elif tune:
        tune_knowledge(settings)
    else:
        measure(settings, file, as_json=as_json)


@cli.command()
def groups(
    facts: Annotated[str | None, typer.Option(metavar="JSON", help='What is known, such as {"citizenship": "eu"}.')] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="The day asked about, such as 2026-05-31; default: today.")
    ] = None,
    programme: Annotated[str | None, typer.Option(metavar="P", help="Only this programme.")] = None,
    batch: Annotated[Path | None, typer.Option(metavar="FILE", help='Lines {"facts": {...}, "as_of": "2026-05-31"}.')] = None,
    as_json: AsJson = False,
) -> None:
    """Tell which target groups a person belongs to; `because`: what decides it, or what is missing to decide it."""
    if (facts is None) == (batch is None):
        raise WrongUse("give either --facts JSON or --batch FILE")
    if batch and not as_json:
        raise WrongUse("--batch needs --json")
    inquiry = load_inquiry(load_settings().knowledge)
    if programme:
        if programme not in inquiry.programmes:
            raise WrongUse(f"there is no programme {programme}; there are {', '.join(inquiry.programmes)}")
        inquiry = replace(inquiry, programmes={programme: inquiry.programmes[programme]})
    if facts is not None:
        rows = [("--facts", {"facts": read_json(facts, "--facts"), "as_of": as_of})]
    else:
        rows = [(f"{batch}, line {number}", {"as_of": as_of, **row}) for number, row in json_lines(batch or Path())]
    for place, row in rows:
        decided = decide_groups(inquiry, *read_person(row, inquiry, today_in_estonia(), place))
        if as_json:
            typer.echo(json.dumps(decided, ensure_ascii=False))
        else:
            screen.print(groups_table(decided))


@cli.command("draw")
def draw(
    what: Annotated[str, typer.Argument(metavar="groups", help="What to draw: groups.")],
    folder: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder to write to.")] = Path(),
    lang: Annotated[str, typer.Option(help="The language of the words.")] = "en",
) -> None:
    """Draw the questions that lead to target groups, a Mermaid (.mmd) and an SVG file for each programme."""
    if what != "groups":
        raise WrongUse(f"{what} cannot be drawn; groups can")
    inquiry = load_inquiry(load_settings().knowledge)
    if lang not in inquiry.words:
        raise WrongUse(f"there is no language {lang}; there are {', '.join(inquiry.words)}")
    for path, ways in editing.draw_groups(inquiry, folder, lang):
        notes.print(f"{path}: {ways}", markup=False, highlight=False, soft_wrap=True)


@cli.command()
def poster(
    municipality: Annotated[str, typer.Argument(metavar="MUNICIPALITY", help="Such as kohtla-jarve.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="The file to write; default: teejuht-MUNICIPALITY.svg.")] = None,
    telegram: Annotated[
        str | None, typer.Option(metavar="NAME", help="The bot's name in Telegram; default: Telegram is asked for it.")
    ] = None,
) -> None:
    """Make a printable A4 poster (SVG) with QR codes that lead people of a municipality to the bot."""
    settings = load_settings()
    content = load_content(settings)
    if municipality not in content.world.municipalities:
        raise WrongUse(f"there is no municipality {municipality}")
    name = accounts.telegram_name(settings) if telegram is None else telegram.removeprefix("@")
    ways = accounts.poster_ways(settings, municipality, name)
    if not ways:
        raise WrongUse(
            "there is nothing to lead to yet: set TEEJUHT_PUBLIC_URL, TEEJUHT_MATRIX_USER or TEEJUHT_TELEGRAM_TOKEN "
            "(or --telegram NAME)"
        )
    place, languages = content.world.place(municipality), content.world.languages
    file = to or Path(f"teejuht-{municipality}.svg")
    write_file(file, draw_poster(place=place, ways=ways, catalogs=content.catalogs, languages=languages))
    notes.print(f"{file}: {', '.join(way.shown for way in ways)}", markup=False, highlight=False, soft_wrap=True)


@cli.command("forms")
def make_forms() -> None:
    """Generate all word forms and the language model into knowledge/.index (needs `make install-forms`)."""
    for line in editing.make_forms(load_settings()):
        notes.print(line)


@cli.command()
def diff(
    revision: Annotated[
        str, typer.Argument(metavar="REV", help="The revision to compare with, as git knows it: HEAD, main, ...")
    ],
    as_json: AsJson = False,
) -> None:
    """Show which check wordings and phrasings get another answer than at a revision."""
    settings = load_settings()
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("Reading", total=None)
        changes = editing.differences(
            settings,
            revision,
            begin=lambda total: bar.update(task, description="Asking", total=total),
            tell=lambda: bar.advance(task),
        )
    if as_json:
        for change in changes:
            row = {"text": change.question.text, "lang": change.question.lang, "kind": change.question.kind}
            typer.echo(
                json.dumps({**row, "before": change.before, "after": change.after, "better": change.better}, ensure_ascii=False)
            )
    elif changes:
        screen.print(report.changes_table(changes))
    if not as_json:
        typer.echo(report.changes_line(changes))


@cli.command()
def schema(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write to.")]) -> None:
    """Write JSON Schemas of the knowledge files, for programs that complete and check while one types."""
    try:
        schemas.write_schemas(folder)
    except OSError as error:
        raise WrongUse(f"{folder} cannot be written: {error.strerror}") from error
    notes.print(f"{len(schemas.KINDS)} schemas written to {folder}", markup=False)


@cli.command()
def preview(port: Annotated[int, typer.Option(help="The port of this machine to listen on.", min=0, max=65535)] = 8090) -> None:
    """Show every topic as Telegram, Matrix and the web page will, on a local page that follows the files as they are saved."""
    settings = load_settings()
    notes.print("Reading ...")
    work = editing.preview(settings, port, lambda url: notes.print(f"Preview: {url}"))
    asyncio.run(app.until_stopped(work))


@cli.command()
def status(as_json: AsJson = False) -> None:
    """Show what waits, what is kept, whether the knowledge is sound, and what was asked in the last 30 days."""
    settings = load_settings()
    found = asyncio.run(app.status(settings))
    faults = count_faults(settings)
    sound = f"{faults} errors in the files: they are not served, see `teejuht check`" if faults else "sound"
    keep, rows = retention(settings), {"knowledge": sound, **overview.counts(found)}
    if as_json:
        typer.echo(json.dumps({**rows, **overview.details(found, keep), "tallies": dict(found.tallies)}, ensure_ascii=False))
        return
    table = Table("Teejuht", "", show_header=False)
    for name, value in (*rows.items(), *overview.rows(found, keep).items(), *sorted(found.tallies.items())):
        table.add_row(name, str(value))
    screen.print(table)


# --- pieces -----------------------------------------------------------------------------------------------------------


def measure(settings: Settings, file: Path | None, *, as_json: bool) -> None:
    """Measure a file of questions, or the check wordings, and print the table."""
    world = load_content(settings).world
    questions = _labelled(file) if file else editing.labelled(reading.read(settings.knowledge, checks=True))
    with progress("Asking", len(questions)) as tell:
        table, left_out = evaluation.measure(questions, world, tell=tell)
    if as_json:
        rows = {group: {**s.shares(), "inside": s.inside, "outside": s.outside} for group, s in evaluation.as_rows(table)}
        typer.echo(json.dumps({"left_out": left_out, "groups": rows}, ensure_ascii=False))
        return
    screen.print(report.scores_table(table))
    typer.echo(f"{left_out} questions left out: none of their topics is in this knowledge base")


def tune_knowledge(settings: Settings) -> None:
    """Fit the numbers and write them, with what they reach."""
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task("Learning", total=None)
        reached = editing.tune(settings, begin=lambda total: bar.update(task, total=total), tell=lambda: bar.advance(task))
    typer.echo(json.dumps(reached))


def _labelled(file: Path) -> list[evaluation.Question]:
    return [
        evaluation.Question(
            text=row["text"], topics=tuple(row.get("topics") or ()), lang=row.get("lang", ""), kind=row.get("kind", "")
        )
        for row in read_lines(file, needs="text")
    ]


def _known_language(lang: str | None, content: Content) -> None:
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
