"""Tells a person that an answer is being written, where it takes longer than people wait without wondering.

Knows when to tell; an answer that comes at once needs no telling.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

AFTER: Final = 0.8
"""Seconds without an answer after which people are told."""
AGAIN: Final = 4.5
"""Seconds after which they are told once more: Telegram shows it for five."""
TIMES: Final = 2


class Busy:
    """Shows "typing" in the conversations in which an answer is due. `show` makes the call and raises nothing."""

    def __init__(self, show: Callable[[str], Coroutine[None, None, None]]) -> None:
        self._show = show
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def begin(self, conversation: str) -> None:
        """Begin to count the seconds."""
        self.end(conversation)
        self._plan(conversation, AFTER, TIMES)

    def end(self, conversation: str) -> None:
        """Stop: the answer is there."""
        if (due := self._due.pop(conversation, None)) is not None:
            due.cancel()

    async def close(self) -> None:
        """Stop everywhere."""
        for conversation in tuple(self._due):
            self.end(conversation)
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _plan(self, conversation: str, seconds: float, times: int) -> None:
        self._due[conversation] = asyncio.get_running_loop().call_later(seconds, self._tell, conversation, times)

    def _tell(self, conversation: str, times: int) -> None:
        del self._due[conversation]
        task = asyncio.create_task(self._show(conversation))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        if times > 1:
            self._plan(conversation, AGAIN, times - 1)
