"""What people do on Telegram and what arrives of it: kinds of messages, groups, edits, taps, leaving."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.events import Chose, Event, Left, Opened, Said, SentFile
from bot.core.options import MAX_BYTES, short
from bot.platforms.telegram.inbound import ANONYMOUS_ADMIN, FILES, Place, place_of
from tests.contracts.channel import Inbox, running
from tests.peers.bot_api import BotApi, Json
from tests.telegram.kit import ANN, keyboard_message, telegram

TEAM = -42
FORUM = -1001000000042
KINDS = tuple(kind for kind in FILES if kind not in ("checklist", "game", "live_photo", "paid_media", "story"))
"""What people send; the others need a subscription, another bot or a channel."""


class Ear:
    """Hears what arrives, after whatever was done before has arrived or been passed over."""

    def __init__(self, api: BotApi, inbox: Inbox) -> None:
        self._api = api
        self._inbox = inbox

    async def heard(self) -> list[Event]:
        """Wait until Telegram has nothing more to hand in and give what has arrived since the last call."""
        await self._api.until(lambda: not self._api.pending, "everything handed in")
        events = self._inbox.events
        self._inbox.arrivals.clear()
        return events


@pytest.fixture
async def ear(api: BotApi) -> AsyncIterator[Ear]:
    """The channel with an ear on it."""
    inbox = Inbox()
    async with running(telegram(api), inbox):
        yield Ear(api, inbox)


async def test_a_message_brings_its_number_and_the_language_of_the_phone(api: BotApi, ear: Ear) -> None:
    """What is needed to answer well arrives with the text."""
    message = await api.say(ANN, "tere", lang="ru")
    [event] = await ear.heard()
    assert event == Said(at=event.at, text="tere", hint="ru", message=str(message["message_id"]))


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("/start", ""),
        ("/start kohtla-jarve_register-residence", "kohtla-jarve_register-residence"),
        ("/START", ""),
        ("/start@teejuht_test_bot narva", "narva"),
        ("/start a b", "a"),
    ],
)
async def test_start_opens(api: BotApi, ear: Ear, text: str, payload: str) -> None:
    """The first tap in a chat, or a link into it, opens the conversation."""
    await api.say(ANN, text)
    [event] = await ear.heard()
    assert isinstance(event, Opened)
    assert event.payload == payload


@pytest.mark.parametrize("text", ["/startle", "start", "/menu", "/help me", "// start"])
async def test_other_commands_are_the_cores(api: BotApi, ear: Ear, text: str) -> None:
    """What a command does is decided elsewhere."""
    await api.say(ANN, text)
    [event] = await ear.heard()
    assert isinstance(event, Said)
    assert event.text == text


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_not_text_is_named(api: BotApi, ear: Ear, kind: str) -> None:
    """A photo, a voice, a place, a contact: each arrives as what it is, without its content."""
    media: dict[str, Any] = {kind: True}
    await api.send(ANN, **media)
    [event] = await ear.heard()
    assert isinstance(event, SentFile)
    assert (event.kind, event.text) == (kind, "")


async def test_a_caption_is_read(api: BotApi, ear: Ear) -> None:
    """What is written to a photo arrives with it."""
    await api.send(ANN, photo=True, caption="mis see on?")
    [event] = await ear.heard()
    assert isinstance(event, SentFile)
    assert event.text == "mis see on?"


async def test_an_album_is_one_thing(api: BotApi) -> None:
    """The photos of an album without words arrive as one, those of an album with words only with the words."""
    inbox = Inbox()
    async with running(telegram(api), inbox):
        for _ in range(3):
            await api.send(ANN, photo=True, media_group_id="a1")
        await api.send(ANN, photo=True, media_group_id="a2", caption="mis need on?")
        await api.send(ANN, photo=True, media_group_id="a2")
        await api.until(lambda: not api.pending, "everything handed in")
    told = {
        arrival.ext_id: event.text
        for arrival, event in zip(inbox.arrivals, inbox.events, strict=True)
        if isinstance(event, SentFile)
    }
    assert list(told.values()) == ["", "mis need on?"]


async def test_forwarded_text_is_a_message(api: BotApi, ear: Ear) -> None:
    """People forward what they do not understand."""
    origin = {"type": "hidden_user", "sender_user_name": "Someone", "date": 1}
    await api.say(ANN, "Teie elamisluba lõpeb", forward_origin=origin)
    [event] = await ear.heard()
    assert isinstance(event, Said)


async def test_an_edited_question_arrives_as_edited(api: BotApi, ear: Ear) -> None:
    """A mended question is asked anew; it names the message that was mended."""
    message = await api.say(ANN, "kus on")
    await api.edit(message, "kus on kool?")
    _, event = await ear.heard()
    assert event == Said(at=event.at, text="kus on kool?", hint="en", edited=True, message=str(message["message_id"]))


async def test_a_place_that_moves_is_one_message(api: BotApi, ear: Ear) -> None:
    """Telegram edits a live location every few seconds: nobody is told each time that only text is read."""
    message = await api.send(ANN, location=True)
    await api.push("edited_message", {**message, "edit_date": message["date"] + 5})
    assert len(await ear.heard()) == 1


@pytest.mark.parametrize("kind", ["channel_post", "edited_channel_post", "poll", "message_reaction", "nobody_knows_this"])
async def test_other_updates_are_passed_over(api: BotApi, ear: Ear, kind: str) -> None:
    """Updates that were not asked for, or are not known yet, are confirmed and nothing more."""
    await api.push(kind, {"colour": "red"}, check=False)
    await api.say(ANN, "pärast")
    [event] = await ear.heard()
    assert isinstance(event, Said)


@pytest.mark.parametrize(
    "payload", [{}, {"message_id": "x"}, {"chat": 1}, {"message_id": 1, "date": "a", "chat": {"id": []}}, None, 7, []]
)
async def test_a_broken_update_stops_nothing(api: BotApi, ear: Ear, payload: Json) -> None:
    """An update that cannot be read is passed over with those before and after it kept."""
    await api.say(ANN, "enne")
    await api.push("message", payload, check=False)
    await api.say(ANN, "pärast")
    assert [event.text for event in await ear.heard() if isinstance(event, Said)] == ["enne", "pärast"]


# --- taps


async def test_a_tap_names_the_option_and_its_message(api: BotApi, ear: Ear) -> None:
    """A tap on a message that leads on names it, so that the answer may take its place; other messages stay."""
    passing = await keyboard_message(api, "!menu:health:2")
    lasting = await keyboard_message(api, "topic:school")
    await api.tap(passing, "!menu:health:2")
    await api.tap(lasting, "topic:school")
    first, second = await ear.heard()
    assert first == Chose(at=first.at, option="menu:health:2", message=str(passing["message_id"]))
    assert second == Chose(at=second.at, option="topic:school")


async def test_a_tap_that_no_button_has_chooses_nothing(api: BotApi, ear: Ear) -> None:
    """Data that is not on the message was made up by a client: it names no option."""
    await api.tap(await keyboard_message(api, "topic:school"), "group:again")
    [event] = await ear.heard()
    assert event == Chose(at=event.at, option="")


async def test_a_tap_on_a_message_that_telegram_shows_no_more(api: BotApi, ear: Ear) -> None:
    """The buttons of a very old message cannot be looked at; what the option does is still the core's to say."""
    message = await keyboard_message(api, "topic:school")
    old = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
    query = {"id": "1", "from": api.user(ANN), "message": old, "chat_instance": "c", "data": "topic:school"}
    await api.push("callback_query", query)
    [event] = await ear.heard()
    assert event == Chose(at=event.at, option="topic:school")


async def test_every_tap_is_answered(api: BotApi, ear: Ear) -> None:
    """A button never stays waiting: not for a made-up option, not for one that is handed in twice."""
    message = await keyboard_message(api, "topic:school")
    for data in ("topic:school", "nonsense", "topic:school"):
        await api.tap(message, data)
    await ear.heard()
    await api.until(lambda: len([c for c in api.calls if c.method == "answerCallbackQuery"]) == 3, "three answers")


def test_an_option_fits_a_button() -> None:
    """A long option goes as a digest of itself; with its mark it has at most the 64 bytes that Telegram takes."""
    long = "about:personal-identification-code:residence_basis=eu-family-temporary-right"
    assert len(short(long)) < MAX_BYTES < 64
    assert short("topic:school") == "topic:school"
    assert short(long) == short(long) != short(f"{long}s")


# --- groups


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("kus on kool?", None),
        ("@teejuht_test_bot kus on kool?", "kus on kool?"),
        ("Kuule, @Teejuht_Test_Bot, kus on kool?", "Kuule, kus on kool?"),
        ("@another_bot kus on kool?", None),
        ("kirjuta aadressil ann@teejuht_test_bot.ee", None),
        ("/menu@teejuht_test_bot", "/menu"),
        ("/menu@another_bot", None),
        ("/menu", "/menu"),
        ("/weather", None),
    ],
)
async def test_in_a_group_only_what_is_meant_for_it(api: BotApi, ear: Ear, text: str, heard: str | None) -> None:
    """Even an administrator, who hears everything, answers only its name, its commands and replies to it."""
    api.chat(TEAM, type="group")
    api.promote(TEAM)
    await api.say(TEAM, text)
    events = await ear.heard()
    assert [event.text for event in events if isinstance(event, Said)] == ([heard] if heard else [])
    assert all(event.public for event in events if isinstance(event, Said))


async def test_a_reply_in_a_group_is_meant_for_it(api: BotApi, ear: Ear) -> None:
    """Who replies to the bot's message talks to the bot."""
    api.chat(TEAM, type="group")
    message = await keyboard_message(api, "topic:school", chat=TEAM)
    await api.say(TEAM, "ja lasteaed?", reply_to=message)
    [event] = await ear.heard()
    assert isinstance(event, Said)
    assert event == Said(at=event.at, text="ja lasteaed?", hint="en", public=True, message=event.message)


async def test_its_name_alone_opens(api: BotApi, ear: Ear) -> None:
    """Who only calls it is greeted."""
    api.chat(TEAM, type="group")
    await api.say(TEAM, "@teejuht_test_bot")
    [event] = await ear.heard()
    assert isinstance(event, Opened)
    assert event.public


async def test_photos_in_a_group_are_nobodys_question(api: BotApi, ear: Ear) -> None:
    """A photo in a group is answered only if it is sent with the bot's name."""
    api.chat(TEAM, type="group")
    api.promote(TEAM)
    message = await keyboard_message(api, "topic:school", chat=TEAM)
    await api.send(TEAM, photo=True)
    await api.send(TEAM, sticker=True, reply_to=message)
    await api.send(TEAM, photo=True, caption="@teejuht_test_bot mis see on?")
    [event] = await ear.heard()
    assert isinstance(event, SentFile)
    assert event == SentFile(at=event.at, kind="photo", text="mis see on?", hint="en", public=True, message=event.message)


async def test_bots_and_channels_are_not_answered(api: BotApi, ear: Ear) -> None:
    """Bots do not talk to each other, and a channel's post in its group asks nothing; an administrator without a name does."""
    api.chat(TEAM, type="supergroup")
    api.promote(TEAM)
    other, channel = 99, 777000
    message = await api.say(TEAM, "@teejuht_test_bot tere", user=channel, is_automatic_forward=True)
    for sender in (other, ANONYMOUS_ADMIN):
        await api.push("message", {**message, "from": api.user(sender, is_bot=True), "is_automatic_forward": False}, check=False)
    assert [type(event) for event in await ear.heard()] == [Said]


async def test_a_forums_topics_are_conversations_of_their_own(api: BotApi) -> None:
    """In a forum each topic is a place; opening one is no message to the bot, though every message in it replies to that."""
    inbox = Inbox()
    api.chat(FORUM, type="supergroup", is_forum=True)
    api.promote(FORUM)
    thread = await api.topic(FORUM, "Küsimused")
    async with running(telegram(api), inbox):
        await api.say(FORUM, "@teejuht_test_bot tere", thread=thread)
        await api.say(FORUM, "omavahel", thread=thread)
        await api.until(lambda: not api.pending, "everything handed in")
    [arrival] = inbox.arrivals
    assert place_of(arrival.conversation) == Place(chat=FORUM, thread=thread)
    assert (arrival.desk, arrival.thread) == ("", "")


# --- leaving


async def test_blocking_leaves(api: BotApi, ear: Ear) -> None:
    """Who blocks the bot has left; who lets it write again begins anew by writing."""
    await api.say(ANN, "tere")
    await api.block(ANN)
    await api.unblock(ANN)
    _, event = await ear.heard()
    assert isinstance(event, Left)


async def test_a_group_that_throws_it_out_is_left(api: BotApi, ear: Ear) -> None:
    """Coming into a group is no event: nobody asked anything. Being thrown out is."""
    api.chat(TEAM, type="group")
    await api.add(TEAM)
    await api.remove(TEAM)
    assert [type(event) for event in await ear.heard()] == [Left]
