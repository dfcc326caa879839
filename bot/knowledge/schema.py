"""What each knowledge file may contain, as pydantic models; an unknown key is an error."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from bot.core.hours import Hours as OpeningHours
from bot.groups.facts import FactKind
from bot.groups.status import Status

PHONE = r"^\+?\d{3,14}$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[a-z]+$"
Id = Annotated[str, StringConstraints(pattern=r"^_?[a-z0-9]+(-[a-z0-9]+)*$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


def _https(url: str) -> str:
    if not url.startswith("https://"):
        raise ValueError("links begin with https://")
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host or any(sign.isspace() for sign in url):
        raise ValueError("this is no address of a web page")
    return url


def _day(value: object) -> object:
    return None if value == "unknown" else value


Https = Annotated[str, AfterValidator(_https), WithJsonSchema({"type": "string", "pattern": "^https://"})]
Day = Annotated[
    date | None,
    BeforeValidator(_day),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"const": "unknown"}]}),
]
"""A date, or `unknown`."""
Texts = dict[str, Line]
"""One text per language."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceFile(_Strict):
    """Where a text comes from."""

    url: Https
    title: Line
    checked: date
    as_of: Day


class LanguagesFile(_Strict):
    """knowledge/languages.yaml."""

    spoken: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(min_length=1)
    recognised: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(default_factory=list)


class FactFile(_Strict):
    """One entry of knowledge/facts.yaml."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$")]
    kind: FactKind
    options: list[Id] = Field(default_factory=list)
    asked_of: dict[str, object] | None = None
    seldom: list[bool | Id] = Field(default_factory=list)
    instead: dict[str, bool | Id] = Field(default_factory=dict)
    passing: bool = False


class PeriodFile(_Strict):
    """From the first day to the last."""

    first: date
    last: date


Clause = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class GroupFile(_Strict):
    """One target group of knowledge/groups/<programme>/rules.yaml; the rules are read by `bot.groups.rules`."""

    id: Id
    clause: dict[str, Clause]
    when: dict[str, object]
    never: dict[str, object] | None = None
    unnamed: bool = False
    topics: list[Id] = Field(default_factory=list)


class ProgrammeFile(_Strict):
    """knowledge/groups/<programme>/rules.yaml: partners with their days, or one first and last day for everywhere."""

    source: SourceFile
    language: str | None = None
    asked_in: Id | None = None
    partners: dict[Id, PeriodFile] = Field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    groups: list[GroupFile] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if bool(self.partners) == bool(self.first and self.last):
            raise ValueError("write either partners with their first and last day, or one first and last day")
        return self


class ScenarioFile(_Strict):
    """One scenario of knowledge/groups/<programme>/scenarios.yaml: what a person's answers must come to on a day."""

    why: Line
    date: date
    facts: dict[str, object]
    expect: dict[Id, Status]


class AnswersFile(_Strict):
    """knowledge/<language>/answers.yaml: what people say to a question, and for the options of a fact."""

    replies: dict[Literal["yes", "no", "dont_know", "rather_not", "back", "stop", "go_on", "why", "for_other"], list[Line]]
    options: dict[str, dict[Id, list[Line]]] = Field(default_factory=dict)


class ContradictionFile(_Strict):
    """One entry of knowledge/contradictions.yaml: answers that hardly go together, and what is said then."""

    id: Id
    when: dict[str, object]
    text: Texts


class GroupWordsFile(_Strict):
    """One target group in knowledge/<language>/groups.yaml."""

    name: Line
    short: Line
    opens: Line


class ProgrammeWordsFile(_Strict):
    """One programme in knowledge/<language>/groups.yaml."""

    name: Line
    groups: dict[Id, GroupWordsFile]


class FactWordsFile(_Strict):
    """One entry of knowledge/<language>/facts.yaml."""

    label: Line

    question: Line
    why: Line
    where: Line | None = None
    instead: Line | None = None
    options: dict[Id, Line] = Field(default_factory=dict)


class VariantFile(_Strict):
    """One variant of knowledge/topics/<topic>.yaml; the rule is read by `bot.groups.rules`."""

    id: Id
    when: dict[str, object]


class TopicFile(_Strict):
    """knowledge/topics/<topic>.yaml."""

    id: Id
    category: Id
    sources: list[SourceFile] = Field(min_length=1)
    owner: Line
    review_by: date
    related: list[Id] = Field(default_factory=list)
    for_: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]] = Field(default_factory=list, alias="for")
    variants: list[VariantFile] = Field(default_factory=list, max_length=4)


class FrontMatter(_Strict):
    """The head of knowledge/<language>/<topic>.md."""

    title: Line
    questions: list[Line] = Field(min_length=8)
    keywords: list[Line] = Field(default_factory=list)
    terms: dict[Line, Line] = Field(default_factory=dict)
    variants: dict[Id, Annotated[Line, StringConstraints(max_length=40)]] = Field(default_factory=dict)


class ValueFile(_Strict):
    """One entry of knowledge/values.yaml."""

    kind: Literal["link", "phone", "email", "money", "date", "number", "address"]
    value: str | dict[str, Https] | Decimal | date
    source: Https
    as_of: Day
    valid_from: date | None = None
    valid_until: date | None = None
    see: Https | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if isinstance(self.value, str):
            if self.kind == "link":
                _https(self.value)
            elif self.kind == "phone" and not re.fullmatch(PHONE, self.value):
                raise ValueError("a phone number is written with digits alone, with + and the country's number for abroad")
            elif self.kind == "email" and not re.fullmatch(EMAIL, self.value):
                raise ValueError("this is no e-mail address")
        return self


class CategoryFile(_Strict):
    """One entry of knowledge/categories.yaml."""

    id: Id
    name: Texts
    careful: bool = False


class ContactFile(_Strict):
    """A public contact of a municipality."""

    id: Id
    name: Texts
    phone: Annotated[str, StringConstraints(pattern=PHONE)] | None = None
    email: Annotated[str, StringConstraints(pattern=EMAIL)] | None = None
    web: Https | None = None
    address: Line | None = None
    source: Https
    as_of: Day


class AdditionFile(_Strict):
    """What a municipality adds to a topic."""

    text: dict[str, Annotated[str, StringConstraints(max_length=400)]]
    sources: list[SourceFile] = Field(min_length=1)


Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class MunicipalityFile(_Strict):
    """knowledge/municipalities/<slug>.yaml."""

    name: Texts
    ehak: Annotated[str, StringConstraints(pattern=r"^\d{4}$")] | None = None
    county: Texts | None = None
    web: Https
    aliases: list[Line] = Field(default_factory=list)
    operator: Texts
    languages: list[str] = Field(default_factory=list)
    contacts: list[ContactFile] = Field(min_length=1)
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], list[Hours]] = Field(default_factory=dict)
    hours_web: Https | None = None
    additions: dict[Id, AdditionFile] = Field(default_factory=dict)

    @field_validator("hours")
    @classmethod
    def _in_order(cls, hours: dict[str, list[str]]) -> dict[str, list[str]]:
        OpeningHours.of(hours)
        return hours


class FollowUpsFile(_Strict):
    """How messages begin that go on with the question before, what can be asked about anything, and for whom."""

    also: list[Line] = Field(default_factory=list)
    conditions: list[Line] = Field(default_factory=list)
    about_anything: list[Line] = Field(default_factory=list)
    persons: list[Line] = Field(default_factory=list)


class ElsewhereFile(_Strict):
    """What places a matter in another country, and what in this one."""

    places: list[Line] = Field(default_factory=list)
    foreign: list[Line] = Field(default_factory=list)
    home: list[Line] = Field(default_factory=list)


class LexiconFile(_Strict):
    """knowledge/lexicon/<language>.yaml."""

    function_words: list[Line] = Field(default_factory=list)
    frame_words: list[Line] = Field(default_factory=list)
    endings: list[Line] = Field(default_factory=list)
    official: list[Line] = Field(default_factory=list)
    synonyms: list[list[Line]] = Field(default_factory=list)
    follow_ups: FollowUpsFile = Field(default_factory=FollowUpsFile)
    elsewhere: ElsewhereFile = Field(default_factory=ElsewhereFile)


Pattern = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class SituationFile(_Strict):
    """One situation of knowledge/safety/<language>.yaml."""

    match: list[Pattern] = Field(min_length=1)
    unless: list[Pattern] = Field(default_factory=list)


class SafetyFile(_Strict):
    """knowledge/safety/<language>.yaml."""

    cards: dict[Id, Annotated[str, StringConstraints(max_length=500)]]
    words: dict[Id, list[Line]] = Field(default_factory=dict)
    situations: dict[Id, SituationFile]


class CheckFile(_Strict):
    """One test wording of knowledge/checks/<language>.yaml."""

    text: str
    topics: list[Id]
    kind: Line
