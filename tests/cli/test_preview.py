"""The editors' preview put together in this process: real files, the real rules, real HTTP, followed as the files are saved."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from bot import editing
from bot.errors import Problem
from bot.knowledge.read import Files
from bot.settings import load_settings
from tests.knowledge.copies import change, copy_knowledge
from tests.knowledge.test_variants import EU, with_variants

PATIENCE: Final = 30.0


@pytest.fixture
def folder(room: Path) -> Path:
    """A copy of the real knowledge with a variant, to be changed."""
    folder = copy_knowledge(room / "knowledge")
    with_variants(folder, ("eu", EU))
    return folder


@pytest.fixture
async def page(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the preview of the folder."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = load_settings(knowledge=folder, municipality="kohtla-jarve")
    serving = asyncio.create_task(editing.preview(settings, 0, told.set_result))
    async with asyncio.timeout(PATIENCE):
        address = await told
    await asyncio.sleep(0.3)  # the watcher tells nobody that it has begun
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE) as client:
        yield client
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def until(page: httpx.AsyncClient, path: str, word: str) -> str:
    """Load a page anew until a word stands on it."""
    async with asyncio.timeout(PATIENCE):
        while word not in (text := (await page.get(path)).text):  # noqa: ASYNC110 - the page tells nobody
            await asyncio.sleep(0.05)
    return text


async def test_answers_are_said_as_the_bot_says_them(page: httpx.AsyncClient) -> None:
    """A topic has its answer and its variants in every language, with what the municipality adds."""
    text = (await page.get("/topic/school")).text
    assert [
        word for word in ("School et", "School ru", "School en", "Different for eu.", "Kohtla-Järve") if word not in text
    ] == []


async def test_a_save_is_shown_and_a_fault_is_told(page: httpx.AsyncClient, folder: Path) -> None:
    """A good file is shown at once; a broken one is told with its line, beside the last good answers."""
    change(folder / "en/school.md", "Different for eu.", "Something new.")
    await until(page, "/topic/school", "Something new.")
    line = change(folder / "topics/school.yaml", "review_by:", "review_by: soon")
    text = await until(page, "/", "review_by: write a date")
    assert f"knowledge/topics/school.yaml:{line}" in text


async def test_advice_follows_what_is_seen_at_once(page: httpx.AsyncClient, folder: Path) -> None:
    """Hard sentences and wordings that fail take longer to find: they are added to the reading that is shown."""
    hard = "Notwithstanding governmental responsibilities, administrative circumstances significantly complicate everything."
    change(folder / "en/school.md", "Different for eu.", hard)
    await until(page, "/topic/school", "Notwithstanding")
    await until(page, "/topic/school", "hard to read")


def test_advice_on_an_older_reading_is_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found in files that have changed since is not shown."""
    proofs = editing.Proofs(load_settings(knowledge=folder))
    stale = Problem("knowledge/en/school.md", 1, "stale", error=False)

    def while_somebody_saves(_files: Files) -> Iterator[Problem]:
        proofs.read()
        yield stale

    monkeypatch.setattr(editing, "check_style", while_somebody_saves)
    look, number = proofs.read(), proofs.reading.number
    proofs.advise(look)
    assert proofs.reading.number == number + 1
    assert stale not in proofs.reading.problems


async def test_an_open_page_is_told_of_a_save(page: httpx.AsyncClient, folder: Path) -> None:
    """The page that is open hears of the next reading, and then shows it."""
    change(folder / "en/school.md", "Different for eu.", "Something new.")
    async with asyncio.timeout(PATIENCE), page.stream("GET", "/changes", params={"since": await number(page)}) as stream:
        told = [line async for line in until_told(line async for line in stream.aiter_lines() if line)]
    assert told[-1] == "data: changed"
    await until(page, "/topic/school", "Something new.")


async def number(page: httpx.AsyncClient) -> str:
    """Give the number of the reading that is shown."""
    return (await page.get("/")).text.split('data-number="')[1].split('"')[0]


async def until_told(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Give the lines up to the one that tells of a change."""
    async for line in lines:
        yield line
        if line.startswith("data:"):
            return


async def test_a_folder_in_which_nothing_works(room: Path) -> None:
    """Where no answer can be made there is a page all the same, with what is missing."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(editing.preview(load_settings(knowledge=room), 0, told.set_result))
    async with httpx.AsyncClient(base_url=await told, trust_env=False, timeout=PATIENCE) as client:
        text = (await client.get("/")).text
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    assert "there must be languages, topics and municipalities/_national.yaml" in text
