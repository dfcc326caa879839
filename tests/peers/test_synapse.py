"""The Synapse that the Matrix tests talk to starts, breaks and forgets people as they need, and leaves nothing behind."""

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.peers.synapse import Account, Synapse, synapse
from tests.worlds import ROOT

WHO = "/_matrix/client/v3/account/whoami"
BURST = 10
HOLDER = """
import time
from tests.peers.synapse import synapse
with synapse() as server:
    server.pause()
    print(server.port, flush=True)
    time.sleep(60)
"""


BROKEN = """#!/bin/sh
test "$1" = -I && echo 1.0 && exit
echo the database is on fire
exit 1
"""


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Pretend that no Synapse has ever run on this machine."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture(scope="module")
def server(temporary: Path) -> Iterator[Synapse]:
    """Run a server that was the first one here, together with another."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(_start_and_end, temporary / "other")
        with synapse() as server:
            other.result()
            yield server


@pytest.fixture(scope="module")
def strict(server: Synapse) -> Iterator[Synapse]:
    """Run a server with limits that begins with a marked template."""
    with closing(sqlite3.connect(_template(server))) as database, database:
        database.execute("CREATE TABLE mark (word TEXT)")
    with synapse(limits=True) as strict:
        yield strict


def test_registers(server: Synapse) -> None:
    """Each account has a name of its own, the one asked for if any, and a session that works."""
    accounts = [server.register(), server.register(), server.register("mari")]
    assert len({account.user for account in accounts}) == 3
    assert accounts[2].user == "@mari:localhost"
    for account in accounts:
        status, who = server.request("GET", WHO, token=account.token)
        assert (status, who["user_id"], who["device_id"]) == (200, account.user, account.device)
        assert account.token not in repr(account)
        assert account.password not in repr(account)


def test_refuses_a_taken_name(server: Synapse) -> None:
    """A refusal of the server is an error here too."""
    with pytest.raises(RuntimeError, match="M_USER_IN_USE"):
        server.register(server.register().user.removeprefix("@").removesuffix(":localhost"))


@pytest.mark.parametrize(
    ("end", "soft"),
    [
        pytest.param(lambda server, account: server.revoke(account.token), False, id="revoked"),
        pytest.param(Synapse.log_out, False, id="logged out"),
        pytest.param(Synapse.delete_device, False, id="device deleted"),
        pytest.param(Synapse.deactivate, False, id="deactivated"),
        pytest.param(lambda server, account: server.soft_logout(account.token), True, id="expired"),
    ],
)
def test_ends_a_session(server: Synapse, end: Callable[[Synapse, Account], None], soft: bool) -> None:
    """A token that worked a moment ago is unknown, and says so softly only where the device stays."""
    account = server.register()
    assert server.request("GET", WHO, token=account.token)[0] == 200
    end(server, account)
    status, answer = server.request("GET", WHO, token=account.token)
    assert (status, answer["errcode"], answer["soft_logout"]) == (401, "M_UNKNOWN_TOKEN", soft)


def test_keeps_users_when_killed(server: Synapse) -> None:
    """A server that was killed comes back at the same address and knows its people."""
    account = server.register()
    server.kill()
    with pytest.raises(httpx.ConnectError):
        server.request("GET", WHO, token=account.token)
    server.start()
    assert server.request("GET", WHO, token=account.token)[0] == 200


def test_pauses(server: Synapse) -> None:
    """A paused server takes the call and says nothing until it goes on."""
    server.pause()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{server.url}/health", timeout=0.3, trust_env=False)
    server.resume()
    assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200


def test_limits_where_asked_to(server: Synapse, strict: Synapse) -> None:
    """With limits the message after the burst is refused until they are lifted; without, it is taken."""
    assert _send(server, server.register(), BURST + 5) == [200] * (BURST + 5)
    account = strict.register()
    assert 429 in _send(strict, account, BURST + 1)
    strict.lift_limits(account)
    assert _send(strict, account, 3) == [200] * 3


def test_keeps_an_empty_database(server: Synapse) -> None:
    """The first servers leave one file for the next ones, in which nobody is registered and nothing is left to do."""
    with closing(sqlite3.connect(_template(server))) as database:
        for table in ("users", "background_updates"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_begins_with_the_kept_database(strict: Synapse) -> None:
    """A later server starts from a copy of that file."""
    with closing(sqlite3.connect(strict.folder / "homeserver.db")) as database:
        assert database.execute("SELECT count(*) FROM mark").fetchone() == (0,)


@pytest.mark.parametrize("python", ["/nowhere/python", sys.executable])
def test_says_what_to_run(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that is not there, or has no Synapse, is told with the command that helps."""
    monkeypatch.setenv("SYNAPSE_PYTHON", python)
    with pytest.raises(RuntimeError, match="make install-tests"), synapse(folder=tmp_path):
        pass


def test_says_why_it_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends at once is an error with its own words."""
    broken = tmp_path / "python"
    broken.write_text(BROKEN)
    broken.chmod(0o700)
    monkeypatch.setenv("SYNAPSE_PYTHON", str(broken))
    with pytest.raises(RuntimeError, match="did not start:\nthe database is on fire"), synapse(folder=tmp_path / "folder"):
        pass


def test_dies_with_its_test(temporary: Path) -> None:
    """A server goes when the process that started it is killed, even a paused one."""
    environment = os.environ | {"TMPDIR": str(temporary)}
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        assert _listens(port)
        holder.kill()
    until = time.monotonic() + 10
    while _listens(port) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _listens(port)


def _send(server: Synapse, account: Account, count: int) -> list[int]:
    """Send messages to a new room as fast as possible and return the statuses of the answers."""
    _, room = server.request("POST", "/_matrix/client/v3/createRoom", {}, account.token)
    path = f"/_matrix/client/v3/rooms/{room['room_id']}/send/m.room.message"
    body = {"msgtype": "m.text", "body": "tere"}
    return [server.request("PUT", f"{path}/{number}", body, account.token)[0] for number in range(count)]


def _listens(port: int) -> bool:
    """Tell whether a process, paused or not, holds a port; one that is gone, reaped or not, does not."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _start_and_end(folder: Path) -> None:
    with synapse(folder=folder):
        pass


def _template(server: Synapse) -> Path:
    """Return the file that servers share; it lies beside their folders."""
    (template,) = (path for path in server.folder.parent.iterdir() if path.is_file())
    return template
