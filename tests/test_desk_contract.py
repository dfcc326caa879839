"""The Desk contract itself: it passes over an honest desk, and finds what is wrong with each of many broken ones."""

import inspect
import itertools
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable
from bot.ports import Ability, Attachment, Message, Part
from bot.render.markup import escape, to_text
from tests.contracts.desk import WAIT, DeskContract, Posted, Rig, Trouble

LARGEST: Final = 1000


@dataclass(slots=True)
class Office:
    """The platform: threads of messages, what the desk may do, and the trouble that the next request will have."""

    knows_keys: bool
    threads: dict[str, list[Posted]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    rights: set[str] = field(default_factory=lambda: {"forum", "administrator"})
    trouble: Trouble | None = None
    known: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, key: str, do: Callable[[], str]) -> str:
        """Do something once for a key, or have trouble."""
        trouble, self.trouble = self.trouble, None
        match trouble:
            case Trouble.LATER:
                raise RetryLater(WAIT)
            case Trouble.DOWN:
                raise Unreachable("nobody answers")
            case Trouble.REFUSED:
                raise Refused("never")
            case Trouble.GONE:
                raise Gone("no such room")
        if not self.knows_keys or key not in self.known:
            self.known[key] = do()
        if trouble is Trouble.BROKEN:
            raise MaybeSent("the answer is lost")
        return self.known[key]

    def start(self, card: Posted) -> str:
        """Start a thread with its first message."""
        thread = f"thread-{next(self.numbers)}"
        self.threads[thread] = [card]
        return thread

    def add(self, thread: str, posted: Posted) -> str:
        """Add a message to a thread."""
        self.threads[thread].append(posted)
        return posted.id


class HonestDesk:
    """Does all that a desk must do, on an office in memory; the broken ones below each differ in one point."""

    name = "memory"

    def __init__(self, office: Office, *, edits: bool) -> None:
        self.office = office
        self.ability = Ability(max_chars=200, edits=edits, buttons=edits, idempotent=office.knows_keys)
        self.sent: dict[str, str] = {}

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Open a thread."""
        assert case
        if key not in self.sent:
            self.sent[key] = self.office.ask(key, lambda: self.office.start(self.seen(card)))
        return self.sent[key]

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Add a message, in pieces if it is long."""
        if key in self.sent:
            return self.sent[key]
        small = [file for file in attachments if file.size <= LARGEST]
        named = [Part(markdown=escape(f"{file.name}: {file.size} bytes, too large")) for file in attachments if file not in small]
        files = tuple([(file.name, await file.fetch()) for file in small])
        *before, last = self.pieces(self.seen(replace(message, parts=(*message.parts, *named))))
        for number, piece in enumerate(before):
            self.put(thread, piece, f"{key}:{number}")
        self.sent[key] = self.put(thread, replace(last, files=files), key)
        return self.sent[key]

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Replace a message, or post it anew."""
        new = self.seen(message)
        if not self.ability.edits:
            self.put(thread, new, f"amend:{new.id}")
            return
        here = self.office.threads[thread]
        here[:] = [replace(new, id=posted) if one.id == posted else one for one in here]

    async def close(self, thread: str) -> None:
        """Mark a thread."""
        self.office.done.add(thread)

    async def reopen(self, thread: str) -> None:
        """Take the mark away."""
        self.office.done.discard(thread)

    async def problems(self) -> Sequence[str]:
        """Say what is missing."""
        return [f"the desk lacks: {need}" for need in ("forum", "administrator") if need not in self.office.rights]

    def put(self, thread: str, posted: Posted, key: str) -> str:
        """Have the office add a message."""
        return self.office.ask(key, lambda: self.office.add(thread, posted))

    def seen(self, message: Message) -> Posted:
        """Give a message as staff will see it."""
        text = "\n\n".join(self.words(part) for part in message.parts)
        if not self.ability.buttons:
            text = "\n".join([text, *(option.label for option in message.options)])
        options = tuple(option.id for option in message.options) if self.ability.buttons else ()
        return Posted(id=f"message-{next(self.office.numbers)}", text=text, options=options)

    def words(self, part: Part) -> str:
        """Give a part's words."""
        return to_text(part.markdown)

    def pieces(self, posted: Posted) -> list[Posted]:
        """Split a message at spaces; a short one stays as it is."""
        if len(posted.text) <= self.ability.max_chars:
            return [posted]
        lines = [""]
        for word in posted.text.split(" "):
            if len(lines[-1]) + len(word) + 1 > self.ability.max_chars:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        return [replace(posted, id=f"{posted.id}.{number}", text=line) for number, line in enumerate(lines)]


class MemoryRig:
    """Staff who look into the office."""

    largest_file = LARGEST
    troubles = frozenset(Trouble)
    needs = ("forum", "administrator")

    def __init__(self, make: type[HonestDesk] = HonestDesk, *, able: bool) -> None:
        self.office = Office(knows_keys=able)
        self.desk = make(self.office, edits=able)

    def fail(self, trouble: Trouble) -> None:
        self.office.trouble = trouble

    async def take(self, need: str) -> None:
        self.office.rights.discard(need)

    async def seen(self, thread: str, count: int) -> Sequence[Posted]:
        shown = self.office.threads.get(thread, [])
        assert len(shown) >= count, f"staff see {len(shown)} messages, not {count}"
        return list(shown)

    async def threads(self) -> int:
        return len(self.office.threads)

    async def closed(self, thread: str) -> bool:
        return thread in self.office.done


class TestAbleDesk(DeskContract):
    """A desk that edits, has buttons and knows keys, as Matrix does."""

    @pytest.fixture
    def rig(self) -> Rig:
        """Staff before it."""
        return MemoryRig(able=True)


class TestPlainDesk(DeskContract):
    """A desk that can only send, as mail does; a repeat after a lost answer may be seen twice."""

    @pytest.fixture
    def rig(self) -> Rig:
        """Staff before it."""
        return MemoryRig(able=False)


# --- broken desks


class OpensAgain(HonestDesk):
    """Forgets that it has opened a thread for this key."""

    async def open(self, case: str, card: Message, *, key: str) -> str:
        return await super().open(case, card, key=f"{key}:{next(self.office.numbers)}")


class ForgetsTheCard(HonestDesk):
    """Opens an empty thread."""

    async def open(self, case: str, card: Message, *, key: str) -> str:
        thread = await super().open(case, card, key=key)
        self.office.threads[thread] = self.office.threads[thread][1:]
        return thread


class PostsAgain(HonestDesk):
    """Takes every post for a new one."""

    def put(self, thread: str, posted: Posted, key: str) -> str:
        return super().put(thread, posted, f"{key}:{posted.id}")

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        self.sent.pop(key, None)
        return await super().post(thread, message, key=key, attachments=attachments)


class TurnsTheOrder(HonestDesk):
    """Puts the newest message first, below the card."""

    def put(self, thread: str, posted: Posted, key: str) -> str:
        id = super().put(thread, posted, key)
        here = self.office.threads[thread]
        here.insert(1, here.pop())
        return id


class MixesThreads(HonestDesk):
    """Posts everything into the newest thread."""

    def put(self, thread: str, posted: Posted, key: str) -> str:  # noqa: ARG002 - that is the fault
        return super().put(list(self.office.threads)[-1], posted, key)


class SwallowsTrouble(HonestDesk):
    """Says that all is well when nobody answers."""

    def put(self, thread: str, posted: Posted, key: str) -> str:
        try:
            return super().put(thread, posted, key)
        except Unreachable:
            return posted.id


class Impatient(HonestDesk):
    """Waits another time than it is asked to."""

    def put(self, thread: str, posted: Posted, key: str) -> str:
        try:
            return super().put(thread, posted, key)
        except RetryLater:
            raise RetryLater(1) from None


class AllTroubleIsTheSame(HonestDesk):
    """Cannot tell a room that is gone from a message that is refused."""

    def put(self, thread: str, posted: Posted, key: str) -> str:
        try:
            return super().put(thread, posted, key)
        except Gone:
            raise Refused("something is wrong") from None


class LosesAfterTrouble(HonestDesk):
    """Remembers a key before the message is out."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        try:
            return await super().post(thread, message, key=key, attachments=attachments)
        except SendError:
            self.sent[key] = "lost"
            raise


class ReadsMarkup(HonestDesk):
    """Takes a resident's text for markup."""

    def words(self, part: Part) -> str:
        return re.sub(r"<[^>]*>|[*_`~]", "", to_text(part.markdown))


class ShowsMarkup(HonestDesk):
    """Shows our own markup as it is."""

    def words(self, part: Part) -> str:
        return part.markdown


class CutsLongMessages(HonestDesk):
    """Shows the beginning of a long message only."""

    def pieces(self, posted: Posted) -> list[Posted]:
        return super().pieces(posted)[:1]


class HasNoLimit(HonestDesk):
    """Sends more at once than it says the platform takes."""

    def pieces(self, posted: Posted) -> list[Posted]:
        return [posted]


class HidesOptions(HonestDesk):
    """Leaves out what staff can do."""

    def seen(self, message: Message) -> Posted:
        return super().seen(replace(message, options=()))


class DropsLargeFiles(HonestDesk):
    """Says nothing of a file that is too large."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        small = [file for file in attachments if file.size <= LARGEST]
        return await super().post(thread, message, key=key, attachments=small)


class DropsFiles(HonestDesk):
    """Posts the message and no file."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:  # noqa: ARG002
        return await super().post(thread, message, key=key)


class ReadsLargeFiles(HonestDesk):
    """Reads files that it cannot hand on."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        for file in attachments:
            await file.fetch()
        return await super().post(thread, message, key=key, attachments=attachments)


class NeverAmends(HonestDesk):
    """Leaves an amended message as it was."""

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Do nothing."""


class ClosesOnce(HonestDesk):
    """Takes a second closing for a fault."""

    async def close(self, thread: str) -> None:
        if thread in self.office.done:
            raise Refused("already closed")
        await super().close(thread)


class NeverCloses(HonestDesk):
    """Leaves a closed case open in the list."""

    async def close(self, thread: str) -> None:
        """Do nothing."""


class NeverReopens(HonestDesk):
    """Leaves a case marked as done that goes on."""

    async def reopen(self, thread: str) -> None:
        """Do nothing."""


class ShutDesk(HonestDesk):
    """Takes nothing more in a closed thread."""

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        if thread in self.office.done:
            raise Refused("closed")
        return await super().post(thread, message, key=key, attachments=attachments)


class AlwaysReady(HonestDesk):
    """Knows of no problem."""

    async def problems(self) -> Sequence[str]:
        return []


class NeverReady(HonestDesk):
    """Complains of what it has."""

    async def problems(self) -> Sequence[str]:
        return ["the desk lacks: forum", "the desk lacks: administrator"]


FOUND_BY: Final = {
    OpensAgain: "the_same_key_opens_one_thread",
    ForgetsTheCard: "opening_shows_the_card",
    PostsAgain: "the_same_key_posts_once",
    TurnsTheOrder: "order_is_kept",
    MixesThreads: "each_case_has_a_thread_of_its_own",
    SwallowsTrouble: "trouble_with_a_post_says_what_it_is",
    Impatient: "trouble_with_a_post_says_what_it_is",
    AllTroubleIsTheSame: "trouble_with_a_post_says_what_it_is",
    LosesAfterTrouble: "trouble_with_a_post_says_what_it_is",
    ReadsMarkup: "a_residents_text_is_shown_literally",
    ShowsMarkup: "every_part_is_shown",
    CutsLongMessages: "a_long_message_is_shown_whole",
    HasNoLimit: "a_long_message_is_shown_whole",
    HidesOptions: "options_are_shown",
    DropsLargeFiles: "a_file_over_the_limit_is_named",
    DropsFiles: "files_are_handed_on",
    ReadsLargeFiles: "a_file_over_the_limit_is_named",
    NeverAmends: "amending_replaces_or_posts_anew",
    ClosesOnce: "closing_marks_the_thread",
    NeverCloses: "closing_marks_the_thread",
    NeverReopens: "reopening_takes_the_mark_away",
    ShutDesk: "a_closed_thread_can_be_written_in",
    AlwaysReady: "what_is_missing_is_named",
    NeverReady: "a_ready_desk_has_no_problems",
}


def contracts() -> Iterator[tuple[str, Callable[[Rig], Awaitable[None]]]]:
    """Give every test of the suite with each of its parameters."""
    for name, test in inspect.getmembers(DeskContract, inspect.isfunction):
        if name.startswith("test_"):
            for given in parameters(test):
                yield name.removeprefix("test_"), bound(test, given)


def parameters(test: Callable[..., Awaitable[None]]) -> list[dict[str, Any]]:
    """Read what a test is parametrized with, as pytest does."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    if not marks:
        return [{}]
    [mark] = marks
    name, values = mark.args
    return [{name: value} for value in values]


def bound(test: Callable[..., Awaitable[None]], given: dict[str, Any]) -> Callable[[Rig], Awaitable[None]]:
    """Bind a test to its parameters."""
    return lambda rig: test(DeskContract(), rig, **given)


async def failing(make: type[HonestDesk], *, able: bool) -> set[str]:
    """Give the contracts that a desk breaks."""
    broken = set()
    for name, contract in contracts():
        try:
            await contract(MemoryRig(make, able=able))
        except (Exception, pytest.fail.Exception):  # whatever it is, the contract has not held
            broken.add(name)
    return broken


@pytest.mark.parametrize("able", [True, False])
async def test_an_honest_desk_breaks_nothing(able: bool) -> None:
    """Run as the broken ones are, the honest desk passes: what fails below fails for its own reason."""
    assert await failing(HonestDesk, able=able) == set()


@pytest.mark.parametrize(("make", "contract"), FOUND_BY.items(), ids=lambda given: getattr(given, "__name__", given))
async def test_a_broken_desk_is_found(make: type[HonestDesk], contract: str) -> None:
    """Each fault breaks the contract that is there for it, on every kind of desk."""
    assert [contract in await failing(make, able=able) for able in (True, False)] == [True, True]


def test_every_contract_finds_a_fault_or_says_why_not() -> None:
    """Each test of the suite is there for one of the broken desks, or looks at the same from another side."""
    sides = {
        "openings_at_the_same_time_are_one", "trouble_with_an_opening_says_what_it_is", "every_desk_can_lose_its_connection",
        "unshowable_text_is_refused_or_replaced", "an_amendment_is_literal_too",
    }  # fmt: skip
    assert {name for name, _ in contracts()} == set(FOUND_BY.values()) | sides
