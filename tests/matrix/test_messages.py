"""What the bot hears in rooms, and where and how it answers, on a real Synapse, with a client that is not ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.core.events import Chose, Opened, Said, SentFile, Withdrew
from bot.errors import ChannelError, Refused, Unreachable
from bot.platforms.matrix.inbound import Incoming, read
from tests.contracts.channel import message, until
from tests.matrix.kit import bot_account, row
from tests.matrix.stage import Stage, act, listening, meet, meet_all, shown, write
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Json, Synapse

# The person and the bot live as long as these tests: each begins in a second, and every test has a room of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")
both = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A resident."""
    async with person(synapse) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot whose servers' people are everybody here."""
    async with listening(synapse, tmp_path_factory.mktemp("bot")) as stage:
        yield stage


# --- messages


@both
async def test_programs_and_itself_are_not_answered(bot: Stage, ann: Person, encrypted: bool) -> None:
    """Notices are for people; its own messages come back with every sync."""
    room = await meet(bot, ann, encrypted=encrypted)
    await ann.say(room, "I am a program", msgtype="m.notice")
    await bot.show(room, "I am one too")
    await ann.say(room, "end")
    await bot.hears(room, 2)
    assert [type(event) for event in bot.heard(room)] == [Opened, Said]


@both
async def test_an_edited_question_is_asked_anew(bot: Stage, ann: Person, encrypted: bool) -> None:
    """It is still the same message."""
    room = await meet(bot, ann, encrypted=encrypted)
    message = await ann.say(room, "wheer?")
    await ann.say(room, "where?", edit_of=message)
    [_, first, second] = await bot.hears(room, 3)
    assert isinstance(first, Said)
    assert isinstance(second, Said)
    assert [(e.text, e.edited, e.message) for e in (first, second)] == [("wheer?", False, message), ("where?", True, message)]


@both
async def test_a_message_taken_back(bot: Stage, ann: Person, encrypted: bool) -> None:
    """Its id is told, so that its text goes wherever it is still kept."""
    room = await meet(bot, ann, encrypted=encrypted)
    message = await ann.say(room, "my name is Ann")
    await bot.hears(room, 2)
    await ann.redact(room, message)
    last = (await bot.hears(room, 3))[-1]
    assert isinstance(last, Withdrew)
    assert last.message == bot.arrivals(room)[-1].withdraws == message


@both
async def test_a_message_taken_back_in_public(bot: Stage, ann: Person, synapse: Synapse, encrypted: bool) -> None:
    """It belongs to the conversation of its thread, where its text is kept."""
    room = await meet_all(bot, ann, synapse.register(), synapse, encrypted=encrypted)
    root = await ann.say(room, "tere", mentions=[bot.user])
    further = await ann.say(room, "my name is Ann", thread=root)
    await bot.hears(room, 2)
    await ann.redact(room, further)
    await bot.hears(room, 3)
    last = bot.arrivals(room)[-1]
    assert (last.withdraws, last.conversation) == (further, f"matrix:{room} {root}")


@both
async def test_a_reaction_to_an_old_message(bot: Stage, ann: Person, encrypted: bool) -> None:
    """A keycap chooses the option also when others came since and the bot has begun again; the message is asked for."""
    room = await meet(bot, ann, encrypted=encrypted)
    menu = await bot.show(room, "Which?", options=("topic:school", "topic:waste"))
    await shown(ann, room, menu)
    await shown(ann, room, await bot.show(room, "Something else?", options=("help",)))
    await bot.stop()
    await ann.react(room, menu, "2️⃣")
    await bot.start()
    last = (await bot.hears(room, 2))[-1]
    assert isinstance(last, Chose)
    assert last.option == "topic:waste"
    await ann.react(room, menu, "1️⃣")
    assert [e.option for e in await bot.hears(room, 3) if isinstance(e, Chose)] == ["topic:waste", "topic:school"]


async def test_other_reactions(bot: Stage, ann: Person) -> None:
    """Thumbs, keycaps on what the person wrote, and numbers that no option has, need no answer."""
    room = await meet(bot, ann)
    menu = await bot.show(room, "Which?", options=("help",))
    mine = await ann.say(room, "tere")
    await ann.react(room, menu, "👍")
    await ann.react(room, mine, "1️⃣")
    await ann.react(room, menu, "2️⃣")
    await ann.say(room, "end")
    await bot.hears(room, 3)
    assert [type(event) for event in bot.heard(room)] == [Opened, Said, Said]


@both
async def test_files(bot: Stage, ann: Person, encrypted: bool) -> None:
    """Photos, voice and documents are told by their kind, with what was written to them."""
    room = await meet(bot, ann, encrypted=encrypted)
    await ann.send_file(room, "plan.png", "image/png", b"1", caption="what is this?")
    await ann.send_file(room, "voice.ogg", "audio/ogg", b"2")
    await ann.send_file(room, "form.pdf", "application/pdf", b"3")
    events = await bot.hears(room, 4)
    assert [(e.kind, e.text) for e in events if isinstance(e, SentFile)] == [
        ("photo", "what is this?"),
        ("audio", ""),
        ("document", ""),
    ]


async def test_stickers_and_polls(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """They are files too."""
    room = await meet(bot, ann)
    write(synapse, ann.account, room, {"body": "a cat", "url": "mxc://localhost/cat", "info": {}}, kind="m.sticker")
    write(synapse, ann.account, room, {"m.poll.start": {}}, kind="org.matrix.msc3381.poll.start")
    events = await bot.hears(room, 3)
    assert [e.kind for e in events if isinstance(e, SentFile)] == ["sticker", "poll"]


async def test_odd_events_stop_nothing(bot: Stage, synapse: Synapse) -> None:
    """Anybody's program may write anything that the server takes; what comes after it is heard."""
    program = synapse.register()
    asked = {"preset": "trusted_private_chat", "is_direct": True, "invite": [bot.user]}
    room = act(synapse, program, "POST", "createRoom", asked)["room_id"]
    await bot.hears(room, 1)
    odd: Sequence[Json] = (
        {"body": "", "msgtype": ""},
        {"body": "x", "msgtype": "m.text", "m.relates_to": 7, "format": 3, "formatted_body": {}},
        {"body": "x", "msgtype": "m.text", "m.relates_to": {"rel_type": "m.thread", "event_id": {}}},
        {"body": "x", "msgtype": "m.text", "m.relates_to": {"rel_type": ["m.replace"], "m.in_reply_to": 1}},
    )
    for content in odd:
        write(synapse, program, room, content)
        write(synapse, program, room, content, kind="m.reaction")
    write(synapse, program, room, {"body": "after", "msgtype": "m.text"})
    await until(lambda: "after" in bot.said(room), "the message after them")


# --- where it answers


@both
async def test_a_thread_in_a_chat_is_answered_there(bot: Stage, ann: Person, encrypted: bool) -> None:
    """Alone with the bot a thread is still the same conversation."""
    room = await meet(bot, ann, encrypted=encrypted)
    root = await ann.say(room, "tere")
    inside = await ann.say(room, "in the thread", thread=root)
    await bot.hears(room, 3)
    assert {arrival.conversation for arrival in bot.arrivals(room)} == {f"matrix:{room}"}
    last = bot.heard(room)[-1]
    assert isinstance(last, Said)
    assert last.thread == root
    seen = await shown(ann, room, await bot.show(room, "here", thread=root, answers=inside, options=("help",)))
    assert (seen.thread, seen.reply_to) == (root, "")
    await ann.react(room, seen.id, "1️⃣")
    last = (await bot.hears(room, 4))[-1]
    assert isinstance(last, Chose)
    assert (last.option, last.thread) == ("help", root)
    assert (await shown(ann, room, await bot.show(room, "there"))).thread == ""


@both
async def test_a_reply_is_shown_as_one_where_others_came_between(bot: Stage, ann: Person, encrypted: bool) -> None:
    """Below the question itself nobody needs to be told what is answered."""
    room = await meet(bot, ann, encrypted=encrypted)
    first = await ann.say(room, "first")
    await bot.hears(room, 2)
    assert (await shown(ann, room, await bot.show(room, "to the first", answers=first))).reply_to == ""
    second = await ann.say(room, "second")
    third = await ann.say(room, "third")
    await bot.hears(room, 4)
    assert (await shown(ann, room, await bot.show(room, "to the second", answers=second))).reply_to == second
    assert (await shown(ann, room, await bot.show(room, "to the third", answers=third))).reply_to == third
    await ann.say(room, "the first, mended", edit_of=first)
    await bot.hears(room, 5)
    assert (await shown(ann, room, await bot.show(room, "to the first again", answers=first))).reply_to == first


async def test_a_long_answer_is_a_reply_once(bot: Stage, ann: Person) -> None:
    """Of several pieces the first one says what it answers, and the last one has the options."""
    room = await meet(bot, ann)
    first = await ann.say(room, "first")
    await ann.say(room, "second")
    await bot.hears(room, 3)
    await bot.show(room, "word " * 2000, answers=first, options=("help", "menu"))
    await ann.until(room, lambda messages: "menu" in messages[-1].body, "the last piece")
    ours = [message for message in ann.messages(room) if message.sender == bot.user]
    assert len(ours) > 1
    assert [message.reply_to for message in ours] == [first] + [""] * (len(ours) - 1)
    assert ["ee.teejuht.options" in message.content for message in ours] == [False] * (len(ours) - 1) + [True]


# --- signs


async def test_typing_is_shown_where_it_takes_long(bot: Stage, ann: Person) -> None:
    """From 0.8 seconds on, until the answer is there; where it is there at once nothing is shown."""
    slow, quick = await meet(bot, ann), await meet(bot, ann)
    for room in (slow, quick):
        await ann.say(room, "tere")
        await bot.hears(room, 2)
    asked = asyncio.get_running_loop().time()
    await bot.show(quick, "tere")
    await ann.until(slow, lambda _: ann.typing(slow) == {bot.user}, "typing")
    assert 0.5 < asyncio.get_running_loop().time() - asked < 5
    await shown(ann, slow, await bot.show(slow, "tere", end=False))
    assert ann.typing(slow) == {bot.user}
    await bot.show(slow, "tere")
    await ann.until(slow, lambda _: not ann.typing(slow), "the end of typing", seconds=3)
    assert ann.typed(quick) == frozenset()


async def test_what_was_read_is_marked(bot: Stage, ann: Person) -> None:
    """The person sees how far the bot has read, in a thread too; also a word that needs no answer of its own."""
    room = await meet(bot, ann)
    root = await ann.say(room, "tere")
    await ann.until(room, lambda _: ann.read_up_to(room, bot.user) == root, "a receipt")
    inside = await ann.say(room, "in the thread", thread=root)
    await ann.until(room, lambda _: ann.read_up_to(room, bot.user, thread=root) == inside, "a receipt in the thread")
    last = [await ann.say(room, str(number)) for number in range(5)][-1]
    await ann.until(room, lambda _: ann.read_up_to(room, bot.user) == last, "a receipt of the last one")


# --- what else may happen to it


async def test_an_event_that_nobody_foresaw(bot: Stage, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours costs the one event that shows it."""
    room = await meet(bot, ann)

    def reading(row: Json, *rest: Any) -> Incoming | None:  # noqa: ANN401 - as it is called
        if row["content"].get("body") == "odd":
            raise KeyError("odd")
        return read(row, *rest)

    monkeypatch.setattr("bot.platforms.matrix.reading.read", reading)
    await ann.say(room, "odd")
    await ann.say(room, "even")
    await bot.hears(room, 2)
    assert bot.said(room) == ["even"]


async def test_before_it_listens_nothing_can_be_sent(synapse: Synapse, tmp_path: Path) -> None:
    """It is sent later; and what is for nobody never."""
    stage = Stage(await bot_account(synapse, tmp_path))
    stage.open()
    with pytest.raises(Unreachable):
        await stage.show("!room", "tere")
    await stage.start()
    said = message("tere")
    await until(lambda: stage.position is not None, "the first sync")
    with pytest.raises(Refused):
        await stage.channel.send(replace(row("", said, key="k"), conversation=None), said)
    await stage.stop()


@pytest.mark.parametrize("fault", [ChannelError("somebody else's keys"), TimeoutError()], ids=["refused", "no answer"])
async def test_a_device_that_cannot_be_signed(
    synapse: Synapse, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The log says so, and everybody else is answered."""

    async def refuse(*_: object) -> None:
        raise fault

    monkeypatch.setattr("bot.platforms.matrix.channel.sign", refuse)
    with capture_logs() as logs:
        async with listening(synapse, tmp_path) as stage:
            room = await meet(stage, ann, encrypted=True)
            assert (await shown(ann, room, await stage.show(room, "tere"))).readable
    assert [log["event"] for log in logs if log["log_level"] == "warning"] == ["matrix device not signed"]
