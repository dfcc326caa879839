"""The HTTP below python-telegram-bot: aiohttp and JSON bodies, where the library itself uses httpx and forms.

It costs a quarter of the time for the same calls (`tests/bench/telegram.py`). Knows requests and their failures; files go
the library's own way.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import httpx
from telegram.error import BadRequest, NetworkError, TimedOut
from telegram.request import HTTPXRequest, RequestData

NAMING: Final = ("message_id", "date", "chat")
CLOSED: Final = "the connection is closed"
PIECE: Final = 64 * 1024
JSON: Final = {"Content-Type": "application/json"}


class Line(HTTPXRequest):
    """Connections to the Bot API, so many at once. `answer` is the last one as it came."""

    __slots__ = ("_closed", "_lines", "_read", "_session", "answer")

    def __init__(self, lines: int, read_seconds: float) -> None:
        super().__init__(connection_pool_size=lines, read_timeout=read_seconds, pool_timeout=read_seconds)
        self._lines = lines
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self.answer = b""

    async def do_request(  # type: ignore[override]
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: float | None = None,
        **timeouts: float | None,
    ) -> tuple[int, bytes]:
        """Make a request and return the status and the body. Errors: TimedOut, NetworkError, caused by what went wrong."""
        if request_data and request_data.contains_files:
            if self._closed:
                raise NetworkError(CLOSED)
            return await super().do_request(url, method, request_data, read_timeout or self.read_timeout, **timeouts)
        body = json.dumps(request_data.parameters).encode() if request_data else None
        seconds = read_timeout if isinstance(read_timeout, int | float) else self.read_timeout
        with _named():
            async with self._open().request(method, url, data=body, headers=JSON, timeout=_timeout(seconds)) as response:
                self.answer = await response.read()
                return response.status, self.answer

    async def download(self, url: str, most: int) -> bytes:
        """Fetch a file of at most so many bytes. Errors: BadRequest if it is larger or not there, TimedOut, NetworkError."""
        content = bytearray()
        with _named():
            async with self._open().get(url, timeout=_timeout(self.read_timeout)) as response:
                if response.status != HTTPStatus.OK:
                    raise (NetworkError if response.status >= 500 else BadRequest)(f"no file: {response.status}")
                async for piece in response.content.iter_chunked(PIECE):
                    content += piece
                    if len(content) > most:
                        raise BadRequest("the file is larger than was said")
        return bytes(content)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; of a message of ours its name is enough: making objects of all of it takes longer than sending it."""
        told: dict[str, Any] = HTTPXRequest.parse_json_payload(payload)
        if isinstance(message := told.get("result"), dict) and "message_id" in message:
            told["result"] = {field: message[field] for field in NAMING if field in message}
        return told

    async def initialize(self) -> None:
        """Get ready for requests, also again after `shutdown`."""
        self._closed, self._session = False, None
        await super().initialize()

    async def shutdown(self) -> None:
        """Close every connection; closing twice is no error."""
        self._closed = True
        await super().shutdown()
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        """Begin when the first request is made: a session belongs to a running loop."""
        if self._closed:
            raise NetworkError(CLOSED)
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._lines, ssl=httpx.create_ssl_context())
            self._session = aiohttp.ClientSession(connector=connector, trust_env=True)
        return self._session


@contextmanager
def _named() -> Iterator[None]:
    """Raise the library's errors instead of those of aiohttp."""
    try:
        yield
    except TimeoutError as error:
        raise TimedOut from error
    except aiohttp.ClientError as error:
        raise NetworkError(type(error).__name__) from error


def _timeout(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds, sock_connect=5.0, sock_read=seconds)
