"""What a file looks like in an event: what it is called and where it lies, read and written.

Pure. Knows the two ways in which an event names a file (in the clear, and with the key that opens it) and what we keep of that to
fetch it later; not how it is fetched.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.errors import Refused
from bot.platforms.matrix.shapes import Json, part, text_of
from bot.ports import File
from bot.render.markup import escape

CHANNEL: Final = "matrix"
MOST_BYTES: Final = 2**40
"""A size above this is somebody's joke, and no database keeps all of them."""
NAME_CHARS: Final = 200
_MXC: Final = re.compile(r"mxc://([\w.:\[\]-]{1,255})/([\w.~=-]{1,255})", re.ASCII)
_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a file lies and, if it is encrypted, what opens it."""

    server: str
    media: str
    key: str = ""
    iv: str = ""
    sha256: str = ""


def file_of(content: Json, *, named: bool = True) -> File:
    """Read the file of a message; `ref` is empty where there is none to fetch. Of what is not `named` the body is no name."""
    info = part(content, "info")
    media_type, size = text_of(info.get("mimetype")), info.get("size")
    return File(
        name=_name(text_of(content.get("filename")) or text_of(content.get("body"))) if named else "",
        media_type=media_type.lower() if _TYPE.fullmatch(media_type) else "",
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MOST_BYTES else 0,
        ref=_ref(content),
        channel=CHANNEL,
    )


def file_content(name: str, media_type: str, size: int, place: Mapping[str, Any]) -> dict[str, Any]:
    """Write the content of a message that shows a file, which lies at `place`."""
    return {
        "msgtype": "m.image" if media_type.startswith("image/") else "m.file",
        "body": name,
        "filename": name,
        "info": {"mimetype": media_type or "application/octet-stream", "size": size},
        "m.mentions": {},
        **place,
    }


def read_ref(ref: str) -> Ref:
    """Read back what was kept of a file. Errors: Refused for what is no file of ours."""
    try:
        found = json.loads(ref)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("not a file of Matrix")
    place = _MXC.fullmatch(text_of(found.get("url")))
    if place is None:
        raise Refused("not a file of Matrix")
    opener = {name: text_of(found.get(name)) for name in ("key", "iv", "sha256")}
    return Ref(server=place[1], media=place[2], **opener)


def written_out(name: str, size: int) -> str:
    """Name a file that is not handed on, as Markdown in no language."""
    return escape(f"📎 {_name(name)} ({size / 1e6:.1f} MB)")


def _ref(content: Json) -> str:
    """Write what is needed to fetch a file, or nothing if the event does not say it."""
    hidden = part(content, "file")
    url = text_of(hidden.get("url")) if hidden else text_of(content.get("url"))
    if not _MXC.fullmatch(url):
        return ""
    if not hidden:
        return json.dumps({"url": url})
    opener = {
        "key": text_of(part(hidden, "key").get("k")),
        "iv": text_of(hidden.get("iv")),
        "sha256": text_of(part(hidden, "hashes").get("sha256")),
    }
    return json.dumps({"url": url, **opener}) if all(opener.values()) else ""


def _name(name: str) -> str:
    """Give a file's name without what would lead elsewhere or hide its end."""
    return _CONTROL.sub("", name).replace("\\", "/").rpartition("/")[2].strip()[:NAME_CHARS]
