"""The verbs about the database: bring it up to this version, copy all that is kept to another place, into a file and back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import Progress
from rich.table import Table

from bot import copies
from bot.console import notes, screen
from bot.errors import WrongUse
from bot.settings import DATABASES, Settings, load_settings
from bot.store import migrate
from bot.store.tables import HEAD

CONFIGURED: Final = "configured"
"""Stands for the database of the settings, where an address with a password would be seen by all on the machine."""

db = typer.Typer(help="Look after the database.", no_args_is_help=True)

Backup = Annotated[Path, typer.Argument(metavar="FILE")]


@db.command()
def upgrade() -> None:
    """Create the database's tables, or bring them up to this version."""
    settings = load_settings()
    migrate.upgrade(settings.database)
    notes.print(f"The database is at revision {migrate.revision(settings.database)}.")


@db.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="sqlite:///FILE, postgresql://HOST/NAME, or: configured.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same; it must be new or empty.")],
) -> None:
    """Copy all that is kept into another database, all of it or nothing: conversations, and the Matrix login and keys.

    The word `configured` stands for the database of the settings.

    Stop the bot before: an installation that is being served is refused (on PostgreSQL only where a messenger or a desk is).

    With SQLite, login and keys are in the file of TEEJUHT_MATRIX_KEYS; with PostgreSQL, in the database.

    Afterwards set TEEJUHT_DATABASE to TO, start again, and never serve FROM any more.
    """
    settings = load_settings()
    places = _place(settings, source), _place(settings, target)
    with _progress("Copying") as tell:
        counts = copies.copy(*places, tell)
    _show(counts)


@db.command()
def backup(file: Backup) -> None:
    """Write all that is kept into one new file, also while the bot runs: conversations, and the Matrix login and keys.

    Whoever has the file can read the conversations and speak as the bot on Matrix: keep it as you keep passwords.

    While it is being written, on a local disk, it is called FILE.part. `teejuht db restore` takes it, whatever the database.
    """
    settings = load_settings()
    with _progress("Writing") as tell:
        counts = copies.backup(copies.Place.of(settings), file, tell)
    _show(counts)
    _note(f"{file}: {file.stat().st_size:,} bytes, revision {HEAD}")


@db.command()
def restore(file: Backup) -> None:
    """Bring back what a backup holds, all of it or nothing, into the configured database and key store, which must be empty.

    Stop the bot before. Move the database file and that of TEEJUHT_MATRIX_KEYS away; with PostgreSQL, name a new database.

    A backup of an earlier version is brought up to this one on the way; FILE itself stays as it is.

    What waited to be sent when it was made is sent again. Never let two bots run on one backup.
    """
    settings = load_settings()
    with _progress("Reading") as tell:
        counts = copies.restore(file, copies.Place.of(settings), tell)
    _show(counts)


def _place(settings: Settings, address: str) -> copies.Place:
    if address == CONFIGURED:
        return copies.Place.of(settings)
    if not address.startswith(DATABASES):
        raise WrongUse(f"write sqlite:///FILE, postgresql://HOST/NAME or {CONFIGURED}")
    return copies.Place.of(settings, address)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=notes, transient=True, disable=not notes.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(counts: copies.Counts) -> None:
    table = Table("Copied", "Rows")
    for what, count in counts.items():
        table.add_row(what, str(count))
    screen.print(table)


def _note(text: str) -> None:
    notes.print(text, markup=False, highlight=False, soft_wrap=True)
