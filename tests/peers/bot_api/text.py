"""Text as Telegram keeps it: HTML read into text and entities, lengths in UTF-16 code units, commands and mentions found.

The rules and the words of the errors are those of Telegram's own server (td, `parse_html`). Knows no messages and no chats.
"""

import html
import re
from dataclasses import dataclass
from typing import Final

from tests.peers.bot_api.values import ApiError, Json, NotEmulatedError

SPACES: Final = " \n"
_KINDS: Final = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("tg-spoiler", "span"), "spoiler"),
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_UNKEPT: Final = {code: " " for code in range(32) if chr(code) not in "\n\r"} | {ord("\r"): None}
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_REFERENCE: Final = re.compile(r"&(?:(?:lt|gt|amp|quot)(?![A-Za-z])|#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7});?")
_PLAIN: Final = re.compile(r"[^<&]+")
_START: Final = re.compile(r"<([^\s>]*)")
_ATTRIBUTE: Final = re.compile(r"""\s*([^\s=>]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9.-]+))?)?""")
_TAG_END: Final = re.compile(r"\s*>")
_END: Final = re.compile(r"</([^\s>]*)\s*>")
_LINK: Final = re.compile(r"(?:(?:https?|ton|tonsite)://[^\s/?#]+|tg://\S)\S*", re.IGNORECASE)
_BARE_HOST: Final = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
_COMMAND: Final = re.compile(r"(?<![\w/<>])/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w/<>])")
_MENTION: Final = re.compile(r"(?<![\w@/])@[A-Za-z0-9_]{3,32}(?!\w)")


def utf16(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Replace what Telegram keeps in no text: control characters and halves of surrogate pairs."""
    return _HALF_PAIR.sub("\ufffd", text.translate(_UNKEPT))


def formatted(text: str, *, mode: str | None = None, entities: list[Json] | None = None) -> tuple[str, list[Json]]:
    """Return the text and the entities of what a bot sends, without space around. Errors: ApiError where Telegram has one."""
    match (mode or "").lower():
        case "html":
            return _trimmed(*_Html(clean(text)).read())
        case "":
            return _trimmed(clean(text), entities or [])
        case "markdown" | "markdownv2":
            raise NotEmulatedError(f"emulator: no parse mode {mode} yet")
        case _:
            raise ApiError("Bad Request: unsupported parse_mode")


def spoken_entities(text: str) -> list[Json]:
    """Find commands and mentions in what a person writes."""
    found = [("bot_command", match) for match in _COMMAND.finditer(text)]
    found += [("mention", match) for match in _MENTION.finditer(text)]
    return [
        {"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(match[0])}
        for kind, match in sorted(found, key=lambda pair: pair[1].start())
    ]


def addressed_to(text: str, username: str) -> bool | None:
    """Tell whether a text is meant for a bot: True by its name, None by a command without a name, False otherwise."""
    names = [match[0][1:].lower() for match in _MENTION.finditer(text)]
    commands = list(_COMMAND.finditer(text))
    if username.lower() in [*names, *((match[2] or "").lower() for match in commands)]:
        return True
    return None if any(not match[2] for match in commands) else False


def _trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Cut space around a text; entities move along and those without text vanish."""
    left = len(text) - len(text.lstrip(SPACES))
    text = text.strip(SPACES)
    length, kept = utf16(text), []
    for entity in entities:
        start = max(entity["offset"] - left, 0)
        end = min(entity["offset"] - left + entity["length"], length)
        if start < end:
            kept.append({**entity, "offset": start, "length": end - start})
    return text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """A start tag that waits for its end; `offset` in code units, `said` in pieces of text."""

    name: str
    attributes: dict[str, str]
    offset: int
    said: int


class _Html:
    """Reads Telegram's HTML; byte offsets in errors count from the start of the source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._said: list[str] = []
        self._offset = 0
        self._open: list[_Tag] = []
        self._entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        """Return text and entities. Errors: ApiError."""
        while self._at < len(self._source):
            if self._source.startswith("</", self._at):
                self._end()
            elif self._source[self._at] == "<":
                self._start()
            else:
                self._text()
        if self._open:
            raise _refusal(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return "".join(self._said), self._entities

    def _text(self) -> None:
        """Take text up to the next tag; references that Telegram does not know stay as they are written."""
        if plain := _PLAIN.match(self._source, self._at):
            piece, self._at = plain[0], plain.end()
        elif reference := _REFERENCE.match(self._source, self._at):
            piece, self._at = _referred(reference[0]), reference.end()
        else:
            piece, self._at = "&", self._at + 1
        self._said.append(piece)
        self._offset += utf16(piece)

    def _start(self) -> None:
        begin = self._byte()
        match = _START.match(self._source, self._at)
        if match is None or match.end() == len(self._source):
            raise _refusal(f"Unclosed start tag at byte offset {begin}")
        name = match[1].lower()
        if name not in _KINDS:
            raise _refusal(f'Unsupported start tag "{name}" at byte offset {begin}')
        self._at = match.end()
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _refusal(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self._open.append(_Tag(name=name, attributes=attributes, offset=self._offset, said=len(self._said)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        found = {}
        while not (end := _TAG_END.match(self._source, self._at)):
            match = _ATTRIBUTE.match(self._source, self._at)
            value = match and next((group for group in match.groups()[2:] if group is not None), None)
            if match is None or (match[2] and value is None):
                raise _refusal(f'Unclosed start tag "{tag}" at byte offset {begin}')
            if not match[2] and (tag, match[1].lower()) != ("blockquote", "expandable"):
                raise _refusal(f'Expected equal sign in declaration of an attribute of the tag "{tag}" at byte offset {begin}')
            found[match[1].lower()] = _REFERENCE.sub(lambda reference: _referred(reference[0]), value or "")
            self._at = match.end()
        self._at = end.end()
        return found

    def _end(self) -> None:
        begin = self._byte()
        match = _END.match(self._source, self._at)
        if not self._open:
            raise _refusal(f"Unexpected end tag at byte offset {begin}")
        if match is None:
            raise _refusal(f"Unclosed end tag at byte offset {begin}")
        tag = self._open.pop()
        if match[1] and match[1].lower() != tag.name:
            raise _refusal(f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", found "</{match[1].lower()}>"')
        self._at = match.end()
        entity = _entity(tag, "".join(self._said[tag.said :]))
        if entity and self._offset > tag.offset:
            self._entities.append({**entity, "offset": tag.offset, "length": self._offset - tag.offset})

    def _byte(self) -> int:
        return len(self._source[: self._at].encode())


def _referred(reference: str) -> str:
    """Return the character of a reference, or the reference where there is no such character."""
    digits = reference.removesuffix(";")[2:]
    if reference[1] != "#":
        return html.unescape(f"{reference.removesuffix(';')};")
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code < 0xE000 else reference


def _entity(tag: _Tag, said: str) -> Json | None:
    """Return type and attributes of an entity; None where Telegram drops the tag and keeps its text."""
    match tag.name:
        case "a":
            url = tag.attributes.get("href") or said
            if not _LINK.fullmatch(url):
                return None
            return {"type": "text_link", "url": f"{url}/" if _BARE_HOST.fullmatch(url) else url}
        case "tg-emoji":
            return {"type": "custom_emoji", "custom_emoji_id": tag.attributes.get("emoji-id", "")}
        case "blockquote" if "expandable" in tag.attributes:
            return {"type": "expandable_blockquote"}
        case name:
            return {"type": _KINDS[name]}


def _refusal(reason: str) -> ApiError:
    return ApiError(f"Bad Request: can't parse entities: {reason}")
