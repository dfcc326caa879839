"""Whole conversations with the bot in an encrypted room, as somebody with a careful client has them; prints them for reading.

Knows how bot, homeserver and person are brought together, and what people do in these conversations (`SCRIPTS`). Whether the
answers are right is the tests' business. To read them: `python -m tests.matrix.talk [et|ru|en]`.
"""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias
from unittest.mock import patch

from bot import app
from bot.content import Content
from bot.platforms.matrix import listening
from bot.platforms.matrix.inbound import OPTIONS
from bot.private import IN_MEMORY
from bot.settings import Settings
from bot.store import SqlStore
from tests.matrix.kit import bot_account
from tests.matrix.stage import write
from tests.peers.matrix_person import Person, person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Json, Synapse, synapse
from tests.worlds import KNOWLEDGE, LOCALES, catalogs, real_world

PATIENCE: Final = 30.0
PICKED: Final = "picked"
"""In place of a topic: the one that was picked."""
QUESTION: Final = "question"
"""In place of a sentence: any question about the person."""


class How(StrEnum):
    """A way to pick an option."""

    NUMBER = "number"
    WORDS = "words"
    KEYCAP = "keycap"


@dataclass(frozen=True, slots=True)
class Writes:
    """The person writes a message."""

    text: str


@dataclass(frozen=True, slots=True)
class Picks:
    """The person picks an option of the bot's message shown last, or with a reaction of one further back."""

    number: int
    how: How
    back: int = 0


@dataclass(frozen=True, slots=True)
class Edits:
    """The person puts other words in place of their last message."""

    text: str


@dataclass(frozen=True, slots=True)
class Garbles:
    """The person's client sends a message of which the bot never gets the key."""


Doing: TypeAlias = Writes | Picks | Edits | Garbles


@dataclass(frozen=True, slots=True)
class Turn:
    """What the person does, and what each message of the answer says: a sentence of the catalogs or `topic:<id>`."""

    doing: Doing
    answers: tuple[str, ...]
    lang: str


def _turns(lang: str, *turns: tuple[Doing, *tuple[str, ...]]) -> tuple[Turn, ...]:
    return tuple(Turn(doing, tuple(answers), lang) for doing, *answers in turns)


SCRIPTS: Final[Mapping[str, Sequence[Turn]]] = {
    "et": _turns(
        "et",
        (Writes("dokumendid mida vaja on"), "clarify"),
        (Picks(1, How.NUMBER), PICKED),
        (Writes("!menu"), "menu"),
        (Picks(1, How.KEYCAP), "shelf"),
        (Picks(2, How.WORDS), PICKED),
        (Writes("!group"), "group_ask_town"),
        (Writes("Kohtla-Järve"), "town_chosen", QUESTION),
        (Picks(1, How.NUMBER), QUESTION),
        (Garbles(), "unreadable"),
        (Picks(1, How.NUMBER), QUESTION),
        (Writes("!stop"), "group_stopped"),
        (Writes("!foo"), "unknown_command"),
        (Writes("aitäh"), "thanks"),
    ),
    "ru": (
        *_turns(
            "ru",
            (Picks(4, How.KEYCAP), "language_changed"),
            (Writes("документы"), "clarify"),
            (Picks(1, How.WORDS), PICKED),
            (Writes("где зарегистрировать место жительства?"), "topic:register-residence"),
            (Edits("где искать работу?"), "topic:job-search"),
            (Garbles(), "unreadable"),
            (Writes("!group"), "group_ask_town"),
            (Picks(3, How.KEYCAP), "choose_town"),
            (Writes("Кохтла-Ярве"), "town_chosen", QUESTION),
            (Picks(3, How.WORDS), QUESTION),
            (Writes("где найти семейного врача?"), "topic:family-doctor"),
            (Picks(1, How.KEYCAP), QUESTION),
            (Writes("!stop"), "group_stopped"),
            (Writes("!language"), "choose_language"),
        ),
        *_turns("en", (Picks(3, How.WORDS), "language_changed"), (Writes("thanks"), "thanks")),
    ),
    "en": (
        *_turns(
            "en",
            (Writes("In English"), "language_changed"),
            (Writes("documents"), "clarify"),
            (Picks(2, How.KEYCAP), PICKED),
            (Writes("!menu"), "menu"),
            (Picks(3, How.KEYCAP), "shelf"),
            (Picks(4, How.KEYCAP, back=1), "shelf"),
            (Writes("where do I register my address?"), "topic:register-residence"),
            (Picks(1, How.NUMBER), "ask_town"),
            (Writes("Narva"), "town_chosen", "topic:register-residence"),
            (Garbles(), "unreadable"),
            (Writes("!help"), "help"),
            (Writes("/stop"), "nothing_to_stop"),
        ),
        *_turns("ru", (Writes("!language ru"), "language_changed"), (Writes("спасибо"), "thanks")),
    ),
}


class Talk:
    """A person in a room with the bot: does what people do, and notes what each of it led to."""

    def __init__(self, server: Synapse, ann: Person, room: str, bot: str) -> None:
        self.room = room
        self.lines: list[str] = []
        self.before: Seen | None = None
        self._server = server
        self._ann = ann
        self._bot = bot
        self._read = 0
        self._mine = ""

    async def does(self, turn: Turn) -> list[Seen]:
        """Do something and give the messages that the bot says to it; `before` is what an option was picked from."""
        match turn.doing:
            case Writes(text):
                await self._write(text)
            case Edits(text):
                await self._ann.say(self.room, text, edit_of=self._mine)
                self._note("Ann", f"{text} [edited]")
            case Picks(number, how, back):
                await self._pick(number, how, self._with_options()[-1 - back])
            case Garbles():
                write(self._server, self._ann.account, self.room, _garbled(), kind="m.room.encrypted")
                self._note("Ann", "[a message without its key]")
        return await self.answers(len(turn.answers))

    async def answers(self, count: int = 1) -> list[Seen]:
        """Wait for so many more messages of the bot, and give them."""
        await self._ann.until(self.room, lambda _: len(self.said()) >= self._read + count, "an answer", PATIENCE)
        new = self.said()[self._read : self._read + count]
        self._read += count
        for message in new:
            self._note("Bot" if message.trusted else f"Bot ({message.why})", message.body)
        return new

    def said(self) -> list[Seen]:
        """Give all that the bot has said, whether it could be read or not."""
        return [message for message in self._ann.messages(self.room) if message.sender == self._bot]

    async def _write(self, text: str) -> None:
        self._note("Ann", text)
        self._mine = await self._ann.say(self.room, text)

    async def _pick(self, number: int, how: How, message: Seen) -> None:
        self.before = message
        if how is How.KEYCAP:
            self._note("Ann", f"[{number}\ufe0f\u20e3 below: {message.body.splitlines()[0]}]")
            await self._ann.react(self.room, message.id, f"{number}\ufe0f\u20e3")
        else:
            start = f"{number}. "
            label = next(line.removeprefix(start) for line in reversed(message.body.splitlines()) if line.startswith(start))
            await self._write(label if how is How.WORDS else str(number))

    def _with_options(self) -> list[Seen]:
        return [message for message in self.said() if options_of(message)]

    def _note(self, who: str, text: str) -> None:
        self.lines.append(f"{who}: " + text.replace("\n", "\n     "))


@dataclass(frozen=True, slots=True)
class Hall:
    """A bot that serves, with the real knowledge, and a person; `talk` begins a conversation in a new room."""

    server: Synapse
    ann: Person
    bot: str

    async def talk(self) -> Talk:
        """Begin a conversation, and return when the bot has greeted."""
        talk = Talk(self.server, self.ann, await self.ann.open_direct(self.bot), self.bot)
        await talk.answers()
        return talk


def options_of(message: Seen) -> Sequence[str]:
    """Give the ids of the options below a message."""
    options: Sequence[str] = message.content.get(OPTIONS, ())
    return options


@asynccontextmanager
async def hall(server: Synapse, folder: Path) -> AsyncIterator[Hall]:
    """Serve Matrix as `app` does, and bring a strict person in."""
    file = folder / "matrix.db"
    bot = await bot_account(server, folder, keys=f"sqlite:///{file}")
    settings = Settings(matrix_user=bot.user, matrix_keys=file, web=False, knowledge=KNOWLEDGE, locales=LOCALES)
    store = await SqlStore.open(IN_MEMORY)
    engine = asyncio.create_task(app.build_engine(settings, Content(real_world(), catalogs()), store).run())
    try:
        # Nobody here is to wait long for a key that never comes.
        with patch.object(listening, "KEY_SECONDS", 0.2), patch.object(listening, "SHORT_POLL", 0.2):
            async with person(server, strict=True) as ann:
                yield Hall(server, ann, bot.user)
    finally:
        engine.cancel()
        with suppress(asyncio.CancelledError):
            await engine
        await store.close()


def _garbled() -> Json:
    return {
        "algorithm": "m.megolm.v1.aes-sha2",
        "ciphertext": secrets.token_urlsafe(120),
        "session_id": secrets.token_urlsafe(32),
        "sender_key": secrets.token_urlsafe(32),
        "device_id": "ELSEWHERE",
    }


async def _print(languages: Sequence[str]) -> None:
    with synapse() as server, tempfile.TemporaryDirectory() as folder:
        async with hall(server, Path(folder)) as here:
            for lang in languages:
                talk = await here.talk()
                try:
                    for turn in SCRIPTS[lang]:
                        await talk.does(turn)
                finally:
                    sys.stdout.write(f"\n===== {lang}\n\n" + "\n".join(talk.lines) + "\n")


if __name__ == "__main__":
    asyncio.run(_print(sys.argv[1:] or list(SCRIPTS)))
