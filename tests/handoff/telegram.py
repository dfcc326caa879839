"""Residents and staff in Telegram: a private chat with the bot, and a topic of the desk's forum.

Knows what people see and do there, at the emulated Bot API.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.handoff.kit import FORUM
from tests.handoff.shown import Eyes, Shown, flat
from tests.peers.bot_api import BotApi, Json

CLERK: Final = 4_600_000_711
NAME: Final = "Ametnik Telegramis"


@dataclass(slots=True)
class OnTelegram:
    """Somebody in a private chat in Telegram."""

    api: BotApi
    id: int
    lang: str
    eyes: Eyes = field(init=False)
    edits = True
    deletes = False
    page = False

    def __post_init__(self) -> None:
        self.eyes = Eyes(self._look)

    @property
    def accounts(self) -> Sequence[str]:
        """The number, which no text has by chance, and the name."""
        return str(self.id), f"Person {self.id}"

    async def say(self, text: str) -> str:
        """Write a message and give its id."""
        return str((await self.api.say(self.id, text, lang=self.lang))["message_id"])

    async def choose(self, option: str) -> None:
        """Tap the button."""
        message, data = button(self.api.sent(self.id), option)
        await self.api.tap(message, data)

    async def edit(self, message: str, text: str) -> None:
        """Put other words in the place of a message."""
        await self.api.edit(self.api.message(self.id, int(message)), text)

    async def delete(self, message: str) -> None:
        """Telegram tells bots nothing of it."""
        raise NotImplementedError

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Send a picture as a photo, and anything else as a document."""
        await self.api.send(self.id, caption=caption, **media(self.api, name, media_type, content))

    async def content(self, shown: Shown) -> bytes:
        """Download the file of a message."""
        return downloaded(self.api, self.api.message(self.id, int(shown.id)))

    def everything(self) -> str:
        """Give every message as the Bot API has it."""
        return json.dumps(self.api.sent(self.id), ensure_ascii=False)

    async def _look(self) -> list[Shown]:
        return [in_telegram(message) for message in self.api.sent(self.id)]


@dataclass(slots=True)
class InTelegram:
    """Somebody in the forum."""

    api: BotApi
    topic: int = 0
    eyes: Eyes = field(init=False)
    name = NAME
    accounts = (str(CLERK), NAME)
    edits = True
    deletes = False

    def __post_init__(self) -> None:
        self.api.user(CLERK, first_name="Ametnik", last_name="Telegramis")
        self.eyes = Eyes(self._look)

    async def open(self, code: str, *expected: str) -> Shown:
        """Wait for the topic and read the card in it."""
        await self.api.until(lambda: bool(self._topics(code)), f"a topic for {code}", 20)
        [self.topic] = self._topics(code)
        return await self.eyes.next(code, *expected)

    async def told(self, *expected: str) -> Shown:
        """Read the next message in the topic."""
        return await self.eyes.next(*expected)

    async def confirmed(self, *expected: str) -> None:
        """Read the next message in the topic."""
        await self.told(*expected)

    async def reads(self, text: str) -> Shown:
        """Read the next message in the topic."""
        return await self.eyes.next(text)

    async def sees(self, text: str, *, instead_of: str) -> None:
        """Read the message anew."""
        await self.eyes.next(text)
        assert not await self.eyes.shows(instead_of)

    async def claim(self) -> None:
        """Tap the button of the card."""
        await self.tap("case:claim")

    async def tap(self, option: str) -> None:
        """Tap the latest button of an option in the topic."""
        message, data = button(self._messages(), option)
        await self.api.tap(message, data, user=CLERK)

    async def say(self, text: str) -> str:
        """Write in the topic."""
        return str((await self.api.say(FORUM, text, user=CLERK, thread=self.topic))["message_id"])

    async def note(self, text: str) -> None:
        """Write with the command, in Estonian, as staff with the bot's name in it may."""
        await self.say(f"/märkus {text}")

    async def send_topic(self, query: str) -> None:
        """Write the command."""
        await self.say(f"/send@{self.api.me['username']} {query}")

    async def close(self) -> None:
        """Write the command."""
        await self.say("/sulge")

    async def is_done(self) -> bool:
        """Look for the lock."""
        return not self.api.topics(FORUM)[self.topic].open

    async def edit(self, message: str, text: str) -> None:
        """Edit a message."""
        await self.api.edit(self.api.message(FORUM, int(message)), text)

    async def delete(self, message: str) -> None:
        """Telegram tells bots nothing of it."""
        raise NotImplementedError

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Send a file in the topic."""
        await self.api.send(FORUM, user=CLERK, thread=self.topic, caption=caption, **media(self.api, name, media_type, content))

    async def content(self, shown: Shown) -> bytes:
        """Download the file of a message."""
        return downloaded(self.api, self.api.message(FORUM, int(shown.id)))

    async def everything(self) -> str:
        """Give the topic's name and messages as the Bot API has them."""
        return json.dumps([self.api.topics(FORUM)[self.topic].name, self._messages()], ensure_ascii=False)

    def _topics(self, code: str) -> list[int]:
        return [thread for thread, topic in self.api.topics(FORUM).items() if topic.name.split()[0] == code]

    def _messages(self) -> list[Json]:
        return [message for message in self.api.sent(FORUM) if message.get("message_thread_id") == self.topic]

    async def _look(self) -> list[Shown]:
        return [in_telegram(message) for message in self._messages()]


def in_telegram(message: Json) -> Shown:
    """Read a message as Telegram shows it."""
    document = message.get("document") or ({"file_name": "photo"} if "photo" in message else {"file_name": ""})
    return Shown(
        id=str(message["message_id"]),
        text=flat(message.get("text") or message.get("caption") or ""),
        options=tuple(data.removeprefix("!") for data in _data(message)),
        file=document["file_name"],
    )


def button(messages: Sequence[Json], option: str) -> tuple[Json, str]:
    """Find the latest message with a button, and what the button sends."""
    for message in reversed(messages):
        for data in _data(message):
            if data.removeprefix("!") == option:
                return message, data
    raise AssertionError(f"there is no button {option}")


def media(api: BotApi, name: str, media_type: str, content: bytes) -> Json:
    """Bring a file to Telegram and give what a message says of it."""
    if media_type == "image/jpeg":
        return {"photo": [api.upload(content, width=800, height=600)]}
    kind = "video" if media_type.startswith("video/") else "document"
    more = {"duration": 5, "width": 640, "height": 360} if kind == "video" else {}
    return {kind: api.upload(content, file_name=name, mime_type=media_type, **more)}


def downloaded(api: BotApi, message: Json) -> bytes:
    """Give the content of the file in a message of Telegram's."""
    file = message["photo"][-1] if "photo" in message else message["document"]
    return api.file(file["file_id"]) or b""


def _data(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return [button["callback_data"] for row in rows for button in row]
