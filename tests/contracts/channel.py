"""What every Channel must do: subclass `ChannelContract` and give it a fixture `rig` that joins the channel to a person.

Knows `bot.ports` and the events only: no platform. A rig plays the platform and the person's program; the platform's own
tests look at everything else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

import pytest

from bot.core.events import Chose, Event, Opened, Said, from_json
from bot.errors import Refused, SendError
from bot.ports import Arrival, Channel, Delivery, Ingest, Message, Option, Part, PartKind, message_to_json
from bot.render.markup import escape

PATIENCE: Final = 10.0
PROMPT: Final = 2.0
MARKUP: Final = (
    "<b>bold</b> & <script>alert(1)</script>",
    "**stars** _lines_ `ticks` ~~waves~~ ||bars||",
    "[link](https://example.com) ![picture](https://example.com/a.png) <https://example.com>",
    "# head\n> quote\n- point\n1. first",
    "&amp; &lt; \\* {{ value }} {name} %s $1 @everyone #room /help",
)
LETTERS: Final = ("õäöüšž ÕÄÖÜŠŽ", "ёъыэ Ґєії", "👩‍👩‍👧 🇪🇪 e\u0301", "\u202eshalom שלום\u202c مرحبا", "𐍈 \u200b|\ufeff|")
UNKEEPABLE: Final = ("nul \x00 inside", "half \ud83d of a pair", "\udc00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as the person sees it: its words without markup and the ids of its buttons."""

    text: str
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Inbox:
    """The engine's side: keeps what arrives, refuses the next `failures` times, and waits while `gate` is closed."""

    arrivals: list[Arrival] = field(default_factory=list)
    refused: list[Arrival] = field(default_factory=list)
    failures: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:  # noqa: ARG002
        """Take arrivals as `ports.Ingest` says."""
        await self.gate.wait()
        if arrivals and self.failures:
            self.failures -= 1
            self.refused.extend(arrivals)
            raise OSError("the store is away")
        self.arrivals.extend(arrivals)

    @property
    def events(self) -> list[Event]:
        """What has arrived, as core events."""
        return [from_json(arrival.body, arrival.at) for arrival in self.arrivals]

    async def holds(self, count: int) -> list[Event]:
        """Wait until so many arrivals are here and give their events."""
        await until(lambda: len(self.arrivals) >= count, f"{count} arrivals")
        return self.events


class Rig(Protocol):
    """One person in one conversation, over one running channel whose `run` was given the rig's inbox.

    What the person does returns when the platform has it, not when the channel has; the platform hands it in again until
    the channel confirms it.
    """

    @property
    def channel(self) -> Channel: ...

    @property
    def running(self) -> "asyncio.Task[None]":
        """The task of the channel's `run`; a test may cancel it."""

    @property
    def confirmed(self) -> int:
        """How many of the person's doings the platform believes to be delivered."""

    async def open(self, payload: str = "") -> None:
        """Open the conversation, with what a deep link carries."""

    async def say(self, text: str) -> None:
        """Write a message."""

    async def choose(self, option: str) -> None:
        """Choose an option by its id; it was shown before."""

    async def repeat(self) -> bool:
        """Have the platform hand in the last thing once more; False on a platform that never would."""

    async def show(self, message: Message) -> str:
        """Bring a message to the person and give its id there.

        Put it where a pulled channel finds it, otherwise have the channel send it and give what `send` gave.
        """

    async def shown(self, count: int) -> Sequence[Shown]:
        """Wait until the person sees so many messages and give all of them, oldest first."""


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something to become true. Errors: AssertionError when it does not."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what is waited for lies outside
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE:g} s for {what}") from None


@asynccontextmanager
async def running(channel: Channel, ingest: Ingest) -> AsyncIterator["asyncio.Task[None]"]:
    """Run a channel until left."""
    task = asyncio.create_task(channel.run(ingest))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def message(*texts: str, options: tuple[Option, ...] = (), lang: str = "en") -> Message:
    """A message of literal texts, a part each."""
    return Message(lang=lang, parts=tuple(Part(markdown=escape(text)) for text in texts), options=options)


def words(text: str) -> list[str]:
    """The words of a text: channels may wrap lines as they like."""
    return text.split()


def delivery(channel: Channel, said: Message) -> Delivery:
    """A row of the outbox for a direct call of `send`."""
    return Delivery(id=1, key="k:1", channel=channel.name, conversation="c", lane="c", body=message_to_json(said))


class ChannelContract:
    """What a person does arrives once and unchanged; what the bot says is seen once, in order and as it was written."""

    @pytest.fixture
    def inbox(self) -> Inbox:
        """The engine's side of the channel; give it to the rig."""
        return Inbox()

    # --- what a person does

    async def test_opening_arrives(self, rig: Rig, inbox: Inbox) -> None:
        """Opening the conversation is an event with the link's payload."""
        await rig.open("register-residence")
        [event] = await inbox.holds(1)
        assert isinstance(event, Opened)
        assert event.payload == "register-residence"

    async def test_opening_without_a_link(self, rig: Rig, inbox: Inbox) -> None:
        """Without a deep link the payload is empty."""
        await rig.open()
        [event] = await inbox.holds(1)
        assert isinstance(event, Opened)
        assert event.payload == ""

    async def test_text_arrives(self, rig: Rig, inbox: Inbox) -> None:
        """A message arrives with its words, its channel and a conversation, at an aware time."""
        await rig.say("Kus ma saan isikukoodi?")
        [event] = await inbox.holds(1)
        [arrival] = inbox.arrivals
        assert isinstance(event, Said)
        assert event.text == "Kus ma saan isikukoodi?"
        assert not event.edited
        assert arrival.channel == rig.channel.name
        assert arrival.source
        assert arrival.ext_id
        assert arrival.conversation
        assert arrival.at.astimezone(UTC) <= datetime.now(UTC)

    async def test_a_choice_arrives(self, rig: Rig, inbox: Inbox) -> None:
        """Choosing an option arrives as its id."""
        await rig.show(
            message("Which one?", options=(Option(id="topic:school", label="School"), Option(id="menu", label="Menu")))
        )
        await rig.shown(1)
        await rig.choose("topic:school")
        [event] = await inbox.holds(1)
        assert isinstance(event, Chose)
        assert event.option == "topic:school"

    async def test_one_person_is_one_conversation(self, rig: Rig, inbox: Inbox) -> None:
        """Everything a person does has the same source and conversation, and its own id, in the order it was done."""
        await rig.open()
        for number in range(5):
            await rig.say(f"message {number}")
        events = await inbox.holds(6)
        assert len({arrival.conversation for arrival in inbox.arrivals}) == 1
        assert len({arrival.source for arrival in inbox.arrivals}) == 1
        assert len({arrival.ext_id for arrival in inbox.arrivals}) == 6
        assert [event.text for event in events if isinstance(event, Said)] == [f"message {n}" for n in range(5)]

    async def test_the_same_thing_again_has_the_same_ids(self, rig: Rig, inbox: Inbox) -> None:
        """What the platform hands in twice can be told from a second message."""
        await rig.say("tere")
        await inbox.holds(1)
        if not await rig.repeat():
            return
        await inbox.holds(2)
        first, again = inbox.arrivals
        assert (again.source, again.ext_id) == (first.source, first.ext_id)
        assert again.body == first.body

    async def test_nothing_is_confirmed_before_it_is_safe(self, rig: Rig, inbox: Inbox) -> None:
        """The platform is told only after `ingest` has returned."""
        inbox.gate.clear()
        await rig.say("tere")
        await asyncio.sleep(0.3)
        assert rig.confirmed == 0
        inbox.gate.set()
        await inbox.holds(1)
        await until(lambda: rig.confirmed == 1, "the confirmation")

    async def test_what_was_refused_comes_again(self, rig: Rig, inbox: Inbox) -> None:
        """While the store is away nothing is lost, and it comes again under the same ids."""
        inbox.failures = 2
        await rig.say("esimene")
        await rig.say("teine")
        await inbox.holds(2)
        assert [event.text for event in inbox.events if isinstance(event, Said)] == ["esimene", "teine"]
        ids = {(arrival.source, arrival.ext_id) for arrival in inbox.arrivals}
        assert {(arrival.source, arrival.ext_id) for arrival in inbox.refused} <= ids
        await until(lambda: rig.confirmed == 2, "the confirmations")

    @pytest.mark.parametrize("text", [*MARKUP, *LETTERS])
    async def test_any_text_arrives_unchanged(self, rig: Rig, inbox: Inbox, text: str) -> None:
        """Markup characters, emoji and any script arrive as they were typed."""
        await rig.say(text)
        [event] = await inbox.holds(1)
        assert isinstance(event, Said)
        assert event.text == text

    @pytest.mark.parametrize("text", UNKEEPABLE)
    async def test_unkeepable_text_does_no_harm(self, rig: Rig, inbox: Inbox, text: str) -> None:
        """NUL and lone surrogates are replaced or refused; what comes after them arrives."""
        await rig.say(text)
        await rig.say("after")
        await until(lambda: any(isinstance(e, Said) and e.text == "after" for e in inbox.events), "the next message")
        for event in inbox.events:
            assert isinstance(event, Said)
            assert "\x00" not in event.text
            assert event.text.encode("utf-8")
        assert len(inbox.events) <= 2

    async def test_a_long_text_arrives_whole(self, rig: Rig, inbox: Inbox) -> None:
        """A text as long as a message of this channel may be arrives whole."""
        text = "sõna " * (rig.channel.ability.max_chars // 5 - 1) + "lõpp"
        await rig.say(text)
        [event] = await inbox.holds(1)
        assert isinstance(event, Said)
        assert event.text == text

    # --- what the bot says

    @pytest.mark.parametrize("text", [*MARKUP, *LETTERS])
    async def test_any_text_is_shown_as_written(self, rig: Rig, text: str) -> None:
        """A literal text is seen literally: nothing in it becomes markup."""
        await rig.show(message(text))
        [shown] = await rig.shown(1)
        assert words(shown.text) == words(text)

    @pytest.mark.parametrize("text", UNKEEPABLE)
    async def test_unshowable_text_is_refused_or_replaced(self, rig: Rig, text: str) -> None:
        """NUL and lone surrogates never stop a conversation."""
        try:
            await rig.show(message(text))
        except SendError:
            return
        await rig.show(message("after"))
        assert "after" in (await rig.shown(2))[-1].text

    async def test_every_part_is_shown(self, rig: Rig) -> None:
        """Text, card and sources are all seen, in order."""
        parts = (
            Part(kind=PartKind.CARD, markdown="**Helistage [112](tel:112).**"),
            Part(markdown="Vastus:\n\n- üks\n- *kaks*"),
            Part(kind=PartKind.SOURCES, markdown="Allikas: [Riigi Teataja](https://www.riigiteataja.ee/akt/1)"),
        )
        await rig.show(Message(lang="et", parts=parts))
        [shown] = await rig.shown(1)
        said = words(shown.text)
        places = [said.index(word) for word in ("112.", "üks", "kaks", "Allikas:", "Riigi")]
        assert places == sorted(places)
        assert "**" not in shown.text

    async def test_options_are_shown(self, rig: Rig) -> None:
        """Options are buttons with their ids, or stand in the text where there are none."""
        options = (Option(id="topic:school", label="Kool <1>"), Option(id="menu:health:2", label="Tervis & abi"))
        await rig.show(message("Mida soovite?", options=options))
        [shown] = await rig.shown(1)
        if rig.channel.ability.buttons:
            assert shown.options == ("topic:school", "menu:health:2")
        else:
            assert "Kool <1>" in shown.text
            assert "Tervis & abi" in shown.text

    async def test_a_long_message_is_shown_whole(self, rig: Rig) -> None:
        """A message over the limit is split or shown whole: no word is lost or doubled."""
        limit = rig.channel.ability.max_chars
        text = " ".join(f"sõna{number}" for number in range(limit // 4))
        assert len(text) > limit
        await rig.show(message(text, options=(Option(id="menu", label="Menüü"),)))
        shown = await seen_to(rig, words(text)[-1])
        assert [word for one in shown for word in words(one.text) if word.startswith("sõna")] == words(text)
        assert all(len(one.text) <= limit for one in shown) or rig.channel.ability.pulled

    async def test_order_is_kept(self, rig: Rig) -> None:
        """Messages are seen in the order they were said, each once."""
        for number in range(8):
            await rig.show(message(f"teade {number}"))
        shown = await rig.shown(8)
        assert [one.text.strip() for one in shown] == [f"teade {number}" for number in range(8)]

    # --- the channel itself

    async def test_only_a_pulled_channel_refuses_to_send(self, rig: Rig) -> None:
        """A pulled channel refuses to send; any other gives back the message's id."""
        said = message("tere")
        assert rig.channel.name
        assert rig.channel.ability.max_chars > 0
        if rig.channel.ability.pulled:
            with pytest.raises(Refused):
                await rig.channel.send(delivery(rig.channel, said), said)
        else:
            assert await rig.show(said)

    async def test_cancelling_ends_it_promptly(self, rig: Rig, inbox: Inbox) -> None:
        """Cancelled, `run` ends soon and says so, also in the middle of a conversation."""
        await rig.say("tere")
        await inbox.holds(1)
        await rig.show(message("tere"))
        await rig.shown(1)
        rig.running.cancel()
        done, _ = await asyncio.wait({rig.running}, timeout=PROMPT)
        assert done
        assert rig.running.cancelled()


async def seen_to(rig: Rig, word: str) -> Sequence[Shown]:
    """Wait until a word is seen and give everything seen so far."""
    shown = await rig.shown(1)
    while not any(word in words(one.text) for one in shown):
        shown = await rig.shown(len(shown) + 1)
    return shown
