"""What an operator holds back stays held back, whatever a platform asks for meanwhile."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.store import SqlStore
from tests.contracts.store import DAY, NOW, claim, keys, say

ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """A store on a database of either kind."""
    async with await SqlStore.open(url) as store:
        yield store


async def test_the_longer_of_two_pauses_counts(store: SqlStore) -> None:
    """In whatever order they come; an answer of 429 must not end what a person began."""
    await say(store, "1")
    for first, second in ((ALWAYS, NOW + DAY), (NOW + DAY, ALWAYS)):
        await store.pause("town", first)
        await store.pause("town", second)
        assert await store.paused(NOW) == {"town": ALWAYS}
        assert await claim(store, now=NOW + 9999 * DAY) == []
        await store.pause("town", None)
    assert keys(await claim(store)) == ["re:1"]


async def test_a_pause_after_a_resumed_one_counts(store: SqlStore) -> None:
    """Nothing is left of the longer one before, nor of one that is over."""
    await store.pause("town", ALWAYS)
    await store.pause("town", None)
    await store.pause("town", None)
    assert await store.paused(NOW) == {}
    await store.pause("town", NOW)
    await store.pause("town", NOW + DAY)
    assert await store.paused(NOW) == {"town": NOW + DAY}
    assert await store.paused(NOW + DAY) == {}


async def test_paused_channels_are_told_by_name(store: SqlStore) -> None:
    """A mark of how far a source was read is no pause."""
    await store.ingest([], cursor=("bot", "7"))
    for name, until in (("town", NOW + DAY), ("desks", ALWAYS), ("over", NOW - DAY)):
        await store.pause(name, until)
    assert await store.paused(NOW) == {"desks": ALWAYS, "town": NOW + DAY}
    assert await store.cursor("bot") == "7"
