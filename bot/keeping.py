"""What a case leaves in the store: the timer of the clock that runs, and the record that outlives the conversation.

Knows how a case before and after an event differ; not what led from one to the other.
"""

from typing import cast

from bot.core import cases
from bot.core.cases import Case
from bot.core.events import Rang, to_json
from bot.ports import CaseRecord, Row, Timer


def clocks(conversation: str, before: Case | None, after: Case | None) -> tuple[tuple[Timer, ...], tuple[str, ...]]:
    """Give the timer to set and the key of the one to take back, if the clock has changed."""
    old, new = before.clock if before else None, after.clock if after else None
    if old == new:
        return (), ()
    cancel = (_key(conversation, old.n),) if old else ()
    if new is None:
        return (), cancel
    body = to_json(Rang(at=new.due, clock=new.n))
    return (Timer(key=_key(conversation, new.n), due_at=new.due, body=body),), cancel


def case_record(before: Case | None, after: Case | None) -> CaseRecord | None:
    """Give what is to be kept of a case, if it was sent to somebody and has changed."""
    if after is None or not after.number or after == before:
        return None
    return CaseRecord(
        number=after.number,
        town=after.town,
        body=cast(Row, cases.to_json(after)),
        opens=before is None or before.number != after.number,
        closed_at=after.closed_at,
    )


def _key(conversation: str, clock: int) -> str:
    return f"{conversation} clock {clock}"
