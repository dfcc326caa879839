"""Files between residents, staff and the homeserver, both ways, on a real Synapse; and what may go wrong with one."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.core.events import Said, SentFile
from bot.errors import Refused, RetryLater, Unreachable
from bot.ports import File
from tests.contracts.channel import message
from tests.matrix.kit import row
from tests.matrix.offices import Office, working
from tests.matrix.proxy import Trouble
from tests.matrix.stage import meet, shown
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")
both = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
LEASE = b"%PDF " + bytes(range(256)) * 400
DOWNLOAD, OLD_DOWNLOAD, UPLOAD = r"GET \S*/client/v1/media/download/", r"GET \S*/media/v3/download/", r"POST \S*/upload"
LIMIT = json.dumps({"errcode": "M_LIMIT_EXCEEDED", "error": "slowly", "retry_after_ms": 7000})
GONE = json.dumps({"errcode": "M_NOT_FOUND", "error": "gone"})
TOO_LARGE = json.dumps({"errcode": "M_TOO_LARGE", "error": "no"})


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A resident."""
    async with person(synapse) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """A bot for all of these."""
    async with working(synapse, tmp_path_factory.mktemp("bot")) as office:
        yield office


async def sent(office: Office, ann: Person, *, encrypted: bool) -> File:
    """Have the resident send a file in a new room, and give what the bot makes of it."""
    room = await meet(office.stage, ann, encrypted=encrypted)
    await ann.send_file(room, "leping.pdf", "application/pdf", LEASE, caption="see")
    found = (await office.stage.hears(room, 2))[-1]
    assert isinstance(found, SentFile)
    assert (found.kind, found.text) == ("document", "see")
    return File(name=found.name, media_type=found.media_type, size=found.size, ref=found.ref, channel="matrix")


async def show(office: Office, room: str, text: str, file: File) -> str:
    """Send a message with a file to a room, or to a room and a thread with a space between."""
    said = replace(message(text), file=file)
    return await office.stage.channel.send(row(f"matrix:{room}", said, key=f"{room} {text}"), said)


# --- from residents


@both
async def test_a_file_is_fetched(office: Office, ann: Person, encrypted: bool) -> None:
    """It is what the resident sent, with its name, type and size."""
    file = await sent(office, ann, encrypted=encrypted)
    assert (file.name, file.media_type, file.size) == ("leping.pdf", "application/pdf", len(LEASE))
    assert await office.stage.channel.fetch(file) == LEASE


@both
async def test_a_file_is_fetched_by_who_does_not_lead(office: Office, ann: Person, encrypted: bool) -> None:
    """The page of a case may be asked for at any process; the login is all that it needs."""
    file = await sent(office, ann, encrypted=encrypted)
    await office.stage.stop()
    try:
        assert await office.stage.channel.fetch(file) == LEASE
        with pytest.raises(Refused):
            await office.stage.channel.fetch(replace(file, ref='{"url": "mxc://localhost/gone"}'))
    finally:
        await office.stage.start()


@both
async def test_a_file_that_is_larger_than_was_said_is_not_read(office: Office, ann: Person, encrypted: bool) -> None:
    """Whatever its sender's program says."""
    file = await sent(office, ann, encrypted=encrypted)
    with pytest.raises(Refused):
        await office.stage.channel.fetch(replace(file, size=len(LEASE) - 1))


async def test_a_file_under_another_key(office: Office, ann: Person) -> None:
    """What lies there is not what the message says."""
    file = await sent(office, ann, encrypted=True)
    for name in ("key", "iv", "sha256"):
        for other in ("AAAA", "%"):
            changed = json.loads(file.ref) | {name: other}
            if name == "iv" and other == "%":
                continue  # no letters of Base64 at all are passed over, and nothing is left to compare
            with pytest.raises(Refused):
                await office.stage.channel.fetch(replace(file, ref=json.dumps(changed)))


async def test_a_file_that_is_gone(office: Office) -> None:
    """Or was never there; and what is no file of Matrix."""
    for ref in ('{"url": "mxc://localhost/nowhere"}', "AgACAgIAAxkBAAI"):
        with pytest.raises(Refused):
            await office.stage.channel.fetch(File(name="x", media_type="", size=9, ref=ref, channel="matrix"))


@pytest.mark.parametrize(
    "trouble",
    [Trouble(request=DOWNLOAD, status=502), Trouble(request=DOWNLOAD, status=429, body=LIMIT)],
    ids=["down", "busy"],
)
async def test_a_file_that_cannot_be_had_now(office: Office, ann: Person, trouble: Trouble) -> None:
    """It can be fetched later."""
    file = await sent(office, ann, encrypted=False)
    office.proxy.troubles.append(trouble)
    with pytest.raises(Unreachable):
        await office.stage.channel.fetch(file)
    assert await office.stage.channel.fetch(file) == LEASE


async def test_a_broken_line(office: Office, ann: Person) -> None:
    """The HTTP client itself tries once more."""
    file = await sent(office, ann, encrypted=False)
    office.proxy.troubles += [Trouble(request=DOWNLOAD)] * 2
    with pytest.raises(Unreachable):
        await office.stage.channel.fetch(file)


async def test_a_homeserver_of_before_files_were_guarded(office: Office, ann: Person) -> None:
    """It knows the old way only."""
    file = await sent(office, ann, encrypted=False)
    office.proxy.troubles += [
        Trouble(request=DOWNLOAD, status=404, body=json.dumps({"errcode": "M_UNRECOGNIZED", "error": "?"})),
        Trouble(request=OLD_DOWNLOAD, status=200, body="from of old"),
    ]
    assert await office.stage.channel.fetch(file) == b"from of old"
    assert office.proxy.troubles == []


async def test_what_a_reply_replies_to(office: Office, ann: Person) -> None:
    """Is told with it, also after a restart."""
    room = await meet(office.stage, ann, encrypted=True)
    asked = await office.stage.show(room, "Which school?")
    await shown(ann, room, asked)
    await office.stage.stop()
    await ann.say(room, "this one", reply_to=asked)
    await office.stage.start()
    found = (await office.stage.hears(room, 2))[-1]
    assert isinstance(found, Said)
    assert (found.text, found.quoted) == ("this one", "Which school?")


# --- to residents


@both
async def test_a_file_comes_below_the_words(office: Office, ann: Person, encrypted: bool) -> None:
    """Fetched from wherever it is, or its own content; in the thread of its message."""
    room = await meet(office.stage, ann, encrypted=encrypted)
    root = await ann.say(room, "tere")
    office.files["held"] = b"\x89PNG"
    picture = File(name="plaan.png", media_type="image/png", size=4, ref="held", channel="telegram")
    said = replace(message("the plan"), file=picture, thread=root)
    words = await office.stage.channel.send(row(f"matrix:{room}", said, key=f"{room} plan"), said)
    assert await office.stage.channel.send(row(f"matrix:{room}", said, key=f"{room} plan"), said) == words
    await show(office, room, "your data", File(name="andmed.txt", media_type="text/plain", size=0, ref="õ"))
    await ann.until(room, lambda messages: messages[-1].body == "andmed.txt", "both files")
    ours = [one for one in ann.messages(room) if one.sender == office.stage.user]
    assert [(one.kind, one.body, one.thread) for one in ours] == [
        ("m.text", "the plan", root),
        ("m.image", "plaan.png", root),
        ("m.text", "your data", ""),
        ("m.file", "andmed.txt", ""),
    ]
    assert ours[0].id == words
    assert [await ann.fetch(room, one.id) for one in ours if one.kind != "m.text"] == [b"\x89PNG", "õ".encode()]


async def test_a_file_that_cannot_be_handed_on_is_named(office: Office, ann: Person) -> None:
    """One that is gone, and one that the homeserver does not take after all; what was said to it is not lost."""
    room = await meet(office.stage, ann)
    nowhere = File(name="leping.pdf", media_type="", size=2_100_000, ref="nowhere", channel="telegram")
    first = await shown(ann, room, await show(office, room, "gone", nowhere))
    assert first.body == "gone\n\n📎 leping.pdf (2.1 MB)"
    office.proxy.troubles.append(Trouble(request=UPLOAD, status=413, body=TOO_LARGE))
    second = await shown(ann, room, await show(office, room, "refused", File(name="a.txt", media_type="", size=0, ref="a")))
    assert second.body == "refused\n\n📎 a.txt (0.0 MB)"


async def test_what_goes_wrong_with_a_file_leaves_nothing_behind(office: Office, ann: Person) -> None:
    """The message is sent again later, whole."""
    room = await meet(office.stage, ann)
    file = File(name="a.txt", media_type="text/plain", size=0, ref="a")
    for trouble, error in (
        (Trouble(request=UPLOAD, status=429, body=LIMIT), RetryLater),
        (Trouble(request=UPLOAD, status=502), Unreachable),
        (Trouble(request=UPLOAD), Unreachable),
        (Trouble(request=UPLOAD, status=200, body="{}"), Unreachable),
    ):
        office.proxy.troubles.append(trouble)
        with pytest.raises(error):
            await show(office, room, "with a file", file)
    await shown(ann, room, await show(office, room, "with a file", file))
    await ann.until(room, lambda messages: messages[-1].body == "a.txt", "the file")
    assert [one.body for one in ann.messages(room)] == ["with a file", "a.txt"]


@both
async def test_a_message_is_put_right(office: Office, ann: Person, encrypted: bool) -> None:
    """Where it stands; it keeps its id, and a repeat is the same."""
    room = await meet(office.stage, ann, encrypted=encrypted)
    first = await office.stage.show(room, "tomorow")
    await office.stage.show(room, "between")
    said = replace(message("tomorrow"), amends=first)
    for _ in range(2):
        assert await office.stage.channel.send(row(f"matrix:{room}", said, key=f"{room} right"), said) == first
    await ann.until(room, lambda messages: messages[0].body == "tomorrow", "the right word")
    assert [(one.body, one.edited) for one in ann.messages(room)] == [("tomorrow", True), ("between", False)]
