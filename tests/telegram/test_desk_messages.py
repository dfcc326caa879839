"""What stands in a desk's topics: messages put right, files and their names."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest
from telegram import Bot

from bot.errors import Gone, Refused, RetryLater, SendError, Unreachable
from bot.platforms.telegram import TelegramDesk
from bot.platforms.telegram.outbound import NOTHING
from bot.ports import Attachment, Option
from tests.contracts.channel import message
from tests.contracts.desk import attachment, card
from tests.peers.bot_api import BotApi, FaultKind
from tests.telegram.forum import files_of, in_topic, texts
from tests.telegram.kit import DESK, FORUM, forum, listening, telegram
from tests.telegram.test_contract import buttons

JPEG: Final = b"\xff\xd8\xff\xe0 a picture"


# --- amending


async def test_the_card_is_amended_by_its_topic(api: BotApi) -> None:
    """The id that `open` gave names the card too, with its buttons; after a restart a new card is posted."""
    forum(api)
    async with listening(first := telegram(api, desks={FORUM: DESK}), api):
        [desk] = first.desks
        thread = await desk.open("KJ-0001", card(options=(Option(id="case:claim", label="Võtan"),)), key="open:1")
        await desk.amend(thread, thread, card("Case KJ-0001, claimed", options=(Option(id="case:close", label="Sulge"),)))
    assert texts(api, thread) == ["Case KJ-0001, claimed"]
    assert [button["callback_data"] for button in buttons(in_topic(api, thread)[0])] == ["case:close"]
    async with listening(second := telegram(api, desks={FORUM: DESK}), api):
        await second.desks[0].amend(thread, thread, card("Case KJ-0001, closed"))
    assert texts(api, thread) == ["Case KJ-0001, claimed", "Case KJ-0001, closed"]


async def test_a_long_message_is_amended_piece_by_piece(api: BotApi, desk: TelegramDesk) -> None:
    """Pieces change in their places; one that has no text any more is taken away, one too many comes last."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    long, longer = (" ".join(f"{word}{number}" for number in range(count)) for word, count in (("ü", 1500), ("õ", 2200)))
    posted = await desk.post(thread, message(long), key="m:1")
    await desk.amend(thread, posted, message(longer))
    assert " ".join(texts(api, thread)[1:]) == longer
    assert [str(shown["message_id"]) for shown in in_topic(api, thread)[1:3]] == posted.split(",")
    await desk.amend(thread, posted, message("lühike"))
    assert texts(api, thread)[1] == "lühike"
    assert posted.split(",")[1] not in [str(shown["message_id"]) for shown in in_topic(api, thread)]


async def test_a_piece_that_cannot_be_deleted_loses_its_text(api: BotApi, desk: TelegramDesk) -> None:
    """Old messages cannot be deleted by a bot, but they can be emptied."""
    posted = await desk.post("", message("sõna " * 1500), key="m:1")
    api.fault("deleteMessage", "refused")
    await desk.amend("", posted, message("lühike"))
    assert texts(api, "") == ["lühike", NOTHING]


async def test_what_staff_deleted_is_posted_anew(api: BotApi, desk: TelegramDesk) -> None:
    """A message that is not there any more comes last with its new text."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    posted = await desk.post(thread, message("before"), key="m:1")
    async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
        await bot.delete_message(FORUM, int(posted))
    await desk.amend(thread, posted, message("after"))
    await desk.amend(thread, "not an id", message("and more"))
    assert texts(api, thread)[1:] == ["after", "and more"]


async def test_amending_twice_changes_nothing(api: BotApi, desk: TelegramDesk) -> None:
    """An amendment whose answer was lost is no error at the second try."""
    posted = await desk.post("", message("before"), key="m:1")
    api.fault("editMessageText", "drop-after")
    with pytest.raises(SendError):
        await desk.amend("", posted, message("after"))
    await desk.amend("", posted, message("after"))
    assert texts(api, "") == ["after"]


# --- files


@pytest.mark.parametrize(
    ("media_type", "content", "shown"),
    [
        ("image/jpeg", JPEG, "photo"),
        ("image/png", b"\x89PNG\r\n\x1a\n ...", "photo"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + b"x" * 10_000_001, "document"),
        ("image/jpeg", b"MZ no picture", "document"),
        ("image/gif", b"GIF89a", "document"),
        ("application/pdf", b"%PDF", "document"),
    ],
)
async def test_pictures_are_shown_and_files_kept(
    api: BotApi, desk: TelegramDesk, media_type: str, content: bytes, shown: str
) -> None:
    """A photo is seen at once; whatever is none, or too large for one, is a file with every byte."""
    given = replace(attachment("fail.bin", content), media_type=media_type)
    await desk.post("", message("vaata"), key="m:1", attachments=[given])
    told = api.sent(FORUM)[1]
    file = told["photo"][-1] if shown == "photo" else told["document"]
    assert api.file(file["file_id"]) == content
    assert shown == "photo" or file["file_name"] == "fail.bin"


@pytest.mark.parametrize("error", [Refused, Gone])
async def test_a_file_that_is_gone_is_named(api: BotApi, desk: TelegramDesk, error: type[SendError]) -> None:
    """What cannot be fetched any more does not stop the message, and is not taken for a desk that is gone."""
    lost = Attachment(name="<leping> & lisa.pdf", media_type="application/pdf", size=1_200_000, fetch=raising(error("gone")))
    await desk.post("", message("vaata"), key="m:1", attachments=[lost, attachment("a.txt", b""), attachment("b.txt", b"b")])
    assert texts(api, "") == ["vaata", "⚠️ 📎 _leping_ & lisa.pdf (1.2 MB)", "⚠️ 📎 a.txt", ""]


async def test_a_file_that_cannot_be_fetched_yet_is_tried_again(api: BotApi, desk: TelegramDesk) -> None:
    """The text comes once, the file as soon as it can be had; the other platform's wait is not this chat's."""
    tries = iter([RetryLater(30), Unreachable("later")])

    async def fetch() -> bytes:
        if (error := next(tries, None)) is not None:
            raise error
        return b"content"

    given = Attachment(name="a.txt", media_type="text/plain", size=7, fetch=fetch)
    for _ in range(2):
        with pytest.raises(Unreachable):
            await desk.post("", message("vaata"), key="m:1", attachments=[given])
    posted = await desk.post("", message("vaata"), key="m:1", attachments=[given])
    assert texts(api, "") == ["vaata", ""]
    assert posted == str(api.sent(FORUM)[0]["message_id"])


@pytest.mark.parametrize("kind", ["server-error", "drop-before", "drop-after", "too-many"])
async def test_a_fault_of_a_file_does_not_repeat_the_text(api: BotApi, desk: TelegramDesk, kind: FaultKind) -> None:
    """Only what is not there yet is sent again."""
    files = [attachment("a.txt", b"a"), attachment("b.txt", b"b")]
    api.fault("sendDocument", kind, seconds=1)
    with pytest.raises(SendError):
        await desk.post("", message("vaata"), key="m:1", attachments=files)
    await desk.post("", message("vaata"), key="m:1", attachments=files)
    assert texts(api, "").count("vaata") == 1
    sent = [name for shown in api.sent(FORUM) for name, _ in files_of(api, shown)]
    assert sent == (["a.txt", "a.txt", "b.txt"] if kind == "drop-after" else ["a.txt", "b.txt"])


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"; name="chat_id".txt', "a_; name=_chat_id_.txt"),
        ("a\r\nb\x00.pdf", "a__b_.pdf"),
        ("\u202efdp.exe", "_fdp.exe"),
        ("", "file"),
        ("...", "file"),
        (f"{'õ' * 300}.pdf", f"{'õ' * 96}.pdf"),
        ("заявление №5.docx", "заявление №5.docx"),
    ],
)
async def test_hostile_file_names_are_made_harmless(api: BotApi, desk: TelegramDesk, name: str, shown: str) -> None:
    """A name keeps its letters and its ending, and nothing that a program or a reader could be misled by."""
    await desk.post("", message("vaata"), key="m:1", attachments=[attachment(name, b"x")])
    assert files_of(api, api.sent(FORUM)[1]) == ((shown, b"x"),)


def raising(error: SendError) -> Callable[[], Awaitable[bytes]]:
    """Make a fetch that fails."""

    async def fetch() -> bytes:
        raise error

    return fetch
