"""Whether a room can be a desk: is the bot there, may it do what it must, can staff read it.

Asks the homeserver and says what is missing in words for the operator. Knows the rules of power levels; not what desks do.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from nio import AsyncClient

from bot.errors import ChannelError
from bot.platforms.matrix.faults import NETWORK
from bot.platforms.matrix.homeserver import look_up
from bot.platforms.matrix.shapes import Json, part, text_of
from bot.platforms.matrix.signing import is_signed

SILENT: Final = "the homeserver does not answer ({why}): try again later"
NOT_THERE: Final = "the bot is not in the room {room}: invite {user} to it"
REPLACED: Final = "the room {room} was replaced by a newer one: set {new} as the desk's room and invite the bot there"
MAY_NOT: Final = (
    "in the room {room} the bot may not send {what}: give {user} the power level {needed} (it has {level}), "
    "or lower the one that {kind} needs"
)
NO_KEYS: Final = "the room {room} is encrypted, and the keys of the bot's device are not published: run `teejuht matrix login`"
NOT_SIGNED: Final = (
    "the room {room} is encrypted, and the bot's device is not signed, so that some programs hide what it writes: "
    "run `teejuht matrix login`"
)
CREATORS_RULE: Final = 12
"""From this room version on, creators may do everything and stand in no list."""


async def look_over(client: AsyncClient, room: str, seeds: Sequence[bytes]) -> list[str]:
    """Say what the room lacks; `seeds` are those of the login's cross-signing keys."""
    try:
        status, answer = await look_up(client, f"v3/rooms/{quote(room, safe='')}/state")
        if status >= 500 or status == 429:
            return [SILENT.format(why=f"HTTP {status}")]
        state = _by_kind(answer if isinstance(answer, list) else [])
        me, here = client.user_id, {"room": room, "user": client.user_id}
        if part(state.get(("m.room.member", me), {}), "content").get("membership") != "join" or status != 200:
            return [NOT_THERE.format(**here)]
        found = list[str]()
        if new := text_of(part(state.get(("m.room.tombstone", ""), {}), "content").get("replacement_room")):
            found.append(REPLACED.format(new=new, **here))
        encrypted = ("m.room.encryption", "") in state
        for what, kind in (("messages", "m.room.encrypted" if encrypted else "m.room.message"), ("reactions", "m.reaction")):
            if lack := _lacks(state, me, kind):
                found.append(MAY_NOT.format(what=what, kind=kind, level=lack[0], needed=lack[1], **here))
        return [*found, *(await _unready(client, room, seeds) if encrypted else ())]
    except NETWORK as error:
        return [SILENT.format(why=type(error).__name__)]


def _by_kind(rows: Sequence[object]) -> dict[tuple[str, str], Json]:
    return {(text_of(row.get("type")), text_of(row.get("state_key"))): row for row in rows if isinstance(row, dict)}


def _lacks(state: Mapping[tuple[str, str], Json], me: str, kind: str) -> tuple[int, int] | None:
    """Give the bot's level and the one that it needs to send events of a kind; None if it may."""
    create = state.get(("m.room.create", ""), {})
    creators = {create.get("sender"), *_listed(part(create, "content").get("additional_creators"))}
    levels = part(state.get(("m.room.power_levels", ""), {}), "content")
    version = text_of(part(create, "content").get("room_version"))
    if me in creators and (not levels or not version.isdecimal() or int(version) >= CREATORS_RULE):
        return None
    level = _number(part(levels, "users").get(me, levels.get("users_default")))
    needed = _number(part(levels, "events").get(kind, levels.get("events_default")))
    return None if level >= needed else (level, needed)


async def _unready(client: AsyncClient, room: str, seeds: Sequence[bytes]) -> list[str]:
    """Say why staff could not read what the bot encrypts."""
    if not client.olm_account_shared:
        return [NO_KEYS.format(room=room)]
    try:
        return [] if await is_signed(client, seeds) else [NOT_SIGNED.format(room=room)]
    except ChannelError as error:
        return [str(error)]


def _listed(value: object) -> list[str]:
    return [user for user in value if isinstance(user, str)] if isinstance(value, list) else []


def _number(value: object) -> int:
    """Read a power level, which old rooms may write as a text; nothing is zero."""
    try:
        return int(value) if isinstance(value, int | str | float) else 0
    except (ValueError, OverflowError):
        return 0
