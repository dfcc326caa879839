"""What every Desk must do: subclass `DeskContract` and give it a fixture `rig` that joins the desk to the staff's program.

Knows `bot.ports` only: no platform. A rig plays the platform and a member of staff; a mail desk's rig reads the case page,
where its staff read. The platform's own tests look at everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import pytest

from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable
from bot.ports import Attachment, Desk, Message, Option, Part, PartKind
from tests.contracts.channel import LETTERS, MARKUP, UNKEEPABLE, message, words

WAIT: Final = 7
"""Seconds that the platform asks for when it says that we are too fast."""


class Trouble(StrEnum):
    """What may go wrong with one request to the platform."""

    LATER = "later"
    """It asks to come again after `WAIT` seconds."""
    DOWN = "down"
    """Nobody answers; nothing was done."""
    BROKEN = "broken"
    """It does what is asked, but the answer is lost on the way."""
    REFUSED = "refused"
    """It will never do this."""
    GONE = "gone"
    """The room, the topic or the mailbox does not exist any more, or we were removed from it."""


ERRORS: Final[dict[Trouble, type[SendError]]] = {
    Trouble.LATER: RetryLater,
    Trouble.DOWN: Unreachable,
    Trouble.BROKEN: MaybeSent,
    Trouble.REFUSED: Refused,
    Trouble.GONE: Gone,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message as staff see it: its id, its words without markup, the ids of its buttons, and its files."""

    id: str
    text: str
    options: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()


class Rig(Protocol):
    """A member of staff before a desk that is ready: everything it needs is there."""

    @property
    def desk(self) -> Desk: ...

    @property
    def largest_file(self) -> int:
        """Bytes of the largest file that the platform takes."""

    @property
    def troubles(self) -> frozenset[Trouble]:
        """Troubles that this platform can have."""

    @property
    def needs(self) -> Sequence[str]:
        """What can be taken from the desk, each in a word that its problem must name."""

    def fail(self, trouble: Trouble) -> None:
        """Let the next request that shows something to staff end like this."""

    async def take(self, need: str) -> None:
        """Take something away that the desk needs."""

    async def seen(self, thread: str, count: int) -> Sequence[Posted]:
        """Wait until staff see so many messages in the thread, its card among them, and give all, oldest first."""

    async def threads(self) -> int:
        """How many threads staff have."""

    async def closed(self, thread: str) -> bool:
        """Whether staff see the thread marked as done."""


def card(text: str = "Case KJ-0001", *, options: tuple[Option, ...] = ()) -> Message:
    """A case card."""
    return message(text, options=options, lang="et")


def attachment(name: str, content: bytes, *, fetched: list[str] | None = None) -> Attachment:
    """A file that notes when it is read."""

    async def fetch() -> bytes:
        if fetched is not None:
            fetched.append(name)
        return content

    return Attachment(name=name, media_type="text/plain", size=len(content), fetch=fetch)


class DeskContract:
    """A case has one thread; what is posted is seen once, in order and as it was written; what goes wrong says what it is."""

    # --- opening

    async def test_opening_shows_the_card(self, rig: Rig) -> None:
        """The new thread begins with the card, and its id is what `open` gave."""
        thread = await rig.desk.open("KJ-0042", card("Case KJ-0042 ru"), key="open:42")
        [shown] = await rig.seen(thread, 1)
        assert words(shown.text) == ["Case", "KJ-0042", "ru"]
        assert await rig.threads() == 1

    async def test_the_same_key_opens_one_thread(self, rig: Rig) -> None:
        """A repeated opening is the same thread, with one card in it."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        assert await rig.desk.open("KJ-0001", card(), key="open:1") == thread
        assert await rig.threads() == 1
        assert len(await seen_to(rig, thread, "end")) == 2

    async def test_openings_at_the_same_time_are_one(self, rig: Rig) -> None:
        """Also two openings with one key that run beside each other."""
        opened = await asyncio.gather(*(rig.desk.open("KJ-0001", card(), key="open:1") for _ in range(3)))
        assert len(set(opened)) == 1
        assert await rig.threads() == 1
        assert len(await seen_to(rig, opened[0], "end")) == 2

    async def test_each_case_has_a_thread_of_its_own(self, rig: Rig) -> None:
        """Messages of one case are never seen in another's thread."""
        first = await rig.desk.open("KJ-0001", card("Case KJ-0001"), key="open:1")
        second = await rig.desk.open("KJ-0002", card("Case KJ-0002"), key="open:2")
        await rig.desk.post(first, message("for the first"), key="a")
        await rig.desk.post(second, message("for the second"), key="b")
        assert first != second
        assert await rig.threads() == 2
        assert texts(await seen_to(rig, first, "end")) == ["Case KJ-0001", "for the first", "end"]
        assert texts(await seen_to(rig, second, "end")) == ["Case KJ-0002", "for the second", "end"]

    # --- posting

    async def test_order_is_kept(self, rig: Rig) -> None:
        """Messages are seen in the order they were posted, each once, under the card, with the ids that `post` gave."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        ids = [await rig.desk.post(thread, message(f"message {n}"), key=f"m:{n}") for n in range(8)]
        shown = await rig.seen(thread, 9)
        assert texts(shown)[1:] == [f"message {n}" for n in range(8)]
        assert [one.id for one in shown[1:]] == ids

    async def test_the_same_key_posts_once(self, rig: Rig) -> None:
        """A repeat is no second message and has the same id; the same words under another key are a second one."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        first = await rig.desk.post(thread, message("tere"), key="m:1")
        assert await rig.desk.post(thread, message("tere"), key="m:1") == first
        assert await rig.desk.post(thread, message("tere"), key="m:2") != first
        assert texts(await seen_to(rig, thread, "end"))[1:] == ["tere", "tere", "end"]

    @pytest.mark.parametrize("trouble", list(Trouble))
    async def test_trouble_with_a_post_says_what_it_is(self, rig: Rig, trouble: Trouble) -> None:
        """Each trouble has its error; the same key again brings the message, once where the platform knows keys."""
        if trouble not in rig.troubles:
            return
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        rig.fail(trouble)
        await says(trouble, rig.desk.post(thread, message("tere"), key="m:1"))
        await rig.desk.post(thread, message("tere"), key="m:1")
        times = texts(await seen_to(rig, thread, "end")).count("tere")
        assert times == 1 or (times == 2 and trouble is Trouble.BROKEN and not rig.desk.ability.idempotent)

    @pytest.mark.parametrize("trouble", list(Trouble))
    async def test_trouble_with_an_opening_says_what_it_is(self, rig: Rig, trouble: Trouble) -> None:
        """Each trouble has its error; the same key again opens the thread with its card."""
        if trouble not in rig.troubles:
            return
        rig.fail(trouble)
        await says(trouble, rig.desk.open("KJ-0001", card(), key="open:1"))
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        shown = texts(await seen_to(rig, thread, "end"))
        cards = shown.count("Case KJ-0001")
        unsure = trouble is Trouble.BROKEN and not rig.desk.ability.idempotent
        assert shown[-1] == "end"
        assert cards == 1 or (cards == 2 and unsure)
        assert await rig.threads() == 1 or unsure

    async def test_every_desk_can_lose_its_connection(self, rig: Rig) -> None:
        """A rig must at least be able to play that nobody answers."""
        assert Trouble.DOWN in rig.troubles

    # --- what is seen

    @pytest.mark.parametrize("text", [*MARKUP, *LETTERS])
    async def test_a_residents_text_is_shown_literally(self, rig: Rig, text: str) -> None:
        """Whatever a resident wrote is seen as typed, on the card and below it: nothing in it becomes markup."""
        thread = await rig.desk.open("KJ-0001", card(text), key="open:1")
        await rig.desk.post(thread, message(text), key="m:1")
        shown = await rig.seen(thread, 2)
        assert [words(one.text) for one in shown] == [words(text), words(text)]

    @pytest.mark.parametrize("text", UNKEEPABLE)
    async def test_unshowable_text_is_refused_or_replaced(self, rig: Rig, text: str) -> None:
        """NUL and lone surrogates never stop a case."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        try:
            await rig.desk.post(thread, message(text), key="m:1")
        except Refused:
            return
        assert texts(await seen_to(rig, thread, "end"))[-1] == "end"

    async def test_every_part_is_shown(self, rig: Rig) -> None:
        """All parts of a card are seen, in order, with their markup as layout."""
        parts = (
            Part(markdown="**KJ-0042**\n\n- ru\n- *Ahtme*"),
            Part(kind=PartKind.CARD, markdown="Küsimus: **kool**"),
            Part(kind=PartKind.SOURCES, markdown="Allikas: [Riigi Teataja](https://www.riigiteataja.ee/akt/1)"),
        )
        thread = await rig.desk.open("KJ-0042", Message(lang="et", parts=parts), key="open:42")
        [shown] = await rig.seen(thread, 1)
        said = words(shown.text)
        places = [said.index(word) for word in ("KJ-0042", "Ahtme", "kool", "Allikas:", "Riigi")]
        assert places == sorted(places)
        assert "**" not in shown.text

    async def test_options_are_shown(self, rig: Rig) -> None:
        """Options are buttons with their ids, or stand in the text where there are none."""
        options = (Option(id="claim:42", label="Võtan <mina>"), Option(id="close:42", label="Sulge & lõpeta"))
        thread = await rig.desk.open("KJ-0042", card(options=options), key="open:42")
        [shown] = await rig.seen(thread, 1)
        if rig.desk.ability.buttons:
            assert shown.options == ("claim:42", "close:42")
        else:
            assert "Võtan <mina>" in shown.text
            assert "Sulge & lõpeta" in shown.text

    async def test_a_long_message_is_shown_whole(self, rig: Rig) -> None:
        """A message over the limit is split or shown whole: no word is lost or doubled."""
        limit = rig.desk.ability.max_chars
        text = " ".join(f"sõna{number}" for number in range(limit // 5))
        assert len(text) > limit
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        await rig.desk.post(thread, message(text), key="m:1")
        shown = await seen_to(rig, thread, "end")
        assert [word for one in shown for word in words(one.text) if word.startswith("sõna")] == words(text)
        assert [one.id for one in shown if len(one.text) > limit] == []

    # --- files

    async def test_files_are_handed_on(self, rig: Rig) -> None:
        """Files within the limit are seen with their names and bytes, in order, beside the message."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        files = [attachment("leping.txt", "Üürileping".encode()), attachment("b.txt", b"x" * min(rig.largest_file, 100_000))]
        await rig.desk.post(thread, message("with files"), key="m:1", attachments=files)
        shown = await seen_to(rig, thread, "end")
        assert [file for one in shown for file in one.files] == [(file.name, await file.fetch()) for file in files]
        assert "with files" in texts(shown)

    async def test_a_file_over_the_limit_is_named(self, rig: Rig) -> None:
        """Too large a file is not read; the message is seen all the same and names it, so that staff can ask for it."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        fetched: list[str] = []
        large = Attachment(name="suur.pdf", media_type="application/pdf", size=rig.largest_file + 1, fetch=_never(fetched))
        await rig.desk.post(thread, message("too large"), key="m:1", attachments=[large, attachment("small.txt", b"s")])
        shown = await seen_to(rig, thread, "end")
        assert [file for one in shown for file in one.files] == [("small.txt", b"s")]
        assert "suur.pdf" in " ".join(one.text for one in shown)
        assert "too large" in " ".join(one.text for one in shown)
        assert fetched == []

    # --- amending, closing

    async def test_amending_replaces_or_posts_anew(self, rig: Rig) -> None:
        """Where the platform can edit, the message changes in its place; elsewhere the new text comes last."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        first = await rig.desk.post(thread, message("before"), key="m:1")
        await rig.desk.post(thread, message("between"), key="m:2")
        await rig.desk.amend(thread, first, message("after"))
        shown = texts(await seen_to(rig, thread, "end"))[1:]
        if rig.desk.ability.edits:
            assert shown == ["after", "between", "end"]
        else:
            assert shown == ["before", "between", "after", "end"]

    async def test_an_amendment_is_literal_too(self, rig: Rig) -> None:
        """An amended text is seen as it was written."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        first = await rig.desk.post(thread, message("before"), key="m:1")
        await rig.desk.amend(thread, first, message(MARKUP[0]))
        assert words(MARKUP[0]) in [words(one.text) for one in await seen_to(rig, thread, "end")]

    async def test_closing_marks_the_thread(self, rig: Rig) -> None:
        """A closed thread is seen as done, another one is not; closing twice is no error."""
        first = await rig.desk.open("KJ-0001", card(), key="open:1")
        second = await rig.desk.open("KJ-0002", card(), key="open:2")
        assert not await rig.closed(first)
        await rig.desk.close(first)
        await rig.desk.close(first)
        assert await rig.closed(first)
        assert not await rig.closed(second)

    async def test_reopening_takes_the_mark_away(self, rig: Rig) -> None:
        """A reopened thread is seen as not done and can be marked again; reopening an open one is no error."""
        first = await rig.desk.open("KJ-0001", card(), key="open:1")
        second = await rig.desk.open("KJ-0002", card(), key="open:2")
        await rig.desk.reopen(first)
        for thread in (first, second):
            await rig.desk.close(thread)
        await rig.desk.reopen(first)
        await rig.desk.reopen(first)
        assert not await rig.closed(first)
        assert await rig.closed(second)
        await rig.desk.close(first)
        assert await rig.closed(first)

    async def test_a_closed_thread_can_be_written_in(self, rig: Rig) -> None:
        """What a resident says after the end is still seen where their case was."""
        thread = await rig.desk.open("KJ-0001", card(), key="open:1")
        await rig.desk.close(thread)
        await rig.desk.post(thread, message("one thing more"), key="m:1")
        assert "one thing more" in texts(await seen_to(rig, thread, "end"))

    # --- the desk itself

    async def test_a_ready_desk_has_no_problems(self, rig: Rig) -> None:
        """Where everything is there, nothing is said."""
        assert list(await rig.desk.problems()) == []
        assert rig.desk.name
        assert rig.desk.ability.max_chars > 0

    async def test_what_is_missing_is_named(self, rig: Rig) -> None:
        """Each thing that the desk lacks is named in words for the operator."""
        assert rig.needs
        for need in rig.needs:
            await rig.take(need)
            assert need.lower() in " ".join(await rig.desk.problems()).lower()
        assert len(await rig.desk.problems()) >= len(rig.needs)


def texts(shown: Sequence[Posted]) -> list[str]:
    """The words of messages, on one line each."""
    return [" ".join(words(one.text)) for one in shown]


async def seen_to(rig: Rig, thread: str, word: str) -> Sequence[Posted]:
    """Post a last word, wait until it is seen, and give everything seen by then: what was to come before it has come."""
    await rig.desk.post(thread, message(word), key=f"last:{thread}:{word}")
    shown = await rig.seen(thread, 1)
    while texts(shown)[-1] != word:
        shown = await rig.seen(thread, len(shown) + 1)
    return shown


async def says(trouble: Trouble, doing: Awaitable[object]) -> None:
    """Expect the very error of a trouble."""
    with pytest.raises(SendError) as caught:
        await doing
    assert type(caught.value) is ERRORS[trouble]
    if isinstance(caught.value, RetryLater):
        assert caught.value.seconds == WAIT


def _never(fetched: list[str]) -> Callable[[], Awaitable[bytes]]:
    async def fetch() -> bytes:
        fetched.append("too large")
        return b""

    return fetch
