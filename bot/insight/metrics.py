"""Figures for Prometheus: what happens in this process is counted, what the database knows is read at each scrape.

Knows names, labels and how they are written. Labels are channels, languages, kinds and results: never a text, an account, or
what somebody asked about.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.core.cases import CaseStage
from bot.core.effects import Count, Heard, Step
from bot.core.events import KINDS
from bot.insight.health import Look, answered, is_ready, parts
from bot.ports import DESKS, Settled, Turn, limits

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
RUNNING: Final = frozenset({CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING})
QUEUES: Final = ("inbox", "outbox")


class Metrics:
    """Counts steps and deliveries; safe to be told of them from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._events = self._counter("teejuht_events", "Events that were handled", "channel", "event")
        self._decisions = self._counter("teejuht_decisions", "Questions by what was made of them", "decision", "lang")
        self._cases = self._counter("teejuht_cases", "Cases that were opened (again), and that ended", "what")
        self._deliveries = self._counter("teejuht_deliveries", "Tries to deliver by how they ended", "channel", "result")
        self._apologies = self._counter("teejuht_apologies", "Events that could not be handled", "channel")

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)

    def watch(self, turn: Turn, step: Step) -> None:
        """Count a step. One that is computed anew, because the database could not keep it, counts again."""
        event = str(turn.body.get("event"))
        self._events.labels(turn.channel, event if event in KINDS else "unknown").inc()
        for effect in step.effects:
            if isinstance(effect, Heard):
                self._decisions.labels(effect.decision, effect.lang).inc()
            elif isinstance(effect, Count) and effect.what == "apology":
                self._apologies.labels(turn.channel).inc()
        before, after = _had_case(turn), step.state.has_case
        if before != after:
            self._cases.labels("opened" if after else "ended").inc()

    def settled(self, channel: str, end: Settled) -> None:
        """Count a try to deliver."""
        self._deliveries.labels(channel, end.result.value).inc()

    def text(self, look: Look) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(_Scrape(self._registry, look))


class _Scrape(Collector):
    """What one scrape reads: the counters, and gauges of what was found at this moment."""

    def __init__(self, counters: CollectorRegistry, look: Look) -> None:
        self._counters = counters
        self._look = look

    def collect(self) -> Iterator[Metric]:
        """Give all families."""
        for family in self._counters.collect():
            # When a counter began says no more than when the process did.
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield family
        yield from gauges(self._look)


def gauges(look: Look) -> Iterator[Metric]:
    """Give what was found, as gauges; what only the database knows is left out while that cannot be used."""
    yield _gauge("teejuht_ready", "Whether this process can do its work", is_ready(look))
    yield _gauge("teejuht_leading", "Whether this process speaks to Telegram, Matrix and the desks", look.leading)
    in_order = {name: bool(part["ok"]) for name, part in parts(look).items()}
    yield _labelled("teejuht_part_ok", "Whether a part is in order", "part", in_order)
    yield _gauge("teejuht_knowledge_errors", "Errors that keep changed knowledge from being served", look.knowledge_errors)
    yield _labelled("teejuht_self_check_ok", "Whether a question whose answer is known gets it", "lang", answered(look))
    if look.checked:
        yield _gauge("teejuht_self_check_timestamp_seconds", "When that was tried last", look.checked.at.timestamp())
    yield from _kept(look)


def _kept(look: Look) -> Iterator[Metric]:
    """Give what the database knows."""
    status, most = look.status, limits(look.keep)
    seconds = {kind: limit.total_seconds() for kind, limit in most.items()}
    yield _labelled("teejuht_record_limit_seconds", "How long personal records may stay", "kind", seconds)
    if status is None:
        return
    ages = {kind: _age(look, kind) for kind in most}
    yield _labelled("teejuht_oldest_record_seconds", "Age of the oldest personal record, 0 for none", "kind", ages)
    yield _gauge("teejuht_conversations", "Conversations that are remembered", status.conversations)
    yield _gauge("teejuht_open_cases", "Cases that have not ended", status.open_cases)
    yield _gauge("teejuht_dead_letters", "Messages that were given up", status.dead)
    yield from _queues(look)


def _queues(look: Look) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("teejuht_waiting_messages", "Rows that wait in a queue", labels=("queue", "channel"))
    failing = GaugeMetricFamily("teejuht_failing_messages", "Those that were tried in vain so far", labels=("queue", "channel"))
    oldest = GaugeMetricFamily("teejuht_oldest_waiting_seconds", "Since when the oldest waits", labels=("queue", "channel"))
    found = {(queue.queue, queue.channel): queue for queue in look.status.queues} if look.status else {}
    places = {(queue, channel) for queue in QUEUES for channel in (*look.channels, DESKS)}
    for place in sorted(places | found.keys()):
        queue = found.get(place)
        waiting.add_metric(place, queue.rows if queue else 0)
        failing.add_metric(place, queue.failing if queue else 0)
        oldest.add_metric(place, max(0.0, (look.at - queue.since).total_seconds()) if queue else 0)
    yield from (waiting, failing, oldest)


def _age(look: Look, kind: str) -> float:
    since = look.status.oldest.get(kind) if look.status else None
    return max(0.0, (look.at - since).total_seconds()) if since else 0.0


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _labelled(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _had_case(turn: Turn) -> bool:
    """Tell whether staff had a question of this person before the turn, as `core.state` keeps it."""
    case = (turn.state or {}).get("case")
    return isinstance(case, Mapping) and case.get("stage") in RUNNING
