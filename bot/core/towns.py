"""Which municipality the person lives in: asked only when an answer depends on it, and changed at any time."""

from bot.core.effects import Choice
from bot.core.texts import LABEL_NO_TOWN, CountyName, Text, TownName
from bot.core.world import NATIONAL, World

FEW = 8


def town_choices(world: World, county: str = "") -> tuple[Choice, ...]:
    """Offer municipalities: all of them if they are few, otherwise the counties, then those of one county."""
    towns = [town for town in world.towns() if not county or world.county_of(town) == county]
    unknown = Choice(f"town:{NATIONAL}", Text(LABEL_NO_TOWN))
    if county or len(towns) <= FEW:
        return (*(Choice(f"town:{town.slug}", TownName(town.slug)) for town in towns), unknown)
    return (*(Choice(f"county:{name}", CountyName(name)) for name in world.counties()), unknown)
