"""What is remembered of a conversation between two of its rows, as the database gives it back.

Knows which columns that is. Knows nothing of what stands in a state, nor of the queue.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Row, bindparam, update

from bot.ports import Outcome, Turn
from bot.ports import Row as State
from bot.store.tables import conversation

REMEMBER = (
    update(conversation)
    .where(conversation.c.id == bindparam("conversation"))
    .values(
        state=bindparam("outcome"),
        question=bindparam("last_question"),
        asked_at=bindparam("was_asked_at"),
        keeps_contacts=bindparam("contacts"),
        updated_at=bindparam("now"),
    )
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What the next row of a conversation finds, the same whether or not it falls into the same step."""

    state: State | None = None
    question: str = ""
    asked_at: datetime | None = None

    @classmethod
    def before(cls, turn: Turn) -> Self:
        """Return what a turn found."""
        return cls(turn.state, turn.question, turn.asked_at)

    @classmethod
    def after(cls, outcome: Outcome) -> Self:
        """Return what an outcome leaves; JSON makes a list of a tuple, so it goes through that."""
        if outcome.state is None:
            return cls()
        asked_at = outcome.asked_at and outcome.asked_at.astimezone(UTC)
        return cls(json.loads(json.dumps(outcome.state)), outcome.question, asked_at)


def turn_of(row: Row[Any], memory: Memory, number: int, cases: Callable[[], Sequence[State]]) -> Turn:
    """Return the turn of a waiting row; `number` is the next case's, `cases` looks up those of the conversation."""
    return Turn(
        inbox_id=row.id,
        source=row.source,
        ext_id=row.ext_id,
        channel=row.channel,
        conversation=row.conversation_id,
        state=memory.state,
        body=row.body,
        at=row.at,
        question=memory.question,
        asked_at=memory.asked_at,
        number=number,
        cases=cases,
    )


def columns(turn: Turn, outcome: Outcome, memory: Memory, now: datetime) -> dict[str, object]:
    """Return what REMEMBER binds."""
    return {
        "conversation": turn.conversation,
        "outcome": memory.state,
        "last_question": memory.question or None,
        "was_asked_at": memory.asked_at,
        "contacts": outcome.keeps_contacts and outcome.state is not None,
        "now": now,
    }
