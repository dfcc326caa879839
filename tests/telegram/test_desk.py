"""The Desk contract over Telegram, a forum of an emulated Bot API, and what only Telegram's topics do."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import Gone, Refused, RetryLater, SendError, Unreachable
from bot.platforms.telegram import TelegramDesk
from tests.contracts.channel import message
from tests.contracts.desk import WAIT, DeskContract, Rig, card
from tests.peers.bot_api import BotApi, FaultKind
from tests.telegram.forum import TelegramRig, delete_topic, in_topic, texts
from tests.telegram.kit import DESK, FORUM, forum, listening, telegram


class TestDesk(DeskContract):
    """A forum with a topic for each case."""

    @pytest.fixture
    async def rig(self, desk: TelegramDesk, api: BotApi) -> Rig:
        """A member of staff."""
        return TelegramRig(desk, api)


# --- topics


async def test_a_topic_is_called_as_the_case(api: BotApi, desk: TelegramDesk) -> None:
    """Staff see the case's name in the list of topics; a name that is too long is cut."""
    await desk.open("KJ-0042 ru", card(), key="a")
    await desk.open("õ" * 200, card(), key="b")
    assert [topic.name for topic in api.topics(FORUM).values()] == ["KJ-0042 ru", "õ" * 128]


async def test_a_lost_card_does_not_open_a_second_topic(api: BotApi, desk: TelegramDesk) -> None:
    """When the topic is there and its card is not, the next try brings the card into it."""
    api.fault("sendMessage", "server-error")
    with pytest.raises(Unreachable):
        await desk.open("KJ-0001", card(), key="open:1")
    thread = await desk.open("KJ-0001", card(), key="open:1")
    assert list(map(str, api.topics(FORUM))) == [thread]
    assert texts(api, thread) == ["Case KJ-0001"]


async def test_a_topic_deleted_before_its_card_is_opened_anew(api: BotApi, desk: TelegramDesk) -> None:
    """Nobody waits for a topic that somebody has deleted between the two calls."""
    api.fault("sendMessage", "server-error")
    with pytest.raises(Unreachable):
        await desk.open("KJ-0001", card(), key="open:1")
    await delete_topic(api, next(iter(api.topics(FORUM))))
    with pytest.raises(Gone):
        await desk.open("KJ-0001", card(), key="open:1")
    thread = await desk.open("KJ-0001", card(), key="open:1")
    assert texts(api, thread) == ["Case KJ-0001"]


async def test_a_deleted_topic_is_gone(api: BotApi, desk: TelegramDesk) -> None:
    """What was for a topic that staff have deleted can be shown nowhere."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    await delete_topic(api, int(thread))
    for doing in (desk.post(thread, message("tere"), key="m"), desk.close(thread), desk.reopen(thread)):
        with pytest.raises(Gone):
            await doing


@pytest.mark.parametrize("thread", ["!abc:server", "-5", "1:2", "KJ-0001", "²"])
async def test_a_thread_of_another_platform_is_refused(desk: TelegramDesk, thread: str) -> None:
    """An id that no topic can have never reaches Telegram."""
    for doing in (desk.post(thread, message("tere"), key="m"), desk.close(thread), desk.amend(thread, "1", message("x"))):
        with pytest.raises(Refused):
            await doing


async def test_the_general_topic_is_written_to_and_never_closed(api: BotApi, desk: TelegramDesk) -> None:
    """A message about no case stands in General, which has no number."""
    posted = await desk.post("", message("Teabebaas ei laadinud"), key="g:1")
    await desk.close("")
    await desk.reopen("")
    assert texts(api, "") == ["Teabebaas ei laadinud"]
    assert posted == str(api.sent(FORUM)[0]["message_id"])
    assert [call.method for call in api.calls if "ForumTopic" in call.method] == []


@pytest.mark.parametrize("kind", ["too-many", "server-error", "drop-before", "blocked", "refused"])
@pytest.mark.parametrize("doing", ["close", "reopen"])
async def test_closing_can_be_tried_again(api: BotApi, desk: TelegramDesk, doing: str, kind: FaultKind) -> None:
    """A fault of closing or reopening says what it is; the next try does it."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    if doing == "reopen":
        await desk.close(thread)
    api.fault(f"{doing}ForumTopic", kind, seconds=WAIT)
    with pytest.raises(SendError):
        await getattr(desk, doing)(thread)
    await getattr(desk, doing)(thread)
    assert api.topics(FORUM)[int(thread)].open == (doing == "reopen")


async def test_a_closing_that_may_have_come_through_is_no_error(api: BotApi, desk: TelegramDesk) -> None:
    """The second try finds the topic closed."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    api.fault("closeForumTopic", "drop-after")
    with pytest.raises(SendError):
        await desk.close(thread)
    await desk.close(thread)
    assert not api.topics(FORUM)[int(thread)].open


# --- the desk itself


async def test_before_the_connection_nothing_is_sent(api: BotApi) -> None:
    """A desk works while its channel runs; until then it says so."""
    [desk] = telegram(api, desks={FORUM: DESK}).desks
    with pytest.raises(Unreachable):
        await desk.open("KJ-0001", card(), key="open:1")
    [problem] = await desk.problems()
    assert DESK in problem
    assert "not connected" in problem


async def test_a_chat_that_nobody_knows_is_a_problem(api: BotApi) -> None:
    """A wrong number, or a group that the bot was taken out of, is one problem that names the number."""
    forum(api)
    await api.remove(FORUM)
    async with listening(channel := telegram(api, desks={-1009: "narva/telegram", FORUM: DESK}), api):
        [[wrong], [removed]] = [await desk.problems() for desk in channel.desks]
    assert "narva/telegram: the bot is in no chat -1009" in wrong
    assert f"in no chat {FORUM}" in removed


async def test_a_telegram_that_is_away_is_a_problem(api: BotApi, desk: TelegramDesk) -> None:
    """Where nothing can be known, that is said."""
    api.fault("getChat", "bad-gateway")
    [problem] = await desk.problems()
    assert "not connected" in problem
    assert await desk.problems() == []


async def test_a_group_that_becomes_a_supergroup_is_followed(api: BotApi) -> None:
    """A desk set to a group's old number writes where the group has gone."""
    api.chat(-42, title="Abi")
    new = await api.migrate(-42)
    api.chat(new, is_forum=True)
    api.promote(new, can_manage_topics=True)
    async with listening(channel := telegram(api, desks={-42: DESK}), api):
        thread = await channel.desks[0].open("KJ-0001", card(), key="open:1")
        assert await channel.desks[0].problems() == []
    assert list(map(str, api.topics(new))) == [thread]


async def test_a_burst_keeps_the_limits_of_a_group(api: BotApi) -> None:
    """More than twenty messages a minute wait by the outbox's clock; Telegram never has to say so."""
    forum(api)
    api.limits = True
    async with listening(channel := telegram(api, paced=True, desks={FORUM: DESK}), api):
        [desk] = channel.desks
        waits = []
        for number in range(24):
            try:
                await desk.post("", message(str(number)), key=str(number))
            except RetryLater as later:
                waits.append(later.seconds)
    assert len(api.sent(FORUM)) == 20
    assert [refusal for refusal in api.refused if refusal.code == 429] == []
    assert min(waits) > 2


async def test_an_answer_at_the_desk_quotes_what_it_answers(api: BotApi, desk: TelegramDesk) -> None:
    """What the bot says to a member of staff says to whom."""
    thread = await desk.open("KJ-0001", card(), key="open:1")
    asked = await api.say(FORUM, "/send kool", thread=int(thread))
    await desk.post(thread, replace(message("Pole sellist teemat"), answers=str(asked["message_id"])), key="m:1")
    assert in_topic(api, thread)[-1]["reply_to_message"]["message_id"] == asked["message_id"]


async def test_desks_work_side_by_side(api: BotApi, desk: TelegramDesk) -> None:
    """Many cases at once get a topic each, with their own cards."""
    threads = await asyncio.gather(*(desk.open(f"KJ-{n:04}", card(f"Case {n}"), key=f"open:{n}") for n in range(8)))
    assert [texts(api, thread) for thread in threads] == [[f"Case {n}"] for n in range(8)]
