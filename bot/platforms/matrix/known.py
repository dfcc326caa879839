"""Events that other events are about: ours that were reacted to, the beginning of a thread, what an edit replaces.

Remembers those of late and asks the homeserver for others. Knows nothing of what they mean.
"""

from collections import OrderedDict
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from nio import AsyncClient, MegolmEvent

from bot.platforms.matrix.encryption import try_to_read
from bot.platforms.matrix.faults import NETWORK
from bot.platforms.matrix.homeserver import look_up
from bot.platforms.matrix.shapes import Json, part

MOST: Final = 2000


class Known:
    """Finds events by id, as far as they can be had and read."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._rows: OrderedDict[str, Json] = OrderedDict()

    def note(self, id: str, row: Json) -> None:
        """Remember an event."""
        self._rows[id] = row
        if len(self._rows) > MOST:
            self._rows.popitem(last=False)

    async def find(self, room: str, ids: Iterable[str]) -> dict[str, Json]:
        """Give events of a room; those that cannot be had are left out."""
        found = {id: self._rows.get(id) or await self._fetch(room, id) for id in ids}
        return {id: row for id, row in found.items() if row}

    async def _fetch(self, room: str, id: str) -> Json:
        # matrix-nio's own call loses what else the homeserver says of an encrypted event.
        try:
            status, came = await look_up(self._client, f"v3/rooms/{quote(room, safe='')}/event/{quote(id, safe='')}")
        except NETWORK:
            return {}
        if status != HTTPStatus.OK or not isinstance(came, dict):
            return {}
        row = self._read(room, came)
        if row.get("sender") == self._client.user_id:
            row = self._as_it_stands(room, row, came)
        self.note(id, row)
        return row

    def _as_it_stands(self, room: str, row: Json, came: Json) -> Json:
        """Give a message of ours with the words and options that took the place of its first ones."""
        edit = part(part(part(came, "unsigned"), "m.relations"), "m.replace")
        new = part(part(self._read(room, edit), "content"), "m.new_content")
        if edit.get("sender") != row["sender"] or not new:
            return row
        return {**row, "content": {**new, "m.relates_to": part(part(row, "content"), "m.relates_to")}}

    def _read(self, room: str, came: Json) -> Json:
        """Decrypt an event if that is needed and works."""
        if came.get("type") != "m.room.encrypted":
            return came
        event = MegolmEvent.from_dict(came)
        if isinstance(event, MegolmEvent):
            event.room_id = room
            event = try_to_read(self._client, event)
        found = getattr(event, "source", came)
        return found if isinstance(found, dict) else came
