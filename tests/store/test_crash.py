"""A worker is killed wherever it can be; the next one finds everything, does the rest, and computes nothing twice."""

import asyncio
import shutil
import signal
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

import pytest

from bot.store import SqlStore
from bot.store.migrate import upgrade
from tests.contracts.store import recall
from tests.engine.processes import context
from tests.store.crash import ARRIVALS, PEOPLE, address, dying, ringing, work

AT_ONCE: Final = 12
"""Workers that live side by side, each in a folder of its own; the disk is what they wait for."""


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A folder with a migrated database to copy."""
    folder = tmp_path / "prepared"
    upgrade(address(folder))
    return folder


@pytest.mark.untraced
async def test_power_may_go_at_any_moment(prepared: Path, tmp_path: Path) -> None:
    """Each moment of a worker's life is its last once: in and between all transactions."""
    moments = hear_out(shutil.copytree(prepared, tmp_path / "whole life"))
    assert moments > 100
    for first in range(1, moments + 1, AT_ONCE):
        lives = range(first, min(first + AT_ONCE, moments + 1))
        folders = [shutil.copytree(prepared, tmp_path / str(moment)) for moment in lives]
        workers = [context.Process(target=dying, args=life) for life in zip(folders, lives, strict=True)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        # How many moments a life has depends a little on how busy the machine is: only the last ones may never come.
        for moment, worker in zip(lives, workers, strict=True):
            assert worker.exitcode == -signal.SIGKILL or (worker.exitcode == 0 and moment > 0.9 * moments)
        await asyncio.gather(*map(work, folders))
        for folder in folders:
            await check(folder, deaths=1)


@pytest.mark.parametrize("seed", range(5))
async def test_workers_may_be_killed_again_and_again(prepared: Path, seed: int) -> None:
    """By somebody outside, who hits them at no moment in particular, until one gets to the end."""
    random, deaths, after = Random(seed), 0, 0
    while hear_out(prepared, kill_after=(after := random.randrange(1, 60))) >= after:
        deaths += 1
    await check(prepared, deaths)


def hear_out(folder: Path, kill_after: int | None = None) -> int:
    """Run a worker, kill it some time after so many moments, and return how many there were until then."""
    heard = 0
    hearing, bell = context.Pipe(duplex=False)
    worker = context.Process(target=ringing, args=(folder, bell))
    with hearing:
        with bell:
            worker.start()
        with suppress(EOFError):
            while heard != kill_after:
                hearing.recv_bytes()
                heard += 1
        if heard == kill_after:
            worker.kill()
        worker.join()
    assert worker.exitcode == (-signal.SIGKILL if heard == kill_after else 0)
    return heard


async def check(folder: Path, deaths: int) -> None:
    """Everything was computed once and in order; everything was sent, twice at most what was in flight at a death.

    No case is missing and none is there twice.
    """
    delivered = (folder / "sent").read_text().split()
    expected: list[str] = []
    for person, names in (await remembered(folder)).items():
        said = [f"bot/{one.ext_id}" for one in ARRIVALS if one.conversation == person]
        assert [name for name in names if name.startswith("bot/")] == said
        assert len(names) == len(set(names)) == 2 * len(said)
        first_sent = list(dict.fromkeys(name for name in delivered if name in names))
        assert first_sent == names
        expected += names
    assert set(delivered) == set(expected)
    assert len(delivered) - len(expected) <= deaths * len(PEOPLE)
    assert max(Counter(delivered).values()) <= deaths + 1
    assert await numbers(folder) == list(range(1, len(ARRIVALS) + 1))


async def numbers(folder: Path) -> list[int]:
    """Return the numbers of all cases."""
    store = await SqlStore.open(address(folder))
    found = sorted([case.number for person in PEOPLE for case in await store.cases(person)])
    await store.close()
    return found


async def remembered(folder: Path) -> dict[str, list[str]]:
    """Return what the conversations have handled."""
    store = await SqlStore.open(address(folder))
    states = {person: await recall(store, person) for person in PEOPLE}
    await store.close()
    return {person: list((state or {})["seen"]) for person, state in states.items()}  # type: ignore[arg-type]
