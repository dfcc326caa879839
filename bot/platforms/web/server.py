"""uvicorn as part of our process: its own socket, no signal handlers, a prompt end.

Knows uvicorn and sockets; not what is served.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import SettingsError
from bot.platforms.web.connections import Connection

PORTS = 2**16
GRACE = 2
"""Seconds for requests in flight when the server stops."""


def listen(host: str, port: int, *, settings: tuple[str, str] = ("TEEJUHT_WEB_HOST", "TEEJUHT_WEB_PORT")) -> socket.socket:
    """Take the port, 0 for a free one; `settings` name the host and the port.

    Errors: SettingsError if it cannot be had.
    """
    if not 0 <= port < PORTS:
        raise SettingsError(f"there is no port {port}: set {settings[1]} to a number from 1 to {PORTS - 1}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise SettingsError(_why(error, host, port, *settings)) from error


async def serve(app: ASGIApp, listening: socket.socket, stop: Callable[[], None]) -> None:
    """Serve until cancelled; `stop` is called first then, so that open streams end."""
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    finally:
        stop()
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves SIGINT and SIGTERM to whoever runs us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def _why(error: OSError, host: str, port: int, host_setting: str, port_setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken by another program: stop it, or set {port_setting} to a free port"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user does not have: set {port_setting} to one above 1023"
    both = dict.fromkeys((host_setting, port_setting))
    return f"cannot listen on {host}, port {port}: correct {' and '.join(both)} ({error})"
