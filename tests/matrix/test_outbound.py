"""What a message of ours looks like as events: relations, options, the sign before commands, names for transactions."""

from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.matrix.inbound import OPTIONS
from bot.platforms.matrix.outbound import contents, replacing, transaction
from bot.ports import Message, Option, Part
from bot.render.markup import escape

LINK = "https://matrix.to/#/@teejuht:localhost"
MESSAGE = Message(lang="en", parts=(Part(markdown="Hello"),))
LONG = replace(MESSAGE, parts=(Part(markdown="word " * 2000),), options=(Option(id="menu", label="Menu"),))


def written(message: Message, *, root: str = "", quoted: str = "") -> list[dict[str, Any]]:
    """Write a message."""
    return list(contents(message, link=LINK, root=root, quoted=quoted))


def test_a_message_rings_for_the_person_and_for_nobody_else() -> None:
    """It is a person's kind of message, and mentions nobody whose name stands in it."""
    [content] = written(MESSAGE)
    assert content == {
        "msgtype": "m.text",
        "body": "Hello",
        "m.mentions": {},
        "format": "org.matrix.custom.html",
        "formatted_body": "<p>Hello</p>",
    }


def test_a_reply_and_a_thread_are_told_in_the_relation() -> None:
    """In a thread the reply is for programs that know no threads; without anything to quote it is the thread's beginning."""
    assert written(MESSAGE, quoted="$1")[0]["m.relates_to"] == {"m.in_reply_to": {"event_id": "$1"}}
    thread = {"rel_type": "m.thread", "event_id": "$0", "is_falling_back": True}
    assert written(MESSAGE, root="$0", quoted="$1")[0]["m.relates_to"] == thread | {"m.in_reply_to": {"event_id": "$1"}}
    assert written(MESSAGE, root="$0")[0]["m.relates_to"] == thread | {"m.in_reply_to": {"event_id": "$0"}}


def test_of_several_pieces_the_first_replies_and_the_last_has_the_options() -> None:
    """All of them stand in the thread."""
    first, *others, last = written(LONG, root="$0", quoted="$1")
    assert first["m.relates_to"]["m.in_reply_to"] == {"event_id": "$1"}
    assert {piece["m.relates_to"]["event_id"] for piece in (first, *others, last)} == {"$0"}
    assert OPTIONS not in first
    assert last[OPTIONS] == ["menu"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Try /menu or /help.", "Try !menu or !help."),
        ("/start", "!start"),
        ("(/language)", "(!language)"),
        ("/menus and /x", "/menus and /x"),
        ("see [page](https://example.ee/help) and and/privacy", "see page (https://example.ee/help) and and/privacy"),
        (escape("https://example.ee/menu"), "https://example.ee/menu"),
    ],
)
def test_commands_begin_with_the_sign_that_clients_leave_alone(said: str, shown: str) -> None:
    """Addresses and other words stay as they are."""
    [content] = written(replace(MESSAGE, parts=(Part(markdown=said),)))
    assert content["body"] == shown


def test_a_transaction_is_named_after_the_delivery_and_the_piece() -> None:
    """The same send has the same name, and no other one has it."""
    assert transaction("matrix:@a:b:$1:0", 0) == transaction("matrix:@a:b:$1:0", 0)
    names = {transaction(key, number) for key in ("a", "b") for number in range(3)}
    assert len(names) == 6
    assert all(name.isalnum() for name in names)
    assert transaction("a", 0, "file ") not in names


def test_new_words_take_the_place_of_the_old_ones() -> None:
    """With their options; programs that know no edits show an asterisk, and where the message stands is not said again."""
    said = replace(MESSAGE, options=(Option(id="menu", label="Menu"),))
    [content] = written(said, root="$0")
    assert "m.relates_to" in content
    edit = replacing(content, "$1")
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$1"}
    assert edit["body"] == f"* {content['body']}"
    assert edit["formatted_body"] == f"* {content['formatted_body']}"
    assert edit["m.new_content"] == {name: part for name, part in content.items() if name != "m.relates_to"}
    assert edit["m.new_content"][OPTIONS] == ["menu"]
