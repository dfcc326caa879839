"""What the bot needs for encryption fails or is lost: the key store, the line that keys travel on, the keys that others take.

The person's client is not ours and refuses whoever is not signed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import pytest_asyncio
from nio.crypto import InboundGroupSession, Olm
from peewee import OperationalError
from structlog.testing import capture_logs

from bot.core.events import Event, Said, Unreadable
from bot.errors import ChannelError, Unreachable
from bot.platforms.matrix import KeyStore, Login, listening, log_in
from bot.platforms.matrix.keys import DeviceStore
from tests.contracts.channel import message
from tests.engine.processes import until
from tests.matrix.kit import Bot, bot_account, matrix, row
from tests.matrix.outage import answered, complaints, login_of, performing, through_proxy
from tests.matrix.proxy import Trouble
from tests.matrix.stage import Stage, meet
from tests.peers.matrix_person import Person, person
from tests.peers.postgres import Postgres
from tests.peers.synapse import Json, Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A person for all of these, in new rooms each time."""
    async with person(synapse, strict=True) as somebody:
        yield somebody


@pytest.fixture
def database(server: Postgres) -> Iterator[str]:
    """The name of an empty PostgreSQL database."""
    name = f"keys-{uuid4().hex}"
    server.create(name)
    yield name
    server.drop(name)


def texts(heard: list[Event]) -> list[str]:
    """Give what was said; what could not be read is empty."""
    return [event.text if isinstance(event, Said) else "" for event in heard if isinstance(event, Said | Unreadable)]


# --- the key store


async def test_a_lost_key_store(synapse: Synapse, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a new device what was said to the old one is told to be unreadable, and all is well from then on."""
    monkeypatch.setattr(listening, "KEY_SECONDS", 0.3)
    account = synapse.register()
    keys = f"sqlite:///{tmp_path / 'keys.db'}"
    with closing(KeyStore.open(keys)) as store:
        await log_in(store, account.user, synapse.url, password=account.password)
    bot = Bot(user=account.user, keys=keys)
    old = login_of(bot)
    async with performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        await ann.say(room, "first")
        await stage.hears(room, 2)
        await until(lambda: stage.position is not None)
    position = stage.position
    await ann.say(room, "to the old device")
    (tmp_path / "keys.db").unlink()
    with pytest.raises(ChannelError, match=f"not logged in as {bot.user}: .* Run `teejuht matrix login` and start again"):
        await matrix(bot, since=position).run(stage.inbox)
    with closing(KeyStore.open(keys)) as store:
        await log_in(store, account.user, synapse.url, password=account.password)
    assert login_of(bot).device != old.device
    async with performing(bot, position) as stage:
        await until(lambda: "" in texts(stage.heard(room)))
        await ann.say(room, "to the new device")
        await until(lambda: texts(stage.heard(room))[-1] == "to the new device")
        await stage.show(room, "Hello!")
        await answered(ann, bot, room, ["Hello!"])
    assert texts(stage.heard(room))[-2:] == ["", "to the new device"]


async def test_a_key_that_cannot_be_kept(synapse: Synapse, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The homeserver hands it in again, and it is read: nothing of it was kept the first time."""
    bot = await bot_account(synapse, tmp_path)
    save = DeviceStore.save_inbound_group_session
    failing = iter((True,))

    def once(self: DeviceStore, session: InboundGroupSession) -> None:
        if next(failing, False):
            raise OperationalError("disk full")
        save(self, session)

    with capture_logs() as log:
        async with performing(bot) as stage:
            room = await meet(stage, ann, encrypted=True)
            monkeypatch.setattr(DeviceStore, "save_inbound_group_session", once)
            await ann.say(room, "hello")
            await stage.hears(room, 2)
            await stage.show(room, "Hello!")
            await answered(ann, bot, room, ["Hello!"])
    assert texts(stage.heard(room)) == ["hello"]
    assert complaints(log) == ["begins anew after OperationalError", "works again"]


@pytest.mark.parametrize("seconds", [0.0, 2.0], ids=["cut off", "away"])
async def test_a_key_store_that_goes_away(
    synapse: Synapse, ann: Person, server: Postgres, database: str, tmp_path: Path, seconds: float
) -> None:
    """What is said meanwhile is heard when it is back, and what is sent is sent then."""
    bot = await bot_account(synapse, tmp_path, keys=server.url(database))
    async with performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        await ann.say(room, "before")
        await stage.hears(room, 2)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS {seconds == 0}'.encode())
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
            other = await ann.open_direct(bot.user)
            await ann.say(other, "meanwhile")
            await asyncio.sleep(seconds)
            connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true'.encode())
        await stage.hears(other, 2)
        await ann.say(room, "after")
        await until(lambda: texts(stage.heard(room))[-1:] == ["after"])
        await until(lambda: shows(stage))
        for place in (room, other):
            await stage.show(place, "Hello!")
            await answered(ann, bot, place, ["Hello!"])
    assert texts(stage.heard(other)) == ["meanwhile"]
    assert list(dict.fromkeys(texts(stage.heard(room)))) == ["before", "after"]


def shows(stage: Stage) -> bool:
    """Tell whether the channel takes messages."""
    return stage.channel._life is not None


@pytest.mark.parametrize("killed", [False, True])
async def test_keys_that_move_to_another_machine(
    synapse: Synapse, ann: Person, server: Postgres, database: str, tmp_path: Path, *, killed: bool
) -> None:
    """The next one is the same device and reads what was said in between, whether or not the first could tidy up."""
    bot = await bot_account(synapse, tmp_path, keys=server.url(database))
    async with performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        await ann.say(room, "first")
        await stage.hears(room, 2)
        await stage.channel.send(row(f"matrix:{room}", message("One"), key="k:1"), message("One"))
        await until(lambda: stage.position is not None)
        position = stage.position
        if killed:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
    device = login_of(bot).device
    await ann.say(room, "in between")
    async with performing(bot, position) as stage:
        await until(lambda: texts(stage.heard(room))[-1:] == ["in between"])
        await stage.channel.send(row(f"matrix:{room}", message("Two"), key="k:2"), message("Two"))
        await answered(ann, bot, room, ["One", "Two"])
    assert login_of(bot).device == device


# --- the line


@pytest.mark.parametrize("status", [0, 502])
async def test_a_key_that_does_not_get_through(synapse: Synapse, ann: Person, tmp_path: Path, status: int) -> None:
    """Nothing is sent that nobody could read; sent later it is read."""
    async with through_proxy(synapse, tmp_path) as (bot, proxy), performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        said = message("Hello!")
        delivery = row(f"matrix:{room}", said, key="k:1")
        # aiohttp itself tries once more where a line breaks.
        proxy.troubles = [Trouble(request="PUT .*/sendToDevice/m.room.encrypted", status=status)] * (1 if status else 2)
        with pytest.raises(Unreachable):
            await stage.channel.send(delivery, said)
        assert proxy.troubles == []
        await stage.channel.send(delivery, said)
        await answered(ann, bot, room, ["Hello!"])


@pytest.mark.parametrize("call", ["keys/query", "keys/claim", "joined_members"])
async def test_devices_that_cannot_be_asked_for(synapse: Synapse, ann: Person, tmp_path: Path, call: str) -> None:
    """As with the key itself: it waits until the bot knows whom to give the key."""
    async with through_proxy(synapse, tmp_path) as (bot, proxy), performing(bot) as stage:
        proxy.troubles = [Trouble(request=f"{call}", status=502)] * 2
        room = await meet(stage, ann, encrypted=True)
        said = message("Hello!")
        delivery = row(f"matrix:{room}", said, key="k:1")
        for _ in range(3):
            try:
                await stage.channel.send(delivery, said)
            except Unreachable:
                continue
            break
        assert proxy.troubles == []
        await answered(ann, bot, room, ["Hello!"])


@pytest.mark.parametrize("stopped", [False, True])
async def test_a_key_that_comes_after_its_message(
    synapse: Synapse, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stopped: bool
) -> None:
    """The message is read when the key is there, also by another run of the bot: until then the position stays where it was."""
    bot = await bot_account(synapse, tmp_path)
    take, late = Olm._handle_room_key_event, asyncio.Event()

    def later(self: Olm, *key: object) -> None:
        async def wait() -> None:
            await late.wait()
            take(self, *key)

        waiting.append(asyncio.create_task(wait()))

    waiting: list[asyncio.Task[None]] = []
    async with performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        other = await meet(stage, ann)
        monkeypatch.setattr(Olm, "_handle_room_key_event", later)
        await ann.say(room, "the key is late")
        await until(lambda: waiting != [])
        position = stage.position
        await ann.say(other, "hello")
        await stage.hears(other, 2)
        assert texts(stage.heard(room)) == []
        assert events_until(stage.position) == events_until(position)
        late.set()
        await waiting[0]
        if not stopped:
            await stage.hears(room, 2)
    async with performing(bot, position) as again:
        heard = again if stopped else stage
        await until(lambda: texts(heard.heard(room)) == ["the key is late"])


def events_until(position: str | None) -> str:
    """Give the part of Synapse's position that counts events: a key that comes by itself moves another."""
    assert position is not None
    return position.partition("_")[0]


# --- one-time keys


async def test_keys_that_were_all_taken(synapse: Synapse, ann: Person, tmp_path: Path) -> None:
    """New ones are uploaded, however often that fails, and somebody who comes later can write to the bot."""
    async with through_proxy(synapse, tmp_path) as (bot, proxy), performing(bot) as stage:
        room = await meet(stage, ann)
        login = login_of(bot)
        while claimed(synapse, ann, login):
            pass
        proxy.troubles = [Trouble(request="keys/upload", status=502)] * 2
        with capture_logs() as log:
            for number in range(3):
                await ann.say(room, "hello")
                await stage.hears(room, 2 + number)
            await until(lambda: bool(claimed(synapse, ann, login)))
        assert [row["event"] for row in log].count("matrix keys not brought up to date") == 2
        async with person(synapse, strict=True) as bob:
            other = await meet(stage, bob, encrypted=True)
            await bob.say(other, "hello")
            await stage.hears(other, 2)
            assert texts(stage.heard(other)) == ["hello"]


def claimed(server: Synapse, ann: Person, login: Login) -> Json:
    """Take one of a device's one-time keys, as everybody does who writes to it first."""
    body = {"one_time_keys": {login.user: {login.device: "signed_curve25519"}}}
    status, answer = server.request("POST", "/_matrix/client/v3/keys/claim", body, ann.account.token)
    assert status == 200
    found: Json = answer["one_time_keys"]
    return found
