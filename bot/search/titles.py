"""Finding a title by a few letters, for people who know what they look for. Knows names only, no ranking of questions."""

import re
from collections.abc import Mapping
from typing import Final

from rapidfuzz import fuzz, process

LIKE_ENOUGH: Final = 75.0
_PARTS: Final = re.compile(r"[\s-]+")


def find_titles(words: str, names: Mapping[str, str], most: int) -> list[str]:
    """Give the ids of the names that have a word which begins so; of none, the ids of those that are most alike."""
    asked = words.strip().lower()
    if not any(char.isalnum() for char in asked):
        return []
    begin = [id for id, name in names.items() if any(part.startswith(asked) for part in _PARTS.split(name.lower()))]
    if begin:
        return begin[:most]
    lowered = {id: name.lower() for id, name in names.items()}
    found = process.extract(asked, lowered, scorer=fuzz.partial_ratio, score_cutoff=LIKE_ENOUGH, limit=most)
    return [id for _, _, id in found]
