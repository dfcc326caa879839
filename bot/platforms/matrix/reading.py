"""Reading what a sync brought, room by room: residents' rooms one way, the rooms of desks another.

Knows which rooms are desks' and where the events are found that others are about. Decides nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from nio.rooms import MatrixRoom

from bot.core.events import Opened, to_json
from bot.platforms.matrix import staff
from bot.platforms.matrix.files import CHANNEL
from bot.platforms.matrix.inbound import Incoming, Room, about, read
from bot.platforms.matrix.known import Known
from bot.platforms.matrix.rooms import others
from bot.platforms.matrix.shapes import Json, text_of
from bot.ports import Arrival

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads events for one account; `desks` names the desk of each room where staff are."""

    me: str
    known: Known
    desks: Mapping[str, str]
    clock: Callable[[], datetime]

    async def read(self, room: MatrixRoom, rows: Sequence[Json]) -> list[Incoming]:
        """Read a room's events, our own coming before what was written to us until then."""
        desk = self.desks.get(room.room_id)
        public = desk is not None or len(others(room)) > 1
        found: list[Incoming] = []
        for row in rows:
            try:
                incoming = await (
                    self._of_resident(room, row, public=public) if desk is None else self._of_staff(room, desk, row)
                )
            except Exception as error:  # an event of a shape that nobody foresaw must not stop those after it
                log.error("matrix event not understood", error=type(error).__name__)
                continue
            if public and incoming is not None and incoming.message == row["event_id"]:
                self.known.note(incoming.message, row)  # taken back, it says no more to which thread it belonged
            if incoming is not None:
                found.insert(0, incoming) if isinstance(incoming.event, Opened) and not incoming.message else found.append(
                    incoming
                )
        return found

    async def _of_resident(self, room: MatrixRoom, row: Json, *, public: bool) -> Incoming | None:
        names = (name for name in (room.user_name(self.me), self.me[1:].partition(":")[0]) if name)
        view = Room(id=room.room_id, me=self.me, names=tuple(names), public=public)
        known = await self.known.find(room.room_id, about(row, public=public))
        return read(row, replace(view, known=known), self.clock())

    async def _of_staff(self, room: MatrixRoom, desk: str, row: Json) -> Incoming | None:
        if row.get("type") == "m.room.encrypted":
            log.warning("matrix message at a desk not decrypted", desk=desk)
            return None
        sender = text_of(row.get("sender"))
        member = room.users.get(sender)
        caller = text_of(getattr(member, "display_name", "")) or sender[1:].partition(":")[0]
        known = await self.known.find(room.room_id, staff.about(row))
        return staff.read(row, staff.DeskRoom(id=room.room_id, desk=desk, me=self.me, caller=caller, known=known), self.clock())


def arrival(source: str, incoming: Incoming) -> Arrival:
    """Write what was read as it is handed in; what staff did is for whoever's case it belongs to."""
    of_staff = bool(incoming.desk)
    return Arrival(
        source=source,
        ext_id=incoming.ext_id,
        channel="" if of_staff else CHANNEL,
        conversation="" if of_staff else incoming.place.conversation,
        body=to_json(incoming.event),
        at=incoming.event.at,
        withdraws=incoming.withdraws,
        desk=incoming.desk,
        thread=incoming.place.root if of_staff else "",
    )
