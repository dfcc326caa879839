"""A bare echo in its own process, run by `matrix`: `python -m tests.bench.matrix_echo KIND URL USER PASSWORD FOLDER`.

matrix-nio's client as its documentation shows it; by KIND it answers one message after the other (`echo`) or each in a task of
its own (`echo, concurrent`), and keeps keys in the folder for encrypted rooms (`..., keys`).
"""

import asyncio
import sys
from typing import Final

from nio import AsyncClient, AsyncClientConfig, LoginResponse, RoomMessageText
from nio.rooms import MatrixRoom

from tests.bench.matrix_requests import count_requests
from tests.bench.telling import tell

TIMEOUT_MS: Final = 30_000


async def echo(client: AsyncClient, password: str, *, concurrent: bool, keys: bool) -> None:
    """Say what was said, until standard input ends."""
    counts, tasks = count_requests(), set[asyncio.Task[None]]()

    async def answer(room: MatrixRoom, event: RoomMessageText) -> None:
        content = {"msgtype": "m.text", "body": event.body}
        await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=keys)

    async def heard(room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender == client.user_id:
            return
        if not concurrent:
            await answer(room, event)
            return
        task = asyncio.create_task(answer(room, event))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    client.add_event_callback(heard, RoomMessageText)
    assert isinstance(await client.login(password), LoginResponse)
    try:
        await tell(lambda: client.sync_forever(TIMEOUT_MS), counts=counts)
    finally:
        await client.close()


async def main(kind: str, url: str, user: str, password: str, folder: str) -> None:
    """Run an echo."""
    keys = kind.endswith(", keys")
    config = AsyncClientConfig(encryption_enabled=True)
    client = AsyncClient(url, user, store_path=folder, config=config) if keys else AsyncClient(url, user)
    await echo(client, password, concurrent="concurrent" in kind, keys=keys)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
