"""What the bot relies on fails for a while or for good: the homeserver, its patience, the login, the position, the network.

What fails with the keys is in `test_key_outages`. The person's client is not ours and refuses whoever is not signed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.core.events import Said
from bot.errors import ChannelError, MaybeSent, Unreachable
from bot.platforms.matrix import KeyStore, account, listening
from bot.store.migrate import upgrade
from tests.contracts.channel import message
from tests.engine.processes import PATIENCE, UNDONE, living, select, until
from tests.matrix.kit import Bot, bot_account, matrix, row
from tests.matrix.life import Life, live
from tests.matrix.outage import answered, assert_said, complaints, logged, login_of, performing, through_proxy, troubles
from tests.matrix.proxy import Proxy, Trouble
from tests.matrix.stage import Stage, meet
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Synapse
from tests.peers.synapse import synapse as run_synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

BURST: Final = 7
"""Questions in each of two rooms; Synapse takes ten messages at once."""
MISSED: Final = 70
PLACES: Final = ("library", "waste", "kindergarten")


@pytest.fixture(scope="module")
def fragile() -> Iterator[Synapse]:
    """A homeserver that may be killed and paused."""
    with run_synapse() as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty database of a bot."""
    upgrade(f"sqlite:///{tmp_path / 'bot.sqlite'}")
    return tmp_path / "bot.sqlite"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A person for all of these, in new rooms each time."""
    async with person(synapse, strict=True) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bob(fragile: Synapse) -> AsyncIterator[Person]:
    """A person on the fragile homeserver."""
    async with person(fragile, strict=True) as somebody:
        yield somebody


# --- the homeserver


async def test_the_homeserver_dies_in_mid_conversation(fragile: Synapse, bob: Person, file: Path) -> None:
    """What was being answered is answered when it is back, once and in order, and the log does not repeat itself."""
    bot = await bot_account(fragile, file.parent)
    with capture_logs() as log:
        async with living(live(Life(file=file, bot=bot))):
            rooms = [await bob.open_direct(bot.user, encrypted=encrypted) for encrypted in (True, False)]
            for room in rooms:
                await answered(bob, bot, room, ["Tere!"])
            for room in rooms:
                await bob.say(room, "where is library")
            await asyncio.sleep(0.03)  # on its way, somewhere
            fragile.kill()
            await logged(log, "does not work")
            fragile.start()
            await bob.online()
            for room in rooms:
                await bob.say(room, "where is waste")
            for room in rooms:
                await answered(bob, bot, room, ["Tere!", "Library", "Waste"])
            await until(lambda: not select(file, UNDONE))
    said = complaints(log)
    assert len(said) == len(set(said))
    assert said[-1] == "works again"


@pytest.mark.parametrize("seconds", [10.0, 0.4], ids=["waits", "gives up"])
async def test_the_homeserver_stops_for_a_while(
    fragile: Synapse, bob: Person, file: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """An answer that may have arrived is sent once more when the bot does not wait for long, and shown once."""
    monkeypatch.setattr(account, "SECONDS", seconds)
    bot = await bot_account(fragile, file.parent)
    async with living(live(Life(file=file, bot=bot))):
        rooms = [await bob.open_direct(bot.user, encrypted=encrypted) for encrypted in (True, False)]
        for room in rooms:
            await answered(bob, bot, room, ["Tere!"])
        for room in rooms:
            await bob.say(room, "where is library")
        await until(lambda: select(file, "SELECT 1 FROM outbox WHERE status = 0") != [])
        fragile.pause()
        await asyncio.sleep(3)
        fragile.resume()
        for room in rooms:
            await bob.say(room, "where is waste")
        for room in rooms:
            await answered(bob, bot, room, ["Tere!", "Library", "Waste"])
        await until(lambda: not select(file, UNDONE))
        for room in rooms:
            await answered(bob, bot, room, ["Tere!", "Library", "Waste"])


@pytest.mark.parametrize("number", [30, 130])
async def test_what_was_said_while_it_was_away_is_heard_in_order(
    synapse: Synapse, ann: Person, tmp_path: Path, number: int
) -> None:
    """A homeserver hands in the last of it only; the rest is asked for."""
    bot = await bot_account(synapse, tmp_path)
    async with performing(bot) as stage:
        rooms = [await meet(stage, ann, encrypted=encrypted) for encrypted in (True, False)]
        await until(lambda: stage.position is not None)
    texts = [f"message {n}" for n in range(number)]
    for text in texts:
        await asyncio.gather(*(ann.say(room, text) for room in rooms))
    await stage.start()
    try:
        for room in rooms:
            heard = await stage.hears(room, 1 + number)
            assert [event.text for event in heard if isinstance(event, Said)] == texts
    finally:
        await stage.stop()


async def test_what_was_missed_is_asked_for_until_it_comes(synapse: Synapse, ann: Person, tmp_path: Path) -> None:
    """Broken lines, an error page and a limit are waited out."""
    async with missed(synapse, ann, tmp_path) as (bot, proxy, room, position):
        proxy.troubles = troubles("GET .*/messages")
        with capture_logs() as log:
            async with performing(bot, position) as stage:
                heard = await stage.hears(room, MISSED)
        assert [event.text for event in heard if isinstance(event, Said)] == [f"message {n}" for n in range(MISSED)]
        assert_said(log, proxy)


@pytest.mark.parametrize(("status", "times"), [(403, 1), (502, 8)])
async def test_what_cannot_be_had_is_left_out(synapse: Synapse, ann: Person, tmp_path: Path, status: int, times: int) -> None:
    """A refusal is taken, and in the end an error page too: everybody else waits. The log says that something is missing."""
    async with missed(synapse, ann, tmp_path) as (bot, proxy, room, position):
        refusal = json.dumps({"errcode": "M_FORBIDDEN", "error": "no"})
        proxy.troubles = [Trouble(request="GET .*/messages", status=status, body=refusal if status == 403 else "")] * times
        with capture_logs() as log:
            async with performing(bot, position) as stage:
                heard = await stage.hears(room, 50)
        assert [event.text for event in heard if isinstance(event, Said)] == [f"message {n}" for n in range(MISSED - 50, MISSED)]
        assert [row["event"] for row in log if row["log_level"] == "error"] == ["matrix events missed"]
        assert proxy.troubles == []


@asynccontextmanager
async def missed(synapse: Synapse, ann: Person, folder: Path) -> AsyncIterator[tuple[Bot, Proxy, str, str]]:
    """Make a bot that has missed more in a room than it is handed in at once."""
    async with through_proxy(synapse, folder) as (bot, proxy):
        async with performing(bot) as stage:
            room = await meet(stage, ann)
            await until(lambda: stage.position is not None)
            # What follows its coming has been heard, too.
            await asyncio.sleep(0.2)
        for n in range(MISSED):
            await ann.say(room, f"message {n}")
        assert stage.position is not None
        yield bot, proxy, room, stage.position


@pytest.mark.parametrize("call", ["whoami", "sync"])
async def test_it_gets_through_to_a_homeserver_in_trouble(synapse: Synapse, ann: Person, tmp_path: Path, call: str) -> None:
    """Whatever stands before it answers with pages for people, or with nothing."""
    async with through_proxy(synapse, tmp_path) as (bot, proxy):
        proxy.troubles = troubles(f"GET .*/{call}")
        with capture_logs() as log:
            async with performing(bot) as stage:
                room = await meet(stage, ann)
                await ann.say(room, "hello")
                await stage.hears(room, 2)
        assert_said(log, proxy)


# --- limits


async def test_it_waits_as_long_as_it_is_asked_to(file: Path) -> None:
    """After a burst nothing is sent before the time, nothing in another room either, and nothing is lost or shown twice."""
    with run_synapse(limits=True) as server:
        async with through_proxy(server, file.parent) as (bot, proxy), person(server) as ann:
            server.lift_limits(ann.account)
            async with living(live(Life(file=file, bot=bot))):
                rooms = [await ann.open_direct(bot.user, encrypted=False) for _ in range(2)]
                questions = [PLACES[n % 3] for n in range(BURST)]
                for question in questions:
                    await asyncio.gather(*(ann.say(room, f"where is {question}") for room in rooms))
                await until(lambda: any(status == 429 for _, status, _ in sends(proxy)))
                server.lift_limits(replace(ann.account, user=bot.user))
                for room in rooms:
                    await answered(ann, bot, room, ["Tere!", *(question.capitalize() for question in questions)])
                await until(lambda: not select(file, UNDONE))
            assert_waited(sends(proxy))


def sends(proxy: Proxy) -> list[tuple[float, int, float]]:
    """Give when messages were sent, with which result, and how long the bot was asked to wait."""
    found = [passed for passed in proxy.passed if "/send/m.room" in passed.request]
    return [(one.at, one.status, json.loads(one.body).get("retry_after_ms", 0) / 1000) for one in found]


def assert_waited(sent: Sequence[tuple[float, int, float]]) -> None:
    """Assert that what was sent after a limit was reached was sent when the bot had waited, and not much later."""
    first = next(n for n, (_, status, _) in enumerate(sent) if status == 429)
    at, _, seconds = sent[first]
    # Another room's message may have been on its way already.
    later = [when for when, status, _ in sent[first + 1 :] if when > at + 0.5 or status == 200]
    assert seconds > 1
    assert at + seconds <= min(later) <= at + seconds + 2.5


# --- the login


@pytest.mark.parametrize("soft", [False, True], ids=["revoked", "run out"])
async def test_a_login_that_is_not_accepted_any_more(
    synapse: Synapse, ann: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, soft: bool
) -> None:
    """The channel ends and says what to do; what was to be sent is kept, before and after it has ended."""
    # A homeserver does not end a poll that it has begun to answer.
    monkeypatch.setattr(listening, "LONG_POLL", 1.0)
    bot = await bot_account(synapse, tmp_path)
    stage = Stage(bot)
    stage.channel = matrix(bot)
    task = asyncio.create_task(stage.channel.run(stage.inbox))
    try:
        room = await meet(stage, ann)
        (synapse.soft_logout if soft else synapse.revoke)(login_of(bot).token)
        with pytest.raises(Unreachable, match="not accepted"):
            await stage.show(room, "hello")
        with pytest.raises(ChannelError) as caught:
            await asyncio.wait_for(asyncio.shield(task), PATIENCE)
        assert ("its keys are kept" if soft else "does not accept the bot's login any more") in str(caught.value)
        assert "Run `teejuht matrix login` and start again." in str(caught.value)
        with pytest.raises(Unreachable):
            await stage.show(room, "hello")
    finally:
        task.cancel()


async def test_a_login_of_somebody_else_is_not_used(synapse: Synapse, tmp_path: Path) -> None:
    """A token that was mixed up would speak in another name."""
    bot, other = [await bot_account(synapse, tmp_path) for _ in range(2)]
    with closing(KeyStore.open(bot.keys)) as keys:
        keys.keep(replace(login_of(bot), token=login_of(other).token))
    with pytest.raises(ChannelError, match="belongs to another account"):
        await matrix(bot).run(Stage(bot).inbox)


# --- the position


async def test_a_position_that_the_homeserver_does_not_know(synapse: Synapse, ann: Person, tmp_path: Path) -> None:
    """It begins anew from now and says so."""
    bot = await bot_account(synapse, tmp_path)
    # Synapse answers what it was asked in the same words two minutes ago as it did then: the bot is to begin anew once only.
    _, now = synapse.request("GET", "/_matrix/client/v3/sync", token=login_of(bot).token)
    async with performing(bot, position=now["next_batch"]) as stage:
        room = await meet(stage, ann, encrypted=True)
    await ann.say(room, "before")
    with capture_logs() as log:
        async with performing(bot, position="garbage") as stage:
            await until(lambda: stage.position not in ("garbage", None))
            await ann.say(room, "after")
            [event] = await stage.hears(room, 1)
    assert isinstance(event, Said)
    assert event.text == "after"
    assert [row["event"] for row in log if row["log_level"] == "error"] == ["matrix position not accepted"]


# --- the line


async def test_an_answer_that_may_have_arrived(synapse: Synapse, ann: Person, tmp_path: Path) -> None:
    """Sent again under its key it is not shown again."""
    async with through_proxy(synapse, tmp_path) as (bot, proxy), performing(bot) as stage:
        room = await meet(stage, ann, encrypted=True)
        said = message("Hello!")
        delivery = row(f"matrix:{room}", said, key="k:1")
        # aiohttp itself tries once more where a line breaks.
        proxy.troubles = [Trouble(request="PUT .*/send/m.room.encrypted", arrives=True)] * 2
        with pytest.raises(MaybeSent):
            await stage.channel.send(delivery, said)
        await stage.channel.send(delivery, said)
        await stage.show(room, "Bye!")
        await answered(ann, bot, room, ["Hello!", "Bye!"])
