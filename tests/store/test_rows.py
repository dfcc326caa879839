"""What stands in the tables, or must not, and how it is found: what the methods of the store do not show."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import CompoundSelect, Connection, Select, event, make_url, select, text

from bot.ports import CaseRecord, Deed, Outcome, Post, Retention, Timer, Turn
from bot.store import SqlStore, cases, inbox, outbox, step, timers
from bot.store.database import Database, is_postgres, parse
from bot.store.tables import Moment, metadata
from tests.contracts.cases import change, open_case
from tests.contracts.store import DAY, NOW, Script, arrival, claim, drain, giving, post, say, sent, withdrawal

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
SECRET = {"text": "I have lost my job"}

CENTURY = 36525 * DAY
POSTGRES, SQLITE = (make_url(url).get_dialect()() for url in ("postgresql+psycopg://", "sqlite://"))


def moment(after: timedelta, zone: tzinfo) -> datetime:
    """Return a time on some clock of the world."""
    return (NOW + after).astimezone(zone)


async def everything(url: str) -> str:
    """Return all that all tables hold, as text."""

    def read(connection: Connection) -> str:
        return "\n".join(repr(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))

    async with Database(url) as database:
        return await database.run(read)


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """A store on the database at `url`."""
    store = await SqlStore.open(url)
    yield store
    await store.close()


async def hear_secret(store: SqlStore, ext_id: str) -> None:
    """Let a person say it."""
    await store.ingest([replace(arrival(ext_id), body=SECRET)])


def tell_secret(turn: Turn) -> Outcome:
    """Answer with it."""
    return Outcome(state=None, posts=(Post(key=f"re:{turn.ext_id}", lane="ann", body=SECRET),))


async def test_a_text_goes_when_it_is_handled_sent_or_shown(url: str, store: SqlStore) -> None:
    """In the very transaction that has no more need of it."""
    await hear_secret(store, "1")
    assert "lost my job" in await everything(url)
    await drain(store, giving(Outcome(state=None)))
    assert "lost my job" not in await everything(url)
    await say(store, "2", "3", compute=tell_secret)
    (one,) = await claim(store)
    await store.settle("town", [sent(one)], 0, NOW)
    assert "lost my job" in await everything(url)
    await store.acknowledge("ann", one.id + 1)
    assert "lost my job" not in await everything(url)


@pytest.mark.parametrize("way", ["discard", "purge", "forget"])
async def test_a_dead_text_goes_with_its_letter(url: str, store: SqlStore, way: str) -> None:
    """Whether a person decides so or time does."""
    await hear_secret(store, "1")
    for _ in range(3):
        await store.step(Script({"1": [KeyError("I have lost my job")]}), giving(Outcome(state=None)), NOW)
    assert (await everything(url)).count("lost my job") == 1
    match way:
        case "discard":
            (letter,) = await store.dead()
            await store.discard("inbox", letter.id)
        case "purge":
            await store.purge(NOW + 8 * DAY, Retention())
        case _:
            await store.forget("ann")
    assert "lost my job" not in await everything(url)


async def test_a_withdrawn_text_is_in_no_row(url: str, store: SqlStore) -> None:
    """Neither where it waits nor where it was given up, from the transaction on that keeps the withdrawal."""
    secret = {**SECRET, "message": "m"}
    await store.ingest([replace(arrival("1"), body=secret)])
    for _ in range(3):
        await store.step(Script({"1": [KeyError()]}), giving(Outcome(state=None)), NOW)
    await store.ingest([replace(arrival("2"), body=secret)])
    assert (await everything(url)).count("lost my job") == 2
    await store.ingest([withdrawal("3", "m")])
    assert "lost my job" not in await everything(url)


async def test_a_forgotten_person_is_in_no_row(url: str, store: SqlStore) -> None:
    """What stays for de-duplication does not say whose it was."""
    outcome = Outcome(state=SECRET, posts=(post("1"), post("2")), timers=(Timer(key="t", due_at=NOW, body=SECRET),))
    await say(store, "1", compute=giving(outcome))
    (one,) = await claim(store)
    await store.settle("town", [sent(one)], 0, NOW)
    await store.fire(NOW)
    await hear_secret(store, "2")
    assert "'ann'" in await everything(url)
    await store.forget("ann")
    left = await everything(url)
    assert "'ann'" not in left
    assert "lost my job" not in left
    assert left.count("'bot', ") == 2


@pytest.mark.parametrize("way", ["outcome", "forget", "purge"])
async def test_a_blank_case_is_its_number(url: str, store: SqlStore, way: str) -> None:
    """Neither whose it was nor a word of it is in any row; what staff did with it stays, by its number."""
    number = await open_case(store, thread="t1")
    await store.keep_link("digest", "town/telegram", number, NOW)
    told = CaseRecord(number=number, town="town", body=SECRET, closed_at=NOW)
    deed = Deed(case=number, what="closed", desk="town/telegram", staff="telegram:7")
    await change(store, giving(Outcome(state=SECRET, case=told, deeds=(deed,), question="lost my job?", asked_at=NOW)))
    assert "lost my job" in await everything(url)
    match way:
        case "outcome":
            await change(store, giving(Outcome(state=None, forget=True, case=told)))
        case "forget":
            await store.forget("ann")
        case _:
            await store.purge(NOW + 91 * DAY, replace(Retention(), ids=99 * DAY))
    assert "'digest'" not in await everything(url)
    await store.purge(NOW, Retention())
    left = await everything(url)
    assert [secret for secret in ("lost my job", "'t1'") if secret in left] == []
    rows = (f"({number}, None, 'town', 'town', None, ", "'closed', 'town/telegram', 'telegram:7')")
    assert [row for row in rows if row not in left] == []


async def test_a_question_is_in_no_row_after_a_day(url: str, store: SqlStore) -> None:
    """Nor after the next outcome, which has none."""
    asking = giving(Outcome(state={}, question="I have lost my job", asked_at=NOW))
    await change(store, asking)
    assert "lost my job" in await everything(url)
    await store.purge(NOW + DAY, Retention())
    assert "lost my job" not in await everything(url)
    await say(store, "1", compute=asking)
    await say(store, "2", compute=giving(Outcome(state={})))
    assert "lost my job" not in await everything(url)


async def test_a_step_ends_when_its_time_is_up(url: str) -> None:
    """But never before it has handled something."""
    hasty = await SqlStore.open(url, step_seconds=0)
    await hasty.ingest([arrival(str(n)) for n in range(3)])
    script = Script()
    assert [await hasty.step(script, script, NOW) for _ in range(4)] == [1, 1, 1, 0]
    assert script.ids == ["0", "1", "2"]
    await hasty.close()


@pytest.mark.parametrize(
    ("statement", "binds", "indexes"),
    [
        (outbox.HEADS, {"channel": "town", "now": NOW, "want": 9}, {"outbox_todo", "outbox_lane"}),
        (outbox.PULL, {"conversation": "ann", "after": 0, "limit": 9}, {"outbox_conversation"}),
        (step.LOCK, {}, {"inbox_todo"}),
        (step.WAITING, {"ids": ["ann"]}, {"inbox_conversation"}),
        (timers.DUE, {"now": NOW}, {"timer_due"}),
        (inbox.KEPT, {"conversation": "ann"}, {"inbox_conversation", "inbox_dead"}),
        (inbox.OF_THREAD, {"at_desk": "town/telegram", "in_thread": "1"}, {"thread", "cases"}),
        (inbox.CONTACTS_WANTED, {"ids": ["ann"]}, {"conversation", "cases_conversation"}),
        (cases.MINE, {"conversation": "ann"}, {"cases_conversation"}),
    ],
    ids=["heads", "pull", "lock", "waiting", "due", "kept", "thread", "contacts", "cases"],
)
async def test_hot_statements_find_their_rows_by_index(
    url: str,
    store: SqlStore,
    statement: Select[tuple[object]] | CompoundSelect[tuple[object]],
    binds: dict[str, object],
    indexes: set[str],
) -> None:
    """A partial index is used only where the statement says its condition in the same words."""

    def ask(_: object, __: object, sql: str, binds: object, *___: object) -> tuple[str, object]:
        return f"{EXPLAIN[parse(url).get_backend_name()]} {sql}", binds

    def explain(connection: Connection) -> str:
        if is_postgres(parse(url)):
            # A small table is read whole, unless that is forbidden.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        event.listen(connection, "before_cursor_execute", ask, retval=True)
        return str(connection.execute(statement, binds).cursor.fetchall())

    # Reading a few rows of an empty table costs nothing, in whatever way.
    await store.ingest([arrival(str(n), f"p{n % 50}") for n in range(300)])
    async with Database(url) as database:
        plan = await database.run(explain)
    assert {index for index in indexes if index not in plan} == set()


@given(st.lists(st.builds(moment, st.timedeltas(-CENTURY, CENTURY), st.timezones()), min_size=2, max_size=5))
def test_moments_sort_as_they_follow_each_other(moments: list[datetime]) -> None:
    """Whatever their zones; and they come back as the same moments, in UTC."""
    column = Moment()
    for dialect in (POSTGRES, SQLITE):
        bound = [column.process_bind_param(one, dialect) for one in moments]
        assert [column.process_result_value(one, dialect) for one in bound] == [one.astimezone(UTC) for one in moments]
    written: Callable[[datetime], str] | None = column.dialect_impl(SQLITE).bind_processor(SQLITE)
    assert written is not None
    assert sorted(map(written, moments)) == [written(one) for one in sorted(one.astimezone(UTC) for one in moments)]


def test_a_moment_has_a_zone() -> None:
    """A naive time would be read as a different one on the other database."""
    with pytest.raises(ValueError, match="needs its time zone"):
        Moment().process_bind_param(datetime(2026, 11, 22), SQLITE)  # noqa: DTZ001
