"""One event: load state, core.handle, save state and effects in one transaction, deliver.

Knows the order of these steps and what to do when one fails; not what is said, nor how a database or a platform works.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

import structlog

from bot.core import events, state
from bot.core.answer import MENU_CHOICE, PERSON_CHOICE
from bot.core.case_texts import CORRECTED
from bot.core.casework import at_desk
from bot.core.conversation import handle
from bot.core.effects import Count, Did, Do, Forget, Heard, Notify, Say, Step, Tell
from bot.core.language import default_language
from bot.core.masking import mask
from bot.core.texts import APOLOGY, Text
from bot.core.world import World
from bot.delivery import ToDesks
from bot.front import Front, end
from bot.i18n import Catalogs
from bot.keeping import case_record, clocks
from bot.limits import Limits
from bot.loops import Bell, keep_going
from bot.ports import (
    DESKS,
    Arrival,
    Channel,
    Deed,
    DeskWork,
    Message,
    Outcome,
    Post,
    Retention,
    Row,
    Settled,
    Store,
    Tally,
    Turn,
    deskwork_to_json,
    message_to_json,
)
from bot.render.speak import speak, speak_at_desk
from bot.upkeep import Upkeep

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
STAFF_SAID = events.NAMES[events.StaffSaid]
WRITTEN = ("text", "payload", "quoted")
"""Fields of an event that hold a person's own words."""
NEW, SAID = "new", "said"
"""What processes tell each other: something came in, something waits to be shown."""
TRIES = 3
"""Steps after which the store gives an arrival up that cannot be handled."""

Watch = Callable[[Turn, Step], None]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def _nobody(_channel: str, _end: Settled) -> None:
    """Tell nobody."""


class Engine:
    """Runs the loops between channels, store and core.

    `said` rings when messages wait to be sent or pulled; `watch` is told of every step, for counting and for `teejuht ask`.
    `desks` does what is to be done where staff are; without it that waits. `settled` is told how each try to deliver ended.
    `limits` says how much may come in at once; by default everything may.
    """

    def __init__(
        self,
        *,
        store: Store,
        world: Callable[[], World],
        catalogs: Catalogs,
        channels: Sequence[Channel] = (),
        clock: Clock = utc_now,
        keep: Retention | None = None,
        watch: Watch | None = None,
        said: Bell | None = None,
        desks: ToDesks | None = None,
        settled: Callable[[str, Settled], None] = _nobody,
        limits: Limits | None = None,
    ) -> None:
        self.store = store
        self._new = Bell()
        self._said = said or Bell()
        self._world = world
        self._catalogs = catalogs
        self._channels = tuple(channels)
        self._pages = frozenset(channel.name for channel in channels if channel.ability.pulled)
        self._spoken = frozenset(channel.name for channel in channels if not channel.ability.pulled)
        self._amending = frozenset(channel.name for channel in channels if channel.ability.amends)
        self._desks = desks
        self._clock = clock
        self._keep = keep or Retention()
        self._watch = watch
        self._limits = limits or Limits()
        self._elsewhere = False
        """Whether something was said where another process may have to show it: on a page, or on a channel that we lack."""
        self.front = Front(
            store=store, channels=self._channels, desks=desks, clock=clock,
            said=self._said, ingest=self.ingest, settled=settled,
        )  # fmt: skip

    @property
    def leading(self) -> bool:
        """Whether this process speaks to the outside now."""
        return self.front.leading

    @property
    def parts(self) -> Mapping[str, str]:
        """How each channel fares: served, stands by, or ended and why."""
        return self.front.parts

    async def ingest(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
        """Keep arrivals without personal numbers, and the cursor (source, token), then wake the step loop.

        What is too much from one person is not kept. Errors: TooBusy for pages if too much comes in altogether.
        """
        arrivals = self._limits.admit(arrivals, self._clock(), self._world())
        if wait := self._limits.wait(arrivals, self._clock(), self._pages):
            await asyncio.sleep(wait)
        public = self._world().public
        if await self.store.ingest([_masked(arrival, public) for arrival in arrivals], cursor=cursor):
            self._new.ring()

    async def run(self) -> None:
        """Serve every channel until cancelled, or until all channels have ended by themselves.

        Of the processes on a database one speaks to the outside; the others stand by, compute, and serve pages. A channel that
        only the operator can mend is left out, and what waits for it is kept. Errors: what a channel raised because it cannot be
        served; ChannelError only if that leaves no channel.
        """
        upkeep = Upkeep(store=self.store, clock=self._clock, keep=self._keep, report=self.report)
        try:
            async with asyncio.TaskGroup() as group:
                loops = [group.create_task(keep_going(loop)) for loop in (self._steps, self._timers, upkeep.run, self._wire)]
                served = [group.create_task(self.front.serve(channel)) for channel in self._channels if channel.ability.pulled]
                if self.front.spoken:
                    served.append(group.create_task(self.front.lead(self._finish)))
                elif self._desks:  # desks alone keep nobody serving
                    loops.append(group.create_task(self.front.lead(self._finish)))
                if served:
                    # Not gather: cancelled, it would cancel these, and then the group would do so again while they tidy up.
                    await asyncio.wait(served)
                await end(*loops)
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from faults
        if self._channels and len(self.front.ended) == len(self._channels):
            raise next(iter(self.front.ended.values()))

    async def _finish(self) -> None:
        """Answer what is left when the channels have ended by themselves, where that can still be shown."""
        await self.drain([channel for channel in self.front.spoken if channel.name not in self.front.ended])

    async def desk_problems(self) -> Mapping[str, Sequence[str]]:
        """Ask each desk what it lacks to work."""
        return {name: await desk.problems() for name, desk in self._desks.desks.items()} if self._desks else {}

    async def drain(self, channels: Sequence[Channel] | None = None) -> None:
        """Handle everything that waits now and send what came of it, to these channels or all; for channels that end."""
        await self._handle_all()
        await self.front.send_due(channels)

    async def _handle_all(self) -> None:
        idle = 0
        while idle < TRIES:
            idle = 0 if await self.store.step(self.compute, self.apologise, self._clock()) else idle + 1
        self._said.ring()

    # --- one event ---

    def compute(self, turn: Turn) -> Outcome:
        """Answer one arrival: pure, given the World of this moment."""
        world = self._world()
        self._elsewhere |= turn.channel not in self._spoken
        event = events.from_json(turn.body, turn.at)
        before = self._conversation(turn)
        step = handle(event, before, world)
        if self._watch:
            self._watch(turn, step)
        return self._outcome(turn, before, step, world, key=f"{turn.source}:{turn.ext_id}")

    def _conversation(self, turn: Turn) -> state.Conversation:
        """Put together what is remembered of a conversation and what a rule may know besides."""
        return replace(
            state.from_json(turn.state),
            question=turn.question,
            asked_at=turn.asked_at,
            number=turn.number,
            channel=turn.channel,
            page=turn.channel in self._pages,
            earlier=turn.cases,
        )

    def apologise(self, turn: Turn) -> Outcome:
        """Say that something went wrong on our side, when an arrival could not be handled."""
        world = self._world()
        conversation = self._conversation(turn)
        # A key of its own: should an operator retry the dead arrival, its answer must not pass for a repeat of this.
        key = f"{turn.source}:{turn.ext_id}:apology"
        if str(turn.body.get("event")).startswith(events.STAFF) and conversation.case is not None:
            sorry = at_desk(conversation.case, str(turn.body.get("desk")), world, Text(APOLOGY))
            return self._outcome(turn, conversation, Step(conversation, (sorry,)), world, key=key)
        hint = str(turn.body.get("hint") or conversation.hint)
        lang = conversation.lang or default_language(hint, world)
        say = Say(lang=lang, marks=(Text(APOLOGY),), choices=(MENU_CHOICE, PERSON_CHOICE))
        shown = replace(conversation, options=tuple(choice.id for choice in say.choices), labels=())
        step = Step(shown, (say, Count(what="apology", lang=lang)))
        if self._watch:
            self._watch(turn, step)
        return self._outcome(turn, conversation, step, world, key=key)

    def _outcome(self, turn: Turn, before: state.Conversation, step: Step, world: World, *, key: str) -> Outcome:
        forget = any(isinstance(effect, Forget) for effect in step.effects)
        spoken, posts = self._posts(turn, step, world, key)
        after = _labelled(step.state, spoken)
        timers, cancel = clocks(turn.conversation, before.case, after.case)
        return Outcome(
            state=None if forget else cast(Row, state.to_json(after)),
            posts=(*posts, *self._desk_posts(step, world, key)),
            timers=timers,
            cancel=cancel,
            tallies=tuple(_tallies(step)),
            forget=forget,
            question=after.question,
            asked_at=after.asked_at,
            keeps_contacts=after.has_case or after.stage is state.Stage.CONTACT,
            case=case_record(before.case, after.case),
            deeds=tuple(Deed(case=e.case, what=e.what, desk=e.desk, staff=e.staff) for e in step.effects if isinstance(e, Did)),
        )

    def _posts(self, turn: Turn, step: Step, world: World, key: str) -> tuple[Sequence[Message], tuple[Post, ...]]:
        """Say to the person what was meant for them."""
        says = [effect for effect in step.effects if isinstance(effect, Say)]
        if turn.channel not in self._amending:
            says = [replace(say, amends="", marks=(Text(CORRECTED), *say.marks)) if say.amends else say for say in says]
        spoken = _addressed(speak(says, world, self._catalogs, self._clock()), turn)
        if spoken and any(isinstance(effect, Forget) for effect in step.effects):
            spoken = (*spoken[:-1], replace(spoken[-1], forgets=True))
        posts = (
            Post(key=say.key or f"{key}:{n}", lane=turn.conversation, body=message_to_json(message))
            for n, (say, message) in enumerate(zip(says, spoken, strict=True))
        )
        return spoken, tuple(posts)

    def _desk_posts(self, step: Step, world: World, key: str) -> Iterable[Post]:
        """Write what is to be done at desks, and the mails that tell of answers."""
        for n, effect in enumerate(step.effects):
            if isinstance(effect, Tell):
                said = speak_at_desk(effect, world, self._catalogs, self._clock())
                work = DeskWork(do=effect.do, desk=effect.desk, case=effect.case, message=said, title=effect.title)
            elif isinstance(effect, Notify):
                said = Message(lang=effect.lang, parts=())
                work = DeskWork(do=Do.NOTIFY, desk="", case=effect.case, message=said, title=effect.code, to=effect.to)
            else:
                continue
            own = effect.key if isinstance(effect, Tell) else ""
            lane = f"{work.desk}#{work.case}"
            yield Post(key=own or f"{key}:desk:{n}", lane=lane, body=deskwork_to_json(work), channel=DESKS)

    # --- loops ---

    async def _steps(self) -> None:
        ear, busy = self._new.listen(), False
        while True:
            if await self.store.step(self.compute, self.apologise, self._clock()):
                self._said.ring()
                if self._elsewhere or not self.front.leading:
                    self._elsewhere = False
                    self.store.tell(SAID)
                if busy:  # more waits than we do in one step: others may take some of it
                    self.store.tell(NEW)
                busy = True
            else:
                busy = False
                await ear.wait(POLL_SECONDS)

    async def _wire(self) -> None:
        """Wake up when another process has something for us."""
        bells = {NEW: self._new, SAID: self._said}
        await self.store.listen(lambda what: bells[what].ring() if what in bells else None)

    async def _timers(self) -> None:
        while True:
            due = await self.store.fire(self._clock())
            self._new.ring()
            wait = 30.0 if due is None else max(0.0, min(30.0, (due - self._clock()).total_seconds()))
            await asyncio.sleep(max(wait, 0.05))

    async def report(self, to: str, what: str, detail: str = "") -> None:
        """Tell the desk of those who can mend something; without one it stays with the log. `detail` holds nobody's words."""
        if not self._world().desks.groups.get(to):
            return
        now = self._clock()
        event = events.Reported(at=now, to=to, what=what, detail=detail)
        await self.ingest([
            Arrival(
                source="report", ext_id=uuid4().hex, channel=DESKS, conversation=f"desk:{to}", body=events.to_json(event), at=now
            )
        ])  # fmt: skip


def _masked(arrival: Arrival, public: frozenset[str]) -> Arrival:
    """Hide personal numbers in what a person wrote, before it is kept anywhere.

    How to reach somebody is hidden too, but where it was asked for; what staff write of that is meant for the resident.
    """
    written = {name: text for name in WRITTEN if isinstance(text := arrival.body.get(name), str) and text}
    reachable = {**arrival.body, **{name: mask(text, contacts=False).text for name, text in written.items()}}
    if arrival.desk or arrival.case:
        threaded = {"in_thread": True} if arrival.thread and arrival.body.get("event") == STAFF_SAID else {}
        return replace(arrival, body=reachable | threaded)
    body = {**arrival.body, **{name: mask(text, kept=public).text for name, text in written.items()}}
    return replace(arrival, body=body, with_contacts=reachable if reachable != body else None)


def _labelled(conversation: state.Conversation, spoken: Sequence[Message]) -> state.Conversation:
    """Remember the words of the options shown last, which only the catalogs know."""
    last = spoken[-1].options if spoken else ()
    if not last or conversation.options != tuple(option.id for option in last):
        return conversation
    return replace(conversation, labels=tuple(option.label for option in last))


def _addressed(spoken: Sequence[Message], turn: Turn) -> Sequence[Message]:
    """Tell the channel the thread of a turn's messages, and what the first one answers or in whose place it may stand."""
    if thread := str(turn.body.get("thread", "")):
        spoken = [replace(message, thread=thread) for message in spoken]
    about = str(turn.body.get("message", ""))
    if not spoken or not about:
        return spoken
    chosen = turn.body.get("event") == events.NAMES[events.Chose]
    first = replace(spoken[0], replaces=about) if chosen else replace(spoken[0], answers=about)
    return (first, *spoken[1:])


def _tallies(step: Step) -> Iterable[Tally]:
    for effect in step.effects:
        if isinstance(effect, Count):
            yield Tally(what=effect.what, topic=effect.topic, lang=effect.lang)
        elif isinstance(effect, Heard):
            topic = effect.topics[0][0] if effect.topics else ""
            yield Tally(what=effect.decision, topic=topic, lang=effect.lang)
            if effect.danger:
                yield Tally(what="danger", lang=effect.lang)
