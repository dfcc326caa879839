"""The bot is killed between any two steps of a question's way to staff and back; started again it finishes what it began.

What happened is judged by the peers, which outlive the bot, and by its file: there is one case with one history, nothing is lost,
and nothing is shown twice but what was on its way when the power went, as neither Telegram nor mail would know it again.
"""

import asyncio
import json
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from itertools import chain, count, groupby, islice
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from bot.core.case_texts import DESK_CLAIMED, DESK_NOT_CLAIMED, DESK_TRANSFERRED
from bot.store.migrate import upgrade
from tests.engine.processes import UNDONE, ended, prepare, process, select, until
from tests.handoff.killed import GROUP, OFFICE, TOWN, Life, dying, quiet_port, serve
from tests.handoff.killed_people import ANN, ANSWER, FIRST, LAST, People, said_at_desk, signs
from tests.peers.bot_api import BotApi, bot_api
from tests.peers.smtp import MailServer, mail_server
from tests.telegram.kit import FORUM, forum

AT_ONCE: Final = 12
"""Bots that live side by side, each with a Telegram, a mail server and a database of its own."""
EACH: Final = 9
STRIDE: Final = 9
"""The first moments are all tried, then every so many: all of them, about 340, would take minutes."""
LEAST: Final = 200
"""The whole life of a case has more moments than this."""
CLOCK_STRIDE: Final = 5
CLOCK_LEAST: Final = 40
CODE: Final = "SA-0001"
CHAT: Final = f"telegram:{ANN}"
AT_GROUP: Final = f"{GROUP}#1"
AT_OFFICE: Final = f"{OFFICE}#1"
"""The lanes of Ann and of her case at the desks."""
SHOWN: Final = {
    CHAT: ("not:library", "case:send", "case:cancel", "case:back", FIRST, "case:cancel", LAST, "case:good"),
    AT_GROUP: (
        "case:claim",
        said_at_desk(DESK_CLAIMED, name="Mari", code=CODE),
        ANSWER,
        said_at_desk(DESK_TRANSFERRED, desk=OFFICE, code=CODE),
    ),
}
"""What stands in a lane, in order, by a word in it, else by its first option."""
HISTORY: Final = [("staff", FIRST), ("resident", ANSWER), ("staff", LAST)]
DEEDS: Final = [("claim", GROUP), ("reply", GROUP), ("transfer", GROUP), ("reply", OFFICE), ("close", OFFICE)]
CLOCKS: Final = 8
"""For consent, a claim, an answer, the resident, an answer, a claim, the resident, reopening: each is set once."""
TALLIES: Final = {"answer": 1, "case-offered": 1, "case-opened": 1}
Lives: TypeAlias = Callable[[Path, int], Awaitable[int | None]]
"""Has a bot die at a moment and another one finish on a file, and gives the exit code of the first."""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated, empty file to copy."""
    file = tmp_path_factory.mktemp("migrated") / "bot.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.mark.untraced
async def test_killed_at_any_moment_a_case_goes_on(migrated: Path, tmp_path: Path) -> None:
    """One moment after the other of a bot's life is its last, until one lives until the case is closed."""
    moments = chain(range(1, EACH), count(EACH, STRIDE))
    assert await survived(moments, migrated, tmp_path, two_lives) > LEAST


async def test_killed_while_a_clock_rings_it_rings_once(migrated: Path, tmp_path: Path) -> None:
    """When nobody takes a case in time, the next desk gets it and everybody is told, wherever the power goes."""
    waiting = await nobody_took_it(prepare(migrated, tmp_path / "waiting"))
    assert await survived(count(1, CLOCK_STRIDE), waiting, tmp_path, two_lives_of_a_clock) > CLOCK_LEAST


async def survived(moments: Iterator[int], migrated: Path, folder: Path, lives: Lives) -> int:
    """Let bots die at one moment after the other, until some live until all is done; give the first moment that never came."""
    codes: dict[int, int | None] = {}
    while 0 not in codes.values():
        lasts = tuple(islice(moments, AT_ONCE))
        files = [prepare(migrated, folder / str(last)) for last in lasts]
        ends = await asyncio.gather(*(lives(file, last) for file, last in zip(files, lasts, strict=True)))
        codes |= dict(zip(lasts, ends, strict=True))
    assert set(codes.values()) <= {-signal.SIGKILL, 0}
    return min(last for last, code in codes.items() if code == 0)


async def two_lives(file: Path, last: int) -> int | None:
    """Let a bot die at its moment `last` of a case and another one finish; judge them, and give the exit code of the first."""
    async with peers(file, last) as (life, api, mail):
        talk = asyncio.create_task(People(api, mail, file).hold())
        code = await one_life(life, last, talk)
        check_clock(file)
        flying = in_flight(file)
        async with process(serve, life):
            await talk
            await until(lambda: is_done(api, file))
        check(api, mail, file, flying)
    return code


async def two_lives_of_a_clock(file: Path, last: int) -> int | None:
    """Do the same with a bot that finds a clock run out."""
    async with peers(file, last) as (life, api, mail):
        topic = await api.topic(FORUM, CODE)
        assert select(file, "SELECT thread FROM thread") == [(str(topic),)]
        rung = asyncio.create_task(until(lambda: bool(mail.mails) and is_done(api, file)))
        code = await one_life(life, last, rung)
        flying = in_flight(file)
        async with process(serve, life):
            await rung
            await until(lambda: is_done(api, file))
        told = {CHAT: (signs(api, ANN), "case:cancel"), AT_GROUP: (signs(api, FORUM), said_at_desk(DESK_NOT_CLAIMED, code=CODE))}
        for lane, (shown, expected) in told.items():
            check_shown(shown, [expected], 0 if lane in flying else None)
        check_mails(mail, file, flying)
        check_clock(file)
        assert select(file, "SELECT key, fired FROM timer ORDER BY id") == [(f"{CHAT} clock 2", 1), (f"{CHAT} clock 3", 0)]
    return code


async def nobody_took_it(file: Path) -> Path:
    """Bring a case to the first desk, and let the time run out in which it is to be taken."""
    async with peers(file, 1) as (life, api, mail):
        people = People(api, mail, file)
        async with process(serve, life) as bot:
            await people.ask()
            await people.card()
            await until(lambda: is_done(api, file))
            bot.terminate()
            await ended(bot)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE timer SET due_at = datetime('now', '-1 hour')")
    return file


@asynccontextmanager
async def peers(file: Path, number: int) -> AsyncIterator[tuple[Life, BotApi, MailServer]]:
    """Give a bot a Telegram with a forum and a mail server; a token of its own, so that no other takes what is meant for it."""
    async with bot_api(token=f"{number}:TEST") as api, mail_server() as mail:
        forum(api)
        api.chat(ANN)
        yield Life(file=file, url=api.url, token=api.token, mail_port=mail.port, web_port=quiet_port()), api, mail


async def one_life(life: Life, last: int, talk: asyncio.Task[None]) -> int | None:
    """Let a bot live until its moment `last`, or until everybody is content, and give its exit code."""
    async with process(dying, life, last) as bot:
        await asyncio.wait((talk, death := asyncio.create_task(ended(bot))), return_when=asyncio.FIRST_COMPLETED)
        if not death.done():
            bot.terminate()
        await death
    await asyncio.sleep(0.02)  # what it had written to its peers arrives
    return bot.exitcode


# --- what became of it


def check(api: BotApi, mail: MailServer, file: Path, flying: Mapping[str, int]) -> None:
    """There is one case with its whole history; all was shown in order, and twice only what was in flight at the death."""
    topic = check_topics(api, file, flying)
    assert api.topics(FORUM)[topic].open is False
    shown = {CHAT: signs(api, ANN), AT_GROUP: signs(api, FORUM, topic)}
    for lane, expected in SHOWN.items():
        check_shown(shown[lane], expected, flying.get(lane))
    check_mails(mail, file, flying)
    check_history(file)
    check_clock(file)
    assert dict(select(file, "SELECT what, sum(n) FROM tally GROUP BY what")) == TALLIES
    assert select(file, "SELECT id FROM conversation") == [(CHAT,)]


def check_shown(shown: Sequence[str], expected: Sequence[str], place: int | None) -> None:
    """Everything is there, in order, and once; the one at `place` may be there twice."""
    runs = [(sign, len(list(run))) for sign, run in groupby(shown)]
    assert [sign for sign, _ in runs] == list(expected)
    for number, (sign, times) in enumerate(runs):
        assert times == 1 or (times == 2 and number == place), f"{sign} {times} times"


def check_topics(api: BotApi, file: Path, flying: Mapping[str, int]) -> int:
    """Give the case's topic; there is one more only if the first was being opened, and then nothing goes on in it."""
    [(topic,)] = select(file, f"SELECT thread FROM thread WHERE desk = '{GROUP}' AND case_number = 1")
    others = [other for other in api.topics(FORUM) if other != int(topic)]
    assert len(others) <= (flying.get(AT_GROUP) == 0)
    assert all(signs(api, FORUM, other) in ([], ["case:claim"]) for other in others)
    assert {shown["message_thread_id"] for shown in api.sent(FORUM)} <= {int(topic), *others}
    return int(topic)


def check_mails(mail: MailServer, file: Path, flying: Mapping[str, int]) -> None:
    """Each mail came once, or twice under the same name if it was in flight."""
    came = Counter(str(one.message["Message-ID"]).strip("<").partition("@")[0] for one in mail.mails)
    sent = [id for (id,) in select(file, f"SELECT remote_id FROM outbox WHERE lane = '{AT_OFFICE}' AND remote_id != ''")]
    assert sent[0] == CODE
    assert set(sent[1:]) <= set(came)
    assert len(came) == len(sent)
    assert sum(came.values()) - len(came) <= (AT_OFFICE in flying)


def check_history(file: Path) -> None:
    """The one case is closed, and everything happened in it once."""
    [(number, whose, town, body)] = select(file, "SELECT number, conversation_id, town, body FROM cases")
    case = json.loads(body)
    assert (number, whose, town, case["stage"]) == (1, CHAT, TOWN, "closed")
    assert [(line["who"], line["text"]) for line in case["lines"]] == HISTORY
    assert select(file, "SELECT what, desk FROM deed ORDER BY id") == DEEDS
    [(state,)] = select(file, "SELECT state FROM conversation")
    assert json.loads(state)["clocks"] == CLOCKS
    assert json.loads(state)["case"] == case


def check_clock(file: Path) -> None:
    """Of the clocks of a case the one that it waits for runs, and no other; without a case none does."""
    states = [json.loads(state) for (state,) in select(file, "SELECT state FROM conversation WHERE state IS NOT NULL")]
    clocks = [state["case"]["clock"] for state in states if "case" in state]
    running = select(file, "SELECT key FROM timer WHERE NOT fired")
    assert running == [(f"{CHAT} clock {clock['n']}",) for clock in clocks if clock]


def in_flight(file: Path) -> dict[str, int]:
    """Give the lanes with a row that is claimed and not settled, and which of its rows that is."""
    claimed = """
        SELECT lane, (SELECT count(*) FROM outbox before WHERE before.lane = outbox.lane AND before.id < outbox.id)
        FROM outbox WHERE status = 0 AND claimed_by IS NOT NULL
    """
    found = select(file, claimed)
    assert len(dict(found)) == len(found)
    return dict(found)


def is_done(api: BotApi, file: Path) -> bool:
    """Tell whether Telegram has nothing for the bot and the bot nothing for anybody."""
    return not api.pending and select(file, UNDONE) == []
