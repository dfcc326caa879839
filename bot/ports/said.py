"""What the bot says, in words, and how the outbox keeps it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, cast

from bot.core.events import File

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Row: TypeAlias = Mapping[str, JSON]


class PartKind(StrEnum):
    """How a channel may set a part of a message apart; the text reads well without it."""

    TEXT = "text"
    CARD = "card"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a message in our Markdown subset (paragraphs, lists, bold, emphasis, links)."""

    kind: PartKind = PartKind.TEXT
    markdown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice under a message. `id` means the same in every message, so that an old button still works."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What the bot says, in words, before a channel gives it its own markup."""

    lang: str
    parts: tuple[Part, ...]
    options: tuple[Option, ...] = ()
    topic: str | None = None
    end: bool = True
    """False when another message of the same turn follows."""
    passing: bool = False
    """Its options are chosen from once: what follows may take its place, where a channel can edit."""
    answers: str = ""
    """The channel's id of the person's message that this answers."""
    replaces: str = ""
    """The channel's id of the passing message whose place this may take."""
    thread: str = ""
    """Where a channel has threads, its id of the one in which this belongs."""
    amends: str = ""
    """What this puts right: the key of an earlier message in the outbox, the channel's id of it once it goes out."""
    file: File | None = None
    """A file that goes with it."""
    forgets: bool = False
    """Its person is forgotten with it: what the channel itself keeps, to read what was written so far, goes too."""


Fetch: TypeAlias = Callable[[File], Awaitable[bytes]]
"""Gives a file's content. Errors: Refused if it is gone or larger than was said, Unreachable."""


def message_to_json(message: Message) -> Row:
    """Write a message as the outbox keeps it."""
    return {
        "lang": message.lang,
        "parts": [{"kind": part.kind.value, "markdown": part.markdown} for part in message.parts],
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "topic": message.topic,
        "end": message.end,
        "passing": message.passing,
        "answers": message.answers,
        "replaces": message.replaces,
        "thread": message.thread,
        "amends": message.amends,
        "file": None if message.file is None else _file_to_json(message.file),
        "forgets": message.forgets,
    }


def message_from_json(row: Row) -> Message:
    """Read a message back from the outbox. Errors: KeyError, TypeError for a row that no version of ours wrote."""
    parts = cast(Sequence[Mapping[str, str]], row["parts"])
    options = cast(Sequence[Mapping[str, str]], row["options"])
    return Message(
        lang=str(row["lang"]),
        parts=tuple(Part(kind=PartKind(part["kind"]), markdown=part["markdown"]) for part in parts),
        options=tuple(Option(id=option["id"], label=option["label"]) for option in options),
        topic=None if row["topic"] is None else str(row["topic"]),
        end=bool(row["end"]),
        passing=bool(row.get("passing")),
        answers=str(row.get("answers", "")),
        replaces=str(row.get("replaces", "")),
        thread=str(row.get("thread", "")),
        amends=str(row.get("amends", "")),
        file=None if row.get("file") is None else File(**cast(Mapping[str, Any], row["file"])),
        forgets=bool(row.get("forgets")),
    )


def _file_to_json(file: File) -> Row:
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "ref": file.ref, "channel": file.channel}
