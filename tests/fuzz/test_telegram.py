"""Updates of Telegram as nobody should send them, through the webhook's door: none comes again for ever, and none is lost."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update
from telegram.constants import ChatType

from bot.platforms.telegram import TelegramChannel, connection
from bot.platforms.telegram.channel import SECRET
from bot.platforms.telegram.inbound import FILES
from bot.platforms.telegram.listening import secret_of
from tests.contracts.channel import running, until
from tests.fuzz.kit import House, house
from tests.fuzz.mutation import Json, mutated, often
from tests.peers.bot_api import bot_api
from tests.telegram.kit import DESK, FORUM, telegram

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN: Final[Json] = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "et", "username": "ann"}
BOT: Final[Json] = {"id": 123456, "is_bot": True, "first_name": "Teejuht", "username": "teejuht_test_bot"}
PRIVATE: Final[Json] = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP: Final[Json] = {"id": -42, "type": "group", "title": "Kool"}
DESK_CHAT: Final[Json] = {"id": FORUM, "type": "supergroup", "is_forum": True, "title": "Abi"}
PHOTO: Final[list[Json]] = [{"file_id": "f", "file_unique_id": "u", "width": 90, "height": 60, "file_size": 1000}]
FILE: Final[Json] = {"file_id": "f", "file_unique_id": "u", "file_name": "leping.pdf", "mime_type": "application/pdf"}


def message(**parts: Any) -> Json:  # noqa: ANN401 - as Telegram has them
    """A message of Ann's to the bot."""
    return {"message_id": 5, "date": 1_790_000_000, "chat": PRIVATE, "from": ANN, **parts}


OURS: Final = message(**{"from": BOT}, text="Mida soovite?", reply_markup={
    "inline_keyboard": [[{"text": "Menüü", "callback_data": "menu"}, {"text": "Kool", "callback_data": "!topic:school"}]]
})  # fmt: skip
MENTION: Final = [{"type": "mention", "offset": 0, "length": 17}]
MEMBER: Final[Json] = {"status": "member", "user": BOT}
UPDATES: Final[tuple[Json, ...]] = tuple(
    {"update_id": 1, **update}
    for update in (
        {"message": message(text="kus on raamatukogu")},
        {"message": message(text="/start narva_school", entities=[{"type": "bot_command", "offset": 0, "length": 6}])},
        {"message": message(text="see", reply_to_message=OURS, quote={"text": "Mida", "position": 0})},
        {"message": message(text="edasi", forward_origin={"type": "hidden_user", "sender_user_name": "X", "date": 1})},
        {"message": message(photo=PHOTO, caption="mis see on?", media_group_id="a1")},
        {"message": message(document=FILE)},
        {"message": message(voice={"file_id": "f", "file_unique_id": "u", "duration": 3})},
        {"message": message(location={"latitude": 59.4, "longitude": 27.3})},
        {"message": message(contact={"phone_number": "+3725550000", "first_name": "Ann"})},
        {"edited_message": message(text="kus on kool", edit_date=1_790_000_100)},
        {"message": message(chat=GROUP, text="@teejuht_test_bot kus on kool", entities=MENTION)},
        {"message": message(chat=GROUP, text="ja see?", reply_to_message={**OURS, "chat": GROUP})},
        {"message": message(chat=DESK_CHAT, text="/claim", message_thread_id=9, is_topic_message=True)},
        {"message": message(chat=DESK_CHAT, photo=PHOTO, caption="vaadake", message_thread_id=9, is_topic_message=True)},
        {"callback_query": {"id": "1", "from": ANN, "chat_instance": "x", "message": OURS, "data": "menu"}},
        {"callback_query": {"id": "1", "from": ANN, "chat_instance": "x", "data": "case:claim",
                            "message": {"chat": DESK_CHAT, "message_id": 4, "date": 0}}},
        {"my_chat_member": {"chat": PRIVATE, "from": ANN, "date": 1, "old_chat_member": MEMBER,
                            "new_chat_member": {"status": "kicked", "user": BOT, "until_date": 0}}},
        {"my_chat_member": {"chat": DESK_CHAT, "from": ANN, "date": 1, "old_chat_member": MEMBER,
                            "new_chat_member": {"status": "left", "user": BOT}}},
    )
)  # fmt: skip
WHOLE: Final = json.dumps(UPDATES[2]).encode()
NONSENSE: Final = (
    b"[]", b"null", b"1", b'"a"', b"{}", b"NaN", b"[" * 100_000, b'{"update_id":' + b"9" * 5000 + b"}", b'{"a":' * 50_000,
)  # fmt: skip
NUMBERS: Final = itertools.count(1000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[tuple[TelegramChannel, House]]:
    """The channel, pushed to, before the real engine."""
    async with bot_api() as api, house() as inside:
        channel = telegram(api, webhook="http://127.0.0.1:9/hooks/telegram", desks={FORUM: DESK})
        async with running(channel, inside):
            await until(lambda: channel._take is not None, "the channel is ready")
            yield channel, inside


async def push(channel: TelegramChannel, body: bytes) -> int:
    """Push as Telegram does."""
    return await channel.hook({SECRET: secret_of("123456:TEST")}, body)


def readable(row: Json) -> bool:
    """Tell whether this is a person's text to the bot, alone with it, as far as Telegram's library makes an update of it."""
    try:
        update = Update.de_json(row)
        told = update.message
        if told is None or told.from_user is None or update.callback_query:
            return False
        of_telegrams_kinds = all(type(one) is int for one in (row["update_id"], told.chat.id, told.message_id))
        by_a_person = not told.from_user.is_bot and not told.is_automatic_forward
        alone = told.chat.type == ChatType.PRIVATE and isinstance(told.from_user.language_code, str | None)
        is_text = isinstance(told.text, str) and not any(getattr(told, kind) for kind in FILES)
    except Exception:  # the library's own words for "not an update"
        return False
    return bool(of_telegrams_kinds and by_a_person and alone and is_text)


@often(200)
@given(row=mutated(UPDATES))
async def test_any_update_is_confirmed_and_every_text_is_kept(door: tuple[TelegramChannel, House], row: Json) -> None:
    """An error would have Telegram push the same update for a day, and nothing after it."""
    channel, inside = door
    if type(row.get("update_id")) is int:
        row["update_id"] = next(NUMBERS)
    inside.ids()
    assert await push(channel, json.dumps(row).encode()) == 200
    if readable(row):
        assert inside.ids() == [str(row["update_id"])]
    assert await inside.dead() == []


@often(100)
@given(body=st.binary(max_size=200) | st.sampled_from(NONSENSE) | st.integers(0, 400).map(lambda end: WHOLE[:end]))
async def test_what_is_no_update_is_refused_for_good(door: tuple[TelegramChannel, House], body: bytes) -> None:
    """Whoever knows the secret may send anything; nothing of it is an error of ours."""
    channel, inside = door
    inside.ids()
    assert await push(channel, body) in (200, 400)
    assert inside.ids() == []


@often(60)
@given(row=mutated(UPDATES, most=6))
async def test_an_update_does_not_take_those_beside_it_along(door: tuple[TelegramChannel, House], row: Json) -> None:
    """Polled for, updates come many at once; what is read of the others does not depend on one of them."""
    channel, inside = door
    inside.ids()
    good = [{"update_id": next(NUMBERS), "message": message(text="kus on kool")} for _ in range(2)]
    assert channel._take is not None
    raw = json.loads(json.dumps([good[0], row, good[1]]))
    await channel._take(list(connection.readable(raw)))
    assert [id for id in inside.ids() if id in {str(one["update_id"]) for one in good}] == [str(one["update_id"]) for one in good]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"message_id": [5]}, {"chat": {**PRIVATE, "id": []}}, {"chat": {**PRIVATE, "id": "a:b"}}, {"text": {"a": 1}},
        {"from": {**ANN, "language_code": 5}}, {"media_group_id": ["a"], "photo": PHOTO, "text": None},
    ],
    ids=str,
)  # fmt: skip
async def test_values_of_other_kinds_than_telegrams_are_passed_over(door: tuple[TelegramChannel, House], spoilt: Json) -> None:
    """The library hands them on as they come; refused further in, they would come again for a day."""
    channel, inside = door
    inside.ids()
    row = {"update_id": next(NUMBERS), "message": {**message(text="kus on kool"), **spoilt}}
    assert await push(channel, json.dumps(row).encode()) == 200
    assert inside.ids() == []
