"""What goes out: one message of ours as the contents of the events that show it.

Pure. Knows how Matrix says thread, reply and options; not when anything is sent. Our messages are `m.text`, not the `m.notice` of
programs: phones do not ring for a notice, and a person who asked waits for the answer.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from bot.core.conversation import COMMANDS
from bot.platforms.matrix.inbound import EDIT, OPTIONS, THREAD
from bot.ports import Message
from bot.render.matrix import matrix_pages

_COMMAND: Final = re.compile(rf"(?<![\w/.:\\])/(?=(?:start|{'|'.join(COMMANDS)})\b)")


def contents(message: Message, *, link: str, hint: str = "", root: str = "", quoted: str = "") -> Iterator[dict[str, Any]]:
    """Write a message as the contents of its events, in their order.

    `root`: the thread it stands in; `quoted`: the message it is shown as a reply to; `link` opens a private chat with the bot;
    `hint` tells how to choose.
    """
    pages = matrix_pages(_with_our_sign(message), link, hint)
    for number, (body, html) in enumerate(pages, 1):
        # Without `m.mentions` a name in our text could ring somebody's phone.
        content: dict[str, Any] = {"msgtype": "m.text", "body": body, "m.mentions": {}}
        if html:
            content |= {"format": "org.matrix.custom.html", "formatted_body": html}
        if message.options and number == len(pages):
            content[OPTIONS] = [option.id for option in message.options]
        if relation := relation_of(root, quoted or root if number == 1 else root):
            content["m.relates_to"] = relation
        yield content


def replacing(content: dict[str, Any], event: str) -> dict[str, Any]:
    """Write content that takes the place of an earlier message; programs that know no edits show it with an asterisk."""
    new = {name: value for name, value in content.items() if name != "m.relates_to"}
    starred: dict[str, Any] = {name: f"* {content[name]}" for name in ("body", "formatted_body") if name in content}
    return {**new, **starred, "m.new_content": new, "m.relates_to": {"rel_type": EDIT, "event_id": event}}


def _with_our_sign(message: Message) -> Message:
    """Name commands as they are written here: clients keep the slash for themselves."""
    parts = tuple(replace(part, markdown=_COMMAND.sub("!", part.markdown)) for part in message.parts)
    return replace(message, parts=parts)


def transaction(key: str, number: int, what: str = "") -> str:
    """Name a send by the key of its delivery and the number of the page: the homeserver shows the same name once."""
    return sha256(f"{key} {what}{number}".encode()).hexdigest()[:32]


def relation_of(root: str, quoted: str) -> dict[str, Any]:
    """Write to which thread and below which message something belongs."""
    reply = {"m.in_reply_to": {"event_id": quoted}} if quoted else {}
    # In a thread the reply is for programs that know no threads.
    return {"rel_type": THREAD, "event_id": root, "is_falling_back": True, **reply} if root else reply
