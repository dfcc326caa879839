"""Bringing messages to a room: encrypted where it is, as a reply to what, in which thread, in how many pieces, with what files.

Remembers, while it runs, the newest message of each room. Knows nothing of where messages come from.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias

import structlog
from nio import AsyncClient, RoomSendResponse
from nio.rooms import MatrixRoom
from peewee import PeeweeException

from bot.errors import Gone, Refused
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.faults import NETWORK, check, failing
from bot.platforms.matrix.files import file_content, written_out
from bot.platforms.matrix.inbound import Place, place_of
from bot.platforms.matrix.media import Media
from bot.platforms.matrix.outbound import contents, relation_of, replacing, transaction
from bot.platforms.matrix.shapes import Json
from bot.platforms.matrix.words import CHOOSE, REACT
from bot.ports import Attachment, Delivery, Fetch, File, Message, Part

Say: TypeAlias = Callable[[str, str], str]
"""Gives a sentence in a language."""
Content: TypeAlias = dict[str, Any]

ROOMS: Final = 10_000
"""Rooms whose newest message is remembered."""

log = structlog.get_logger(__name__)


class Sender:
    """Shows messages with one login. `note` is told of each event that was sent; `staff`: the rooms of desks."""

    def __init__(
        self,
        client: AsyncClient,
        encryption: Encryption,
        link: str,
        note: Callable[[str, Json], None],
        say: Say,
        staff: Collection[str] = (),
    ) -> None:
        self._client = client
        self._encryption = encryption
        self._media = Media(client)
        self._link = link
        self._note = note
        self._say = say
        self._staff = staff
        self._newest: OrderedDict[Place, str] = OrderedDict()

    @property
    def media(self) -> Media:
        """The way that files go."""
        return self._media

    def saw(self, room: str, thread: str, message: str) -> None:
        """Note the newest message of a room, or of a thread in it."""
        place = Place(room=room, root=thread)
        self._newest.pop(place, None)
        self._newest[place] = message
        if len(self._newest) > ROOMS:
            self._newest.popitem(last=False)

    async def send(self, delivery: Delivery, message: Message, files: Sequence[Attachment] = ()) -> str:
        """Show a message to a person and return the id of its last piece. Errors: as `ports.Channel.send`."""
        if delivery.conversation is None:
            raise Refused("a message to nobody")
        place = place_of(delivery.conversation)
        place = replace(place, root=place.root or message.thread)
        if message.amends:
            await self.amend(place, message.amends, message, key=delivery.key)
            return message.amends
        return await self.show(place, message, key=delivery.key, files=files)

    async def show(self, place: Place, message: Message, *, key: str, files: Sequence[Attachment] = ()) -> str:
        """Show a message with its files below it; return the id of its last piece. Errors: as `ports.Channel.send`."""
        room = self._room(place.room)
        message, below = await self._upload(room, message, files)
        pages = list(self._pages(message, place, self._quoted(place, message.answers)))
        if below and not (message.parts or message.options):
            pages = []
        sent = ""
        with _failing():
            for number, content in enumerate(pages):
                sent = await self._show(room, content, transaction(key, number))
            newest = sent
            for number, content in enumerate(below):
                if relation := relation_of(place.root, place.root):
                    content["m.relates_to"] = relation
                newest = await self._show(room, content, transaction(key, number, "file "))
        self.saw(place.room, place.root, newest)
        return sent or newest

    async def begin(self, room_id: str, message: Message, *, key: str) -> str:
        """Begin a thread with a message and return its id, which is the thread's. Errors: as `ports.Channel.send`."""
        room = self._room(room_id)
        first, *rest = self._pages(message, Place(room=room_id))
        with _failing():
            root = newest = await self._show(room, first, transaction(key, 0))
            for number, content in enumerate(rest, 1):
                content["m.relates_to"] = relation_of(root, root)
                newest = await self._show(room, content, transaction(key, number))
        self.saw(room_id, root, newest)
        return root

    async def amend(self, place: Place, posted: str, message: Message, *, key: str = "") -> None:
        """Put new words in the place of a message; those that one event cannot hold follow below. Errors: as `Channel.send`.

        Without a key a repeat replaces once more, which nobody sees.
        """
        room = self._room(place.room)
        first, *rest = self._pages(message, place)
        with _failing():
            await self._show(room, replacing(first, posted), transaction(key, 0) if key else None)
            self._note(posted, {"sender": self._client.user_id, "event_id": posted, "content": first})
            for number, content in enumerate(rest, 1):
                newest = await self._show(room, content, transaction(key, number) if key else None)
                self.saw(place.room, place.root, newest)

    def _room(self, room_id: str) -> MatrixRoom:
        room = self._client.rooms.get(room_id)
        if room is None or self._client.user_id not in room.users:
            raise Gone("not in the room")
        return room

    def _pages(self, message: Message, place: Place, cited: str = "") -> Iterator[Content]:
        hint = self._say(message.lang, REACT if place.room in self._staff else CHOOSE)
        return contents(message, link=self._link, hint=hint, root=place.root, quoted=cited)

    async def _upload(self, room: MatrixRoom, message: Message, files: Sequence[Attachment]) -> tuple[Message, list[Content]]:
        """Upload files before anything is shown, so that what fails leaves nothing behind.

        One that is too large, or gone by now, is only named: what is said to it must not be lost with it.
        """
        below, named = list[Content](), list[Part]()
        for file in files:
            try:
                if file.size > await self._media.limit():
                    raise Refused("larger than the homeserver takes")
                data = await file.fetch()
                place = await self._media.upload(file.name, file.media_type, data, hide=room.encrypted)
            except Refused as error:
                log.warning("file not handed on", why=str(error))
                named.append(Part(markdown=written_out(file.name, file.size)))
            else:
                below.append(file_content(file.name, file.media_type, len(data), place))
        return replace(message, parts=(*message.parts, *named)), below

    async def _show(self, room: MatrixRoom, content: Content, name: str | None) -> str:
        await self._encryption.share(room)
        response = await self._client.room_send(
            room.room_id, "m.room.message", content, tx_id=name, ignore_unverified_devices=True
        )
        check(response)
        assert isinstance(response, RoomSendResponse)
        self._note(response.event_id, {"sender": self._client.user_id, "event_id": response.event_id, "content": content})
        return str(response.event_id)

    def _quoted(self, place: Place, answers: str) -> str:
        """Give the message to show this as a reply to: only where others came between or may have."""
        return "" if self._newest.get(place) == answers else answers


def attached(file: File, fetch: Fetch | None) -> Attachment:
    """Say how the file of a message is read: one without a channel is its own content, others need `fetch`."""
    content = file.ref.encode()

    async def read() -> bytes:
        if not file.channel:
            return content
        if fetch is None:
            raise Refused("nobody here fetches files")
        return await fetch(file)

    size = file.size if file.channel else len(content)
    return Attachment(name=file.name, media_type=file.media_type, size=size, fetch=read)


@contextmanager
def _failing() -> Iterator[None]:
    """Say what it means for a message that a request failed."""
    try:
        yield
    except (*NETWORK, PeeweeException) as error:
        raise failing(error) from error
