"""The emulated Bot API: takes calls of one bot apart, lets go wrong what should, executes them, and keeps what happened.

Knows no HTTP beyond status codes: `server` serves it.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from tests.peers.bot_api import chats, messages, profile, topics
from tests.peers.bot_api.bell import Bell
from tests.peers.bot_api.faults import Fault, Faults, Limits, too_many
from tests.peers.bot_api.people import People
from tests.peers.bot_api.schema import Method, method
from tests.peers.bot_api.state import Execute, Topic, World
from tests.peers.bot_api.updates import Updates
from tests.peers.bot_api.values import Answer, ApiError, Call, FaultKind, Json, NotEmulatedError, Refusal
from tests.peers.bot_api.webhook import Webhook

METHODS: Final[Mapping[str, Execute]] = {**messages.METHODS, **topics.METHODS, **chats.METHODS, **profile.METHODS}
QUIET: Final = ("getUpdates", "getMe")
LOOK_AGAIN: Final = 0.2
"""Seconds after which `until` looks again though nothing happened here: it may wait for something elsewhere."""
_TOKEN: Final = re.compile(r"\d+:[A-Za-z0-9_-]+")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{0,256}")
_BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_WEBHOOK_ACTIVE: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


class BotApi(People):
    """Telegram as one bot and a test see it."""

    def __init__(self, *, token: str = "123456:TEST", validate: bool = True) -> None:
        self.url = ""
        self.token = token
        self.me: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Teejuht",
            "username": "teejuht_test_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        self.calls: list[Call] = []
        self.refused: list[Refusal] = []
        self.violations: list[str] = []
        self.limits = False
        self.bell = Bell()
        self._limits = Limits(time.monotonic)
        self._faults = Faults()
        self._revoked = False
        self._webhook: Webhook | None = None
        super().__init__(World(self.me), Updates(self.bell), validate=validate)

    # --- what the bot did

    @property
    def pending(self) -> list[Json]:
        """The updates that the bot has not confirmed, oldest first."""
        return self._updates.pending

    @property
    def confirmed(self) -> list[int]:
        """The ids of the updates that the bot has confirmed, in that order."""
        return self._updates.confirmed

    @property
    def polls(self) -> int:
        """How often the bot called getUpdates."""
        return self._updates.polls

    @property
    def webhook_error(self) -> str | None:
        """What went wrong last when an update was pushed to the webhook there is now."""
        return self._webhook.error if self._webhook else None

    @property
    def chats(self) -> list[Json]:
        """All chats there are."""
        return [chat.info for chat in self._world.chats.values()]

    def sent(self, chat: int) -> list[Json]:
        """Return the bot's messages in a chat as they stand now, oldest first, without those that were deleted."""
        place = self._world.chat(chat)
        return [message for number, message in place.messages.items() if number in place.mine]

    def message(self, chat: int, message_id: int) -> Json:
        """Return a message as it stands now. Errors: KeyError."""
        return self._world.chats[chat].messages[message_id]

    def file(self, file_id: str) -> bytes | None:
        """Return what is in a file."""
        return self._world.files.get(file_id)

    def topics(self, chat: int) -> dict[int, Topic]:
        """Return the topics of a forum by their message_thread_id, oldest first."""
        return dict(self._world.chat(chat).topics)

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 10) -> None:
        """Wait until something holds. Errors: AssertionError with `what` after so many seconds."""
        end = time.monotonic() + seconds
        while not holds():
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{what}: not within {seconds} s; {self._recently()}")
            await self.bell.heard(min(left, LOOK_AGAIN))

    def _recently(self) -> str:
        calls = ", ".join(f"{call.method} {call.params}" for call in self.calls[-5:])
        refused = ", ".join(f"{refusal.method}: {refusal.description}" for refusal in self.refused[-5:])
        return f"last calls: {calls or 'none'}; last refusals: {refused or 'none'}"

    # --- what goes wrong

    def fault(self, method: str, kind: FaultKind, *, times: int = 1, seconds: float = 0, chat: int | None = None) -> None:
        """Let the next calls of a method ("*": of any) go wrong; `seconds` is how long to hang or to wait before a retry."""
        self._faults.add(Fault(method=method, kind=kind, times=times, seconds=seconds, chat=chat))

    def revoke(self) -> None:
        """Make the token worthless."""
        self._revoked = True

    # --- calls

    def admits(self, token: str) -> bool:
        """Tell whether this is the bot's token."""
        return token == self.token and not self._revoked

    async def answer(self, token: str, name: str, values: Callable[[], Json], gone: asyncio.Event) -> Answer | None:
        """Answer a call; None: the connection breaks instead. `gone` is set when the caller has hung up."""
        called = method(name)
        params: Json = {}
        try:
            if not self.admits(token):
                raise ApiError("Unauthorized", 401) if _TOKEN.fullmatch(token) else ApiError("Not Found", 404)
            if called is None:
                self.violations.append(f"{name}: unknown method")
                raise ApiError("Not Found", 404)
            params = called.decode(values())
            self._check(called, params)
            return await self._execute(called, params, gone)
        except ApiError as error:
            return self._refuse(called.name if called else name, params, error)

    def _check(self, called: Method, params: Json) -> None:
        """Refuse what the models refuse."""
        problems = called.problems(params) if self._validate else [f"{name} is empty" for name in called.missing(params)]
        if problems:
            self.violations.extend(problems)
            raise ApiError(f"Bad Request: {'; '.join(problems)}")

    async def _execute(self, called: Method, params: Json, gone: asyncio.Event) -> Answer | None:
        fault = self._faults.next(called.name, params.get("chat_id"))
        match fault.kind if fault else None:
            case "drop-before":
                return None
            case "bad-gateway":
                self._note_refusal(called.name, params, ApiError("Bad Gateway", 502))
                return Answer(status=502, body=_BAD_GATEWAY, type="text/html")
            case "hang" if fault:
                await self.bell.rest(fault.seconds)
            case "too-many" if fault:
                raise too_many(fault.seconds)
            case "server-error":
                raise ApiError("Internal Server Error", 500)
            case "blocked":
                raise ApiError("Forbidden: bot was blocked by the user", 403)
            case "refused":
                raise ApiError("Bad Request: CHAT_RESTRICTED")
        result = await self._result(called, params, gone)
        if called.name not in QUIET:
            self.calls.append(Call(method=called.name, params=params, result=result, at=time.monotonic()))
            self.bell.ring()
        is_dropped = fault is not None and fault.kind == "drop-after"
        return None if is_dropped else _answer(HTTPStatus.OK, {"ok": True, "result": result})

    async def _result(self, called: Method, params: Json, gone: asyncio.Event) -> object:
        """Do what a call asks for."""
        if self.limits and called.name.startswith(("send", "copy", "forward")) and called.name != "sendChatAction":
            self._limits.take(self._world.reach(params["chat_id"]).id)
        match called.name:
            case "getUpdates":
                result: object = await self._get_updates(params, gone)
            case "setWebhook":
                result = await self._set_webhook(params)
            case "deleteWebhook":
                result = await self._delete_webhook(params)
            case "getWebhookInfo":
                result = self._webhook_info()
            case known if known in METHODS:
                result = METHODS[known](self._world, params)
            case _:
                raise NotEmulatedError(f"emulator: no such method yet: {called.name}")
        # Updates were checked when they were handed in, or let through unchecked on purpose.
        if self._validate and called.name != "getUpdates" and (problems := called.result_problems(result)):
            raise NotEmulatedError(f"emulator: {'; '.join(problems)}")
        return result

    def _refuse(self, name: str, params: Json, error: ApiError) -> Answer:
        if isinstance(error, NotEmulatedError):
            self.violations.append(error.description)
        self._note_refusal(name, params, error)
        told = {"ok": False, "error_code": error.code, "description": error.description}
        return _answer(error.code, told | ({"parameters": error.parameters} if error.parameters else {}))

    def _note_refusal(self, name: str, params: Json, error: ApiError) -> None:
        now = time.monotonic()
        self.refused.append(Refusal(method=name, params=params, code=error.code, description=error.description, at=now))
        self.bell.ring()

    # --- how the bot gets its updates

    async def _get_updates(self, params: Json, gone: asyncio.Event) -> list[Json]:
        if self._webhook:
            raise ApiError(_WEBHOOK_ACTIVE, 409)
        return await self._updates.poll(params, gone)

    async def _set_webhook(self, params: Json) -> bool:
        if not _SECRET.fullmatch(params.get("secret_token", "")):
            raise ApiError("Bad Request: secret token contains unallowed characters")
        if not 1 <= params.get("max_connections", 1) <= 100:
            raise ApiError("Bad Request: max_connections must be between 1 and 100")
        await self._delete_webhook(params)
        self._updates.allow(params.get("allowed_updates"))
        if params["url"]:
            self._webhook = Webhook(self._updates, self.bell, params)
            self._webhook.start()
        return True

    async def _delete_webhook(self, params: Json) -> bool:
        await self.stop_webhook()
        if params.get("drop_pending_updates"):
            self._updates.forget()
        return True

    async def stop_webhook(self) -> None:
        """Push no more updates."""
        webhook, self._webhook = self._webhook, None
        if webhook:
            await webhook.stop()

    def _webhook_info(self) -> Json:
        told = self._webhook.info() if self._webhook else {"url": ""}
        allowed = {"allowed_updates": self._updates.allowed} if self._updates.allowed else {}
        return {**told, "has_custom_certificate": False, "pending_update_count": len(self.pending), **allowed}


def _answer(status: int, told: Json) -> Answer:
    return Answer(status=status, body=json.dumps(told).encode())
