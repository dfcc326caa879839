"""What does not come from residents or staff: a test case of the operator's, and reports to whoever keeps this bot.

Knows the groups of desks that are no municipality's; not who sends a report, nor why.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.core.case_texts import REPORT_DEAD, REPORT_DUE, REPORT_FILES, REPORT_SELF_CHECK, REPORT_SELF_CHECK_WELL
from bot.core.cases import Case, CaseStage, Move
from bot.core.casework import move
from bot.core.effects import Do, Step, Tell
from bot.core.events import Reported, Tried
from bot.core.state import Conversation
from bot.core.texts import Mark, Text, Words
from bot.core.world import World

REPORTS: Final[Mapping[str, str]] = {
    "files": REPORT_FILES,
    "due": REPORT_DUE,
    "dead": REPORT_DEAD,
    "self-check": REPORT_SELF_CHECK,
    "self-check-well": REPORT_SELF_CHECK_WELL,
}
"""Knowledge files that cannot be served, knowledge that is out of date, messages that were given up, questions that are not
answered though their answer is known, and that they are again."""


def try_desks(event: Tried, state: Conversation, world: World) -> Step:
    """Open a test case at every desk of a municipality at once."""
    desks = tuple(desk.name for desk in world.desks.groups.get(event.town, ()))
    if not desks:
        return Step(state)
    offered = Case(stage=CaseStage.OFFERED, lang=world.languages[0], town=event.town, desks=desks, is_test=True)

    def opened(case: Case) -> Case:
        return replace(case, number=state.number, question="–", agreed_at=event.at, opened=len(desks))

    return move(Move.AGREE, replace(state, case=offered), event.at, world, change=opened) or Step(state)


def report(event: Reported, state: Conversation, world: World) -> Step:
    """Tell the first desk of those who can mend it."""
    desks = world.desks.groups.get(event.to, ())[:1]
    details: tuple[Mark, ...] = (Words(event.detail),) if event.detail else ()
    marks = (Text(REPORTS.get(event.what, REPORT_DEAD)), *details)
    return Step(state, tuple(Tell(do=Do.SAY, desk=desk.name, lang=desk.lang, marks=marks) for desk in desks))
