"""What Telegram's methods and objects look like, told by aiogram's models, which nobody here wrote.

Decodes the values of a call by the types of its fields, and names everything in calls, results and updates that the models
do not know. Knows no chats and no HTTP.
"""

import inspect
import json
import re
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

import aiogram.methods
from aiogram.client.default import Default
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile, InputFile, Update
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from tests.peers.bot_api.forms import holds_half_pairs
from tests.peers.bot_api.values import ApiError, Json, Upload

_NUMBER: Final = re.compile(r"-?\d+")
_ATTACHED: Final = "attach://"
Read = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One of Telegram's methods: its name as documented, its model, how to read its fields, what it cannot do without."""

    name: str
    model: type[TelegramMethod[Any]]
    readers: dict[str, Read]
    required: frozenset[str]

    def decode(self, values: Json) -> Json:
        """Turn the texts of a form into numbers, truth values and objects, and attached names into uploads."""
        uploads = {name: value for name, value in values.items() if isinstance(value, Upload)}
        attached = {f"{_ATTACHED}{name}": upload for name, upload in uploads.items()} if uploads else {}
        return {
            name: attached[value] if isinstance(value, str) and value in attached else self._read(name, value)
            for name, value in values.items()
            if not (name in uploads and f"{_ATTACHED}{name}" in values.values())
        }

    def _read(self, name: str, value: object) -> object:
        return self.readers[name](value) if isinstance(value, str) and name in self.readers else value

    def missing(self, params: Json) -> list[str]:
        """Name the parameters that a call lacks."""
        return sorted(self.required - params.keys())

    def problems(self, params: Json) -> list[str]:
        """Say what the model refuses in a call."""
        given = {name: _input_file(value) if isinstance(value, Upload) else value for name, value in params.items()}
        return [f"{self.name}: {problem}" for problem in _problems(self.model, given)]

    def result_problems(self, result: object) -> list[str]:
        """Say what is wrong with an answer to it."""
        return [f"result of {self.name}: {problem}" for problem in _problems(self.model.__returning__, result)]


def update_problems(update: Json) -> list[str]:
    """Say what is wrong with an update."""
    return [f"update: {problem}" for problem in _problems(Update, update)]


@cache
def method(name: str) -> Method | None:
    """Find a method by its name in any case."""
    model = _models().get(name.lower())
    if model is None:
        return None
    known = {key: field for key, field in model.model_fields.items() if not _is_deprecated(field)}
    return Method(
        name=model.__api_method__,
        model=model,
        readers={key: _reader(field.annotation) for key, field in known.items()},
        required=frozenset(key for key, field in known.items() if field.is_required()),
    )


@cache
def _models() -> dict[str, type[TelegramMethod[Any]]]:
    found = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    return {
        model.__api_method__.lower(): model
        for model in found
        if inspect.isclass(model) and issubclass(model, TelegramMethod) and model is not TelegramMethod
    }


def _input_file(upload: Upload) -> InputFile:
    return BufferedInputFile(upload.content, upload.name)


def _is_deprecated(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("deprecated"))


# --- texts of a form


def _reader(annotation: object) -> Read:
    """Choose how a form's text becomes a value of this type."""
    leaves = set(_leaves(annotation))
    if str not in leaves:
        return _json_value
    return _number_or_text if int in leaves else str


def _leaves(annotation: object) -> Iterator[object]:
    if get_origin(annotation) is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for option in get_args(annotation):
            yield from _leaves(option)
    elif annotation not in (Default, InputFile, type(None)):
        yield annotation


def _number_or_text(text: str) -> int | str:
    return int(text) if _NUMBER.fullmatch(text) else text


def _json_value(text: str) -> object:
    """Read JSON; what is none stays a text, and the model refuses it. Errors: ApiError at half of a surrogate pair."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if "\\u" in text and holds_half_pairs(json.dumps(value, ensure_ascii=False)):
        raise ApiError("Bad Request: strings must be encoded in UTF-8")
    return value


# --- checks


@cache
def _adapter(kind: object) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _problems(kind: object, value: object) -> list[str]:
    try:
        read = _adapter(kind).validate_python(value)
    except ValidationError as error:
        return [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    return list(_strangers(read, ""))


def _strangers(value: object, path: str) -> Iterator[str]:
    """Name the fields that the models let through though they do not know them, or no longer."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        for name in value.model_fields_set:
            if name not in fields:
                yield f"{path}{name}: unknown field of {type(value).__name__}"
            elif _is_deprecated(fields[name]):
                yield f"{path}{name}: deprecated field of {type(value).__name__}"
            else:
                yield from _strangers(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strangers(item, f"{path}{number}.")
