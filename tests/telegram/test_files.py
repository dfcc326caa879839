"""Files between residents and the bot: what arrives of one, how it is fetched, how one is shown; and messages put right."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.events import Said, SentFile
from bot.errors import Gone, Refused, SendError, Unreachable
from bot.platforms.telegram import TelegramChannel
from bot.platforms.telegram.files import FETCHED_AT_MOST
from bot.ports import Delivery, File, Message, Option, message_to_json
from tests.contracts.channel import Inbox, message
from tests.peers.bot_api import BotApi, FaultKind, Json
from tests.telegram.kit import ANN, keyboard_message, listening, telegram
from tests.telegram.test_contract import buttons

EXPORT = File(name="minu-andmed.json", media_type="application/json", size=0, ref='{"tere": "õ"}')
OTSUS = File(name="otsus.pdf", media_type="application/pdf", size=5, ref="mxc://x", channel="matrix")
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def inbox() -> Inbox:
    """The engine's side."""
    return Inbox()


@pytest.fixture
async def channel(api: BotApi, inbox: Inbox) -> AsyncIterator[TelegramChannel]:
    """The channel, listening; files of other channels are `b"%PDF."`."""

    async def fetch(file: File) -> bytes:
        assert file == OTSUS
        return b"%PDF."

    api.chat(ANN)
    async with listening(channel := telegram(api, fetch=fetch), api, inbox):
        yield channel


async def show(channel: TelegramChannel, said: Message, key: str = "k") -> str:
    """Have a message shown."""
    place = f"telegram:{ANN}"
    row = Delivery(id=1, key=key, channel="telegram", conversation=place, lane=place, body=message_to_json(said))
    return await channel.send(row, said)


def texts(api: BotApi) -> list[str]:
    """Give what the person sees of the bot."""
    return [sent.get("text", "") for sent in api.sent(ANN)]


def document(api: BotApi, sent: Json) -> tuple[str, bytes | None]:
    """Give the file of a message."""
    return sent["document"]["file_name"], api.file(sent["document"]["file_id"])


# --- what arrives


@pytest.mark.parametrize(
    ("kind", "name", "media_type", "size"),
    [
        ("photo", "photo.jpg", "image/jpeg", len("800 x 600")),
        ("voice", "voice.ogg", "audio/ogg", 5),
        ("audio", "song.mp3", "audio/mpeg", 5),
        ("video", "video.mp4", "video/mp4", 5),
        ("video_note", "video.mp4", "video/mp4", 10),
        ("animation", "wave.mp4", "video/mp4", 9),
        ("document", "letter.pdf", "application/pdf", 8),
    ],
)
async def test_a_file_says_what_it_is(
    api: BotApi, channel: TelegramChannel, inbox: Inbox, kind: str, name: str, media_type: str, size: int
) -> None:
    """Its name, type, size and how to fetch it arrive; of a photo the largest size that Telegram made."""
    await api.send(ANN, **{kind: True})  # type: ignore[arg-type]
    [event] = await inbox.holds(1)
    assert isinstance(event, SentFile)
    assert (event.kind, event.name, event.media_type, event.size) == (kind, name, media_type, size)
    content = await channel.fetch(File(name=name, media_type=media_type, size=size, ref=event.ref, channel="telegram"))
    assert content == (b"800 x 600" if kind == "photo" else kind.encode())


@pytest.mark.parametrize("kind", ["sticker", "contact", "location", "venue", "poll", "dice"])
@pytest.mark.usefixtures("channel")
async def test_what_is_no_file_has_none(api: BotApi, inbox: Inbox, kind: str) -> None:
    """There is nothing to hand on."""
    await api.send(ANN, **{kind: True})  # type: ignore[arg-type]
    [event] = await inbox.holds(1)
    assert isinstance(event, SentFile)
    assert (event.name, event.media_type, event.size, event.ref) == ("", "", 0, "")


@pytest.mark.usefixtures("channel")
async def test_hostile_descriptions_of_a_file_are_made_harmless(api: BotApi, inbox: Inbox) -> None:
    """A name without folders, a type that is one; a document that says nothing is called so."""
    hostile = api.upload(b"x", file_name="..\\..\\a\x00\u202e.pdf", mime_type="text/html\r\nX-Header: 1")
    await api.send(ANN, document=hostile)
    await api.send(ANN, document=api.upload(b"y"))
    first, second = await inbox.holds(2)
    assert isinstance(first, SentFile)
    assert isinstance(second, SentFile)
    assert (first.name, first.media_type) == ("_.._a__.pdf", "application/octet-stream")
    assert (second.name, second.media_type) == ("file", "application/octet-stream")


@pytest.mark.usefixtures("channel")
async def test_a_reply_brings_what_it_replies_to(api: BotApi, inbox: Inbox) -> None:
    """In a private chat, the bot's message or the person's own; in a group nobody's words are repeated."""
    shown = await keyboard_message(api, "topic:school")
    own = await api.send(ANN, photo=True, caption="minu leping")
    await api.say(ANN, "mis see on?", reply_to=shown)
    await api.say(ANN, "aga see?", reply_to=own)
    api.chat(-42, type="group")
    in_group = await keyboard_message(api, "topic:school", chat=-42)
    await api.say(-42, "ja see?", reply_to=in_group)
    events = await inbox.holds(4)
    assert [event.quoted for event in events if isinstance(event, Said)] == ["Mida soovite?", "minu leping", ""]


@pytest.mark.usefixtures("channel")
async def test_files_in_a_group_are_left_alone(api: BotApi, inbox: Inbox) -> None:
    """Where others read along nothing is done with a file."""
    api.chat(-42, type="group")
    await api.send(-42, document=True, caption="@teejuht_test_bot mis see on?")
    [event] = await inbox.holds(1)
    assert isinstance(event, SentFile)
    assert (event.ref, event.name) == ("", "")


# --- fetching


def sent_file(ref: str, size: int = 0) -> File:
    """A file that somebody sent in Telegram."""
    return File(name="a.pdf", media_type="application/pdf", size=size, ref=ref, channel="telegram")


async def test_a_file_larger_than_was_said_is_refused(api: BotApi, channel: TelegramChannel) -> None:
    """Nobody makes us take more than was announced; exactly as much is fine, and an unknown size too."""
    ref = api.upload(b"x" * 200_000)["file_id"]
    assert len(await channel.fetch(sent_file(ref, 200_000))) == 200_000
    assert len(await channel.fetch(sent_file(ref))) == 200_000
    with pytest.raises(Refused, match="larger"):
        await channel.fetch(sent_file(ref, 199_999))


async def test_files_over_telegrams_limit_are_refused(api: BotApi, channel: TelegramChannel) -> None:
    """Telegram hands out no files over 20 MB."""
    ref = api.upload(b"x" * (FETCHED_AT_MOST + 1))["file_id"]
    with pytest.raises(Refused, match="too big"):
        await channel.fetch(sent_file(ref))


@pytest.mark.parametrize("ref", ["", "nonsense", "../../etc/passwd", "\ud83d", "x" * 10_000])
async def test_a_file_that_is_not_there_is_refused(channel: TelegramChannel, ref: str) -> None:
    """It is gone, which is not the same as that the person has gone."""
    with pytest.raises(Refused) as caught:
        await channel.fetch(sent_file(ref))
    assert not isinstance(caught.value, Gone)


async def test_a_file_lost_between_asking_and_fetching_is_refused(
    api: BotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address may lead nowhere by the time it is used."""
    ref = api.upload(b"x")["file_id"]
    monkeypatch.setattr(api, "file", lambda _: None)
    with pytest.raises(Refused):
        await channel.fetch(sent_file(ref))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("too-many", Unreachable),
        ("server-error", Unreachable),
        ("bad-gateway", Unreachable),
        ("drop-before", Unreachable),
        ("drop-after", Unreachable),
        ("blocked", Refused),
        ("refused", Refused),
    ],
)
async def test_faults_of_fetching(api: BotApi, channel: TelegramChannel, kind: FaultKind, error: type[SendError]) -> None:
    """Either it may work later, or it never will; then it can be fetched."""
    ref = api.upload(b"x")["file_id"]
    api.fault("getFile", kind, seconds=1)
    with pytest.raises(error) as caught:
        await channel.fetch(sent_file(ref))
    assert type(caught.value) is error
    assert api.token not in str(caught.value)
    assert await channel.fetch(sent_file(ref)) == b"x"


async def test_a_file_is_fetched_by_who_does_not_lead(api: BotApi) -> None:
    """Before its turn and after it; another process has the connection then."""
    file = sent_file(str(api.upload(b"x")["file_id"]))
    channel = telegram(api)
    assert await channel.fetch(file) == b"x"
    async with listening(channel, api):
        pass
    assert await channel.fetch(file) == b"x"


# --- showing


async def test_a_file_comes_after_its_message(api: BotApi, channel: TelegramChannel) -> None:
    """The words with their buttons first, then what was sent; the id is that of the words."""
    number = await show(channel, replace(message("Vastus", options=(Option(id="menu", label="Menüü"),)), file=OTSUS))
    text, file = api.sent(ANN)
    assert (text["text"], str(text["message_id"]), len(buttons(text))) == ("Vastus", number, 1)
    assert document(api, file) == ("otsus.pdf", b"%PDF.")


async def test_a_file_of_our_own_is_its_content(api: BotApi, channel: TelegramChannel) -> None:
    """What the bot wrote needs no fetching."""
    await show(channel, replace(message("Teie andmed"), file=EXPORT))
    assert document(api, api.sent(ANN)[1]) == ("minu-andmed.json", '{"tere": "õ"}'.encode())


async def test_a_file_without_words_is_sent_alone(api: BotApi, channel: TelegramChannel) -> None:
    """Telegram takes no empty message."""
    number = await show(channel, Message(lang="et", parts=(), file=EXPORT))
    [file] = api.sent(ANN)
    assert (str(file["message_id"]), document(api, file)[0]) == (number, "minu-andmed.json")


@pytest.mark.parametrize("file", [replace(OTSUS, size=50_000_001), replace(EXPORT, ref="")])
async def test_a_file_that_cannot_be_shown_is_named(api: BotApi, channel: TelegramChannel, file: File) -> None:
    """Too large or empty: the words come all the same, and what it was called."""
    await show(channel, replace(message("Vastus"), file=file))
    assert texts(api)[0] == "Vastus"
    assert file.name in texts(api)[1]


async def test_without_a_way_to_fetch_a_file_is_named(api: BotApi) -> None:
    """A channel alone knows no other channel's files."""
    api.chat(ANN)
    async with listening(channel := telegram(api), api):
        await show(channel, replace(message("Vastus"), file=OTSUS))
    assert "otsus.pdf" in texts(api)[1]


async def test_a_picture_is_shown_as_one(api: BotApi) -> None:
    """Staff's photo is seen at once."""

    async def fetch(file: File) -> bytes:  # noqa: ARG001
        return JPEG

    api.chat(ANN)
    async with listening(channel := telegram(api, fetch=fetch), api):
        await show(channel, replace(message("Plaan"), file=replace(OTSUS, media_type="image/jpeg")))
    assert api.file(api.sent(ANN)[1]["photo"][-1]["file_id"]) == JPEG


async def test_a_blocked_bot_is_gone_also_with_a_file(api: BotApi, channel: TelegramChannel) -> None:
    """That the file cannot be brought means that the person has left."""
    api.fault("sendDocument", "blocked")
    with pytest.raises(Gone):
        await show(channel, replace(message("Vastus"), file=OTSUS))


# --- putting right


async def test_a_message_is_put_right_where_it_stands(api: BotApi, channel: TelegramChannel) -> None:
    """Also when others came after it; putting it right twice changes nothing."""
    number = await show(channel, message("Tulge esmaspäeval"), "a")
    await show(channel, message("Vahepeal"), "b")
    for _ in range(2):
        assert await show(channel, replace(message("Tulge teisipäeval"), amends=number), "c") == number
    assert texts(api) == ["Tulge teisipäeval", "Vahepeal"]


async def test_what_cannot_be_put_right_is_sent_anew(api: BotApi, channel: TelegramChannel) -> None:
    """A message that is not there any more, or whose id is none of Telegram's, does not swallow what follows."""
    for key, amends in (("a", "999"), ("b", "$event:matrix"), ("c", "")):
        await show(channel, replace(message(f"Tulge {key}"), amends=amends), key)
    assert texts(api) == ["Tulge a", "Tulge b", "Tulge c"]


async def test_a_long_message_is_put_right_with_all_its_pieces(api: BotApi, channel: TelegramChannel) -> None:
    """The id of a message in pieces names them all."""
    number = await show(channel, message("sõna " * 1500), "a")
    assert len(number.split(",")) == len(texts(api)) == 2
    assert await show(channel, replace(message("lühike"), amends=number), "b") == number.split(",")[0]
    assert texts(api) == ["lühike"]


async def test_growing_over_the_limit_adds_a_piece(api: BotApi, channel: TelegramChannel) -> None:
    """A fault in the middle of it repeats nothing."""
    number = await show(channel, message("lühike"), "a")
    longer = replace(message(" ".join(f"sõna{n}" for n in range(900))), amends=number)
    api.fault("sendMessage", "server-error")
    with pytest.raises(Unreachable):
        await show(channel, longer, "b")
    ids = await show(channel, longer, "b")
    assert ids.split(",")[0] == number
    assert " ".join(texts(api)) == longer.parts[0].markdown
