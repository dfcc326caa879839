"""A person at a real Matrix client that is not ours: matrix-js-sdk in a Node.js process of its own, driven by a test.

    async with person(server, strict=True) as ann:
        room = await ann.open_direct(bot.user)
        await ann.say(room, "hello")
        await ann.until(room, lambda messages: len(messages) == 2, "an answer")

What the client sees is pushed to us and kept, so looking costs nothing. Knows what people do in Matrix and how it is written.
Must not know the bot, nor how the client is run.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from tests.peers.matrix_node import GoneError, Node
from tests.peers.matrix_seen import Json, Member, Reaction, Room, Seen
from tests.peers.synapse import Account, Synapse


class Person:
    """Somebody with a Matrix client. Every call may raise RefusedError, GoneError or TimeoutError."""

    def __init__(self, account: Account) -> None:
        """Take an account of the server; `person` starts its client."""
        self.account = account
        self.user = account.user
        self._rooms: dict[str, Room] = {}
        self._news = asyncio.Event()
        self._node: Node | None = None

    @property
    def pid(self) -> int:
        """Return the number of the client's process."""
        return self._client.pid

    async def start(self, url: str, *, strict: bool) -> None:
        """Start the client and return when others can encrypt for it. Errors: RuntimeError with what to install."""
        self._node = await Node.start(self._take)
        who = {"user": self.user, "device": self.account.device, "token": self.account.token}
        await self._call("login", url=url, **who, password=self.account.password, strict=strict)

    async def end(self) -> None:
        """Close the client."""
        if self._node is not None:
            await self._node.end()

    async def open_direct(self, user: str, *, encrypted: bool = True) -> str:
        """Begin a private conversation and return its room."""
        return await self.open_room([user], encrypted=encrypted, direct=True)

    async def open_room(self, users: Sequence[str], *, encrypted: bool, direct: bool = False) -> str:
        """Make a room, invite people and return it."""
        return str(await self._call("open", users=list(users), encrypted=encrypted, direct=direct))

    async def upgrade_to_encrypted(self, room: str) -> None:
        """Encrypt a room from now on."""
        await self._call("encrypt", room=room)

    async def join(self, room: str) -> None:
        """Enter a room."""
        await self._call("join", room=room)

    async def invite(self, room: str, user: str) -> None:
        """Ask somebody in."""
        await self._call("member", how="invite", room=room, user=user)

    async def leave(self, room: str) -> None:
        """Go out of a room."""
        await self._call("member", how="leave", room=room)

    async def kick(self, room: str, user: str) -> None:
        """Put somebody out."""
        await self._call("member", how="kick", room=room, user=user)

    async def ban(self, room: str, user: str) -> None:
        """Put somebody out for good."""
        await self._call("member", how="ban", room=room, user=user)

    async def say(
        self,
        room: str,
        text: str,
        *,
        thread: str = "",
        reply_to: str = "",
        edit_of: str = "",
        mentions: Sequence[str] = (),
        msgtype: str = "m.text",
        html: str = "",
    ) -> str:
        """Send a message, or the new words of an earlier one, and return its event."""
        content = _words(text, msgtype=msgtype, html=html, mentions=mentions)
        if edit_of:
            return await self._send(room, "m.room.message", _edit(content, edit_of))
        return await self._send(room, "m.room.message", content | self._relation(room, thread, reply_to))

    async def react(self, room: str, event: str, key: str) -> str:
        """Put an emoji below a message and return its event."""
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}}
        return await self._send(room, "m.reaction", content)

    async def redact(self, room: str, event: str) -> str:
        """Take back a message or a reaction and return the event that does it."""
        return str(await self._call("redact", room=room, event=event))

    async def send_file(self, room: str, name: str, mime: str, data: bytes, caption: str = "", *, thread: str = "") -> str:
        """Upload a file, encrypted where the room is, and return the message's event."""
        words = base64.b64encode(data).decode()
        place = await self._call("upload", room=room, name=name, mime=mime, data=words)
        assert isinstance(place, dict)
        kind = mime.split("/")[0]
        content = {
            "msgtype": f"m.{kind}" if kind in ("image", "audio", "video") else "m.file",
            "body": caption or name,
            "filename": name,
            "info": {"mimetype": mime, "size": len(data)},
        }
        return await self._send(room, "m.room.message", content | place | self._relation(room, thread, ""))

    async def fetch(self, room: str, event: str) -> bytes:
        """Download the file of a message, decrypted."""
        return base64.b64decode(str(await self._call("fetch", room=room, event=event)))

    async def offline(self) -> None:
        """Drop the connection and let every request fail; what was seen stays."""
        await self._call("offline")

    async def online(self) -> None:
        """Come back, or try again at once, and return when what happened meanwhile has been seen, the last 100 events a room."""
        await self._call("online")

    def messages(self, room: str) -> list[Seen]:
        """Return the messages as this client shows them now, in order of arrival."""
        return list(self._room(room).messages.values())

    def reactions(self, room: str) -> list[Reaction]:
        """Return the reactions that stand now, in order of arrival."""
        return list(self._room(room).reactions.values())

    def typing(self, room: str) -> frozenset[str]:
        """Return who is typing now."""
        return frozenset(self._room(room).typing)

    def typed(self, room: str) -> frozenset[str]:
        """Return who was seen typing so far."""
        return frozenset(self._room(room).typed)

    def read_up_to(self, room: str, user: str, *, thread: str = "") -> str:
        """Return the event of somebody's read receipt, or nothing; receipts of a thread are told apart by its root."""
        return self._room(room).read.get((user, thread), "")

    def members(self, room: str) -> dict[str, Member]:
        """Return everybody who is or was in a room, or was asked in."""
        return dict(self._room(room).members)

    def topic(self, room: str) -> str:
        """Return a room's topic, empty if it has none."""
        return self._room(room).topic

    async def until(self, room: str, holds: Callable[[Sequence[Seen]], bool], what: str, seconds: float = 10) -> list[Seen]:
        """Look at each change until something holds, and return the messages. Errors: TimeoutError, GoneError.

        A LookupError means not yet: `messages[1].body == "yes"` waits for a second message too.
        """
        try:
            async with asyncio.timeout(seconds):
                while not _already(holds, messages := self.messages(room)):
                    if self._client.gone:
                        raise GoneError(self._client.gone)
                    self._news.clear()
                    await self._news.wait()
                return messages
        except TimeoutError:
            shown = "\n".join(map(str, self.messages(room)))
            raise TimeoutError(f"no {what} in {seconds} seconds:\n{shown}\n{self._client.said}") from None

    @property
    def _client(self) -> Node:
        if self._node is None:
            raise RuntimeError("this person's client was not started")
        return self._node

    async def _call(self, call: str, /, **args: object) -> object:
        return await self._client.call(call, args)

    async def _send(self, room: str, kind: str, content: Json) -> str:
        return str(await self._call("send", room=room, type=kind, content=content))

    def _relation(self, room: str, thread: str, reply_to: str) -> Json:
        """Write where a message belongs. Clients without threads show one in a thread as a reply to the last one there."""
        if not thread:
            return {"m.relates_to": {"m.in_reply_to": {"event_id": reply_to}}} if reply_to else {}
        last = [message.id for message in self.messages(room) if message.thread == thread]
        shown = {"event_id": reply_to or (last or [thread])[-1]}
        relation = {"rel_type": "m.thread", "event_id": thread, "is_falling_back": not reply_to, "m.in_reply_to": shown}
        return {"m.relates_to": relation}

    def _room(self, room: str) -> Room:
        return self._rooms.setdefault(room, Room())

    def _take(self, seen: Json) -> None:
        """Keep what was seen, or nothing when the client is gone, and wake whoever waits."""
        if seen:
            self._room(seen["room"]).take(seen)
        self._news.set()


@asynccontextmanager
async def person(server: Synapse, *, strict: bool = False, account: Account | None = None) -> AsyncIterator[Person]:
    """Bring somebody in, under an account of their own unless one is given, and let them go at the end.

    A strict person has signed their devices and refuses, both ways, whoever has not.
    """
    somebody = Person(account or server.register())
    try:
        await somebody.start(server.url, strict=strict)
        yield somebody
    finally:
        await somebody.end()


def _already(holds: Callable[[Sequence[Seen]], bool], messages: Sequence[Seen]) -> bool:
    try:
        return holds(messages)
    except LookupError:
        return False


def _words(text: str, *, msgtype: str, html: str, mentions: Sequence[str]) -> Json:
    rich = {"format": "org.matrix.custom.html", "formatted_body": html} if html else {}
    return {"msgtype": msgtype, "body": text, "m.mentions": {"user_ids": list(mentions)} if mentions else {}} | rich


def _edit(content: Json, event: str) -> Json:
    """Write new words for a message; clients that know no edits show them with an asterisk."""
    starred = {name: f"* {content[name]}" for name in ("body", "formatted_body") if name in content}
    return content | starred | {"m.new_content": content, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}
