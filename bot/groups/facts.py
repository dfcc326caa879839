"""Facts about a person and their situation: which there are, which values each may have, and reading answers to them.

A fact may be missing; missing, null and "I don't know" are the same: unknown, which is not no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.errors import RuleError
from bot.groups.dates import Interval, read_date

Answer: TypeAlias = bool | str | Interval
Answers: TypeAlias = Mapping[str, Answer]
"""What is known, by fact; a fact that is not there is unknown."""


class FactKind(StrEnum):
    """What the value of a fact looks like: true or false, one of its options, or a date."""

    YES_NO = "yes-no"
    CHOICE = "choice"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact that a dialogue may ask; `options` are the values of a choice, in the order in which they are offered."""

    id: str
    kind: FactKind
    options: tuple[str, ...] = ()
    seldom: tuple[bool | str, ...] = ()
    """Values that few people have."""
    instead: tuple[tuple[str, bool | str], ...] = ()
    """What else may be the answer to its question: values of other facts ("I have never lived abroad")."""
    passing: bool = False
    """It is of the matter asked about, not of the person: an answer counts for one question."""

    def values(self) -> tuple[bool | str, ...]:
        """Give every value of a fact that is no date."""
        return (True, False) if self.kind is FactKind.YES_NO else self.options

    def read(self, value: object) -> Answer:
        """Read a value as files and scripts write it. Errors: RuleError."""
        if self.kind is FactKind.DATE:
            if isinstance(value, str):
                return read_date(value)
            raise RuleError(f'{self.id}: write a date as text, "2024", "2024-05" or "2024-05-31"')
        for known in self.values():
            if type(value) is type(known) and value == known:
                return known
        raise RuleError(f"{self.id}: {value!r} is no value of it; there are {', '.join(map(written, self.values()))}")


def read_answers(row: Mapping[str, object], facts: Mapping[str, Fact]) -> dict[str, Answer]:
    """Read answers by fact; null means unknown. Errors: RuleError for an unknown fact or value."""
    for id in row:
        if id not in facts:
            raise RuleError(f"there is no fact {id!r}")
    return {id: facts[id].read(value) for id, value in row.items() if value is not None}


def written(value: bool | str) -> str:
    """Write a value as YAML and JSON do."""
    return str(value).lower() if isinstance(value, bool) else value
