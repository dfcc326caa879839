"""Knowledge that changes while people ask: a good file is served at once, a broken one changes nothing, no message fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from bot.content import Content, keep_fresh
from bot.errors import KnowledgeError
from bot.knowledge.load import Library
from bot.platforms.terminal import plain
from bot.store import SqlStore
from tests.engine.kit import PATIENCE, Recorder, engine, said
from tests.engine.small import write_knowledge
from tests.worlds import catalogs

RELOADS: Final = 50
SERVED_WITHIN: Final = 2.0
"""Seconds; what editors are promised."""
ANSWER: Final = "en/library.md"
BROKEN: Final = "\n\tbroken"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small knowledge, to be changed."""
    return write_knowledge(tmp_path / "knowledge")


@pytest.fixture
async def content(folder: Path) -> AsyncIterator[Content]:
    """What is served, kept fresh from the folder."""
    library = Library(folder)
    served = Content(library.load(), catalogs())
    watching = asyncio.create_task(keep_fresh(served, library))
    await asyncio.sleep(0.3)  # the watcher tells nobody that it has begun
    yield served
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


def rewrite(folder: Path, text: str, *, broken: bool = False) -> None:
    """Save the answer about the library anew, as an editor's program does: whole."""
    path = folder / ANSWER
    head = path.read_text("utf-8").split("\n---\n")[0].removesuffix(BROKEN)
    saved = path.with_suffix(".tmp")
    saved.write_text(f"{head}{BROKEN if broken else ''}\n---\n{text}\n", "utf-8")
    saved.replace(path)


def served(content: Content) -> str:
    """Give what stands in the answer now."""
    return content.world.topics["library"].texts["en"].body


async def until(content: Content, text: str, seconds: float = SERVED_WITHIN) -> None:
    """Wait until a text is served."""
    async with asyncio.timeout(seconds):
        while served(content) != text:  # noqa: ASYNC110 - a World has nothing to wait for
            await asyncio.sleep(0.01)


async def test_no_message_fails_during_fifty_reloads(folder: Path, content: Content, store: SqlStore) -> None:
    """People ask all the while; each good save is served within two seconds, each broken one leaves the last good one."""
    town = Recorder()
    bot = engine(store, town, world=lambda: content.world)
    running = asyncio.create_task(bot.run())
    asked = 0

    async def ask_on() -> None:
        nonlocal asked
        while True:
            await bot.ingest([said(f"m{asked}", "where is library", f"person-{asked}")])
            asked += 1
            await asyncio.sleep(0.03)

    asking = asyncio.create_task(ask_on())
    with capture_logs() as logs:
        for number in range(RELOADS):
            if broken := number % 5 == 4:
                rewrite(folder, f"Wrong {number}.", broken=True)
                await asyncio.sleep(0.4)
            else:
                rewrite(folder, f"Open at {number}.")
            await until(content, f"Open at {number - broken}.")
    asking.cancel()
    await town.until(lambda: len(town.shown) == asked)
    running.cancel()
    await asyncio.wait([asking, running])
    texts = [plain(message) for _, message in town.shown]
    assert asked > RELOADS
    assert [text for text in texts if "Library" not in text or "Wrong" in text] == []
    assert {"knowledge reloaded", "knowledge not reloaded"} == {row["event"] for row in logs}
    assert all("tabs" in row["problems"][0] for row in logs if row["event"] == "knowledge not reloaded")


async def test_one_event_sees_one_world(folder: Path, content: Content) -> None:
    """A World that is being read is never changed: a reload puts another in its place."""
    before = content.world
    rewrite(folder, "New.")
    await until(content, "New.")
    assert before.topics["library"].texts["en"].body != "New."


async def test_a_folder_that_is_gone_for_a_moment(folder: Path, content: Content, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last good knowledge is served on, and the folder is watched again when it is back."""
    monkeypatch.setattr("bot.content.WATCH_AGAIN", 0.05)
    before = content.world
    with capture_logs() as logs:
        away = folder.rename(folder.with_name("away"))  # noqa: ASYNC240 - a test may
        async with asyncio.timeout(PATIENCE):
            while not logs:  # noqa: ASYNC110 - a log has nothing to wait for
                await asyncio.sleep(0.01)
        assert content.world is before
        away.rename(folder)
        async with asyncio.timeout(PATIENCE):
            while served(content) != "Back.":
                rewrite(folder, "Back.")
                await asyncio.sleep(0.3)


@pytest.mark.parametrize("changed", ["when it is back", "while it is away"])
async def test_a_folder_that_cannot_be_watched(folder: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """It is reported and tried again; what changes later is served, and what changed meanwhile too."""
    monkeypatch.setattr("bot.content.WATCH_AGAIN", 0.05)
    library = Library(folder)
    content = Content(library.load(), catalogs())
    before = content.world
    away = folder.rename(folder.with_name("away"))  # noqa: ASYNC240 - a test may
    with capture_logs() as logs:
        watching = asyncio.create_task(keep_fresh(content, library))
        async with asyncio.timeout(PATIENCE):
            while len(logs) < 2:  # noqa: ASYNC110 - a log has nothing to wait for
                await asyncio.sleep(0.01)
        assert {(row["event"], row["error"].split(":")[0]) for row in logs} == {("knowledge not watched", "FileNotFoundError")}
        assert content.world is before
        if changed == "while it is away":
            rewrite(away, "Back.")
        away.rename(folder)
        await asyncio.sleep(0.5)  # the watcher tells nobody that it has begun
        if changed == "when it is back":
            rewrite(folder, "Back.")
        await until(content, "Back.")
    watching.cancel()
    await asyncio.wait([watching])


def test_a_reload_is_the_same_as_a_fresh_start(folder: Path) -> None:
    """What is kept from the last reading never shows: an old file, a new word, a broken and mended file."""
    library = Library(folder)
    library.load()
    rewrite(folder, "Second.")
    path = folder / "en/waste.md"
    path.write_text(path.read_text("utf-8").replace('"title": "', '"title": "Quidditch '), "utf-8")
    reloaded, fresh = library.load(), Library(folder).load()
    assert reloaded.topics == fresh.topics
    for question in ("quidditch", "where is library", "waste"):
        assert reloaded.finder.find(question) == fresh.finder.find(question)


def test_a_fault_found_while_building_is_found_again(folder: Path) -> None:
    """A broken safety pattern stops every reload until it is mended, not only the first."""
    path = folder / "safety/en.yaml"
    good = path.read_text("utf-8")
    library = Library(folder)
    library.load()
    path.write_text(good.replace("=zzzchild", "<nobody>"), "utf-8")
    for _ in range(2):
        with pytest.raises(KnowledgeError, match="there is no set <nobody>"):
            library.load()
    path.write_text(good, "utf-8")
    assert library.load().dangers.find("zzzchild") == "child"
