"""The rooms the bot is in: which invitations it takes, when it leaves, and what a chat with one person is called.

Knows members and invitations. Knows nothing of what is said in a room.
"""

import asyncio
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from nio import AsyncClient, ErrorResponse, InviteInfo, InviteMemberEvent
from nio.rooms import MatrixRoom

from bot.errors import RetryLater, Unreachable
from bot.platforms.matrix.faults import NETWORK, meaning
from bot.platforms.matrix.words import NAME, TOPIC

LONGEST_WAIT: Final = 60.0

log = structlog.get_logger(__name__)


def others(room: MatrixRoom) -> list[str]:
    """Name everybody but the bot who is in a room or invited to it."""
    return [user for user in room.users if user != room.own_user_id]


def server_of(user: str) -> str:
    """Give the server of an account."""
    return user.partition(":")[2]


def invited_by(info: InviteInfo, me: str) -> tuple[str, bool]:
    """Say who invites the bot, and whether to a chat with that person alone."""
    for event in info.invite_state:
        if isinstance(event, InviteMemberEvent) and event.state_key == me and event.membership == "invite":
            return event.sender, event.content.get("is_direct") is True
    return "", False


@dataclass(slots=True, kw_only=True)
class Rooms:
    """Joins, leaves and names rooms; those with several people are for people of `servers`.

    `desks` are the rooms of staff: the bot goes there whoever invites it, stays, and changes nothing.
    """

    client: AsyncClient
    servers: Sequence[str]
    say: Callable[[str, str], str]
    desks: Container[str] = ()
    first_wait: float = 1.0
    _invited: dict[str, bool] = field(default_factory=dict)
    _named: dict[str, str] = field(default_factory=dict)

    def note_invitation(self, room_id: str, info: InviteInfo) -> None:
        """Decide whether to join a room; that is kept with the position until it is done: nobody would tell of it again."""
        inviter, direct = invited_by(info, self.client.user_id)
        self._invited[room_id] = direct or room_id in self.desks or server_of(inviter) in self.servers
        if not self._invited[room_id]:
            log.info("matrix invitation declined", server=server_of(inviter))

    async def answer(self, room_id: str) -> None:
        """Join a room or decline, as was decided."""
        if self._invited.get(room_id):
            await self._insist(lambda: self.client.join(room_id), "joining a room")
        elif room_id in self._invited:
            await self._insist(lambda: self.client.room_leave(room_id), "declining an invitation")
        self._invited.pop(room_id, None)

    def unanswered(self) -> list[str]:
        """Name the rooms whose invitation is not answered yet."""
        return list(self._invited)

    def write_position(self, since: str) -> str:
        """Add the invitations that are not answered yet to a position."""
        return " ".join((since, *(f"{'+' if join else '-'}{room_id}" for room_id, join in self._invited.items())))

    def read_position(self, position: str) -> str:
        """Remember the invitations that were kept with a position, and give the position alone."""
        since, *invited = position.split(" ")
        self._invited = {word[1:]: word.startswith("+") for word in invited}
        return since

    async def leave_if_pointless(self, room: MatrixRoom) -> None:
        """Leave a room in which nobody is left, or several people are of whom none is of an allowed server."""
        people = others(room)
        if room.room_id in self.desks:
            return
        if people and (len(people) == 1 or any(server_of(user) in self.servers for user in people)):
            return
        log.info("matrix room left", why="not for people of these servers" if people else "nobody is left")
        await self._insist(lambda: self.client.room_leave(room.room_id), "leaving a room")

    async def name(self, room: MatrixRoom, lang: str) -> None:
        """Give a chat with one person its name and topic in the language spoken there; a fault costs these words alone."""
        me, name, topic = self.client.user_id, self.say(lang, NAME), self.say(lang, TOPIC)
        if self._named.get(room.room_id) == lang or len(others(room)) > 1 or me not in room.users or room.room_id in self.desks:
            return
        self._named[room.room_id] = lang
        try:
            if room.users[me].display_name != name:
                content = {"membership": "join", "displayname": name}
                if avatar := room.users[me].avatar_url:
                    content["avatar_url"] = avatar
                await self.client.room_put_state(room.room_id, "m.room.member", content, state_key=me)
            if room.topic != topic:
                # Tried rather than looked up: in rooms of version 12 whom the creator invites to a chat has every right, and nio
                # knows nothing of it. A refusal changes nothing.
                await self.client.room_put_state(room.room_id, "m.room.topic", {"topic": topic})
        except NETWORK as error:
            log.debug("matrix room not named", error=type(error).__name__)

    async def _insist(self, call: Callable[[], Awaitable[object]], what: str) -> None:
        """Make a call until the homeserver takes it or refuses it for good."""
        wait = self.first_wait
        while True:
            try:
                response = await call()
            except NETWORK:
                response = None
            if isinstance(response, ErrorResponse):
                match error := meaning(response):
                    case RetryLater(seconds=seconds):
                        wait = max(wait, seconds)
                    case Unreachable():
                        pass
                    case _:
                        log.warning("matrix call refused", what=what, why=str(error))
                        return
            elif response is not None:
                return
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)
