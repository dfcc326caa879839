"""Events of every kind with hostile words in every field: each is answered or apologised for, and no text kills a row."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.core import events
from bot.core.events import KINDS
from bot.core.texts import APOLOGY
from bot.ports import DESKS, Arrival, Message
from tests.engine.kit import NOW, Recorder
from tests.fuzz.kit import House, house
from tests.fuzz.mutation import NUMBERS, ODD, TEXTS, Json, often
from tests.worlds import catalogs

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS: Final = (
    "kus on raamatukogu", "где библиотека", "where is library", "де бібліотека", "tere", "menu", "1", "inimene", "/forget",
    "/mydata", "/language ru", "/municipality sampleton", "zzzsuicide", "Sampleton", "/person", "/case",
    "/start sampleton_library",
)  # fmt: skip
OPTIONS: Final = (
    "menu",
    "topic:library",
    "topic:",
    "lang:ru",
    "help",
    "language",
    "case:status",
    "forget",
    "mydata",
    "not:",
    "\x00",
)
SAID: Final = TEXTS | st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
BY_NAME: Final = {"text": SAID, "payload": SAID, "quoted": SAID, "option": SAID | st.sampled_from(OPTIONS)}
ANSWERED: Final = ("opened", "said", "chose", "sent-file", "unreadable", "flooded")
"""What a person does and waits for an answer to."""


def body(kind: str) -> st.SearchStrategy[Json]:
    """The row of an event of this kind, each field of its type."""
    hints = {name: hint for name, hint in get_type_hints(KINDS[kind]).items() if name != "at"}
    by_type: dict[object, st.SearchStrategy[Any]] = {str: TEXTS, bool: st.booleans(), int: NUMBERS}
    fields = {name: BY_NAME.get(name, by_type[hint]) for name, hint in hints.items()}
    return st.fixed_dictionaries({"event": st.just(kind), **fields})


PERSONS: Final = st.sampled_from([kind for kind in KINDS if not kind.startswith("staff-") and kind != "left"]).flatmap(body)
"""Who leaves is forgotten, and what was still to be said to them with it."""
STAFFS: Final = st.sampled_from([kind for kind in KINDS if kind.startswith("staff-")]).flatmap(body)

STRANGE: Final = st.dictionaries(st.sampled_from(["event", "text", "option", "hint", "at", "desk", "x"]) | TEXTS, ODD, max_size=4)
SPOILT: Final = PERSONS.flatmap(lambda row: st.tuples(st.just(row), st.sampled_from(list(row)), ODD)).map(
    lambda spoilt: {**spoilt[0], spoilt[1]: spoilt[2]}
)


@dataclass(slots=True)
class Town:
    """The real engine on a channel that notes what is shown, and how many talks were held."""

    inside: House
    shown: Recorder
    talks: int = 0

    async def hear(self, rows: list[Json]) -> Mapping[int, list[Message]]:
        """Hand in the rows of a new conversation, those of staff as a desk's; give what was said to each, by its place."""
        self.talks += 1
        who = f"talk{self.talks}"
        arrivals = [self._arrival(who, number, row) for number, row in enumerate(rows)]
        before = len(self.shown.shown)
        await self.inside(arrivals)
        await self.inside.engine.drain()
        found: dict[int, list[Message]] = {}
        for (delivery, _), (lane, message) in zip(self.shown.tried[before:], self.shown.shown[before:], strict=True):
            if lane == who:
                found.setdefault(int(delivery.key.split(":")[1].rpartition("-")[2]), []).append(message)
        return found

    def _arrival(self, who: str, number: int, row: Json) -> Arrival:
        at_desk = str(row.get("event")).startswith("staff-")
        channel, conversation = (DESKS, "desk:sampleton") if at_desk else ("town", who)
        return Arrival(source="fuzz", ext_id=f"{who}-{number}", channel=channel, conversation=conversation, body=row, at=NOW)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town() -> AsyncIterator[Town]:
    """One for all."""
    shown = Recorder()
    async with house(shown) as inside:
        yield Town(inside, shown)


@often(80)
@given(rows=st.lists(PERSONS | STAFFS, min_size=1, max_size=6))
async def test_whatever_is_said_every_row_is_handled_and_answered(town: Town, rows: list[Json]) -> None:
    """No text, number or mark in any field makes a dead row, and who did something reads something."""
    before = len(await town.inside.store.dead())
    said = await town.hear(rows)
    assert len(await town.inside.store.dead()) == before
    assert [row for number, row in enumerate(rows) if row["event"] in ANSWERED and number not in said] == []
    assert all(part.markdown.strip() for messages in said.values() for message in messages for part in message.parts)


@often(80)
@given(rows=st.lists(STRANGE | SPOILT, min_size=1, max_size=3))
async def test_a_row_that_cannot_be_read_is_apologised_for_and_holds_nobody_up(town: Town, rows: list[Json]) -> None:
    """A row of another version, or spoilt in the database: dead, said so, and the message after it is answered."""
    before = len(await town.inside.store.dead())
    said = await town.hear([*rows, {"event": "said", "text": "where is library"}])
    dead = (await town.inside.store.dead())[before:]
    sorry = {catalogs().text(lang, APOLOGY) for lang in ("et", "ru", "en")}
    told = [number for number, messages in said.items() if messages[0].parts[0].markdown in sorry]
    assert len([letter for letter in dead if letter.channel == "town"]) == len(told)
    assert said[len(rows)]


async def test_every_kind_of_event_is_tried() -> None:
    """A new one with a field of a new type has to be thought of here."""
    assert {hint for kind in KINDS.values() for name, hint in get_type_hints(kind).items() if name != "at"} <= {str, bool, int}
    assert set(ANSWERED) <= set(KINDS)
    assert events.NAMES[events.Flooded] in ANSWERED
