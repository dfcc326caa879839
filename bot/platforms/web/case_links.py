"""Links to the page of a case: random bits in the address, known to the store only by their hash; and who tries too many.

Knows the form of a link; not what its page shows and not who is told of it.
"""

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.ports import FoundCase

MISSES_A_MINUTE = 30
"""Links that lead nowhere which one address may try; with 128 bits to guess, the limit spares the store, not the cases."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


class Links(Protocol):
    """The part of `ports.Store` that links need."""

    async def keep_link(self, digest: str, desk: str, case: int, now: datetime) -> None: ...

    async def linked_case(self, digest: str, now: datetime) -> tuple[str, FoundCase] | None: ...


class CaseLinks:
    """Makes links and knows them again. `public_url` says how staff reach the web server."""

    def __init__(self, *, store: Links, public_url: str, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._public = public_url.rstrip("/")
        self._clock = clock

    async def make(self, desk: str, case: int) -> str:
        """Make a new link to a case for a desk: 128 random bits, of which only a digest is kept."""
        token = secrets.token_urlsafe(16)
        await self._store.keep_link(digest_of(token), desk, case, self._clock())
        return f"{self._public}/case/{token}"

    async def find(self, token: str) -> tuple[str, FoundCase] | None:
        """Give the desk and the case of a link that works."""
        return await self._store.linked_case(digest_of(token), self._clock())


class Guesses:
    """Counts links that led nowhere, by the address that tried them, anew each minute."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._minute = clock()
        self._misses: Counter[str] = Counter()

    def too_many(self, who: str) -> bool:
        """Tell whether this address must wait."""
        self._turn()
        return self._misses[who] >= MISSES_A_MINUTE

    def missed(self, who: str) -> None:
        """Count a link that led nowhere."""
        self._turn()
        self._misses[who] += 1

    def _turn(self) -> None:
        minute = self._clock().replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self._misses.clear()


def is_token(text: str) -> bool:
    """Tell whether we could have made this."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> str:
    """Give what the store knows a link by."""
    return hashlib.sha256(token.encode()).hexdigest()
