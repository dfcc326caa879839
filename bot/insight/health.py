"""What is known of this process at a moment, and whether it can do its work.

Knows the parts by name and what each of them means for residents; not how any of it was found out, nor who asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.insight.selfcheck import EVERY, Checked
from bot.ports import DESKS, JSON, Retention, Status

STALE: Final = timedelta(seconds=3 * EVERY)
"""After so long the last self-check says nothing any more: it hangs."""
ENDED: Final = "ended"
"""What the state of a channel begins with that is not served any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found. `status` is None if the database cannot be used; `channels` says how each of them, and the desks, fare."""

    at: datetime
    status: Status | None
    channels: Mapping[str, str] = field(default_factory=dict)
    leading: bool = False
    knowledge_errors: int = 0
    checked: Checked | None = None
    keep: Retention = field(default_factory=Retention)


def answered(look: Look) -> Mapping[str, bool]:
    """Tell for each language whether a question whose answer is known gets it; nothing before the first check."""
    checked = look.checked
    if checked is None:
        return {}
    fresh = look.at - checked.at < STALE
    return {lang: fresh and lang not in checked.wrong for lang in checked.languages}


def parts(look: Look) -> Mapping[str, Mapping[str, JSON]]:
    """Describe each part: `ok`, and what an operator wants to know besides."""
    languages, dead = answered(look), look.status.dead if look.status else None
    checked_at = look.checked.at.isoformat(timespec="seconds") if look.checked else None
    return {
        "database": {"ok": look.status is not None},
        "knowledge": {"ok": not look.knowledge_errors, "errors": look.knowledge_errors},
        "self-check": {"ok": bool(languages) and all(languages.values()), "languages": languages, "at": checked_at},
        "dead letters": {"ok": dead == 0, "count": dead},
        **{name: {"ok": not state.startswith(ENDED), "state": state} for name, state in look.channels.items()},
    }


def is_ready(look: Look) -> bool:
    """Tell whether anybody can be helped: the database, some channel and some language.

    What else is broken is shown, but is no reason to send people away.
    """
    served = any(not state.startswith(ENDED) for name, state in look.channels.items() if name != DESKS)
    return look.status is not None and served and any(answered(look).values())
