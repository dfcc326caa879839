"""The Bot API emulator as bots see it over HTTP: two independent client libraries, faults, and what the models refuse.

Topics and files are in `test_emulator_files`, how updates are queued is in `test_emulator_updates`, what Telegram says to single
calls in `test_emulator_rules`.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import telegram
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from tests.peers.bot_api import BotApi, FaultKind, Json, bot_api
from tests.telegram.emulator import Caller, calling, listening

GROUP = -1001


@pytest.fixture
async def call(api: BotApi) -> AsyncIterator[Caller]:
    """Call it without any client library."""
    async with calling(api) as caller:
        yield caller


@pytest.fixture
async def first(api: BotApi) -> AsyncIterator[telegram.Bot]:
    """The client that our bot uses."""
    async with telegram.Bot(api.token, base_url=f"{api.url}/bot", base_file_url=f"{api.url}/file/bot") as bot:
        yield bot


def dialogue() -> Dispatcher:
    """Greet with a button and edit the greeting when it is tapped."""
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def greet(message: Message) -> None:
        button = InlineKeyboardButton(text="Go", callback_data="go")
        await message.answer(f"Hello {message.text}", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))

    @dispatcher.callback_query()
    async def change(query: CallbackQuery) -> None:
        await query.answer()
        assert isinstance(query.message, Message)
        await query.message.edit_text(f"gone {query.data}")

    return dispatcher


async def talk(api: BotApi) -> None:
    """Hold the dialogue and look at what the person sees."""
    await api.say(7, "/start")
    await api.until(lambda: [m["text"] for m in api.sent(7)] == ["Hello /start"], "the greeting")
    assert api.sent(7)[0]["reply_markup"] == {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    await api.tap(api.sent(7)[0], "go")
    await api.until(lambda: [m["text"] for m in api.sent(7)] == ["gone go"], "the edit")
    assert "reply_markup" not in api.sent(7)[0]
    assert [made.method for made in api.calls if made.method.startswith(("send", "edit", "answer"))] == [
        "sendMessage",
        "answerCallbackQuery",
        "editMessageText",
    ]
    await api.until(lambda: len(api.confirmed) == 2, "both updates confirmed")
    assert api.pending == []


# --- aiogram


async def test_aiogram_polls_a_dialogue(api: BotApi, second: Bot) -> None:
    """Command, keyboard, tap and edit work for aiogram, which reads every answer strictly."""
    dispatcher = dialogue()
    polling = asyncio.create_task(dispatcher.start_polling(second, handle_signals=False, close_bot_session=False))
    await talk(api)
    await dispatcher.stop_polling()
    await polling


async def test_aiogram_gets_a_dialogue_pushed(api: BotApi, second: Bot) -> None:
    """A webhook gets the updates and its secret; without the secret aiogram refuses and the update waits."""
    app = web.Application()
    SimpleRequestHandler(dialogue(), second, handle_in_background=False, secret_token="s3cret").register(app, path="/hook")
    async with listening(app) as url:
        assert await second.set_webhook(f"{url}/hook", secret_token="s3cret", max_connections=1)
        await talk(api)
        assert await second.set_webhook(f"{url}/hook", secret_token="other")
        await api.say(7, "again")
        await api.until(lambda: api.webhook_error is not None, "a refused update")
        info = await second.get_webhook_info()
        assert (info.pending_update_count, info.max_connections) == (1, 40)
        assert info.last_error_message == api.webhook_error == "Wrong response from the webhook: 401 Unauthorized"
        assert await second.delete_webhook()
        assert (await second.get_webhook_info()).url == ""


async def test_aiogram_reads_chats_and_members(api: BotApi, second: Bot) -> None:
    """Chats and members of every kind are complete in aiogram's eyes."""
    api.chat(GROUP, type="supergroup", title="Desk", description="Who helps")
    api.member(GROUP, 8, "creator", is_anonymous=False)
    api.member(GROUP, 9, "administrator", can_manage_topics=True)
    await api.say(GROUP, "hello", user=10)
    await api.say(11, "hello")
    chat = await second.get_chat(GROUP)
    assert (chat.title, chat.description) == ("Desk", "Who helps")
    assert [(await second.get_chat_member(GROUP, user)).status for user in (8, 9, 10, 11, second.id)] == [
        "creator",
        "administrator",
        "member",
        "left",
        "member",
    ]
    api.promote(GROUP)
    assert {member.user.id for member in await second.get_chat_administrators(GROUP)} == {8, 9, second.id}
    with pytest.raises(TelegramBadRequest, match="user not found"):
        await second.get_chat_member(GROUP, 12)
    assert await second.leave_chat(GROUP)
    with pytest.raises(TelegramForbiddenError, match="bot is not a member of the supergroup chat"):
        await second.send_message(GROUP, "x")


async def test_aiogram_understands_refusals(api: BotApi, second: Bot) -> None:
    """A wait, a block, a removal and a migration reach aiogram as what they are."""
    api.chat(7)
    api.fault("sendMessage", "too-many", seconds=3)
    with pytest.raises(TelegramRetryAfter) as waiting:
        await second.send_message(7, "x")
    assert waiting.value.retry_after == 3
    await api.block(7)
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await second.send_message(7, "x")
    await api.unblock(7)
    assert await second.send_message(7, "x")
    api.chat(-5)
    new = await api.migrate(-5)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await second.send_message(-5, "x")
    assert moved.value.migrate_to_chat_id == new
    assert (await second.send_message(new, "x")).chat.type == "supergroup"
    await api.remove(new)
    with pytest.raises(TelegramForbiddenError, match="bot was kicked from the supergroup chat"):
        await second.send_message(new, "x")
    assert [refusal.code for refusal in api.refused] == [429, 403, 400, 403]


# --- python-telegram-bot


async def test_form_encoded_calls_are_decoded(api: BotApi, first: telegram.Bot) -> None:
    """Numbers, truth values and JSON within a form arrive as what they are; texts stay texts."""
    asked = await api.say(7, "question")
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("õ", callback_data="1")]])
    preview = telegram.LinkPreviewOptions(is_disabled=True)
    sent = await first.send_message(
        7,
        "12",
        reply_markup=keyboard,
        disable_notification=True,
        link_preview_options=preview,
        reply_parameters=telegram.ReplyParameters(asked["message_id"]),
    )
    assert api.calls[-1].params == {
        "chat_id": 7,
        "text": "12",
        "disable_notification": True,
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[{"text": "õ", "callback_data": "1"}]]},
        "reply_parameters": {"message_id": asked["message_id"]},
    }
    assert sent.reply_to_message
    assert sent.reply_to_message.text == "question"


@pytest.mark.parametrize(
    "markup",
    [telegram.ReplyKeyboardMarkup([["a"]], resize_keyboard=True), telegram.ReplyKeyboardRemove(), telegram.ForceReply()],
)
async def test_other_keyboards_are_taken(
    api: BotApi,
    first: telegram.Bot,
    markup: telegram.ReplyKeyboardMarkup | telegram.ReplyKeyboardRemove | telegram.ForceReply,
) -> None:
    """A keyboard that replaces a person's own is valid and stays under no message."""
    api.chat(7)
    await first.send_message(7, "x", reply_markup=markup)
    assert "reply_markup" not in api.sent(7)[0]


@pytest.mark.parametrize(
    ("kind", "error", "is_sent"),
    [
        ("server-error", telegram.error.NetworkError, False),
        ("bad-gateway", telegram.error.NetworkError, False),
        ("drop-before", telegram.error.NetworkError, False),
        ("drop-after", telegram.error.NetworkError, True),
        ("hang", telegram.error.TimedOut, True),
        ("blocked", telegram.error.Forbidden, False),
        ("refused", telegram.error.BadRequest, False),
    ],
)
async def test_faults_strike_once(
    api: BotApi, first: telegram.Bot, kind: FaultKind, error: type[Exception], *, is_sent: bool
) -> None:
    """A fault strikes the chat it is meant for, as often as asked; some happen after the message is sent."""
    api.chat(7), api.chat(8)
    api.fault("sendMessage", kind, seconds=0.6, chat=7)
    await first.send_message(8, "not struck")
    with pytest.raises(error):
        await first.send_message(7, "struck", read_timeout=0.3)
    if kind == "hang":
        await api.until(lambda: api.sent(7) != [], "the message that hung")
    await first.send_message(7, "after")
    assert [message["text"] for message in api.sent(7)] == (["struck"] if is_sent else []) + ["after"]
    assert len(api.refused) == (kind in ("server-error", "bad-gateway", "blocked", "refused"))


async def test_a_worthless_token_is_refused(api: BotApi, first: telegram.Bot) -> None:
    """A revoked or wrong token is 401; what is no token at all is 404."""
    wrong = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{api.url}/bot654321:OTHER/getMe")).json() == wrong
        assert (await client.get(f"{api.url}/botnothing/getMe")).status_code == 404
    api.revoke()
    with pytest.raises(telegram.error.InvalidToken):
        await first.get_me()


# --- what the models refuse


TEXT = {"chat_id": 7, "text": "x"}


@pytest.mark.parametrize(
    ("method", "params", "where"),
    [
        ("sendMessage", TEXT | {"bogus": 1}, "bogus: unknown field"),
        ("sendMessage", TEXT | {"reply_to_message_id": 1}, "reply_to_message_id: deprecated field"),
        ("sendMessage", TEXT | {"reply_markup": {"inline_keyboard": [[{"text": "a", "bogus": 1}]]}}, "0.0.bogus: unknown"),
        ("sendMessage", TEXT | {"reply_markup": {"inline_keyboard": [], "bogus": 1}}, "reply_markup.bogus: unknown"),
        ("sendMessage", TEXT | {"reply_markup": {"inline_keyboard": [[{"callback_data": "a"}]]}}, "reply_markup"),
        ("sendMessage", TEXT | {"reply_markup": {"bogus": 1}}, "reply_markup.bogus: unknown"),
        ("sendMessage", TEXT | {"reply_parameters": {"message_id": 1, "bogus": 1}}, "reply_parameters.bogus: unknown"),
        ("sendMessage", TEXT | {"link_preview_options": {"bogus": True}}, "link_preview_options.bogus: unknown"),
        ("sendMessage", TEXT | {"text": 5}, "text: Input should be a valid string"),
        ("setMyCommands", {}, "commands: Field required"),
        ("noSuchMethod", {}, "unknown method"),
        ("sendDice", {"chat_id": 7}, "no such method yet"),
    ],
)
async def test_wrong_calls_are_violations(api: BotApi, call: Caller, method: str, params: Json, where: str) -> None:
    """What the models do not know, or the emulator cannot do, is an error and fails the test at the end."""
    api.chat(7)
    assert not (await call(method, **params))["ok"]
    assert where in "\n".join(api.violations)
    assert (api.sent(7), len(api.refused)) == ([], 1)
    api.violations.clear()


async def break_the_rules(*, error: type[Exception] | None = None) -> None:
    """Make a wrong call in an emulator of its own, and raise if asked to."""
    async with bot_api() as api, calling(api) as call:
        await call("getMe", bogus=1)
        if error:
            raise error


async def test_violations_fail_the_test() -> None:
    """The emulator raises at the end, but does not hide what the test itself raised."""
    with pytest.raises(AssertionError, match="bogus"):
        await break_the_rules()
    with pytest.raises(ZeroDivisionError):
        await break_the_rules(error=ZeroDivisionError)


async def test_without_models_calls_are_decoded_all_the_same() -> None:
    """A benchmark can do without the models: unknown fields pass, missing ones do not."""
    async with bot_api(validate=False) as api:
        api.chat(7)
        async with httpx.AsyncClient(base_url=f"{api.url}/bot{api.token}/") as client:
            form = {"chat_id": "7", "text": "5", "bogus": "1"}
            assert (await client.post("sendMessage", data=form)).json()["result"]["text"] == "5"
            assert (await client.post("sendMessage", data={"chat_id": "7"})).status_code == 400
        api.violations.clear()


async def test_halves_of_pairs_are_refused(api: BotApi) -> None:
    """Telegram takes UTF-8 only."""
    api.chat(7)
    async with httpx.AsyncClient(base_url=f"{api.url}/bot{api.token}/") as client:
        markup = '{"inline_keyboard": [[{"text": "\\ud83d", "callback_data": "a"}]]}'
        for form in (b"chat_id=7&text=%FF", f"chat_id=7&text=x&reply_markup={markup}".encode()):
            answer = await client.post("sendMessage", content=form, headers={"content-type": "application/x-www-form-urlencoded"})
            assert answer.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


# --- by hand


async def test_a_person_can_try_a_bot_by_hand(api: BotApi, call: Caller) -> None:
    """A page lists what is there; speaking and tapping work over HTTP."""
    async with httpx.AsyncClient(base_url=api.url) as client:
        said = (await client.post("/say", json={"chat": 7, "text": "/start"})).json()
        assert (await client.post("/tap", json={"chat": 7, "message_id": said["message_id"], "data": "x"})).is_success
        assert (await client.post("/tap", json={"chat": 7, "message_id": 99, "data": "x"})).status_code == 400
        await call("sendMessage", chat_id=7, text="<answer>")
        assert "&lt;answer&gt;" in (await client.get("/")).text
    assert [list(update)[1] for update in api.pending] == ["message", "callback_query"]
