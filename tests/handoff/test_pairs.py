"""A question from its asking to its end, for every platform with every kind of desk; both sides see all of it once."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import pytest
import pytest_asyncio

from tests.handoff.kit import House, question, title
from tests.handoff.scene import DESKS, KINDS, LANGUAGES, TOPIC, Scene, scene
from tests.handoff.sides import Resident, Staff
from tests.peers.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPLIES: Final[Mapping[str, str]] = {
    "et": "Vastus on lihtne: tulge\n<b>homme</b> & võtke *dokument* kaasa!",
    "ru": "Ответ простой: приходите\n<b>завтра</b> & возьмите *документ* с собой!",
    "en": "The answer is simple: come\n<b>tomorrow</b> & bring the *document* with you!",
}
PUT_RIGHT: Final[Mapping[str, tuple[str, str]]] = {
    "et": ("Jah, kell 8 sobib.", "Jah, kell 9 sobib."),
    "ru": ("Да, в 8 часов удобно.", "Да, в 9 часов удобно."),
    "en": ("Yes, at 8 is fine.", "Yes, at 9 is fine."),
}
NOTE: Final = "Salajane 7351"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(server: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A bot with a desk of each kind, which the language of a case leads to."""
    async with scene(server, tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.mark.parametrize("desk", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_whole_case(here: Scene, kind: str, desk: str) -> None:
    """Asked, sent, taken, answered both ways, put right, closed, rated, opened again and closed."""
    lang = LANGUAGES[desk]
    async with here.resident(kind, lang) as someone, here.staff(desk) as staff:
        code = await _agree(here, someone, lang)
        await here.take(staff, someone, code, lang)
        await _talk(here.house, someone, staff, lang)
        await _change(here.house, someone, staff, lang)
        await _end(here.house, someone, staff, code, lang)
        await here.over(someone, staff)
        await _assert_nobody_is_known(someone, staff)


async def _agree(here: Scene, someone: Resident, lang: str) -> str:
    """Look at what would be sent, and send it; give the case's code."""
    offered = await here.offer(someone, lang)
    assert offered.text.count(question(TOPIC, lang)) == 1
    assert ("case:contact" in offered.options) == someone.page
    assert {"case:send", "case:question", "case:no"} <= set(offered.options)
    return await here.agree(someone, lang)


async def _talk(house: House, someone: Resident, staff: Staff, lang: str) -> None:
    """Write in both directions, words and a curated answer; a note stays among staff."""
    await staff.note(NOTE)
    await staff.confirmed(house.words(DESKS, "desk_noted"))
    await staff.say(REPLIES[lang])
    await someone.eyes.next(house.words(lang, "staff_wrote"), REPLIES[lang])
    await someone.say("1)")  # an answer to the person, not a choice
    await staff.reads("1)")
    await staff.send_topic(title("waste", DESKS)[:5])
    await someone.eyes.next(house.words(lang, "staff_sent_topic"), title("waste", lang))
    await staff.confirmed(title("waste", DESKS))


async def _change(house: House, someone: Resident, staff: Staff, lang: str) -> None:
    """Write again, and put it right or take it back where the platforms tell of that."""
    mine = await someone.say("Aitäh, ja kas 8 sobib?")
    await staff.reads("Aitäh, ja kas 8 sobib?")
    said, put_right = PUT_RIGHT[lang]
    theirs = await staff.say(said)
    await someone.eyes.next(said)
    if someone.edits:
        await someone.edit(mine, "Aitäh, ja kas 9 sobib?")
        await staff.sees("Aitäh, ja kas 9 sobib?", instead_of="kas 8 sobib")
    if staff.edits:
        await staff.edit(theirs, put_right)
        corrected = await someone.eyes.next(put_right)
        # The page cannot change what it has shown.
        assert (house.words(lang, "corrected") in corrected.text) == someone.page == await someone.eyes.shows(said)
    if someone.deletes:
        await someone.delete(mine)
        await staff.sees(house.words(DESKS, "resident_withdrew"), instead_of="kas 9 sobib")
    if staff.deletes:
        await staff.delete(theirs)
        await someone.eyes.next(house.words(lang, "staff_withdrew"))
        assert await someone.eyes.shows(put_right) == someone.page


async def _end(house: House, someone: Resident, staff: Staff, code: str, lang: str) -> None:
    """Close, rate, open again, close."""
    await staff.close()
    await someone.eyes.next(house.words(lang, "case_closed", code=code))
    await staff.confirmed(house.words(DESKS, "desk_closed", code=code, name=staff.name))
    await staff.eyes.until(staff.is_done, "sign that the case has ended")
    await someone.choose("case:good")
    await someone.eyes.next(house.words(lang, "case_rated"))
    await staff.confirmed(house.words(DESKS, "desk_rated_good", code=code))  # by mail a link would lead nowhere
    await someone.choose("case:reopen")
    await someone.eyes.next(house.words(lang, "case_reopened", code=code))
    await staff.told(house.words(DESKS, "desk_reopened", code=code))
    assert not await staff.is_done()
    await staff.close()
    await someone.eyes.next(house.words(lang, "case_closed", code=code))
    await staff.confirmed(house.words(DESKS, "desk_closed", code=code, name=staff.name))


async def _assert_nobody_is_known(someone: Resident, staff: Staff) -> None:
    """Assert that neither side was told who the other is, and residents no note."""
    seen, at_desk = someone.everything(), await staff.everything()
    assert not [known for known in (*staff.accounts, NOTE) if known in seen]
    assert not [known for known in someone.accounts if known in at_desk]
