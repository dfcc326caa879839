"""Cases in memory and the links to them, as the store and the app hand them to the page; no twin of either."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx

from bot.errors import Refused, StoreError
from bot.platforms.web import Act, CaseLine, CaseLinks, Cases, CaseView, Who
from bot.ports import Attachment, CaseRecord, FoundCase

DESK = "kohtla-jarve/mail"
CODE = "KJ-0042"
NUMBER = 42
PUBLIC = "https://teejuht.test"
QUESTION = "<script>alert(1)</script> & **kus** {{ 7 * 7 }}\nтеперь?"
NOTICE = "<img src=x onerror=alert(2)>"
LINES = (
    CaseLine(id="a", who=Who.RESIDENT, when="23.11 kell 14.05", text=QUESTION, lang="ru"),
    CaseLine(id="b", who=Who.STAFF, when="23.11 kell 14.10", text="Tere!\n\nSaatke leping.", name="Töötaja <b>"),
    CaseLine(id="c", who=Who.NOTE, when="23.11 kell 14.11", text=NOTICE, name="Töötaja"),
    CaseLine(id="d", who=Who.BOT, when="23.11 kell 14.12", text="Vastus on saadetud."),
)


@dataclass(slots=True)
class MemoryCases:
    """Cases by number, with what the store keeps of links; `away` lets it fail."""

    views: dict[int, CaseView] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    links: dict[str, tuple[str, int, datetime]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
    asked: list[tuple[int, str, str]] = field(default_factory=list)
    looked: int = 0
    away: int = 0

    async def keep_link(self, digest: str, desk: str, case: int, now: datetime) -> None:
        """Keep a link."""
        self.links[digest] = (desk, case, now)

    async def linked_case(self, digest: str, now: datetime) -> tuple[str, FoundCase] | None:
        """Give the case of a link that is not too old and whose case is open."""
        self.looked += 1
        if self.away:
            self.away -= 1
            raise StoreError("the store is away")
        if digest not in self.links:
            return None
        desk, case, at = self.links[digest]
        if case in self.closed or now - at > timedelta(days=30):
            return None
        return desk, FoundCase(record=CaseRecord(number=case, town="kohtla-jarve", body={}), conversation="c", channel="web")

    def view(self, found: FoundCase, desk: str, lang: str) -> CaseView:
        """Give what was put there."""
        self.asked.append((found.record.number, desk, lang))
        return self.views[found.record.number]

    def clock(self) -> datetime:
        """Tell the time, which a test may change."""
        return self.now

    def page(self) -> Cases:
        """Give what the page of a case is made of."""
        return Cases(links=self.door(), view=self.view)

    def door(self) -> CaseLinks:
        """Give what makes links."""
        return CaseLinks(store=self, public_url=PUBLIC, clock=self.clock)

    async def path(self, number: int = NUMBER, desk: str = DESK) -> str:
        """Make a link and give its path."""
        return (await self.door().make(desk, number)).removeprefix(PUBLIC)


def case_view(**changes: object) -> CaseView:
    """A case with everything in it."""
    whole = CaseView(
        code=CODE,
        state="Uus",
        town="Kohtla-Järve",
        language="vene keel",
        since="23. november 2026, 14.05",
        lang="ru",
        question=QUESTION,
        answer="Elukoha registreerimine\n\nTeatage 30 päeva jooksul.",
        group="ajutise kaitse saaja",
        contact="a@example.ee",
        lines=LINES,
        acts=frozenset(Act),
        topics=(("register-residence", "Elukoha <registreerimine>"), ("school", "Kool")),
        desks=(("kohtla-jarve/telegram", "Kohtla-Järve, Telegram"), ("narva/mail", "Narva <e-post>")),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def document(name: str, content: bytes, *, size: int = 0, fetched: list[str] | None = None) -> Attachment:
    """A file of a resident; one whose content is empty is gone."""

    async def fetch() -> bytes:
        if fetched is not None:
            fetched.append(name)
        if not content:
            raise Refused("gone")
        return content

    return Attachment(name=name, media_type="text/html", size=size or len(content), fetch=fetch)


def words_of(html: str) -> str:
    """The words of a piece of a page as a browser shows them."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def fields(page: httpx.Response, act: str) -> Mapping[str, str]:
    """Read the hidden fields of the form that does this."""
    for form in re.findall(r"<form method=\"post\".*?</form>", page.text, re.DOTALL):
        found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
        if found["do"] == act:
            return {name: unescape(value) for name, value in found.items()}
    raise AssertionError(f"the page has no form to {act}")
