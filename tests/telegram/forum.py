"""A desk's forum as staff see it: the topics and what the bot shows in them; for the Desk contract a member of staff.

Knows the emulator; nothing of how the desk works.
"""

from collections.abc import Sequence
from typing import Final

from telegram import Bot
from telegram.constants import FileSizeLimit

from bot.ports import Desk
from tests.contracts.desk import WAIT, Posted, Trouble
from tests.peers.bot_api import BotApi, FaultKind, Json
from tests.telegram.kit import FORUM
from tests.telegram.test_contract import buttons

FAULTS: Final[dict[Trouble, FaultKind]] = {
    Trouble.LATER: "too-many", Trouble.DOWN: "bad-gateway", Trouble.BROKEN: "drop-after", Trouble.REFUSED: "refused",
    Trouble.GONE: "blocked",
}  # fmt: skip


class TelegramRig:
    """A member of staff in the forum."""

    largest_file = int(FileSizeLimit.FILESIZE_UPLOAD)
    troubles = frozenset(Trouble)
    needs = ("can_manage_topics", "administrator", "forum")

    def __init__(self, desk: Desk, api: BotApi) -> None:
        self.desk = desk
        self._api = api

    def fail(self, trouble: Trouble) -> None:
        """Let the next call about the forum go wrong."""
        self._api.fault("*", FAULTS[trouble], seconds=WAIT, chat=FORUM)

    async def take(self, need: str) -> None:
        """Take a right away, or the topics."""
        match need:
            case "can_manage_topics":
                self._api.promote(FORUM)
            case "administrator":
                self._api.demote(FORUM)
            case "forum":
                self._api.chat(FORUM, is_forum=False)

    async def seen(self, thread: str, count: int) -> Sequence[Posted]:
        """Look into a topic."""
        await self._api.until(lambda: len(in_topic(self._api, thread)) >= count, f"{count} messages")
        return [
            Posted(
                id=str(shown["message_id"]),
                text=shown.get("text", ""),
                options=tuple(button["callback_data"] for button in buttons(shown)),
                files=files_of(self._api, shown),
            )
            for shown in in_topic(self._api, thread)
        ]

    async def threads(self) -> int:
        """Count the topics."""
        return len(self._api.topics(FORUM))

    async def closed(self, thread: str) -> bool:
        """Look for the lock."""
        return not self._api.topics(FORUM)[int(thread)].open


def in_topic(api: BotApi, thread: str) -> list[Json]:
    """Give what the bot shows in a topic, or in the general one."""
    return [shown for shown in api.sent(FORUM) if str(shown.get("message_thread_id", "")) == thread]


def texts(api: BotApi, thread: str) -> list[str]:
    """Give the texts that the bot shows in a topic."""
    return [shown.get("text", "") for shown in in_topic(api, thread)]


def files_of(api: BotApi, shown: Json) -> tuple[tuple[str, bytes], ...]:
    """Give the file of a message with its name."""
    if (document := shown.get("document")) is None:
        return ()
    return ((document["file_name"], api.file(document["file_id"]) or b""),)


async def delete_topic(api: BotApi, thread: int) -> None:
    """Delete a topic as staff may."""
    async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
        await bot.delete_forum_topic(FORUM, thread)
