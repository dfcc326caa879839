"""Messages on their way to the page: rows of a conversation as server-sent events.

Knows how a row is written for the page and when to look for the next; not which page asks and who may.
"""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.ports import Delivery, File, Message, message_from_json
from bot.render.markup import to_html

POLL = 2.0
HEARTBEAT = timedelta(seconds=15)
PER_CONVERSATION = 4
"""A browser opens six connections to one host; these leave two for what the person does."""

_log = structlog.get_logger()


class Rows(Protocol):
    """The part of `ports.Store` that a pulled channel needs."""

    async def pull(self, conversation: str, after: int, limit: int = 100) -> Sequence[Delivery]: ...

    async def acknowledge(self, conversation: str, up_to: int) -> None: ...


Wait: TypeAlias = Callable[[float], Awaitable[None]]


class Streams:
    """The open streams of one server; all end when `stopping` is set, and the pages come back to the next server."""

    def __init__(
        self,
        *,
        rows: Rows,
        listen: Callable[[], Wait],
        clock: Callable[[], datetime],
        stopping: asyncio.Event,
    ) -> None:
        self._rows = rows
        self._listen = listen
        self._clock = clock
        self._stopping = stopping
        self.open: Counter[str] = Counter()

    def is_full(self, conversation: str) -> bool:
        """Tell whether this conversation has as many streams as it may."""
        return self.open[conversation] >= PER_CONVERSATION

    async def events(self, conversation: str, after: int) -> AsyncIterator[bytes]:
        """Give everything after a row's id as it comes, with a comment now and then that keeps proxies from hanging up."""
        yield b"retry: 1000\n\n"
        said = self._clock()
        wait = self._listen()
        while not self._stopping.is_set():
            rows = await self._rows.pull(conversation, after)
            for row in rows:
                after = row.id
                yield _event(row)
            if rows:  # there may be more than one pull brings
                said = self._clock()
                continue
            if self._clock() - said >= HEARTBEAT:
                said = self._clock()
                yield b": still here\n\n"
            await self._pause(wait)

    async def _pause(self, wait: Wait) -> None:
        """Wait until something new may be there, at most two seconds and never longer than the server runs."""
        waiting = asyncio.ensure_future(wait(POLL))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
        finally:
            waiting.cancel()
            stopping.cancel()


class EventStream(StreamingResponse):
    """The response that carries a conversation's events and counts as open while it lasts."""

    def __init__(self, streams: Streams, conversation: str, after: int) -> None:
        self._open, self._conversation = streams.open, conversation
        # X-Accel-Buffering: nginx would hold the events back.
        super().__init__(streams.events(conversation, after), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until the page leaves or the server stops."""
        self._open[self._conversation] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._open[self._conversation] -= 1
            self._open += Counter()  # drops what is zero


def _event(row: Delivery) -> bytes:
    """Write one row; a row that cannot be read is passed over, or the page would wait behind it for ever."""
    try:
        data = json.dumps(_for_page(message_from_json(row.body)), ensure_ascii=False)
    except (KeyError, TypeError, ValueError) as error:
        _log.error("web_row_unreadable", row=row.id, error=type(error).__name__)
        return b""
    return f"id: {row.id}\ndata: {data}\n\n".encode("utf-8", "replace")


def _for_page(message: Message) -> dict[str, object]:
    return {
        "parts": [{"kind": part.kind.value, "html": to_html(part.markdown, new_tab=True)} for part in message.parts],
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "lang": message.lang,
        "topic": message.topic,
        "end": message.end,
        "file": _kept_in(message.file),
    }


def _kept_in(file: File | None) -> dict[str, str] | None:
    """Give a file that the bot wrote as a link that has it all; a file from elsewhere cannot be shown on the page."""
    if file is None or file.channel:
        return None
    content = base64.b64encode(file.ref.encode("utf-8", "replace")).decode()
    return {"name": file.name, "href": f"data:application/octet-stream;base64,{content}"}
