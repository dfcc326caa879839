"""The verbs about channels that are held back. They work beside a running bot, which looks before it sends."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.table import Table

from bot.console import notes, screen
from bot.engine import utc_now
from bot.errors import WrongUse
from bot.ports import DESKS
from bot.settings import load_settings
from bot.store import SqlStore

CHANNELS: Final = ("telegram", "matrix", DESKS)
PULLED: Final = "web"
FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of a pause that has none."""
YEAR: Final = 365 * 24 * 60

channel = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one line per channel.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(CHANNELS)}.")]


@channel.callback(invoke_without_command=True)
def top(context: typer.Context, as_json: AsJson = False) -> None:
    """Hold back what is sent on a channel; without a verb, list the channels and which are held back.

    `desks` is what goes to staff, also on Telegram and Matrix.

    What people write is kept and answered meanwhile; the answers wait.
    """
    if context.invoked_subcommand is None:
        _show(asyncio.run(_paused(load_settings().database)), as_json=as_json)


@channel.command()
def pause(
    name: Name,
    minutes: Annotated[
        int | None, typer.Option("--for", metavar="MINUTES", min=1, max=YEAR, help="Go on after so many minutes.")
    ] = None,
) -> None:
    """Hold back what is sent on a channel until it is resumed, or for some minutes; of two pauses the longer one counts."""
    until = FOR_EVER if minutes is None else utc_now() + timedelta(minutes=minutes)
    _tell(name, _set(name, until))


@channel.command()
def resume(name: Name) -> None:
    """Let a channel go on, however it came to be held back."""
    _tell(name, _set(name, None))


def _set(name: str, until: datetime | None) -> Mapping[str, datetime]:
    """Pause a channel or let it go on; return what is paused then. Errors: WrongUse."""
    settings = load_settings()
    if name == PULLED:
        raise WrongUse(f"{PULLED} cannot be paused: pages fetch their messages themselves")
    if name not in CHANNELS:
        raise WrongUse(f"there is no channel {name}; there are {', '.join(CHANNELS)}")

    async def work() -> Mapping[str, datetime]:
        async with await SqlStore.open(settings.database) as store:
            await store.pause(name, until)
            return await store.paused(utc_now())

    return asyncio.run(work())


async def _paused(database: str) -> Mapping[str, datetime]:
    async with await SqlStore.open(database) as store:
        return await store.paused(utc_now())


def _show(paused: Mapping[str, datetime], *, as_json: bool) -> None:
    if as_json:
        for name in CHANNELS:
            until = paused.get(name)
            end = until.isoformat(timespec="seconds") if until and until != FOR_EVER else None
            typer.echo(json.dumps({"channel": name, "paused": until is not None, "until": end}))
        return
    table = Table("Channel", "")
    for name in CHANNELS:
        table.add_row(name, _in_words(paused.get(name)))
    screen.print(table)


def _in_words(until: datetime | None) -> str:
    if until is None:
        return "sends"
    return "paused until it is resumed" if until == FOR_EVER else f"paused until {until.isoformat(timespec='minutes')}"


def _tell(name: str, paused: Mapping[str, datetime]) -> None:
    notes.print(f"{name}: {_in_words(paused.get(name))}", markup=False, highlight=False, soft_wrap=True)
