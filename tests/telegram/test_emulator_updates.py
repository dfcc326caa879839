"""How the emulator hands updates to a bot: offsets, long polling, what is wanted, and webhooks."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest

from tests.peers.bot_api import BotApi, bot_api
from tests.telegram.emulator import Caller, Hook, calling, listening

NOBODY = "http://127.0.0.1:9/"
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


@pytest.fixture
async def call(api: BotApi) -> AsyncIterator[Caller]:
    """Call it."""
    async with calling(api) as caller:
        yield caller


async def texts(call: Caller, **params: object) -> list[str]:
    """Poll once and return the texts."""
    return [update["message"]["text"] for update in (await call("getUpdates", **params))["result"]]


def kinds(api: BotApi) -> list[str]:
    """Return the kinds of the updates that wait."""
    return [list(update)[1] for update in api.pending]


# --- polling


async def test_offsets_confirm(api: BotApi, call: Caller) -> None:
    """An offset confirms what lies below it, a limit cuts, a negative offset keeps the last ones."""
    for text in "abcd":
        await api.say(7, text)
    ids = [update["update_id"] for update in api.pending]
    assert await texts(call) == await texts(call) == list("abcd")
    assert await texts(call, limit=2) == list("ab")
    assert await texts(call, offset=ids[1]) == list("bcd")
    assert api.confirmed == ids[:1]
    assert await texts(call, offset=-2) == list("cd")
    assert await texts(call, offset=ids[3] + 1) == []
    assert (api.confirmed, api.polls) == ([ids[0], *ids[2:]], 6)


async def test_a_repeated_update_comes_once_more(api: BotApi, call: Caller) -> None:
    """A confirmed update can come again, whatever the offset, and is confirmed again."""
    await api.say(7, "a")
    number = api.pending[0]["update_id"]
    assert await texts(call, offset=number + 1) == []
    await api.repeat(number)
    assert await texts(call, offset=number + 1) == ["a"]
    assert await texts(call, offset=number + 1) == []
    assert api.confirmed == [number, number]


async def test_a_long_poll_waits(api: BotApi, call: Caller) -> None:
    """A poll answers at once when something comes, and after its time when nothing does."""
    clock = asyncio.get_running_loop().time
    poll = asyncio.create_task(texts(call, timeout=15))
    await api.until(lambda: api.polls == 1, "the poll")
    begin = clock()
    await api.say(7, "a")
    assert await poll == ["a"]
    assert clock() - begin < 5
    begin = clock()
    assert await texts(call, timeout=1, offset=api.pending[0]["update_id"] + 1) == []
    assert clock() - begin > 0.9


async def test_an_open_poll_does_not_stop_the_emulator() -> None:
    """Leaving wakes a poll and what hangs."""
    async with asyncio.timeout(5), bot_api() as api, calling(api) as call:
        api.fault("getMe", "hang", seconds=60)
        poll = asyncio.create_task(texts(call, timeout=50))
        hanging = asyncio.create_task(call("getMe"))
        await api.until(lambda: api.polls == 1, "the poll")
        await asyncio.sleep(0.1)
        assert [task.done() for task in (poll, hanging)] == [False, False]
        api.bell.close()
        assert await poll == []
        assert (await hanging)["ok"]


async def test_an_update_outlives_a_poller_that_hangs_up(api: BotApi, call: Caller) -> None:
    """Who hangs up does not get the update; the next poll does, and is no conflict."""
    poll = asyncio.create_task(texts(call, timeout=15))
    await api.until(lambda: api.polls == 1, "the poll")
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await api.say(7, "a")
    assert await texts(call) == ["a"]
    assert api.refused == []


async def test_the_newer_of_two_polls_wins(api: BotApi, call: Caller) -> None:
    """The older poll gets a conflict, the newer one the update."""
    older = asyncio.create_task(call("getUpdates", timeout=15))
    await api.until(lambda: api.polls == 1, "the first poll")
    newer = asyncio.create_task(texts(call, timeout=15))
    assert await older == {"ok": False, "error_code": 409, "description": OTHER_POLL}
    await api.say(7, "a")
    assert await newer == ["a"]


async def test_nobody_polls_beside_a_webhook(api: BotApi, call: Caller) -> None:
    """With a webhook there is no polling; deleting it can drop what waits."""
    await call("setWebhook", url=NOBODY)
    await api.say(7, "a")
    assert await call("getUpdates") == {"ok": False, "error_code": 409, "description": WEBHOOK}
    await call("deleteWebhook", drop_pending_updates=True)
    assert await texts(call) == []
    assert api.confirmed == []


async def test_only_wanted_kinds_are_queued(api: BotApi, call: Caller) -> None:
    """What is not asked for is not queued; changes of members and reactions have to be asked for."""
    reaction = {"chat": api.chat(7), "message_id": 1, "date": 1, "old_reaction": [], "new_reaction": []}
    await api.push("message_reaction", reaction)
    await api.say(7, "a")
    assert kinds(api) == ["message"]
    await call("getUpdates", allowed_updates=["message_reaction"])
    await call("getUpdates")
    await api.say(7, "b")
    await api.push("message_reaction", reaction)
    assert kinds(api) == ["message", "message_reaction"]
    await call("getUpdates", allowed_updates=[])
    await api.say(7, "c")
    assert kinds(api) == ["message", "message_reaction", "message"]


async def test_broken_updates_need_to_be_meant(api: BotApi) -> None:
    """The emulator speaks valid Bot API unless a test asks for something else."""
    with pytest.raises(ValueError, match="message"):
        await api.push("message", {"text": "no more than that"})
    with pytest.raises(ValueError, match="mesage"):
        await api.push("mesage", {})
    await api.push("mesage", {}, check=False)
    assert kinds(api) == ["mesage"]


async def test_until_tells_what_did_not_happen(api: BotApi, call: Caller) -> None:
    """Waiting in vain fails with what was waited for and what happened last."""
    await call("sendMessage", chat_id=404, text="x")
    with pytest.raises(AssertionError, match=r"the answer: not within 0.1 s; .*sendMessage: Bad Request: chat not found"):
        await api.until(lambda: False, "the answer", seconds=0.1)


# --- webhooks


async def test_a_webhook_is_tried_again(api: BotApi, call: Caller) -> None:
    """An update is pushed until it is taken, the next one only then; deleting the webhook ends it."""
    hook = Hook(500, 403, 302)
    await call("setWebhook", url=NOBODY, max_connections=1)
    for chat, text in enumerate("abc", start=1):
        await api.say(chat, text)
    await api.until(lambda: api.webhook_error is not None, "a refused connection")
    info = (await call("getWebhookInfo"))["result"]
    assert (info["pending_update_count"], info["last_error_message"]) == (3, "Connection refused")
    async with listening(hook.app) as url:
        await call("setWebhook", url=url, max_connections=1)
        await api.until(lambda: not api.pending, "three updates taken")
        assert (hook.texts, hook.most, len(api.confirmed)) == (list("abc"), 1, 3)
        await call("deleteWebhook")
        await api.say(7, "d")
        await asyncio.sleep(0.1)
    assert (hook.texts, len(api.pending)) == (list("abc"), 1)


async def test_a_webhook_pushes_chats_side_by_side(api: BotApi, call: Caller) -> None:
    """Messages of one chat stay in order, those of several chats go out together, not too many at once."""
    hook = Hook()
    async with listening(hook.app) as url:
        await call("setWebhook", url=url, max_connections=3)
        for number, chat in itertools.product("abcd", (1, 2, 3, 4)):
            await api.say(chat, f"{chat} {number}")
        await api.until(lambda: not api.pending, "all updates taken")
    assert hook.most == 3
    for chat in (1, 2, 3, 4):
        assert [text for text in hook.texts if text[0] == str(chat)] == [f"{chat} {number}" for number in "abcd"]


async def test_an_update_can_be_pushed_again(api: BotApi, call: Caller) -> None:
    """A webhook gets an update again that it took before."""
    hook = Hook()
    async with listening(hook.app) as url:
        await call("setWebhook", url=url)
        await api.say(7, "a")
        await api.until(lambda: len(api.confirmed) == 1, "the update")
        await api.repeat(api.confirmed[0])
        await api.until(lambda: len(api.confirmed) == 2, "the update again")
    assert hook.texts == ["a", "a"]


@pytest.mark.parametrize("params", [{"secret_token": "õ"}, {"secret_token": "a b"}, {"max_connections": 101}])
async def test_webhooks_have_rules(call: Caller, params: dict[str, object]) -> None:
    """A secret that fits into no header and too many connections are refused."""
    assert (await call("setWebhook", url=NOBODY, **params))["error_code"] == 400
    assert (await call("getWebhookInfo"))["result"]["url"] == ""
