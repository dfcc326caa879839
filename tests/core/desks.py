"""The small World with desks, and short ways to let a case happen: the resident asks, staff answer, clocks ring."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from bot.core.cases import Case, CaseStage
from bot.core.conversation import handle
from bot.core.effects import Do, Notify, Say, Step, Tell
from bot.core.events import Event, NotDelivered, Rang, Said, StaffChose, StaffSaid
from bot.core.state import Conversation, Stage
from bot.core.world import Desk, Desks, Route, World
from bot.search.confidence import Decision
from tests.core.small import NOW, banded, chose, sentences

A: Final = "narva/telegram"
B: Final = "narva/matrix"
C: Final = "johvi/telegram"
EDITORS: Final = "editors/matrix"
QUESTION: Final = "school for my son"
STAFF: Final = "telegram:123"
"""What no resident ever reads."""
NARVA: Final = Conversation(lang="en", stage=Stage.TALK, town="narva", number=42, channel="matrix")


@cache
def desked(*, named: bool = False, mails: bool = False, editors: bool = True) -> World:
    """Give a World in which Narva has two desks, Jõhvi one, and Sillamäe none; every question is answered."""
    groups = {"narva": (Desk(name=A, lang="et"), Desk(name=B, lang="ru")), "johvi": (Desk(name=C, lang="et"),)}
    groups |= {"editors": (Desk(name=EDITORS, lang="et"),)} if editors else {}
    desks = Desks(groups=groups, named=frozenset({"narva"}) if named else frozenset(), mails=mails)
    return replace(banded(Decision.ANSWER), desks=desks)


def routed(*routes: Route, **groups: str) -> World:
    """Give a World in which Narva's cases go elsewhere by these routes; `groups`: a further desk for each name."""
    world = desked()
    more = {name: (Desk(name=desk, lang="en"),) for name, desk in groups.items()}
    return replace(world, desks=replace(world.desks, groups={**world.desks.groups, **more}, routes={"narva": routes}))


def run(events: Sequence[Event | str], state: Conversation = NARVA, world: World | None = None, at: datetime = NOW) -> Step:
    """Let things happen one after another and give the last step; a text with a colon is an option, any other a message."""
    step = Step(state)
    for event in events:
        if isinstance(event, str):
            is_option = event.partition(":")[0] in ("case", "topic", "town", "forget") and ":" in event
            event = replace(chose(event), at=at) if is_option else Said(at=at, text=event, message=event)
        step = handle(event, replace(step.state, number=state.number, channel=state.channel), world or desked())
    return step


def wrote(text: str, desk: str = A, *, at: datetime = NOW, name: str = "Mari", message: str = "", edited: bool = False,
          quoted: str = "") -> StaffSaid:  # fmt: skip
    """Make what a member of staff writes in the thread of the case."""
    return StaffSaid(at=at, text=text, desk=desk, staff=STAFF, name=name, message=message or text, edited=edited, quoted=quoted)


def pressed(option: str, desk: str = A) -> StaffChose:
    """Make the choice of an option at a desk."""
    return StaffChose(at=NOW, option=option, desk=desk, staff=STAFF, name="Mari")


def lost(desk: str) -> NotDelivered:
    """Make the loss of a desk."""
    return NotDelivered(at=NOW, desk=desk, why="Gone")


def rings(state: Conversation) -> Rang:
    """Make the ring of the clock that runs, at its time."""
    clock = case_of(state).clock
    assert clock is not None
    return Rang(at=clock.due, clock=clock.n)


OFFERED: Final = (QUESTION, "case:ask")
OPEN: Final = (*OFFERED, "case:send")


def open_case(state: Conversation = NARVA, world: World | None = None) -> Conversation:
    """Give a conversation whose question was sent to the desks."""
    return run(OPEN, state, world).state


def claimed(state: Conversation = NARVA, world: World | None = None) -> Conversation:
    """Give a conversation whose case somebody at desk A has."""
    return run([wrote("/claim")], open_case(state, world), world).state


def waiting(state: Conversation = NARVA, world: World | None = None) -> Conversation:
    """Give a conversation in which staff wait for the resident."""
    return run([wrote("Good morning")], open_case(state, world), world).state


def closed(state: Conversation = NARVA, world: World | None = None) -> Conversation:
    """Give a conversation whose case staff have closed."""
    return run([wrote("/close")], waiting(state, world), world).state


def at_stage(stage: CaseStage) -> Conversation:
    """Give a conversation whose case stands there."""
    return {
        CaseStage.OFFERED: lambda: run(OFFERED).state,
        CaseStage.OPEN: open_case,
        CaseStage.CLAIMED: claimed,
        CaseStage.WAITING: waiting,
        CaseStage.CLOSED: closed,
    }[stage]()


def case_of(state: Conversation) -> Case:
    """Give the case that there is."""
    assert state.case is not None
    return state.case


def tells(step: Step, desk: str = "") -> tuple[Tell, ...]:
    """Give what a step tells desks, or one of them."""
    return tuple(effect for effect in step.effects if isinstance(effect, Tell) and desk in ("", effect.desk))


def done_at(step: Step, desk: str) -> tuple[Do, ...]:
    """Give what a step does at a desk."""
    return tuple(tell.do for tell in tells(step, desk))


def told_at(step: Step, desk: str) -> tuple[str, ...]:
    """Give the ids of the sentences that a desk is told."""
    as_say = (Say(lang="et", marks=tell.marks) for tell in tells(step, desk))
    return tuple(id for say in as_say for id in sentences(say))


def notices(step: Step) -> tuple[Notify, ...]:
    """Give the mails of a step."""
    return tuple(effect for effect in step.effects if isinstance(effect, Notify))


def later(**time: float) -> datetime:
    """Give a moment after the beginning."""
    return NOW + timedelta(**time)
