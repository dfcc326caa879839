"""Wakes whoever waits for something to happen in the emulator.

One bell for all: waiters look again at what they wait for. Knows not what happened.
"""

import asyncio


class Bell:
    """Rung at every call, poll, update and confirmation; a closed bell wakes everybody for good."""

    def __init__(self) -> None:
        self.closed = False
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def close(self) -> None:
        """Wake everybody and let nobody wait any more."""
        self.closed = True
        self.ring()

    async def heard(self, seconds: float | None = None) -> None:
        """Wait for the next ring, at most so long."""
        if self.closed:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=seconds)
        finally:
            self._waiting.discard(waiter)

    async def rest(self, seconds: float) -> None:
        """Wait so long, whatever rings, or until the bell is closed."""
        until = asyncio.get_running_loop().time() + seconds
        while not self.closed and (left := until - asyncio.get_running_loop().time()) > 0:
            await self.heard(left)
