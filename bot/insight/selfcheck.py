"""Asks the bot a question in each language whose answer is known, as a newcomer would, and tells when it goes wrong.

Knows the rules and the World of the moment; stores nothing and sends nothing, and speaks of topics and decisions only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

import structlog

from bot.core.conversation import handle
from bot.core.effects import Heard, Say
from bot.core.events import Said
from bot.core.state import Conversation
from bot.core.world import OPERATORS, World
from bot.errors import StoreError
from bot.search.confidence import Decision

EVERY: Final = 300.0
"""Seconds from one check to the next."""
WRONG, RIGHT_AGAIN = "self-check", "self-check-well"
"""The reports."""
NO_QUESTION: Final = "no question is known"

Report: TypeAlias = Callable[[str, str, str], Awaitable[None]]
"""Tells a group of desks what has happened, with details."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A wording of a topic, as an editor wrote it: the topic is its answer."""

    lang: str
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How a check ended. `wrong`: by language what came instead of the answer, as a decision and topics, or an error's class."""

    at: datetime
    languages: tuple[str, ...]
    wrong: Mapping[str, str]


def known_questions(world: World) -> Mapping[str, Known]:
    """Choose a question for each language: the longest title, which is indexed as it stands, or else the longest phrasing."""
    titles = (Known(lang, topic.id, text.title) for topic in world.topics.values() for lang, text in topic.texts.items())
    found = _plainest(titles, world)
    if set(world.languages) <= set(found):
        return found
    # Short titles tell no language. To read the phrasings takes memory, so it is a copy that is read: it goes again.
    rows = (row for row in copy(world.finder.index.wordings) if row.field == "question" and row.topic in world.topics)
    return {**_plainest((Known(row.lang, row.topic, row.text) for row in rows), world), **found}


def _plainest(known: Iterable[Known], world: World) -> Mapping[str, Known]:
    """Choose for each language the longest whose words leave no doubt of it: one with foreign names may be answered in either."""
    found: dict[str, Known] = {}
    for one in sorted(known, key=lambda one: (len(one.text), one.text), reverse=True):
        wanted = one.lang in world.languages and one.lang not in found
        if wanted and world.language_model.identify(one.text).lang == one.lang:
            found[one.lang] = one
    return found


def check(known: Mapping[str, Known], world: World, at: datetime) -> Checked:
    """Ask each question in a conversation of its own; about 10 ms."""
    came = {lang: _ask(known[lang], world, at) if lang in known else NO_QUESTION for lang in world.languages}
    return Checked(at, world.languages, {lang: instead for lang, instead in came.items() if instead})


def _ask(known: Known, world: World, at: datetime) -> str:
    """Ask one question; give what came instead of its answer, empty if that came."""
    try:
        step = handle(Said(at=at, text=known.text), Conversation(), world)
    except Exception as error:  # whatever is broken, its class says it without a text
        return f"{type(error).__name__} (asked about {known.topic})"
    heard = next((effect for effect in step.effects if isinstance(effect, Heard)), None)
    said = next((effect for effect in step.effects if isinstance(effect, Say)), None)
    if heard is None or said is None:
        return f"no answer (asked about {known.topic})"
    first = heard.topics[0][0] if heard.topics else ""
    if heard.decision == Decision.ANSWER and first == said.topic == known.topic and heard.lang == said.lang == known.lang:
        return ""
    topics = ", ".join(topic for topic, _ in heard.topics) or "no topic"
    return f"{heard.decision} in {said.lang}: {topics} (asked about {known.topic})"


class SelfCheck:
    """Checks from time to time; `last` is how the last check ended, None before the first."""

    def __init__(self, *, world: Callable[[], World], clock: Callable[[], datetime], every: float = EVERY) -> None:
        self.last: Checked | None = None
        self._world = world
        self._clock = clock
        self._every = every
        self._known: tuple[World, Mapping[str, Known]] | None = None

    async def run(self, report: Report) -> None:
        """Check now and then again and again, until cancelled; each change is logged and reported once."""
        told: Mapping[str, str] = {}
        while True:
            # Beside the event loop: messages are answered meanwhile.
            self.last = await asyncio.to_thread(self._check)
            if self.last.wrong != told:
                # Without a database the desk cannot be told; then it is told after a later check.
                with suppress(StoreError):
                    await _tell(self.last.wrong, report)
                    told = self.last.wrong
            await asyncio.sleep(self._every)

    def _check(self) -> Checked:
        world = self._world()
        if self._known is None or self._known[0] is not world:
            self._known = world, known_questions(world)
        return check(self._known[1], world, self._clock())


async def _tell(wrong: Mapping[str, str], report: Report) -> None:
    for lang, came in wrong.items():
        log.error("self-check failed", lang=lang, came=came)
    if not wrong:
        log.info("self-check is well again")
    await report(OPERATORS, WRONG if wrong else RIGHT_AGAIN, "\n".join(f"{lang}: {came}" for lang, came in wrong.items()))
