"""The bot is killed between any two of its steps; started again it finishes, loses nothing and answers nothing twice."""

import asyncio
import json
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.engine.killed import ASKED, dying, live
from tests.engine.processes import context

AT_ONCE: Final = 12
"""Bots that live side by side, each in a folder of its own."""
KEYS: Final = [f"file:{number}:0" for number, _, _ in ASKED]


@dataclass(frozen=True, slots=True)
class Sent:
    """A line of what the outside has got."""

    key: str
    lane: str
    topic: str


async def test_killed_at_any_moment_it_loses_and_doubles_nothing(migrated: Path, tmp_path: Path) -> None:
    """Each moment of the bot's life is its last once, until a bot lives to its end."""
    codes: list[int | None] = []
    while 0 not in codes:
        lives = range(len(codes) + 1, len(codes) + 1 + AT_ONCE)
        folders = [prepare(migrated, tmp_path / str(last)) for last in lives]
        bots = [context.Process(target=dying, args=life) for life in zip(folders, lives, strict=True)]
        for bot in bots:
            bot.start()
        for bot in bots:
            bot.join()
        codes += [bot.exitcode for bot in bots]
        before = [(sent(folder), in_flight(folder)) for folder in folders]
        await asyncio.gather(*map(live, folders))
        for folder, (sent_before, flying) in zip(folders, before, strict=True):
            check(folder, sent_before, flying)
    assert set(codes) == {-signal.SIGKILL, 0}
    assert codes.index(0) >= 40


def prepare(migrated: Path, folder: Path) -> Path:
    """Make a folder with an empty database."""
    folder.mkdir()
    shutil.copy(migrated, folder / "bot.sqlite")
    return folder


def sent(folder: Path) -> Sequence[Sent]:
    """Give what the outside has got so far."""
    file = folder / "sent"
    return [Sent(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def in_flight(folder: Path) -> set[str]:
    """Give the keys of rows that were claimed and not settled when the bot died."""
    return {str(key) for key, *_ in select(folder, "SELECT key FROM outbox WHERE status = 0 AND claimed_by IS NOT NULL")}


def check(folder: Path, before: Sequence[Sent], flying: set[str]) -> None:
    """Everything was computed once, sent in order, and sent twice only where it was in flight at the death."""
    got = sent(folder)
    for conversation in {conversation for _, conversation, _ in ASKED}:
        first = dict.fromkeys((one.key, one.topic) for one in got if one.lane == conversation)
        assert list(first) == [(f"file:{n}:0", topic) for n, whose, topic in ASKED if whose == conversation]
    repeated = {key for key, times in Counter(one.key for one in got).items() if times > 1}
    assert repeated <= flying & {one.key for one in before}
    assert len(got) <= len(KEYS) + len(repeated)
    assert sorted({one.key for one in got}) == sorted(KEYS)
    assert turns(folder) == Counter(conversation for _, conversation, _ in ASKED)
    assert select(folder, "SELECT what, sum(n) FROM tally GROUP BY what") == [("answer", len(ASKED))]
    assert select(folder, "SELECT count(*) FROM inbox WHERE status != 1") == [(0,)]
    assert select(folder, "SELECT count(*) FROM outbox WHERE status != 1") == [(0,)]


def turns(folder: Path) -> Counter[str]:
    """Give how many questions each conversation remembers having handled."""
    states = select(folder, "SELECT id, state FROM conversation")
    return Counter({str(id): json.loads(str(state))["turns"] for id, state in states})


def select(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Read from the bot's file."""
    connection = sqlite3.connect(folder / "bot.sqlite")
    found = connection.execute(statement).fetchall()
    connection.close()
    return found
