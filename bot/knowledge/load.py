"""A folder of knowledge as it is served: read, checked and built as often as it changes.

Knows when a World may be served; not who serves it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

from watchfiles import awatch

from bot.core.world import World
from bot.errors import KnowledgeError
from bot.knowledge.build import Memos, build
from bot.knowledge.check import check_files
from bot.knowledge.files import Kept
from bot.knowledge.read import read

SETTLED_MS = 50
GATHER_MS = 200
"""Several files are often touched at once: they are taken together when nothing more comes, or after this time."""


class Library:
    """A folder of knowledge; what stayed the same since the last reading is not read or made anew."""

    def __init__(self, root: Path, *, home: str | None = None) -> None:
        self._root = root
        self._home = home
        self._kept: dict[Path, Kept] = {}
        self._memos = Memos()

    def load(self) -> World:
        """Read and build the World. Errors: KnowledgeError with every problem if any of them is an error."""
        files = read(self._root, kept=self._kept)
        world = build(files, home=self._home, memos=self._memos)
        errors = [problem for problem in check_files(files, datetime.now(UTC).date()) if problem.error]
        if world is None or errors:
            self._memos = Memos()  # what was made from broken files must not be taken for good
            raise KnowledgeError(errors)
        return world

    async def changes(self) -> AsyncIterator[None]:
        """Tell of each change in the folder, several at once as one. Errors: OSError if the folder cannot be watched."""
        async for _ in awatch(self._root, debounce=GATHER_MS, step=SETTLED_MS):
            yield


def load(root: Path, *, home: str | None = None) -> World:
    """Read and build the World once. Errors: KnowledgeError with every problem if any of them is an error."""
    return Library(root, home=home).load()


def out_of_date(world: World, today: date) -> tuple[str, ...]:
    """Name what residents no longer see as it was written: values outside their dates, topics past their review day."""
    values = (f"value {id}: valid until {value.valid_until}" for id, value in world.values.items() if not value.valid(today))
    topics = (f"topic {id}: due for review on {t.review_by}" for id, t in world.topics.items() if t.review_by < today)
    return (*values, *topics)
