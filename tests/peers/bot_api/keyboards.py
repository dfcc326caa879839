"""What Telegram takes as a keyboard under a message.

Knows only the keyboard itself.
"""

import re
from typing import Final

from tests.peers.bot_api.values import ApiError, Json

MOST_BYTES: Final = 64
MOST_BUTTONS: Final = 100
_URL: Final = re.compile(r"(?:https?://[^\s/?#]+|tg://\S)\S*", re.IGNORECASE)
_ACTIONS: Final = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def inline_keyboard(params: Json) -> Json:
    """Return the `reply_markup` of a message, or nothing where no keyboard stays under it. Errors: ApiError."""
    markup = params.get("reply_markup") or {}
    for button in (button for row in markup.get("keyboard", []) for button in row):
        if not (button if isinstance(button, str) else button["text"]):
            raise ApiError("Bad Request: keyboard button text must be non-empty")
    rows = [row for row in markup.get("inline_keyboard", []) if row]
    for button in (button for row in rows for button in row):
        _check(button)
    if sum(map(len, rows)) > MOST_BUTTONS:
        raise ApiError("Bad Request: reply markup is too long")
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check(button: Json) -> None:
    if not button["text"].strip():
        raise ApiError("Bad Request: inline keyboard button text must be non-empty")
    if not any(action in button for action in _ACTIONS):
        unallowed = "Text buttons are unallowed in the inline keyboard"
        raise ApiError(f"Bad Request: can't parse inline keyboard button: {unallowed}")
    if "callback_data" in button and not 0 < len(button["callback_data"].encode()) <= MOST_BYTES:
        raise ApiError("Bad Request: BUTTON_DATA_INVALID")
    if "url" in button and not _URL.fullmatch(button["url"]):
        raise ApiError(f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
