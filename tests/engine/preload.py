"""Imported by the fork server only: loads all that a killed bot needs, so that each one lives for a tenth of a second."""

from tests.engine import killed
from tests.engine.small import small_world
from tests.worlds import catalogs

LOADED = (killed, small_world(), catalogs())
