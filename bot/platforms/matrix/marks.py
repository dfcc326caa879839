"""A mark below a message: a reaction of our own that stands there once or not at all.

Asks the homeserver what stands, as nobody else knows after a restart. Knows nothing of what a mark means.
"""

from typing import Final
from urllib.parse import quote

from nio import AsyncClient, ErrorResponse

from bot.errors import Gone
from bot.platforms.matrix.faults import NETWORK, check, failing, meaning_of
from bot.platforms.matrix.homeserver import look_up
from bot.platforms.matrix.inbound import REACTION
from bot.platforms.matrix.shapes import part, text_of

ALREADY: Final = "M_DUPLICATE_ANNOTATION"
MOST: Final = 100


async def mark(client: AsyncClient, room: str, event: str, emoji: str) -> None:
    """Put an emoji below a message, if ours is not there. Errors: SendError."""
    try:
        if await _standing(client, room, event, emoji):
            return
        content = {"m.relates_to": {"rel_type": REACTION, "event_id": event, "key": emoji}}
        # No name of a transaction: after a mark was taken away the same one is a new event.
        response = await client.room_send(room, "m.reaction", content)
    except NETWORK as error:
        raise failing(error) from error
    if not (isinstance(response, ErrorResponse) and response.status_code == ALREADY):
        check(response)


async def unmark(client: AsyncClient, room: str, event: str, emoji: str) -> None:
    """Take our emoji away, if it is there. Errors: SendError."""
    try:
        for ours in await _standing(client, room, event, emoji):
            check(await client.room_redact(room, ours))
    except NETWORK as error:
        raise failing(error) from error


async def _standing(client: AsyncClient, room: str, event: str, emoji: str) -> list[str]:
    """Ask which reactions of ours with this emoji stand below a message. Errors: SendError, the network's."""
    if room not in client.rooms:
        raise Gone("not in the room")
    found: list[str] = []
    start = ""
    while True:
        where = f"v1/rooms/{quote(room, safe='')}/relations/{quote(event, safe='')}/{REACTION}/m.reaction"
        status, answer = await look_up(client, f"{where}?limit={MOST}{start}")
        if status != 200:
            raise meaning_of(status, text_of(answer.get("errcode")), answer.get("retry_after_ms"))
        for row in answer.get("chunk", ()):
            if row.get("sender") == client.user_id and part(part(row, "content"), "m.relates_to").get("key") == emoji:
                found.append(text_of(row.get("event_id")))
        if not (further := text_of(answer.get("next_batch"))):
            return found
        start = f"&from={quote(further, safe='')}"
