"""The shape of the knowledge a rule may look at: one frozen World serves one event from start to end.

Built by `bot.knowledge`; read by the rules and by `bot.render`. Holds texts as editors wrote them, with `{{ value }}` unfilled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bot.groups.rules import Rule
from bot.search.acts import Acts
from bot.search.finder import Finder
from bot.search.follow import FollowUps
from bot.search.langid import LanguageModel
from bot.search.patterns import Patterns
from bot.search.places import Places

NATIONAL = "_national"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a text comes from. `as_of` is the day the source speaks for; None: the copy had no date."""

    url: str
    title: str
    checked: date
    as_of: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantText:
    """One language of a variant; `label` says in the first person whom it is for, as on a button."""

    label: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicText:
    """One language of a topic; `terms` are the Estonian words to use at the desk with their meaning."""

    title: str
    body: str
    terms: tuple[tuple[str, str], ...] = ()
    variants: Mapping[str, VariantText] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is different for some people; of several that hold, the first counts."""

    id: str
    when: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A curated answer."""

    id: str
    category: str
    sources: tuple[Source, ...]
    review_by: date
    related: tuple[str, ...]
    groups: tuple[str, ...]
    texts: Mapping[str, TopicText]
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An amount, phone, link or date that stands once; `links` by language for links, `see` is where it can be looked up."""

    id: str
    kind: str
    value: str | Decimal | date
    links: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    as_of: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    see: str = ""

    def valid(self, day: date) -> bool:
        """Tell whether the value may be shown on that day."""
        return not ((self.valid_from and day < self.valid_from) or (self.valid_until and day > self.valid_until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A shelf of the menu."""

    id: str
    names: Mapping[str, str]
    careful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to turn to, as public pages give it."""

    id: str
    names: Mapping[str, str]
    phone: str = ""
    email: str = ""
    web: str = ""
    address: str = ""
    source: str = ""
    as_of: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a municipality adds to a topic."""

    texts: Mapping[str, str]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """A municipality, or the national fallback (slug `_national`, no county)."""

    slug: str
    names: Mapping[str, str]
    operators: Mapping[str, str]
    web: str
    contacts: tuple[Contact, ...]
    aliases: tuple[str, ...] = ()
    county: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    hours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hours_web: str = ""
    additions: Mapping[str, Addition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything the bot knows, checked; `home` is the municipality that the operator fixed, if any."""

    languages: tuple[str, ...]
    topics: Mapping[str, Topic]
    categories: tuple[Category, ...]
    values: Mapping[str, Value]
    municipalities: Mapping[str, Municipality]
    cards: Mapping[str, Mapping[str, str]]
    finder: Finder
    language_model: LanguageModel
    dangers: Patterns
    acts: Acts
    places: Places
    follow_ups: FollowUps
    home: str | None = None

    def category(self, id: str) -> tuple[Topic, ...]:
        """Give the topics of a category in the knowledge's order."""
        return tuple(topic for topic in self.topics.values() if topic.category == id)

    def shelves(self) -> tuple[Category, ...]:
        """Give the categories that have topics."""
        return tuple(c for c in self.categories if self.category(c.id))

    def towns(self) -> tuple[Municipality, ...]:
        """Give the municipalities without the national fallback."""
        return tuple(m for slug, m in self.municipalities.items() if slug != NATIONAL)

    def county_of(self, town: Municipality) -> str:
        """Name a municipality's county as option ids do: in the first language."""
        return town.county.get(self.languages[0], "")

    def counties(self) -> Mapping[str, Mapping[str, str]]:
        """Give the counties that have municipalities: their names in each language, in alphabetical order of the first."""
        found = {self.county_of(town): town.county for town in self.towns() if town.county}
        return {name: found[name] for name in sorted(found)}

    def place(self, slug: str | None) -> Municipality:
        """Give the municipality, or the national fallback for an unknown one."""
        return self.municipalities.get(slug or NATIONAL, self.municipalities[NATIONAL])
