"""A real Synapse for tests: a homeserver on this machine with its data in a folder that is thrown away.

Knows how Synapse is set up, started, broken and asked over its admin API. Runs it as a program from an environment of its
own (`SYNAPSE_PYTHON` names another interpreter) and never imports it. Must not know a Matrix client library or the bot.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import httpx

Json: TypeAlias = dict[str, Any]

ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
START_SECONDS: Final = 60
STOP_SECONDS: Final = 30
REQUEST_SECONDS: Final = 30
HINT: Final = "run `make install-tests`, or set SYNAPSE_PYTHON to the interpreter of an environment with matrix-synapse"
ADMIN: Final = "/_synapse/admin"
SETTINGS: Final[Json] = {
    "server_name": "localhost",
    "report_stats": False,
    "trusted_key_servers": [],
    "federation_domain_whitelist": [],
    "presence": {"enabled": False},
    "bcrypt_rounds": 4,
    # An empty database has nothing that the updates of its tables could slow down.
    "background_updates": {"sleep_enabled": False},
    # Otherwise a token that `soft_logout` ends would be good as long as Synapse remembers it.
    "caches": {"per_cache_factors": {"get_user_by_access_token": 0}},
}
FREELY: Final = {"per_second": 10_000, "burst_count": 10_000}
NO_LIMITS: Final[Json] = {
    "rc_message": FREELY,
    "rc_registration": FREELY,
    "rc_registration_token_validity": FREELY,
    "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), FREELY),
    "rc_admin_redaction": FREELY,
    "rc_joins": dict.fromkeys(("local", "remote"), FREELY),
    "rc_joins_per_room": FREELY,
    "rc_key_requests": FREELY,
    "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), FREELY),
    "rc_media_create": FREELY,
    "rc_room_creation": FREELY,
    "rc_reports": FREELY,
    "rc_user_directory": FREELY,
    "rc_profile": FREELY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of the server and the session that registering opened."""

    user: str
    device: str
    password: str = field(repr=False)
    token: str = field(repr=False)


class Synapse:
    """A homeserver on this machine that can be started, stopped and broken; its port and its data stay the same."""

    def __init__(self, folder: Path, *, limits: bool) -> None:
        """Set the server up in a folder, which may hold the data of an earlier one, and keep a port for it."""
        self.folder = folder.absolute()
        self.log = self.folder / "homeserver.log"
        self._python = _interpreter()
        self._template = _template(self._python)
        self._place = _reserve()
        self.port: int = self._place.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._http = httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS, trust_env=False)
        self._secret = secrets.token_hex()
        self._admin: Account | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        _write_settings(self.folder, self.port, self._secret, limits=limits)

    @property
    def admin(self) -> Account:
        """Return the server's administrator, registered when first asked for."""
        if self._admin is None:
            self._admin = self.register(admin=True)
        return self._admin

    @property
    def pid(self) -> int:
        """Return the id of the server's process. Errors: RuntimeError where none runs."""
        if self._server is None or self._server.poll() is not None:
            raise RuntimeError("this Synapse does not run")
        return self._server.pid

    def start(self) -> None:
        """Start the server and return when it answers; about a second. Errors: RuntimeError with the end of its log."""
        if self._server is not None:
            raise RuntimeError("this Synapse runs already")
        database = self.folder / "homeserver.db"
        first = not database.exists()
        if first and self._template.exists():
            shutil.copy(self._template, database)
        self._server = self._run()
        self._guard = _guard(self._server.pid)
        self._wait_until_ready(self._server)
        if first and not self._template.exists():
            _keep(database, self._template)

    def stop(self) -> None:
        """Ask the server to end and wait for it; no harm where none runs."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a crash would; no harm where none runs."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop the server's clock: it takes connections and never answers."""
        os.kill(self.pid, signal.SIGSTOP)
        # The signal takes hold a moment later; a request in that moment would still be answered.
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def resume(self) -> None:
        """Let a paused server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End the server and give its port back."""
        self.kill()
        self._http.close()
        self._place.close()

    def register(self, name: str = "", *, admin: bool = False) -> Account:
        """Make an account, under a random name unless one is given, with a session of its own."""
        name, password = name or f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(12)
        nonce = self._ask("GET", f"{ADMIN}/v1/register")["nonce"]
        words = (nonce, name, password, "admin" if admin else "notadmin")
        mac = hmac.new(self._secret.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        answer = self._ask("POST", f"{ADMIN}/v1/register", body)
        return Account(user=answer["user_id"], device=answer["device_id"], password=password, token=answer["access_token"])

    def revoke(self, token: str) -> None:
        """Log one session out: its token is unknown from now on and its device is gone."""
        self._ask("POST", "/_matrix/client/v3/logout", {}, token)

    def log_out(self, account: Account) -> None:
        """Log every session of an account out, devices and all, whatever became of its first token."""
        path = f"{ADMIN}/v2/users/{quote(account.user)}"
        devices = [device["device_id"] for device in self._command("GET", f"{path}/devices")["devices"]]
        self._command("POST", f"{path}/delete_devices", {"devices": devices})

    def soft_logout(self, token: str) -> None:
        """Let a token expire: it is refused with `soft_logout`, and its device and keys stay. Errors: LookupError."""
        # Synapse can only give a token an end when it is issued, so this writes to its table; see `caches` in the settings.
        with closing(sqlite3.connect(self.folder / "homeserver.db", timeout=REQUEST_SECONDS)) as database, database:
            expired = database.execute("UPDATE access_tokens SET valid_until_ms = 1 WHERE token = ?", (token,))
            if expired.rowcount != 1:
                raise LookupError("the server knows no such token")

    def delete_device(self, account: Account, device: str = "") -> None:
        """Remove a device of an account, the one it registered with unless another is named; its token goes too."""
        self._command("DELETE", f"{ADMIN}/v2/users/{quote(account.user)}/devices/{quote(device or account.device)}")

    def deactivate(self, account: Account) -> None:
        """Close an account for good."""
        self._command("POST", f"{ADMIN}/v1/deactivate/{quote(account.user)}", {})

    def lift_limits(self, account: Account) -> None:
        """Let an account send as fast as it likes on a server with limits."""
        body = {"messages_per_second": 0, "burst_count": 0}
        self._command("POST", f"{ADMIN}/v1/users/{quote(account.user)}/override_ratelimit", body)

    def request(self, method: str, path: str, body: Json | None = None, token: str | None = None) -> tuple[int, Json]:
        """Call the server and return the status of its answer and the JSON in it. Errors: httpx.HTTPError, ValueError."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._http.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json()

    def _ask(self, method: str, path: str, body: Json | None = None, token: str | None = None) -> Json:
        status, answer = self.request(method, path, body, token)
        if status != 200:
            raise RuntimeError(f"Synapse refused {method} {path}: {status} {answer}")
        return answer

    def _command(self, method: str, path: str, body: Json | None = None) -> Json:
        return self._ask(method, path, body, self.admin.token)

    def _run(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self._python, "-m", "synapse.app.homeserver", "-c", self.folder / "homeserver.yaml"],
                cwd=self.folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def _end(self, how: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(how)
            # A paused server would not see any other signal.
            self._server.send_signal(signal.SIGCONT)
            self._server.wait(STOP_SECONDS)
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
        self._server = self._guard = None

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and server.poll() is None:
            try:
                if self._http.get("/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"Synapse did not start:\n{self.log.read_text()[-4000:]}")


@contextmanager
def synapse(*, limits: bool = False, folder: Path | None = None) -> Iterator[Synapse]:
    """Run a server until the end, with Synapse's own rate limits if asked for; a folder that is given is kept."""
    with (
        tempfile.TemporaryDirectory(prefix="synapse-", ignore_cleanup_errors=True) as scratch,
        closing(Synapse(folder or Path(scratch), limits=limits)) as server,
    ):
        server.start()
        yield server


def _interpreter() -> Path:
    """Find the Python that has Synapse. Errors: RuntimeError with what to run."""
    chosen = os.environ.get("SYNAPSE_PYTHON")
    python = Path(chosen) if chosen else Path(__file__).parents[2] / ".synapse" / "bin" / "python"
    if not python.is_file():
        raise RuntimeError(f"no Synapse for the tests at {python}: {HINT}")
    return python.absolute()


def _template(python: Path) -> Path:
    """Return where an empty database of this Synapse is kept from run to run. Errors: RuntimeError with what to run."""
    question = "from importlib.metadata import version; print(version('matrix-synapse'))"
    asked = subprocess.run([python, "-I", "-c", question], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise RuntimeError(f"{python} has no Synapse for the tests: {HINT}")
    return Path(tempfile.gettempdir()) / f"synapse-{asked.stdout.strip()}-empty-{os.getuid()}.db"


def _keep(database: Path, template: Path) -> None:
    """Copy a running server's database, once its tables are finished, to the template; several processes may do so at once."""
    handle, name = tempfile.mkstemp(dir=template.parent, prefix=f"{template.stem}-")
    os.close(handle)
    until = time.monotonic() + START_SECONDS
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(name)) as target:
        while source.execute("SELECT count(*) FROM background_updates").fetchone() != (0,) and time.monotonic() < until:
            time.sleep(0.02)
        source.backup(target)
        # In WAL mode, Synapse's, a database is not one file.
        target.execute("PRAGMA journal_mode = DELETE")
    Path(name).replace(template)


def _reserve() -> socket.socket:
    """Bind a port and do not listen: nobody is given it, not even while the server is down, and the server may share it."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    return place


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """Start a process that kills another one, paused or not, as soon as we are gone: its input ends then."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; kill -9 "$1"', "guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def _write_settings(folder: Path, port: int, secret: str, *, limits: bool) -> None:
    """Write Synapse's settings (JSON is YAML too) and, for a new folder, its key."""
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "signing.key"
    if not key.exists():
        key.write_text(f"ed25519 a_test {base64.b64encode(secrets.token_bytes(32)).decode().rstrip('=')}\n")
    listener = {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": [{"names": ["client"]}]}
    settings = SETTINGS | {
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [listener],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(key),
        "registration_shared_secret": secret,
        "macaroon_secret_key": secret,
        "form_secret": secret,
    }
    (folder / "homeserver.yaml").write_text(json.dumps(settings | ({} if limits else NO_LIMITS)))
