"""Staff's side of a case: whose thread it is, and whether what was written there is a command or meant for the resident.

A plain message in a case's thread goes to the resident as it was written; a command never does. Knows nothing of platforms.
"""

import re
from dataclasses import replace
from typing import Final, assert_never

from bot.core.calendar import estonian_day
from bot.core.case_texts import (
    DESK_COMMANDS,
    DESK_GENERAL,
    DESK_NO_CASE,
    DESK_TAKEN_ELSEWHERE,
    DESK_UNKNOWN_COMMAND,
    DESK_WRONG_STATE,
)
from bot.core.cases import Case, Who, case_code
from bot.core.effects import Do, Step, Tell
from bot.core.events import StaffChose, StaffEvent, StaffSaid, StaffSentFile, StaffWithdrew
from bot.core.relay import line_of
from bot.core.staff_commands import RUN, send_topic
from bot.core.staff_replies import edited, reply, sent_file, tell, withdrew
from bot.core.staff_words import COMMANDS
from bot.core.state import Conversation
from bot.core.texts import Text
from bot.core.world import World

_COMMAND: Final = re.compile(r"\s*(?:@[\w.:-]+[\s,:]+)?[/!]\s*(\w+)(?:@[\w.-]+)?[\s:.,;–—-]*(.*)", re.DOTALL)
"""A slip after the sign or the word must not bring to the resident what was meant for colleagues."""


def handle_staff(event: StaffEvent, state: Conversation, world: World) -> Step:
    """Do what a member of staff wants; where there is no case, say how things are done here."""
    case = state.case
    if case is None or not case.number:
        return _ended(event, state, world) or _general(event, state, world)
    if event.desk not in case.desks[: case.opened]:
        taken = Text(DESK_TAKEN_ELSEWHERE, {"code": case.code})
        return Step(state, () if isinstance(event, StaffWithdrew) else (tell(event, case, world, taken),))
    match event:
        case StaffSaid():
            return _said(event, case, state, world)
        case StaffChose():
            return _chose(event, case, state, world)
        case StaffSentFile():
            return _sent_file(event, case, state, world)
        case StaffWithdrew():
            return withdrew(event, case, state)
        case _:
            assert_never(event)


def _said(event: StaffSaid, case: Case, state: Conversation, world: World) -> Step:
    line = line_of(event.message, case, Who.STAFF, Who.NOTE) if event.edited else None
    command = _COMMAND.fullmatch(event.text)
    if command is None:
        return edited(event, line, case, state, world) if line else reply(event, case, state, world)
    name = COMMANDS.get(command[1].lower())
    if name is None:
        unknown = Text(DESK_UNKNOWN_COMMAND, {"command": f"/{command[1]}"})
        return Step(state, (tell(event, case, world, unknown, Text(DESK_COMMANDS)),))
    argument = command[2].strip()
    if name == "note" and argument and line and line.who is Who.NOTE:
        return edited(replace(event, text=argument), line, case, state, world)
    return RUN[name](event, argument, case, state, world)


def _chose(event: StaffChose, case: Case, state: Conversation, world: World) -> Step:
    """Follow a button of the desk: the commands that need no words, the choice of a topic, of another desk."""
    kind, _, argument = event.option.partition(":")
    name, _, value = argument.partition(":")
    if kind == "topic":
        return send_topic(event, argument, case, state, world)
    if kind == "case" and name in RUN:
        return RUN[name](event, value, case, state, world)
    return Step(state)


def _sent_file(event: StaffSentFile, case: Case, state: Conversation, world: World) -> Step:
    """Bring a file to the resident; one with a command below it stays with colleagues."""
    if not _COMMAND.fullmatch(event.text):
        return sent_file(event, case, state, world)
    written = StaffSaid(at=event.at, text=event.text, desk=event.desk, staff=event.staff, name=event.name, message=event.message)
    return _said(written, case, state, world)


# --- where there is no case -------------------------------------------------------------------------------------------


def _ended(event: StaffEvent, state: Conversation, world: World) -> Step | None:
    """Say in the thread of a case that is not gone on with any more that nothing written there reaches anybody."""
    *_, record = ({}, *state.earlier())
    number = record.get("number")
    if not isinstance(number, int):
        return None
    if isinstance(event, StaffWithdrew):
        return Step(state)
    lang = world.desks.lang(event.desk, world.languages[0])
    ended = Text(DESK_WRONG_STATE, {"code": case_code(str(record.get("town")), number)})
    return Step(state, (Tell(do=Do.POST, desk=event.desk, lang=lang, case=number, marks=(ended,)),))


def _general(event: StaffEvent, state: Conversation, world: World) -> Step:
    """Say in a desk's general room how cases are answered: when asked, and else once a day."""
    lang = world.desks.lang(event.desk, world.languages[0])
    if isinstance(event, StaffChose) or (isinstance(event, StaffSaid) and event.in_thread):
        return Step(state, (Tell(do=Do.SAY, desk=event.desk, lang=lang, marks=(Text(DESK_NO_CASE),)),))
    day = estonian_day(event.at).isoformat()
    asked = isinstance(event, StaffSaid) and bool(_COMMAND.fullmatch(event.text))
    if not isinstance(event, StaffSaid) or event.edited or (state.told_day == day and not asked):
        return Step(state)
    told = Tell(do=Do.SAY, desk=event.desk, lang=lang, marks=(Text(DESK_GENERAL), Text(DESK_COMMANDS)))
    return Step(replace(state, told_day=day), (told,))
