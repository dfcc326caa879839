"""Files between residents and staff: over platforms, both ways, and what is told where one does not go through."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import pytest
import pytest_asyncio

from tests.handoff.kit import FORUM
from tests.handoff.matrix import OnMatrix
from tests.handoff.scene import DESKS, LANGUAGES, Scene, scene
from tests.handoff.telegram import CLERK, InTelegram, OnTelegram
from tests.matrix.stage import write
from tests.peers.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHOTO: Final = b"\xff\xd8\xff" + bytes(range(256)) * 40
LEASE: Final = b"%PDF-1.7\n" + "üürileping ".encode() * 2000
TOO_LARGE: Final = 20_000_001
FROM: Final = ("telegram", "matrix", "matrix, encrypted")
CHATS: Final = ("telegram", "matrix")
FILES: Final[Mapping[str, tuple[str, bytes]]] = {"plaan.jpg": ("image/jpeg", PHOTO), "üürileping.pdf": ("application/pdf", LEASE)}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(server: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A bot with a desk of each kind, which the language of a case leads to."""
    async with scene(server, tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest.mark.parametrize("desk", CHATS)
@pytest.mark.parametrize("kind", FROM)
async def test_both_ways(here: Scene, kind: str, desk: str) -> None:
    """A picture and a document, with what was written to them, byte for byte."""
    lang = LANGUAGES[desk]
    async with here.resident(kind, lang) as someone, here.staff(desk) as staff:
        await here.take(staff, someone, await here.send_case(someone, lang), lang)
        for name, (media_type, content) in FILES.items():
            await someone.send(name, media_type, content, caption=f"Siin on {name}")
            # Photos have no names in Telegram.
            known = "photo.jpg" if kind == "telegram" and media_type == "image/jpeg" else name
            await staff.told(here.house.words(DESKS, "resident_sent_file", name=known), f"Siin on {name}")
            file = await staff.told()
            assert (await staff.content(file), file.file in (known, "photo")) == (content, True)
        for name, (media_type, content) in FILES.items():
            await staff.send(name, media_type, content, caption=f"Palun, {name}")
            await someone.eyes.next(here.house.words(lang, "staff_wrote"), f"Palun, {name}")
            file = await someone.eyes.next()
            assert await someone.content(file) == content
            assert file.file == name or media_type == "image/jpeg"
        await here.over(someone, staff)


async def test_before_anybody_has_taken_it(here: Scene) -> None:
    """It is added to the case, and the resident is told so."""
    async with here.resident("matrix, encrypted", "et") as someone, here.staff("telegram") as staff:
        code = await here.send_case(someone, "et")
        await staff.open(code)
        await here.house.settled()
        await someone.send("leping.pdf", "application/pdf", LEASE)
        await someone.eyes.next(here.house.words("et", "case_added", code=code))
        await staff.told(here.house.words(DESKS, "resident_sent_file", name="leping.pdf"))
        assert await staff.content(await staff.told()) == LEASE
        await here.over(someone, staff)


@pytest.mark.parametrize("kind", FROM)
async def test_at_a_mail_desk(here: Scene, kind: str) -> None:
    """The mail says nothing of it; the page has it to download."""
    async with here.resident(kind, "en") as someone, here.staff("email") as staff:
        await here.take(staff, someone, await here.send_case(someone, "en"), "en")
        await someone.send("lease.pdf", "application/pdf", LEASE, caption="my lease")
        mail = await staff.reads("my lease")
        assert "lease" not in mail.text
        assert await staff.content(mail) == LEASE
        await here.over(someone, staff)


@pytest.mark.parametrize("name", ["clip.mp4", "run.exe", "large.pdf"])
async def test_a_residents_file_that_does_not_go_on(here: Scene, name: str) -> None:
    """The resident is told kindly, staff nothing."""
    async with here.resident("telegram", "ru") as someone, here.staff("matrix") as staff:
        assert isinstance(someone, OnTelegram)
        await here.take(staff, someone, await here.send_case(someone, "ru"), "ru")
        match name:
            case "clip.mp4":
                await someone.send(name, "video/mp4", b"video")
            case "run.exe":
                await someone.send(name, "application/x-msdownload", b"MZ")
            case _:
                large = here.house.api.upload(b"", file_name=name, mime_type="application/pdf", file_size=TOO_LARGE)
                await here.house.api.send(someone.id, document=large)
        await someone.eyes.next(here.house.words("ru", "case_file_refused"))
        await here.over(someone, staff)


async def test_a_large_file_in_matrix(here: Scene, server: Synapse) -> None:
    """What its sender says of its size is enough."""
    async with here.resident("matrix", "et") as someone, here.staff("telegram") as staff:
        assert isinstance(someone, OnMatrix)
        await here.take(staff, someone, await here.send_case(someone, "et"), "et")
        info = {"mimetype": "application/pdf", "size": TOO_LARGE}
        content = {"msgtype": "m.file", "body": "suur.pdf", "url": "mxc://localhost/large", "info": info}
        write(server, here.ann.account, someone.room, content)
        await someone.eyes.next(here.house.words("et", "case_file_refused"))
        await here.over(someone, staff)


@pytest.mark.parametrize("media_type", ["video/mp4", "image/svg+xml"])
@pytest.mark.parametrize("desk", CHATS)
async def test_a_file_of_staffs_that_does_not_go_on(here: Scene, desk: str, media_type: str) -> None:
    """Staff are told, the resident nothing."""
    lang = LANGUAGES[desk]
    async with here.resident("telegram", lang) as someone, here.staff(desk) as staff:
        await here.take(staff, someone, await here.send_case(someone, lang), lang)
        await staff.send("x", media_type, b"x")
        await staff.told(here.house.words(DESKS, "desk_file_refused"))
        await here.over(someone, staff)


@pytest.mark.parametrize("desk", CHATS)
async def test_to_somebody_on_the_page(here: Scene, desk: str) -> None:
    """The page shows no files: staff are told so."""
    lang = LANGUAGES[desk]
    async with here.resident("web", lang) as someone, here.staff(desk) as staff:
        await here.take(staff, someone, await here.send_case(someone, lang), lang)
        await staff.send("vorm.pdf", "application/pdf", LEASE)
        await staff.told(here.house.words(DESKS, "desk_file_refused"))
        await here.over(someone, staff)


@pytest.mark.parametrize("desk", CHATS)
async def test_a_file_that_is_gone(here: Scene, desk: str) -> None:
    """Staff learn that there was one, and the case goes on."""
    lang = LANGUAGES[desk]
    async with here.resident("telegram", lang) as someone, here.staff(desk) as staff:
        assert isinstance(someone, OnTelegram)
        await here.take(staff, someone, await here.send_case(someone, lang), lang)
        lost = here.house.api.upload(LEASE, file_name="leping.pdf", mime_type="application/pdf")
        here.house.api.lose(lost["file_id"])
        await here.house.api.send(someone.id, document=lost)
        told = await staff.told(here.house.words(DESKS, "resident_sent_file", name="leping.pdf"))
        if "📎 leping.pdf" not in told.text:
            await staff.told("📎 leping.pdf")
        await someone.say("Kas saite kätte?")
        await staff.reads("Kas saite kätte?")
        await here.over(someone, staff)


async def test_a_file_of_staffs_that_is_gone(here: Scene) -> None:
    """The resident learns that there was one, and the case goes on."""
    async with here.resident("matrix", "et") as someone, here.staff("telegram") as staff:
        assert isinstance(staff, InTelegram)
        await here.take(staff, someone, await here.send_case(someone, "et"), "et")
        lost = here.house.api.upload(LEASE, file_name="vorm.pdf", mime_type="application/pdf")
        here.house.api.lose(lost["file_id"])
        await here.house.api.send(FORUM, user=CLERK, thread=staff.topic, document=lost)
        await someone.eyes.next(here.house.words("et", "staff_wrote"), "📎 vorm.pdf")
        await staff.say("Vorm on siin, palun täitke ära.")
        await someone.eyes.next("Vorm on siin, palun täitke ära.")
        await here.over(someone, staff)
