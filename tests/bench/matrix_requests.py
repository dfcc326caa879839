"""What a bot asks of its homeserver: the requests of nio's client, counted by what they are for."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aiohttp import ClientResponse
from nio import AsyncClient

REQUESTS: Final = ("sync", "send", "receipt", "typing", "state", "keys", "sendToDevice", "other")
_KIND: Final = re.compile(rf"/({'|'.join(REQUESTS[:-1])})(?:/|\?|$)")
"""What a request is for, as its path says."""


def count_requests() -> Mapping[str, float]:
    """Count the requests that nio's client makes from now on, by their kind."""
    counts, send = Counter(dict.fromkeys(REQUESTS, 0.0)), AsyncClient.send

    async def counted(client: AsyncClient, method: str, path: str, *rest: object, **options: object) -> ClientResponse:
        found = _KIND.search(path)
        counts[found[1] if found else "other"] += 1
        response: ClientResponse = await send(client, method, path, *rest, **options)
        return response

    AsyncClient.send = counted
    return counts
