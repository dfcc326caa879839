"""The parts of the Matrix channel while a homeserver has trouble: with a client whose calls end as they are told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientConnectionError
from nio import (
    EncryptionError,
    InviteInfo,
    InviteMemberEvent,
    JoinError,
    JoinResponse,
    RoomLeaveResponse,
)
from nio.rooms import MatrixRoom
from structlog.testing import capture_logs

from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.inbound import Place
from bot.platforms.matrix.known import Known
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import Sender
from bot.platforms.matrix.signs import Signs
from tests.contracts.channel import until
from tests.matrix.kit import say

# --- invitations and names


class Shaky:
    """A client whose calls end as they are told to, one after the other."""

    user_id = "@teejuht:localhost"

    def __init__(self, *ends: object) -> None:
        self.ends = list(ends)
        self.calls: list[str] = []

    async def join(self, room: str) -> object:
        """Join a room."""
        return self._end(f"join {room}")

    async def room_leave(self, room: str) -> object:
        """Leave a room."""
        return self._end(f"leave {room}")

    async def room_put_state(self, room: str, kind: str, content: object, state_key: str = "") -> object:
        """Set something in a room."""
        return self._end(f"{kind} {content} {state_key} {room}")

    def _end(self, call: str) -> object:
        self.calls.append(call)
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


def invitation(*, direct: bool = True) -> InviteInfo:
    """Make an invitation by somebody, after a change that has nothing to do with it."""
    content = {"membership": "join"}
    other = InviteMemberEvent({}, "@ann:example.ee", "@ann:example.ee", "join", None, content)
    ours = InviteMemberEvent({}, "@ann:example.ee", Shaky.user_id, "invite", None, {"membership": "invite", "is_direct": direct})
    return InviteInfo([other, ours])


def rooms_of(client: Shaky) -> Rooms:
    """Look after rooms with little patience."""
    return Rooms(client=client, servers=("localhost",), say=say, first_wait=0.001)


async def answer(client: Shaky, info: InviteInfo) -> None:
    """Answer an invitation to a room."""
    rooms = rooms_of(client)
    rooms.note_invitation("!room", info)
    await rooms.answer("!room")
    assert rooms.unanswered() == []


async def test_joining_is_tried_until_it_works() -> None:
    """Nobody would invite the bot twice: limits, outages and broken connections are waited out."""
    slow = JoinError("slowly", "M_LIMIT_EXCEEDED", 5)
    client = Shaky(TimeoutError(), ClientConnectionError(), slow, JoinError("what?", "M_UNKNOWN"), JoinResponse("!room"))
    await answer(client, invitation())
    assert client.calls == ["join !room"] * 5


async def test_a_refusal_is_taken() -> None:
    """An invitation that was taken back is not asked for again."""
    client = Shaky(JoinError("no", "M_FORBIDDEN"))
    with capture_logs() as logs:
        await answer(client, invitation())
    assert client.calls == ["join !room"]
    assert [(row["event"], row["what"]) for row in logs] == [("matrix call refused", "joining a room")]


@pytest.mark.parametrize("info", [InviteInfo([]), invitation(direct=False)], ids=["nobody", "stranger"])
async def test_an_invitation_by_nobody_is_declined(info: InviteInfo) -> None:
    """As one of a stranger into a room is."""
    client = Shaky(RoomLeaveResponse())
    await answer(client, info)
    assert client.calls == ["leave !room"]


async def test_a_name_that_cannot_be_set_stops_nothing() -> None:
    """It is only words."""
    room = MatrixRoom("!room", Shaky.user_id)
    room.add_member(Shaky.user_id, None, None)
    client = Shaky(TimeoutError())
    await rooms_of(client).name(room, "et")
    await rooms_of(client).name(MatrixRoom("!other", Shaky.user_id), "et")
    assert len(client.calls) == 1


# --- events and signs


class Line:
    """A client to whose calls the homeserver answers as it is told."""

    user_id, access_token = "@teejuht:localhost", "t"

    def __init__(self, answer: object, status: int = 200) -> None:
        self.answer = answer
        self.status = status
        self.calls = 0

    async def send(self, *_: object) -> "Line":
        """Ask for something."""
        self._call()
        return self

    async def parse_body(self, _: object) -> object:
        """Read the answer."""
        return self.answer

    async def update_receipt_marker(self, *_: object) -> object:
        """Mark something as read."""
        return self._call()

    async def room_typing(self, *_: object) -> object:
        """Show typing."""
        return self._call()

    def decrypt_event(self, _: object) -> object:
        """Have no key for it."""
        raise EncryptionError

    def _call(self) -> object:
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("line", [Line(TimeoutError()), Line({"errcode": "M_NOT_FOUND"}, 404), Line([])])
async def test_events_that_cannot_be_had(line: Line) -> None:
    """They are left out, and asked for again when something else is about them."""
    known = Known(client := line)
    assert await known.find("!room", ["$1"]) == {}
    assert await known.find("!room", ["$1"]) == {}
    assert client.calls == 2


async def test_an_event_that_cannot_be_decrypted_still_has_its_place() -> None:
    """To which thread a message belongs is written outside of what is encrypted."""
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s", "sender_key": "k", "device_id": "D"}
    relation = {"rel_type": "m.thread", "event_id": "$root"}
    source = {"type": "m.room.encrypted", "event_id": "$1", "sender": "@ann:localhost", "origin_server_ts": 1}
    known = Known(client := Line(source | {"content": content | {"m.relates_to": relation}}))
    for _ in range(2):
        found = await known.find("!room", ["$1"])
        assert found["$1"]["content"]["m.relates_to"] == relation
    assert client.calls == 1


async def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first, and then asked for."""
    monkeypatch.setattr("bot.platforms.matrix.known.MOST", 2)
    known = Known(client := Line(TimeoutError()))
    for number in range(3):
        known.note(f"${number}", {"number": number})
    assert await known.find("!room", ["$0", "$1", "$2"]) == {"$1": {"number": 1}, "$2": {"number": 2}}
    assert client.calls == 1


async def test_of_many_rooms_the_newest_message_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer there is shown as a reply, which is never wrong."""
    monkeypatch.setattr("bot.platforms.matrix.sending.ROOMS", 2)
    sender = Sender(Line(None), Encryption(Line(None)), "", lambda *_: None, lambda *_: "")
    for room in ("!a", "!b", "!a", "!c"):
        sender.saw(room, "", f"${room}")
    assert [sender._quoted(Place(room=room), f"${room}") for room in ("!a", "!b", "!c")] == ["", "$!b", ""]


async def test_a_sign_that_is_lost_is_no_loss() -> None:
    """Where typing cannot be shown, it is taken back all the same, once."""
    async with sending_signs(Line(TimeoutError())) as (signs, client):
        signs.show_typing("matrix:!room")
        await until(lambda: client.calls == 1, "the first sign")
        signs.stop_typing("matrix:!room")
        await until(lambda: client.calls == 2, "the second sign")
        signs.stop_typing("matrix:!room")
        await asyncio.sleep(0.05)
    assert client.calls == 2


async def test_a_sign_for_which_it_is_too_late_is_left_out() -> None:
    """Where the answer came before it was the sign's turn nobody needs to be told."""
    async with sending_signs(Line(None)) as (signs, client):
        signs.show_typing("matrix:!room")
        signs.stop_typing("matrix:!room")
        await asyncio.sleep(0.05)
    assert client.calls == 0


async def test_an_answer_needs_no_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes has read; a thread is read apart from its room."""
    monkeypatch.setattr("bot.platforms.matrix.signs.HOLD", 0.05)
    monkeypatch.setattr("bot.platforms.matrix.signs.LOOK", 0.01)
    async with sending_signs(Line(None)) as (signs, client):
        for thread in ("", "$root"):
            signs.read("!room", thread, "$1")
        signs.answered("!room", "")
        await until(lambda: client.calls == 1, "the receipt of the thread")
        await asyncio.sleep(0.1)
    assert client.calls == 1


@asynccontextmanager
async def sending_signs(client: Line) -> AsyncIterator[tuple[Signs, Line]]:
    """Send signs until left."""
    signs = Signs(client)
    sending = asyncio.create_task(signs.run())
    try:
        yield signs, client
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
