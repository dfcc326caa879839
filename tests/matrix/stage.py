"""A bot that listens on a homeserver: what it hears and shows, room by room, and how it begins again where it was.

Knows how the channel is run and what came of it; also does by hand what people do for whom a whole client would be too much.
Knows nothing of what is tested.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bot.core.events import Event, Said, from_json
from bot.platforms.matrix.inbound import place_of
from bot.ports import Arrival, Fetch, Option
from tests.contracts.channel import Inbox, message, running, until
from tests.matrix.kit import Bot, bot_account, matrix, row
from tests.peers.matrix_person import Person
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Account, Json, Synapse

CLIENT: Final = "/_matrix/client/v3"


class Stage:
    """A bot's account with its channel, which runs or not, and everything that it handed in."""

    def __init__(
        self,
        bot: Bot,
        *,
        servers: Sequence[str] = ("localhost",),
        desks: Mapping[str, str] | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self.user = bot.user
        self.inbox = Inbox()
        self.position: str | None = None
        self._bot = bot
        self._servers = servers
        self._desks = desks
        self._fetch = fetch
        self._running = AsyncExitStack()
        self._shown = count()

    def open(self) -> None:
        """Make the channel, to begin where it was."""
        self.channel = matrix(self._bot, since=self.position, servers=self._servers, desks=self._desks, fetch=self._fetch)

    async def start(self) -> None:
        """Begin to listen."""
        self.open()
        await self._running.enter_async_context(running(self.channel, self._take))

    async def stop(self) -> None:
        """Listen no more."""
        await self._running.aclose()

    def arrivals(self, room: str) -> list[Arrival]:
        """Give what a room handed in, oldest first."""
        return [arrival for arrival in self.inbox.arrivals if place_of(arrival.conversation).room == room]

    def heard(self, room: str) -> list[Event]:
        """Give it as events."""
        return [from_json(arrival.body, arrival.at) for arrival in self.arrivals(room)]

    def said(self, room: str) -> list[str]:
        """Give the texts among what a room handed in."""
        return [event.text for event in self.heard(room) if isinstance(event, Said)]

    def at_desk(self, desk: str) -> list[Arrival]:
        """Give what staff did at a desk, oldest first."""
        return [arrival for arrival in self.inbox.arrivals if arrival.desk == desk]

    async def desk_hears(self, desk: str, number: int) -> list[Event]:
        """Wait until staff did so many things at a desk, and give them."""
        await until(lambda: len(self.at_desk(desk)) >= number, f"{number} events of staff, here are {self.at_desk(desk)}")
        return [from_json(arrival.body, arrival.at) for arrival in self.at_desk(desk)]

    async def hears(self, room: str, number: int) -> list[Event]:
        """Wait until a room has handed in so many events, and give them."""
        await until(lambda: len(self.heard(room)) >= number, f"{number} events, here are {self.heard(room)}")
        return self.heard(room)

    async def show(
        self,
        room: str,
        text: str,
        *,
        lang: str = "en",
        answers: str = "",
        thread: str = "",
        options: Sequence[str] = (),
        end: bool = True,
    ) -> str:
        """Send a message to a room, or to a room and a thread with a space between, and return its event."""
        named = tuple(Option(id=option, label=option) for option in options)
        said = replace(message(text, options=named, lang=lang), answers=answers, thread=thread, end=end)
        return await self.channel.send(row(f"matrix:{room}", said, key=f"{self.user} {next(self._shown)}"), said)

    async def _take(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:
        await self.inbox(arrivals)
        self.position = cursor[1] if cursor else self.position


@asynccontextmanager
async def listening(server: Synapse, folder: Path, *, servers: Sequence[str] = ("localhost",)) -> AsyncIterator[Stage]:
    """Run a bot under an account of its own until left."""
    stage = Stage(await bot_account(server, folder), servers=servers)
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()


async def meet(stage: Stage, ann: Person, *, encrypted: bool = False) -> str:
    """Have somebody begin a chat with the bot, and return its room when the bot is there and knows it."""
    room = await ann.open_direct(stage.user, encrypted=encrypted)
    await stage.hears(room, 1)
    await becomes(ann, room, stage.user, "join")
    return room


async def meet_all(stage: Stage, ann: Person, third: Account, synapse: Synapse, *, encrypted: bool = False) -> str:
    """Make a room of three."""
    room = await ann.open_room([stage.user, third.user], encrypted=encrypted)
    enter(synapse, third, room)
    await becomes(ann, room, stage.user, "join")
    await becomes(ann, room, third.user, "join")
    return room


async def shown(ann: Person, room: str, event: str) -> Seen:
    """Wait until somebody sees a message, and give it."""
    await ann.until(room, lambda messages: any(message.id == event for message in messages), "the message")
    [found] = [message for message in ann.messages(room) if message.id == event]
    return found


async def becomes(ann: Person, room: str, user: str, membership: str) -> None:
    """Wait until somebody sees that somebody has joined, left or was banned."""
    await ann.until(room, lambda _: ann.members(room)[user].membership == membership, f"{membership} of {user}")


def act(server: Synapse, account: Account, method: str, path: str, body: Json | None = None) -> Json:
    """Do something under an account as a client would; the answer must be 200."""
    status, told = server.request(method, f"{CLIENT}/{path}", body, account.token)
    assert status == 200, told
    return told


def enter(server: Synapse, account: Account, room: str) -> None:
    """Join a room to which the account was invited."""
    act(server, account, "POST", f"rooms/{quote(room)}/join", {})


def write(server: Synapse, account: Account, room: str, content: Json, *, kind: str = "m.room.message") -> str:
    """Send an event of any kind, not encrypted by us, and return its id."""
    path = f"rooms/{quote(room)}/send/{kind}/{secrets.token_hex(8)}"
    return str(act(server, account, "PUT", path, content)["event_id"])


def history(server: Synapse, account: Account, room: str, kind: str) -> list[Json]:
    """Give all events of a kind that a room ever had, oldest first."""
    rows = act(server, account, "GET", f"rooms/{quote(room)}/messages?dir=f&limit=500")["chunk"]
    return [found for found in rows if found["type"] == kind]
