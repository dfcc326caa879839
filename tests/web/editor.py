"""An editor's preview without files: readings that a test makes, said by the real rules, served over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from bot.core.answer import show_topic, show_variant
from bot.core.state import Conversation
from bot.core.world import TopicText, Variant, VariantText, World
from bot.errors import Problem
from bot.groups.rules import Is
from bot.i18n import Catalogs
from bot.platforms.web.preview import Limits, Preview, Reading, preview_app, serve_preview
from bot.ports import Message
from bot.render.speak import speak
from tests.core.small import LANGUAGES, small_world

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LIMITS: Final = Limits(count=len, answer=40, variant=20)
PROBLEMS: Final = (
    Problem("knowledge/et/school.md", 7, "the answer has 41 characters", error=True),
    Problem("knowledge/topics/school.yaml", 3, "was due for review on 2026-01-01", error=False),
    Problem("knowledge/checks/ru.yaml", 1, "library has 2 check wordings", error=False),
    Problem("knowledge/facts.yaml", 2, "<b>nobody</b> uses this", error=False),
)


def school(body: str = "School: {{ emergency-number }}.\n\n- one\n- two", label: str = "I came from the EU") -> World:
    """Give the small World with a variant of `school` and this answer in it, in every language."""
    world = small_world()
    topic = world.topics["school"]
    variants = {"eu": VariantText(label=label, body="Only **now**.")}
    texts = {lang: replace(topic.texts[lang], body=f"{body} ({lang})", variants=variants) for lang in LANGUAGES}
    changed = replace(topic, texts=texts, variants=(Variant(id="eu", when=Is("citizenship", ("eu",))),))
    return replace(world, topics={**world.topics, "school": changed})


def titled(world: World, title: str) -> World:
    """Give the World with another title of `school` in every language."""
    topic = world.topics["school"]
    texts = {lang: TopicText(title=title, body=text.body, variants=text.variants) for lang, text in topic.texts.items()}
    return replace(world, topics={**world.topics, "school": replace(topic, texts=texts)})


@dataclass(slots=True)
class Editor:
    """Somebody who saves files: each `save` is a reading, of which the pages are told unless it happens in `silence`."""

    catalogs: Catalogs
    reading: Reading = field(default_factory=lambda: Reading(number=1, world=school(), problems=PROBLEMS[1:]))
    waiting: set[asyncio.Event] = field(default_factory=set)

    def save(self, world: World | None, problems: Sequence[Problem] = (), *, fresh: bool = True, silence: bool = False) -> None:
        """Have the knowledge read anew."""
        self.reading = Reading(number=self.reading.number + 1, world=world, problems=tuple(problems), fresh=fresh)
        for waiting in () if silence else self.waiting:
            waiting.set()

    async def changed(self) -> None:
        """Return at the next `save`."""
        waiting = asyncio.Event()
        self.waiting.add(waiting)
        try:
            await waiting.wait()
        finally:
            self.waiting.discard(waiting)

    def speak(self, world: World, topic: str, *, variant: str, town: str | None, lang: str) -> Message:
        """Say an answer as the bot does."""
        state = Conversation(town=town or "")
        show = show_variant(topic, variant, state, lang, world) if variant else show_topic(topic, state, lang, NOW.date(), world)
        return speak([show[1]], world, self.catalogs, NOW)[0]

    @property
    def source(self) -> Preview:
        """What the pages are made of."""
        return Preview(reading=lambda: self.reading, changed=self.changed, speak=self.speak, limits=LIMITS)


@asynccontextmanager
async def previewing(editor: Editor) -> AsyncIterator[str]:
    """Serve the editor's pages on a free port and give their address."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve_preview(preview_app(editor.source), port=0, tell=told.set_result))
    try:
        yield await told
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
