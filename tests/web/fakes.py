"""A store and an engine in memory, and the channel between them on a free port.

The store keeps rows as the outbox does; the engine answers with what the test put into `answers`. Nothing here is a twin
of the real ones: the store's own contract suite looks at those.
"""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from bot.core.events import Event, from_json
from bot.i18n import DOMAIN, Catalogs
from bot.platforms.web import Cases, WebChannel
from bot.platforms.web.health import Ready, always
from bot.ports import Arrival, Delivery, Hook, Ingest, Message, message_to_json
from tests.worlds import LOCALES

OPERATORS = {
    "et": "Kohtla-Järve Linnavalitsus",
    "ru": "Городская управа Кохтла-Ярве",
    "en": "Kohtla-Järve City Government",
}
LANGUAGES = ("et", "ru", "en")


class MemoryStore:
    """Rows of the outbox; `wake` makes every waiting stream look again."""

    def __init__(self) -> None:
        self.rows: list[Delivery] = []
        self.sent: dict[str, int] = {}
        self.pulls: list[tuple[str, int]] = []
        self._woken: set[asyncio.Event] = set()

    def put(self, conversation: str, message: Message) -> int:
        """Add a message to a conversation."""
        number = len(self.rows) + 1
        body = message_to_json(message)
        self.rows.append(
            Delivery(id=number, key=f"k{number}", channel="web", conversation=conversation, lane=conversation, body=body)
        )
        for waiting in self._woken:
            waiting.set()
        return number

    async def pull(self, conversation: str, after: int, limit: int = 100) -> Sequence[Delivery]:
        """Rows after an id that the page has not acknowledged."""
        self.pulls.append((conversation, after))
        after = max(after, self.sent.get(conversation, 0))
        return [row for row in self.rows if row.conversation == conversation and row.id > after][:limit]

    async def acknowledge(self, conversation: str, up_to: int) -> None:
        """Remember what the page has shown."""
        self.sent[conversation] = max(up_to, self.sent.get(conversation, 0))

    async def wait(self, seconds: float) -> None:
        """Return when a row was added, or after the seconds."""
        waiting = asyncio.Event()
        self._woken.add(waiting)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(waiting.wait(), seconds)
        finally:
            self._woken.discard(waiting)


def silence(_: Event) -> Sequence[Message]:
    """Answer nothing."""
    return ()


@dataclass(slots=True)
class FakeEngine:
    """Keeps each arrival once, as the inbox does, and answers it from `answers`; refuses while `failures` are left."""

    store: MemoryStore
    answers: Callable[[Event], Sequence[Message]] = silence
    arrivals: list[Arrival] = field(default_factory=list)
    again: int = 0
    failures: int = 0
    failure: Exception = field(default_factory=lambda: OSError("the store is away"))

    async def __call__(self, arrivals: Sequence[Arrival], *, cursor: tuple[str, str] | None = None) -> None:  # noqa: ARG002
        """Take arrivals as `ports.Ingest` says."""
        if self.failures:
            self.failures -= 1
            raise self.failure
        for arrival in arrivals:
            if (arrival.source, arrival.ext_id) in {(old.source, old.ext_id) for old in self.arrivals}:
                self.again += 1
                continue
            self.arrivals.append(arrival)
            for message in self.answers(from_json(arrival.body, arrival.at)):
                self.store.put(arrival.conversation, message)

    @property
    def events(self) -> list[Event]:
        """What has arrived, as core events."""
        return [from_json(arrival.body, arrival.at) for arrival in self.arrivals]


def _now() -> datetime:
    return datetime.now(UTC)


def channel(
    store: MemoryStore,
    catalogs: Catalogs,
    *,
    port: int = 0,
    public_url: str = "",
    contact: str = "",
    hooks: Mapping[str, Hook] | None = None,
    cases: Cases | None = None,
    clock: Callable[[], datetime] = _now,
    ready: Ready = always,
) -> WebChannel:
    """Build the channel as `app.py` does, on a free port of this machine."""
    return WebChannel(
        store=store,
        listen=lambda: store.wait,
        catalogs=catalogs,
        languages=LANGUAGES,
        default_language="et",
        host="127.0.0.1",
        port=port,
        public_url=public_url,
        operator=OPERATORS.__getitem__,
        clock=clock,
        contact=lambda _: contact,
        hooks=hooks,
        cases=cases,
        ready=ready,
    )


@asynccontextmanager
async def serving(web: WebChannel, ingest: Ingest) -> AsyncIterator[str]:
    """Run the channel over real HTTP and give its address."""
    running = asyncio.create_task(web.run(ingest))
    await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{web.bound}"
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def browser(url: str = "", **headers: str) -> httpx.AsyncClient:
    """A browser without a screen. It is given an empty TLS context: loading the system's takes longer than a test."""
    return httpx.AsyncClient(base_url=url, headers=headers, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def written_catalogs() -> Catalogs:
    """The real words in every language as they are written in locales/, compiled in memory."""
    return Catalogs({lang: _compiled(lang) for lang in LANGUAGES})


def _compiled(lang: str) -> Translations:
    source = LOCALES / lang / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)
