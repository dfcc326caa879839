"""What goes out: one message or file of ours as the calls that show it.

Knows the library's calls; not when they are made, nor what their faults mean.
"""

from contextlib import suppress
from html import escape
from typing import Final

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions, ReplyParameters
from telegram.constants import FileSizeLimit, ParseMode
from telegram.error import BadRequest

from bot.core.options import short
from bot.core.public import PRIVATE
from bot.platforms.telegram.faults import is_unchanged
from bot.platforms.telegram.files import file_name
from bot.platforms.telegram.inbound import PASSING, Place
from bot.ports import Attachment, Message, Option
from bot.render.telegram import button_labels, button_rows

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
PICTURES: Final = ("image/jpeg", "image/png")
"""What Telegram shows as photos; it makes them smaller, which nobody minds in a picture."""
ANSWER_SECONDS: Final = 60.0
"""How long Telegram may think about a file."""
NOTHING: Final = "…"
"""Stands where a piece of a message was that has none any more."""


async def send_page(
    bot: Bot, place: Place, html: str, *, keyboard: InlineKeyboardMarkup | None = None, answers: int | None = None
) -> int:
    """Send a message and return its id; `answers` is the message it is shown as a reply to. Errors: TelegramError."""
    reply = None if answers is None else ReplyParameters(answers, allow_sending_without_reply=True)
    sent = await bot.send_message(
        place.chat,
        html,
        parse_mode=ParseMode.HTML,
        message_thread_id=place.thread,
        link_preview_options=NO_PREVIEW,
        reply_markup=keyboard,
        reply_parameters=reply,
    )
    return sent.message_id


async def edit_page(bot: Bot, place: Place, number: int, html: str, keyboard: InlineKeyboardMarkup | None) -> bool:
    """Put a text in a message's place; False if it cannot be edited any more. Errors: TelegramError."""
    try:
        await bot.edit_message_text(
            html,
            place.chat,
            number,
            parse_mode=ParseMode.HTML,
            link_preview_options=NO_PREVIEW,
            reply_markup=keyboard,
        )
    except BadRequest as error:
        return is_unchanged(error)
    return True


async def take_back(bot: Bot, place: Place, number: int) -> None:
    """Delete a message of ours; one that is too old for that loses its text. Errors: TelegramError."""
    try:
        await bot.delete_message(place.chat, number)
    except BadRequest:
        await edit_page(bot, place, number, NOTHING, None)


async def send_file(bot: Bot, place: Place, file: Attachment, content: bytes) -> int:
    """Send a file, a picture as one, and return the message's id. Errors: TelegramError."""
    if file.media_type in PICTURES and len(content) <= FileSizeLimit.PHOTOSIZE_UPLOAD:
        # What is no picture, or one of a shape that Telegram does not show, goes as any other file.
        with suppress(BadRequest):
            return await _send_picture(bot, place, file, content)
    sent = await bot.send_document(
        place.chat,
        InputFile(content, filename=file_name(file.name)),
        message_thread_id=place.thread,
        disable_content_type_detection=True,
        read_timeout=ANSWER_SECONDS,
    )
    return sent.message_id


async def send_name(bot: Bot, place: Place, file: Attachment) -> int:
    """Send what a file is called in its place, so that people can ask for it. Errors: TelegramError."""
    return await send_page(bot, place, escape(f"⚠️ 📎 {file_name(file.name)}{_size(file.size)}", quote=False))


def keyboard(message: Message, link: str) -> InlineKeyboardMarkup | None:
    """Make the buttons of a message; `link` opens a private chat with the bot."""
    rows = [
        [_button(option, link, passing=message.passing) for option in row] for row in button_rows(button_labels(message.options))
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(option: Option, link: str, *, passing: bool) -> InlineKeyboardButton:
    name, _, payload = option.id.partition(":")
    if name == PRIVATE:
        return InlineKeyboardButton(option.label, url=f"{link}?start={payload}" if payload else link)
    return InlineKeyboardButton(option.label, callback_data=f"{PASSING if passing else ''}{short(option.id)}")


async def _send_picture(bot: Bot, place: Place, file: Attachment, content: bytes) -> int:
    sent = await bot.send_photo(
        place.chat,
        InputFile(content, filename=file_name(file.name)),
        message_thread_id=place.thread,
        read_timeout=ANSWER_SECONDS,
    )
    return sent.message_id


def _size(size: int) -> str:
    if not size:
        return ""
    return f" ({size / 1e6:.1f} MB)" if size >= 1e6 else f" ({max(1, round(size / 1e3))} kB)"
