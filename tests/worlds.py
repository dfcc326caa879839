"""Worlds for tests: the real knowledge, and a small one written to a folder for the occasion."""

from functools import cache
from pathlib import Path

from bot.core.world import World
from bot.i18n import Catalogs, load_catalogs
from bot.knowledge.load import load

ROOT = Path(__file__).parent.parent
KNOWLEDGE = ROOT / "knowledge"
LOCALES = ROOT / "locales"


@cache
def real_world() -> World:
    """Load the knowledge that the project ships, once for the whole run."""
    return load(KNOWLEDGE)


@cache
def catalogs() -> Catalogs:
    """Load the compiled catalogs, once for the whole run."""
    return load_catalogs(LOCALES)
