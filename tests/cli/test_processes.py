"""`teejuht` as processes of its own: what only a real process shows (pipes, signals, ports, locks), and the real knowledge."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from bot.render.markup import to_text
from tests.worlds import ROOT, real_world

PATIENCE: Final = 60.0
TEEJUHT: Final = (sys.executable, "-m", "bot")


def environment(**settings: str | int | Path) -> Mapping[str, str]:
    """Give the variables of a process: ours from outside are left out."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("TEEJUHT_")}
    # Tests that run at once would take each other's port of the operator's window.
    ours = {f"TEEJUHT_{name.upper()}": str(value) for name, value in {"admin_bind": "", **settings}.items()}
    return {**outside, **ours, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}


def run(*arguments: str, stdin: str = "", **settings: str | int | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*TEEJUHT, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(**settings),
        check=False,
    )


@contextmanager
def started(*arguments: str, **settings: str | int | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside us, and end it however the test ends."""
    process = subprocess.Popen(
        [*TEEJUHT, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**settings),
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def free_port() -> int:
    """Find a port that nobody uses just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """Read standard error up to a line with the word."""
    assert process.stderr
    for line in process.stderr:
        if word in line:
            return line
    raise AssertionError(f"it ended with {process.wait()} without a word of {word!r}")


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Give the one thing a command that failed says about it."""
    assert "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("teejuht: ")]
    assert done.stderr.endswith(f"{line}\n")
    return line


# --- the real knowledge


def test_kohtla_jarve_adds_to_an_answer() -> None:
    """The city's own words stand in the answer, with its name, when the municipality is given."""
    world = real_world()
    topic, addition = next(iter(world.place("kohtla-jarve").additions.items()))
    question = world.topics[topic].texts["et"].title
    done = run("ask", "--json", "--lang", "et", "--municipality", "kohtla-jarve", question)
    row = json.loads(done.stdout)
    assert (done.returncode, row["decision"], row["topics"][0]["id"]) == (0, "answer", topic)
    assert to_text(addition.texts["et"].split("{{")[0]) in row["text"]
    assert world.place("kohtla-jarve").names["et"] in row["text"]


def test_a_chat_by_pipe_answers_line_by_line() -> None:
    """The greeting is there before anything is written, and each answer before the next line: nothing is held back."""
    with started("chat", "--json") as chat:
        assert chat.stdin
        assert chat.stdout
        greeting = json.loads(chat.stdout.readline())
        chat.stdin.write('{"choice": "lang:ru"}\n')
        chat.stdin.flush()
        russian = json.loads(chat.stdout.readline())
        chat.stdin.write('{"choice": "menu"}\n')
        chat.stdin.flush()
        menu = json.loads(chat.stdout.readline())
        chat.stdin.close()
        assert chat.wait(PATIENCE) == 0
    assert [greeting["lang"], russian["lang"], menu["lang"]] == ["et", "ru", "ru"]
    assert len(menu["options"]) > 3


# --- signals


def test_ctrl_c_ends_a_chat_at_once(small_knowledge: Path) -> None:
    """Also while it waits for a line."""
    with started("chat", "--json", knowledge=small_knowledge) as chat:
        assert chat.stdout
        chat.stdout.readline()
        chat.send_signal(signal.SIGINT)
        assert chat.wait(PATIENCE) == 130
        assert chat.stderr
        assert chat.stderr.read() == ""


# --- serve


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_stopped(room: Path, small_knowledge: Path, stop: signal.Signals) -> None:
    """The page answers, a second process on the same file or the same port is refused, and a stop ends with 0."""
    port = free_port()
    database = f"sqlite:///{room / 'bot.db'}"
    with started("serve", knowledge=small_knowledge, web_port=port, database=database) as served:
        assert wait_for(served, "Web page") == f"Web page: http://127.0.0.1:{port}\n"
        page = get(f"http://127.0.0.1:{port}/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        if stop is signal.SIGTERM:
            second_on_the_same_file(small_knowledge, database)
            second_on_the_same_port(room, small_knowledge, port)
        served.send_signal(stop)
        assert served.wait(PATIENCE) == 0
        assert served.stderr
        assert "Traceback" not in served.stderr.read()
    assert json.loads(run("status", "--json", database=database).stdout)["waiting messages"] == 0


def test_the_preview_follows_the_files(room: Path, small_knowledge: Path) -> None:
    """The editors' page shows what is wrong and what a save changes, and a stop ends with 0."""
    knowledge = shutil.copytree(small_knowledge, room / "knowledge")
    with started("preview", "--port", "0", knowledge=knowledge) as served:
        address = wait_for(served, "Preview").removeprefix("Preview: ").strip()
        page = get(f"{address}/topic/library")
        assert page.status_code == 200
        assert all(f'lang="{lang}"' in page.text for lang in ("et", "ru", "en"))
        path = knowledge / "en" / "library.md"
        path.write_text(path.read_text("utf-8") + "\nOpen on {{ no-such-day }}.\n", "utf-8")
        with (
            httpx.Client(timeout=PATIENCE, trust_env=False) as client,
            client.stream("GET", f"{address}/changes?since=1") as told,
        ):
            assert any("changed" in text for text in told.iter_text())
        assert "there is no value" in get(f"{address}/topic/library").text
        served.send_signal(signal.SIGTERM)
        assert served.wait(PATIENCE) == 0
        assert served.stderr
        assert "Traceback" not in served.stderr.read()


def get(url: str) -> httpx.Response:
    """Ask for a page, from the moment on at which the port is open."""
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(transport=transport, timeout=PATIENCE, trust_env=False) as client:
        return client.get(url)


def second_on_the_same_file(knowledge: Path, database: str) -> None:
    """Another process may not serve the same SQLite file."""
    done = run("serve", knowledge=knowledge, web_port=free_port(), database=database)
    assert done.returncode == 1
    assert one_line(done).startswith("teejuht: another teejuht already serves ")


def second_on_the_same_port(room: Path, knowledge: Path, port: int) -> None:
    """A taken port is named, with the setting to change."""
    done = run("serve", knowledge=knowledge, web_port=port, database=f"sqlite:///{room / 'other' / 'bot.db'}")
    assert done.returncode == 1
    assert one_line(done).startswith(f"teejuht: port {port} on 127.0.0.1 is taken by another program")
    assert "TEEJUHT_WEB_PORT" in done.stderr


def test_a_file_that_is_no_database_is_refused(room: Path, small_knowledge: Path) -> None:
    """A file that is no database of ours stops the start in one line."""
    (room / "bot.db").write_text("this is not a database " * 100)
    done = run("serve", knowledge=small_knowledge, web_port=free_port(), database=f"sqlite:///{room / 'bot.db'}")
    assert done.returncode == 1
    assert "cannot be used" in one_line(done)
