"""A desk's room as staff use it, on a real Synapse: what is heard there, what is left alone, and what is said to be missing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import quote

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.core.events import Opened, StaffChose, StaffSaid, StaffSentFile, StaffWithdrew
from bot.errors import Gone, Unreachable
from bot.platforms.matrix import MatrixDesk
from bot.platforms.matrix.desk import DONE
from bot.ports import File, Option
from tests.contracts.channel import message, until
from tests.contracts.desk import attachment, card
from tests.matrix.offices import Office, working
from tests.matrix.outage import logged
from tests.matrix.proxy import Trouble
from tests.matrix.stage import act, history, meet, shown, write
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Member
from tests.peers.synapse import Account, Json, Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")
both = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
ODD: Sequence[Json] = (
    {"body": "", "msgtype": ""},
    {"body": "x", "msgtype": "m.image", "url": 7, "info": [], "filename": {}},
    {"body": "x", "msgtype": "m.file", "file": {"url": "mxc://a/b", "key": [], "hashes": 1}},
    {"body": "x", "msgtype": "m.text", "m.relates_to": {"rel_type": ["m.thread"], "m.in_reply_to": 1}},
)
CLAIM, CLOSE = Option(id="claim:1", label="Claim"), Option(id="close:1", label="Close")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A member of staff."""
    async with person(synapse) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot for all of these, with a room and a desk of its own for each test."""
    async with working(synapse, tmp_path_factory.mktemp("bot")) as office:
        yield office


# --- what it hears


@both
async def test_staff_are_heard(office: Office, ann: Person, encrypted: bool) -> None:
    """In the thread of a case and beside it, with new words and what is replied to; never as residents."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    root = await desk.open("KJ-0001", card(), key=f"{room} open")
    asked = await desk.post(root, message("millal?"), key=f"{room} post")
    await shown(ann, room, asked)
    said = await ann.say(room, "Homne", thread=root)
    await ann.say(room, "Homme", edit_of=said)
    await ann.say(room, "kell 9", thread=root, reply_to=asked)
    await ann.say(room, "lõuna?")
    await ann.say(room, "I am a program", thread=root, msgtype="m.notice")
    await ann.redact(room, said)
    first, second, third, fourth, fifth = await office.stage.desk_hears(desk.name, 5)
    assert [arrival.thread for arrival in office.stage.at_desk(desk.name)] == [root, root, root, "", root]
    assert isinstance(first, StaffSaid)
    assert (first.text, first.staff, first.message) == ("Homne", f"matrix:{ann.user}", said)
    assert first.name == ann.user[1:].partition(":")[0]
    assert replace(first, at=second.at, text="Homme", edited=True) == second
    assert isinstance(third, StaffSaid)
    assert (third.text, third.quoted) == ("kell 9", "millal?")
    assert isinstance(fourth, StaffSaid)
    assert isinstance(fifth, StaffWithdrew)
    assert fifth.message == office.stage.at_desk(desk.name)[-1].withdraws == said
    assert office.stage.heard(room) == []
    assert {arrival.channel for arrival in office.stage.inbox.arrivals} == {""}


@both
async def test_options_are_chosen_with_keycaps(office: Office, ann: Person, encrypted: bool) -> None:
    """Those that stand there now: also of an amended card, and after the bot has begun again."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    root = await desk.open("KJ-0001", card(options=(CLAIM, CLOSE)), key=f"{room} open")
    assert "1. Claim\n2. Close" in (await shown(ann, room, root)).body
    await ann.react(room, root, "1️⃣")
    await desk.amend(root, root, card("Case KJ-0001, claimed", options=(CLOSE,)))
    await ann.until(room, lambda messages: messages[-1].body.startswith("Case KJ-0001, claimed"), "the amended card")
    again = await ann.react(room, root, "1⃣")
    await office.stage.desk_hears(desk.name, 2)
    await office.stage.stop()
    await ann.redact(room, again)
    await ann.react(room, root, "1⃣")
    await office.stage.start()
    events = await office.stage.desk_hears(desk.name, 3)
    assert [event.option for event in events if isinstance(event, StaffChose)] == ["claim:1", "close:1", "close:1"]
    assert {arrival.thread for arrival in office.stage.at_desk(desk.name)} == {root}


@both
async def test_files_of_staff_can_be_fetched(office: Office, ann: Person, encrypted: bool) -> None:
    """With what they are called and what was written to them."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    await ann.send_file(room, "vorm.pdf", "application/pdf", b"%PDF", caption="palun")
    [sent] = await office.stage.desk_hears(desk.name, 1)
    assert isinstance(sent, StaffSentFile)
    assert (sent.kind, sent.text, sent.file_name, sent.media_type, sent.size) == (
        "document", "palun", "vorm.pdf", "application/pdf", 4,
    )  # fmt: skip
    file = File(name=sent.file_name, media_type=sent.media_type, size=sent.size, ref=sent.ref, channel="matrix")
    assert await office.stage.channel.fetch(file) == b"%PDF"


async def test_a_message_that_nobody_can_read(office: Office, ann: Person, synapse: Synapse) -> None:
    """The log says at which desk; the bot says nothing there."""
    desk, room = await office.open_desk(ann, encrypted=True)
    content = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "s", "sender_key": "k", "device_id": "D"}
    with capture_logs() as logs:
        write(synapse, ann.account, room, content, kind="m.room.encrypted")
        await logged(logs, "matrix message at a desk not decrypted")
    assert [row["desk"] for row in logs if "desk" in row] == [desk.name]
    assert office.stage.at_desk(desk.name) == []
    assert [message for message in ann.messages(room) if message.sender == office.stage.user] == []


async def test_odd_events_stop_nothing(office: Office, synapse: Synapse) -> None:
    """Anybody's program may write anything that the server takes; what comes after it is heard."""
    program, name = synapse.register(), "odd/matrix"
    room = act(synapse, program, "POST", "createRoom", {})["room_id"]
    office.desks[room] = name
    act(synapse, program, "POST", f"rooms/{quote(room)}/invite", {"user_id": office.stage.user})
    await until(lambda: joined(synapse, program, room, office.stage.user), "the bot")
    for content in ODD:
        write(synapse, program, room, content)
        write(synapse, program, room, content, kind="m.reaction")
    write(synapse, program, room, {"body": "after", "msgtype": "m.text"})
    await until(lambda: "after" in str(office.stage.at_desk(name)), "the message after them")


def joined(synapse: Synapse, account: Account, room: str, user: str) -> bool:
    """Tell whether somebody is in a room."""
    return user in act(synapse, account, "GET", f"rooms/{quote(room)}/joined_members")["joined"]


# --- what it leaves alone


async def test_a_desk_is_no_residents_room(office: Office, ann: Person) -> None:
    """The bot stays where everybody left, is called what it was called, and does not seem to type."""
    desk, room = await office.open_desk(ann, encrypted=False)
    name, topic = ann.members(room)[office.stage.user], ann.topic(room)
    root = await desk.open("KJ-0001", card(), key=f"{room} open")
    await ann.say(room, "Homme", thread=root)
    await office.stage.desk_hears(desk.name, 1)
    await ann.until(room, lambda _: ann.read_up_to(room, office.stage.user, thread=root) != "", "a receipt", seconds=15)
    assert (ann.members(room)[office.stage.user], ann.topic(room)) == (name, topic)
    assert ann.typed(room) == frozenset()
    await ann.leave(room)
    other = await meet(office.stage, ann)
    assert [type(event) for event in office.stage.heard(other)] == [Opened]
    await desk.post(root, message("anybody?"), key=f"{room} post")
    assert office.stage.heard(room) == []


async def test_a_desk_is_entered_whoever_invites(office: Office, ann: Person) -> None:
    """A room of staff whose server is not allowed is one that the operator has named."""
    office.stage._servers = ("example.ee",)
    await office.stage.stop()
    await office.stage.start()
    try:
        _, room = await office.open_desk(ann, encrypted=False)
        assert ann.members(room)[office.stage.user] == Member(membership="join", displayname=office.stage.user[1:].split(":")[0])
    finally:
        office.stage._servers = ("localhost",)
        await office.stage.stop()
        await office.stage.start()


async def test_removed_from_a_desk(office: Office, ann: Person) -> None:
    """The log says what to do; nobody has left, and nothing can be posted until then."""
    desk, room = await office.open_desk(ann, encrypted=False)
    with capture_logs() as logs:
        await ann.kick(room, office.stage.user)
        await logged(logs, "matrix desk lost")
    [row] = [row for row in logs if row["event"] == "matrix desk lost"]
    assert row["desk"] == desk.name
    assert row["log_level"] == "error"
    assert f"invite {office.stage.user}" in row["why"]
    with pytest.raises(Gone):
        await desk.post("", message("anybody?"), key=f"{room} post")
    with pytest.raises(Gone):
        await desk.close("$root")
    assert office.stage.heard(room) == []
    assert office.stage.at_desk(desk.name) == []
    [problem] = await desk.problems()
    assert f"not in the room {room}: invite {office.stage.user}" in problem


# --- what it does there


@both
async def test_a_general_message_stands_in_the_timeline(office: Office, ann: Person, encrypted: bool) -> None:
    """It is about no case."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    posted = await desk.post("", message("two cases wait"), key=f"{room} post", attachments=[attachment("a.txt", b"a")])
    assert (await shown(ann, room, posted)).thread == ""
    await ann.until(room, lambda messages: messages[-1].body == "a.txt" and messages[-1].thread == "", "the file")


@both
async def test_a_picture_in_a_thread(office: Office, ann: Person, encrypted: bool) -> None:
    """Programs show it; where the room is encrypted the server learns neither its name nor its type."""
    desk, room = await office.open_desk(ann, encrypted=encrypted)
    root = await desk.open("KJ-0001", card(), key=f"{room} open")
    picture = replace(attachment("plan õ.png", b"\x89PNG"), media_type="image/png")
    office.proxy.passed.clear()
    await desk.post(root, message("see"), key=f"{room} post", attachments=[picture])
    await ann.until(room, lambda messages: messages[-1].kind == "m.image", "the picture")
    last = ann.messages(room)[-1]
    assert (last.body, last.thread) == ("plan õ.png", root)
    assert await ann.fetch(room, last.id) == b"\x89PNG"
    [upload] = [passed.request for passed in office.proxy.passed if "/upload" in passed.request]
    assert ("filename=" in upload) is not encrypted


async def test_a_file_that_is_gone_is_named(office: Office, ann: Person) -> None:
    """What the resident wrote to it is seen all the same."""
    desk, room = await office.open_desk(ann, encrypted=False)
    root = await desk.open("KJ-0001", card(), key=f"{room} open")

    async def gone() -> bytes:
        raise Gone("M_NOT_FOUND")

    posted = await desk.post(
        root, message("my lease"), key=f"{room} post", attachments=[replace(attachment("leping.pdf", b"x"), fetch=gone)]
    )
    body = (await shown(ann, room, posted)).body
    assert "my lease" in body
    assert "leping.pdf" in body


async def test_a_long_card_begins_the_thread_with_its_first_piece(office: Office, ann: Person) -> None:
    """The rest stands in the thread, with the options at its end; they count there too."""
    desk, room = await office.open_desk(ann, encrypted=False)
    root = await desk.open("KJ-0001", card("word " * 2000, options=(CLAIM, CLOSE)), key=f"{room} open")
    await ann.until(room, lambda messages: "Close" in messages[-1].body, "the last piece")
    first, *rest = [message for message in ann.messages(room) if message.sender == office.stage.user]
    assert (first.id, first.thread) == (root, "")
    assert {message.thread for message in rest} == {root}
    await ann.react(room, rest[-1].id, "2️⃣")
    [chose] = await office.stage.desk_hears(desk.name, 1)
    assert isinstance(chose, StaffChose)
    assert (chose.option, office.stage.at_desk(desk.name)[0].thread) == ("close:1", root)


async def test_amending_back_and_forth(office: Office, ann: Person) -> None:
    """The last words stand, also where they are those of before."""
    desk, room = await office.open_desk(ann, encrypted=False)
    root = await desk.open("KJ-0001", card("open"), key=f"{room} open")
    for word in ("claimed", "open", "claimed", "open"):
        await desk.amend(root, root, card(word))
        await ann.until(room, lambda messages, word=word: messages[-1].body == word, word)  # type: ignore[misc]


async def test_closing_and_reopening_again_and_again(office: Office, ann: Person, synapse: Synapse) -> None:
    """There is one mark at most, and after a restart it is found again."""
    desk, room = await office.open_desk(ann, encrypted=True)
    root = await desk.open("KJ-0001", card(), key=f"{room} open")
    for _ in range(2):
        await desk.close(root)
        await desk.close(root)
        await ann.until(room, lambda _: [one.key for one in ann.reactions(room)] == [DONE], "the mark")
        await office.stage.stop()
        await office.stage.start()
        again = MatrixDesk(name=desk.name, room=room, channel=office.stage.channel)
        await until(lambda: office.stage.channel._life is not None, "the connection")
        await again.reopen(root)
        await again.reopen(root)
        await ann.until(room, lambda _: ann.reactions(room) == [], "no mark")
        desk = again
    assert len(history(synapse, ann.account, room, "m.reaction")) == 2


# --- what is missing


async def test_what_is_not_connected_is_told(office: Office, ann: Person) -> None:
    """The operator learns where to look; what is to be posted waits."""
    desk, _ = await office.open_desk(ann, encrypted=False)
    await office.stage.stop()
    try:
        [problem] = await desk.problems()
        assert "not connected" in problem
        with pytest.raises(Unreachable):
            await desk.post("", message("tere"), key="k")
    finally:
        await office.stage.start()


async def test_a_room_where_it_never_was(office: Office) -> None:
    """Nobody has invited it yet."""
    await until(lambda: office.stage.channel._life is not None, "the connection")
    desk = MatrixDesk(name="x/matrix", room="!nowhere:localhost", channel=office.stage.channel)
    [problem] = await desk.problems()
    assert "not in the room !nowhere:localhost" in problem


async def test_a_room_that_was_replaced(office: Office, ann: Person, synapse: Synapse) -> None:
    """Staff upgraded it: the new room is named."""
    desk, room = await office.open_desk(ann, encrypted=False)
    new = act(synapse, ann.account, "POST", f"rooms/{quote(room)}/upgrade", {"new_version": "11"})["replacement_room"]
    assert any(f"set {new} as" in problem for problem in await desk.problems())


async def test_an_encrypted_room_needs_a_signed_device(office: Office, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Careful programs would hide what the bot writes; where nothing is encrypted nobody asks."""
    secret, _ = await office.open_desk(ann, encrypted=True)
    plain, _ = await office.open_desk(ann, encrypted=False)

    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr("bot.platforms.matrix.office.is_signed", never)
    assert ["not signed" in problem for problem in await secret.problems()] == [True]
    assert await plain.problems() == []


async def test_a_homeserver_in_trouble(office: Office, ann: Person) -> None:
    """It is not the room's fault."""
    desk, _ = await office.open_desk(ann, encrypted=False)
    office.proxy.troubles.append(Trouble(request=r"GET \S*/state$", status=502))
    [problem] = await desk.problems()
    assert "does not answer (HTTP 502)" in problem
