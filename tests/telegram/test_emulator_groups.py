"""What the emulator shows a bot of groups, channels and topics, and how it tells what the bot is there."""

from collections.abc import AsyncIterator

import pytest

from tests.peers.bot_api import BotApi
from tests.telegram.emulator import Caller, calling, refusal

GROUP = -1001234567890
BOT, OTHER_BOT = 123456, 77


@pytest.fixture
async def call(api: BotApi) -> AsyncIterator[Caller]:
    """Call the emulator."""
    async with calling(api) as caller:
        yield caller


@pytest.mark.parametrize(
    ("text", "last", "is_heard"),
    [
        ("hello", BOT, False),
        ("hello @teejuht_test_bot", None, True),
        ("hello @Teejuht_Test_Bot!", None, True),
        ("hello @teejuht_test_bot2", BOT, False),
        ("/help@teejuht_test_bot", OTHER_BOT, True),
        ("/help@other_bot", BOT, False),
        ("/help", BOT, True),
        ("/help", OTHER_BOT, False),
        ("/help", None, False),
    ],
)
async def test_a_group_is_private(api: BotApi, call: Caller, text: str, last: int | None, *, is_heard: bool) -> None:
    """An ordinary member gets what is meant for it, and plain commands if no other bot spoke after it."""
    api.chat(GROUP)
    api.user(OTHER_BOT, is_bot=True, username="other_bot")
    if last is not None:
        await call("sendMessage", chat_id=GROUP, text="x")
    if last == OTHER_BOT:
        await api.say(GROUP, "I am a bot", user=OTHER_BOT)
    message = await api.say(GROUP, text)
    assert [update["message"] for update in api.pending] == [message] * is_heard


async def test_administrators_hear_everybody_but_bots(api: BotApi) -> None:
    """An administrator, or a bot without privacy, gets every message of people and none of other bots."""
    api.user(OTHER_BOT, is_bot=True, username="other_bot")
    api.promote(GROUP)
    await api.say(GROUP, "a")
    await api.say(GROUP, "b", user=OTHER_BOT)
    api.demote(GROUP)
    api.me["can_read_all_group_messages"] = True
    await api.say(GROUP, "c")
    assert [update["message"]["text"] for update in api.pending if "message" in update] == ["a", "c"]


async def test_answers_to_the_bot_are_heard(api: BotApi, call: Caller) -> None:
    """In a group an answer to the bot reaches it, an answer to others does not; media follow the same rule."""
    other = await api.say(GROUP, "hello")
    own = (await call("sendMessage", chat_id=GROUP, text="x"))["result"]
    for heard in (api.say(GROUP, "a", reply_to=other), api.say(GROUP, "b", reply_to=own), api.say(GROUP, "c")):
        await heard
    await api.send(GROUP, photo=True, caption="d")
    await api.send(GROUP, photo=True, caption="@teejuht_test_bot e")
    told = [update["message"] for update in api.pending]
    assert [message.get("text") or message["caption"] for message in told] == ["b", "@teejuht_test_bot e"]


async def test_membership_is_told(api: BotApi) -> None:
    """Every change of what the bot is comes as my_chat_member, from whoever did it."""
    await api.block(7)
    await api.unblock(7)
    api.promote(GROUP)
    await api.remove(GROUP)
    await api.say(GROUP, "@teejuht_test_bot")
    await api.add(GROUP)
    changes = [update["my_chat_member"] for update in api.pending if "my_chat_member" in update]
    assert [(change["old_chat_member"]["status"], change["new_chat_member"]["status"]) for change in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
        ("member", "administrator"),
        ("administrator", "kicked"),
        ("kicked", "member"),
    ]
    assert [list(update["message"])[-1] for update in api.pending if "message" in update] == ["new_chat_members"]


async def test_a_group_becomes_a_supergroup(api: BotApi, call: Caller) -> None:
    """Both chats say so, and the old one points to the new one."""
    api.chat(-5, title="Desk")
    new = await api.migrate(-5)
    old, fresh = (update["message"] for update in api.pending)
    assert (old["migrate_to_chat_id"], fresh["migrate_from_chat_id"]) == (new, -5)
    answer = await call("sendMessage", chat_id=-5, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new}
    with pytest.raises(ValueError, match="upgraded"):
        await api.say(-5, "x")


async def test_channels_post(api: BotApi, call: Caller) -> None:
    """What is written in a channel is a post of the channel, whoever wrote it."""
    api.chat(GROUP, type="channel", username="news")
    message = await api.say(GROUP, "x")
    await api.edit(message, "y")
    assert [list(update)[1] for update in api.pending] == ["channel_post", "edited_channel_post"]
    assert (message["sender_chat"]["id"], "from" in message) == (GROUP, False)
    assert (await call("sendMessage", chat_id="@news", text="z"))["result"]["chat"]["id"] == GROUP


async def test_a_closed_topic_takes_no_messages(api: BotApi, call: Caller) -> None:
    """Only who manages topics writes in a closed one."""
    api.chat(7)
    api.chat(GROUP, is_forum=True)
    api.promote(GROUP, can_manage_topics=True)
    thread = await api.topic(GROUP, "a")
    await call("closeForumTopic", chat_id=GROUP, message_thread_id=thread)
    assert await refusal(call, "sendMessage", chat_id=GROUP, text="x", message_thread_id=thread) == ""
    api.demote(GROUP)
    assert await refusal(call, "sendMessage", chat_id=GROUP, text="x", message_thread_id=thread) == "TOPIC_CLOSED"
    assert await refusal(call, "sendMessage", chat_id=7, text="x", message_thread_id=thread) == "message thread not found"


async def test_people_edit(api: BotApi) -> None:
    """An edit comes with its new text and entities."""
    await api.edit(await api.say(7, "/a"), "b")
    edited = api.pending[1]["edited_message"]
    assert (edited["text"], "entities" in edited, edited["edit_date"] >= edited["date"]) == ("b", False, True)
