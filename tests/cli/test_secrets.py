"""Nothing that must stay among us is written out: no secret and nobody's words, with -v, while everything outside fails."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.cli.test_processes import PATIENCE, free_port, run, started, wait_for

WORDS: Final = "kanarbik"
"""Stands in every message, option and body that a person sends here."""
TOKEN: Final = "123456789:SALA-telegram-0000000000000000000000"
SECRETS: Final = {
    "telegram_token": TOKEN, "smtp_password": "SALA-smtp", "matrix_password": "SALA-parool", "matrix_token": "SALA-syt",
}  # fmt: skip
MARK: Final = "SALA"


class Echo(BaseHTTPRequestHandler):
    """Refuses everything, and says back whatever it was sent: servers do, and libraries print it."""

    def _refuse(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        said = f"{self.path} {self.headers} {self.rfile.read(length).decode('utf-8', 'replace')}"
        body = json.dumps({"ok": False, "error_code": 401, "description": f"Unauthorized: {said}", "errcode": "M_FORBIDDEN",
                           "error": said}).encode()  # fmt: skip
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _refuse

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@dataclass(slots=True)
class Outside:
    """Where the bot is sent to: a server that refuses, and a port at which every connection is cut."""

    url: str
    smtp_port: int
    cut: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Both of them, until the test ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server, socket.create_server(("127.0.0.1", 0)) as mail:
        here = Outside(f"http://127.0.0.1:{server.server_port}", mail.getsockname()[1])

        def cut() -> None:
            while True:
                try:
                    mail.accept()[0].close()
                except OSError:
                    return
                here.cut.set()

        threads = [threading.Thread(target=work, daemon=True) for work in (server.serve_forever, cut)]
        for thread in threads:
            thread.start()
        yield here
        server.shutdown()
        mail.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder with a file for each secret."""
    for name, secret in SECRETS.items():
        (tmp_path / f"teejuht_{name}").write_text(f"{secret}\n", "utf-8")
    return tmp_path


@contextmanager
def page(url: str) -> Iterator[httpx.Client]:
    """A browser with the page open."""
    transport = httpx.HTTPTransport(retries=8)
    headers = {"Origin": url, "Content-Type": "application/json"}
    with httpx.Client(base_url=url, transport=transport, headers=headers, timeout=PATIENCE, trust_env=False) as client:
        client.get("/", headers={"Accept": "text/html"})
        yield client


def talk(client: httpx.Client) -> None:
    """Ask, send what is no event, and have the question given to staff by mail."""
    events = (
        {"event": "opened", "payload": WORDS, "hint": "en"},
        {"event": "said", "text": f"where is library {WORDS}", "hint": "en"},
        {"event": "said", "text": f"\x00{WORDS} " * 500},
        {"event": "chose", "option": f"topic:{WORDS}"},
        {"event": "said", "text": f"where is library {WORDS}"},
        {"event": "chose", "option": "topic:municipal-contact"},
        {"event": "chose", "option": "case:send"},
    )
    for number, event in enumerate(events):
        assert client.post("/events", content=json.dumps({"id": f"event-{number}-00000", **event})).status_code == 202
    for body in (f"{WORDS}", f'{{"{WORDS}": 1}}', f'["{WORDS}"]', f'{{"event": "said", "text": "{WORDS}", "id": "x"}}'):
        assert client.post("/events", content=body).status_code == 400
    assert client.get(f"/{WORDS}?{WORDS}={WORDS}").status_code == 404
    assert client.post(f"/hooks/telegram?{WORDS}", content=WORDS).status_code in (403, 404)


@pytest.mark.parametrize("where", ["files", "variables"])
def test_serving_writes_no_secret_and_nobodys_words(
    room: Path, small_knowledge: Path, outside: Outside, secrets: Path, where: str
) -> None:
    """The token is refused, the mail server hangs up, the Matrix account is not logged in, and people write all the while."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    held = {"secrets": str(secrets)} if where == "files" else SECRETS
    with started(
        "-v", "serve", knowledge=small_knowledge, municipality="sampleton", database=f"sqlite:///{room / 'bot.db'}",
        web_port=port, public_url=url, telegram_api=outside.url, matrix_user="@teejuht:example.ee",
        matrix_keys=room / "keys.db", smtp_host="127.0.0.1", smtp_port=outside.smtp_port, smtp_user="teejuht",
        mail_from="teejuht@example.ee", desks=json.dumps({"sampleton": {"email": ["abi@example.ee"]}}), **held,
    ) as served:  # fmt: skip
        first = wait_for(served, "Web page")
        with page(url) as client:
            talk(client)
        assert outside.cut.wait(PATIENCE)
        served.send_signal(signal.SIGTERM)
        written, errors = served.communicate(timeout=PATIENCE)
    said = first + written + errors
    assert "TEEJUHT_TELEGRAM_TOKEN" in said  # it was refused, and that was said
    assert "teejuht matrix login" in said
    assert MARK not in said
    assert WORDS not in said
    assert "Traceback" not in said
    assert served.returncode == 0


@pytest.mark.parametrize("secret", ["matrix_password", "matrix_token"])
def test_a_refused_login_writes_no_secret(room: Path, outside: Outside, secret: str) -> None:
    """The homeserver says the password back; it is not passed on."""
    for homeserver in (outside.url, f"http://127.0.0.1:{free_port()}"):
        done = run(
            "-v", "matrix", "login", matrix_user="@teejuht:example.ee", matrix_homeserver=homeserver,
            matrix_keys=room / "keys.db", **{secret: SECRETS[secret]},
        )  # fmt: skip
        assert done.returncode == 1
        assert "teejuht: " in done.stderr
        assert MARK not in done.stdout + done.stderr
