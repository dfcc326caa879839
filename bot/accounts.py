"""The bot's accounts on platforms: logging in to Matrix, how that fares, and the ways by which people reach the bot.

Knows the settings and what the platforms' rooms offer for it; not what is said there.
"""

import asyncio
import json
import sys
from contextlib import closing
from getpass import getpass
from typing import Annotated

import typer
from rich.table import Table

from bot.console import notes, screen
from bot.errors import SettingsError, WrongUse
from bot.i18n import host
from bot.platforms.matrix import Account, KeyStore, Login, log_in, look
from bot.platforms.telegram import username
from bot.render.poster import Way
from bot.settings import Settings, load_settings

matrix = typer.Typer(help="Look after the bot's account on Matrix.", no_args_is_help=True)


@matrix.command()
def login(
    token: Annotated[bool, typer.Option("--token", help="Log in with an access token instead of the password.")] = False,
) -> None:
    """Log the bot in, keep its keys and sign its device; asks for the password, or reads a line of standard input.

    Where nobody can be asked, it takes TEEJUHT_MATRIX_PASSWORD or TEEJUHT_MATRIX_TOKEN, or such a file below TEEJUHT_SECRETS.
    """
    settings = _with_user(load_settings())
    secret, is_token = _secret(settings, token=token)
    done = log_in_to_matrix(settings, **{"token" if is_token else "password": secret})
    for line in (
        f"Logged in as {done.user} at {done.homeserver}, device {done.device}.",
        f"Login and keys are kept in {place_of_keys(settings)}: back it up, nobody can restore them.",
    ):
        notes.print(line, markup=False, highlight=False, soft_wrap=True)


@matrix.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show whether the homeserver accepts the bot's login and its device is signed; exit code 1 if not."""
    settings = _with_user(load_settings())
    found = look_at_matrix(settings)
    rows = {
        "account": found.user,
        "homeserver": found.homeserver or "-",
        "device": found.device or "-",
        "login accepted": found.accepted,
        "device signed": found.signed,
        "keys": place_of_keys(settings),
        "problem": found.why or "-",
    }
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        table = Table("Matrix", "", show_header=False)
        for name, value in rows.items():
            table.add_row(name, {"True": "yes", "False": "no"}.get(str(value), str(value)))
        screen.print(table)
    if found.why:
        raise typer.Exit(1)


def log_in_to_matrix(settings: Settings, *, password: str = "", token: str = "") -> Login:
    """Log this installation in. Errors: ChannelError, StoreError."""
    with closing(KeyStore.open(settings.matrix_key_store)) as keys:
        return asyncio.run(log_in(keys, settings.matrix_user, settings.matrix_homeserver, password=password, token=token))


def look_at_matrix(settings: Settings) -> Account:
    """See how this installation's account fares. Errors: ChannelError, StoreError."""
    with closing(KeyStore.open(settings.matrix_key_store)) as keys:
        return asyncio.run(look(keys, settings.matrix_user))


def place_of_keys(settings: Settings) -> str:
    """Say where the login and the keys are."""
    return "the database" if settings.matrix_key_store == settings.database else str(settings.matrix_keys)


def poster_ways(settings: Settings, slug: str, telegram: str) -> list[Way]:
    """Give the ways to this installation's bot for people of a municipality; `telegram`: the bot's name there, if any."""
    ways = []
    if telegram:
        ways.append(Way(name="Telegram", link=f"https://t.me/{telegram}?start={slug}", shown=f"t.me/{telegram}"))
    if settings.matrix_user:
        ways.append(Way(name="Matrix", link=f"https://matrix.to/#/{settings.matrix_user}", shown=settings.matrix_user))
    if settings.public_url:
        ways.append(Way(name="", link=f"{settings.public_url}/?start={slug}", shown=host(settings.public_url)))
    return ways


def telegram_name(settings: Settings) -> str:
    """Ask Telegram what our bot is called; empty if there is none. Errors: ChannelError."""
    token = settings.telegram_token.get_secret_value()
    return asyncio.run(username(token, settings.telegram_api)) if token else ""


def _with_user(settings: Settings) -> Settings:
    if not settings.matrix_user:
        raise SettingsError("TEEJUHT_MATRIX_USER is not set: it names the bot's account, such as @teejuht:example.ee")
    return settings


def _secret(settings: Settings, *, token: bool) -> tuple[str, bool]:
    """Give the secret to log in with and whether it is a token; no argument, as anybody on the machine may read those."""
    kept = settings.matrix_token if token else settings.matrix_password
    if found := kept.get_secret_value():
        return found, token
    if not token and (found := settings.matrix_token.get_secret_value()):
        return found, True
    what = "access token" if token else "password"
    typed = getpass(f"The {what} of {settings.matrix_user}: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not typed:
        raise WrongUse(f"no {what} was given")
    return typed, token
