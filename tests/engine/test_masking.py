"""Personal numbers are gone before a message is kept anywhere; what offices publish stays."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.events import Event, Opened, Said, SentFile
from bot.core.world import World
from bot.store import SqlStore
from tests.engine.kit import NOW, Recorder, arrival, engine, rows, said
from tests.engine.small import small_world
from tests.worlds import real_world

CODE = "18203040011"
"""Of somebody born in the 1880s, as far as the check digit can tell."""


def offices() -> World:
    """Give the small world with the numbers of an office."""
    return replace(small_world(), public=frozenset({"+372 6773377", "info@sampleton.example"}))


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (Said(at=NOW, text=f"my code is {CODE}, where is library"), "my code is [🆔], where is library"),
        (SentFile(at=NOW, kind="photo", text=f"this is {CODE}"), "this is [🆔]"),
        (Opened(at=NOW, payload=CODE), "[🆔]"),
        (Said(at=NOW, text="call me on +372 5555 1234"), "call me on [📞]"),
        (Said(at=NOW, text="is it 1247 or +372 677 3377?"), "is it 1247 or +372 677 3377?"),
        (Said(at=NOW, text="info@sampleton.example or ann@example.com"), "info@sampleton.example or [📧]"),
        (Opened(at=NOW, payload="sampleton_library"), "sampleton_library"),
    ],
)
async def test_what_waits_has_no_personal_numbers(store: SqlStore, file: Path, event: Event, kept: str) -> None:
    """Of whatever a person writes; the numbers that the knowledge gives may be asked about."""
    await engine(store, world=offices).ingest([arrival("1", event)])
    [waiting] = [row for row in rows(file) if row.startswith("inbox ")]
    assert f': "{kept}"' in waiting
    assert CODE not in waiting


async def test_the_question_around_it_is_answered(store: SqlStore, town: Recorder) -> None:
    """A mask is no word that the search could trip over."""
    bot = engine(store, town, world=offices)
    await bot.ingest([said("1", f"{CODE} where is library")])
    await bot.drain()
    assert town.topics("ann") == ["library"]


def test_the_knowledge_names_the_numbers_of_offices() -> None:
    """Those of values and of every municipality's contacts."""
    assert {"112", "1247"} <= {number for number in real_world().public if number.isdigit()}
    assert any("@" in address for address in real_world().public)
