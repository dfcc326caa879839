"""The verbs about dead letters, messages that were given up. They work beside a running bot and never show a text."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Final

import typer
from rich.table import Table

from bot.console import notes, screen
from bot.engine import utc_now
from bot.errors import TeejuhtError, WrongUse
from bot.ports import DeadLetter, Status
from bot.settings import load_settings
from bot.store import SqlStore

LETTER: Final = re.compile(r"(?P<queue>inbox|outbox):(?P<id>[0-9]{1,18})")

queue = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Letter = Annotated[str | None, typer.Argument(metavar="ID", help="As it is listed, such as inbox:17 or outbox:4.")]
All = Annotated[bool, typer.Option("--all", help="All that are listed.")]


@queue.callback(invoke_without_command=True)
def top(context: typer.Context, as_json: AsJson = False) -> None:
    """Look after dead letters, messages that were given up; without a verb, list them.

    What a person wrote is kept with them for seven days and is never shown.
    """
    if context.invoked_subcommand is None:
        show(as_json=as_json)


@queue.command("list")
def show(as_json: AsJson = False) -> None:
    """List what was given up: in which queue, on which channel, why, since when; and count what waits."""
    letters, status = asyncio.run(_look(load_settings().database))
    if as_json:
        rows = [
            {"id": _name(one), "channel": one.channel, "error": one.error, "since": one.at.isoformat(timespec="seconds")}
            for one in letters
        ]
        typer.echo(json.dumps({"dead": rows, "waiting": status.waiting, "unsent": status.unsent, "timers": status.timers}))
        return
    if letters:
        table = Table("ID", "Channel", "Error", "Since")
        for one in letters:
            table.add_row(_name(one), one.channel, one.error, one.at.isoformat(timespec="minutes"))
        screen.print(table)
    waiting = f"{status.waiting} to be answered, {status.unsent} to be sent, {status.timers} timers"
    typer.echo(f"dead letters: {len(letters)}; waiting: {waiting}")


@queue.command()
def retry(letter: Letter = None, all_of_them: All = False) -> None:
    """Let what was given up wait again, with all its tries; exit code 1 if there is no such dead letter."""
    done = _each(SqlStore.retry, letter, all_of_them=all_of_them)
    notes.print(f"dead letters that wait again: {done}", highlight=False)


@queue.command()
def discard(letter: Letter = None, all_of_them: All = False) -> None:
    """Take what was given up off the list and delete its text; exit code 1 if there is no such dead letter."""
    done = _each(SqlStore.discard, letter, all_of_them=all_of_them)
    notes.print(f"dead letters that were discarded: {done}", highlight=False)


async def _look(database: str) -> tuple[Sequence[DeadLetter], Status]:
    async with await SqlStore.open(database) as store:
        return await store.dead(), await store.status(utc_now())


def _each(act: Callable[[SqlStore, str, int], Coroutine[None, None, bool]], letter: str | None, *, all_of_them: bool) -> int:
    """Do something to one dead letter or to all, and return to how many. Errors: WrongUse; TeejuhtError if there is none."""
    settings = load_settings()
    if (letter is None) != all_of_them:
        raise WrongUse("give either an ID, as `teejuht queue` lists them, or --all")
    wanted = None if letter is None else _read(letter)

    async def work() -> int:
        async with await SqlStore.open(settings.database) as store:
            letters = [wanted] if wanted else [(one.queue, one.id) for one in await store.dead()]
            return sum([await act(store, *one) for one in letters])

    done = asyncio.run(work())
    if wanted and not done:
        raise TeejuhtError(f"there is no dead letter {letter}: `teejuht queue` lists those there are")
    return done


def _read(letter: str) -> tuple[str, int]:
    if found := LETTER.fullmatch(letter):
        return found["queue"], int(found["id"])
    if letter.isdecimal():
        raise WrongUse(f"{letter} may be in either queue: write inbox:{letter} or outbox:{letter}, as `teejuht queue` lists it")
    raise WrongUse(f"{letter} is no ID: write one such as inbox:17 or outbox:4, as `teejuht queue` lists them")


def _name(letter: DeadLetter) -> str:
    return f"{letter.queue}:{letter.id}"
