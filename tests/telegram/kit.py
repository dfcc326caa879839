"""What the tests of Telegram share: the channel against the emulator, asking for updates or pushed to by our own web server."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.platforms.telegram import Profile, TelegramChannel
from bot.ports import Arrival, Fetch
from tests.contracts.channel import Inbox, running
from tests.peers.bot_api import BotApi, Json
from tests.web.fakes import MemoryStore, serving
from tests.web.fakes import channel as web_channel
from tests.worlds import catalogs

ANN: Final = 7
FORUM: Final = -1001000000042
DESK: Final = "kohtla-jarve/telegram"
HOOK: Final = "/hooks/telegram"


def say(lang: str, id: str) -> str:
    """Say a sentence as the catalogs have it."""
    return catalogs().text(lang, id, {"operator": "Kohtla-Järve Linnavalitsus"})


def telegram(
    api: BotApi,
    *,
    webhook: str = "",
    paced: bool = False,
    token: str = "",
    desks: Mapping[int, str] | None = None,
    fetch: Fetch | None = None,
) -> TelegramChannel:
    """Build the channel as `app` does, with less patience."""
    return TelegramChannel(
        token=token or api.token,
        url=api.url,
        profile=Profile(languages=("et", "ru", "en"), default="et", say=say),
        clock=lambda: datetime.now(UTC),
        webhook=webhook,
        paced=paced,
        first_wait=0.02,
        desks=desks,
        fetch=fetch,
    )


@asynccontextmanager
async def listening(channel: TelegramChannel, api: BotApi, inbox: Inbox | None = None) -> AsyncIterator[None]:
    """Run a channel, from when it listens until left."""
    polls = api.polls
    async with running(channel, inbox or Inbox()):
        await api.until(lambda: api.polls > polls, "the channel listens")
        yield


def forum(api: BotApi) -> None:
    """Make the group of a desk, in which the bot may manage topics."""
    api.chat(FORUM, type="supergroup", is_forum=True, title="Abi")
    api.promote(FORUM, can_manage_topics=True)


@asynccontextmanager
async def pushed(api: BotApi) -> AsyncIterator[TelegramChannel]:
    """Give a channel that is pushed to through our own web server, which is served until left."""
    channels: list[TelegramChannel] = []

    async def hook(headers: Mapping[str, str], body: bytes) -> int:
        return await channels[0].hook(headers, body)

    async def nothing(arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:  # noqa: ARG001
        raise AssertionError("nobody uses the page")

    async with serving(web_channel(MemoryStore(), catalogs(), hooks={HOOK: hook}), nothing) as url:
        channels.append(telegram(api, webhook=f"{url}{HOOK}"))
        yield channels[0]


async def keyboard_message(api: BotApi, *data: str, chat: int = ANN) -> Json:
    """Have the bot show a message with these buttons, a row each, and give it as Telegram has it."""
    api.chat(chat)
    markup = InlineKeyboardMarkup([[InlineKeyboardButton(one, callback_data=one)] for one in data])
    async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
        message = await bot.send_message(chat, "Mida soovite?", reply_markup=markup)
    return api.message(chat, message.message_id)
