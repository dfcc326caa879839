"""Connections of the web server that nobody may keep for nothing: how long one waits for a request, and how many there are.

Knows uvicorn's protocol and the clock of the loop; not what is asked. A body that comes slowly is `talk.read_body`'s.
"""

import asyncio
import resource
from functools import cache
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 15.0
"""For the head of a request to come, and for the rest of one that was answered already."""
MOST: Final = 4000
"""Connections at the same time; each open page has one or two."""


@cache
def most_connections() -> int:
    """Give how many there may be: half of what the system lets this process open, as the rest of it opens things too."""
    return min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


class Connection(H11Protocol):
    """A connection that is closed if its request does not come. uvicorn's own limit begins only after the first answer.

    When there are too many, the one that has waited longest for its request makes room; if all are at work, the new one goes.
    """

    head_seconds: float = HEAD_SECONDS
    most: int | None = None
    """In place of `most_connections`."""
    _since: float | None = None
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > (self.most or most_connections()):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; once a request is there, its answer takes as long as it takes."""
        super().data_received(data)
        if self._is_at_work():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the next request, which uvicorn may have begun with already."""
        super().on_response_complete()
        if not self._is_at_work() and not self.transport.is_closing():
            self._await_request()

    def _is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_request(self) -> None:
        self._stop_waiting()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        self._since = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Close; what was answered and is still on its way gets there."""
        self._stop_waiting()
        self.transport.close()

    def _make_room(self) -> None:
        waiting = [other for other in self.connections if isinstance(other, Connection) and other._since is not None]
        longest = min(waiting, key=lambda other: other._since or 0.0)
        longest._give_up()
