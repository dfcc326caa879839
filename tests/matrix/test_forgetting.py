"""Somebody is forgotten: the bot's keys no longer read what was said in the room, and read what is said next."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from nio import AsyncClientConfig
from nio.crypto import InboundGroupSession
from vodozemac import MegolmDecryptionException

from bot.platforms.matrix import KeyStore
from bot.store.migrate import upgrade
from tests.engine.processes import PATIENCE, living
from tests.matrix.kit import bot_account
from tests.matrix.life import Life, live
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Synapse

PICKLES: Final = AsyncClientConfig().pickle_key


async def test_who_is_forgotten_cannot_be_read_any_more(synapse: Synapse, tmp_path: Path) -> None:
    """Neither their words nor the bot's; the conversation after it goes on as with anybody."""
    file = tmp_path / "bot.sqlite"
    await asyncio.to_thread(upgrade, f"sqlite:///{file}")
    bot = await bot_account(synapse, tmp_path)
    async with person(synapse, strict=True) as ann:
        async with living(live(Life(file=file, bot=bot))):
            room = await ann.open_direct(bot.user, encrypted=True)
            await ann.say(room, "where is library")
            await answers(ann, room, bot.user, 2)
        before = encrypted(synapse, ann, room)
        assert readable(bot.keys, bot.user, before) == before
        async with living(live(Life(file=file, bot=bot))):
            await ann.say(room, "/forget")
            await answers(ann, room, bot.user, 3)
            await ann.say(room, "1")
            await answers(ann, room, bot.user, 4)
            forgotten = encrypted(synapse, ann, room)
            await ann.say(room, "where is waste")
            said = await answers(ann, room, bot.user, 5)
            assert said.startswith("Waste")
        everything = encrypted(synapse, ann, room)
        assert readable(bot.keys, bot.user, everything) == [one for one in everything if one not in forgotten]


async def answers(ann: Person, room: str, bot: str, number: int) -> str:
    """Wait for so many messages of the bot, and give the last one."""

    def shown() -> list[str]:
        return [message.body for message in ann.messages(room) if message.sender == bot]

    await ann.until(room, lambda _: len(shown()) >= number, f"{number} answers", PATIENCE)
    return shown()[-1]


def encrypted(server: Synapse, ann: Person, room: str) -> list[tuple[str, str]]:
    """Give what the homeserver has of a room's messages, oldest first: the name of the key, and the text."""
    path = f"/_matrix/client/v3/rooms/{quote(room)}/messages?dir=f&limit=100"
    status, answer = server.request("GET", path, token=ann.account.token)
    assert status == 200
    contents = [event["content"] for event in answer["chunk"] if event["type"] == "m.room.encrypted"]
    return [(content["session_id"], content["ciphertext"]) for content in contents]


def readable(keys: str, user: str, messages: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give the messages that the kept keys read."""
    with closing(KeyStore.open(keys)) as store:
        login = store.login(user)
        assert login is not None
        sessions = {
            session.id: session for session in store.store(user, login.device, pickle_key=PICKLES).load_inbound_group_sessions()
        }
    return [(key, text) for key, text in messages if key in sessions and reads(sessions[key], text)]


def reads(session: InboundGroupSession, text: str) -> bool:
    """Tell whether a key reads a message."""
    try:
        session.decrypt(text)
    except MegolmDecryptionException:
        return False
    return True
