"""The bot is killed between any two steps of a message's way from Telegram and back; started again it finishes what it began.

What happened is judged by the emulator, which outlives the bot: nothing is lost, nothing is computed twice, and nothing is shown
twice but what was on its way when the power went, as Telegram has no key by which it would know a message again.
"""

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, groupby, islice
from pathlib import Path
from typing import Final

import pytest

from bot.store.migrate import upgrade
from tests.engine.processes import PATIENCE, UNDONE, ended, living, prepare, process, select, until
from tests.peers.bot_api import BotApi, bot_api
from tests.telegram.life import Life, dying, live, serve

AT_ONCE: Final = 8
"""Bots that live side by side, each with a Telegram and a database of its own."""
EACH: Final = 41
STRIDE: Final = 5
"""The first forty moments are all tried, then every fifth: all of them, about 130, would take more than a minute."""
ANN: Final = 7
BOB: Final = 8
GROUP: Final = -5
ANSWERS: Final[Mapping[int, Sequence[str]]] = {
    ANN: ("Hello!", "Library", "What", "Life"),
    BOB: ("Waste", "Kindergarten"),
    GROUP: ("Kindergarten",),
}
"""The first word of each answer in a chat, in order."""
TURNS: Final = {f"telegram:{ANN}": 1, f"telegram:{BOB}": 2, f"telegram:{GROUP}": 1}
UPDATES: Final = 7
TALLIES: Final = {"answer": 4}
CROWD: Final = range(21, 27)
SUBJECTS: Final = ("library", "waste", "kindergarten") * 5
"""What each of the crowd asks, in order: fewer questions than the bot lets one person ask in a minute."""
STOPS: Final = (10, 25, 50)
"""Numbers of answers after which the bot is stopped and another one started."""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "bot.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


# --- people


@dataclass(slots=True)
class People:
    """Ann, Bob and a group; `taps` are the ids of what Ann tapped."""

    api: BotApi
    taps: set[str] = field(default_factory=set)

    async def write(self) -> None:
        """Say everything, and return when everybody has read all answers."""
        self.api.chat(GROUP)
        await asyncio.gather(self._ann(), self._bob(), self._group())

    async def _ann(self) -> None:
        await self.api.say(ANN, "/start")
        await self.api.say(ANN, "where is library")
        await self._tap(ANN, "Library", "menu")
        await self._tap(ANN, "What", "!menu:life")
        await self._read(ANN)

    async def _bob(self) -> None:
        await self.api.say(BOB, "where is waste")
        await self.api.say(BOB, "where is kindergarten")
        await self._read(BOB)

    async def _group(self) -> None:
        await self.api.say(GROUP, "@teejuht_test_bot where is kindergarten", user=9)
        await self._read(GROUP)

    async def _tap(self, chat: int, word: str, data: str) -> None:
        """Tap a button under an answer as soon as it is there."""
        await self.api.until(lambda: any(first_word(m) == word for m in self.api.sent(chat)), f"{word} in {chat}", PATIENCE)
        message = next(m for m in self.api.sent(chat) if first_word(m) == word)
        self.taps.add(await self.api.tap(message, data))

    def unanswered(self) -> set[str]:
        """Give the taps whose button still waits."""
        answered = {call.params["callback_query_id"] for call in self.api.calls if call.method == "answerCallbackQuery"}
        return self.taps - answered

    async def _read(self, chat: int) -> None:
        """Wait for the last answer."""
        last = ANSWERS[chat][-1]
        await self.api.until(lambda: last in shown(self.api, chat), f"{last} in {chat}", PATIENCE)


def first_word(message: Mapping[str, object]) -> str:
    """Tell an answer from the others by how it begins."""
    return str(message["text"]).split()[0]


def shown(api: BotApi, chat: int) -> list[str]:
    """Give the first word of everything that a chat was shown, new or in another's place, in order."""
    calls = [call for call in api.calls if call.method in ("sendMessage", "editMessageText")]
    return [first_word(call.result) for call in calls if call.result["chat"]["id"] == chat]


# --- lives


@pytest.mark.parametrize("pushed", [False, True], ids=["polling", "webhook"])
@pytest.mark.untraced
async def test_killed_at_any_moment_it_loses_nothing(migrated: Path, tmp_path: Path, *, pushed: bool) -> None:
    """One moment after the other of a bot's life is its last, until one lives until everybody is answered."""
    codes: list[int | None] = []
    moments = chain(range(1, EACH), count(EACH, STRIDE))
    while 0 not in codes:
        lasts = tuple(islice(moments, AT_ONCE))
        files = [prepare(migrated, tmp_path / str(last)) for last in lasts]
        codes += await asyncio.gather(*(two_lives(file, last, pushed=pushed) for file, last in zip(files, lasts, strict=True)))
        assert set(codes) <= {-signal.SIGKILL, 0}
    assert codes.index(0) >= EACH


@pytest.mark.parametrize("pushed", [False, True], ids=["polling", "webhook"])
async def test_stopped_while_people_write_it_repeats_nothing(migrated: Path, tmp_path: Path, *, pushed: bool) -> None:
    """SIGTERM ends a bot again and again while people write; each question is answered once, in order."""
    async with bot_api() as api:
        life = Life(file=prepare(migrated, tmp_path / "bot"), url=api.url, token=api.token, pushed=pushed)
        crowd = asyncio.gather(*(ask_on(api, chat) for chat in CROWD))
        for answers in STOPS:
            async with process(serve, life) as bot:
                await api.until(lambda: sum(len(shown(api, chat)) for chat in CROWD) >= answers, "answers", PATIENCE)  # noqa: B023
                bot.terminate()
                await ended(bot)
            assert bot.exitcode == 0
            assert in_flight(life.file) == {}
        assert not is_done(api, life.file)
        async with living(live(life)):
            await crowd
            await until(lambda: is_done(api, life.file))
        expected = [subject.capitalize() for subject in SUBJECTS]
        assert {chat: shown(api, chat) for chat in CROWD} == dict.fromkeys(CROWD, expected)


async def ask_on(api: BotApi, chat: int) -> None:
    """Ask one question after the other, whether or not they are answered."""
    for subject in SUBJECTS:
        await api.say(chat, f"where is {subject}")
        await asyncio.sleep(0.08)


async def two_lives(file: Path, last: int, *, pushed: bool) -> int | None:
    """Let a bot die at its moment `last` and another one finish; judge them, and give the exit code of the first."""
    # A token of its own, so that no other bot takes what is pushed to where this one was.
    async with bot_api(token=f"{last}:TEST") as api:
        life, people = Life(file=file, url=api.url, token=api.token, pushed=pushed), People(api)
        talk = asyncio.create_task(people.write())
        async with process(dying, life, last) as bot:
            await asyncio.wait((talk, death := asyncio.create_task(ended(bot))), return_when=asyncio.FIRST_COMPLETED)
            if not death.done():
                bot.terminate()
            await death
        await asyncio.sleep(0.02)  # what it had written to Telegram arrives
        flying = in_flight(file)
        async with living(live(life)):
            await talk
            await until(lambda: is_done(api, file) and not people.unanswered())
        check(api, file, flying)
    return bot.exitcode


def check(api: BotApi, file: Path, flying: Mapping[str, int]) -> None:
    """Everything was computed once and shown in order, and shown twice only where it was in flight at the death."""
    for chat, expected in ANSWERS.items():
        runs = [(word, len(list(run))) for word, run in groupby(shown(api, chat))]
        assert [word for word, _ in runs] == list(expected)
        place = flying.get(f"telegram:{chat}")
        for number, (word, times) in enumerate(runs):
            assert times == 1 or (times == 2 and number == place), f"{word} {times} times"
    assert len(api.confirmed) == UPDATES
    assert {id: json.loads(state).get("turns") for id, state in select(file, "SELECT id, state FROM conversation")} == TURNS
    assert dict(select(file, "SELECT what, sum(n) FROM tally GROUP BY what")) == TALLIES


# --- the bot's file


def in_flight(file: Path) -> dict[str, int]:
    """Give the conversations with a message that is claimed and not settled, and which of their messages that is."""
    claimed = """
        SELECT lane, (SELECT count(*) FROM outbox before WHERE before.lane = outbox.lane AND before.id < outbox.id)
        FROM outbox WHERE status = 0 AND claimed_by IS NOT NULL
    """
    found = select(file, claimed)
    assert len(dict(found)) == len(found)
    return dict(found)


def is_done(api: BotApi, file: Path) -> bool:
    """Tell whether Telegram has nothing for the bot and the bot nothing for Telegram."""
    return not api.pending and select(file, UNDONE) == []
