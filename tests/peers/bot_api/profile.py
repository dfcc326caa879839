"""What the bot tells of itself: commands, name, descriptions and the menu button.

One value for each language and scope, as they were set: the emulator does not fall back to another language.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from tests.peers.bot_api.state import Execute, World
from tests.peers.bot_api.values import ApiError, Json

MOST_COMMANDS: Final = 100
LONGEST_COMMAND_DESCRIPTION: Final = 256
LONGEST: Final = {"name": 64, "description": 512, "short_description": 120}
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE: Final = re.compile(r"(?:[a-z]{2})?")


def set_my_commands(world: World, params: Json) -> bool:
    """Set the commands of a scope and a language."""
    place = _place(world, params)
    if len(params["commands"]) > MOST_COMMANDS:
        raise ApiError("Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in params["commands"]:
        if not _COMMAND.fullmatch(command["command"]):
            raise ApiError("Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"].strip()) <= LONGEST_COMMAND_DESCRIPTION:
            raise ApiError("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[place] = params["commands"]
    return True


def get_my_commands(world: World, params: Json) -> list[Json]:
    """Return the commands of exactly this scope and language."""
    return world.commands.get(_place(world, params), [])


def delete_my_commands(world: World, params: Json) -> bool:
    """Take the commands of a scope and a language away."""
    world.commands.pop(_place(world, params), None)
    return True


def set_chat_menu_button(world: World, params: Json) -> bool:
    """Set the menu button of a private chat or of all others."""
    world.menus[_private(world, params)] = params.get("menu_button", {"type": "default"})
    return True


def get_chat_menu_button(world: World, params: Json) -> Json:
    """Return the menu button of a private chat or of all others."""
    everywhere = world.menus.get(None, {"type": "commands"})
    return world.menus.get(_private(world, params), everywhere)


def _setter(field: str) -> Execute:
    def set_words(world: World, params: Json) -> bool:
        """Set a text about the bot in a language."""
        text, language = params.get(field, ""), _language(params)
        if len(text) > LONGEST[field]:
            raise ApiError(f"Bad Request: bot {field.replace('_', ' ')} is too long")
        world.words[field, language] = text
        return True

    return set_words


def _getter(field: str) -> Execute:
    def get_words(world: World, params: Json) -> Json:
        """Return a text about the bot in a language."""
        nothing = world.me["first_name"] if field == "name" else ""
        return {field: world.words.get((field, _language(params))) or nothing}

    return get_words


METHODS: Final[Mapping[str, Execute]] = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}


def _place(world: World, params: Json) -> tuple[str, str]:
    scope = params.get("scope") or {"type": "default"}
    if "chat_id" in scope:
        scope = {**scope, "chat_id": world.reach(scope["chat_id"]).id}
    return json.dumps(scope, sort_keys=True), _language(params)


def _language(params: Json) -> str:
    language: str = params.get("language_code", "")
    if not _LANGUAGE.fullmatch(language):
        raise ApiError("Bad Request: invalid language code specified")
    return language


def _private(world: World, params: Json) -> int | None:
    if "chat_id" not in params:
        return None
    chat = world.reach(params["chat_id"])
    if chat.kind != "private":
        raise ApiError("Bad Request: chat not found")
    return chat.id
