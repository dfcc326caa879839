"""What holds for every case, whatever resident, staff, clocks and lost desks do, in whatever order."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.cases import ENDED, CaseStage
from bot.core.conversation import handle
from bot.core.effects import Do, Forget, Notify, Say, Step, Tell
from bot.core.events import (
    Chose,
    Event,
    Left,
    NotDelivered,
    Opened,
    Rang,
    Said,
    SentFile,
    StaffChose,
    StaffEvent,
    StaffSaid,
    StaffSentFile,
    StaffWithdrew,
    Withdrew,
)
from bot.core.state import Conversation, Stage, from_json, to_json
from bot.core.texts import TOO_LONG, Text
from bot.core.world import World
from bot.render.speak import speak, speak_at_desk
from tests.core.desks import STAFF, A, B, C, desked, routed
from tests.core.small import NOW, ids, sentences
from tests.worlds import catalogs

pytestmark = pytest.mark.untraced

RULES: Final = settings(derandomize=True, deadline=None, max_examples=150)
SECRET: Final = "kanarbik"
"""A word of every note, which no resident may read."""
PDF: Final = {"media_type": st.just("application/pdf"), "size": st.just(10), "ref": st.just("r"), "kind": st.just("file")}
RESIDENT: Final = (
    "school", "library", "hello", "1", "yes", "kill myself", "/menu", "/bot", "/case", "/cancel", "/person", "/group",
    "/language ru", "/forget", "call +372 5555 5555", "a@example.ee", "", "?", "x" * 5000, "my code is [🆔]", "Narva",
)  # fmt: skip
CHOSEN: Final = (
    "case:ask", "case:send", "case:question", "case:no", "case:group", "case:contact", "case:add", "case:back", "case:cancel",
    "case:reopen", "case:good", "case:bad", "case:status", "forget:yes", "town:johvi", "town:narva", "town:sillamae", "menu",
    "case:", "case:42", "topic:municipal-contact", "mydata",
)  # fmt: skip
STAFF_WORDS: Final = (
    "Good morning", "see you", "/claim", "/close", f"/note {SECRET}", f"!заметка: {SECRET}", f"@bot /märkus {SECRET}", "/send",
    "/send school", "/send s", "/send zzz", "/transfer", f"/transfer {B}", "/transfer johvi", "/wrong it is", "/help", "/nope",
    f"/notee {SECRET}", "",
)  # fmt: skip
STAFF_CHOSEN: Final = (
    "case:claim",
    "case:close",
    "case:transfer",
    f"case:transfer:{C}",
    "topic:school",
    "topic:x",
    "case:good",
    "",
)
DESKS: Final = st.sampled_from((A, B, C))
MESSAGES: Final = st.sampled_from(("", "m1", "m2", "m3"))


@dataclass(frozen=True, slots=True)
class Ring:
    """The clock that runs, or one that ran before, rings."""

    old: bool = False


def staff(what: type[StaffEvent], **more: st.SearchStrategy[object]) -> st.SearchStrategy[Event]:
    """Make what staff do at one of the desks."""
    return st.builds(what, at=st.just(NOW), desk=DESKS, staff=st.just(STAFF), **more)


HAPPENS: Final = st.one_of(
    st.builds(Said, at=st.just(NOW), text=st.sampled_from(RESIDENT), message=MESSAGES, edited=st.booleans()),
    st.builds(Chose, at=st.just(NOW), option=st.sampled_from(CHOSEN)),
    st.builds(Chose, at=st.just(NOW), option=st.sampled_from(CHOSEN[:3])),
    st.builds(SentFile, at=st.just(NOW), text=st.sampled_from(("", "look")), message=MESSAGES, **PDF),
    st.builds(SentFile, at=st.just(NOW), kind=st.just("voice"), text=st.sampled_from(("", "look"))),
    st.builds(Withdrew, at=st.just(NOW), message=MESSAGES),
    st.sampled_from((Left(at=NOW), Opened(at=NOW), Ring(), Ring(), Ring(old=True))),
    staff(StaffSaid, text=st.sampled_from(STAFF_WORDS), message=MESSAGES, edited=st.booleans(), quoted=st.just(SECRET)),
    staff(StaffSaid, text=st.sampled_from(STAFF_WORDS), message=MESSAGES),
    staff(StaffChose, option=st.sampled_from(STAFF_CHOSEN)),
    staff(StaffSentFile, text=st.sampled_from(("", "form", f"/note {SECRET}")), **PDF),
    staff(StaffWithdrew, message=MESSAGES),
    st.builds(NotDelivered, at=st.just(NOW), desk=DESKS),
)  # fmt: skip
NARVA: Final = Conversation(lang="en", stage=Stage.TALK, town="narva", channel="web", page=True)
EVENTS: Final = st.lists(HAPPENS, max_size=14)
BEGINS: Final = st.sampled_from((0, 2, 3, 4))
"""How far a case has come before: nothing, a card, a case, a case that somebody has."""
WORLDS: Final = {
    "two desks": desked(),
    "named": desked(named=True, mails=True, editors=False),
    "one desk": replace(desked(), desks=replace(desked().desks, groups={"narva": desked().desks.groups["narva"][:1]})),
    "elsewhere": routed(),
}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


@dataclass(slots=True)
class Life:
    """One conversation as it happens, as the engine keeps it between events."""

    world: World
    state: Conversation = NARVA
    now: datetime = NOW
    number: int = 42
    clocks: list[int] = field(default_factory=list)

    def step(self, what: Event | Ring) -> Step:
        """Let one thing happen, a while after the one before."""
        self.now += timedelta(seconds=50)
        case = self.state.case
        if isinstance(what, Ring):
            running = case.clock if case else None
            if running and not what.old:
                self.now = max(self.now, running.due)
            event: Event = Rang(at=self.now, clock=running.n - what.old if running else 1)
        else:
            event = replace(what, at=self.now)
        step = handle(event, replace(self.state, number=self.number), self.world)
        self.number += bool(step.state.case and step.state.case.number == self.number)
        kept = from_json(json.loads(json.dumps(to_json(step.state))))
        self.state = replace(kept, question=step.state.question, asked_at=step.state.asked_at, channel="web", page=True)
        return step


def begin(world: World, begins: int) -> Life:
    """Let a case come so far."""
    life = Life(world)
    events: tuple[Event, ...] = (
        Said(at=NOW, text="school", message="m0"),
        Chose(at=NOW, option="case:ask"),
        Chose(at=NOW, option="case:send"),
        StaffSaid(at=NOW, text="/claim", desk=A, staff=STAFF),
    )
    for event in events[:begins]:
        life.step(event)
    return life


def says(step: Step) -> list[Say]:
    """Give the messages to the resident."""
    return [effect for effect in step.effects if isinstance(effect, Say)]


def tells(step: Step) -> list[Tell]:
    """Give what desks are told."""
    return [effect for effect in step.effects if isinstance(effect, Tell)]


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_no_case_is_left_hanging(world: World, begins: int, events: list[Event | Ring]) -> None:
    """Whatever happens, a running case has somebody to see it and a clock that is still to ring; an ended one has not."""
    life = begin(world, begins)
    for event in events:
        life.step(event)
        case = life.state.case
        if case is None:
            continue
        if case.running:
            assert case.places
            assert set(case.places) <= set(case.threads)
            assert case.desk == "" if case.stage is CaseStage.OPEN else case.desk in case.desks
            assert case.number
            assert case.closed_at is None
        assert (case.clock is not None) == (case.running or case.stage in (CaseStage.OFFERED, CaseStage.CLOSED))
        assert case.clock is None or case.clock.due > life.now
        assert len(set(case.desks)) == len(case.desks)
        assert (case.closed_at is not None) == (case.stage in ENDED)


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_after_the_last_clock_nothing_waits(world: World, begins: int, events: list[Event | Ring]) -> None:
    """If nobody ever does anything more, a case that staff have answered ends, and any other goes on being brought up."""
    life = begin(world, begins)
    for event in events:
        life.step(event)
    for _ in range(6):
        before = life.state.case
        if before is None or before.clock is None:
            break
        step = life.step(Ring())
        assert tells(step) or says(step) or not before.running
    case = life.state.case
    assert case is None or case.stage in (CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.CANCELLED)


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_the_resident_is_told_of_every_change(world: World, begins: int, events: list[Event | Ring]) -> None:
    """Nobody else moves a case without a word to the resident; who moves it themselves is answered, unless by a message."""
    life = begin(world, begins)
    for event in events:
        before = life.state.case
        step = life.step(event)
        after = step.state.case
        if isinstance(event, Left) or before is None or (after and after.stage is before.stage):
            continue
        if before.stage in ENDED and after is None:
            continue
        answered = before.stage is CaseStage.WAITING and after is not None and after.stage is CaseStage.CLAIMED
        assert says(step) or (answered and isinstance(event, Said | SentFile))


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_no_message_is_lost(world: World, begins: int, events: list[Event | Ring]) -> None:
    """What a resident writes to a person gets to a desk, or they are told why it does not; so is staff in their thread."""
    life = begin(world, begins)
    for event in events:
        before = life.state.case
        step = life.step(event)
        if before is None or not before.running:
            continue
        if isinstance(event, Said | SentFile):
            told = {id for say in says(step) for id in sentences(say)}
            assert tells(step) or says(step)
            words = event.text.strip()
            is_message = words and not words.startswith("/") and words not in ("x" * 5000,)
            if before.talking and isinstance(event, Said) and is_message:
                assert tells(step) or TOO_LONG in told
        if isinstance(event, StaffSaid) and event.desk in before.threads and event.text:
            assert says(step) or tells(step)


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_a_resident_reads_nothing_of_colleagues(world: World, begins: int, events: list[Event | Ring]) -> None:
    """No note, no account, and no name of staff's where the municipality does not want it."""
    life = begin(world, begins)
    for event in events:
        step = life.step(event if not isinstance(event, StaffSaid) else replace(event, name="Mari"))
        for say in says(step):
            assert STAFF not in str(say)
            assert SECRET not in str(say)
            assert "Mari" not in str(say) or "narva" in world.desks.named
        for effect in step.effects:
            if isinstance(effect, Notify):
                assert SECRET not in str(effect)


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_clocks_never_come_again(world: World, begins: int, events: list[Event | Ring]) -> None:
    """Every clock that is set has a number that none had before, until the person is forgotten."""
    life = begin(world, begins)
    numbers: list[int] = []
    for event in events:
        old = life.state.case and life.state.case.clock
        step = life.step(event)
        new = step.state.case and step.state.case.clock
        if any(isinstance(effect, Forget) for effect in step.effects):
            numbers = []
        elif new and new != old:
            assert new.n not in numbers
            assert new.n == step.state.clocks
            numbers.append(new.n)


@every_world
@RULES
@given(begins=BEGINS, events=EVENTS)
def test_threads_open_before_anything_is_said_in_them(world: World, begins: int, events: list[Event | Ring]) -> None:
    """A desk gets a thread once and before all else; none is opened or closed twice, and those who follow have an open one."""
    life = begin(world, 0)
    open_now: dict[tuple[int, str], bool] = {}
    begun = ("school", "case:ask", "case:send")
    first: list[Event | Ring] = [Said(at=NOW, text="school"), *(Chose(at=NOW, option=one) for one in begun[1:])]
    for event in (*first[:begins], *events):
        step = life.step(event)
        if isinstance(event, NotDelivered):
            open_now = {key: is_open for key, is_open in open_now.items() if key[1] != event.desk}
        for tell in tells(step):
            key = (tell.case, tell.desk)
            if tell.do is Do.OPEN:
                assert key not in open_now
                open_now[key] = True
            elif tell.do is Do.REOPEN:
                assert open_now[key] is False
                open_now[key] = True
            elif tell.do is Do.CLOSE:
                assert open_now[key] is True
                open_now[key] = False
        case = step.state.case
        if case and case.running:
            assert all(open_now[case.number, desk] for desk in case.places)


@every_world
@settings(RULES, max_examples=60)
@given(begins=BEGINS, events=EVENTS)
def test_everything_can_be_put_into_words(world: World, begins: int, events: list[Event | Ring]) -> None:
    """Each message and each thing told at a desk has its sentences in the catalogs, and words to show."""
    life = begin(world, begins)
    for event in events:
        step = life.step(event)
        for message in speak(says(step), world, catalogs(), NOW):
            assert message.parts
        for tell in tells(step):
            assert speak_at_desk(tell, world, catalogs(), NOW).parts or tell.do in (Do.CLOSE, Do.REOPEN)
        for say in says(step):
            assert len(set(ids(say.choices))) == len(say.choices)
            assert any(isinstance(mark, Text) for mark in say.marks) or say.choices
