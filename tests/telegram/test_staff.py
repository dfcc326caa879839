"""What staff do in a desk's forum and what arrives of it; what others do there, or elsewhere, is no staff's word."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.core.events import Event, Left, Opened, Said, StaffChose, StaffSaid, StaffSentFile, from_json
from bot.platforms.telegram.inbound import ANONYMOUS_ADMIN, FILES
from bot.ports import Arrival, File
from tests.contracts.channel import Inbox
from tests.peers.bot_api import BotApi, Json
from tests.telegram.kit import ANN, DESK, FORUM, forum, keyboard_message, listening, telegram

MARI = 501
"""Who works at the desk."""
TEAM = -42
BOT = 123456
KINDS = tuple(kind for kind in FILES if kind not in ("checklist", "game", "live_photo", "paid_media", "story"))
WITHOUT_FILE = ("contact", "dice", "venue", "location", "poll", "sticker")


class Ear:
    """Hears what arrives, after whatever was done before has arrived or been passed over."""

    def __init__(self, api: BotApi, inbox: Inbox) -> None:
        self._api = api
        self._inbox = inbox

    async def arrivals(self) -> list[Arrival]:
        """Wait until Telegram has nothing more to hand in and give what has arrived since the last call."""
        await self._api.until(lambda: not self._api.pending, "everything handed in")
        arrived = list(self._inbox.arrivals)
        self._inbox.arrivals.clear()
        return arrived

    async def heard(self) -> list[Event]:
        """Give what has arrived as events."""
        return [from_json(arrival.body, arrival.at) for arrival in await self.arrivals()]


@pytest.fixture
async def thread(api: BotApi) -> int:
    """A topic of the desk's forum; Mari works there."""
    forum(api)
    api.user(MARI, first_name="Mari", last_name="Maasikas")
    api.pending.clear()
    return await api.topic(FORUM, "KJ-0042 ru")


@pytest.fixture
async def ear(api: BotApi, thread: int) -> AsyncIterator[Ear]:  # noqa: ARG001
    """The channel with an ear on it."""
    inbox = Inbox()
    async with listening(telegram(api, desks={FORUM: DESK}), api, inbox):
        yield Ear(api, inbox)


def said(event: Event, text: str, **about: object) -> StaffSaid:
    """What Mari wrote, with the id and the time of an event."""
    assert isinstance(event, StaffSaid)
    mari = StaffSaid(at=event.at, text=text, desk=DESK, staff=f"telegram:{MARI}", name="Mari Maasikas", message=event.message)
    return replace(mari, **about)  # type: ignore[arg-type]


# --- what they write


async def test_a_message_in_a_topic_belongs_to_the_desk_and_the_topic(api: BotApi, ear: Ear, thread: int) -> None:
    """It names no conversation: whose case the topic is, the store knows."""
    message = await api.say(FORUM, "Tere, kas teil on ID-kaart?", thread=thread)
    [arrival] = await ear.arrivals()
    assert (arrival.desk, arrival.thread, arrival.case) == (DESK, str(thread), 0)
    assert (arrival.channel, arrival.conversation, arrival.source) == ("", "", f"telegram:{BOT}")
    event = from_json(arrival.body, arrival.at)
    assert event == said(event, "Tere, kas teil on ID-kaart?", message=str(message["message_id"]))


async def test_a_message_in_general_has_no_topic(api: BotApi, ear: Ear) -> None:
    """What is said about no case belongs to the desk alone; also a reply, which Telegram gives a thread of its own."""
    first = await api.say(FORUM, "Tere hommikust")
    await api.say(FORUM, "Tere!", reply_to=first, message_thread_id=first["message_id"])
    arrivals = await ear.arrivals()
    assert [(arrival.desk, arrival.thread) for arrival in arrivals] == [(DESK, ""), (DESK, "")]


async def test_a_reply_brings_what_it_replies_to(api: BotApi, ear: Ear, thread: int) -> None:
    """Only where somebody chose a message to reply to: each message in a topic answers the one that opened it."""
    asked = await api.say(FORUM, "Kellel on aega?", thread=thread)
    photo = await api.send(FORUM, photo=True, caption="leping", thread=thread)
    await api.say(FORUM, "Minul", thread=thread, reply_to=asked)
    await api.say(FORUM, "Loen", thread=thread, reply_to=photo)
    _, _, first, second = await ear.heard()
    assert first == said(first, "Minul", quoted="Kellel on aega?")
    assert second == said(second, "Loen", quoted="leping")


async def test_a_changed_message_is_edited(api: BotApi, ear: Ear, thread: int) -> None:
    """It names the message that it changes; the changed words to a file count as well."""
    message = await api.say(FORUM, "Tulge esmaspäeval", thread=thread)
    await api.edit(message, "Tulge teisipäeval")
    photo = await api.send(FORUM, photo=True, caption="plaan", thread=thread)
    await api.push("edited_message", {**photo, "caption": "õige plaan", "edit_date": photo["date"]})
    await api.push("edited_message", {**{k: v for k, v in photo.items() if k != "caption"}, "edit_date": photo["date"]})
    _, edited, _, captioned = await ear.heard()
    assert edited == said(edited, "Tulge teisipäeval", edited=True, message=str(message["message_id"]))
    assert captioned == said(captioned, "õige plaan", edited=True, message=str(photo["message_id"]))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("/claim", "/claim"),
        ("/note@teejuht_test_bot helistas", "/note helistas"),
        ("/NOTE@Teejuht_Test_Bot", "/NOTE"),
        ("/weather@another_bot", None),
        ("kirjutan @teejuht_test_bot", "kirjutan @teejuht_test_bot"),
        ("/start", "/start"),
        ("  /claim@another_bot", "  /claim@another_bot"),
    ],
)
async def test_commands_are_the_cores(api: BotApi, ear: Ear, thread: int, text: str, heard: str | None) -> None:
    """Telegram adds the bot's name to a command that is tapped; a command for another bot is none of ours."""
    await api.say(FORUM, text, thread=thread)
    assert [event.text for event in await ear.heard() if isinstance(event, StaffSaid)] == ([heard] if heard else [])


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_not_text_is_a_file(api: BotApi, ear: Ear, thread: int, kind: str) -> None:
    """Everything that can be fetched says how; of other things only the kind is known."""
    await api.send(FORUM, caption="vaata", thread=thread, **{kind: True})  # type: ignore[arg-type]
    [event] = await ear.heard()
    assert isinstance(event, StaffSentFile)
    assert (event.kind, event.desk, event.staff, event.name) == (kind, DESK, f"telegram:{MARI}", "Mari Maasikas")
    assert (event.ref != "") == (kind not in WITHOUT_FILE)
    assert event.text == "vaata"


async def test_a_document_can_be_fetched(api: BotApi, thread: int) -> None:
    """Its name, type and size come with it, and its bytes from the channel."""
    inbox = Inbox()
    async with listening(channel := telegram(api, desks={FORUM: DESK}), api, inbox):
        file = api.upload(b"%PDF 1", file_name="otsus.pdf", mime_type="application/pdf")
        message = await api.send(FORUM, document=file, thread=thread)
        await api.until(lambda: not api.pending, "everything handed in")
        [event] = inbox.events
        assert event == StaffSentFile(
            at=event.at, kind="document", desk=DESK, staff=f"telegram:{MARI}", name="Mari Maasikas",
            message=str(message["message_id"]), file_name="otsus.pdf", media_type="application/pdf", size=6, ref=file["file_id"],
        )  # fmt: skip
        assert isinstance(event, StaffSentFile)
        fetched = File(name=event.file_name, media_type=event.media_type, size=event.size, ref=event.ref, channel="telegram")
        assert await channel.fetch(fetched) == b"%PDF 1"


async def test_every_photo_of_an_album_arrives(api: BotApi, ear: Ear, thread: int) -> None:
    """What staff send is handed on, photo by photo."""
    for _ in range(3):
        await api.send(FORUM, photo=True, media_group_id="a1", thread=thread)
    arrivals = await ear.arrivals()
    assert len({arrival.ext_id for arrival in arrivals}) == 3


# --- who


async def test_an_anonymous_administrator_is_staff(api: BotApi, ear: Ear, thread: int) -> None:
    """Who hides behind the group's name works at the desk all the same; a title that they have is their name."""
    message = await api.say(FORUM, "tere", thread=thread)
    anonymous = {"from": api.user(ANONYMOUS_ADMIN, is_bot=True, first_name="Group"), "sender_chat": message["chat"]}
    await api.push("message", {**message, **anonymous})
    await api.push("message", {**message, **anonymous, "author_signature": "Juhataja"})
    events = await ear.heard()
    assert [(event.staff, event.name) for event in events[1:] if isinstance(event, StaffSaid)] == [
        (f"telegram:{ANONYMOUS_ADMIN}", "Abi"),
        (f"telegram:{ANONYMOUS_ADMIN}", "Juhataja"),
    ]


async def test_bots_and_channels_are_no_staff(api: BotApi, ear: Ear, thread: int) -> None:
    """Neither another bot, nor our own, nor a channel whose posts appear in the group, nor who speaks as a channel."""
    message = await api.say(FORUM, "inimene", thread=thread)
    await api.push("message", {**message, "from": api.user(99, is_bot=True)})
    await api.push("message", {**message, "from": api.user(BOT, is_bot=True)})
    await api.push("message", {**message, "from": api.user(777000), "is_automatic_forward": True})
    await api.push(
        "message", {**message, "from": api.user(136817688, is_bot=True), "sender_chat": {"id": -1007, "type": "channel"}}
    )
    await api.push("message", {name: value for name, value in message.items() if name != "from"})
    assert len(await ear.heard()) == 1


@pytest.mark.parametrize(
    "service",
    [
        {"forum_topic_closed": {}},
        {"forum_topic_reopened": {}},
        {"forum_topic_edited": {"name": "KJ-0042 et"}},
        {"new_chat_title": "Abi 2"},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": FORUM, "type": "supergroup"}}},
        {"left_chat_member": {"id": 8, "is_bot": False, "first_name": "Ann"}},
        {"new_chat_members": [{"id": 8, "is_bot": False, "first_name": "Ann"}]},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
        {"video_chat_started": {}},
    ],
)
async def test_what_telegram_tells_is_nobodys_word(api: BotApi, ear: Ear, thread: int, service: Json) -> None:
    """Closing a topic by hand, a new title, somebody who comes or goes: nothing of it is for a resident."""
    await api.send(FORUM, thread=thread, **service)
    assert await ear.heard() == []


async def test_only_the_desks_chat_is_staffs(api: BotApi, ear: Ear) -> None:
    """The same person elsewhere, privately or in another group, is a resident."""
    await api.say(MARI, "/claim")
    api.chat(TEAM, type="group")
    await api.say(TEAM, "@teejuht_test_bot /close", user=MARI)
    arrivals = await ear.arrivals()
    assert [arrival.desk for arrival in arrivals] == ["", ""]
    assert [from_json(arrival.body, arrival.at).__class__ for arrival in arrivals] == [Said, Said]


async def test_nothing_at_a_desk_is_a_residents(api: BotApi, ear: Ear, thread: int) -> None:
    """A mention, a reply to the bot, a /start: staff's words, never a resident's conversation; nobody sees the bot type."""
    shown = await keyboard_message(api, "topic:school", chat=FORUM)
    await api.say(FORUM, "@teejuht_test_bot tere", thread=thread)
    await api.say(FORUM, "tere", reply_to=shown)
    await api.say(FORUM, "/start narva")
    events = await ear.heard()
    assert len(events) == 3
    assert not any(isinstance(event, Said | Opened | Left) for event in events)
    await api.say(ANN, "tere")
    await api.until(lambda: any(call.method == "sendChatAction" for call in api.calls), "the resident sees the bot type")
    assert {call.params["chat_id"] for call in api.calls if call.method == "sendChatAction"} == {ANN}


# --- taps


async def test_a_tap_chooses_an_option_of_the_case(api: BotApi, thread: int) -> None:
    """The button says what, its message's topic says of which case; the tap is answered."""
    inbox = Inbox()
    async with listening(telegram(api, desks={FORUM: DESK}), api, inbox):
        shown = await keyboard_message(api, "case:claim", "!case:close", chat=FORUM)
        in_topic = {**shown, "message_thread_id": thread, "is_topic_message": True}
        for number, data in enumerate(("case:claim", "!case:close")):
            query = {"id": str(number), "from": api.user(MARI), "message": in_topic, "chat_instance": "c", "data": data}
            await api.push("callback_query", query)
        await api.until(lambda: not api.pending, "everything handed in")
        first, second = inbox.events
        assert isinstance(first, StaffChose)
        assert first == StaffChose(at=first.at, option="case:claim", desk=DESK, staff=f"telegram:{MARI}", name="Mari Maasikas")
        assert isinstance(second, StaffChose)
        assert second.option == "case:close"
        assert [(one.desk, one.thread, one.conversation) for one in inbox.arrivals] == [(DESK, str(thread), "")] * 2


async def test_made_up_data_is_no_option_and_every_tap_is_answered(api: BotApi, ear: Ear) -> None:
    """Clients send what data they like: what no button of the message carries chooses nothing."""
    shown = await keyboard_message(api, "case:claim", chat=FORUM)
    for data in ("case:close", "case:claim"):
        await api.tap(shown, data, user=MARI)
    assert [event.option for event in await ear.heard() if isinstance(event, StaffChose)] == ["", "case:claim"]
    await api.until(lambda: len([c for c in api.calls if c.method == "answerCallbackQuery"]) == 2, "two answers")


async def test_a_tap_on_a_message_that_telegram_shows_no_more(api: BotApi, ear: Ear) -> None:
    """Without the message nobody knows its topic: it belongs to the desk itself."""
    old = {"chat": api.chat(FORUM), "message_id": 5, "date": 0}
    query = {"id": "1", "from": api.user(MARI), "message": old, "chat_instance": "c", "data": "case:claim"}
    await api.push("callback_query", query)
    [arrival] = await ear.arrivals()
    assert (arrival.desk, arrival.thread) == (DESK, "")


# --- the group itself


@pytest.mark.parametrize("lost", ["removed", "demoted", "without the right"])
async def test_losing_its_place_is_told_to_the_operator(api: BotApi, ear: Ear, lost: str) -> None:
    """When the bot cannot work at the desk any more, the log says what to do; nobody has left."""
    with capture_logs() as logs:
        match lost:
            case "removed":
                await api.remove(FORUM)
            case "demoted":
                api.demote(FORUM)
            case _:
                api.promote(FORUM, can_pin_messages=True)
        assert await ear.heard() == []
    [told] = [log for log in logs if log["event"] == "telegram desk does not work"]
    assert (told["log_level"], told["desk"], told["chat"]) == ("error", DESK, FORUM)
    assert "administrator" in told["why"]


async def test_getting_its_place_is_nothing_to_tell(api: BotApi, ear: Ear) -> None:
    """An administrator with the right to manage topics lacks nothing."""
    with capture_logs() as logs:
        api.promote(FORUM, can_manage_topics=True)
        assert await ear.heard() == []
    assert [log for log in logs if log["log_level"] == "error"] == []


async def test_a_group_that_becomes_a_supergroup_stays_the_desk(api: BotApi) -> None:
    """Staff are heard where the group has gone; the log gives the number to set."""
    inbox = Inbox()
    api.chat(TEAM, type="group")
    api.promote(TEAM)
    with capture_logs() as logs:
        async with listening(telegram(api, desks={TEAM: DESK}), api, inbox):
            new = await api.migrate(TEAM)
            await api.say(new, "tere", user=MARI)
            await api.until(lambda: not api.pending, "everything handed in")
    [arrival] = inbox.arrivals
    assert arrival.desk == DESK
    assert {log["chat"] for log in logs if log["event"].startswith("telegram desk has moved")} == {new}


async def test_another_group_that_moves_is_no_desk(api: BotApi, ear: Ear) -> None:
    """Only what a configured group has become is a desk."""
    api.chat(-43, type="group")
    new = await api.migrate(-43)
    await api.say(new, "@teejuht_test_bot tere", user=MARI)
    [arrival] = await ear.arrivals()
    assert arrival.desk == ""


# --- hostile


@pytest.mark.parametrize(
    "about",
    [
        {"from": {"id": MARI, "is_bot": False, "first_name": "a\nb\u202e", "last_name": "\x00c"}},
        {"text": "x" * 100_000},
        {"text": "\ud83d nul \x00"},
        {"reply_to_message": {"message_id": 1, "date": 0, "chat": {"id": FORUM, "type": "supergroup"}, "text": "\x00"}},
        {"message_thread_id": 2**60},
        {"entities": [{"type": "bot_command", "offset": 10_000, "length": 10_000}]},
        {"document": {"file_id": "f\x00", "file_unique_id": "u", "file_name": "../\x00", "mime_type": "x\r\ny", "file_size": -1}},
    ],
)
async def test_hostile_messages_arrive_storable(api: BotApi, ear: Ear, thread: int, about: Json) -> None:
    """Whatever a message holds, what arrives of it can be kept, and what comes after it is heard."""
    message = await api.say(FORUM, "enne", thread=thread)
    await api.push("message", {**message, **about}, check=False)
    await api.say(FORUM, "pärast", thread=thread)
    events = await ear.heard()
    assert [event.text for event in (events[0], events[-1]) if isinstance(event, StaffSaid)] == ["enne", "pärast"]
    assert len(events) == 3
    held = str([vars_of(event) for event in events])
    assert "\\x00" not in held
    assert "\\ud83d" not in held


@pytest.mark.parametrize(
    "payload",
    [{}, {"message_id": 1, "date": 0, "chat": {"id": FORUM, "type": "supergroup"}}, {"chat": {"id": str(FORUM)}}, None, 7],
)
async def test_a_broken_update_of_a_desk_stops_nothing(api: BotApi, ear: Ear, thread: int, payload: Json) -> None:
    """An update that cannot be read is passed over."""
    for kind in ("message", "edited_message", "callback_query", "my_chat_member"):
        await api.push(kind, payload, check=False)
    await api.say(FORUM, "pärast", thread=thread)
    [event] = await ear.heard()
    assert event == said(event, "pärast")


def vars_of(event: Event) -> dict[str, object]:
    """Give what an event holds."""
    return {name: getattr(event, name) for name in event.__dataclass_fields__}
