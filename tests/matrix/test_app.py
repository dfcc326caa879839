"""Matrix as the whole bot serves it: what the operator sees, and that the web page goes on without it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot import app
from bot.errors import ChannelError
from bot.platforms.matrix import KeyStore
from bot.settings import Settings, load_settings
from tests.cli.test_processes import free_port
from tests.contracts.channel import until
from tests.engine.small import write_knowledge
from tests.matrix.kit import Bot, bot_account
from tests.matrix.stage import becomes
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Account, Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small knowledge as files."""
    return write_knowledge(tmp_path_factory.mktemp("small") / "knowledge")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def ann(synapse: Synapse) -> AsyncIterator[Person]:
    """A resident with a client that refuses what is not signed."""
    async with person(synapse, strict=True) as somebody:
        yield somebody


@pytest_asyncio.fixture(loop_scope="module")
async def bot(synapse: Synapse, tmp_path: Path) -> Bot:
    """An account that is logged in."""
    return await bot_account(synapse, tmp_path, keys=f"sqlite:///{tmp_path / 'matrix.db'}")


@pytest.fixture
def settings(knowledge: Path, tmp_path: Path, bot: Bot) -> Settings:
    """Settings of a bot with this account and the web page."""
    return load_settings(
        knowledge=knowledge,
        database=f"sqlite:///{tmp_path / 'bot.db'}",
        cache=tmp_path / "cache",
        web_port=free_port(),
        admin_bind="",
        matrix_user=bot.user,
        matrix_keys=tmp_path / "matrix.db",
    )


def changed(settings: Settings, **given: object) -> Settings:
    """Give settings with other values."""
    return settings.model_copy(update=given)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[list[str]]:
    """Serve until left; gives what the operator is told."""
    told: list[str] = []
    task = asyncio.create_task(app.serve(settings, told.append))
    try:
        yield told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def page(settings: Settings) -> int:
    """Open the web page and give its status."""
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=8), trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{settings.web_port}/")).status_code


async def ended(logs: list[EventDict]) -> EventDict:
    """Wait until the log says that a channel has ended, and give what it says."""
    await until(lambda: any(log["event"] == "channel ended" for log in logs), "the end of a channel")
    return next(log for log in logs if log["event"] == "channel ended")


async def asks(ann: Person, room: str, question: str, answer: str) -> None:
    """Have somebody ask and be answered; every message must be shown without a warning."""
    await ann.say(room, question)
    messages = await ann.until(room, lambda messages: answer in messages[-1].body, "the answer", 20)
    assert all(message.trusted and message.encrypted for message in messages)


async def test_a_question_is_answered(ann: Person, settings: Settings) -> None:
    """The whole way, with the page beside it; after a new start the same chat goes on."""
    async with served(settings) as told:
        room = await ann.open_direct(settings.matrix_user)
        await ann.until(room, lambda messages: "Teejuht" in messages[0].body, "the greeting", 20)
        await asks(ann, room, "kus on raamatukogu", "Raamatukogu – 112")
        assert await page(settings) == 200
    assert not any(line.startswith("Matrix") for line in told)
    async with served(settings):
        await asks(ann, room, "millal on avatud prügivedu", "Prügivedu – 112")


async def test_messages_from_while_it_was_down(ann: Person, settings: Settings) -> None:
    """Whoever wrote meanwhile is answered once, in their room."""
    async with served(settings):
        room = await ann.open_direct(settings.matrix_user)
        await ann.until(room, lambda messages: "Teejuht" in messages[0].body, "the greeting", 20)
    await ann.say(room, "kus on raamatukogu")
    async with served(settings):
        await asks(ann, room, "kus on lasteaed", "Lasteaed – 112")
    said = [message.body.splitlines()[0] for message in ann.messages(room) if message.sender == settings.matrix_user]
    assert [line for line in said if line in ("Raamatukogu", "Lasteaed")] == ["Raamatukogu", "Lasteaed"]


async def test_without_an_account_the_operator_learns_how(settings: Settings) -> None:
    """Matrix is left out, with what to do to have it."""
    async with served(changed(settings, matrix_user="")) as told:
        assert await page(settings) == 200
    assert "Matrix: not served; set TEEJUHT_MATRIX_USER to the bot's account and run `teejuht matrix login`" in told


@pytest.mark.parametrize("lacking", ["login", "keys"])
async def test_not_logged_in(settings: Settings, lacking: str) -> None:
    """The log says once what to do, and the page is served."""
    if lacking == "login":
        wanted = changed(settings, matrix_user="@somebody:localhost")
    else:
        wanted = changed(settings, matrix_keys=settings.matrix_keys.with_name("other.db"))
    with capture_logs() as logs:
        async with served(wanted):
            said = await ended(logs)
            assert await page(wanted) == 200
            await asyncio.sleep(0.2)
    assert (said["channel"], len([log for log in logs if log["event"] == "channel ended"])) == ("matrix", 1)
    assert wanted.matrix_user in said["why"]
    assert "`teejuht matrix login`" in said["why"]


async def test_neither_login_nor_page(settings: Settings) -> None:
    """With nothing that can be served it does not go on, and says what to do."""
    with pytest.raises(ChannelError, match="teejuht matrix login"):
        await app.serve(changed(settings, matrix_user="@somebody:localhost", web=False), lambda _: None)


ENDS: Mapping[str, Callable[[Synapse, Account], None]] = {
    "logged out": lambda server, account: server.revoke(account.token),
    "run out": lambda server, account: server.soft_logout(account.token),
    "closed": lambda server, account: server.deactivate(account),
}


@pytest.mark.parametrize("how", ENDS)
async def test_a_login_that_ends_in_the_middle(synapse: Synapse, ann: Person, bot: Bot, settings: Settings, how: str) -> None:
    """The page goes on, the log says why Matrix does not and what to do, and nothing secret."""
    with closing(KeyStore.open(bot.keys)) as keys:
        login = keys.login(bot.user)
    assert login is not None
    with capture_logs() as logs:
        async with served(settings):
            room = await ann.open_direct(bot.user, encrypted=False)
            await ann.until(room, lambda messages: "Teejuht" in messages[0].body, "the greeting", 20)
            ENDS[how](synapse, Account(user=bot.user, device=login.device, password="", token=login.token))
            await ann.say(room, "kus on raamatukogu")  # ends the long poll
            said = await ended(logs)
            assert await page(settings) == 200
    assert said["channel"] == "matrix"
    assert "`teejuht matrix login`" in said["why"]
    assert login.token not in str(logs)
    assert (await app.status(settings)).dead == 0


async def test_who_removes_the_bot_is_forgotten(ann: Person, settings: Settings) -> None:
    """Nothing is kept of a conversation after the bot was put out, and nothing is sent any more."""
    async with served(settings):
        room = await ann.open_room([settings.matrix_user], encrypted=True)
        await ann.until(room, lambda messages: "Teejuht" in messages[0].body, "the greeting", 20)
        await asks(ann, room, "kus on raamatukogu", "Raamatukogu – 112")
        await ann.kick(room, settings.matrix_user)
        async with asyncio.timeout(20):
            while (await app.status(settings)).conversations:  # noqa: ASYNC110 - what is waited for lies in the database
                await asyncio.sleep(0.05)
    status = await app.status(settings)
    assert (status.conversations, status.unsent, status.waiting) == (0, 0, 0)


async def test_the_servers_of_the_settings(ann: Person, settings: Settings) -> None:
    """Where other servers are named than the account's own, its people may invite it to a chat only."""
    async with served(changed(settings, matrix_servers="linn.ee, example.ee")):
        room = await ann.open_room([settings.matrix_user], encrypted=False)
        await becomes(ann, room, settings.matrix_user, "leave")
        chat = await ann.open_direct(settings.matrix_user)
        await ann.until(chat, lambda messages: "Teejuht" in messages[0].body, "the greeting", 20)
