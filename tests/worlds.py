"""Worlds for tests: the real knowledge, and a small one written to a folder for the occasion."""

from functools import cache
from pathlib import Path

from bot.core.world import World
from bot.i18n import Catalogs, load_catalogs
from bot.knowledge.load import Library
from tests.untraced import untraced

ROOT = Path(__file__).parent.parent
KNOWLEDGE = ROOT / "knowledge"
LOCALES = ROOT / "locales"
CACHE = ROOT / "data" / "cache"
"""Where the search of the real knowledge is kept from run to run; it is made anew for other files and for another program."""


@cache
def real_world() -> World:
    """Load the knowledge that the project ships, once for the whole run."""
    with untraced():
        library = Library(KNOWLEDGE, cache=CACHE)
        world = library.load()
        library.finish()
    return world


@cache
def catalogs() -> Catalogs:
    """Load the compiled catalogs, once for the whole run."""
    return load_catalogs(LOCALES)
