"""The operator's window and what the public is told, over real HTTP: health, readiness, metrics, and the wrong door."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from bot.core.world import World
from bot.errors import SettingsError, StoreError
from bot.i18n import Catalogs
from bot.platforms.web.admin import take_port
from bot.ports import Retention, Status
from bot.settings import load_settings
from bot.window import Window
from tests.engine.kit import NOW, PATIENCE
from tests.engine.small import small_world
from tests.web.fakes import FakeEngine, MemoryStore, browser, channel, serving

EMPTY = Status(revision="1", conversations=0, waiting=0, unsent=0, dead=0, timers=0, oldest_conversation=None)
LOCAL = ("127.0.0.1", 0)


@dataclass(slots=True)
class Counted:
    """A store that counts; `away`: it cannot be used, `slow`: it never answers."""

    status_now: Status = EMPTY
    away: bool = False
    slow: bool = False
    asked: int = 0

    async def status(self, now: datetime) -> Status:  # noqa: ARG002
        """Give the counts."""
        self.asked += 1
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise StoreError("the database postgresql://bot@db/x cannot be used: secret")
        return self.status_now


@dataclass(slots=True)
class Process:
    """An engine at work."""

    leading: bool = True
    parts: dict[str, str] = field(default_factory=lambda: {"web": "served", "telegram": "served"})
    reports: list[tuple[str, ...]] = field(default_factory=list)

    async def report(self, to: str, what: str, detail: str = "") -> None:
        """Note a report."""
        self.reports.append((to, what, detail))


@dataclass(slots=True)
class Seen:
    """A window that is open, and what stands behind it."""

    url: str
    window: Window
    store: Counted
    process: Process

    async def get(self, path: str) -> httpx.Response:
        """Ask for something."""
        async with browser(self.url) as client:
            return await client.get(path)

    async def ready_when_checked(self) -> httpx.Response:
        """Ask until the first self-check is made."""
        async with asyncio.timeout(PATIENCE):
            while (answer := await self.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - nobody tells that it is made
                await asyncio.sleep(0.01)
        return answer


@asynccontextmanager
async def opened(address: tuple[str, int] = LOCAL, *, fresh: float = 0.0) -> AsyncIterator[Seen]:
    """Open a window on a process."""
    store, process = Counted(), Process()
    window = Window(store=store, world=small_world, faults=lambda: 0, keep=Retention(), clock=lambda: NOW, fresh=fresh)
    with window.open(address) as url:
        running = asyncio.create_task(window.run(process))
        try:
            yield Seen(url, window, store, process)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture
async def seen() -> AsyncIterator[Seen]:
    """A window on this machine."""
    async with opened() as window:
        yield window


# --- what the operator sees


async def test_each_part_is_shown(seen: Seen) -> None:
    """By its name, with what is to be known of it; the whole is ready."""
    answer = await seen.ready_when_checked()
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "ready": True,
        "parts": {
            "database": {"ok": True},
            "knowledge": {"ok": True, "errors": 0},
            "self-check": {"ok": True, "languages": {"et": True, "ru": True, "en": True}, "at": "2026-11-22T10:00:00+00:00"},
            "dead letters": {"ok": True, "count": 0},
            "web": {"ok": True, "state": "served"},
            "telegram": {"ok": True, "state": "served"},
        },
    }


async def test_a_database_that_is_gone_is_503(seen: Seen) -> None:
    """Readiness says so, without the words of the driver; the process lives, and its own figures are there."""
    await seen.ready_when_checked()
    seen.store.away = True
    answer = await seen.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["parts"]["database"]) == (503, False, {"ok": False})
    assert "secret" not in answer.text
    assert (await seen.get("/healthz")).status_code == 200
    metrics = await seen.get("/metrics")
    assert metrics.status_code == 200
    assert "teejuht_ready 0.0" in metrics.text
    seen.store.away = False
    assert (await seen.get("/readyz")).status_code == 200


async def test_a_database_that_does_not_answer_is_503(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is not kept waiting for ever, and the process lives meanwhile."""
    monkeypatch.setattr("bot.window.LOOK_SECONDS", 0.05)
    await seen.ready_when_checked()
    seen.store.slow = True
    assert (await seen.get("/healthz")).status_code == 200
    assert (await seen.get("/readyz")).status_code == 503


async def test_standing_by_is_ready_and_ended_is_shown(seen: Seen) -> None:
    """Another process speaks to Telegram; and why a channel has ended stands there."""
    await seen.ready_when_checked()
    seen.process.parts = {"telegram": "stands by"}
    seen.process.leading = False
    assert (await seen.get("/readyz")).status_code == 200
    assert "teejuht_leading 0.0" in (await seen.get("/metrics")).text
    seen.process.parts = {"telegram": "ended: the token is wrong"}
    answer = await seen.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["telegram"] == {"ok": False, "state": "ended: the token is wrong"}


async def test_metrics_are_what_prometheus_reads(seen: Seen) -> None:
    """The library's parser takes every line, and each family says what it is."""
    await seen.ready_when_checked()
    answer = await seen.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert {"teejuht_ready", "teejuht_events", "teejuht_waiting_messages", "process_cpu_seconds"} <= set(families)
    assert [name for name, family in families.items() if not family.documentation or family.type == "unknown"] == []


async def test_one_look_serves_all_who_ask_at_once() -> None:
    """However often it is asked, the database is looked at once in a while."""
    async with opened(fresh=600.0) as seen, browser(seen.url) as client:
        answers = await asyncio.gather(*(client.get(path) for path in ["/readyz", "/metrics"] * 20))
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert seen.store.asked == 1
    async with opened(fresh=0.0) as seen:
        for _ in range(3):
            await seen.get("/readyz")
        assert seen.store.asked == 3


async def test_a_check_that_cannot_be_made_closes_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is broken so badly that no question can be chosen, who looks sees that nothing was checked."""

    def broken(_: World) -> None:
        raise IndexError

    monkeypatch.setattr("bot.insight.selfcheck.known_questions", broken)
    async with opened() as seen:
        with capture_logs() as logs:
            async with asyncio.timeout(PATIENCE):
                while not logs:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        answer = await seen.get("/readyz")
    assert logs[0]["error"] == "IndexError"
    assert (answer.status_code, answer.json()["parts"]["self-check"]) == (503, {"ok": False, "languages": {}, "at": None})


async def test_health_touches_nothing(seen: Seen) -> None:
    """Nobody restarts a process because its database is slow."""
    answer = await seen.get("/healthz")
    assert (answer.status_code, answer.text, seen.store.asked) == (200, "ok", 0)


# --- the wrong door


@pytest.mark.parametrize(
    "path", ["/", "/metrics/", "/metrics/..", "//metrics", "/%2e%2e/etc/passwd", "/METRICS", "/" + "a" * 8000, "/events"]
)
async def test_there_is_nothing_else(seen: Seen, path: str) -> None:
    """Whatever else is asked for is not there, and is not led elsewhere."""
    assert (await seen.get(path)).status_code in (307, 404)
    async with browser(seen.url) as client:
        answer = await client.get(path, follow_redirects=True)
    assert answer.status_code == 404 or answer.url.path == "/metrics"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_nothing_can_be_changed(seen: Seen, path: str, method: str) -> None:
    """Only reading is understood."""
    async with browser(seen.url) as client:
        assert (await client.request(method, path, content=b"x" * 100_000)).status_code == 405


async def test_no_other_site_can_read_it(seen: Seen) -> None:
    """A browser is told to give it to nobody, and to keep nothing."""
    async with browser(seen.url, Origin="https://evil.example") as client:
        answer = await client.get("/metrics")
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


# --- where it listens


async def test_a_taken_port_is_explained() -> None:
    """The setting is named, and what to do."""
    with socket.create_server(LOCAL) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} on 127\.0\.0\.1 is taken .*TEEJUHT_ADMIN_BIND"):
            take_port("127.0.0.1", port)


async def test_an_address_that_is_not_ours_is_explained() -> None:
    """The setting is named once."""
    with pytest.raises(SettingsError) as caught:
        take_port("192.0.2.1", 0)
    assert str(caught.value).count("TEEJUHT_ADMIN_BIND") == 1


@pytest.mark.parametrize(("bind", "shown"), [("127.0.0.2:0", "http://127.0.0.2:"), ("[::1]:0", "http://[::1]:")])
async def test_it_listens_where_it_is_told(bind: str, shown: str) -> None:
    """On another address of this machine, also one of version 6, and nowhere else."""
    address = load_settings(admin_bind=bind).admin_address
    assert address
    async with opened(address) as seen:
        assert seen.url.startswith(shown)
        assert (await seen.get("/healthz")).text == "ok"
        with pytest.raises(httpx.ConnectError):
            async with browser(f"http://127.0.0.1:{seen.url.rpartition(':')[2]}") as client:
                await client.get("/healthz")


async def test_without_an_address_nothing_is_shown_and_all_is_checked() -> None:
    """The public page's readiness still knows."""
    window = Window(store=Counted(), world=small_world, faults=lambda: 0, keep=Retention(), clock=lambda: NOW, fresh=0.0)
    assert load_settings(admin_bind="").admin_address is None
    assert not await window.ready()
    with window.open(None) as url:
        assert url == ""
        running = asyncio.create_task(window.run(Process()))
        async with asyncio.timeout(PATIENCE):
            while not await window.ready():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


# --- what the public is told


@pytest.mark.parametrize(("ready", "status", "text"), [(True, 200, "ok"), (False, 503, "not ready")])
async def test_the_public_is_told_a_word(
    store: MemoryStore, engine: FakeEngine, catalogs: Catalogs, ready: bool, status: int, text: str
) -> None:
    """Whether it lives, and whether it can do its work; no part, no figure."""

    async def said() -> bool:
        return ready

    async with serving(channel(store, catalogs, ready=said), engine) as url, browser(url) as client:
        answers: Sequence[httpx.Response] = [await client.get(path) for path in ("/healthz", "/readyz", "/metrics")]
        assert [(answer.status_code, answer.text) for answer in answers[:2]] == [(200, "ok"), (status, text)]
        assert answers[2].status_code == 404
        assert [(await client.post(path)).status_code for path in ("/healthz", "/readyz")] == [405, 405]
        assert "set-cookie" not in answers[0].headers


async def test_a_page_that_nobody_asks_for_more_is_ready(address: str) -> None:
    """One that is served without the rest of a process, as for trying it."""
    async with browser(address) as client:
        assert (await client.get("/readyz")).text == "ok"
