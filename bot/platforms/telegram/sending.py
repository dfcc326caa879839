"""Bringing messages to a chat: in whose place, as a reply to what, in how many pieces, and with which files.

Remembers, while it runs, the newest message of each chat and how much of a long message is there already. Knows nothing of where
messages come from.
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Final

from telegram import Bot, InlineKeyboardMarkup

from bot.errors import Refused
from bot.platforms.telegram.files import read_whole
from bot.platforms.telegram.inbound import Place, place_of
from bot.platforms.telegram.outbound import edit_page, keyboard, send_file, send_name, send_page, take_back
from bot.platforms.telegram.traffic import Traffic
from bot.ports import Attachment, Delivery, Message
from bot.render.telegram import telegram_pages

CHATS: Final = 10_000
"""Chats whose newest message is remembered."""


class Sender:
    """Shows messages with one bot."""

    def __init__(self, bot: Bot, traffic: Traffic) -> None:
        self._bot = bot
        self._traffic = traffic
        self._newest: OrderedDict[int, int] = OrderedDict()
        self._there: dict[str, list[int]] = {}

    def saw(self, chat: int, message: int) -> None:
        """Note a message of a chat; ids grow with time."""
        self._newest[chat] = max(message, self._newest.pop(chat, 0))
        if len(self._newest) > CHATS:
            self._newest.popitem(last=False)

    async def send(self, delivery: Delivery, message: Message, files: Sequence[Attachment] = ()) -> str:
        """Show a message to a person. Returns and errors: as `show`."""
        if delivery.conversation is None:
            raise Refused("a message to nobody")
        return await self.show(delivery.key, place_of(delivery.conversation), message, files)

    async def show(self, key: str, place: Place, message: Message, files: Sequence[Attachment] = ()) -> str:
        """Show a message and then its files, and return the ids of the message's pieces, joined by commas.

        `key` is the same when it is tried again. Errors: as `ports.Channel.send`.
        """
        pages = [page for page in telegram_pages(message) if page or not files]
        cost = len(pages) + len(files) - len(self._there.get(key, ()))
        try:
            return await self._traffic.go(key, place, cost, partial(self._show, key, message, pages, files))
        except Refused:
            self._there.pop(key, None)
            raise

    async def _show(self, key: str, message: Message, pages: Sequence[str], files: Sequence[Attachment], place: Place) -> str:
        """Put a message in another's place where that is wanted and possible, and send what of it is not there yet."""
        me = self._traffic.me
        buttons = keyboard(message, f"https://t.me/{me.username}" if me else "")
        old = numbers(message.amends) or (self._replaceable(message, place.chat) if len(pages) == 1 else [])
        kept = await self._edit(place, old, pages, buttons)
        there = self._there.setdefault(key, [])
        for index in range(kept + len(there), len(pages)):
            markup = buttons if index + 1 == len(pages) else None
            answers = None if index else self._quoted(message, place.chat)
            self._note(place, there, await send_page(self._bot, place, pages[index], keyboard=markup, answers=answers))
        for file in files[kept + len(there) - len(pages) :]:
            self._note(place, there, await self._hand_on(place, file))
        del self._there[key]
        return ",".join(map(str, [*old[:kept], *there][: len(pages)] or there))

    def _note(self, place: Place, there: list[int], number: int) -> None:
        there.append(number)
        self.saw(place.chat, number)

    async def _edit(self, place: Place, old: Sequence[int], pages: Sequence[str], buttons: InlineKeyboardMarkup | None) -> int:
        """Put pages in the place of old ones and return how many are; those left over are taken back."""
        kept = 0
        for number, page in zip(old, pages, strict=False):
            markup = buttons if kept + 1 == len(pages) else None
            if not await edit_page(self._bot, place, number, page, markup):
                break
            kept += 1
        for number in old[kept:] if kept else ():
            await take_back(self._bot, place, number)
        return kept

    async def _hand_on(self, place: Place, file: Attachment) -> int:
        """Send a file, or its name where it is too large or cannot be had."""
        content = await read_whole(file)
        if content is None:
            return await send_name(self._bot, place, file)
        return await send_file(self._bot, place, file, content)

    def _replaceable(self, message: Message, chat: int) -> list[int]:
        """Give the message in whose place this may stand: only the newest, as nobody looks for an answer further up."""
        newest = self._newest.get(chat)
        return [newest] if newest is not None and str(newest) == message.replaces else []

    def _quoted(self, message: Message, chat: int) -> int | None:
        """Give the message to show this as a reply to: in a group always, else where others came between or may have."""
        answers = next(iter(numbers(message.answers)), None)
        return None if chat > 0 and self._newest.get(chat) == answers else answers


def numbers(ids: str) -> list[int]:
    """Read the ids of a message's pieces; what is none of ours has none."""
    return [int(id) for id in ids.split(",")] if ids.replace(",", "").isdecimal() else []
