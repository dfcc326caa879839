"""The shape of the knowledge a rule may look at: one frozen World serves one event from start to end.

Built by `bot.knowledge`; read by the rules and by `bot.render`. Holds texts as editors wrote them, with `{{ value }}` unfilled.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from bot.groups.date_words import DateWords
from bot.groups.facts import Fact
from bot.groups.interview import Interview
from bot.groups.rules import Rule
from bot.groups.status import Group
from bot.search.acts import Acts
from bot.search.finder import Finder
from bot.search.follow import FollowUps
from bot.search.langid import LanguageModel
from bot.search.patterns import Patterns
from bot.search.places import Places

NATIONAL = "_national"
NO_ACTS = Acts({}, ())
PARTING = "/"
"""Between a programme and a group."""
NAMED = " – "
"""Between the name of a group and the rest of its clause."""
KEPT_INTERVIEWS = 100
"""Of how many topics, sets of programmes and days what was found out is kept."""


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


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        """Tell whether the day is one of them."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWords:
    """A target group in one language: its name to a resident, who that is in short, and what it opens."""

    name: str
    short: str
    opens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme with target groups. `partners`: municipalities and their days; without any it holds everywhere in `period`.

    `original`: the language of the clauses where only one is the source's own words. `unnamed`: groups whose own name no resident
    reads. `asked_in`: the topic in which people may ask for it when it has ended.
    """

    id: str
    source: Source
    groups: tuple[Group, ...]
    partners: Mapping[str, Period] = field(default_factory=dict)
    period: Period | None = None
    original: str = ""
    unnamed: frozenset[str] = frozenset()
    asked_in: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, GroupWords]] = field(default_factory=dict)

    def days(self, town: str | None) -> Period | None:
        """Give the days on which it holds in a municipality; None if it is none of its partners."""
        return self.partners.get(town or "") if self.partners else self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class FactWords:
    """How a fact is asked in one language; `label` names it in a list of answers."""

    question: str
    why: str
    where: str = ""
    label: str = ""
    instead: str = ""
    """What else may be answered, as on a button."""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What can be asked about a person and decided from it: facts, their words by language, programmes."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    asked_of: Mapping[str, Rule] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, FactWords]] = field(default_factory=dict)
    contradictions: Mapping[str, Rule] = field(default_factory=dict)
    """Answers that hardly go together; said kindly, decided by nobody."""
    contradiction_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    replies: Acts = NO_ACTS
    """Yes, no, "I don't know" and the like, in all languages."""
    option_words: Mapping[str, Acts] = field(default_factory=dict)
    """What people say for the options of a fact."""
    dates: tuple[DateWords, ...] = ()

    _interviews: dict[tuple[Hashable, date], Interview] = field(default_factory=dict, compare=False, repr=False)

    def interview(self, programmes: tuple[str, ...], today: date) -> Interview:
        """Give the questions about programmes' groups, named `programme/group`, on a day (Europe/Tallinn).

        What it has found out is kept for the next person who is asked on that day.
        """
        groups = (replace(group, id=f"{id}{PARTING}{group.id}") for id in programmes for group in self.programmes[id].groups)
        return self._interview(programmes, groups, today)

    def interview_about(self, topic: Topic, today: date) -> Interview:
        """Give the questions that tell which variants of a topic hold on a day."""
        return self._interview(topic.variants, (Group(id=variant.id, when=variant.when) for variant in topic.variants), today)

    def _interview(self, about: Hashable, groups: Iterable[Group], today: date) -> Interview:
        key = (about, today)
        if key not in self._interviews:
            if len(self._interviews) >= KEPT_INTERVIEWS:
                self._interviews.clear()
            self._interviews[key] = Interview(tuple(groups), self.facts, self.asked_of, today)
        return self._interviews[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A place where staff receive cases, `<group of desks>/<kind>`, and the language they are spoken to there."""

    name: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Cases that go to another group of desks (`to`) than their municipality's: all that is named must fit."""

    to: str
    topics: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


EDITORS = "editors"
"""The group of desks that is told of wrong answers and of knowledge files that cannot be served."""
OPERATORS = "operators"
"""The group of desks that is told of messages that were given up."""
ABOUT_THE_BOT = frozenset({EDITORS, OPERATORS})
"""Groups of desks that receive no cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who receives cases. `groups`: desks in the order of escalation, by municipality or by a name of the operator's.

    `routes`: by municipality, the first that fits counts. `named`: municipalities that show residents who answers.
    `claim_within` and `answer_within`: working time after which others are told.
    """

    groups: Mapping[str, tuple[Desk, ...]] = field(default_factory=dict)
    routes: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    claim_within: timedelta = timedelta(hours=4)
    answer_within: timedelta = timedelta(hours=8)
    mails: bool = False
    """Residents who left a mail address are told there that an answer waits."""

    @property
    def receiving(self) -> tuple[str, ...]:
        """Name the desks that receive cases."""
        return tuple(desk.name for group, desks in self.groups.items() if group not in ABOUT_THE_BOT for desk in desks)

    def lang(self, name: str, default: str) -> str:
        """Give the language of a desk."""
        return next((desk.lang for group in self.groups.values() for desk in group if desk.name == name), default)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many days things are kept, as people are told it."""

    conversations: int = 30
    cases: int = 90
    deeds: int = 365


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
    inquiry: Inquiry = Inquiry()
    spoken: Mapping[str, str] = field(default_factory=dict)
    """Greetings, thanks and the like that only one language has, by their folded words: letters alone tell less."""
    home: str | None = None
    desks: Desks = Desks()
    keeping: Keeping = Keeping()
    public: frozenset[str] = frozenset()
    """Phone numbers and mail addresses of offices: what people ask about, and nobody's own."""

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
