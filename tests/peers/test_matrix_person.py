"""The person at matrix-js-sdk sees and does what one with Element would, on a real Synapse."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from nio.crypto import decrypt_attachment

from tests.peers import matrix_node
from tests.peers.matrix_node import NODE_MODULES, SCRIPT, GoneError, RefusedError, find_node
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Member
from tests.peers.synapse import Account, Synapse, synapse

# People live as long as these tests, as a client takes a second to start.
pytestmark = pytest.mark.asyncio(loop_scope="module")
Pair = tuple[Person, Person]


@pytest.fixture(scope="module")
def server() -> Iterator[Synapse]:
    """Run one server for all tests here."""
    with synapse() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(server: Synapse) -> AsyncIterator[Pair]:
    """Bring two strict people in; every test opens a room of its own."""
    async with person(server, strict=True) as ann, person(server, strict=True) as ben:
        yield ann, ben


async def _meet(ann: Person, ben: Person, *, encrypted: bool = True) -> str:
    """Open a room of two and wait until both know that both are in."""
    room = await ann.open_direct(ben.user, encrypted=encrypted)
    await ben.join(room)
    await ann.until(room, lambda _: ann.members(room)[ben.user].membership == "join", "second member")
    return room


def _ask(server: Synapse, account: Account, method: str, room: str, path: str, body: dict[str, object]) -> None:
    """Do something by hand, as another client would."""
    status, told = server.request(method, f"/_matrix/client/v3/rooms/{quote(room)}/{path}", body, account.token)
    assert status == 200, told


def _held(server: Synapse, account: Account, place: str) -> bytes:
    """Return what the server holds at an mxc: address."""
    url = f"{server.url}/_matrix/client/v1/media/download/{place.removeprefix('mxc://')}"
    return httpx.get(url, headers={"Authorization": f"Bearer {account.token}"}, trust_env=False).raise_for_status().content


async def test_two_strict_people_talk(people: Pair) -> None:
    """Encrypted messages, threads, replies, mentions and edits are shown, without a warning, to both."""
    ann, ben = people
    room = await _meet(ann, ben)
    root = await ann.say(room, "tere", mentions=[ben.user])
    (first,) = await ben.until(room, lambda messages: len(messages) == 1, "message")
    assert (first.id, first.sender, first.body, first.kind) == (root, ann.user, "tere", "m.text")
    assert first.encrypted
    assert first.trusted
    assert first.content["m.mentions"] == {"user_ids": [ben.user]}

    inside = await ben.say(room, "in a thread", thread=root, msgtype="m.notice")
    await ben.say(room, "in answer", thread=root, reply_to=inside)
    reply = await ben.say(room, "a reply", reply_to=root)
    seen = await ann.until(room, lambda messages: len(messages) == 4, "three answers")
    assert [(message.thread, message.reply_to) for message in seen[1:]] == [(root, ""), (root, inside), ("", root)]
    assert [message.kind for message in seen[1:]] == ["m.notice", "m.text", "m.text"]
    assert all(message.trusted and message.encrypted for message in seen)

    await ben.say(room, "mended", edit_of=reply, html="<b>mended</b>")
    seen = await ann.until(room, lambda messages: messages[-1].edited, "edit")
    assert [(message.id, message.body, message.html) for message in seen[3:]] == [(reply, "mended", "<b>mended</b>")]


async def test_nobody_edits_for_others(people: Pair) -> None:
    """An edit of somebody else's message changes nothing that a client shows."""
    ann, ben = people
    room = await _meet(ann, ben, encrypted=False)
    mine = await ann.say(room, "mine")
    await ben.say(room, "stolen", edit_of=mine)
    await ben.say(room, "done")
    seen = await ann.until(room, lambda messages: messages[-1].body == "done", "end")
    assert [(message.body, message.edited, message.encrypted) for message in seen] == [
        ("mine", False, False),
        ("done", False, False),
    ]


async def test_taking_back(people: Pair) -> None:
    """A redacted reaction is gone, a redacted message loses its words, a redacted edit gives the old ones back."""
    ann, ben = people
    room = await _meet(ann, ben)
    first, second = await ann.say(room, "first"), await ann.say(room, "second")
    event = await ben.react(room, first, "1️⃣")
    await ann.until(room, lambda _: bool(ann.reactions(room)), "reaction")
    assert [(reaction.sender, reaction.event, reaction.key) for reaction in ann.reactions(room)] == [(ben.user, first, "1️⃣")]
    await ben.redact(room, event)
    await ann.until(room, lambda _: not ann.reactions(room), "redacted reaction")

    edit = await ann.say(room, "first, mended", edit_of=first)
    await ben.until(room, lambda messages: messages[0].body == "first, mended", "edit")
    await ann.redact(room, edit)
    await ann.redact(room, second)
    seen = await ben.until(room, lambda messages: messages[-1].redacted and not messages[0].edited, "redactions")
    assert [(message.id, message.body, message.redacted) for message in seen] == [(first, "first", False), (second, "", True)]


@pytest.mark.parametrize("encrypted", [True, False])
async def test_a_file_arrives(server: Synapse, people: Pair, encrypted: bool) -> None:
    """A file comes out as it went in; in an encrypted room the server holds something that matrix-nio can decrypt."""
    data = bytes(range(256)) * 100
    ann, ben = people
    room = await _meet(ann, ben, encrypted=encrypted)
    event = await ann.send_file(room, "plan.png", "image/png", data, caption="the plan")
    (seen,) = await ben.until(room, lambda messages: len(messages) == 1, "file")
    assert (seen.kind, seen.body, seen.content["filename"]) == ("m.image", "the plan", "plan.png")
    assert seen.content["info"] == {"mimetype": "image/png", "size": len(data)}
    assert await ben.fetch(room, event) == data

    held = _held(server, ben.account, seen.content["file"]["url"] if encrypted else seen.content["url"])
    assert (held == data) is not encrypted
    if encrypted:
        file = seen.content["file"]
        assert decrypt_attachment(held, file["key"]["k"], file["hashes"]["sha256"], file["iv"]) == data


async def test_a_strict_person_refuses_unsigned_devices(server: Synapse, people: Pair) -> None:
    """Both ways: their messages are not shown, and they get no key for the strict person's."""
    ann, _ = people
    async with person(server) as ben:
        room = await _meet(ann, ben)
        await ben.say(room, "believe me")
        (refused,) = await ann.until(room, lambda messages: messages[0].why == "UNSIGNED_SENDER_DEVICE", "refusal")
        assert (refused.body, refused.readable, refused.trusted) == ("", False, False)

        await ann.say(room, "not for you")
        seen = await ben.until(room, lambda messages: messages[1].why.startswith("MEGOLM_KEY_WITHHELD"), "refusal")
        assert [(message.sender, message.body, message.readable) for message in seen] == [
            (ben.user, "believe me", True),
            (ann.user, "", False),
        ]


async def test_who_is_there(server: Synapse, people: Pair) -> None:
    """Members, their names and the topic are seen as they change; who has left is refused."""
    other, third = server.register(), server.register()
    ann, _ = people
    room = await ann.open_room([other.user], encrypted=False)
    assert ann.members(room)[other.user].membership == "invite"
    _ask(server, other, "POST", room, "join", {})
    guide: dict[str, object] = {"membership": "join", "displayname": "Guide"}
    _ask(server, other, "PUT", room, f"state/m.room.member/{quote(other.user)}", guide)
    await ann.until(room, lambda _: ann.members(room)[other.user] == Member(membership="join", displayname="Guide"), "name")
    _ask(server, ann.account, "PUT", room, "state/m.room.topic", {"topic": "help"})
    await ann.until(room, lambda _: ann.topic(room) == "help", "topic")

    await ann.invite(room, third.user)
    await ann.ban(room, third.user)
    await ann.kick(room, other.user)
    await ann.until(room, lambda _: ann.members(room)[other.user].membership == "leave", "kick")
    assert ann.members(room)[third.user].membership == "ban"
    await ann.leave(room)
    with pytest.raises(RefusedError) as refused:
        await ann.say(room, "anybody?")
    assert refused.value.code == "M_FORBIDDEN"


async def test_what_others_do(server: Synapse, people: Pair) -> None:
    """Typing is seen while it lasts, and receipts in a thread are told from those outside."""
    other = server.register()
    ann, _ = people
    room = await ann.open_room([other.user], encrypted=False)
    _ask(server, other, "POST", room, "join", {})
    _ask(server, other, "PUT", room, f"typing/{quote(other.user)}", {"typing": True, "timeout": 10_000})
    await ann.until(room, lambda _: ann.typing(room) == {other.user}, "typing")
    _ask(server, other, "PUT", room, f"typing/{quote(other.user)}", {"typing": False})
    await ann.until(room, lambda _: not ann.typing(room), "end of typing")
    assert ann.typed(room) == {other.user}

    event = await ann.say(room, "anybody?")
    _ask(server, other, "PUT", room, "send/m.room.message/1", {"msgtype": "m.text", "body": "me"})
    await ann.until(room, lambda messages: messages[1].body == "me", "answer")
    assert ann.read_up_to(room, other.user) == ""
    _ask(server, other, "POST", room, f"receipt/m.read/{quote(event)}", {})
    await ann.until(room, lambda _: ann.read_up_to(room, other.user) == event, "receipt")
    inside = await ann.say(room, "in a thread", thread=event)
    _ask(server, other, "POST", room, f"receipt/m.read/{quote(inside)}", {"thread_id": event})
    await ann.until(room, lambda _: ann.read_up_to(room, other.user, thread=event) == inside, "receipt in the thread")
    assert ann.read_up_to(room, other.user) == event


async def test_coming_back_online(server: Synapse) -> None:
    """Who was offline saw and said nothing; then they read it all, though the room was encrypted meanwhile."""
    async with person(server) as ann, person(server) as ben:
        room = await _meet(ann, ben, encrypted=False)
        await ben.offline()
        with pytest.raises(RefusedError, match="offline"):
            await ben.say(room, "hello?")
        await ann.upgrade_to_encrypted(room)
        for number in range(12):
            await ann.say(room, str(number))
        assert ben.messages(room) == []
        await ben.online()
        seen = await ben.until(room, lambda messages: len(messages) == 12, "all messages")
        assert [message.body for message in seen] == [str(number) for number in range(12)]
        assert all(message.encrypted and message.readable for message in seen)
        await ben.say(room, "back")
        seen = await ann.until(room, lambda messages: messages[-1].body == "back", "answer")
        assert seen[-1].encrypted


async def test_a_client_that_dies_is_noticed_at_once(server: Synapse) -> None:
    """Whoever waits for it is told, and so is whoever asks later."""
    async with person(server) as ann:
        waiting = asyncio.create_task(ann.until("!nowhere", lambda _: False, "end of the world", seconds=60))
        await asyncio.sleep(0)
        os.kill(ann.pid, 9)
        with pytest.raises(GoneError, match="node ended with -9"):
            await asyncio.wait_for(waiting, 5)
        with pytest.raises(GoneError):
            await ann.say("!nowhere", "hello")


async def test_waiting_in_vain_tells_what_was_seen(people: Pair) -> None:
    """The error names what did not come and shows the messages that did."""
    ann, _ = people
    room = await ann.open_room([], encrypted=False)
    await ann.say(room, "alone")
    await ann.until(room, lambda messages: len(messages) == 1, "own message")
    with pytest.raises(TimeoutError, match=r"no answer in 0\.05 seconds:\n.*alone"):
        await ann.until(room, lambda messages: len(messages) == 2, "answer", seconds=0.05)


async def test_node_ends_with_its_input() -> None:
    """No process is left behind by tests that were killed."""
    node = await asyncio.create_subprocess_exec(find_node(), SCRIPT, NODE_MODULES, stdin=asyncio.subprocess.DEVNULL)
    assert await asyncio.wait_for(node.wait(), 10) == 0


async def test_what_is_missing_is_named(server: Synapse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without node, or without the SDK, the error says what to run."""
    monkeypatch.setattr(matrix_node, "NODE_MODULES", tmp_path)
    with pytest.raises(RuntimeError, match=r"no matrix-js-sdk in .*make install-tests"):
        await Person(server.register()).start(server.url, strict=False)
    monkeypatch.setenv("NODE", "/nowhere/node")
    with pytest.raises(RuntimeError, match=r"no Node.js .*make install-tests"):
        await Person(server.register()).start(server.url, strict=False)
