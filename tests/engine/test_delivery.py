"""How a message leaves: what each error of a channel leads to, in the lane and in the channel; time stands still between."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import Gone, MaybeSent, Refused, RetryLater, SendError, Unreachable
from bot.ports import Ability, DeadLetter, Outcome, Post
from bot.store import SqlStore
from tests.engine.kit import NOW, Clock, Recorder, engine, rows, said

ASKED = (said("1", "where is library"), said("2", "where is waste"), said("3", "kus on lasteaed", "bob"))


async def left(store: SqlStore) -> tuple[int, list[tuple[str, str]]]:
    """Give how many messages are not sent and which letters are dead."""
    return (await store.status(NOW)).unsent, [(letter.queue, letter.error) for letter in await store.dead()]


async def test_a_message_leaves_once(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """What was sent is settled with its remote id and is not sent again."""
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    await bot.drain()
    await bot.drain()
    assert [delivery.key for delivery, _ in town.tried] == ["bot:1:0", "bot:2:0", "bot:3:0"]
    assert await left(store) == (0, [])


async def test_the_remote_id_is_kept(store: SqlStore, file: Path, town: Recorder) -> None:
    """The id that the platform gave stands beside the row."""
    bot = engine(store, town)
    await bot.ingest(ASKED[:1])
    await bot.drain()
    assert [row for row in rows(file) if "remote-1" in row]


async def test_retry_later_waits_exactly_as_told(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """Not a moment sooner, at that moment yes, with the same key, and the wait is no attempt."""
    town.troubles["ann"] = [RetryLater(7.5), RetryLater(120)]
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    for passes in (0.0, 7.499, 0.001, 119.999, 0.001):
        clock.tick(passes)
        await bot.drain()
    tried = [(d.key, d.attempts, (at - NOW).total_seconds()) for d, at in town.tried if d.lane == "ann"]
    assert tried == [("bot:1:0", 1, 0.0), ("bot:1:0", 1, 7.5), ("bot:1:0", 1, 127.5), ("bot:2:0", 1, 127.5)]
    assert town.topics("bob") == ["kindergarten"]


async def test_retry_later_may_pause_the_whole_channel(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """If the limit is the account's, nobody on this channel is sent anything until then; other channels go on."""
    town.troubles["ann"] = [RetryLater(30, whole_channel=True)]
    other = Recorder(name="village", clock=clock)
    bot = engine(store, town, other, clock=clock)
    await bot.ingest([*ASKED, said("4", "where is waste", "eve", channel="village")])
    await bot.drain()
    clock.tick(29.999)
    await bot.drain()
    assert [delivery.lane for delivery, _ in town.tried] == ["ann"]
    assert other.topics("eve") == ["waste"]
    clock.tick(0.001)
    await bot.drain()
    assert town.topics("ann") == ["library", "waste"]
    assert town.topics("bob") == ["kindergarten"]


@pytest.mark.parametrize("trouble", [Unreachable("x"), MaybeSent("x"), TimeoutError(), SendError("x"), ZeroDivisionError("x")])
async def test_trouble_backs_off_and_repeats_with_the_same_key(
    store: SqlStore, town: Recorder, clock: Clock, trouble: Exception
) -> None:
    """1, 2, 4 ... seconds, a fifth more or less, with the same key; the lane waits in order, other lanes do not."""
    town.troubles["ann"] = [trouble] * 4
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    await bot.drain()
    assert town.topics("bob") == ["kindergarten"]
    for wait in (1, 2, 4, 8):
        clock.tick(0.79 * wait)
        tried = len(town.tried)
        await bot.drain()
        assert len(town.tried) == tried
        clock.tick(0.42 * wait)
        await bot.drain()
    assert town.topics("ann") == ["library", "waste"]
    assert town.keys("ann") == ["bot:1:0"] * 5 + ["bot:2:0"]
    assert [d.attempts for d, _ in town.tried if d.lane == "ann"] == [1, 2, 3, 4, 5, 1]


async def test_backing_off_has_a_cap_and_an_end(clock: Clock) -> None:
    """It never waits longer than five minutes and a fifth; after a day it is a dead letter, and its lane goes on."""
    store = await SqlStore.open("sqlite://")
    town = Recorder(clock=clock, troubles={"ann": [Unreachable("x") for _ in range(1000)]})
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED[:2])
    rounds = 0
    while not await store.dead():
        await bot.drain()
        clock.tick(360)
        rounds += 1
        assert town.keys("ann").count("bot:1:0") == rounds
    town.troubles.clear()
    await bot.drain()
    [letter] = await store.dead()
    assert (letter.queue, letter.error) == ("outbox", "Unreachable")
    assert timedelta(hours=24) <= timedelta(seconds=360) * rounds <= timedelta(hours=36)
    assert town.topics("ann") == ["waste"]
    await store.close()


async def test_refused_is_a_dead_letter(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """What the platform will never take is tried once and listed; the lane goes on."""
    town.troubles["ann"] = [Refused("too long")]
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    await bot.drain()
    clock.tick(3600)
    await bot.drain()
    [letter] = await store.dead()
    assert letter == DeadLetter(queue="outbox", id=letter.id, channel="town", error="Refused", at=NOW)
    assert town.keys("ann") == ["bot:1:0", "bot:2:0"]
    assert town.topics("ann") == ["waste"]
    assert (await store.status(NOW)).conversations == 2


async def test_a_dead_letter_can_be_sent_after_all(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """An operator's retry sends it with the key it always had."""
    town.troubles["ann"] = [Refused("not today")]
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED[:1])
    await bot.drain()
    [letter] = await store.dead()
    assert await store.retry(letter.queue, letter.id)
    await bot.drain()
    assert town.keys("ann") == ["bot:1:0", "bot:1:0"]
    assert town.topics("ann") == ["library"]


async def test_gone_closes_the_conversation(store: SqlStore, file: Path, town: Recorder, clock: Clock) -> None:
    """Who blocked the bot is forgotten with all that waits for them, and sent nothing more; others are served."""
    town.troubles["ann"] = [Gone("blocked"), RetryLater(1)]
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    await bot.drain()
    assert await left(store) == (1, [("outbox", "Gone")])
    await bot.drain()
    clock.tick(60)
    await bot.drain()
    assert town.topics("bob") == ["kindergarten"]
    assert town.topics("ann") == []
    assert [row.split()[1] for row in rows(file) if row.startswith("conversation ")] == ["bob"]
    assert [row for row in rows(file) if "library" in row.lower() and not row.startswith("tally ")] == []
    assert await left(store) == (0, [])


async def test_gone_comes_in_the_conversations_order(store: SqlStore, file: Path, town: Recorder, clock: Clock) -> None:
    """Somebody who blocked the bot and came back is a new person: what came after begins anew."""
    town.troubles["ann"] = [Gone("blocked")]
    bot = engine(store, town, clock=clock)
    await bot.ingest([said("1", "где мусор")])
    await bot.drain()
    await bot.ingest([said("2", "xqz wvk")])
    await bot.drain()
    assert [message.lang for _, message in town.shown] == ["et"]
    assert len([row for row in rows(file) if row.startswith("conversation ")]) == 1


async def test_an_unknown_fault_stops_nobody_and_logs_no_text(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """A fault of ours in one message is logged by row and class; the others are sent."""
    town.troubles["ann"] = [RuntimeError("the text of a person")]
    bot = engine(store, town, clock=clock)
    await bot.ingest(ASKED)
    with capture_logs() as logs:
        await bot.drain()
    assert logs == [{"event": "send failed", "channel": "town", "row": 1, "error": "RuntimeError", "log_level": "error"}]
    assert town.topics("bob") == ["kindergarten"]
    clock.tick(2)
    await bot.drain()
    assert town.topics("ann") == ["library", "waste"]


async def test_a_row_that_cannot_be_read_stops_nobody(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """A message that an unknown version wrote backs off like a fault of ours; other lanes go on."""
    unreadable = Outcome(state={}, posts=(Post(key="k", lane="ann", body={"no": "message"}),))
    await store.ingest([said("1", "x")])
    await store.step(lambda _: unreadable, lambda _: unreadable, NOW)
    bot = engine(store, town, clock=clock)
    await bot.ingest([said("2", "where is library"), said("3", "kus on lasteaed", "bob")])
    with capture_logs() as logs:
        await bot.drain()
    assert [log["error"] for log in logs] == ["KeyError"]
    assert town.topics("bob") == ["kindergarten"]
    assert await left(store) == (2, [])


async def test_a_pulled_channel_is_sent_nothing(store: SqlStore, clock: Clock) -> None:
    """Rows of the web page wait until the page pulls them."""
    page = Recorder(name="page", clock=clock, ability=Ability(max_chars=100, pulled=True))
    bot = engine(store, page, clock=clock)
    await bot.ingest([said("1", "where is library", channel="page")])
    await bot.drain()
    assert page.tried == []
    assert [row.key for row in await store.pull("ann", 0)] == ["bot:1:0"]


async def test_channels_do_not_send_each_others_messages(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """Each channel is given its own rows, also where two people have the same name."""
    other = Recorder(name="village", clock=clock)
    bot = engine(store, town, other, clock=clock)
    await bot.ingest([said("1", "where is library"), said("2", "where is waste", "eve", channel="village")])
    await bot.drain()
    assert [lane for lane, _ in town.shown] == ["ann"]
    assert [lane for lane, _ in other.shown] == ["eve"]
