"""People who ask a bot: each again once answered, or at a steady pace; how long they wait and what an answer costs.

Knows questions and time. Knows no platform: a rig brings a question to its bot and says when the answer is there.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

from bot.knowledge.load import Library
from tests.bench.rows import Row
from tests.worlds import CACHE

PATIENCE: Final = 60.0
"""Seconds after which a person gives up, and the bench with them."""
SETTLE: Final = 0.4
"""Seconds after the last answer in which what follows from it is done, and another answer would come."""
TIMES: Final = ("cpu", "wall")
Who = TypeVar("Who")
Asker = TypeVar("Asker", contravariant=True)
Costs: TypeAlias = Mapping[str, Mapping[str, float]]
"""What each part has cost so far: seconds of `cpu` and `wall`, and how many of anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that a person asks, in their language."""

    text: str
    lang: str


class Rig(Protocol[Asker]):
    """A bot and the people that it can be asked by."""

    async def ask(self, who: Asker, question: Question) -> float:
        """Ask and give the seconds until the answer was there. Errors: TimeoutError."""
        ...

    async def cost(self) -> Costs:
        """Give what the bot, and what it talks to, have cost so far."""
        ...


def titles(knowledge: Path, home: str, most: int) -> list[Question]:
    """Take the titles of topics, evenly over languages."""
    world = Library(knowledge, home=home, cache=CACHE).load()
    found = [Question(text=topic.texts[lang].title, lang=lang) for topic in world.topics.values() for lang in world.languages]
    return found[: most - most % len(world.languages)]


def rota(people: Sequence[Who], questions: Sequence[Question]) -> list[tuple[Who, Iterator[Question]]]:
    """Give each person a language, and the questions in it to ask one after the other."""
    langs = sorted({question.lang for question in questions})
    by_lang = {lang: [question for question in questions if question.lang == lang] for lang in langs}
    return [(who, itertools.cycle(by_lang[lang])) for who, lang in zip(people, itertools.cycle(langs), strict=False)]


async def keep_asking(rig: Rig[Who], people: Sequence[tuple[Who, Iterator[Question]]], messages: int, *, at_once: int) -> Row:
    """Let people ask, each again once answered, so many at once."""
    queue, turns, took = list(people), iter(range(messages)), list[float]()

    async def one() -> None:
        for _ in turns:
            who, asked = queue.pop(0)
            took.append(await rig.ask(who, next(asked)))
            queue.append((who, asked))

    async with _measured(rig, took) as row:
        await asyncio.gather(*(one() for _ in range(min(at_once, messages))))
    return row


async def ask_steadily(rig: Rig[Who], turns: Iterator[tuple[Who, Question]], messages: int, *, per_second: float) -> Row:
    """Let people ask at a steady pace, whether or not others are answered."""
    took = list[float]()

    async def one(who: Who, question: Question, delay: float) -> None:
        await asyncio.sleep(delay)
        took.append(await rig.ask(who, question))

    asked = itertools.islice(turns, messages)
    async with _measured(rig, took) as row:
        await asyncio.gather(*(one(who, question, number / per_second) for number, (who, question) in enumerate(asked)))
    return row


@asynccontextmanager
async def _measured(rig: Rig[Who], took: list[float]) -> AsyncIterator[Row]:
    """Give a row that is filled when this is left: speed, waiting, and what each part cost for a message."""
    row: Row = {}
    before = await rig.cost()
    begun = time.monotonic()
    yield row
    seconds = time.monotonic() - begun
    await asyncio.sleep(SETTLE)
    after, took = await rig.cost(), sorted(took)
    row["messages_per_s"] = len(took) / seconds
    row["p50_ms"], row["p99_ms"] = took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000
    for part, kinds in after.items():
        for kind, value in kinds.items():
            spent = (value - before[part].get(kind, 0.0)) / len(took)
            row |= {f"{part}_{kind}_ms": spent * 1000} if kind in TIMES else {f"{kind}_{part}": spent}
