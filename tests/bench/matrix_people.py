"""People in rooms with one bot each: they ask and wait for its answer, in plain rooms or in encrypted ones.

Knows one account that plays everybody, with a single sync, as that costs the homeserver least. Must not know which bot answers.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp
from nio import AsyncClient, AsyncClientConfig, LoginResponse, RoomMessageText, RoomSendResponse
from nio.rooms import MatrixRoom

from bot.platforms.matrix.homeserver import silence
from tests.bench.asking import PATIENCE
from tests.peers.synapse import Account, Json, Synapse

CLIENT: Final = "/_matrix/client/v3"
LONG_POLL_MS: Final = 30_000
NOTHING: Final = {"types": list[str]()}
SILENCE: Final = f"{CLIENT}/pushrules/global/override/.m.rule.master/enabled"
"""Whether nothing rings: counting what somebody has not read costs the homeserver time with each message."""
ENCRYPTION: Final = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


@dataclass(slots=True)
class Answers:
    """Counts each room's answers, and tells who waits there for the next one."""

    counts: Counter[str] = field(default_factory=Counter)
    _due: dict[str, "asyncio.Future[float]"] = field(default_factory=dict)

    def next(self, room: str) -> "asyncio.Future[float]":
        """Promise the moment at which the next answer in a room is seen."""
        self._due[room] = asyncio.get_running_loop().create_future()
        return self._due[room]

    def seen(self, room: str) -> None:
        """Note an answer."""
        self.counts[room] += 1
        if (due := self._due.pop(room, None)) and not due.done():
            due.set_result(time.monotonic())


class People(Protocol):
    """Those who are in rooms with a bot. `rooms` are empty until they are opened."""

    answers: Answers
    rooms: Sequence[str]

    async def open_rooms(self, count: int, bot: Account) -> None:
        """Open so many rooms and have the bot in each of them."""
        ...

    async def know(self, bot: Account) -> None:
        """Wait until what is written can be read by the bot. Errors: TimeoutError."""
        ...

    async def write(self, room: str, text: str) -> None:
        """Write a message and return when the homeserver has it."""
        ...


class Homeserver:
    """The homeserver over plain HTTP."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def call(
        self, account: Account, method: str, path: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        """Make a call. Errors: aiohttp.ClientError."""
        headers = {"Authorization": f"Bearer {account.token}"}
        async with self._http.request(method, path, json=body, headers=headers, params=query, raise_for_status=True) as answer:
            found: Json = await answer.json()
            return found

    async def open_rooms(self, count: int, inviter: Account, bot: Account, state: Sequence[Json]) -> list[str]:
        """Open chats with a bot one by one and join them for it: how bots take invitations is not compared."""
        rooms: list[str] = []
        for _ in range(count):
            chat = {"preset": "trusted_private_chat", "is_direct": True, "invite": [bot.user], "initial_state": state}
            room = str((await self.call(inviter, "POST", f"{CLIENT}/createRoom", chat))["room_id"])
            await self.call(bot, "POST", f"{CLIENT}/rooms/{quote(room)}/join", {})
            rooms.append(room)
        return rooms


class PlainPeople:
    """People in plain rooms, over HTTP alone."""

    def __init__(self, homeserver: Homeserver, account: Account) -> None:
        self.answers = Answers()
        self.rooms: Sequence[str] = ()
        self._homeserver = homeserver
        self._account = account
        self._names = itertools.count()

    async def open_rooms(self, count: int, bot: Account) -> None:
        """Open so many rooms and have the bot in each of them."""
        await self._homeserver.call(self._account, "PUT", SILENCE, {"enabled": True})
        self.rooms = await self._homeserver.open_rooms(count, self._account, bot, ())

    async def know(self, bot: Account) -> None:
        """Do nothing: everybody can read what is not encrypted."""

    async def write(self, room: str, text: str) -> None:
        """Write a message and return when the homeserver has it."""
        path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{next(self._names)}"
        await self._homeserver.call(self._account, "PUT", path, {"msgtype": "m.text", "body": text})

    async def listen(self) -> None:
        """Listen until cancelled."""
        chosen = _filter(self._account.user)
        path = f"{CLIENT}/user/{quote(self._account.user)}/filter"
        name = str((await self._homeserver.call(self._account, "POST", path, chosen))["filter_id"])
        query = {"filter": name, "timeout": "0"}
        while True:
            found = await self._homeserver.call(self._account, "GET", f"{CLIENT}/sync", query=query)
            for room, news in found.get("rooms", {}).get("join", {}).items():
                for _ in news["timeline"]["events"]:
                    self.answers.seen(room)
            query |= {"since": found["next_batch"], "timeout": str(LONG_POLL_MS)}


class EncryptedPeople:
    """People in encrypted rooms, with nio's client."""

    def __init__(self, homeserver: Homeserver, account: Account, client: AsyncClient) -> None:
        self.answers = Answers()
        self.rooms: Sequence[str] = ()
        self._homeserver = homeserver
        self._account = account
        self._client = client
        client.add_event_callback(self._seen, RoomMessageText)

    async def open_rooms(self, count: int, bot: Account) -> None:
        """Open so many rooms and have the bot in each of them."""
        self.rooms = await self._homeserver.open_rooms(count, self._account, bot, (ENCRYPTION,))

    async def know(self, bot: Account) -> None:
        """Wait until what is written can be read by the bot. Errors: TimeoutError."""
        await _until(lambda: len(self._client.rooms) == len(self.rooms))
        await _until(lambda: any(self._client.device_store.active_user_devices(bot.user)))

    async def write(self, room: str, text: str) -> None:
        """Write a message and return when the homeserver has it."""
        content = {"msgtype": "m.text", "body": text}
        sent = await self._client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        assert isinstance(sent, RoomSendResponse), sent

    async def listen(self) -> None:
        """Listen until cancelled."""
        await self._client.sync_forever(LONG_POLL_MS)

    async def _seen(self, room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender != self._account.user:
            self.answers.seen(room.room_id)


@asynccontextmanager
async def plain_people(server: Synapse, bot: Account, rooms: int) -> AsyncIterator[People]:
    """Have people in plain rooms with a bot until left."""
    async with _http(server) as http:
        people = PlainPeople(Homeserver(http), server.register())
        await people.open_rooms(rooms, bot)
        async with _beside(people.listen):
            yield people


@asynccontextmanager
async def encrypted_people(server: Synapse, bot: Account, rooms: int, folder: Path) -> AsyncIterator[People]:
    """Have people in encrypted rooms with a bot until left; their keys are kept in the folder."""
    silence()
    account = server.register()
    client = AsyncClient(server.url, account.user, store_path=str(folder), config=AsyncClientConfig(encryption_enabled=True))
    try:
        assert isinstance(await client.login(account.password), LoginResponse)
        await client.keys_upload()
        async with _http(server) as http:
            people = EncryptedPeople(Homeserver(http), account, client)
            await people.open_rooms(rooms, bot)
            async with _beside(people.listen):
                yield people
    finally:
        await client.close()


def _http(server: Synapse) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(limit=0))


@asynccontextmanager
async def _beside(work: Callable[[], Any]) -> AsyncIterator[None]:
    """Do a work until left; what went wrong in it is told then."""
    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()


async def _until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if there():
                return
            await asyncio.sleep(0.05)


def _filter(me: str) -> Json:
    """Ask for what others write and for nothing else."""
    timeline = {"types": ["m.room.message"], "not_senders": [me], "limit": 50}
    room = {"timeline": timeline, "state": NOTHING, "ephemeral": NOTHING, "account_data": NOTHING}
    return {"room": room, "presence": NOTHING, "account_data": NOTHING}
