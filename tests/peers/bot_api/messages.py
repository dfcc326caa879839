"""What the bot's methods do to messages: send, copy, forward, edit, delete, and answer a button.

Each takes the world and the parameters of a call and returns its result, or raises ApiError. Knows no HTTP.
"""

import time
from collections.abc import Mapping
from typing import Final

from tests.peers.bot_api.keyboards import inline_keyboard
from tests.peers.bot_api.state import Chat, Execute, World
from tests.peers.bot_api.text import formatted, utf16
from tests.peers.bot_api.values import ApiError, Json, Upload

LONGEST_TEXT: Final = 4096
LONGEST_CAPTION: Final = 1024
LONGEST_NOTICE: Final = 200
LARGEST_UPLOAD: Final = 50 * 1024 * 1024
LARGEST_PICTURE: Final = 10 * 1024 * 1024
PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8")
ACTIONS: Final = frozenset({
    *("typing", "choose_sticker", "find_location", "upload_photo", "upload_document"),
    *("record_video", "upload_video", "record_voice", "upload_voice", "record_video_note", "upload_video_note"),
})  # fmt: skip
CONTENT: Final[tuple[str, ...]] = (
    *("text", "entities", "caption", "caption_entities", "media_group_id"),
    *("photo", "voice", "audio", "video", "video_note", "animation", "document", "sticker"),
    *("contact", "location", "venue", "dice", "poll"),
)
_SHOWN: Final = (*CONTENT, "reply_markup")
_NOT_MODIFIED: Final = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_OLD_QUERY: Final = "Bad Request: query is too old and response timeout expired or query ID is invalid"


def send_message(world: World, params: Json) -> Json:
    """Send a text."""
    return _post(world, params, _text(params))


def send_photo(world: World, params: Json) -> Json:
    """Send a picture; it counts as 90 pixels wide, whatever it shows, and what begins like no picture is none."""
    if isinstance(given := params["photo"], Upload):
        _check_picture(given)
    file = _file(world, given)
    return _post(world, params, {"photo": [{**file, "width": 90, "height": 60}], **_caption(params)})


def send_document(world: World, params: Json) -> Json:
    """Send a file."""
    given = params["document"]
    named = {"file_name": given.name, "mime_type": given.type} if isinstance(given, Upload) else {}
    return _post(world, params, {"document": {**_file(world, given), **named}, **_caption(params)})


def send_chat_action(world: World, params: Json) -> bool:
    """Show that the bot is about to say something."""
    chat = world.reach(params["chat_id"])
    _thread(world, chat, params)
    if params["action"] not in ACTIONS:
        raise ApiError("Bad Request: wrong parameter action in request")
    return True


def copy_message(world: World, params: Json) -> Json:
    """Send what another message says, without its author."""
    source = _source(world, params, "copy")
    content = {name: source[name] for name in CONTENT if name in source and name != "media_group_id"}
    if "caption" in params and "text" not in content:
        content = {name: value for name, value in content.items() if not name.startswith("caption")} | _caption(params)
    return {"message_id": _post(world, params, content)["message_id"]}


def forward_message(world: World, params: Json) -> Json:
    """Send another message with its author."""
    source = _source(world, params, "forward")
    content = {name: source[name] for name in CONTENT if name in source and name != "media_group_id"}
    author = source.get("from")
    told = {"type": "user", "sender_user": author} if author else {
        "type": "channel", "chat": source["chat"], "message_id": source["message_id"]
    }  # fmt: skip
    return _post(world, params, {"forward_origin": {**told, "date": source["date"]}, **content})


def edit_message_text(world: World, params: Json) -> Json:
    """Say something else in a text of the bot."""
    text = _text(params)
    chat, message = _mine(world, params)
    if "text" not in message:
        raise ApiError("Bad Request: there is no text in the message to edit")
    return _change(chat, message, {**text, **inline_keyboard(params)})


def edit_message_reply_markup(world: World, params: Json) -> Json:
    """Put other buttons under a message of the bot, or none."""
    chat, message = _mine(world, params)
    content = {name: message[name] for name in CONTENT if name in message}
    return _change(chat, message, {**content, **inline_keyboard(params)})


def delete_message(world: World, params: Json) -> bool:
    """Delete a message; in groups those of others need a right."""
    chat = world.reach(params["chat_id"])
    if params["message_id"] not in chat.messages:
        raise ApiError("Bad Request: message to delete not found")
    is_mine = params["message_id"] in chat.mine
    if not (is_mine or chat.kind == "private" or world.may(chat, "can_delete_messages")):
        raise ApiError("Bad Request: message can't be deleted")
    del chat.messages[params["message_id"]]
    return True


def answer_callback_query(world: World, params: Json) -> bool:
    """Answer the tap on a button, once."""
    if world.queries.get(params["callback_query_id"], True):
        raise ApiError(_OLD_QUERY)
    if utf16(params.get("text", "")) > LONGEST_NOTICE:
        raise ApiError("Bad Request: MESSAGE_TOO_LONG")
    world.queries[params["callback_query_id"]] = True
    return True


METHODS: Final[Mapping[str, Execute]] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendChatAction": send_chat_action,
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
}


def _text(params: Json) -> Json:
    text, entities = formatted(params["text"], mode=params.get("parse_mode"), entities=params.get("entities"))
    if not text:
        raise ApiError("Bad Request: message text is empty")
    if utf16(text) > LONGEST_TEXT:
        raise ApiError("Bad Request: message is too long")
    return {"text": text, **({"entities": entities} if entities else {})}


def _caption(params: Json) -> Json:
    given = params.get("caption_entities")
    text, entities = formatted(params.get("caption", ""), mode=params.get("parse_mode"), entities=given)
    if utf16(text) > LONGEST_CAPTION:
        raise ApiError("Bad Request: message caption is too long")
    return ({"caption": text} if text else {}) | ({"caption_entities": entities} if entities else {})


def _post(world: World, params: Json, content: Json) -> Json:
    """Put a message of the bot into the chat of a call."""
    chat = world.reach(params["chat_id"])
    thread = _thread(world, chat, params)
    reply_to = _replied(chat, params.get("reply_parameters"))
    keyboard = inline_keyboard(params)
    message = world.put(chat, world.sender, {**content, **keyboard}, thread=thread, reply_to=reply_to)
    chat.mine.add(message["message_id"])
    chat.last_bot = world.me["id"]
    return message


def _thread(world: World, chat: Chat, params: Json) -> int | None:
    thread: int | None = params.get("message_thread_id")
    if thread is None:
        return None
    if thread not in chat.topics:
        raise ApiError("Bad Request: message thread not found")
    if not (chat.topics[thread].open or world.may(chat, "can_manage_topics")):
        raise ApiError("Bad Request: TOPIC_CLOSED")
    return thread


def _replied(chat: Chat, reply: Json | None) -> Json | None:
    if reply is None or reply.get("chat_id", chat.id) != chat.id:
        return None
    message = chat.messages.get(reply["message_id"])
    if message is None and not reply.get("allow_sending_without_reply"):
        raise ApiError("Bad Request: message to be replied not found")
    return message


def _source(world: World, params: Json, verb: str) -> Json:
    message = world.reach(params["from_chat_id"]).messages.get(params["message_id"])
    if message is None:
        raise ApiError(f"Bad Request: message to {verb} not found")
    if not any(name in message for name in CONTENT):
        raise ApiError("Bad Request: message can't be copied" if verb == "copy" else "Bad Request: message can't be forwarded")
    return message


def _mine(world: World, params: Json) -> tuple[Chat, Json]:
    if "chat_id" not in params or "message_id" not in params:
        raise ApiError("Bad Request: message identifier is not specified")
    chat = world.reach(params["chat_id"])
    message = chat.messages.get(params["message_id"])
    if message is None:
        raise ApiError("Bad Request: message to edit not found")
    if message["message_id"] not in chat.mine:
        raise ApiError("Bad Request: message can't be edited")
    return chat, message


def _change(chat: Chat, message: Json, shown: Json) -> Json:
    """Replace a message instead of changing it: results of earlier calls stay what they were."""
    if {name: message[name] for name in _SHOWN if name in message} == shown:
        raise ApiError(_NOT_MODIFIED)
    kept = {name: value for name, value in message.items() if name not in _SHOWN}
    changed = {**kept, **shown, "edit_date": int(time.time())}
    chat.messages[message["message_id"]] = changed
    return changed


def _check_picture(given: Upload) -> None:
    if len(given.content) > LARGEST_PICTURE:
        raise ApiError("Bad Request: file is too big")
    if not given.content.startswith(PICTURES):
        raise ApiError("Bad Request: IMAGE_PROCESS_FAILED")


def _file(world: World, given: str | Upload) -> Json:
    """Find a file by its id, or keep a new one; the emulator fetches nothing from the web."""
    if isinstance(given, Upload):
        if not given.content:
            raise ApiError("Bad Request: file must be non-empty")
        if len(given.content) > LARGEST_UPLOAD:
            raise ApiError("Request Entity Too Large", 413)
        return world.keep_file(given.content)
    if given not in world.files:
        raise ApiError("Bad Request: wrong file identifier/HTTP URL specified")
    return {"file_id": given, "file_unique_id": f"unique-{given}", "file_size": len(world.files[given])}
