"""What becomes of a case when a desk is gone, refuses or is away for a while; and of answers to people where nothing rings."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final
from unittest.mock import patch

import pytest
import pytest_asyncio

from bot import outgoing
from tests.handoff.kit import FORUM, OFFICE, TOWN, question
from tests.handoff.scene import DESKS, TOPIC, Scene, scene
from tests.handoff.shown import flat
from tests.handoff.sides import Resident, Staff
from tests.handoff.telegram import OnTelegram
from tests.peers.bot_api import BotApi
from tests.peers.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED: Final = "550 5.1.1 no such user"
PHONE: Final = "+372 610 1000"
"""The town's public contact."""


def in_order(room: str) -> Mapping[str, object]:
    """Set up a town that asks by mail where Telegram does not take a case, and desks that are the only ones for a language."""
    return {
        TOWN: {
            "telegram": FORUM,
            "email": [OFFICE],
            "routes": [{"to": "rooms", "languages": ["ru"]}, {"to": "letters", "languages": ["en"]}],
        },
        "rooms": {"matrix": room},
        "letters": {"email": [OFFICE]},
    }


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(server: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A bot with these desks."""
    async with scene(server, tmp_path_factory.mktemp("house"), in_order) as built:
        yield built


# --- the group in Telegram --------------------------------------------------------------------------------------------


def _blocked(api: BotApi) -> None:
    api.fault("createForumTopic", "blocked", chat=FORUM)


def _refused(api: BotApi) -> None:
    api.fault("createForumTopic", "refused", chat=FORUM)


def _without_topics(api: BotApi) -> None:
    api.chat(FORUM, is_forum=False)


GONE: Final[Mapping[str, Callable[[BotApi], None]]] = {
    "blocked": _blocked, "refused": _refused, "no topics": _without_topics, "no right": lambda api: api.promote(FORUM),
    "no administrator": lambda api: api.demote(FORUM),
}  # fmt: skip


@asynccontextmanager
async def without_group(api: BotApi, how: str) -> AsyncIterator[None]:
    """Take the group away until left."""
    if how == "removed":
        await api.remove(FORUM)
    else:
        GONE[how](api)
    try:
        yield
    finally:
        if how == "removed":
            await api.add(FORUM)
        api.chat(FORUM, is_forum=True)
        api.promote(FORUM, can_manage_topics=True)


@pytest.mark.parametrize("how", ["removed", *GONE])
@pytest.mark.parametrize("kind", ["telegram", "matrix, encrypted"])
async def test_the_next_desk_gets_it(here: Scene, kind: str, how: str) -> None:
    """The resident is told, and is answered by those who have it then."""
    topics = len(here.house.api.topics(FORUM))
    async with here.resident(kind, "et") as someone, here.staff("email") as staff:
        async with without_group(here.house.api, how):
            code = await here.send_case(someone, "et")
            await someone.eyes.next(here.house.words("et", "case_passed_on", code=code))
            await staff.open(code, question(TOPIC, "et"))
        await staff.say("Oleme siin, mida soovite teada?")
        await someone.eyes.next("Oleme siin, mida soovite teada?")
        await someone.say("Millal on avatud?")
        await staff.reads("Millal on avatud?")
        await here.over(someone, staff)
    assert len(here.house.api.topics(FORUM)) == topics


async def test_a_group_that_goes_in_the_middle(here: Scene) -> None:
    """What was written there, and what could not be brought there, is before those who have it then."""
    async with here.resident("matrix", "et") as someone, here.staff("telegram") as first, here.staff("email") as second:
        code = await here.send_case(someone, "et")
        await here.take(first, someone, code, "et")
        await first.say("Kohe vaatan.")
        await someone.eyes.next("Kohe vaatan.")
        async with without_group(here.house.api, "removed"):
            await someone.say("Kas leidsite midagi?")
            await someone.eyes.next(here.house.words("et", "case_passed_on", code=code))
            await second.open(code, "Kohe vaatan.", "Kas leidsite midagi?")
            await second.claim()
            await someone.eyes.next(here.house.words("et", "case_claimed", code=code))
        await here.house.settled()
        assert await someone.eyes.rest() == []
        assert await first.eyes.rest() == []


async def test_who_blocks_the_bot(here: Scene) -> None:
    """Staff are told once that nobody is there any more, and the topic is closed."""
    async with here.resident("telegram", "et") as someone, here.staff("telegram") as staff:
        assert isinstance(someone, OnTelegram)
        code = await here.send_case(someone, "et")
        await here.take(staff, someone, code, "et")
        await here.house.api.block(someone.id)
        await staff.told(here.house.words(DESKS, "desk_left", code=code))
        await here.over(someone, staff)
    assert not [topic for topic in here.house.api.topics(FORUM).values() if topic.name.startswith(code) and topic.open]


# --- mail -------------------------------------------------------------------------------------------------------------


async def test_mail_that_is_refused(here: Scene) -> None:
    """Where that was the only desk, the resident gets the public contact."""
    async with here.resident("telegram", "en") as someone:
        here.house.mail.refuses[OFFICE] = REFUSED
        try:
            code = await here.send_case(someone, "en")
            await someone.eyes.next(here.house.words("en", "case_unreachable", code=code), PHONE)
        finally:
            del here.house.mail.refuses[OFFICE]
        await here.over(someone)


async def test_both_desks_gone(here: Scene) -> None:
    """The resident is told of each step, at last with the public contact."""
    async with here.resident("web", "et") as someone:
        here.house.mail.refuses[OFFICE] = REFUSED
        try:
            async with without_group(here.house.api, "removed"):
                code = await here.send_case(someone, "et")
                await someone.eyes.next(here.house.words("et", "case_passed_on", code=code))
                await someone.eyes.next(here.house.words("et", "case_unreachable", code=code), PHONE)
        finally:
            del here.house.mail.refuses[OFFICE]
        await here.over(someone)


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "drop"])
async def test_mail_that_has_to_wait(here: Scene, answer: str) -> None:
    """The case comes when the server takes it, once; the resident need not know."""
    async with here.resident("telegram", "en") as someone, here.staff("email") as staff:
        here.house.mail.fail("RCPT", answer)
        code = await here.send_case(someone, "en")
        await here.take(staff, someone, code, "en")
        await here.over(someone, staff)


# --- the homeserver ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["paused", "killed"])
async def test_a_homeserver_that_is_away(here: Scene, server: Synapse, how: str) -> None:
    """The case comes when it is back, once."""
    async with here.resident("telegram", "ru") as someone, here.staff("matrix") as staff:
        with patch.object(outgoing, "SEND_SECONDS", 0.5):
            (server.pause if how == "paused" else server.kill)()
            try:
                code = await here.send_case(someone, "ru")
                # The second try fails as well.
                await asyncio.sleep(2)
            finally:
                await asyncio.to_thread(server.resume if how == "paused" else server.start)
            await here.clerk.online()
            await here.take(staff, someone, code, "ru")
        await staff.say("Мы снова здесь, простите!")
        await someone.eyes.next("Мы снова здесь, простите!")
        await here.over(someone, staff)
    cards = [seen for seen in here.clerk.messages(here.room) if not seen.thread and code in seen.body]
    assert len(cards) == 1


# --- nothing rings on the page ----------------------------------------------------------------------------------------


async def _leave(here: Scene, someone: Resident, contact: str) -> str:
    """Ask for a person, leave a contact after a slip of the pen, and send the case; give its code."""
    words = here.house.words
    await here.offer(someone, "et")
    await someone.choose("case:contact")
    await someone.eyes.next(words("et", "case_ask_contact"))
    await someone.say("helistage mulle")
    await someone.eyes.next(words("et", "case_no_contact"))
    await someone.say(contact)
    await someone.eyes.next(words("et", "case_offer"), contact)
    return await here.agree(someone, "et")


async def _answer_twice(here: Scene, someone: Resident, staff: Staff, code: str, *more: str) -> None:
    """Take the case and write two replies; staff are told this much more after each."""
    await here.take(staff, someone, code, "et")
    for reply in ("Esimene vastus teile.", "Teine vastus teile."):
        await staff.say(reply)
        await someone.eyes.next(reply)
        for told in more:
            await staff.told(told)
    await here.over(someone, staff)


async def test_an_answer_waits(here: Scene) -> None:
    """A mail tells so for each reply, with the page's address and no word of the answer."""
    address = "resident-7@example.org"
    async with here.resident("web", "et") as someone, here.staff("telegram") as staff:
        code = await _leave(here, someone, address)
        await _answer_twice(here, someone, staff, code)
    notices = [mail for mail in here.house.mail.mails if address in mail.to]
    assert [mail.to for mail in notices] == [(address,)] * 2
    expected = here.house.words("et", "mail_notice", code=code, url=here.house.url)
    assert [flat(mail.text) for mail in notices] == [expected] * 2
    assert len({mail.message["message-id"] for mail in notices}) == 2


async def test_somebody_has_to_call(here: Scene) -> None:
    """Staff are told after each reply to call the number; no mail goes anywhere."""
    mails, number = len(here.house.mail.mails), "+372 5550 0123"
    async with here.resident("web", "et") as someone, here.staff("telegram") as staff:
        code = await _leave(here, someone, number)
        await _answer_twice(here, someone, staff, code, here.house.words(DESKS, "desk_call", contact=number))
    assert len(here.house.mail.mails) == mails
