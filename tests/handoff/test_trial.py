"""`teejuht desk test`: a test case goes through every desk of a municipality, and nothing is left of it but closed threads."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

import pytest

from bot.core.case_texts import DESK_TEST
from bot.errors import WrongUse
from bot.settings import Settings, load_settings
from bot.store.migrate import upgrade
from bot.store.store import SqlStore
from bot.trial import Hop, Waits, try_desks
from tests.cli.test_processes import environment
from tests.engine.processes import process, select, until
from tests.engine.small import write_knowledge
from tests.handoff.killed import GROUP, LANG, OFFICE, TOWN, Life, quiet_port, serve
from tests.handoff.killed_people import MARI, People, said_at_desk
from tests.peers.bot_api import BotApi, bot_api
from tests.peers.smtp import MailServer, mail_server
from tests.telegram.kit import FORUM, forum

WAITS: Final = Waits(others=0.2, desk=20.0)
WAITS_FOR_OTHERS: Final = Waits(others=20.0, desk=20.0)
SHORT: Final = Waits(others=0.2, desk=2.0)
WAY: Final = ["handed in", "opened as case SA-0001", f"shown at {GROUP}", f"shown at {OFFICE}", "closed again"]
HERE: Final = "served here, as no other process does"
MAILS: Final = 2
"""That there is a case, and that something is new in it: that it was cancelled."""


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small knowledge as files."""
    return write_knowledge(tmp_path_factory.mktemp("small") / "knowledge")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """Telegram with a forum of the municipality's."""
    async with bot_api() as api:
        forum(api)
        yield api


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with mail_server() as mail:
        yield mail


@pytest.fixture
def life(api: BotApi, mail: MailServer, tmp_path: Path) -> Life:
    """Where a bot of the municipality lives."""
    file = tmp_path / "bot.sqlite"
    return Life(file=file, url=api.url, token=api.token, mail_port=mail.port, web_port=quiet_port())


@pytest.fixture
def settings(life: Life, knowledge: Path, tmp_path: Path) -> Settings:
    """Its settings, with which nobody has served yet."""
    return load_settings(**life.settings.model_dump() | {"knowledge": knowledge, "cache": tmp_path / "cache"})


async def hops(settings: Settings, town: str = TOWN, waits: Waits = WAITS) -> list[Hop]:
    """Go the whole way."""
    return [hop async for hop in try_desks(settings, town, waits)]


def assert_nothing_left(file: Path) -> None:
    """Assert that of the case only its number is kept, and nothing waits; ids stay to know repeats by."""
    assert select(file, "SELECT number, conversation_id, body FROM cases") in ([], [(1, None, None)])
    for table in ("conversation", "timer", "link", "deed"):
        assert select(file, f"SELECT * FROM {table}") == [], table
    for table in ("inbox", "outbox"):
        assert select(file, f"SELECT * FROM {table} WHERE status = 0 OR conversation_id IS NOT NULL") == [], table
        assert select(file, f"SELECT body FROM {table} WHERE body IS NOT NULL AND status != 2") == [], table


def assert_closed(api: BotApi) -> None:
    """Assert that the forum has one topic, whose card says that it is a test, and that it is closed."""
    [(number, topic)] = api.topics(FORUM).items()
    assert (topic.name.split()[0], topic.open) == ("SA-0001", False)
    card, cancelled = [shown["text"] for shown in api.sent(FORUM) if shown["message_thread_id"] == number]
    assert said_at_desk(DESK_TEST) in card
    assert "SA-0001" in cancelled


async def test_where_nobody_serves_it_serves_itself(settings: Settings, life: Life, api: BotApi, mail: MailServer) -> None:
    """Every hop is told, in order, with the time that has passed, and the desks show a marked case that is closed."""
    told = await hops(settings)
    assert [hop.what for hop in told] == [WAY[0], HERE, *WAY[1:]]
    assert [hop.why for hop in told if not hop.worked] == []
    assert [hop.seconds for hop in told] == sorted(hop.seconds for hop in told)
    assert_closed(api)
    assert len(mail.mails) == MAILS
    assert_nothing_left(life.file)


async def test_a_bot_that_serves_takes_it(settings: Settings, life: Life, api: BotApi, mail: MailServer) -> None:
    """It goes the way of every case, and the bot goes on with its work."""
    upgrade(settings.database)
    async with process(serve, life):
        await api.until(lambda: api.polls > 0, "the bot serves", 60)
        told = await hops(settings, waits=WAITS_FOR_OTHERS)
        assert [hop.what for hop in told] == [WAY[0], "taken by the process that serves", *WAY[1:]]
        assert all(hop.worked for hop in told)
        assert_closed(api)
        assert len(mail.mails) == MAILS
        assert_nothing_left(life.file)
        await People(api, mail, life.file).ask()
        await until(lambda: bool(select(life.file, "SELECT 1 FROM cases WHERE number = 2 AND body IS NOT NULL")))


async def test_a_bot_that_serves_but_does_nothing(settings: Settings, life: Life, api: BotApi) -> None:
    """It is waited for and not served beside; then the operator is told where to look."""
    upgrade(settings.database)
    busy = await SqlStore.open(settings.database, serve=True)
    try:
        told = await hops(settings, waits=Waits(others=0.1, desk=0.5))
    finally:
        await busy.close()
    assert [(hop.what, hop.worked) for hop in told[1:]] == [
        ("waiting for the process that serves", True),
        ("opened as a case", False),
    ]
    assert "teejuht status" in told[-1].why
    assert api.calls == []
    assert_nothing_left(life.file)


async def test_a_desk_that_is_gone(settings: Settings, life: Life, api: BotApi, mail: MailServer) -> None:
    """What it lacks is said; the other desk is tried all the same."""
    await api.remove(FORUM)
    told = {hop.what: hop for hop in await hops(settings)}
    assert [what for what, hop in told.items() if not hop.worked] == [f"shown at {GROUP}"]
    assert "cannot be brought there" in told[f"shown at {GROUP}"].why
    assert "add it to the group" in told[f"shown at {GROUP}"].why
    assert len(mail.mails) == MAILS
    assert_nothing_left(life.file)


async def test_the_only_desk_is_gone(settings: Settings, life: Life, api: BotApi) -> None:
    """Then the case has ended by itself."""
    await api.remove(FORUM)
    desks = {TOWN: {"telegram": FORUM, "lang": LANG}}
    told = await hops(load_settings(**settings.model_dump() | {"desks": desks}))
    assert [(hop.what, hop.worked) for hop in told[-2:]] == [(f"shown at {GROUP}", False), ("closed again", True)]
    assert_nothing_left(life.file)


async def test_a_desk_that_does_not_answer(settings: Settings, api: BotApi, mail: MailServer) -> None:
    """It is waited for so long, then the operator is told what is known; the other desk is closed again."""
    for _ in range(9):
        mail.fail("CONNECT", "drop")
    told = await hops(settings, waits=SHORT)
    [failed] = [hop for hop in told if not hop.worked]
    assert failed.what == f"shown at {OFFICE}"
    assert "not within 2 seconds" in failed.why
    assert "mail server" in failed.why
    assert_closed(api)


async def test_who_stops_listening_leaves_nothing_open(settings: Settings, life: Life, api: BotApi) -> None:
    """Stopped in the middle, as by Ctrl-C, the case is closed all the same."""
    async with aclosing(try_desks(settings, TOWN, WAITS)) as trying:
        async for hop in trying:
            if hop.what == f"shown at {GROUP}":
                break
    assert_closed(api)
    assert_nothing_left(life.file)


async def test_somebody_takes_the_test_case(settings: Settings, life: Life, api: BotApi) -> None:
    """Staff who take it at one desk do not keep it from being closed at all."""
    told: list[Hop] = []
    async with aclosing(try_desks(settings, TOWN, WAITS)) as trying:
        async for hop in trying:
            told.append(hop)
            if hop.what == f"shown at {OFFICE}":
                [card] = api.sent(FORUM)
                await api.tap(card, "case:claim", user=MARI)
                await until(lambda: bool(select(life.file, "SELECT 1 FROM deed WHERE what = 'claim'")))
    assert [hop.why for hop in told if not hop.worked] == []
    [topic] = api.topics(FORUM).values()
    assert topic.open is False


async def test_a_municipality_that_is_none(settings: Settings) -> None:
    """The operator is told which there are."""
    with pytest.raises(WrongUse, match=f"there is no municipality atlantis; known are {TOWN}"):
        await hops(settings, "atlantis")


async def test_a_municipality_without_desks(settings: Settings, life: Life) -> None:
    """The operator is told what residents see instead, and what to set; no database is made."""
    with pytest.raises(WrongUse, match=r"has no desk: .* Set TEEJUHT_DESKS"):
        await hops(settings.model_copy(update={"desks": {}}))
    assert not life.file.exists()


# --- the command line


async def run(settings: Settings, *arguments: str) -> tuple[int | None, str, str]:
    """Run `teejuht desk test` as an operator does; give its exit code and what it printed."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "desk", "test", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=variables(settings),
    )  # fmt: skip
    out, err = await command.communicate()
    return command.returncode, out.decode(), err.decode()


def variables(settings: Settings) -> Mapping[str, str]:
    """Write settings as variables; `desks` as JSON."""
    set_ = settings.model_dump(mode="json", exclude_defaults=True, exclude={"telegram_token"})
    desks = {name: {k: v for k, v in desk.items() if k != "order"} for name, desk in set_.pop("desks", {}).items()}
    token = settings.telegram_token.get_secret_value()
    return environment(**set_, telegram_token=token, desks=json.dumps(desks))


async def test_hops_as_json(settings: Settings, life: Life, api: BotApi) -> None:
    """A line per hop on standard output and nothing else; exit code 0 when all went well."""
    code, out, err = await run(settings, TOWN, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, [row["hop"] for row in rows]) == (0, [WAY[0], HERE, *WAY[1:]]), err
    assert all(row["worked"] is True and row["why"] == "" and row["seconds"] >= 0 for row in rows)
    assert_closed(api)
    assert_nothing_left(life.file)


async def test_hops_in_words(settings: Settings, api: BotApi) -> None:
    """Exit code 1 when a desk does not show the case, with a line that says which and why."""
    await api.remove(FORUM)
    code, out, _ = await run(settings, TOWN)
    marks = [line.split()[0] for line in out.splitlines()]
    assert (code, marks) == (1, ["ok", "ok", "ok", "NO", "ok", "ok"])
    assert f"shown at {GROUP}: it cannot be brought there" in out


@pytest.mark.parametrize(("town", "why"), [("atlantis", "there is no municipality"), (TOWN, "has no desk")])
async def test_what_cannot_be_tried(settings: Settings, town: str, why: str) -> None:
    """Exit code 2 and one sentence."""
    code, out, err = await run(settings.model_copy(update={"desks": {}}), town)
    assert (code, out) == (2, "")
    [line] = err.splitlines()
    assert line.startswith("teejuht: ")
    assert why in line
