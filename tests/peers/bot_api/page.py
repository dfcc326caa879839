"""A plain page for trying a bot by hand: what is in the chats, which calls came, and two addresses to speak and tap.

For a person beside a bot, not for tests.
"""

import json
from html import escape

from starlette.requests import Request

from tests.peers.bot_api.api import BotApi
from tests.peers.bot_api.values import Answer

_FORM = """<!doctype html><meta charset="utf-8"><title>Bot API</title><h1>{url}</h1>
<p>POST /say {{"chat": 7, "text": "/start"}}; POST /tap {{"chat": 7, "message_id": 2, "data": "..."}}, as JSON.</p>
{chats}<h2>Calls</h2><pre>{calls}</pre><h2>Refused</h2><pre>{refused}</pre>"""


async def serve_page(api: BotApi, request: Request) -> Answer:
    """Answer a request that is no call of a bot."""
    match request.method, request.url.path:
        case "GET", "/":
            return Answer(status=200, body=_page(api).encode(), type="text/html")
        case "POST", "/say" | "/tap" as path:
            return await _act(api, path, await request.body())
        case _:
            return Answer(status=404, body=b'{"ok":false,"error_code":404,"description":"Not Found"}')


async def _act(api: BotApi, path: str, body: bytes) -> Answer:
    try:
        asked = json.loads(body)
        if path == "/say":
            done: object = await api.say(asked["chat"], asked["text"])
        else:
            done = await api.tap(api.message(asked["chat"], asked["message_id"]), asked["data"])
    except (ValueError, KeyError, TypeError) as error:
        return Answer(status=400, body=json.dumps({"error": repr(error)}).encode())
    return Answer(status=200, body=json.dumps(done).encode())


def _page(api: BotApi) -> str:
    chats = "".join(f"<h2>Chat {chat['id']}</h2><pre>{_lines(api.sent(chat['id']))}</pre>" for chat in api.chats)
    calls = _lines([{"method": call.method, "params": call.params} for call in api.calls])
    refused = _lines([{"method": refusal.method, "why": refusal.description} for refusal in api.refused])
    return _FORM.format(url=escape(api.url), chats=chats, calls=calls, refused=refused)


def _lines(things: list[dict[str, object]]) -> str:
    return escape("\n".join(json.dumps(thing, ensure_ascii=False, default=repr) for thing in things))
