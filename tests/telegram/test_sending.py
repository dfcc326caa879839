"""What people see: messages in each other's place, replies, pieces, and what each fault of Telegram leads to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count

import pytest

from bot.errors import Gone, MaybeSent, RetryLater, SendError, Unreachable
from bot.platforms.telegram import TelegramChannel
from bot.ports import Delivery, Message, Option, Part, message_to_json
from tests.contracts.channel import message
from tests.peers.bot_api import BotApi, FaultKind, Json
from tests.telegram.kit import ANN, listening, telegram

TEAM = -42
OPTIONS = (Option(id="menu:health", label="Tervis"), Option(id="menu:work", label="Töö"))


@pytest.fixture
async def channel(api: BotApi) -> AsyncIterator[TelegramChannel]:
    """The channel, listening."""
    api.chat(ANN)
    async with listening(channel := telegram(api), api):
        yield channel


@pytest.fixture
def keys() -> Iterator[str]:
    """Keys of deliveries, each new."""
    return map(str, count())


def delivery(said: Message, key: str = "k", chat: int = ANN, thread: str = "") -> Delivery:
    """A row of the outbox."""
    place = f"telegram:{chat}{thread}"
    return Delivery(id=1, key=key, channel="telegram", conversation=place, lane=place, body=message_to_json(said))


async def show(channel: TelegramChannel, said: Message, key: str = "k", chat: int = ANN) -> str:
    """Have a message shown."""
    return await channel.send(delivery(said, key, chat), said)


def passing(text: str, **about: str) -> Message:
    """A menu: options that lead on."""
    return replace(message(text, options=OPTIONS), passing=True, **about)  # type: ignore[arg-type]


def texts(api: BotApi, chat: int = ANN) -> list[str]:
    """Give what the chat shows of the bot."""
    return [sent["text"] for sent in api.sent(chat)]


def last_call(api: BotApi, method: str) -> Json:
    """Give what the last call of a method said."""
    return next(call.params for call in reversed(api.calls) if call.method == method)


# --- what stands where


async def test_a_menu_gives_way_to_what_follows(api: BotApi, channel: TelegramChannel, keys: Iterator[str]) -> None:
    """Tapping through menus changes one message instead of piling them up; an answer to the last tap stands there too."""
    number = await show(channel, passing("Menüü"), next(keys))
    assert await show(channel, passing("Tervis", replaces=number), next(keys)) == number
    assert await show(channel, replace(message("Perearst"), replaces=number), next(keys)) == number
    assert texts(api) == ["Perearst"]
    assert "reply_markup" not in api.sent(ANN)[0]


async def test_a_menu_further_up_stays(api: BotApi, channel: TelegramChannel, keys: Iterator[str]) -> None:
    """If anything came after the menu, the answer comes below that, where people look."""
    number = await show(channel, passing("Menüü"), next(keys))
    await api.say(ANN, "vahepeal")
    await api.until(lambda: not api.pending, "the message arrives")
    assert await show(channel, passing("Tervis", replaces=number), next(keys)) != number
    assert texts(api) == ["Menüü", "Tervis"]


async def test_after_a_restart_nothing_is_replaced(api: BotApi, keys: Iterator[str]) -> None:
    """A channel that does not know what came last writes below."""
    api.chat(ANN)
    async with listening(first := telegram(api), api):
        number = await show(first, passing("Menüü"), next(keys))
    async with listening(second := telegram(api), api):
        await show(second, passing("Tervis", replaces=number), next(keys))
    assert texts(api) == ["Menüü", "Tervis"]


async def test_what_cannot_be_edited_is_written_below(api: BotApi, channel: TelegramChannel, keys: Iterator[str]) -> None:
    """A menu that the person deleted does not swallow the answer; one that says the same already is left as it is."""
    number = await show(channel, passing("Menüü"), next(keys))
    assert await show(channel, passing("Menüü", replaces=number), next(keys)) == number
    async with telegram(api)._connection.bot as bot:
        await bot.delete_message(ANN, int(number))
    await show(channel, passing("Tervis", replaces=number), next(keys))
    assert texts(api) == ["Tervis"]


async def test_a_long_answer_does_not_replace(api: BotApi, channel: TelegramChannel, keys: Iterator[str]) -> None:
    """Pieces stay together below the menu."""
    number = await show(channel, passing("Menüü"), next(keys))
    await show(channel, replace(message("sõna " * 1500), replaces=number), next(keys))
    assert texts(api)[0] == "Menüü"
    assert len(texts(api)) == 3


async def test_an_answer_quotes_its_question_when_others_came_between(
    api: BotApi, channel: TelegramChannel, keys: Iterator[str]
) -> None:
    """Alone, a question needs no quotation; after another message the reader must know which one is meant."""
    first = await api.say(ANN, "kus on kool?")
    await api.until(lambda: not api.pending, "the question arrives")
    await show(channel, replace(message("Kool"), answers=str(first["message_id"])), next(keys))
    second, third = await api.say(ANN, "ja lasteaed?"), await api.say(ANN, "ja raamatukogu?")
    await api.until(lambda: not api.pending, "the questions arrive")
    for question, answer in ((second, "Lasteaed"), (third, "Raamatukogu")):
        await show(channel, replace(message(answer), answers=str(question["message_id"])), next(keys))
    quoted = [sent.get("reply_to_message", {}).get("text") for sent in api.sent(ANN)]
    assert quoted == [None, "ja lasteaed?", "ja raamatukogu?"]


async def test_a_deleted_question_is_answered_without_quoting(api: BotApi, channel: TelegramChannel) -> None:
    """The answer comes also when what it answers is gone."""
    await show(channel, replace(message("Kool"), answers="999"))
    assert texts(api) == ["Kool"]


async def test_in_a_group_every_answer_quotes(api: BotApi, channel: TelegramChannel) -> None:
    """Where many write, an answer says to whom."""
    api.chat(TEAM, type="group")
    asked = await api.say(TEAM, "@teejuht_test_bot kus on kool?")
    await api.until(lambda: not api.pending, "the question arrives")
    await show(channel, replace(message("Kool"), answers=str(asked["message_id"])), chat=TEAM)
    assert api.sent(TEAM)[0]["reply_to_message"]["message_id"] == asked["message_id"]


async def test_a_private_chat_is_a_link(api: BotApi, channel: TelegramChannel) -> None:
    """What belongs into a private chat is a button that opens one, with what was spoken of."""
    options = (Option(id="private:register-residence", label="Kirjutan kahekesi"), Option(id="private:", label="Kirjutan"))
    await show(channel, message("Siin loevad ka teised.", options=options))
    rows = api.sent(ANN)[0]["reply_markup"]["inline_keyboard"]
    urls = [button["url"] for row in rows for button in row]
    assert urls == ["https://t.me/teejuht_test_bot?start=register-residence", "https://t.me/teejuht_test_bot"]


async def test_a_forums_topic_is_written_to(api: BotApi, channel: TelegramChannel) -> None:
    """A message for a topic of a forum is shown there."""
    forum = -1001000000042
    api.chat(forum, type="supergroup", is_forum=True)
    thread = await api.topic(forum, "Küsimused")
    said = message("tere")
    await channel.send(delivery(said, chat=forum, thread=f":{thread}"), said)
    assert api.sent(forum)[-1]["message_thread_id"] == thread


async def test_links_bring_no_previews(api: BotApi, channel: TelegramChannel) -> None:
    """A preview of a source would be larger than the answer."""
    await show(channel, Message(lang="et", parts=(Part(markdown="[PPA](https://www.politsei.ee)"),)))
    assert last_call(api, "sendMessage")["link_preview_options"] == {"is_disabled": True}


async def test_long_option_ids_are_carried_as_digests(api: BotApi, channel: TelegramChannel) -> None:
    """No option is too long for Telegram, whatever it is called."""
    options = (Option(id=f"about:{'x' * 90}", label="a"), Option(id="menu", label="b"))
    await show(channel, replace(message("?", options=options), passing=True))
    rows = api.sent(ANN)[0]["reply_markup"]["inline_keyboard"]
    data = [button["callback_data"] for row in rows for button in row]
    assert data[1] == "!menu"
    assert data[0].startswith("!~")
    assert len(data[0]) < 64


# --- faults


@pytest.mark.parametrize(
    ("kind", "error", "sent"),
    [
        ("too-many", RetryLater, 0),
        ("server-error", Unreachable, 0),
        ("bad-gateway", Unreachable, 0),
        ("drop-before", MaybeSent, 0),
        ("drop-after", MaybeSent, 1),
        ("blocked", Gone, 0),
    ],
)
async def test_what_a_fault_means(
    api: BotApi, channel: TelegramChannel, kind: FaultKind, error: type[SendError], sent: int
) -> None:
    """Each way in which a call fails says what the outbox does next; after it the message can be sent."""
    api.fault("sendMessage", kind, seconds=3)
    with pytest.raises(error):
        await show(channel, message("tere"))
    assert len(texts(api)) == sent
    await show(channel, message("tere"))
    assert texts(api) == ["tere"] * (sent + 1)


async def test_an_answer_that_does_not_come_may_mean_sent(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that hangs is given up; the message may be there, and here it is."""
    monkeypatch.setattr("bot.platforms.telegram.connection.READ_SECONDS", 0.2)
    api.chat(ANN)
    async with listening(channel := telegram(api), api):
        api.fault("sendMessage", "hang", seconds=0.6)
        with pytest.raises(MaybeSent):
            await show(channel, message("tere"))
        await api.until(lambda: texts(api) == ["tere"], "the message is there all the same")


async def test_telegrams_wait_is_kept_to_the_second(api: BotApi, channel: TelegramChannel) -> None:
    """A flood error says how long to wait; one in a second chat meanwhile means the whole account."""
    api.chat(8)
    api.fault("sendMessage", "too-many", seconds=7, times=2)
    waits = []
    for chat in (ANN, 8):
        with pytest.raises(RetryLater) as caught:
            await show(channel, message("tere"), key=str(chat), chat=chat)
        waits.append((caught.value.seconds, caught.value.whole_channel))
    assert waits == [(7, False), (7, True)]


async def test_no_connection_means_not_sent(api: BotApi) -> None:
    """Before the bot is connected, and where nobody listens, nothing left."""
    channel = telegram(api)
    with pytest.raises(Unreachable, match="not connected"):
        await show(channel, message("tere"))
    await channel._connection.close()
    async with listening(channel := telegram(api), api):
        channel._connection.bot._base_url = channel._connection.bot._base_url.replace(api.url, "http://127.0.0.1:9")
        with pytest.raises(Unreachable, match="ClientConnectorError"):
            await show(channel, message("tere"))


async def test_a_token_that_was_revoked_keeps_messages(api: BotApi, channel: TelegramChannel) -> None:
    """It is not the message's fault: it waits for a token that works."""
    api.revoke()
    with pytest.raises(Unreachable):
        await show(channel, message("tere"))


async def test_nobody_there(api: BotApi, channel: TelegramChannel) -> None:
    """A chat that does not exist, or blocked the bot, is gone; so is a topic that was deleted."""
    with pytest.raises(Gone):
        await show(channel, message("tere"), chat=12345)
    await api.block(ANN)
    with pytest.raises(Gone):
        await show(channel, message("tere"))
    forum = -1001000000042
    api.chat(forum, type="supergroup", is_forum=True)
    with pytest.raises(Gone):
        await channel.send(delivery(message("tere"), chat=forum, thread=":99"), message("tere"))


async def test_a_group_that_moved_is_followed(api: BotApi, channel: TelegramChannel, keys: Iterator[str]) -> None:
    """When a group becomes a supergroup, its messages go there at once, and the next ones too."""
    api.chat(TEAM, type="group")
    new = await api.migrate(TEAM)
    for text in ("üks", "kaks"):
        await show(channel, message(text), next(keys), chat=TEAM)
    assert texts(api, new) == ["üks", "kaks"]


async def test_pieces_that_are_there_are_not_sent_again(api: BotApi, channel: TelegramChannel) -> None:
    """When the second piece of a long message fails, the next try begins with it."""
    long = message(" ".join(f"sõna{number}" for number in range(1200)))
    api.fault("sendMessage", "hang", seconds=0)
    api.fault("sendMessage", "server-error")
    with pytest.raises(Unreachable):
        await show(channel, long)
    assert len(texts(api)) == 1
    await show(channel, long)
    assert " ".join(texts(api)).split() == long.parts[0].markdown.split()


async def test_an_edit_that_may_have_come_through_is_not_doubled(api: BotApi, channel: TelegramChannel) -> None:
    """A repeated edit finds its text there: nothing is shown twice."""
    number = await show(channel, passing("Menüü"), "a")
    api.fault("editMessageText", "drop-after")
    with pytest.raises(MaybeSent):
        await show(channel, passing("Tervis", replaces=number), "b")
    assert await show(channel, passing("Tervis", replaces=number), "b") == number
    assert texts(api) == ["Tervis"]


async def test_the_limits_are_kept_before_telegram_says_so(api: BotApi) -> None:
    """A burst to one person is spread by telling the outbox when the next may go; Telegram never complains."""
    api.limits = True
    api.chat(ANN)
    waits: list[float] = []
    async with listening(channel := telegram(api, paced=True), api):
        while len(texts(api)) < 5:
            key = str(len(texts(api)))
            try:
                await show(channel, message(key), key)
            except RetryLater as later:
                waits.append(later.seconds)
                await asyncio.sleep(later.seconds)
    assert texts(api) == list("01234")
    assert [refusal for refusal in api.refused if refusal.code == 429] == []
    assert len(waits) == 2
    assert max(waits) < 1.2
