"""A folder of knowledge as it is served: read, checked and built as often as it changes.

Knows when a World may be served; not who serves it.
"""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from watchfiles import awatch

from bot.core.world import World
from bot.errors import KnowledgeError, Problem
from bot.i18n import today_in_estonia
from bot.knowledge.build import build
from bot.knowledge.check import check_files
from bot.knowledge.compiled import Cache
from bot.knowledge.files import Kept
from bot.knowledge.generated import Generated
from bot.knowledge.read import Files, read
from bot.knowledge.searching import Memo, Memos

BEGUN_MS = 500
SETTLED_MS = 50
GATHER_MS = 200
"""Several files are often touched at once: they are taken together when nothing more comes, or after this time."""


class Look(NamedTuple):
    """What a reading of the folder found; `world` may lack what is broken, and is None if nothing works without it."""

    files: Files
    world: World | None
    problems: list[Problem]


class Library:
    """A folder of knowledge; what stayed the same since the last reading is not read or made anew.

    With a `cache` the search is taken from there, once `finish` has put it in.
    """

    def __init__(self, root: Path, *, home: str | None = None, cache: Path | None = None) -> None:
        self._root = root
        self._home = home
        self._cache = Cache(cache) if cache else None
        self._kept: dict[Path, Kept] = {}
        self._memos = Memos()

    def load(self) -> World:
        """Read and build the World. Errors: KnowledgeError with every problem if any of them is an error."""
        _, world, problems = self.look()
        errors = [problem for problem in problems if problem.error]
        if world is None or errors:
            raise KnowledgeError(errors)
        return world

    def look(self, *, checks: bool = False) -> Look:
        """Read and build as far as the files allow, and tell everything that is wrong with them."""
        files = read(self._root, checks=checks, kept=self._kept)
        world = build(files, home=self._home, memos=self._memos, cache=self._cache)
        search = self._memos.search.made
        problems = check_files(files, today_in_estonia(), search.base if world and search else None)
        if any(problem.error for problem in problems):
            self._memos.dangers = Memo()  # what was made from broken files must not be taken for good
        return Look(files, world, problems)

    def finish(self) -> None:
        """Make the rest of the search loaded last, so that no question has to wait for it, and keep it for the next start."""
        if search := self._memos.search.made:
            search.index.warm()
            if self._cache:
                self._cache.keep(search)

    async def changes(self) -> AsyncIterator[None]:
        """Tell of each change in the folder, several at once as one. Errors: OSError if the folder cannot be watched.

        The first word comes soon after the watch has begun: something may have changed before.
        """
        begun = False
        async for changed in awatch(
            self._root, debounce=GATHER_MS, step=SETTLED_MS, rust_timeout=BEGUN_MS, yield_on_timeout=True
        ):
            if changed or not begun:
                begun = True
                yield


def load(root: Path, *, home: str | None = None) -> World:
    """Read and build the World once. Errors: KnowledgeError with every problem if any of them is an error."""
    return Library(root, home=home).load()


def count_errors(root: Path) -> int:
    """Count what keeps the files from being served, without the word forms: they take long to put together and have no errors."""
    files = read(root)
    files.generated = Generated()
    build(files)
    return sum(problem.error for problem in check_files(files, today_in_estonia()))


def out_of_date(world: World, today: date) -> tuple[str, ...]:
    """Name what residents no longer see as it was written: values outside their dates, topics past their review day."""
    values = (f"value {id}: valid until {value.valid_until}" for id, value in world.values.items() if not value.valid(today))
    topics = (f"topic {id}: due for review on {t.review_by}" for id, t in world.topics.items() if t.review_by < today)
    return (*values, *topics)
