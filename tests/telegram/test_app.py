"""Telegram as the whole bot serves it: what the operator sees, and that the web page goes on without it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot import app
from bot.errors import ChannelError
from bot.platforms.telegram import username
from bot.settings import Settings, load_settings
from tests.cli.test_processes import free_port
from tests.engine.small import write_knowledge
from tests.peers.bot_api import BotApi
from tests.telegram.kit import ANN


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small knowledge as files."""
    return write_knowledge(tmp_path_factory.mktemp("small") / "knowledge")


@pytest.fixture
def settings(api: BotApi, knowledge: Path, tmp_path: Path) -> Settings:
    """Settings of a bot whose Telegram is the emulated one."""
    return load_settings(
        knowledge=knowledge,
        database=f"sqlite:///{tmp_path / 'bot.db'}",
        cache=tmp_path / "cache",
        web_port=free_port(),
        admin_bind="",
        telegram_token=api.token,
        telegram_api=api.url,
    )


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


async def test_a_question_is_answered(api: BotApi, settings: Settings) -> None:
    """The whole way: asked in Telegram, answered there, with the page served beside it."""
    async with served(settings) as told:
        await api.say(ANN, "kus on raamatukogu")
        await api.until(lambda: bool(api.sent(ANN)), "an answer", 30)
        assert await page(settings) == 200
    assert not any("TEEJUHT_TELEGRAM_TOKEN" in line for line in told)


async def test_without_a_token_the_operator_learns_how(settings: Settings) -> None:
    """Telegram is left out, with what to do to have it."""
    async with served(settings.model_copy(update={"telegram_token": type(settings.telegram_token)("")})) as told:
        assert await page(settings) == 200
    assert "Telegram: not served; set TEEJUHT_TELEGRAM_TOKEN to what @BotFather gave for the bot" in told


async def test_with_a_wrong_token_the_page_goes_on(api: BotApi, settings: Settings) -> None:
    """The log says once what is wrong and what to do, and everything else is served."""
    with capture_logs() as logs:
        async with served(settings.model_copy(update={"telegram_token": type(settings.telegram_token)("123456:WRONG")})):
            assert await page(settings) == 200
            await asyncio.sleep(0.3)
    [ended] = [log for log in logs if log["event"] == "channel ended"]
    assert ended["channel"] == "telegram"
    assert "@BotFather" in ended["why"]
    assert "WRONG" not in str(logs)
    assert len(api.refused) == 1


async def test_a_token_revoked_in_the_middle(api: BotApi, settings: Settings) -> None:
    """The page goes on, the log says why Telegram does not, and nothing of Telegram is tried any more."""
    with capture_logs() as logs:
        async with served(settings):
            await api.until(lambda: api.polls > 0, "the bot listens", 30)
            api.revoke()
            await api.say(ANN, "tere")
            await api.until(lambda: len(api.refused) >= 1, "the bot is refused", 30)
            assert await page(settings) == 200
            await asyncio.sleep(0.3)
            tries = len(api.refused)
            await asyncio.sleep(0.3)
            assert len(api.refused) == tries
    assert [log["channel"] for log in logs if log["event"] == "channel ended"] == ["telegram"]


async def test_who_blocks_the_bot_is_forgotten(api: BotApi, settings: Settings) -> None:
    """After a block nothing is kept of the conversation, and nothing is sent any more."""
    async with served(settings):
        await api.say(ANN, "kus on raamatukogu")
        await api.until(lambda: bool(api.sent(ANN)), "an answer", 30)
        await api.say(ANN, "kus on kool")
        api.fault("sendMessage", "blocked", times=9)
        await api.until(lambda: bool(api.refused), "a refused send", 30)
        await asyncio.sleep(0.3)
        assert len(api.refused) == 1
    status = await app.status(settings)
    assert (status.conversations, status.unsent, status.waiting) == (0, 0, 0)


async def test_the_bots_name_is_asked_for(api: BotApi) -> None:
    """A poster needs the name that Telegram knows."""
    assert await username(api.token, api.url) == "teejuht_test_bot"
    with pytest.raises(ChannelError, match="BotFather"):
        await username("123456:WRONG", api.url)
