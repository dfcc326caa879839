"""Files on their way up to the homeserver and down from it, hidden there where they belong to an encrypted room.

Knows the calls for media (Matrix specification, "Content repository") and how a file is encrypted; no rooms and no messages.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
from nio import AsyncClient, EncryptionError
from nio.crypto import decrypt_attachment
from nio.crypto.attachments import encrypt_attachment

from bot.errors import Gone, Refused, SendError, Unreachable
from bot.platforms.matrix.faults import NETWORK, meaning_of
from bot.platforms.matrix.files import Ref, read_ref
from bot.platforms.matrix.shapes import text_of

NEW: Final = "/_matrix/client/v1/media"
"""Where servers want to know who asks; those of before 2024 know only the other one."""
OLD: Final = "/_matrix/media/v3"
SECONDS: Final = 120.0
"""For one file; whoever asks for it may have less patience."""
CHUNK: Final = 2**16
NEVER: Final = 2**62
NO_TYPE: Final = "application/octet-stream"


class Media:
    """Carries files with one client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._limit: int | None = None

    async def limit(self) -> int:
        """Say how many bytes the homeserver takes in one file. Errors: SendError."""
        if self._limit is None:
            try:
                answer = json.loads(await self._get("config", most=CHUNK))
            except ValueError:
                answer = {}
            told = answer.get("m.upload.size") if isinstance(answer, dict) else None
            self._limit = told if isinstance(told, int) else NEVER
        return self._limit

    async def upload(self, name: str, media_type: str, content: bytes, *, hide: bool) -> dict[str, Any]:
        """Upload a file and return what a message says of its place; a hidden one tells the server neither name nor type.

        Errors: SendError.
        """
        if hide:
            data, opener = await asyncio.to_thread(encrypt_attachment, content)
            return {"file": {**opener, "url": await self._put(data, NO_TYPE, {})}}
        return {"url": await self._put(content, media_type or NO_TYPE, {"filename": name})}

    async def download(self, ref: str, most: int) -> bytes:
        """Fetch a file of at most so many bytes. Errors: Refused, Unreachable."""
        place = read_ref(ref)
        try:
            data = await self._get(f"download/{quote(place.server, safe='')}/{quote(place.media, safe='')}", most=most)
        except Refused:
            raise
        except SendError as error:
            raise Unreachable(str(error)) from error
        return await asyncio.to_thread(_opened, data, place) if place.key else data

    async def _get(self, rest: str, *, most: int) -> bytes:
        try:
            response = await self._request("GET", f"{NEW}/{rest}")
            if response.status == HTTPStatus.NOT_FOUND:
                response.release()
                response = await self._request("GET", f"{OLD}/{rest}")
            await self._check(response)
            return await _read(response, most)
        except NETWORK as error:
            raise Unreachable(type(error).__name__) from error

    async def _put(self, data: bytes, media_type: str, query: dict[str, str]) -> str:
        """Upload bytes. That an upload may have arrived is no matter: without a message nobody sees it."""
        try:
            response = await self._request("POST", f"{OLD}/upload?{urlencode(query)}".rstrip("?"), data, media_type)
            await self._check(response)
            url = text_of((await self._client.parse_body(response)).get("content_uri"))
        except NETWORK as error:
            raise Unreachable(type(error).__name__) from error
        if not url:
            raise Unreachable("the homeserver does not say where it put a file")
        return url

    async def _request(self, method: str, path: str, data: bytes | None = None, media_type: str = "") -> aiohttp.ClientResponse:
        headers = {"Authorization": f"Bearer {self._client.access_token}", **({"Content-Type": media_type} if media_type else {})}
        response: aiohttp.ClientResponse = await self._client.send(method, path, data, headers, None, SECONDS)
        return response

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        """Raise what an answer means for a file; a file that is gone does not mean that a person is."""
        if response.status < HTTPStatus.BAD_REQUEST:
            return
        answer = await self._client.parse_body(response)
        wait = answer.get("retry_after_ms")
        error = meaning_of(response.status, text_of(answer.get("errcode")), wait if isinstance(wait, int) else None)
        raise Refused(str(error)) if isinstance(error, Gone) else error


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read an answer of at most so many bytes. Errors: Refused, the network's."""
    found = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        found += chunk
        if len(found) > most:
            response.close()
            raise Refused("the file is larger than was said")
    return bytes(found)


def _opened(data: bytes, place: Ref) -> bytes:
    """Decrypt a file. Errors: Refused for one that is not what its message says."""
    try:
        content: bytes = decrypt_attachment(data, place.key, place.sha256, place.iv)
    except (EncryptionError, ValueError) as error:
        raise Refused("the file cannot be decrypted") from error
    return content
