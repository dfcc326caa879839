"""`teejuht queue` and `teejuht channel`: what was given up and what is held back, beside a bot that may be running."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from bot.engine import utc_now
from bot.ports import Delivery, Outcome, Turn
from bot.store import SqlStore
from bot.store.migrate import upgrade
from tests.cli.conftest import Done, Teejuht
from tests.contracts.store import DAY, arrival, post, refused
from tests.peers.postgres import Postgres, postgres
from tests.store.rows import contents

NOW: Final = utc_now()
SECRET: Final = "I have lost my job"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The configured database, of either kind, empty."""
    if request.param == "sqlite":
        upgrade("sqlite:///data/teejuht.db")
        yield "sqlite:///data/teejuht.db"
        return
    server: Postgres = request.getfixturevalue("server")
    url = server.create("queue")
    upgrade(url)
    monkeypatch.setenv("TEEJUHT_DATABASE", url)
    yield url
    server.drop("queue")


async def _give_up(url: str) -> tuple[int, int]:
    """Let a message be one that cannot be handled, and another one's answer one that cannot be sent; return their ids."""
    failed: list[int] = []

    def rule(turn: Turn) -> Outcome:
        if turn.ext_id == "bad":
            failed.append(turn.inbox_id)
            raise KeyError(SECRET)
        return Outcome(state=None, posts=(replace(post("answer"), body={"text": SECRET}),))

    async with await SqlStore.open(url) as store:
        await store.ingest([replace(arrival(one, one), body={"text": SECRET}) for one in ("bad", "good")])
        for _ in range(5):
            await store.step(rule, lambda _: Outcome(state=None), NOW)
        [answer] = await _claim(store)
        await store.settle("town", [refused(answer)], 0, NOW)
    return failed[0], answer.id


async def _claim(store: SqlStore) -> list[Delivery]:
    return list(await store.settle("town", [], 9, NOW))


@pytest.fixture
def letters(database: str) -> tuple[str, str]:
    """Two dead letters by their ids: one that could not be handled and one that could not be sent."""
    handled, sent = asyncio.run(_give_up(database))
    return f"inbox:{handled}", f"outbox:{sent}"


def dead(teejuht: Teejuht) -> list[str]:
    """Return the ids of those that are listed."""
    return [row["id"] for row in json.loads(teejuht("queue", "--json").out)["dead"]]


def cells(done: Done) -> list[list[str]]:
    """Read a table."""
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in done.out.splitlines() if "│" in line]


# --- dead letters


@pytest.mark.parametrize("verb", [["queue"], ["queue", "list"]], ids=" ".join)
def test_dead_letters_are_listed(teejuht: Teejuht, letters: tuple[str, str], verb: list[str]) -> None:
    """By id, channel, error and time, and never by what was said; what waits is counted."""
    done = teejuht(*verb)
    assert (done.code, done.err) == (0, "")
    since = NOW.isoformat(timespec="minutes")
    assert cells(done) == [[letters[0], "town", "KeyError", since], [letters[1], "town", "Refused", since]]
    assert done.out.splitlines()[-1] == "dead letters: 2; waiting: 0 to be answered, 0 to be sent, 0 timers"
    assert SECRET not in done.out


@pytest.mark.parametrize("verb", [["queue"], ["queue", "list"]], ids=" ".join)
def test_dead_letters_as_json(teejuht: Teejuht, letters: tuple[str, str], verb: list[str]) -> None:
    """The same for scripts."""
    since = NOW.isoformat(timespec="seconds")
    assert json.loads(teejuht(*verb, "--json").out) == {
        "dead": [
            {"id": letters[0], "channel": "town", "error": "KeyError", "since": since},
            {"id": letters[1], "channel": "town", "error": "Refused", "since": since},
        ],
        "waiting": 0, "unsent": 0, "timers": 0,
    }  # fmt: skip


def test_none_is_no_error(teejuht: Teejuht) -> None:
    """Nothing was given up; also `--all` of nothing is done."""
    done = teejuht("queue")
    assert (done.code, done.out) == (0, "dead letters: 0; waiting: 0 to be answered, 0 to be sent, 0 timers\n")
    for verb in ("retry", "discard"):
        assert teejuht("queue", verb, "--all").code == 0


async def _waits(url: str) -> tuple[int, int]:
    async with await SqlStore.open(url) as store:
        status = await store.status(NOW)
    return status.waiting, status.unsent


def test_one_is_tried_again(teejuht: Teejuht, database: str, letters: tuple[str, str]) -> None:
    """It waits again, with what was said, and is not listed any more; the other one is."""
    for number, letter in enumerate(letters, 1):
        done = teejuht("queue", "retry", letter)
        assert (done.code, done.out, done.err) == (0, "", "dead letters that wait again: 1\n")
        assert dead(teejuht) == list(letters[number:])
    assert asyncio.run(_waits(database)) == (1, 1)
    assert repr(contents(database)).count(SECRET) == 2


def test_one_is_discarded(teejuht: Teejuht, database: str, letters: tuple[str, str]) -> None:
    """It is not listed any more, and what was said is gone."""
    for number, letter in enumerate(letters, 1):
        done = teejuht("queue", "discard", letter)
        assert (done.code, done.out, done.err) == (0, "", "dead letters that were discarded: 1\n")
        assert dead(teejuht) == list(letters[number:])
    assert asyncio.run(_waits(database)) == (0, 0)
    assert SECRET not in repr(contents(database))


@pytest.mark.parametrize(("verb", "left"), [("retry", (1, 1)), ("discard", (0, 0))])
def test_all_at_once(teejuht: Teejuht, database: str, letters: tuple[str, str], verb: str, left: tuple[int, int]) -> None:
    """Whatever is listed."""
    done = teejuht("queue", verb, "--all")
    assert (done.code, done.err.rpartition(": ")[2]) == (0, f"{len(letters)}\n")
    assert dead(teejuht) == []
    assert asyncio.run(_waits(database)) == left


@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_one_that_is_not_there(teejuht: Teejuht, letters: tuple[str, str], verb: str) -> None:
    """Exit code 1, also for a row that is no dead letter, or is none any more; the others stay."""
    teejuht("queue", "discard", letters[1])
    for letter in ("inbox:999999999999999999", "outbox:0", letters[1]):
        done = teejuht("queue", verb, letter)
        said = f"teejuht: there is no dead letter {letter}: `teejuht queue` lists those there are\n"
        assert (done.code, done.out, done.err) == (1, "", said)
    assert dead(teejuht) == [letters[0]]


@pytest.mark.parametrize("verb", ["retry", "discard"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["17"], "17 may be in either queue: write inbox:17 or outbox:17"),
        (["inbox"], "inbox is no ID"),
        (["timer:1"], "timer:1 is no ID"),
        (["inbox:-1"], "inbox:-1 is no ID"),
        (["inbox:9999999999999999999"], "is no ID"),
        (["inbox:1 "], "is no ID"),
        (["inbox:١"], "is no ID"),
        ([], "give either an ID"),
        (["inbox:1", "--all"], "give either an ID"),
    ],
)
def test_wrong_use_of_the_queue(teejuht: Teejuht, letters: tuple[str, str], verb: str, arguments: list[str], said: str) -> None:
    """One line says what to write; nothing is done."""
    done = teejuht("queue", verb, *arguments)
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert said in line
    assert "`teejuht queue`" in line
    assert dead(teejuht) == list(letters)


# --- channels


def paused(teejuht: Teejuht) -> dict[str, tuple[bool, str | None]]:
    """Return what `channel --json` says."""
    rows = [json.loads(line) for line in teejuht("channel", "--json").out.splitlines()]
    return {row["channel"]: (row["paused"], row["until"]) for row in rows}


def test_channels_are_listed(teejuht: Teejuht) -> None:
    """All that can be paused, and whether they are."""
    teejuht("channel", "pause", "matrix")
    done = teejuht("channel")
    assert (done.code, done.err) == (0, "")
    assert cells(done) == [["telegram", "sends"], ["matrix", "paused until it is resumed"], ["desks", "sends"]]
    assert paused(teejuht) == {"telegram": (False, None), "matrix": (True, None), "desks": (False, None)}


@pytest.mark.parametrize("name", ["telegram", "matrix", "desks"])
def test_a_channel_is_paused_and_resumed(teejuht: Teejuht, database: str, name: str) -> None:
    """Nothing is claimed for it, in whatever future, until it goes on."""
    held = teejuht("channel", "pause", name)
    assert (held.code, held.out, held.err) == (0, "", f"{name}: paused until it is resumed\n")
    assert asyncio.run(_claimed(database, name)) == []
    go_on = teejuht("channel", "resume", name)
    assert (go_on.code, go_on.out, go_on.err) == (0, "", f"{name}: sends\n")
    assert asyncio.run(_claimed(database, name)) == ["answer"]


async def _claimed(url: str, name: str) -> list[str]:
    """Say something that is answered on this channel, and return what may be sent a thousand years from now."""

    def rule(_: Turn) -> Outcome:
        return Outcome(state=None, posts=(post("answer"),))

    async with await SqlStore.open(url) as store:
        await store.ingest([arrival("1", channel=name)])
        await store.step(rule, rule, NOW)
        return [one.key for one in await store.settle(name, [], 9, NOW + 365_000 * DAY)]


def test_a_pause_for_some_minutes(teejuht: Teejuht) -> None:
    """It ends by itself, at the time that is told."""
    before = datetime.now(UTC)
    done = teejuht("channel", "pause", "telegram", "--for", "30")
    assert done.err.startswith("telegram: paused until ")
    on, until = paused(teejuht)["telegram"]
    assert on
    assert until is not None
    end = datetime.fromisoformat(until)
    half_an_hour = timedelta(minutes=30)
    assert before + half_an_hour - timedelta(seconds=1) <= end <= datetime.now(UTC) + half_an_hour
    teejuht("channel", "pause", "telegram", "--for", "10")
    assert paused(teejuht)["telegram"] == (True, until)
    assert "until it is resumed" in teejuht("channel", "pause", "telegram").err
    assert "until it is resumed" in teejuht("channel", "pause", "telegram", "--for", "10").err


def test_resuming_what_is_not_paused_is_no_error(teejuht: Teejuht) -> None:
    """It goes on as it did."""
    assert teejuht("channel", "resume", "desks").code == 0
    assert not any(on for on, _ in paused(teejuht).values())


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("web", "web cannot be paused: pages fetch their messages themselves"),
        ("Telegram", "there is no channel Telegram; there are telegram, matrix, desks"),
        ("", "there is no channel ; there are telegram, matrix, desks"),
    ],
)
def test_what_cannot_be_paused(teejuht: Teejuht, verb: str, name: str, said: str) -> None:
    """It is wrong use, and says what can be."""
    done = teejuht("channel", verb, name)
    assert (done.code, done.out, done.err) == (2, "", f"teejuht: {said}\n")


@pytest.mark.parametrize("minutes", ["0", "-5", "soon", "99999999999"])
def test_a_pause_has_a_length(teejuht: Teejuht, minutes: str) -> None:
    """A whole number of minutes, up to a year."""
    done = teejuht("channel", "pause", "telegram", "--for", minutes)
    assert (done.code, done.out) == (2, "")
    assert "--for" in done.err
    assert not paused(teejuht)["telegram"][0]
