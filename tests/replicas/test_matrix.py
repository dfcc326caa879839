"""Matrix keys move with the work: the process that leads is killed in an encrypted room, another one goes on as its device."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from bot.platforms.matrix import KeyStore
from tests.engine.processes import PATIENCE, ended, process
from tests.matrix.kit import bot_account
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Synapse, synapse
from tests.replicas.life import Life, serve


@pytest.fixture(scope="module")
def homeserver() -> Iterator[Synapse]:
    """A homeserver without limits."""
    with synapse() as running:
        yield running


async def test_another_process_goes_on_as_the_same_device(homeserver: Synapse, postgres_url: str, tmp_path: Path) -> None:
    """What was written while nobody led is read and answered, once each, and clients that check devices trust it."""
    bot = await bot_account(homeserver, tmp_path, keys=postgres_url)
    device = device_of(bot.keys, bot.user)
    lives = [Life(database=postgres_url, folder=tmp_path / name, user=bot.user) for name in ("one", "two")]
    async with AsyncExitStack() as stack:
        ann = await stack.enter_async_context(person(homeserver, strict=True))
        first = await stack.enter_async_context(process(serve, lives[0]))
        room = await ann.open_direct(bot.user, encrypted=True)
        await ann.say(room, "where is library")
        await answers(ann, room, bot.user, 2)
        second = await stack.enter_async_context(process(serve, lives[1]))
        first.kill()
        await ended(first)
        await ann.say(room, "where is waste")
        await ann.say(room, "where is kindergarten")
        await answers(ann, room, bot.user, 4)
        await stack.enter_async_context(process(serve, lives[0]))
        second.kill()
        await ended(second)
        await ann.say(room, "where is library")
        shown = await answers(ann, room, bot.user, 5)
        assert [message.body.split()[0] for message in shown] == ["Tere!", "Library", "Waste", "Kindergarten", "Library"]
        assert all(message.trusted and message.encrypted for message in shown)
    assert device_of(bot.keys, bot.user) == device
    assert not any((tmp_path / name).exists() for name in ("one", "two"))


async def answers(ann: Person, room: str, bot: str, number: int) -> list[Seen]:
    """Wait for so many messages of the bot, and give them."""

    def shown() -> list[Seen]:
        return [message for message in ann.messages(room) if message.sender == bot]

    await ann.until(room, lambda _: len(shown()) >= number, f"{number} answers", PATIENCE)
    return shown()


def device_of(keys: str, user: str) -> str:
    """Name the device as which the bot is logged in."""
    with closing(KeyStore.open(keys)) as store:
        login = store.login(user)
    assert login is not None
    return login.device
