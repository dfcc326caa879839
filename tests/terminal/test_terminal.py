"""The terminal beyond the contract: how a conversation begins, what lines may hold, how a message looks, `ask`'s channel."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from bot.core.events import Chose, Event, Opened, Said, from_json
from bot.errors import WrongUse
from bot.platforms.terminal import Collector, TerminalChannel, as_json, dressed, plain, read_line
from bot.ports import Arrival, Delivery, Message, Option, Part, PartKind, message_to_json

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HELLO = Message(
    lang="en",
    parts=(Part(markdown="**Hello**, [you](https://example.ee)."), Part(kind=PartKind.SOURCES, markdown="Source: *none*")),
    options=(Option(id="menu", label="Menu"), Option(id="topic:school", label="School & more")),
    topic="school",
)


class Hearing:
    """Takes what a terminal hands in."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
        """Keep arrivals."""
        assert cursor is None
        self.arrivals += arrivals

    @property
    def events(self) -> list[Event]:
        """What was handed in."""
        return [from_json(arrival.body, arrival.at) for arrival in self.arrivals]


def terminal(lines: Iterable[str], out: StringIO, *, json_lines: bool = True, lang: str | None = None) -> TerminalChannel:
    """Make a terminal over lines."""

    async def answered() -> None:
        out.write(".")

    return TerminalChannel(lines=lines, out=out, as_json=json_lines, answered=answered, clock=lambda: NOW, lang=lang)


def delivery(key: str, lane: str = "terminal") -> Delivery:
    """A row of the outbox."""
    return Delivery(id=1, key=key, channel="terminal", conversation=lane, lane=lane, body=message_to_json(HELLO))


async def test_it_opens_and_reads_to_the_end() -> None:
    """First the opening, then each line, each answered before the next is read; blank lines are nothing."""
    out, hearing = StringIO(), Hearing()
    lines = ['{"text": "tere"}\n', "\n", "  \n", '{"choice": "menu"}\n', '{"choice": 2}']
    await terminal(lines, out).run(hearing)
    assert hearing.events == [Opened(at=NOW), Said(at=NOW, text="tere"), Chose(at=NOW, option="menu"), Chose(at=NOW, option="2")]
    assert out.getvalue() == "." * 4
    assert len({(arrival.source, arrival.ext_id) for arrival in hearing.arrivals}) == 4


async def test_two_runs_never_share_an_id() -> None:
    """The same lines in another run are other arrivals."""
    hearing = Hearing()
    for _ in range(2):
        await terminal(['{"text": "tere"}'], StringIO()).run(hearing)
    assert len({arrival.ext_id for arrival in hearing.arrivals}) == 4


async def test_plain_lines_are_texts() -> None:
    """In plain mode a line is what a person wrote, also an empty one or one that looks like JSON."""
    hearing = Hearing()
    await terminal(["tere\n", "\n", '{"text": "x"}\n', "1"], StringIO(), json_lines=False).run(hearing)
    assert hearing.events[1:] == [Said(at=NOW, text=text) for text in ("tere", "", '{"text": "x"}', "1")]


async def test_the_language_is_chosen_without_a_word() -> None:
    """With a language given it is chosen before the opening, and the answer to that choice is not printed."""
    out, hearing = StringIO(), Hearing()
    channel = terminal([], out, lang="ru")
    await channel.run(hearing)
    assert hearing.events == [Chose(at=NOW, option="lang:ru"), Opened(at=NOW, hint="ru")]
    chosen, opened = (f"terminal:{arrival.ext_id}:0" for arrival in hearing.arrivals)
    start = out.tell()
    assert await channel.send(delivery(chosen), HELLO) == chosen
    assert out.getvalue()[start:] == ""
    await channel.send(delivery(opened), HELLO)
    assert out.getvalue()[start:] != ""


async def test_the_same_key_is_printed_once() -> None:
    """A repeat of a send is no second message."""
    out = StringIO()
    channel = terminal([], out)
    assert [await channel.send(delivery("k"), HELLO) for _ in range(3)] == ["k"] * 3
    assert len(out.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ('{"text": "tere"}', Said(at=NOW, text="tere")),
        ('{"text": ""}', Said(at=NOW, text="")),
        ('{"text": "a", "choice": "b", "more": 1}', Said(at=NOW, text="a")),
        ('{"text": "a\\u0000b\\ud83dc"}', Said(at=NOW, text="a\ufffdb\ufffdc")),
        ('{"choice": "topic:school"}', Chose(at=NOW, option="topic:school")),
        ('{"choice": 3}', Chose(at=NOW, option="3")),
        ('{"choice": -1}', Chose(at=NOW, option="-1")),
    ],
)
def test_a_line_is_an_event(line: str, event: Event) -> None:
    """A text, or a choice by id or number."""
    assert read_line(line, 1, NOW) == event


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("nonsense", r"^line 7 is not JSON: "),
        ('{"text": "x"', r"^line 7 is not JSON: "),
        ("[" * 100_000, r"^line 7 is not JSON: "),
        ("[]", r"^line 7 must be "),
        ('"text"', r"^line 7 must be "),
        ("{}", r"^line 7 must be "),
        ('{"text": 5}', r"^line 7 must be "),
        ('{"choice": null}', r"^line 7 must be "),
        ('{"choice": true}', r"^line 7 must be "),
        ('{"choice": 1.5}', r"^line 7 must be "),
    ],
)
def test_a_wrong_line_is_named(line: str, fault: str) -> None:
    """Anything else is wrong use, with the number of the line."""
    with pytest.raises(WrongUse, match=fault):
        read_line(line, 7, NOW)


async def test_a_wrong_line_ends_the_chat() -> None:
    """What stood before it is answered; the error names the line as the file has it."""
    hearing = Hearing()
    with pytest.raises(WrongUse, match=r"^line 3 "):
        await terminal(['{"text": "tere"}\n', "\n", "{}\n", '{"text": "later"}\n'], StringIO()).run(hearing)
    assert len(hearing.arrivals) == 2


def test_a_message_as_json() -> None:
    """Exactly these fields; the text has no markup, and links keep their address."""
    assert as_json(HELLO) == {
        "text": "Hello, you (https://example.ee).\n\nSource: none",
        "lang": "en",
        "topic": "school",
        "options": [{"id": "menu", "label": "Menu"}, {"id": "topic:school", "label": "School & more"}],
        "end": True,
    }
    assert plain(HELLO) == as_json(HELLO)["text"]


async def test_a_message_in_plain_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts one after the other, then the options with their numbers, then an empty line."""
    monkeypatch.setenv("COLUMNS", "60")
    out = StringIO()
    await terminal([], out, json_lines=False).send(delivery("k"), HELLO)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[-3:] == ["  1 Menu", "  2 School & more", ""]
    assert lines[0].startswith("Hello, you")
    assert "Source: none" in lines


async def test_json_lines_are_utf8_not_escapes() -> None:
    """Letters are written as they are."""
    out = StringIO()
    await terminal([], out).send(delivery("k"), Message(lang="et", parts=(Part(markdown="Õ ё"),)))
    assert "Õ ё" in out.getvalue()
    assert json.loads(out.getvalue())["options"] == []


@pytest.mark.parametrize("kind", list(PartKind))
def test_control_characters_never_reach_the_terminal(kind: PartKind) -> None:
    """Escape sequences, bells and direction marks in a text are left out."""
    out = StringIO()
    part = Part(kind=kind, markdown="a\x1b[31mred\x07 \x9b2J \u202eback\nnext")
    Console(file=out, width=60).print(dressed(part))
    assert [c for c in out.getvalue() if not c.isprintable() and c != "\n"] == []
    assert "next" in out.getvalue()


def test_an_emergency_card_stands_in_a_frame() -> None:
    """A card cannot be taken for ordinary text."""
    out = StringIO()
    Console(file=out, width=60).print(dressed(Part(kind=PartKind.CARD, markdown="**112**")))
    first, *_, last = (line.strip() for line in out.getvalue().splitlines())
    assert (first[0], last[0], "112" in out.getvalue()) == ("╭", "╰", True)


# --- the channel of `teejuht ask`


async def test_a_question_is_a_conversation_of_its_own() -> None:
    """Each question opens a conversation with its municipality and language, and is put in it."""
    hearing = Hearing()
    collector = Collector(clock=lambda: NOW, lang="ru", town="kohtla-jarve")
    await collector.run(hearing)
    await collector.ask(hearing, "q0", "tere")
    await collector.ask(hearing, "q1", "hi")
    assert [arrival.conversation for arrival in hearing.arrivals] == ["q0"] * 3 + ["q1"] * 3
    assert hearing.events[:3] == [
        Opened(at=NOW, payload="kohtla-jarve"),
        Chose(at=NOW, option="lang:ru"),
        Said(at=NOW, text="tere"),
    ]
    assert len({arrival.ext_id for arrival in hearing.arrivals}) == 6


async def test_only_the_answer_is_collected() -> None:
    """What is said at the opening is left out; an answer is kept once, under its conversation."""
    hearing = Hearing()
    collector = Collector(clock=lambda: NOW)
    await collector.ask(hearing, "q0", "tere")
    opened, asked = (f"ask:{arrival.ext_id}:0" for arrival in hearing.arrivals)
    for key in (opened, asked, asked):
        await collector.send(delivery(key, "q0"), HELLO)
    assert collector.answers == {"q0": {asked: HELLO}}
