"""The operator's window as the whole bot opens it, and what `teejuht status` tells of the same."""

import asyncio
import json
import os
import signal
import socket
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot import app
from bot.content import load_content, open_library, reload
from bot.errors import KnowledgeError
from bot.settings import load_settings
from tests.cli.conftest import Teejuht
from tests.cli.test_app import settings
from tests.cli.test_processes import free_port
from tests.engine.kit import PATIENCE


async def test_the_window_of_a_bot_that_serves(room: Path) -> None:
    """Who starts it reads the address; there each part is well, and the public is told the same in a word."""
    told: asyncio.Queue[str] = asyncio.Queue()
    port = free_port()
    wanted = settings(room, admin_bind=f"127.0.0.1:{port}")
    serving = asyncio.create_task(app.serve(wanted, told.put_nowait))
    said = [await told.get() for _ in range(5)]
    assert said[-1] == f"For the operator: http://127.0.0.1:{port}/readyz and http://127.0.0.1:{port}/metrics"
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5), trust_env=False) as client:
        async with asyncio.timeout(PATIENCE):
            while (answer := await client.get(f"http://127.0.0.1:{wanted.web_port}/readyz")).status_code == 503:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (answer.status_code, answer.text) == (200, "ok")
        parts = (await client.get(f"http://127.0.0.1:{port}/readyz")).json()["parts"]
        assert {name: part["ok"] for name, part in parts.items()} == dict.fromkeys(
            ("database", "knowledge", "self-check", "dead letters", "web"), True
        )
        metrics = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        assert 'teejuht_self_check_ok{lang="ru"} 1.0' in metrics
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    with socket.create_server(("127.0.0.1", port)):
        """The port is free again."""


def test_a_taken_port_of_the_window_is_one_line(teejuht: Teejuht, monkeypatch: pytest.MonkeyPatch) -> None:
    """The port and the setting are named; exit code 1."""
    monkeypatch.setenv("TEEJUHT_WEB_PORT", str(free_port()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TEEJUHT_ADMIN_BIND", f"127.0.0.1:{taken.getsockname()[1]}")
        done = teejuht("serve")
    assert (done.code, done.out) == (1, "")
    assert "is taken by another program: stop it, or set TEEJUHT_ADMIN_BIND to a free port" in done.err.splitlines()[-1]


async def test_files_that_cannot_be_served_are_counted(knowledge: Path) -> None:
    """As long as they are broken; what is served is older then."""
    wanted = load_settings(knowledge=knowledge)
    library = open_library(wanted)
    content = load_content(wanted, library)
    path = knowledge / "ru" / "waste.md"
    text = path.read_text("utf-8")
    path.unlink()
    with pytest.raises(KnowledgeError) as caught:
        library.load()
    with capture_logs():
        await reload(content, library)
        assert content.errors == len(caught.value.problems) > 0
        path.write_text(text, "utf-8")
        await reload(content, library)
    assert content.errors == 0


def test_status_tells_how_old_things_are(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits, and each kind's oldest record with the moment by which it is gone, by the settings."""
    monkeypatch.setenv("TEEJUHT_DATABASE", f"sqlite:///{room}/talk.db")
    monkeypatch.setenv("TEEJUHT_KEEP_CONVERSATIONS_DAYS", "7")
    teejuht("chat", "--json", "--state", "talk.db", stdin=b'{"text": "where is library"}\n')
    found = json.loads(teejuht("status", "--json").out)
    assert (found["open cases"], found["queues"], list(found["oldest records"])) == (0, [], ["conversations"])
    since, until = (found["oldest records"]["conversations"][name] for name in ("since", "until"))
    assert since == found["oldest conversation"]
    assert datetime.fromisoformat(until) - datetime.fromisoformat(since) == timedelta(days=7)
    assert until in teejuht("status").out
