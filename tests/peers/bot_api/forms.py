"""The body of an HTTP request as named values: JSON, form-encoded or multipart.

Knows encodings only: which value is a number and which is JSON is `schema`'s business.
"""

import json
import re
from email.parser import HeaderParser
from typing import Final
from urllib.parse import parse_qsl

from tests.peers.bot_api.values import ApiError, Json, Upload

_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")
_NOT_UTF8: Final = "Bad Request: strings must be encoded in UTF-8"


def fields(*, content_type: str, query: str, body: bytes) -> Json:
    """Return the values of a request, those of the body first. Errors: ApiError if they cannot be read."""
    kind = content_type.partition(";")[0].strip().lower()
    found: Json = _pairs(query)
    if kind == "application/json":
        found |= _object(body)
    elif kind == "application/x-www-form-urlencoded":
        found |= _pairs(_text(body))
    elif kind == "multipart/form-data":
        found |= _parts(content_type, body)
    return {name: value for name, value in found.items() if value is not None}


def holds_half_pairs(text: str) -> bool:
    """Tell whether a text holds half of a surrogate pair, which UTF-8 cannot carry."""
    return _HALF_PAIR.search(text) is not None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ApiError(_NOT_UTF8) from None


def _pairs(text: str) -> Json:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise ApiError(_NOT_UTF8) from None


def _object(body: bytes) -> Json:
    try:
        found = json.loads(_text(body)) if body else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError("Bad Request: can't parse JSON object")
    return found


def _parts(content_type: str, body: bytes) -> Json:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise ApiError("Bad Request: boundary is missing in the content type")
    found: Json = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = HeaderParser().parsestr(_text(head))
        name = headers.get_param("name", "", "content-disposition")
        file = headers.get_filename()
        found[str(name)] = _text(content) if file is None else Upload(name=file, content=content, type=headers.get_content_type())
    return found
