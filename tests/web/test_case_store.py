"""The page of a case over the real store: a link kept as a digest, a reply in the resident's conversation, a link that dies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.core.events import Said, StaffSaid, from_json, to_json
from bot.i18n import Catalogs
from bot.platforms.web import Act, CaseLinks, Cases, CaseView
from bot.platforms.web.case_links import digest_of
from bot.ports import Arrival, CaseRecord, FoundCase, Outcome, Turn
from bot.store import migrate
from bot.store.store import SqlStore
from tests.web.fakes import MemoryStore, browser, channel, serving
from tests.web.office import DESK, case_view, fields

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A store with one open case of a resident on Telegram."""
    url = f"sqlite:///{tmp_path / 'teejuht.db'}"
    await asyncio.to_thread(migrate.upgrade, url)
    store = await SqlStore.open(url, serve=True)
    said = Said(at=NOW, text="kus?", message="1")
    await store.ingest([Arrival(source="b", ext_id="1", channel="telegram", conversation="c", body=to_json(said), at=NOW)])
    await handle(store, opens=True)
    yield store
    await store.close()


async def handle(store: SqlStore, *, opens: bool = False, closed_at: datetime | None = None) -> list[Turn]:
    """Handle what waits, opening or closing the case, and give what was seen."""
    seen: list[Turn] = []

    def compute(turn: Turn) -> Outcome:
        seen.append(turn)
        case = CaseRecord(number=1, town="kohtla-jarve", body={"a": 1}, opens=opens, closed_at=closed_at)
        return Outcome(state={}, case=case)

    while await store.step(compute, compute, NOW):
        pass
    return seen


def view(found: FoundCase, desk: str, lang: str) -> CaseView:
    """Show the number that was found."""
    return case_view(code=f"KJ-{found.record.number:04}", town=f"{desk} {lang}")


async def test_a_link_leads_to_its_case_until_that_is_closed(kept: SqlStore, catalogs: Catalogs, tmp_path: Path) -> None:
    """The reply arrives in the resident's own conversation; the database has no link in it; a closed case has no page."""
    links = CaseLinks(store=kept, public_url="", clock=lambda: NOW)
    path = await links.make(DESK, 1)
    web = channel(MemoryStore(), catalogs, cases=Cases(links=links, view=view), clock=lambda: NOW)

    async def ingest(arrivals: object, *, cursor: tuple[str, str] | None = None) -> None:
        await kept.ingest(arrivals, cursor=cursor)  # type: ignore[arg-type]

    async with serving(web, ingest) as url, browser(url, Origin=url) as client:
        page = await client.get(path)
        assert "KJ-0001" in page.text
        form = {**fields(page, Act.REPLY), "text": "Tere"}
        for _ in range(2):
            assert (await client.post(path, data=form)).status_code == httpx.codes.SEE_OTHER
        [turn] = await handle(kept, closed_at=NOW)
        event = from_json(turn.body, turn.at)
        assert isinstance(event, StaffSaid)
        assert (turn.conversation, turn.channel, event.text, event.desk) == ("c", "telegram", "Tere", DESK)
        assert (await client.get(path)).status_code == httpx.codes.NOT_FOUND
    token = path.rpartition("/")[2]
    assert holds(tmp_path, digest_of(token))
    assert not holds(tmp_path, token)


def holds(folder: Path, word: str) -> bool:
    """Tell whether a word stands anywhere in the files of a database."""
    return any(word.encode() in file.read_bytes() for file in folder.iterdir())
