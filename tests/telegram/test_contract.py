"""The Channel contract over Telegram: a person in a private chat of an emulated Bot API, the bot asking or pushed to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from bot.platforms.telegram import TelegramChannel
from bot.ports import Delivery, Message, message_to_json
from tests.contracts.channel import ChannelContract, Inbox, Rig, Shown, running, until
from tests.peers.bot_api import BotApi, Json
from tests.telegram.kit import ANN, pushed, telegram


class TelegramRig:
    """A person with Telegram on their phone."""

    def __init__(self, channel: TelegramChannel, api: BotApi, inbox: Inbox) -> None:
        self.channel = channel
        self._api = api
        self._inbox = inbox
        self._stack = AsyncExitStack()
        self._shown = 0
        api.chat(ANN)

    async def start(self) -> None:
        """Run the channel until it listens."""
        self.running = await self._stack.enter_async_context(running(self.channel, self._inbox))

        await self._api.until(lambda: bool(self._api.polls) or self._is_pushed(), "the channel listens")

    async def stop(self) -> None:
        """Stop the channel."""
        await self._stack.aclose()

    @property
    def confirmed(self) -> int:
        return len(self._api.confirmed)

    async def open(self, payload: str = "") -> None:
        await self._api.say(ANN, f"/start {payload}".strip())

    async def say(self, text: str) -> None:
        await self._api.say(ANN, text)

    async def choose(self, option: str) -> None:
        message, data = next(
            (m, b["callback_data"]) for m in self._api.sent(ANN) for b in buttons(m) if b["callback_data"] == option
        )
        await self._api.tap(message, data)

    async def repeat(self) -> bool:
        await until(lambda: bool(self._api.confirmed), "a confirmation")
        await self._api.repeat(self._api.confirmed[-1])
        return True

    async def show(self, message: Message) -> str:
        self._shown += 1
        row = Delivery(
            id=self._shown, key=f"k:{self._shown}", channel="telegram", conversation=f"telegram:{ANN}", lane=f"telegram:{ANN}",
            body=message_to_json(message),
        )  # fmt: skip
        return await self.channel.send(row, message)

    async def shown(self, count: int) -> Sequence[Shown]:
        await self._api.until(lambda: len(self._api.sent(ANN)) >= count, f"{count} messages")
        return [
            Shown(text=message["text"], options=tuple(button["callback_data"] for button in buttons(message)))
            for message in self._api.sent(ANN)
        ]

    def _is_pushed(self) -> bool:
        return any(call.method == "setWebhook" for call in self._api.calls)


def buttons(message: Json) -> list[Json]:
    """Give the buttons under a message, row by row."""
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", ()) for button in row]


class TestPolling(ChannelContract):
    """Asking Telegram for updates."""

    @pytest.fixture
    async def rig(self, api: BotApi, inbox: Inbox) -> AsyncIterator[Rig]:
        """A person whose messages are asked for."""
        rig = TelegramRig(telegram(api), api, inbox)
        await rig.start()
        yield rig
        await rig.stop()


class TestWebhook(ChannelContract):
    """Being pushed to by Telegram."""

    @pytest.fixture
    async def rig(self, api: BotApi, inbox: Inbox) -> AsyncIterator[Rig]:
        """A person whose messages are pushed."""
        async with pushed(api) as channel:
            rig = TelegramRig(channel, api, inbox)
            await rig.start()
            yield rig
            await rig.stop()
