"""What residents write to a bot under load, and in what order: each visit is a little of everything.

Takes its questions from the knowledge's own phrasings. Knows no bot and no clock: a platform says when something is answered.
"""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from bot.core.world import World
from bot.search.index import OUTSIDE
from tests.bench.load_platform import Asked, Closed, Platform, Shown

BURST: Final = 3
"""Questions that somebody writes one after the other without waiting: their answers have to come in that order."""
ANSWERS: Final = 4
"""Questions of the guided dialogue that somebody answers before stopping it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What people write, by language: questions that are answered and questions that nothing answers; greetings of all."""

    questions: Mapping[str, Sequence[str]]
    unknown: Mapping[str, Sequence[str]]
    greetings: Sequence[str]


def phrases(world: World) -> Phrases:
    """Take them from the knowledge."""
    wordings = [wording for wording in world.finder.index.wordings if wording.field != "keyword"]

    def of(lang: str, *, answered: bool) -> Sequence[str]:
        return [w.text for w in wordings if w.lang == lang and w.topic.startswith(OUTSIDE) != answered]

    return Phrases(
        questions={lang: of(lang, answered=True) for lang in world.languages},
        unknown={lang: of(lang, answered=False) for lang in world.languages},
        greetings=[" ".join(words) for words, act in world.acts.wordings.items() if act == "greeting"],
    )


@dataclass(slots=True, kw_only=True)
class Resident:
    """Somebody who visits the bot once."""

    name: str
    lang: str
    platform: Platform
    phrases: Phrases
    random: Random

    async def visit(self) -> None:
        """Come, do a little of everything in any order, and go: about eighteen messages."""
        await self._do("opened", "")
        acts = [self.ask, self.ask, self.ask_several, self.ask_what_nobody_knows, self.greet, self.look, self.change, self.tell]
        self.random.shuffle(acts)
        for act in acts:
            await act()

    async def ask(self) -> None:
        """Ask a question."""
        await self._do("said", self._one(self.phrases.questions[self.lang]))

    async def ask_several(self) -> None:
        """Ask questions without waiting for the answers."""
        questions = self.random.choices(self.phrases.questions[self.lang], k=BURST)
        asked = [await self._say("said", question) for question in questions]
        for one in asked:
            await one.answer

    async def ask_what_nobody_knows(self) -> None:
        """Ask a question that nothing answers."""
        await self._do("said", self._one(self.phrases.unknown[self.lang]))

    async def greet(self) -> None:
        """Say hello, in whatever language."""
        await self._do("said", self._one(self.phrases.greetings))

    async def look(self) -> None:
        """Go through the menu to a topic."""
        shown = await self._do("chose", "menu")
        for kind in ("menu:", "topic:"):
            if options := _options(shown, kind):
                shown = await self._do("chose", self._one(options))

    async def change(self) -> None:
        """Take another language and ask in it."""
        self.lang = self._one([lang for lang in self.phrases.questions if lang != self.lang])
        await self._do("chose", f"lang:{self.lang}")
        await self.ask()

    async def tell(self) -> None:
        """Begin the guided dialogue, answer what it asks by the options it shows, and stop it."""
        shown = await self._do("chose", "group")
        for _ in range(ANSWERS):
            if options := _options(shown, "fact:"):
                shown = await self._do("chose", self._one(options))
        await self._do("chose", "group:stop")

    async def _do(self, kind: str, text: str) -> Shown:
        """Do something and wait for the answer. Errors: Closed."""
        return await (await self._say(kind, text)).answer

    async def _say(self, kind: str, text: str) -> Asked:
        return await self.platform.say(self.name, kind, text, self.lang)

    def _one(self, things: Sequence[str]) -> str:
        return self.random.choice(things)


async def live(seats: int, platform: Platform, found: Phrases, seed: int) -> None:
    """Keep so many residents at the bot, a new one for each who goes, until the platform is closed to them."""
    names, langs = itertools.count(), sorted(found.questions)

    def residents() -> Iterator[Resident]:
        for number in names:
            lang, random = langs[number % len(langs)], Random(f"{seed} {number}")
            yield Resident(name=f"person-{number}", lang=lang, platform=platform, phrases=found, random=random)

    coming = residents()

    async def seat() -> None:
        with suppress(Closed):
            while True:
                await next(coming).visit()

    async with asyncio.TaskGroup() as group:
        for _ in range(seats):
            group.create_task(seat())


def _options(shown: Shown, kind: str) -> Sequence[str]:
    """Give the options of a message that begin with something."""
    return [option["id"] for option in shown["options"] if option["id"].startswith(kind)]
