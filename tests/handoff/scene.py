"""A house with the people who come to it: how a resident and staff meet over a case.

Knows which desk a case goes to and the way to it; nothing of what is tested.
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.handoff.kit import FORUM, OFFICE, TOWN, House, house, question, title
from tests.handoff.matrix import InMatrix, OnMatrix
from tests.handoff.shown import Shown
from tests.handoff.sides import Resident, Staff
from tests.handoff.telegram import InTelegram, OnTelegram
from tests.handoff.web import by_mail, on_the_web
from tests.peers.matrix_person import Person, person
from tests.peers.synapse import Synapse

LANGUAGES: Final[Mapping[str, str]] = {"telegram": "et", "matrix": "ru", "email": "en"}
"""Which language of a resident leads to which desk, by `each_its_desk`."""
DESKS: Final = "et"
"""The language of all desks."""
TOPIC: Final = "library"
"""What residents ask about."""
KINDS: Final = ("telegram", "matrix", "matrix, encrypted", "web")
"""Where residents are."""
CODE: Final = re.compile(r"\bSA-\d{4}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A house, a resident and a member of staff with Matrix, and the room of the desk there."""

    house: House
    ann: Person
    clerk: Person
    room: str

    @asynccontextmanager
    async def resident(self, kind: str, lang: str) -> AsyncIterator[Resident]:
        """Bring a resident in who speaks a language, and has been greeted where the bot begins."""
        if kind == "telegram":
            # A number that is in no text by chance.
            yield OnTelegram(self.house.api, 10**9 + secrets.randbelow(10**9), lang)
        elif kind == "web":
            async with on_the_web(self.house, lang) as somebody:
                yield somebody
        else:
            room = await self.ann.open_direct(self.house.matrix, encrypted="encrypted" in kind)
            someone = OnMatrix(self.ann, room, self.house.matrix)
            await someone.eyes.next("Teejuht")
            yield someone

    @asynccontextmanager
    async def staff(self, desk: str) -> AsyncIterator[Staff]:
        """Bring a member of staff to a desk."""
        if desk == "telegram":
            yield InTelegram(self.house.api)
        elif desk == "matrix":
            yield InMatrix(self.clerk, self.room, self.house.matrix)
        else:
            async with by_mail(self.house) as somebody:
                yield somebody

    async def send_case(self, someone: Resident, lang: str) -> str:
        """Ask for a person and agree to what would be sent; give the case's code."""
        await self.offer(someone, lang)
        return await self.agree(someone, lang)

    async def offer(self, someone: Resident, lang: str) -> Shown:
        """Ask, say that the answer does not help, ask for a person, and look at what would be sent."""
        await someone.say(question(TOPIC, lang))
        await someone.eyes.next(title(TOPIC, lang))
        await someone.choose(f"not:{TOPIC}")
        if "none" in (await someone.eyes.next()).options:
            await someone.choose("none")
            await someone.eyes.next()
        await someone.choose("topic:municipal-contact")
        return await someone.eyes.next(self.house.words(lang, "case_offer"), question(TOPIC, lang), title(TOPIC, lang))

    async def agree(self, someone: Resident, lang: str) -> str:
        """Send what is shown, and give the case's code."""
        await someone.choose("case:send")
        sent = await someone.eyes.next()
        found = CODE.search(sent.text)
        assert found
        assert self.house.words(lang, "case_sent", code=found[0]) in sent.text
        return found[0]

    async def take(self, staff: Staff, someone: Resident, code: str, lang: str) -> None:
        """Let staff find a case and take it, and both sides be told."""
        await staff.open(code, question(TOPIC, lang))
        await self.house.settled()  # nobody is so quick that the thread is not kept yet
        await staff.claim()
        await someone.eyes.next(self.house.words(lang, "case_claimed", code=code))
        await staff.confirmed(self.house.words(DESKS, "desk_claimed", code=code, name=staff.name))

    async def over(self, someone: Resident, *staff: Staff) -> None:
        """Assert that nothing more is shown to anybody once all is done."""
        await self.house.settled()
        assert [await side.rest() for side in (someone.eyes, *(one.eyes for one in staff))] == [[]] * (1 + len(staff))


def each_its_desk(room: str) -> Mapping[str, object]:
    """Set a desk of each kind up, to which the language of a case leads."""
    return {
        TOWN: {"telegram": FORUM, "routes": [{"to": "rooms", "languages": ["ru"]}, {"to": "letters", "languages": ["en"]}]},
        "rooms": {"matrix": room},
        "letters": {"email": [OFFICE]},
    }


@asynccontextmanager
async def scene(
    server: Synapse, folder: Path, desks: Callable[[str], Mapping[str, object]] = each_its_desk
) -> AsyncIterator[Scene]:
    """Serve until left; `desks` are set up with the encrypted room of the Matrix desk."""
    async with person(server, strict=True) as ann, person(server, strict=True) as clerk:
        room = await clerk.open_room([], encrypted=True)
        async with house(folder, desks(room), server=server, clerk=clerk, rooms=(room,)) as built:
            yield Scene(house=built, ann=ann, clerk=clerk, room=room)
