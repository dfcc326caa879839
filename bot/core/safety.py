"""The safety lane: comes before everything else, rests on editors' patterns, and never replaces an answer."""

from bot.core.world import World

SITUATIONS = {
    "suicide": "mental-health",
    "child": "child-protection",
    "violence": "victim-support",
    "trafficking": "victim-support",
    "emergency": "emergency-numbers",
}
"""Situations in the order in which they are asked, with the topic to read on."""

MAX_READ = 4000


def danger(text: str, world: World) -> str | None:
    """Name the situation that a message tells of, or None; the beginning of a long message is read."""
    return world.dangers.find(text[:MAX_READ])
