"""Pushes updates to the bot's own address and tries again until the bot has them.

As on Telegram, messages of one chat arrive one after the other and at most `max_connections` requests run at once.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import httpx

from tests.peers.bot_api.bell import Bell
from tests.peers.bot_api.updates import Updates
from tests.peers.bot_api.values import Json

FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 1.0
PATIENCE: Final = 60.0
"""Seconds that Telegram waits for an answer."""
MOST_CONNECTIONS: Final = 40


class Webhook:
    """An address that updates are pushed to from `start` to `stop`."""

    def __init__(self, updates: Updates, bell: Bell, settings: Json) -> None:
        self.url: str = settings["url"]
        self.connections: int = settings.get("max_connections", MOST_CONNECTIONS)
        self._secret: str = settings.get("secret_token", "")
        self._updates = updates
        self._bell = bell
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._error: Json = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to push."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Break off; what was not answered stays pending."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def info(self) -> Json:
        """Return what getWebhookInfo tells of the address and its last error."""
        return {"url": self.url, "max_connections": self.connections, **self._error}

    @property
    def error(self) -> str | None:
        """What went wrong with the latest push that did."""
        return self._error.get("last_error_message")

    async def _run(self) -> None:
        limits = httpx.Limits(max_connections=None, keepalive_expiry=PATIENCE)
        headers = {"X-Telegram-Bot-Api-Secret-Token": self._secret} if self._secret else {}
        client = httpx.AsyncClient(limits=limits, headers=headers, timeout=PATIENCE, trust_env=False, verify=False)
        async with client, asyncio.TaskGroup() as group:
            while not self._bell.closed:
                for lane, update in self._ready():
                    self._lanes[lane] = group.create_task(self._deliver(client, lane, update))
                await self._bell.heard()

    def _ready(self) -> Iterator[tuple[str, Json]]:
        """Find the first update of every lane that is free, while there are connections left."""
        for update in self._updates.pending:
            if len(self._lanes) >= self.connections:
                return
            if (lane := _lane(update)) not in self._lanes:
                yield lane, update

    async def _deliver(self, client: httpx.AsyncClient, lane: str, update: Json) -> None:
        wait = FIRST_WAIT
        while self._updates.is_pending(update["update_id"]) and not await self._pushed(client, update):
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        del self._lanes[lane]
        self._updates.confirm(update["update_id"])
        self._bell.ring()

    async def _pushed(self, client: httpx.AsyncClient, update: Json) -> bool:
        try:
            answer = await client.post(self.url, json=update)
        except httpx.HTTPError as error:
            self._note("Connection refused" if isinstance(error, httpx.ConnectError) else type(error).__name__)
            return False
        if not answer.is_success:
            status = HTTPStatus(answer.status_code)
            self._note(f"Wrong response from the webhook: {status.value} {status.phrase}")
        return answer.is_success

    def _note(self, error: str) -> None:
        self._error = {"last_error_date": int(time.time()), "last_error_message": error}
        self._bell.ring()


def _lane(update: Json) -> str:
    """Name what an update is in line with: the messages of its chat, or everything else of its sender."""
    kind, payload = next((kind, payload) for kind, payload in update.items() if kind != "update_id")
    who = payload.get("chat") or payload.get("from") or payload.get("user") or {} if isinstance(payload, dict) else {}
    kind = "message" if kind.endswith(("message", "post")) else kind
    return f"{kind} {who.get('id', '')}"
