"""A PostgreSQL that keeps what it has said it keeps, and that can be away for a while.

The tests' server does without everything that makes it safe; this starts its data again as PostgreSQL comes. Knows processes
and settings; no table.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.peers.postgres import ENVIRONMENT, START_SECONDS, Postgres, postgres

CONNECTIONS: Final = "max_connections=60"


@dataclass(slots=True)
class Server:
    """The server that `postgres` made, in our hands."""

    postgres: Postgres
    data: Path
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it and return when it takes connections. Errors: TimeoutError with its log."""
        owner = self.data.stat()
        account: dict[str, object] = (
            {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": ()} if os.geteuid() == 0 else {}
        )
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                self.command, cwd="/", env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **account
            )
        self._until(self._ready)

    def stop(self) -> None:
        """Stop it: sessions are ended, what was committed stays. Errors: TimeoutError with its log."""
        # SIGINT is PostgreSQL's fast shutdown.
        os.kill(int(self._pid_file.read_text().splitlines()[0]), signal.SIGINT)
        if self.process:
            self.process.wait(START_SECONDS)
        self._until(lambda: not self._pid_file.exists())

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def _log(self) -> Path:
        return self.data.parent / "log"

    def _ready(self) -> bool:
        lines = self._pid_file.read_text().splitlines() if self._pid_file.exists() else []
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _until(self, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + START_SECONDS
        while not holds():
            if time.monotonic() > until:
                raise TimeoutError(f"PostgreSQL does not come or go:\n{self._log.read_text()}")
            time.sleep(0.01)


@contextmanager
def safe_postgres() -> Iterator[Server]:
    """Run a server with the settings that PostgreSQL comes with until left."""
    with postgres() as unsafe:
        with psycopg.connect(unsafe.url("postgres")) as connection:
            (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        pid = int((Path(data) / "postmaster.pid").read_text().splitlines()[0])
        words = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
        server = Server(unsafe, Path(data), [*words[: words.index("-c")], "-c", CONNECTIONS])
        server.stop()
        server.start()
        try:
            yield server
        finally:
            server.stop()
