"""What the emulator says to single calls: texts, keyboards, messages, the bot's profile and limits, mostly in tables."""

from collections.abc import AsyncIterator

import pytest

from tests.peers.bot_api import BotApi, Json
from tests.peers.bot_api.faults import Limits
from tests.telegram.emulator import Caller, calling, refusal

GROUP = -1001234567890
KINDS = (
    *("photo", "voice", "audio", "video", "video_note", "animation", "document", "sticker"),
    *("contact", "location", "venue", "dice", "poll"),
)
COMMAND = {"command": "a", "description": "A"}


@pytest.fixture
async def call(api: BotApi) -> AsyncIterator[Caller]:
    """Call an emulator that has a private chat, number 7."""
    api.chat(7)
    async with calling(api) as caller:
        yield caller


# --- text


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>a</b> <strong>b</strong>", "a b", [("bold", 0, 1), ("bold", 2, 1)]),
        ("<i>😀</i><em>b</em>", "😀b", [("italic", 0, 2), ("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ('<a href="https://a.ee/?x=1&amp;y">õ</a>', "õ", [("text_link", 0, 1, "https://a.ee/?x=1&y")]),
        ("<a href='https://a.ee'>x</a>", "x", [("text_link", 0, 1, "https://a.ee/")]),
        ('<a href="tel:+372">112</a>', "112", []),
        ("<u>u</u><s>s</s><code>c</code>", "usc", [("underline", 0, 1), ("strikethrough", 1, 1), ("code", 2, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("&lt;b&gt; &amp; &quot; &#x27; &#8364;", "<b> & \" ' €", []),
        ("a & b &nbsp; &amp &ampere; &#0;", "a & b &nbsp; & &ampere; &#0;", []),
        ("\n  <b> a </b>\n ", "a", [("bold", 0, 1)]),
        ("a<b></b><i> </i>", "a", []),
        ("<B>a</B>", "a", [("bold", 0, 1)]),
        ("a\x00b\r\n\tc", "a b\n c", []),
    ],
)
async def test_html_is_read(call: Caller, source: str, text: str, entities: list[tuple[object, ...]]) -> None:
    """Markup becomes entities in UTF-16 code units, references become characters, space around is cut."""
    sent = (await call("sendMessage", chat_id=7, text=source, parse_mode="HTML"))["result"]
    found = [{"url": "", **entity} for entity in sent.get("entities", [])]
    assert sent["text"] == text
    assert [(one["type"], one["offset"], one["length"], one["url"]) for one in found] == [(*one, "")[:4] for one in entities]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("õ <p>a</p>", 'Unsupported start tag "p" at byte offset 3'),
        ("a<br/>", 'Unsupported start tag "br/" at byte offset 1'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ('<a href="x>a</a>', 'Unclosed start tag "a" at byte offset 0'),
        ("<a href>a</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused(call: Caller, source: str, error: str) -> None:
    """Telegram names what is wrong and where, in bytes."""
    assert await refusal(call, "sendMessage", chat_id=7, text=source, parse_mode="HTML") == f"can't parse entities: {error}"


@pytest.mark.parametrize(
    ("text", "mode", "error"),
    [
        ("", None, "message text is empty"),
        (" \n ", None, "message text is empty"),
        ("<b> </b>", "HTML", "message text is empty"),
        ("x" * 4096, None, ""),
        ("x" * 4097, None, "message is too long"),
        ("😀" * 2048, None, ""),
        ("😀" * 2048 + "x", None, "message is too long"),
        ("<b>" + "x" * 4096 + "</b>", "HTML", ""),
        ("&amp;" * 4097, "HTML", "message is too long"),
        ("x", "XML", "unsupported parse_mode"),
    ],
)
async def test_texts_have_a_length(call: Caller, text: str, mode: str | None, error: str) -> None:
    """A text is neither empty nor longer than 4096 UTF-16 code units, counted without markup."""
    params = {"parse_mode": mode} if mode else {}
    assert await refusal(call, "sendMessage", chat_id=7, text=text, **params) == error


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start", [("bot_command", 0, 6)]),
        ("😀 /a@teejuht_test_bot x", [("bot_command", 3, 19)]),
        ("õ @Some_One!", [("mention", 2, 9)]),
        ("me@example.com a/b //x @ab", []),
        ("/a /b", [("bot_command", 0, 2), ("bot_command", 3, 2)]),
    ],
)
async def test_commands_and_mentions_are_found(api: BotApi, text: str, entities: list[tuple[object, ...]]) -> None:
    """What a person writes carries its commands and mentions, in UTF-16 code units."""
    assert [tuple(entity.values()) for entity in (await api.say(7, text)).get("entities", [])] == entities


# --- keyboards


@pytest.mark.parametrize(
    ("button", "error"),
    [
        ({"text": "a", "callback_data": "x" * 64}, ""),
        ({"text": "a", "callback_data": "õ" * 32 + "x"}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": " ", "callback_data": "x"}, "inline keyboard button text must be non-empty"),
        ({"text": "a"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"text": "a", "url": "https://a.ee/x"}, ""),
        ({"text": "a", "url": "tg://user?id=7"}, ""),
        ({"text": "a", "url": "tel:+372"}, "inline keyboard button URL 'tel:+372' is invalid: Wrong HTTP URL"),
    ],
)
async def test_buttons_have_rules(call: Caller, button: Json, error: str) -> None:
    """A button has a text and does one thing; its data are 1 to 64 bytes."""
    assert await refusal(call, "sendMessage", chat_id=7, text="x", reply_markup={"inline_keyboard": [[button]]}) == error


# --- messages


async def test_messages_are_numbered(api: BotApi, call: Caller) -> None:
    """Private chats and groups share one sequence; every supergroup has its own."""
    api.chat(-5)
    ids = [(await api.say(chat, "x"))["message_id"] for chat in (7, -5, 8, GROUP, GROUP, GROUP - 1)]
    assert ids == [1, 2, 3, 1, 2, 1]
    assert (await call("sendMessage", chat_id=7, text="x"))["result"]["message_id"] == 4
    assert (await call("sendMessage", chat_id=GROUP, text="x"))["result"]["message_id"] == 3


async def test_answers_need_their_question(api: BotApi, call: Caller) -> None:
    """An answer holds its question; without one it is refused, unless it may be sent all the same."""
    asked = await api.say(7, "question", reply_to=await api.say(7, "earlier"))
    reply = {"message_id": asked["message_id"]}
    answer = (await call("sendMessage", chat_id=7, text="x", reply_parameters=reply))["result"]
    assert answer["reply_to_message"]["text"] == "question"
    assert "reply_to_message" not in answer["reply_to_message"]
    lost = {"message_id": 99}
    assert await refusal(call, "sendMessage", chat_id=7, text="x", reply_parameters=lost) == "message to be replied not found"
    assert not await refusal(
        call, "sendMessage", chat_id=7, text="x", reply_parameters=lost | {"allow_sending_without_reply": True}
    )


async def test_only_own_messages_are_edited(api: BotApi, call: Caller) -> None:
    """An edit changes something in a message of the bot; the result of the call before stays as it was."""
    theirs = (await api.say(7, "x"))["message_id"]
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = (await call("sendMessage", chat_id=7, text="<b>x</b>", parse_mode="HTML", reply_markup=markup))["result"]
    edit = {"chat_id": 7, "message_id": sent["message_id"]}
    same = (
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert await refusal(call, "editMessageText", **edit, text="<b>x</b>", parse_mode="HTML", reply_markup=markup) == same
    assert await refusal(call, "editMessageReplyMarkup", **edit, reply_markup=markup) == same
    assert await refusal(call, "editMessageText", **edit | {"message_id": 99}, text="y") == "message to edit not found"
    assert await refusal(call, "editMessageText", **edit | {"message_id": theirs}, text="y") == "message can't be edited"
    assert await refusal(call, "editMessageText", **edit, text="x", reply_markup=markup) == ""
    assert (await call("editMessageReplyMarkup", **edit))["result"]["text"] == "x"
    assert "reply_markup" not in api.sent(7)[0]
    assert (api.calls[0].result["entities"], api.calls[0].result["reply_markup"]) == (sent["entities"], markup)


async def test_messages_are_deleted(api: BotApi, call: Caller) -> None:
    """A bot deletes its own messages, everything in a private chat, and in groups with the right to do so."""
    theirs = {"chat_id": GROUP, "message_id": (await api.say(GROUP, "x"))["message_id"]}
    assert await refusal(call, "deleteMessage", **theirs) == "message can't be deleted"
    api.promote(GROUP, can_delete_messages=True)
    assert await refusal(call, "deleteMessage", **theirs) == ""
    assert await refusal(call, "deleteMessage", **theirs) == "message to delete not found"
    asked = await api.say(7, "x")
    await call("sendMessage", chat_id=7, text="y")
    for message_id in (asked["message_id"], api.sent(7)[0]["message_id"]):
        assert await refusal(call, "deleteMessage", chat_id=7, message_id=message_id) == ""
    assert api.sent(7) == []


async def test_messages_are_copied_and_forwarded(api: BotApi, call: Caller) -> None:
    """A copy has no author, a forward has; what nobody said cannot be copied."""
    said = await api.send(7, voice=True, caption="listen @you")
    moved = {"chat_id": 8, "from_chat_id": 7, "message_id": said["message_id"]}
    assert await refusal(call, "copyMessage", **moved) == "chat not found"
    api.chat(8)
    assert await refusal(call, "copyMessage", **moved) == ""
    assert await refusal(call, "forwardMessage", **moved) == ""
    copied, forwarded = api.sent(8)
    assert copied["voice"] == forwarded["voice"] == said["voice"]
    assert (copied["caption"], copied["caption_entities"]) == (said["caption"], said["caption_entities"])
    assert "forward_origin" not in copied
    assert forwarded["forward_origin"]["sender_user"]["id"] == 7
    assert await refusal(call, "copyMessage", **moved | {"message_id": 99}) == "message to copy not found"


async def test_a_tap_is_answered_once(api: BotApi, call: Caller) -> None:
    """A query is answered once; one for a deleted message comes without it."""
    old = "query is too old and response timeout expired or query ID is invalid"
    sent = (await call("sendMessage", chat_id=7, text="x"))["result"]
    query = await api.tap(sent, "no such button")
    assert await refusal(call, "answerCallbackQuery", callback_query_id=query, text="x" * 201) == "MESSAGE_TOO_LONG"
    assert await refusal(call, "answerCallbackQuery", callback_query_id=query) == ""
    assert await refusal(call, "answerCallbackQuery", callback_query_id=query) == old
    assert await refusal(call, "answerCallbackQuery", callback_query_id="1") == old
    await call("deleteMessage", chat_id=7, message_id=sent["message_id"])
    await api.tap(sent, "x")
    assert [update["callback_query"]["message"]["date"] > 0 for update in api.pending] == [True, False]


async def test_actions_are_known_ones(call: Caller) -> None:
    """The bot types; it does not dance."""
    assert await refusal(call, "sendChatAction", chat_id=7, action="typing") == ""
    assert await refusal(call, "sendChatAction", chat_id=7, action="dancing") == "wrong parameter action in request"
    assert await refusal(call, "sendChatAction", chat_id=9, action="typing") == "chat not found"


@pytest.mark.parametrize("kind", KINDS)
async def test_people_send_all_kinds(api: BotApi, call: Caller, kind: str) -> None:
    """Whatever a person sends is a valid message, and its file can be fetched."""
    media: Json = {kind: True, "media_group_id": "1"}
    message = await api.send(7, **media)
    assert [update["message"] for update in api.pending] == [message]
    largest = message[kind][-1] if kind == "photo" else message[kind]
    if "file_id" in largest:
        file = (await call("getFile", file_id=largest["file_id"]))["result"]
        assert (file["file_size"], api.file(file["file_id"])) == (largest["file_size"], api.file(largest["file_id"]))


# --- what the bot says of itself, and limits


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("setMyCommands", {"commands": [COMMAND | {"command": "A"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [COMMAND | {"command": "a" * 33}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [COMMAND | {"description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": [COMMAND | {"description": "x" * 257}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("setMyCommands", {"commands": [COMMAND] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ("setMyCommands", {"commands": [COMMAND], "language_code": "est"}, "invalid language code specified"),
        ("setMyDescription", {"description": "x" * 513}, "bot description is too long"),
        ("setMyShortDescription", {"short_description": "x" * 121}, "bot short description is too long"),
        ("setMyName", {"name": "x" * 65}, "bot name is too long"),
    ],
)
async def test_profiles_have_limits(call: Caller, method: str, params: Json, error: str) -> None:
    """Names, descriptions and commands are as long as Telegram allows."""
    assert await refusal(call, method, **params) == error


async def test_profiles_are_kept_by_language_and_scope(call: Caller) -> None:
    """Every language and scope has its own words, and nobody else's."""
    scope = {"type": "chat", "chat_id": 7}
    await call("setMyCommands", commands=[COMMAND], language_code="et")
    await call("setMyCommands", commands=[COMMAND | {"command": "b"}], scope=scope)
    assert (await call("getMyCommands"))["result"] == []
    assert (await call("getMyCommands", language_code="et"))["result"] == [COMMAND]
    assert (await call("getMyCommands", scope=scope))["result"][0]["command"] == "b"
    await call("deleteMyCommands", language_code="et")
    assert (await call("getMyCommands", language_code="et"))["result"] == []
    for field in ("Name", "Description", "ShortDescription"):
        key = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[field]
        await call(f"setMy{field}", **{key: "õ", "language_code": "et"})
        assert (await call(f"getMy{field}", language_code="et"))["result"] == {key: "õ"}
        assert (await call(f"getMy{field}"))["result"] == {key: "Teejuht" if key == "name" else ""}
    await call("setChatMenuButton", chat_id=7, menu_button={"type": "default"})
    assert (await call("getChatMenuButton", chat_id=7))["result"] == {"type": "default"}
    assert (await call("getChatMenuButton"))["result"] == {"type": "commands"}


@pytest.mark.parametrize(("chat", "burst"), [(7, 3), (GROUP, 20)])
async def test_limits_hold_when_asked_for(api: BotApi, call: Caller, chat: int, burst: int) -> None:
    """Too many messages to one chat are 429 with a time to wait; by default nobody counts."""
    api.chat(chat)
    for _ in range(25):
        await call("sendMessage", chat_id=chat, text="x")
    assert api.refused == []
    api.limits = True
    for _ in range(burst):
        assert await refusal(call, "sendMessage", chat_id=chat, text="x") == ""
    answer = await call("sendMessage", chat_id=chat, text="x")
    assert (answer["error_code"], answer["parameters"]["retry_after"] >= 1) == (429, True)
    assert await refusal(call, "editMessageText", chat_id=chat, message_id=api.sent(chat)[0]["message_id"], text="y") == ""


async def test_all_chats_together_have_a_limit(api: BotApi, call: Caller) -> None:
    """After thirty messages at once the next one waits, whichever chat it is for."""
    api.limits = True
    api._limits = Limits(lambda: 0.0)
    answers = []
    for chat in range(100, 140):
        api.chat(chat)
        answers.append(await call("sendMessage", chat_id=chat, text="x"))
    assert all(answer["ok"] for answer in answers[:30])
    assert 429 in {answer.get("error_code") for answer in answers}
