"""How the channel listens: what it confirms and when, and what it does while Telegram cannot be reached."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from telegram import Bot

from bot.core.events import Said
from bot.errors import ChannelError
from bot.platforms.telegram.channel import SECRET
from bot.platforms.telegram.listening import secret_of
from bot.ports import Delivery, message_to_json
from tests.contracts.channel import PATIENCE, Inbox, message, running
from tests.peers.bot_api import BotApi, Call, FaultKind
from tests.telegram.kit import ANN, HOOK, pushed, telegram


@pytest.fixture
def inbox() -> Inbox:
    """The engine's side."""
    return Inbox()


def heard(inbox: Inbox) -> list[str]:
    """Give the texts that arrived."""
    return [event.text for event in inbox.events if isinstance(event, Said)]


# --- polling


@pytest.mark.parametrize("kind", ["server-error", "bad-gateway", "drop-before", "drop-after", "too-many"])
async def test_listening_goes_on_after_any_fault(api: BotApi, inbox: Inbox, kind: FaultKind) -> None:
    """Whatever fails, also at the start, it is tried again and nothing is lost."""
    api.fault("*", kind, times=3, seconds=1)
    async with running(telegram(api), inbox):
        await api.say(ANN, "enne")
        await inbox.holds(1)
        api.fault("getUpdates", kind, times=2, seconds=1)
        await api.say(ANN, "pärast")
        await api.until(lambda: "pärast" in heard(inbox), "the second message")
    assert sorted(set(heard(inbox))) == ["enne", "pärast"]


async def test_a_broken_connection_brings_the_same_update_again(api: BotApi, inbox: Inbox) -> None:
    """An answer that is lost on its way was not confirmed: it comes again under the same id."""
    async with running(telegram(api), inbox):
        await api.until(lambda: api.polls > 0, "the channel listens")
        api.fault("getUpdates", "drop-after")
        await api.say(ANN, "esimene")
        await api.say(ANN, "teine")
        await api.until(lambda: not api.pending, "everything confirmed")
    assert len({arrival.ext_id for arrival in inbox.arrivals}) == 2


async def test_after_a_restart_what_was_not_confirmed_comes_again(api: BotApi, inbox: Inbox) -> None:
    """A channel that is stopped before it confirms hands the same update in again when it is back."""
    async with running(telegram(api), inbox):
        await api.until(lambda: api.polls > 0, "the channel listens")
        inbox.gate.clear()
        await api.say(ANN, "tere")
        await asyncio.sleep(0.1)
    assert api.confirmed == []
    inbox.gate.set()
    async with running(telegram(api), inbox):
        await inbox.holds(1)
        await api.until(lambda: len(api.confirmed) == 1, "the confirmation")


async def test_a_second_program_with_the_same_token(api: BotApi, inbox: Inbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Two that poll disturb each other; what one does not get the other gets, and the log says what to do, once."""
    async with running(telegram(api), inbox), running(telegram(api), inbox):
        for number in range(5):
            await api.say(ANN, str(number))
            await asyncio.sleep(0.1)
        await api.until(lambda: not api.pending, "everything confirmed")
    assert sorted(set(heard(inbox))) == list("01234")
    assert "another program asks for updates with the same token" in capsys.readouterr().out


async def test_a_webhook_of_an_earlier_life_is_taken_down(api: BotApi, inbox: Inbox) -> None:
    """Telegram does not answer polls while a webhook is set: it is deleted, with nothing that waited lost."""
    async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
        await bot.set_webhook("http://127.0.0.1:9/gone")
    await api.say(ANN, "tere")
    async with running(telegram(api), inbox):
        await inbox.holds(1)
    assert heard(inbox) == ["tere"]


@pytest.mark.parametrize("token", ["123456:WRONG", "nonsense", "123456:", "1:2/../x", ""])
async def test_a_wrong_token_is_said(api: BotApi, inbox: Inbox, token: str) -> None:
    """A token that Telegram does not know, or that is none, ends the channel with what to do about it, and without the token."""
    channel = telegram(api, token=token or " ")
    with pytest.raises(ChannelError, match="TEEJUHT_TELEGRAM_TOKEN") as caught:
        await channel.run(inbox)
    assert not token or token not in str(caught.value)


async def test_a_revoked_token_is_said(api: BotApi, inbox: Inbox) -> None:
    """A token that stops working in the middle ends the channel too."""
    channel = telegram(api)
    task = asyncio.create_task(channel.run(inbox))
    await api.until(lambda: api.polls > 0, "the channel listens")
    api.revoke()
    api.bell.ring()
    await api.say(ANN, "tere")
    with pytest.raises(ChannelError, match="BotFather"):
        await asyncio.wait_for(task, 5)


# --- webhook


@pytest.fixture
async def site(api: BotApi, inbox: Inbox) -> AsyncIterator[str]:
    """The address of a running channel's hook."""
    async with pushed(api) as channel, running(channel, inbox):
        await api.until(lambda: any(call.method == "setWebhook" for call in api.calls), "the webhook is set")
        [call] = [call for call in api.calls if call.method == "setWebhook"]
        yield call.params["url"]


def update(text: str) -> dict[str, object]:
    """Make an update as Telegram pushes it."""
    chat = {"id": ANN, "type": "private", "first_name": "Ann"}
    person = {"id": ANN, "is_bot": False, "first_name": "Ann"}
    return {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": chat, "from": person, "text": text}}


async def post(url: str, content: bytes, secret: str) -> int:
    """Post to the hook and give the status."""
    async with httpx.AsyncClient(verify=False) as client:
        return (await client.post(url, content=content, headers={SECRET.encode(): secret.encode()})).status_code


async def test_the_webhook_is_asked_for_one_at_a_time(api: BotApi, site: str) -> None:
    """Pushed side by side, messages would lose their order before we see them."""
    [call] = [call for call in api.calls if call.method == "setWebhook"]
    assert call.params["max_connections"] == 1
    assert call.params["secret_token"] == secret_of(api.token)
    assert site.endswith(HOOK)


async def test_strangers_are_refused(api: BotApi, site: str, inbox: Inbox) -> None:
    """Only who knows the secret may hand in updates."""
    body = json.dumps(update("tere")).encode()
    assert [await post(site, body, secret) for secret in ("", "wrong", "õ")] == [403, 403, 403]
    assert inbox.arrivals == []
    assert await post(site, body, secret_of(api.token)) == 200
    assert heard(inbox) == ["tere"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b"[" * 100_000, 400),
        (b"{}", 200),
        (b'{"update_id": 1, "message": {"chat": []}}', 200),
        (b'{"update_id": "\xff"}', 400),
        (b" " * 1024 * 1024 + b"{}", 413),
    ],
)
async def test_hostile_bodies(api: BotApi, site: str, inbox: Inbox, body: bytes, status: int) -> None:
    """What is no update is refused; one that cannot be understood is taken, as it would come again for ever."""
    assert await post(site, body, secret_of(api.token)) == status
    assert await post(site, json.dumps(update("pärast")).encode(), secret_of(api.token)) == 200
    assert heard(inbox) == ["pärast"]


async def test_what_cannot_be_kept_is_pushed_again(api: BotApi, site: str, inbox: Inbox) -> None:
    """While the store is away Telegram is told so, and comes again."""
    assert site
    inbox.failures = 2
    await api.say(ANN, "tere")
    await inbox.holds(1)
    await api.until(lambda: len(api.confirmed) == 1, "the confirmation")
    assert len(inbox.refused) == 2


async def test_before_it_runs_nothing_is_taken(api: BotApi) -> None:
    """A push to a channel that does not run yet, or any more, is sent away to come again."""
    async with pushed(api) as channel:
        headers = {SECRET: secret_of(api.token)}
        assert await channel.hook(headers, json.dumps(update("tere")).encode()) == 503
        await channel._connection.close()


async def test_who_stands_by_takes_what_is_pushed(api: BotApi, inbox: Inbox) -> None:
    """A load balancer may bring it to any process; webhook and answers are for the one that leads, which may be we in the end."""
    body = json.dumps(update("tere")).encode()
    async with pushed(api) as channel:
        standing = asyncio.create_task(channel.stand_by(inbox))
        async with asyncio.timeout(PATIENCE):
            while await channel.hook({SECRET: secret_of(api.token)}, body) == 503:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert heard(inbox) == ["tere"]
        assert api.calls == []
        standing.cancel()
        await asyncio.wait((standing,))
        assert await channel.hook({SECRET: secret_of(api.token)}, body) == 503
        async with running(channel, inbox):
            await api.say(ANN, "pärast")
            assert len(await inbox.holds(2)) == 2


async def test_who_is_not_pushed_to_has_nothing_to_do_meanwhile(api: BotApi, inbox: Inbox) -> None:
    """Only one process may ask for updates."""
    await telegram(api).stand_by(inbox)
    assert (api.calls, api.polls) == ([], 0)


async def test_a_webhook_that_somebody_changed_is_put_back(api: BotApi, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program that took the webhook away holds it only until the next look."""
    monkeypatch.setattr("bot.platforms.telegram.listening.LOOK_AGAIN", 0.05)
    async with pushed(api) as channel, running(channel, inbox):
        await api.until(lambda: any(call.method == "setWebhook" for call in api.calls), "the webhook is set")
        async with Bot(api.token, base_url=f"{api.url}/bot") as bot:
            await bot.delete_webhook()
        await api.say(ANN, "tere")
        await inbox.holds(1)


async def test_a_webhook_that_telegram_cannot_reach_is_said(
    api: BotApi, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator learns that pushes fail, and why."""
    monkeypatch.setattr("bot.platforms.telegram.listening.LOOK_AGAIN", 0.05)
    async with running(telegram(api, webhook="http://127.0.0.1:9/nobody"), inbox):
        await api.until(lambda: any(call.method == "setWebhook" for call in api.calls), "the webhook is set")
        await api.say(ANN, "tere")
        seen = ""
        async with asyncio.timeout(5):
            while "telegram cannot push" not in seen:
                await asyncio.sleep(0.05)
                seen += capsys.readouterr().out


# --- the words around the chat


async def test_the_profile_is_written_once(api: BotApi, inbox: Inbox) -> None:
    """Commands and descriptions are there in each language and for all others; a second start changes nothing."""
    async with running(telegram(api), inbox):
        await api.until(lambda: any(call.method == "setChatMenuButton" for call in api.calls), "the profile is written")
    written = [call for call in api.calls if call.method.startswith("setMy")]
    assert sorted({call.params.get("language_code", "") for call in written}) == ["", "en", "et", "ru"]
    assert len(written) == 4 * 4
    names = [command["command"] for command in written[0].params["commands"]]
    assert names == [
        "start", "menu", "group", "person", "case", "language", "municipality", "privacy", "mydata", "forget", "help", "stop",
    ]  # fmt: skip
    before = len(api.calls)
    async with running(telegram(api), inbox):
        await api.until(
            lambda: len([call for call in api.calls if call.method == "setChatMenuButton"]) == 2, "the profile is looked at"
        )
    assert [call for call in api.calls[before:] if call.method.startswith("setMy")] == []


async def test_without_a_profile_there_is_still_a_chat(api: BotApi, inbox: Inbox) -> None:
    """Telegram allows few changes of the words around the chat; being refused them stops nothing."""
    api.fault("setMyCommands", "too-many", seconds=600)
    async with running(telegram(api), inbox):
        await api.say(ANN, "tere")
        await inbox.holds(1)


# --- while it takes long


async def test_typing_is_shown_when_an_answer_takes_long(api: BotApi, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who waits sees that they are being answered; somebody answered at once needs no sign."""
    monkeypatch.setattr("bot.platforms.busy.AFTER", 0.1)
    monkeypatch.setattr("bot.platforms.busy.AGAIN", 0.1)
    async with running(telegram(api), inbox):
        await api.say(ANN, "tere")
        await api.until(lambda: len(typing(api)) == 2, "typing is shown")
        await asyncio.sleep(0.3)
    assert [call.params for call in typing(api)] == [{"chat_id": ANN, "action": "typing"}] * 2


async def test_no_typing_after_an_answer(api: BotApi, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer ends it, also one that Telegram refuses."""
    monkeypatch.setattr("bot.platforms.busy.AFTER", 0.3)
    async with running(channel := telegram(api), inbox):
        await api.say(ANN, "tere")
        await inbox.holds(1)
        said = message("vastus")
        row = Delivery(
            id=1, key="k", channel="telegram", conversation=f"telegram:{ANN}", lane="l", body=message_to_json(said)
        )  # fmt: skip
        await channel.send(row, said)
        await asyncio.sleep(0.5)
    assert typing(api) == []


def typing(api: BotApi) -> list[Call]:
    """Give the calls that showed typing."""
    return [call for call in api.calls if call.method == "sendChatAction"]
