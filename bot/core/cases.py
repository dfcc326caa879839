"""A case: a resident's question in the hands of the municipality's staff, and what may happen to it.

`MOVES` is the whole law: what each state makes of each move, who has the case then, which clock runs, and what both sides are
told. Knows no platform, no office hours and no wording beyond the ids of sentences.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, get_type_hints

from bot.core import case_texts as texts
from bot.core.events import File

MAX_LINES: Final = 200
"""Lines of a conversation that are kept; of a longer one the last ones."""


class CaseStage(StrEnum):
    """Where a case stands."""

    OFFERED = "offered"
    """The consent card is shown; nobody else knows of the case."""
    OPEN = "open"
    """Sent to a desk; nobody has taken it yet, and the bot goes on answering."""
    CLAIMED = "claimed"
    """Staff's turn."""
    WAITING = "waiting"
    """The resident's turn."""
    CLOSED = "closed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ENDED: Final = frozenset({CaseStage.CLOSED, CaseStage.DECLINED, CaseStage.EXPIRED, CaseStage.CANCELLED})
TALKING: Final = frozenset({CaseStage.CLAIMED, CaseStage.WAITING})
"""What the resident writes goes to the person; the bot is quiet."""


class Owner(StrEnum):
    """Whose turn it is."""

    RESIDENT = "resident"
    DESK = "desk"
    NOBODY = "nobody"


class ClockName(StrEnum):
    """What a case waits for; `bot.core.casework` says how long."""

    CONSENT = "consent"
    CLAIM = "claim"
    ANSWER = "answer"
    RESIDENT = "resident"
    REOPENING = "reopening"


class Move(StrEnum):
    """What happens to a case."""

    AGREE = "agree"
    REFUSE = "refuse"
    WRITE = "write"
    CLAIM = "claim"
    REPLY = "reply"
    TRANSFER = "transfer"
    FINISH = "finish"
    GO_BACK = "go-back"
    CANCEL = "cancel"
    REOPEN = "reopen"
    LATE = "late"
    """Its clock has run out."""
    LOSE_DESK = "lose-desk"
    """Nothing can be brought to the desk that has it."""
    LEAVE = "leave"
    """The resident blocked the bot, left the room or asked to be forgotten."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a state makes of a move. `clock` None: none runs; `keeps`: the one that runs goes on.

    `resident` and `desk`: ids of sentences that the sides are told, empty where the message itself is all there is to tell.
    """

    to: CaseStage
    owner: Owner
    clock: ClockName | None = None
    resident: str = ""
    desk: str = ""
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """One that runs: its number in the conversation, what it waits for, when it rings."""

    n: int
    name: ClockName
    due: datetime


class Who(StrEnum):
    """Who wrote a line of a case."""

    RESIDENT = "resident"
    STAFF = "staff"
    NOTE = "note"
    """For colleagues only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was written in a case. `message`: the platform's id of it, where there is one; `topic`: a curated answer."""

    n: int
    at: datetime
    who: Who
    text: str = ""
    name: str = ""
    message: str = ""
    topic: str = ""
    file: File | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case. Until the person agrees it has no number and no text of theirs.

    `desks` in the order of escalation, of which the first `opened` know of it. `desk` has it (empty: none yet): `holder` is the
    member of staff, by the platform's id, `holder_name` what colleagues call them. `told_late`: the resident knows of the delay.
    """

    stage: CaseStage
    lang: str
    town: str
    desks: tuple[str, ...]
    number: int = 0
    opened: int = 0
    threads: tuple[str, ...] = ()
    """The desks where a thread was opened for it."""
    desk: str = ""
    holder: str = ""
    holder_name: str = ""
    clock: Clock | None = None
    question: str = ""
    topic: str = ""
    facts: tuple[str, ...] = ()
    """The answers that the likely group rests on, as the conversation keeps them; empty if the person leaves the group out."""
    contact: str = ""
    page: bool = False
    """The person reads on the web page, where nothing rings."""
    agreed_at: datetime | None = None
    closed_at: datetime | None = None
    told_late: bool = False
    rated: bool = False
    """The resident has said whether it helped, since it was closed."""
    lines: tuple[Line, ...] = ()
    written: int = 0
    """How many lines there ever were: the number of the next one."""
    is_test: bool = False

    @property
    def code(self) -> str:
        """Give the name under which both sides speak of it: `KJ-0042`."""
        return case_code(self.town, self.number)

    @property
    def talking(self) -> bool:
        """Tell whether what the resident writes goes to a person."""
        return self.stage in TALKING

    @property
    def running(self) -> bool:
        """Tell whether staff know of it and it has not ended."""
        return self.stage is CaseStage.OPEN or self.talking

    @property
    def places(self) -> tuple[str, ...]:
        """Name the desks where it is followed: the one that has it, else all that know of it."""
        return (self.desk,) if self.desk else self.desks[: self.opened]

    def with_line(self, line: Line) -> "Case":
        """Add a line."""
        return replace(self, lines=(*self.lines, line)[-MAX_LINES:], written=self.written + 1)

    def with_changed(self, line: Line) -> "Case":
        """Put a line in the place of the one with its number."""
        return replace(self, lines=tuple(line if old.n == line.n else old for old in self.lines))


def _closed(resident: str, desk: str) -> Rule:
    return Rule(CaseStage.CLOSED, Owner.NOBODY, ClockName.REOPENING, resident, desk)


S: TypeAlias = CaseStage
M: TypeAlias = Move
Moves: TypeAlias = Mapping[tuple[CaseStage, Move], Rule]
MOVES: Final[Moves] = {
    (S.OFFERED, M.AGREE): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_SENT),
    (S.OFFERED, M.REFUSE): Rule(S.DECLINED, Owner.NOBODY, None, texts.CASE_DECLINED),
    (S.OFFERED, M.LATE): Rule(S.EXPIRED, Owner.NOBODY, None, texts.CASE_EXPIRED),
    (S.OFFERED, M.LEAVE): Rule(S.CANCELLED, Owner.NOBODY),
    # --- nobody has it yet
    (S.OPEN, M.WRITE): Rule(S.OPEN, Owner.DESK, None, texts.CASE_ADDED, keeps=True),
    (S.OPEN, M.CLAIM): Rule(S.CLAIMED, Owner.DESK, ClockName.ANSWER, texts.CASE_CLAIMED, texts.DESK_CLAIMED),
    (S.OPEN, M.REPLY): Rule(S.WAITING, Owner.RESIDENT, ClockName.RESIDENT),
    (S.OPEN, M.TRANSFER): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_TRANSFERRED, texts.DESK_TRANSFERRED),
    (S.OPEN, M.FINISH): _closed(texts.CASE_CLOSED, texts.DESK_CLOSED),
    (S.OPEN, M.CANCEL): Rule(S.CANCELLED, Owner.NOBODY, None, texts.CASE_CANCELLED, texts.DESK_CANCELLED),
    (S.OPEN, M.LATE): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_PASSED_ON, texts.DESK_NOT_CLAIMED),
    (S.OPEN, M.LOSE_DESK): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_PASSED_ON, texts.DESK_NOT_CLAIMED),
    (S.OPEN, M.LEAVE): Rule(S.CANCELLED, Owner.NOBODY, None, "", texts.DESK_LEFT),
    # --- staff's turn
    (S.CLAIMED, M.WRITE): Rule(S.CLAIMED, Owner.DESK, None, keeps=True),
    (S.CLAIMED, M.CLAIM): Rule(S.CLAIMED, Owner.DESK, ClockName.ANSWER, "", texts.DESK_CLAIMED),
    (S.CLAIMED, M.REPLY): Rule(S.WAITING, Owner.RESIDENT, ClockName.RESIDENT),
    (S.CLAIMED, M.TRANSFER): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_TRANSFERRED, texts.DESK_TRANSFERRED),
    (S.CLAIMED, M.FINISH): _closed(texts.CASE_CLOSED, texts.DESK_CLOSED),
    (S.CLAIMED, M.GO_BACK): _closed(texts.CASE_BACK, texts.DESK_BACK),
    (S.CLAIMED, M.CANCEL): _closed(texts.CASE_BACK, texts.DESK_BACK),
    (S.CLAIMED, M.LATE): Rule(S.CLAIMED, Owner.DESK, ClockName.ANSWER, texts.CASE_STILL_WAITING, texts.DESK_ANSWER_DUE),
    (S.CLAIMED, M.LOSE_DESK): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_PASSED_ON, texts.DESK_NOT_CLAIMED),
    (S.CLAIMED, M.LEAVE): Rule(S.CANCELLED, Owner.NOBODY, None, "", texts.DESK_LEFT),
    # --- the resident's turn
    (S.WAITING, M.WRITE): Rule(S.CLAIMED, Owner.DESK, ClockName.ANSWER),
    (S.WAITING, M.CLAIM): Rule(S.WAITING, Owner.RESIDENT, None, "", texts.DESK_CLAIMED, keeps=True),
    (S.WAITING, M.REPLY): Rule(S.WAITING, Owner.RESIDENT, ClockName.RESIDENT),
    (S.WAITING, M.TRANSFER): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_TRANSFERRED, texts.DESK_TRANSFERRED),
    (S.WAITING, M.FINISH): _closed(texts.CASE_CLOSED, texts.DESK_CLOSED),
    (S.WAITING, M.GO_BACK): _closed(texts.CASE_BACK, texts.DESK_BACK),
    (S.WAITING, M.CANCEL): _closed(texts.CASE_BACK, texts.DESK_BACK),
    (S.WAITING, M.LATE): _closed(texts.CASE_SILENT, texts.DESK_SILENT),
    (S.WAITING, M.LOSE_DESK): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_PASSED_ON, texts.DESK_NOT_CLAIMED),
    (S.WAITING, M.LEAVE): Rule(S.CANCELLED, Owner.NOBODY, None, "", texts.DESK_LEFT),
    # --- ended, but either side may come back to it
    (S.CLOSED, M.REOPEN): Rule(S.OPEN, Owner.DESK, ClockName.CLAIM, texts.CASE_REOPENED, texts.DESK_REOPENED),
    (S.CLOSED, M.REPLY): Rule(S.WAITING, Owner.RESIDENT, ClockName.RESIDENT, texts.CASE_REOPENED_BY_STAFF),
    (S.CLOSED, M.LATE): Rule(S.CLOSED, Owner.NOBODY),
    (S.CLOSED, M.LEAVE): Rule(S.CLOSED, Owner.NOBODY),
}  # fmt: skip
"""State and move to what follows; a move that a state does not name is not possible in it."""


def case_code(town: str, number: int) -> str:
    """Name a case: the initials of the municipality, or its first two letters, and the number."""
    words = [word for word in town.split("-") if word]
    letters = "".join(word[0] for word in words) if len(words) > 1 else town[:2]
    return f"{letters.upper()}-{number:04}"


# --- as it is kept ----------------------------------------------------------------------------------------------------

_HINTS: Final = {kind: get_type_hints(kind) for kind in (Case, Clock, Line, File)}


def to_json(case: Case) -> dict[str, object]:
    """Write a case as it is kept; moments as ISO 8601."""
    return asdict(case, dict_factory=_written)


def from_json(row: Mapping[str, Any]) -> Case:
    """Read a case back; what this version does not know is left out. Errors: KeyError, TypeError, ValueError for no case."""
    known = _read(Case, row)
    clock = row.get("clock")
    return Case(**known | {
        "stage": CaseStage(row["stage"]),
        "desks": _names(row["desks"]),
        "threads": _names(row.get("threads", [])),
        "facts": _names(row.get("facts", [])),
        "clock": Clock(**_read(Clock, clock) | {"name": ClockName(clock["name"])}) if clock else None,
        "lines": tuple(map(_line, row.get("lines", ()))),
    })  # fmt: skip


def _line(row: Mapping[str, Any]) -> Line:
    read = _read(Line, row)
    file = row.get("file")
    return Line(**read | {"who": Who(row["who"]), "file": File(**_read(File, file)) if file else None})


def _written(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in pairs}


def _read(kind: type[Case | Clock | Line | File], row: Mapping[str, Any]) -> dict[str, Any]:
    """Read the plain values of a kind. Errors: TypeError, ValueError for what is none of its."""
    if not isinstance(row, Mapping):
        raise TypeError(f"{row!r} is no {kind.__name__}")
    return {item.name: _plain(row[item.name], _HINTS[kind][item.name]) for item in fields(kind) if item.name in row}


def _plain(value: object, hint: object) -> object:
    if hint is datetime or (hint == datetime | None and value is not None):
        moment = datetime.fromisoformat(str(value))
        if moment.utcoffset() is None:
            raise ValueError(f"{value!r} has no zone")
        return moment
    if hint in (str, int, bool) and type(value) is not hint:
        raise TypeError(f"{value!r} is no {hint}")
    return value


def _names(found: object) -> tuple[str, ...]:
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) for name in found):
        raise TypeError(f"{found!r} are no names")
    return tuple(found)


WAITS: Final[Mapping[ClockName, timedelta]] = {
    ClockName.CONSENT: timedelta(hours=24),
    ClockName.RESIDENT: timedelta(days=7),
    ClockName.REOPENING: timedelta(days=14),
}
"""How long what does not depend on anybody's office hours may take."""
