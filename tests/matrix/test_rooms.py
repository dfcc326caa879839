"""The bot in rooms as people make them, on a real Synapse: who comes and goes, and what is for it where several people talk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import pytest_asyncio

from bot.core.events import Left, Opened, Said
from bot.errors import Gone
from bot.platforms.matrix import KeyStore
from tests.matrix.kit import bot_account
from tests.matrix.stage import Stage, act, becomes, history, listening, meet, meet_all, shown
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Member
from tests.peers.synapse import Account, Synapse

# People and bots live as long as these tests: each begins in a second, and every test has a room of its own.
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


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def guarded(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot to whose servers nobody here belongs."""
    async with listening(synapse, tmp_path_factory.mktemp("guarded"), servers=("example.ee",)) as stage:
        yield stage


# --- invitations


@both
async def test_anybody_may_begin_a_chat(guarded: Stage, ann: Person, encrypted: bool) -> None:
    """The bot joins and the conversation is open, wherever the person's account is."""
    room = await meet(guarded, ann, encrypted=encrypted)
    assert [type(event) for event in guarded.heard(room)] == [Opened]
    event = await guarded.show(room, "tere")
    seen = await shown(ann, room, event)
    assert (seen.body, seen.encrypted, seen.readable) == ("tere", encrypted, True)


async def test_a_room_is_joined_only_for_people_of_its_servers(bot: Stage, guarded: Stage, ann: Person) -> None:
    """Strangers' rooms are declined; from its own servers' people the bot takes any invitation."""
    room = await ann.open_room([bot.user, guarded.user], encrypted=False)
    await becomes(ann, room, bot.user, "join")
    await becomes(ann, room, guarded.user, "leave")
    other = await meet(guarded, ann)
    assert guarded.heard(room) == []
    assert [type(event) for event in guarded.heard(other)] == [Opened]


async def test_removed_while_it_was_down(bot: Stage, ann: Person) -> None:
    """It is told at the next start, also where the bot was invited anew and that was taken back."""
    room = await ann.open_room([bot.user], encrypted=False)
    await becomes(ann, room, bot.user, "join")
    await bot.hears(room, 1)
    await bot.stop()
    await ann.kick(room, bot.user)
    await ann.invite(room, bot.user)
    await ann.kick(room, bot.user)
    await bot.start()
    assert [type(event) for event in await bot.hears(room, 2)] == [Opened, Left]


@both
async def test_an_invitation_from_before_the_start(synapse: Synapse, ann: Person, tmp_path: Path, encrypted: bool) -> None:
    """It is taken at the start. What was said between it and the start is answered, what came before is none of its business."""
    stage = Stage(await bot_account(synapse, tmp_path))
    room = await ann.open_room([], encrypted=encrypted)
    await ann.say(room, "before")
    await ann.invite(room, stage.user)
    await becomes(ann, room, stage.user, "invite")
    await ann.say(room, "meanwhile")
    await stage.start()
    await stage.hears(room, 2)
    await ann.say(room, "after")
    opened, *_ = await stage.hears(room, 3)
    await stage.stop()
    assert isinstance(opened, Opened)
    assert stage.said(room) == ["meanwhile", "after"]


# --- going


async def test_a_room_that_everybody_left_is_left(bot: Stage, ann: Person) -> None:
    """Nobody could read what is said there; whoever it was is forgotten."""
    room = await meet(bot, ann)
    await ann.leave(room)
    assert isinstance((await bot.hears(room, 2))[-1], Left)
    with pytest.raises(Gone):
        await bot.show(room, "anybody?")


async def test_a_chat_with_several_strangers_is_left(guarded: Stage, bot: Stage, ann: Person, synapse: Synapse) -> None:
    """Calling a room a chat does not get the bot into it."""
    third = synapse.register()
    room = await ann.open_room([guarded.user, bot.user, third.user], encrypted=False, direct=True)
    await guarded.hears(room, 1)
    await becomes(ann, room, guarded.user, "leave")
    await becomes(ann, room, bot.user, "join")
    assert [type(event) for event in guarded.heard(room)] == [Left]
    joined = [row for row in history(synapse, ann.account, room, "m.room.member") if row["state_key"] == guarded.user]
    assert [row["content"]["membership"] for row in joined] == ["invite", "join", "leave"]


@pytest.mark.parametrize("how", ["kick", "ban"])
async def test_who_removes_the_bot_is_forgotten(bot: Stage, ann: Person, how: str) -> None:
    """The conversation is over, and what still waits for it has nobody to go to."""
    room = await ann.open_room([bot.user], encrypted=True)
    await becomes(ann, room, bot.user, "join")
    await bot.hears(room, 1)
    await (ann.kick if how == "kick" else ann.ban)(room, bot.user)
    assert isinstance((await bot.hears(room, 2))[-1], Left)
    with pytest.raises(Gone):
        await bot.show(room, "anybody?")


@both
async def test_who_invites_it_again_is_heard_again(bot: Stage, ann: Person, encrypted: bool) -> None:
    """After a kick the same room is a new conversation, both ways; what was said while it was out is not answered."""
    room = await ann.open_room([bot.user], encrypted=encrypted)
    await becomes(ann, room, bot.user, "join")
    await bot.hears(room, 1)
    await ann.kick(room, bot.user)
    await bot.hears(room, 2)
    await ann.say(room, "nobody hears this")
    await ann.invite(room, bot.user)
    assert [type(event) for event in await bot.hears(room, 3)] == [Opened, Left, Opened]
    await becomes(ann, room, bot.user, "join")
    await ann.say(room, "tere jälle")
    await bot.hears(room, 4)
    assert bot.said(room) == ["tere jälle"]
    assert (await shown(ann, room, await bot.show(room, "tere"))).readable


@both
async def test_a_room_encrypted_in_the_middle(bot: Stage, ann: Person, encrypted: bool) -> None:
    """From then on it is heard and answered encrypted, and nothing changes before."""
    room = await meet(bot, ann)
    await ann.say(room, "one")
    await bot.hears(room, 2)
    assert not (await shown(ann, room, await bot.show(room, "1"))).encrypted
    if encrypted:
        await ann.upgrade_to_encrypted(room)
    await ann.say(room, "two")
    await bot.hears(room, 3)
    seen = await shown(ann, room, await bot.show(room, "2"))
    assert bot.said(room) == ["one", "two"]
    assert (seen.body, seen.encrypted, seen.readable) == ("2", encrypted, True)


# --- with others in the room


@both
async def test_a_third_person_makes_a_chat_public(bot: Stage, ann: Person, synapse: Synapse, encrypted: bool) -> None:
    """From their invitation on only what names the bot is for it; when they are gone it is alone with the person again."""
    third = synapse.register()
    room = await meet(bot, ann, encrypted=encrypted)
    await ann.say(room, "alone")
    await ann.invite(room, third.user)
    await ann.say(room, "to the third")
    asked = await ann.say(room, "to the bot", mentions=[bot.user])
    events = await bot.hears(room, 3)
    assert [(e.text, e.public, e.thread) for e in events if isinstance(e, Said)] == [
        ("alone", False, ""),
        ("to the bot", True, asked),
    ]
    await ann.kick(room, third.user)
    await ann.say(room, "alone again")
    last = (await bot.hears(room, 4))[-1]
    assert isinstance(last, Said)
    assert (last.text, last.public) == ("alone again", False)


@both
async def test_in_public_it_answers_who_asks_it(bot: Stage, ann: Person, synapse: Synapse, encrypted: bool) -> None:
    """Who mentions it, replies to it or writes in its thread; it answers there, and nobody else hears of it."""
    room = await meet_all(bot, ann, third := synapse.register(), synapse, encrypted=encrypted)
    await ann.say(room, "who has lunch?")
    asked = await ann.say(room, f"{bot.user}: where is the library?", mentions=[bot.user])
    await bot.hears(room, 1)
    answer = await bot.show(f"{room} {asked}", "In the main street.", thread=asked, answers=asked)
    seen = await shown(ann, room, answer)
    assert (seen.thread, seen.body, seen.readable) == (asked, "In the main street.", True)
    await ann.say(room, "and when is it open?", thread=asked)
    await ann.say(room, "at one, as always")
    await ann.say(room, "is it far?", reply_to=answer)
    await ann.say(room, "thanks", mentions=[third.user])
    await ann.say(room, "anything else?", mentions=[bot.user])
    await bot.hears(room, 4)
    assert bot.said(room) == ["where is the library?", "and when is it open?", "is it far?", "anything else?"]
    own = f"matrix:{room} {asked}"
    assert [arrival.conversation == own for arrival in bot.arrivals(room)] == [True, True, True, False]


async def test_a_thread_of_the_bots_outlives_its_memory(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """What a message belongs to is asked for, where the bot has begun again since."""
    room = await meet_all(bot, ann, synapse.register(), synapse, encrypted=True)
    mine = await ann.say(room, "tere", mentions=[bot.user])
    lunch = await ann.say(room, "lunch?")
    await bot.hears(room, 1)
    await bot.stop()
    await bot.start()
    await ann.say(room, "at one", thread=lunch)
    await ann.say(room, "are you there?", thread=mine)
    await bot.hears(room, 2)
    assert bot.said(room) == ["tere", "are you there?"]


async def test_two_threads_side_by_side(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """Each is a conversation of its own and keeps its order, whatever stands between."""
    room = await meet_all(bot, ann, synapse.register(), synapse)
    roots = [await ann.say(room, f"{name}0", mentions=[bot.user]) for name in "ab"]
    for number in range(1, 4):
        for name, root in zip("ab", roots, strict=True):
            await ann.say(room, f"{name}{number}", thread=root)
    await bot.hears(room, 8)
    heard: dict[str, list[str]] = {}
    for arrival, text in zip(bot.arrivals(room), bot.said(room), strict=True):
        heard.setdefault(arrival.conversation, []).append(text)
    assert heard == {f"matrix:{room} {root}": [f"{name}{n}" for n in range(4)] for name, root in zip("ab", roots, strict=True)}
    answers = [await bot.show(f"{room} {root}", f"to {root}", thread=root) for root in reversed(roots)]
    assert [(await shown(ann, room, answer)).thread for answer in answers] == roots[::-1]


# --- name and topic


def told(synapse: Synapse, ann: Person, room: str, user: str) -> tuple[list[str], list[str]]:
    """Give the names that the bot ever had in a room, and the topics that the room had."""
    names = [row["content"] for row in history(synapse, ann.account, room, "m.room.member") if row["state_key"] == user]
    topics = [row["content"]["topic"] for row in history(synapse, ann.account, room, "m.room.topic")]
    return [content["displayname"] for content in names if content["membership"] == "join"], topics


async def called(ann: Person, room: str, user: str, lang: str) -> None:
    """Wait until the bot has its name in a language."""
    name = Member(membership="join", displayname=f"Teejuht ({lang})")
    await ann.until(room, lambda _: ann.members(room)[user] == name, f"the name in {lang}")


async def test_a_chat_is_named_in_its_language(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """Name and topic follow the language, and are written where they differ only, also after a new start."""
    room = await meet(bot, ann)
    languages: Sequence[str] = ("et", "et", "ru")
    for lang in languages:
        await bot.show(room, "tere", lang=lang)
        await called(ann, room, bot.user, lang)
        await ann.until(room, lambda _, lang=lang: ann.topic(room) == f"Küsimused ({lang})", f"the topic in {lang}")  # type: ignore[misc]
    await bot.stop()
    await bot.start()
    for lang in ("ru", "en"):
        await bot.hears(room, 1)
        await ann.say(room, lang)
        await bot.hears(room, 2 if lang == "ru" else 3)
        await bot.show(room, "tere", lang=lang)
    await called(ann, room, bot.user, "en")
    await ann.until(room, lambda _: ann.topic(room) == "Küsimused (en)", "the topic in English")
    names, topics = told(synapse, ann, room, bot.user)
    assert names[-3:] == [f"Teejuht ({lang})" for lang in ("et", "ru", "en")]
    assert len(names) == 4
    assert topics == [f"Küsimused ({lang})" for lang in ("et", "ru", "en")]


async def test_a_topic_that_it_may_not_set_is_left(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """A person who lets only themselves change the room is not asked again and again."""
    room = await ann.open_room([bot.user], encrypted=False)
    await bot.hears(room, 1)
    act(synapse, ann.account, "PUT", f"rooms/{quote(room)}/state/m.room.topic", {"topic": "mine"})
    await bot.show(room, "tere", lang="et")
    await called(ann, room, bot.user, "et")
    await bot.show(room, "tere", lang="ru")
    await called(ann, room, bot.user, "ru")
    assert told(synapse, ann, room, bot.user)[1] == ["mine"]


async def test_a_room_of_several_is_not_named(bot: Stage, ann: Person, synapse: Synapse) -> None:
    """It has its own name, and its people speak many languages."""
    room = await meet_all(bot, ann, synapse.register(), synapse)
    root = await ann.say(room, "tere", mentions=[bot.user])
    await bot.hears(room, 1)
    await shown(ann, room, await bot.show(f"{room} {root}", "tere", lang="et", thread=root))
    chat = await meet(bot, ann)
    await bot.show(chat, "tere", lang="et")
    await called(ann, chat, bot.user, "et")
    names, topics = told(synapse, ann, room, bot.user)
    assert len(names) == 1
    assert topics == []


async def test_its_picture_stays(ann: Person, synapse: Synapse, tmp_path: Path) -> None:
    """The operator gave the account a picture; a name in another language does not take it away."""
    own = await bot_account(synapse, tmp_path)
    with closing(KeyStore.open(own.keys)) as keys:
        login = keys.login(own.user)
    assert login is not None
    account = Account(user=own.user, device=login.device, password="", token=login.token)
    act(synapse, account, "PUT", f"profile/{quote(own.user)}/avatar_url", {"avatar_url": "mxc://localhost/bear"})
    stage = Stage(own)
    await stage.start()
    room = await meet(stage, ann)
    await stage.show(room, "tere", lang="ru")
    await called(ann, room, own.user, "ru")
    await stage.stop()
    changes = [row for row in history(synapse, ann.account, room, "m.room.member") if row["state_key"] == own.user]
    assert changes[-1]["content"] == {"membership": "join", "displayname": "Teejuht (ru)", "avatar_url": "mxc://localhost/bear"}
