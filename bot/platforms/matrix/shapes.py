"""Parts of events, which may be of any kind: people's programs and other servers write what they like.

Pure. Knows nothing of what events mean.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from bot.render.markup import storable

Json: TypeAlias = Mapping[str, Any]
"""An event, or a part of one, as it came."""


def text_of(value: object) -> str:
    """Give a text as a database can keep it, or nothing for what is not one."""
    return storable(value) if isinstance(value, str) else ""


def part(row: Json, name: str) -> Json:
    """Give a part of an event, empty if it is missing or not one."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}
