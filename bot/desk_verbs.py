"""The verbs about the desks of staff: what a test case meets on its way there."""

import asyncio
import json
from contextlib import aclosing
from typing import Annotated

import typer

from bot.console import screen
from bot.settings import load_settings
from bot.trial import Hop, try_desks

desk = typer.Typer(help="Look after the desks at which staff receive cases.", no_args_is_help=True)


@desk.callback()
def top() -> None:
    """Keep `test` a word of its own, also while it is the only one."""


@desk.command("test")
def run_test(
    municipality: Annotated[str, typer.Argument(help="The municipality whose desks are tried, such as kohtla-jarve.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per hop.")] = False,
) -> None:
    """Send a marked test case through a municipality's desks and tell of each hop; exit code 1 if one does not work."""
    if not asyncio.run(_try(municipality, as_json=as_json)):
        raise typer.Exit(1)


async def _try(municipality: str, *, as_json: bool) -> bool:
    worked = True
    async with aclosing(try_desks(load_settings(), municipality)) as hops:
        async for hop in hops:
            worked = worked and hop.worked
            _tell(hop, as_json=as_json)
    return worked


def _tell(hop: Hop, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"hop": hop.what, "worked": hop.worked, "seconds": round(hop.seconds, 2), "why": hop.why}))
        return
    sign = "ok " if hop.worked else "NO "
    line = f"{sign} {hop.seconds:6.2f} s  {hop.what}{f': {hop.why}' if hop.why else ''}"
    screen.print(line, markup=False, highlight=False, soft_wrap=True)
