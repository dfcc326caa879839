"""Deciding target groups for scripts and on the terminal: `teejuht groups`."""

from collections.abc import Mapping
from datetime import date

from rich.table import Table

from bot.core.world import Inquiry
from bot.groups.facts import Answers
from bot.groups.status import status

Decided = Mapping[str, Mapping[str, Mapping[str, object]]]


def decide_groups(inquiry: Inquiry, answers: Answers, day: date) -> Decided:
    """Give each programme's groups with their status and because of which facts; of a possible one, which facts are missing."""
    decided = {}
    for id, programme in inquiry.programmes.items():
        interview = inquiry.interview((id,), day)
        decided[id] = {
            group.id: {"status": status(group, answers, day).value, "because": list(interview.because(group, answers))}
            for group in programme.groups
        }
    return decided


def groups_table(decided: Decided) -> Table:
    """Lay it out for people."""
    table = Table("programme", "group", "status", "because of")
    for programme, groups in decided.items():
        for group, found in groups.items():
            because = found["because"]
            table.add_row(programme, group, str(found["status"]), ", ".join(because) if isinstance(because, list) else "")
    return table
