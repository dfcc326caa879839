"""How events come: one sync after the other, each kept before the next one is asked for, with what a limited one left out.

Knows the order: events and the position are kept together, and only then does the homeserver hear of the new position. Knows
nothing of what events mean.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import structlog
from nio import AsyncClient, ErrorResponse, MegolmEvent, RoomMessagesResponse, SyncError, SyncResponse, Timeline, WhoamiError
from nio.api import MessageDirection

from bot.errors import ChannelError, RetryLater, Unreachable
from bot.loops import Patience
from bot.platforms.matrix.encryption import Encryption, try_to_read
from bot.platforms.matrix.faults import NETWORK, meaning, refuse_login
from bot.platforms.matrix.shapes import Json, part

LONG_POLL: Final = 30.0
"""Seconds that the homeserver holds a sync open."""
FIRST_SYNC: Final = 300.0
"""Seconds for the first sync, which brings every room as it is."""
SHORT_POLL: Final = 1.0
KEY_SECONDS: Final = 10.0
"""Seconds in which the key of a message may come after it."""
PAGE: Final = 100
MOST_MISSED: Final = 2000
"""Events of one room that are asked for after a limited sync."""
MOST_TRIES: Final = 8
"""How often events are asked for that the homeserver fails to give: all other rooms wait."""
NOTHING: Final[dict[str, list[str]]] = {"types": []}
FILTER: Final[dict[Any, Any]] = {
    "presence": NOTHING,
    "account_data": NOTHING,
    "room": {"ephemeral": NOTHING, "account_data": NOTHING, "timeline": {"limit": 50}},
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came in one sync. `rows`: each room's events, oldest first; `left`: rooms the bot is out of, by what ended it."""

    rows: dict[str, list[Json]]
    left: dict[str, str]
    response: SyncResponse


Take: TypeAlias = Callable[[News, str | None], Awaitable[None]]
"""Keeps news together with the position after them (None: the position stays where it was) and returns when they are safe."""


@dataclass(slots=True, kw_only=True)
class Listening:
    """Listens with one client, from a position on. `patience` is kept over several of these."""

    client: AsyncClient
    encryption: Encryption
    patience: Patience
    take: Take
    _held: dict[str, tuple[str, MegolmEvent, float]] = field(default_factory=dict)

    async def run(self, since: str | None) -> None:
        """Listen until cancelled. Errors: ChannelError; what key store or nio raise, after which only a new client can go on."""
        history = since is None
        full = True
        while True:
            response = await self._sync(since, full=full)
            if response is None:
                # Without a position the library would go on from its own, which is the one that was refused.
                self.client.next_batch = ""
                since, history, full = None, True, True
                continue
            await self.encryption.keep(response)
            rows = (
                {}
                if history
                else {room: await self._events(room, info.timeline, since) for room, info in response.rooms.join.items()}
            )
            self._read_late(rows)
            left = {
                room: _end(info.timeline.events) or response.next_batch
                for room, info in response.rooms.leave.items()
                if self._was_in(info.timeline.events)
            }
            await self.take(News(rows=rows, left=left, response=response), None if self._held else response.next_batch)
            since, history, full = response.next_batch, False, False
            self.patience.good()

    async def _sync(self, since: str | None, *, full: bool) -> SyncResponse | None:
        """Sync once, as long as it takes; None if the homeserver does not know the position. Errors: ChannelError."""
        poll = SHORT_POLL if self._held else LONG_POLL
        while True:
            try:
                async with asyncio.timeout(FIRST_SYNC if full else poll + LONG_POLL):
                    found = await self.client.sync(int(poll * 1000), FILTER, since=since, full_state=full)
            except NETWORK as error:
                await self.patience.bad(f"no answer: {type(error).__name__}")
                continue
            if isinstance(found, SyncResponse):
                return found
            assert isinstance(found, SyncError)
            refuse_login(found)
            status = found.transport_response.status if found.transport_response is not None else 0
            if status == 400 and since is not None:
                log.error("matrix position not accepted", why="the homeserver does not know it; what came since is not answered")
                return None
            await wait_for(found, self.patience)

    async def _events(self, room_id: str, timeline: Timeline, since: str | None) -> list[Json]:
        """Give a room's new events, oldest first, without what was said before the bot was invited."""
        events = list(timeline.events)
        if timeline.limited and since is not None and not any(map(self._is_invitation, events)):
            events = [*await self._missed(room_id, timeline.prev_batch, since), *events]
        starts = [number for number, event in enumerate(events) if self._is_invitation(event)]
        return [row for event in events[starts[-1] if starts else 0 :] if (row := self._row(room_id, event)) is not None]

    async def _missed(self, room_id: str, start: str, since: str) -> list[object]:
        """Ask for the events before a limited timeline, back to the last sync. Errors: ChannelError."""
        found: list[object] = []
        tries = 0
        while start and len(found) < MOST_MISSED:
            try:
                page = await self.client.room_messages(room_id, start, since, MessageDirection.back, PAGE)
            except NETWORK as error:
                await self.patience.bad(f"no answer: {type(error).__name__}")
                continue
            if not isinstance(page, RoomMessagesResponse):
                refuse_login(page)
                tries += 1
                if isinstance(meaning(page), RetryLater) or (isinstance(meaning(page), Unreachable) and tries < MOST_TRIES):
                    await wait_for(page, self.patience)
                    continue
                log.error("matrix events missed", why=str(meaning(page)))
                break
            found += page.chunk
            if not page.chunk or any(map(self._is_invitation, page.chunk)):
                break
            start = page.end
        return found[::-1]

    def _row(self, room_id: str, event: object) -> Json | None:
        """Give an event as it came; one that cannot be decrypted yet is held back for a while."""
        if isinstance(event, MegolmEvent) and isinstance(event := try_to_read(self.client, event), MegolmEvent):
            self._held.setdefault(event.event_id, (room_id, event, asyncio.get_running_loop().time() + KEY_SECONDS))
            return None
        source = getattr(event, "source", None)
        return source if isinstance(source, dict) else None

    def _read_late(self, rows: dict[str, list[Json]]) -> None:
        """Add the events whose key has come by now, and as they are those whose key has not come in time."""
        now = asyncio.get_running_loop().time()
        for id, (room_id, event, until) in tuple(self._held.items()):
            found = try_to_read(self.client, event)
            if isinstance(found, MegolmEvent) and now < until:
                continue
            del self._held[id]
            if found is event:
                log.warning("matrix message not decrypted")
            rows.setdefault(room_id, []).append(found.source)

    def _was_in(self, events: Sequence[object]) -> bool:
        """Whether the bot has been in a room that it is out of, rather than only invited to it."""
        sources = [getattr(event, "source", {}) for event in events]
        ours = [row for row in sources if row.get("type") == "m.room.member" and row.get("state_key") == self.client.user_id]
        before = [part(part(row, "unsigned"), "prev_content").get("membership") for row in ours]
        return "join" in before or "invite" not in before

    def _is_invitation(self, event: object) -> bool:
        source = getattr(event, "source", {})
        return (
            source.get("type") == "m.room.member"
            and source.get("state_key") == self.client.user_id
            and part(source, "content").get("membership") == "invite"
        )


async def introduce(client: AsyncClient, patience: Patience) -> None:
    """Ask the homeserver whether it knows the bot, as long as it takes. Errors: ChannelError."""
    user = client.user_id  # nio puts the answer's in its place
    while True:
        try:
            found = await client.whoami()
        except NETWORK as error:
            await patience.bad(f"no answer: {type(error).__name__}")
            continue
        if not isinstance(found, WhoamiError):
            if found.user_id != user:
                raise ChannelError(f"the login belongs to another account than {user}: run `teejuht matrix login`")
            return
        refuse_login(found)
        await wait_for(found, patience)


async def wait_for(error: ErrorResponse, patience: Patience) -> None:
    """Wait as an error response asks."""
    found = meaning(error)
    await patience.bad(str(found), at_least=found.seconds if isinstance(found, RetryLater) else 0.0)


def _end(events: Sequence[object]) -> str:
    """Name the event by which the bot left a room."""
    sources = [getattr(event, "source", {}) for event in events]
    found = [row.get("event_id") for row in sources if row.get("type") == "m.room.member"]
    return str(found[-1]) if found else ""
