"""The queue of updates between Telegram and the bot: what is wanted, pending and confirmed, and long polling.

Knows nothing of what an update says.
"""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Final

from tests.peers.bot_api.bell import Bell
from tests.peers.bot_api.values import ApiError, Json

ONLY_WHEN_ASKED: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
MOST: Final = 100
LONGEST_POLL: Final = 50
_OTHER_POLL: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """Updates in order; each waits until the bot has confirmed it."""

    def __init__(self, bell: Bell) -> None:
        self.allowed: list[str] = []
        self.confirmed: list[int] = []
        self.polls = 0
        self._bell = bell
        self._ids = itertools.count(500_001)
        self._known: dict[int, Json] = {}
        self._pending: dict[int, Json] = {}
        self._again: set[int] = set()

    @property
    def pending(self) -> list[Json]:
        """The updates that are not confirmed yet, oldest first."""
        return list(self._pending.values())

    def is_pending(self, update_id: int) -> bool:
        """Tell whether an update still waits."""
        return update_id in self._pending

    def add(self, kind: str, payload: object, *, always: bool = False) -> Json:
        """Make an update of something and queue it if the bot wants that kind, or always."""
        number = next(self._ids)
        update: Json = {"update_id": number, kind: payload}
        self._known[number] = update
        if always or (kind in self.allowed if self.allowed else kind not in ONLY_WHEN_ASKED):
            self._pending[number] = update
            self._bell.ring()
        return update

    def repeat(self, update_id: int) -> None:
        """Queue an update again; it is handed out once more whatever offset the bot asks for. Errors: KeyError."""
        self._again.add(update_id)
        self._pending = dict(sorted({**self._pending, update_id: self._known[update_id]}.items()))
        self._bell.ring()

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Say which kinds are queued from now; empty: Telegram's usual ones, None: as before."""
        if kinds is not None:
            self.allowed = list(kinds)

    def confirm(self, update_id: int) -> None:
        """Take an update that the bot has out of the queue."""
        if self._pending.pop(update_id, None):
            self._again.discard(update_id)
            self.confirmed.append(update_id)
            self._bell.ring()

    def forget(self) -> None:
        """Drop everything that waits."""
        self._pending.clear()
        self._again.clear()

    async def poll(self, params: Json, gone: asyncio.Event) -> list[Json]:
        """Answer getUpdates; wait for an update if none is there. Errors: ApiError if a newer poll came meanwhile."""
        self.polls += 1
        turn = self.polls
        self._bell.ring()
        self.allow(params.get("allowed_updates"))
        self._move_to(params.get("offset", 0))
        until = asyncio.get_running_loop().time() + min(params.get("timeout", 0), LONGEST_POLL)
        while not (self._pending or self._bell.closed or gone.is_set()):
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            await self._bell.heard(left)
            if self.polls != turn:
                raise ApiError(_OTHER_POLL, 409)
        if gone.is_set():
            return []
        given = list(itertools.islice(self._pending.values(), min(max(params.get("limit", MOST), 1), MOST)))
        self._again.difference_update(update["update_id"] for update in given)
        return given

    def _move_to(self, offset: int) -> None:
        """Confirm what lies below the offset; a negative one counts from the end and forgets what lies before it."""
        if offset < 0:
            self._pending = dict(list(self._pending.items())[offset:])
            return
        for update_id in [known for known in self._pending if known < offset and known not in self._again]:
            self.confirm(update_id)
