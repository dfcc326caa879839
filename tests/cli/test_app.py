"""The parts put together in this process: serving until a signal, a port that is taken, the prompt, Ctrl-C."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot import app
from bot.__main__ import cli, main
from bot.content import load_content, remind
from bot.core.texts import NO_OPERATOR
from bot.errors import Locked, SettingsError
from bot.loops import Bell
from bot.ports import Arrival
from bot.settings import Settings, load_settings
from bot.store import SqlStore
from tests.cli.conftest import Teejuht
from tests.cli.test_processes import free_port
from tests.worlds import catalogs


def settings(room: Path, **given: object) -> Settings:
    """Settings for a bot in this folder."""
    return load_settings(**{"database": f"sqlite:///{room / 'bot.db'}", "web_port": free_port(), "admin_bind": "", **given})


async def test_serving_until_a_signal(room: Path) -> None:
    """It says what it knows and where the page is, serves it, and ends without an error when it is told to."""
    told: asyncio.Queue[str] = asyncio.Queue()
    wanted = settings(room)
    serving = asyncio.create_task(app.serve(wanted, told.put_nowait))
    assert await told.get() == "8 topics in et, ru, en"
    assert await told.get() == f"Web page: http://127.0.0.1:{wanted.web_port}"
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5), trust_env=False) as client:
        page = await client.get(f"http://127.0.0.1:{wanted.web_port}/")
    assert page.status_code == 200
    with pytest.raises(Locked):
        await SqlStore.open(wanted.database, serve=True)
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    await (await SqlStore.open(wanted.database, serve=True)).close()


async def test_without_any_channel_it_does_not_start(room: Path) -> None:
    """With every channel switched off there is nothing to serve, and it says so."""
    with pytest.raises(SettingsError, match="TEEJUHT_WEB is off, TEEJUHT_TELEGRAM_TOKEN and TEEJUHT_MATRIX_USER are not set"):
        await app.serve(settings(room, web=False), lambda _: None)


@pytest.mark.parametrize("public_url", ["", "https://juht.example.ee"])
async def test_the_pages_address_is_told(room: Path, public_url: str) -> None:
    """Behind a proxy it is the address that people see."""
    wanted = settings(room, public_url=public_url)
    told: list[str] = []
    serving = asyncio.create_task(app.serve(wanted, told.append))
    async with asyncio.timeout(20):
        while len(told) < 2:  # noqa: ASYNC110 - the start tells us, and has nothing to wait for
            await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
    await serving
    assert told[1] == f"Web page: {public_url or f'http://127.0.0.1:{wanted.web_port}'}"


@pytest.mark.parametrize(
    ("home", "operator"), [("sampleton", "Näidislinna valitsus"), (None, catalogs().text("et", NO_OPERATOR))]
)
async def test_the_page_names_who_runs_the_bot(room: Path, home: str | None, operator: str) -> None:
    """The municipality of the settings, and otherwise nobody in particular; a contact is always there."""
    wanted = settings(room, municipality=home)
    store = await SqlStore.open("sqlite://")
    page = app.web_channel(wanted, load_content(wanted), store, Bell())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(page.app(nobody)), base_url="http://127.0.0.1") as client:
        statement = await client.get("/accessibility")
    await store.close()
    assert statement.status_code == 200
    assert operator in statement.text
    assert "tel:+3726101000" in statement.text


async def test_the_page_follows_the_knowledge(room: Path) -> None:
    """A contact that changes while the page is served is the one that it names."""
    wanted = settings(room, municipality="sampleton")
    content = load_content(wanted)
    store = await SqlStore.open("sqlite://")
    page = app.web_channel(wanted, content, store, Bell())
    place = content.world.municipalities["sampleton"]
    moved = replace(place, contacts=(replace(place.contacts[0], phone="+3726102000"),))
    content.world = replace(content.world, municipalities={**content.world.municipalities, "sampleton": moved})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(page.app(nobody)), base_url="http://127.0.0.1") as client:
        statement = await client.get("/accessibility")
    await store.close()
    assert "tel:+3726102000" in statement.text


async def nobody(arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
    """Take nothing: these pages hand nothing in."""
    raise AssertionError((arrivals, cursor))


def test_a_taken_port_is_one_line(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port and the setting are named; exit code 1."""
    monkeypatch.setenv("TEEJUHT_DATABASE", f"sqlite:///{room / 'bot.db'}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("TEEJUHT_WEB_PORT", str(port))
        done = teejuht("serve")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == "Starting Teejuht ..."
    assert done.err.splitlines()[-1].startswith(f"teejuht: port {port} on 127.0.0.1 is taken")


async def test_a_host_that_is_not_ours_is_named(room: Path) -> None:
    """An address that this machine does not have is a wrong setting."""
    with pytest.raises(SettingsError, match="TEEJUHT_WEB_HOST"):
        await app.serve(settings(room, web_host="192.0.2.1"), lambda _: None)


class Tty(TextIOWrapper):
    """Standard input with a person before it."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("typed", [b"where is library\n1\n\nnot read\n", b"where is library\n1\n"])
def test_a_person_is_prompted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    """At a terminal there is a prompt before each line; an empty one, or the end of input, ends the chat."""
    monkeypatch.setattr(sys, "stdin", Tty(BytesIO(typed), encoding="utf-8"))
    with pytest.raises(SystemExit) as ended:
        main(lambda: cli(["chat", "--lang", "en"]))
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert printed.count("> ") == 3
    assert "Library – 112" in printed


def test_ctrl_c_ends_any_verb() -> None:
    """Exit code 130, as shells expect, and no traceback."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        main(interrupted)
    assert ended.value.code == 130


class LastDayError(Exception):
    """The test has no more days."""


async def test_what_goes_out_of_date_is_reported_once(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day turns without any file changing: the log has each thing once."""
    monkeypatch.setattr("bot.content.LOOK_AGAIN", 0.0)
    content = load_content(settings(room))
    days = iter([datetime(2029, 12, 31, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC), datetime(2030, 1, 3, tzinfo=UTC)])
    with capture_logs() as logs, pytest.raises(LastDayError):
        await remind(content, lambda: next_day(days))
    due = sorted(f"topic {id}: due for review on 2030-01-01" for id in content.world.topics)
    assert [(row["event"], row["what"]) for row in logs] == [("knowledge out of date", due)]


def next_day(days: Iterator[datetime]) -> datetime:
    """Give the next day; after the last one the test ends."""
    for day in days:
        return day
    raise LastDayError
