"""A desk in Matrix: a room of staff in which every case has a thread.

Knows `ports.Desk` and how a case looks there; the line to the homeserver is the channel's. Decides nothing.
"""

from collections.abc import Sequence
from typing import Final

from bot.errors import Unreachable
from bot.platforms.matrix.channel import MatrixChannel
from bot.platforms.matrix.inbound import Place
from bot.platforms.matrix.marks import mark, unmark
from bot.platforms.matrix.office import look_over
from bot.ports import Ability, Attachment, Message
from bot.render.matrix import MAX_CHARS

DONE: Final = "✅"
"""Stands below the card of a case that is closed."""
NOT_CONNECTED: Final = "the bot is not connected to Matrix: run `teejuht matrix status`, which says what is wrong"


class MatrixDesk:
    """The room `room` as the desk `name`, served under the account of `channel`, which must know it as a desk too."""

    ability = Ability(
        max_chars=MAX_CHARS, edits=True, threads=True, reactions=True, files=True, amends=True, idempotent=True, at_once=32
    )

    def __init__(self, *, name: str, room: str, channel: MatrixChannel) -> None:
        self.name = name
        self._room = room
        self._channel = channel

    async def open(self, case: str, card: Message, *, key: str) -> str:  # noqa: ARG002 - the card names the case
        """Show the card in the room; its event is the thread. Errors: as `ports.Channel.send`."""
        async with self._channel.line() as life:
            return await life.sender.begin(self._room, card, key=key)

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Add a message to the thread, or to the room's own timeline. Errors: as `ports.Channel.send`."""
        async with self._channel.line() as life:
            sent = await life.sender.show(self._place(thread), message, key=key, files=attachments)
            life.signs.answered(self._room, thread)
            return sent

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Put new words and options in the place of a posted message. Errors: as `ports.Channel.send`."""
        async with self._channel.line() as life:
            await life.sender.amend(self._place(thread), posted, message)

    async def close(self, thread: str) -> None:
        """Mark the card as done. Errors: as `ports.Channel.send`."""
        async with self._channel.line() as life:
            await mark(life.client, self._room, thread, DONE)

    async def reopen(self, thread: str) -> None:
        """Take that mark away. Errors: as `ports.Channel.send`."""
        async with self._channel.line() as life:
            await unmark(life.client, self._room, thread, DONE)

    async def problems(self) -> Sequence[str]:
        """Ask the homeserver whether the bot may do in the room what a desk needs."""
        try:
            async with self._channel.line() as life:
                return await look_over(life.client, self._room, life.seeds)
        except Unreachable:
            return [NOT_CONNECTED]

    def _place(self, thread: str) -> Place:
        return Place(room=self._room, root=thread)
