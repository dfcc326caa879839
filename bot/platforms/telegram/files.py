"""Files: what a message's file is called and how it is fetched again, from Telegram or from wherever else it lies.

Knows the fields of Telegram's files and its limits; not who sent one, nor why it is wanted.
"""

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from telegram import Bot, Message
from telegram.constants import FileSizeLimit

from bot.errors import Refused, SendError, Unreachable
from bot.platforms.telegram.faults import told
from bot.platforms.telegram.line import Line
from bot.ports import Attachment, File
from bot.render.markup import storable

FETCHED_AT_MOST: Final = 20 * 1024 * 1024
"""Bytes of a file that Telegram hands out."""
KINDS: Final[dict[str, tuple[str, str]]] = {
    "photo": ("photo.jpg", "image/jpeg"), "voice": ("voice.ogg", "audio/ogg"), "audio": ("audio.mp3", "audio/mpeg"),
    "video": ("video.mp4", "video/mp4"), "video_note": ("video.mp4", "video/mp4"), "animation": ("animation.mp4", "video/mp4"),
    "document": ("file", "application/octet-stream"),
}  # fmt: skip
"""What can be fetched of a message, and what it is called and is where its sender did not say."""
LONGEST_NAME: Final = 100
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The file of a message, as events carry it; empty where there is none to fetch."""

    name: str = ""
    media_type: str = ""
    size: int = 0
    ref: str = ""


def sent_in(message: Message, kind: str) -> Sent:
    """Give the file of a message of this kind, of a photo the largest."""
    if kind not in KINDS:
        return Sent()
    found = message.photo[-1] if kind == "photo" else getattr(message, kind)
    name, media_type = KINDS[kind]
    said = str(getattr(found, "mime_type", None) or "")
    return Sent(
        name=file_name(getattr(found, "file_name", None) or name),
        media_type=said if _MEDIA_TYPE.fullmatch(said) else media_type,
        size=found.file_size or 0,
        ref=storable(found.file_id),
    )


def file_name(name: str) -> str:
    """Make a name safe to show and to save under: no folders, no control signs, not too long, its ending kept."""
    plain = storable(_UNSAFE.sub("_", name)).strip(" .") or "file"
    ending = PurePath(plain).suffix[:20]
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - len(ending)]}{ending}"


async def download(bot: Bot, line: Line, file: File) -> bytes:
    """Fetch a file from Telegram. Errors: Refused if it is gone or larger than was said, Unreachable."""
    most = min(file.size or FETCHED_AT_MOST, FETCHED_AT_MOST)
    try:
        with told():
            found = await bot.get_file(file.ref)
            if not str(found.file_path).startswith("http"):
                raise Refused("the Bot API's server keeps its files to itself")
            return await line.download(str(found.file_path), most)
    except Refused as error:
        # Not Gone, which would mean that the person has left.
        raise Refused(str(error)) from error
    except SendError as error:
        raise Unreachable(f"a file: {type(error).__name__}") from error


async def read_whole(file: Attachment) -> bytes | None:
    """Read a file that is to be sent; None if it is too large for that, empty or gone. Errors: Unreachable."""
    if file.size > FileSizeLimit.FILESIZE_UPLOAD:
        return None
    try:
        content = await file.fetch()
    except Refused:
        return None
    except SendError as error:
        # Whatever another platform asks for, this chat need not wait for it.
        raise Unreachable(f"a file: {type(error).__name__}") from error
    return content if 0 < len(content) <= FileSizeLimit.FILESIZE_UPLOAD else None
