"""Conversations in private: the real engine on a database of its own, for a terminal and for questions asked in passing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from bot.content import Content
from bot.core.effects import Heard, Step
from bot.core.language import RELATED
from bot.core.world import World
from bot.engine import Engine, Watch, utc_now
from bot.platforms.terminal import Collector, TerminalChannel
from bot.ports import Channel, Message, Turn
from bot.store import migrate
from bot.store.store import SqlStore

IN_MEMORY = "sqlite://"
CHUNK = 200


@contextlib.asynccontextmanager
async def private_engine(
    content: Content, channels: Sequence[Channel], watch: Watch | None = None, *, url: str = IN_MEMORY
) -> AsyncIterator[Engine]:
    """Give the real engine and Store, by default on a database in memory: nothing to set up, nothing left behind."""
    store = await SqlStore.open(url)
    try:
        yield Engine(store=store, world=lambda: content.world, catalogs=content.catalogs, channels=channels, watch=watch)
    finally:
        await store.close()


async def chat(
    content: Content, *, lines: Iterable[str], out: TextIO, as_json: bool, lang: str | None, state: Path | None
) -> None:
    """Hold one conversation on a terminal, in memory or kept in the file `state`."""
    url = f"sqlite:///{state}" if state else IN_MEMORY
    if state:
        await asyncio.to_thread(migrate.upgrade, url)
    engines: list[Engine] = []
    channel = TerminalChannel(
        lines=lines, out=out, as_json=as_json, answered=lambda: engines[0].drain(), clock=utc_now, lang=lang
    )
    async with private_engine(content, [channel], url=url) as engine:
        engines.append(engine)
        # What a chat that was killed had claimed would keep this one silent for a minute.
        await engine.store.release(channel.name)
        await channel.run(engine.ingest)


def ask(content: Content, collector: Collector, questions: Sequence[str]) -> Iterator[tuple[Heard, list[Message]]]:
    """Ask questions, each in a conversation of its own, and give what was heard and said, in order."""
    for start in range(0, len(questions), CHUNK):
        yield from asyncio.run(_ask(content, collector, questions[start : start + CHUNK]))


async def _ask(content: Content, collector: Collector, questions: Sequence[str]) -> list[tuple[Heard, list[Message]]]:
    heard: dict[str, Heard] = {}

    def watch(turn: Turn, step: Step) -> None:
        heard.update((turn.conversation, effect) for effect in step.effects if isinstance(effect, Heard))

    collector.answers.clear()
    async with private_engine(content, [collector], watch) as engine:
        for number, question in enumerate(questions):
            await collector.ask(engine.ingest, f"question-{number}", question)
        await engine.drain()
    names = [f"question-{number}" for number in range(len(questions))]
    said = {name: list(collector.answers.get(name, {}).values()) for name in names}
    return [(understood(heard.get(name), said[name], content.world), said[name]) for name in names]


def understood(heard: Heard | None, said: Sequence[Message], world: World) -> Heard:
    """Say what scripts are told of a question, also where nothing was searched or its language is none of ours."""
    lang = said[-1].lang if said else world.languages[0]
    if heard is not None:
        return heard if heard.lang in (*world.languages, *RELATED) else replace(heard, lang=lang)
    topics = [(message.topic, 1.0) for message in said if message.topic]
    return Heard(lang=lang, decision="answer" if topics else "abstain", topics=tuple(topics))
