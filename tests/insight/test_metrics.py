"""Metrics and readiness: what is counted, what is read of the database, and that nobody can be found in it."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.cases import Case, CaseStage
from bot.core.effects import Count, Heard, Step
from bot.core.state import Conversation
from bot.insight.health import STALE, Look, is_ready, parts
from bot.insight.metrics import Metrics
from bot.insight.selfcheck import Checked
from bot.ports import DESKS, Result, Retention, Settled, Status, Turn, Waiting, limits
from bot.store import SqlStore
from tests.engine.kit import NOW, Recorder, engine, poison, said
from tests.worlds import ROOT

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]

LANGUAGES: Final = ("et", "ru", "en")
WELL: Final = Checked(NOW, LANGUAGES, {})
EMPTY: Final = Status(
    revision="1", conversations=0, waiting=0, unsent=0, dead=0, timers=0, oldest_conversation=None
)  # fmt: skip
LOOK: Final = Look(at=NOW, status=EMPTY, channels={"web": "served", "telegram": "stands by", DESKS: "served"}, checked=WELL)


def read(text: bytes) -> Samples:
    """Read what is exposed with the library's own parser."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    """Give one sample."""
    return found.get((f"teejuht_{name}", frozenset(labels.items())))


def turn(event: str = "said", channel: str = "telegram", state: Mapping[str, object] | None = None) -> Turn:
    """A turn with nothing to be found in it but what these say, and a person."""
    return Turn(
        inbox_id=1, source="bot", ext_id="77", channel=channel, conversation="telegram:5550001", state=state,  # type: ignore[arg-type]
        body={"event": event, "text": "I have lost my job"}, at=NOW,
    )  # fmt: skip


def step(*effects: Heard | Count) -> Step:
    """A step that leads to these."""
    return Step(Conversation(), effects)


# --- what is counted


def test_steps_are_counted() -> None:
    """Events by channel and kind, decisions by language, apologies by channel."""
    metrics = Metrics()
    for decision, lang in (("answer", "ru"), ("answer", "ru"), ("abstain", "et")):
        metrics.watch(turn(), step(Heard(lang=lang, decision=decision, topics=(("school", 0.9),))))
    metrics.watch(turn("chose", "web"), step())
    metrics.watch(turn(), step(Count(what="apology", lang="ru")))
    found = read(metrics.text(LOOK))
    assert value(found, "events_total", channel="telegram", event="said") == 4
    assert value(found, "events_total", channel="web", event="chose") == 1
    assert value(found, "decisions_total", decision="answer", lang="ru") == 2
    assert value(found, "decisions_total", decision="abstain", lang="et") == 1
    assert value(found, "apologies_total", channel="telegram") == 1


def test_an_event_of_no_kind_makes_no_label_of_its_own() -> None:
    """Nobody can fill the memory with names that they make up."""
    metrics = Metrics()
    for name in ("x" * 1000, "", "y"):
        metrics.watch(turn(name), step())
    assert value(read(metrics.text(LOOK)), "events_total", channel="telegram", event="unknown") == 3


def test_cases_are_counted_when_they_open_and_when_they_end() -> None:
    """Nothing that happens while a case runs counts; a case that is offered is none yet."""
    metrics = Metrics()
    offered, opened, closed = (
        Case(stage=stage, lang="ru", town="narva", desks=()) for stage in (CaseStage.OFFERED, CaseStage.OPEN, CaseStage.CLOSED)
    )
    for before, after in pairwise((None, offered, opened, opened, closed, opened, None)):
        metrics.watch(turn(state={"case": {"stage": before.stage}} if before else None), Step(Conversation(case=after)))
    found = read(metrics.text(LOOK))
    assert (value(found, "cases_total", what="opened"), value(found, "cases_total", what="ended")) == (2, 2)


def test_deliveries_are_counted_by_how_they_ended() -> None:
    """Each try counts."""
    metrics = Metrics()
    for result in (Result.SENT, Result.SENT, Result.LATER, Result.DEAD):
        metrics.settled("matrix", Settled(id=1, result=result, due_at=NOW))
    found = read(metrics.text(LOOK))
    tries = {result.value: value(found, "deliveries_total", channel="matrix", result=result.value) for result in Result}
    assert tries == {"sent": 2, "later": 1, "dead": 1}


def test_two_windows_count_for_themselves() -> None:
    """Nothing is counted for the whole program: the library's own registry stays empty."""
    one, other = Metrics(), Metrics()
    one.watch(turn(), step())
    assert value(read(other.text(LOOK)), "events_total", channel="telegram", event="said") is None


def test_nobody_can_be_found_in_it() -> None:
    """Neither an account nor a text nor a topic, whatever has happened."""
    metrics = Metrics()
    metrics.watch(turn(), step(Heard(lang="ru", decision="answer", topics=(("debt-counselling", 0.9),), danger="suicide")))
    metrics.settled("telegram", Settled(id=5550001, result=Result.SENT, remote_id="5550001:9", error="to 5550001"))
    text = metrics.text(replace(LOOK, status=replace(EMPTY, tallies={"answer:debt-counselling:ru": 1}))).decode()
    assert [secret for secret in ("5550001", "lost", "debt", "suicide") if secret in text] == []


# --- what is read


def test_what_the_database_knows_is_exposed() -> None:
    """Queues with their ages, cases, dead letters, and the oldest record of each kind beside its limit."""
    hour = timedelta(hours=1)
    queue = Waiting(queue="inbox", channel="telegram", rows=3, failing=1, since=NOW - hour)
    strange = Waiting(queue="outbox", channel="gone", rows=2, failing=0, since=NOW + hour)
    status = replace(EMPTY, dead=4, open_cases=5, queues=(queue, strange), oldest={"questions": NOW - 2 * hour})
    found = read(Metrics().text(replace(LOOK, status=status, leading=True, knowledge_errors=6)))
    place = {"queue": "inbox", "channel": "telegram"}
    assert value(found, "waiting_messages", **place) == 3
    assert value(found, "failing_messages", **place) == 1
    assert value(found, "oldest_waiting_seconds", **place) == 3600
    assert value(found, "waiting_messages", queue="outbox", channel="gone") == 2
    assert value(found, "oldest_waiting_seconds", queue="outbox", channel="gone") == 0
    assert value(found, "waiting_messages", queue="outbox", channel="desks") == 0
    assert (value(found, "dead_letters"), value(found, "open_cases"), value(found, "knowledge_errors")) == (4, 5, 6)
    assert (value(found, "leading"), value(found, "ready")) == (1, 1)
    assert value(found, "oldest_record_seconds", kind="questions") == 7200
    assert value(found, "record_limit_seconds", kind="questions") == 22 * 3600
    for kind in limits(Retention()):
        assert value(found, "oldest_record_seconds", kind=kind) is not None


def test_the_self_check_is_exposed() -> None:
    """By language, and when it was made; before the first one there is nothing to tell."""
    checked = Checked(NOW, LANGUAGES, {"ru": "abstain in ru: no topic (asked about school)"})
    found = read(Metrics().text(replace(LOOK, checked=checked)))
    assert [value(found, "self_check_ok", lang=lang) for lang in LANGUAGES] == [1, 0, 1]
    assert value(found, "self_check_timestamp_seconds") == NOW.timestamp()
    assert value(found, "part_ok", part="self-check") == 0
    found = read(Metrics().text(replace(LOOK, checked=None)))
    assert value(found, "self_check_timestamp_seconds") is None


def test_without_a_database_the_process_is_exposed() -> None:
    """What it counted, and itself; nothing is made up of what cannot be known."""
    metrics = Metrics()
    metrics.watch(turn(), step())
    found = read(metrics.text(replace(LOOK, status=None)))
    assert (value(found, "ready"), value(found, "part_ok", part="database")) == (0, 0)
    assert value(found, "events_total", channel="telegram", event="said") == 1
    assert found["process_resident_memory_bytes", frozenset()] > 0
    unknown = {"teejuht_dead_letters", "teejuht_waiting_messages", "teejuht_oldest_record_seconds"}
    assert {name for name, _ in found} & unknown == set()


def test_alerts_are_about_what_is_exposed() -> None:
    """No alert waits for a figure that nobody gives."""
    exposed = {name for name, _ in read(Metrics().text(LOOK))}
    named = set(re.findall(r"\bteejuht_\w+", (ROOT / "deploy" / "prometheus-alerts.yaml").read_text("utf-8")))
    assert named
    assert named - exposed == set()


# --- readiness


def test_a_process_in_order_is_ready() -> None:
    """Also one that stands by for another."""
    assert is_ready(LOOK)
    assert is_ready(replace(LOOK, channels={"telegram": "stands by"}))
    assert all(part["ok"] for part in parts(LOOK).values())
    assert set(parts(LOOK)) == {"database", "knowledge", "self-check", "dead letters", "web", "telegram", DESKS}


@pytest.mark.parametrize(
    ("look", "part"),
    [
        (replace(LOOK, knowledge_errors=1), "knowledge"),
        (replace(LOOK, status=replace(EMPTY, dead=1)), "dead letters"),
        (replace(LOOK, channels={"web": "served", "telegram": "ended: the token is wrong"}), "telegram"),
        (replace(LOOK, checked=replace(WELL, wrong={"et": "abstain", "ru": "abstain"})), "self-check"),
    ],
)
def test_a_broken_part_is_shown_while_others_help(look: Look, part: str) -> None:
    """Nobody is sent away because of it."""
    assert is_ready(look)
    assert [name for name, found in parts(look).items() if not found["ok"]] == [part]


@pytest.mark.parametrize(
    "look",
    [
        replace(LOOK, status=None),
        replace(LOOK, channels={}),
        replace(LOOK, channels={"telegram": "ended: the token is wrong", DESKS: "served"}),
        replace(LOOK, checked=None),
        replace(LOOK, checked=replace(WELL, wrong=dict.fromkeys(LANGUAGES, "abstain"))),
        replace(LOOK, at=NOW + STALE),
    ],
    ids=["no database", "not begun", "no channel", "not checked", "no language", "the check hangs"],
)
def test_a_process_that_can_help_nobody_is_not_ready(look: Look) -> None:
    """No database, no channel, or no language in which a known question is answered."""
    assert not is_ready(look)


# --- with the real engine


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """The real store, in memory."""
    opened = await SqlStore.open("sqlite://")
    yield opened
    await opened.close()


async def test_the_engine_is_seen(store: SqlStore) -> None:
    """A question, its answer, and an arrival that cannot be handled, which waits as a dead letter."""
    metrics, town = Metrics(), Recorder(ends=True)
    served = engine(store, town, watch=metrics.watch)
    await served.ingest([said("1", "where is library"), said("2", "где библиотека", "eve"), poison("3", "bob")])
    await served.drain()
    status = await store.status(NOW)
    found = read(metrics.text(replace(LOOK, status=status)))
    assert value(found, "events_total", channel="town", event="said") == 2
    assert {lang: value(found, "decisions_total", decision="answer", lang=lang) for lang in ("en", "ru")} == {"en": 1, "ru": 1}
    assert value(found, "dead_letters") == 1
