"""A case in words, as its page shows it to staff."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, cast

import pytest

from bot.content import Content
from bot.core import cases
from bot.core.cases import Case, CaseStage, Line, Who
from bot.core.events import File
from bot.platforms.web.case_forms import Act
from bot.platforms.web.case_page import CaseView
from bot.platforms.web.case_page import Who as Shown
from bot.ports import CaseRecord, FoundCase, Row
from bot.staff_page import show_case
from tests.core.desks import A, B, C, desked
from tests.worlds import catalogs

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PHOTO: Final = File(name="leping.jpg", media_type="image/jpeg", size=3, ref="x", channel="telegram")
CASE: Final = Case(
    stage=CaseStage.CLAIMED, lang="ru", town="narva", desks=(A, B), number=42, opened=1, desk=A, holder="telegram:5",
    holder_name="Mari", question="вопрос *о школе*", topic="school", contact="mari@example.ee", agreed_at=NOW,
    lines=(
        Line(n=0, at=NOW, who=Who.RESIDENT, text="пишу <b>ещё</b>", file=PHOTO),
        Line(n=1, at=NOW, who=Who.NOTE, text="helista", name="Mari"),
        Line(n=2, at=NOW, who=Who.STAFF, topic="school", name="Mari"),
        Line(n=3, at=NOW, who=Who.RESIDENT, withdrawn=True),
    ),
)  # fmt: skip


async def fetch(file: File) -> bytes:
    """Give a file's name as its content."""
    return file.name.encode()


def shown(case: Case = CASE, desk: str = A, lang: str = "et") -> CaseView:
    """Show a case."""
    record = CaseRecord(number=42, town="narva", body=cast(Row, cases.to_json(case)))
    found = FoundCase(record=record, conversation="ann", channel="telegram")
    return show_case(Content(desked(), catalogs()), fetch, found, desk, lang)


def test_what_is_known_of_the_case() -> None:
    """Names are said in the page's language; what the resident wrote stays as it is."""
    view = shown()
    assert (view.code, view.town, view.lang, view.language) == ("NA-0042", "Narva", "ru", "vene")
    assert (view.question, view.contact, view.answer) == ("вопрос *о школе*", "mari@example.ee", "Kool")
    assert "Mari" in view.state
    assert view.since == "22. november 2026 12:00"
    assert shown(lang="en").language == "Russian"


async def test_the_lines() -> None:
    """Each with who wrote it; a curated answer by its title, a deleted message as that, a file to be fetched."""
    first, note, sent, gone = shown().lines
    assert [line.who for line in (first, note, sent, gone)] == [Shown.RESIDENT, Shown.NOTE, Shown.STAFF, Shown.RESIDENT]
    assert (first.text, first.lang, note.name) == ("пишу <b>ещё</b>", "ru", "Mari")
    assert "Kool" in sent.text
    assert gone.text
    [file] = first.files
    assert (file.name, file.size, await file.fetch()) == ("leping.jpg", 3, b"leping.jpg")
    assert note.files == ()


@pytest.mark.parametrize(
    ("stage", "desk", "acts"),
    [
        (CaseStage.OPEN, A, frozenset(Act)),
        (CaseStage.CLAIMED, A, frozenset(Act) - {Act.CLAIM}),
        (CaseStage.CLAIMED, B, frozenset(Act)),
        (CaseStage.CLOSED, A, frozenset()),
    ],
)
def test_what_can_be_done(stage: CaseStage, desk: str, acts: frozenset[Act]) -> None:
    """Whoever has the case need not take it; one that has ended is only read."""
    assert shown(replace(CASE, stage=stage), desk).acts == acts


def test_where_it_can_be_handed() -> None:
    """To every other desk that receives cases, not to the editors'."""
    assert [name for name, _ in shown().desks] == [B, C]


def test_what_can_be_sent() -> None:
    """Every curated answer in the page's language, the one that the resident had first."""
    topics = shown().topics
    assert topics[0] == ("school", "Kool")
    assert len(topics) == len(dict(topics)) == len(desked().topics)
    assert list(topics[1:]) == sorted(topics[1:], key=lambda topic: topic[1].lower())


def test_who_must_be_called() -> None:
    """Where nothing rings and no mail goes out, staff are asked to tell the resident themselves."""
    phone = replace(CASE, page=True, contact="+372 5555 5555")
    assert "+372 5555 5555" in shown(phone).contact
    assert shown(phone).contact != phone.contact
    assert shown(replace(CASE, page=True)).contact != CASE.contact
    mailing = Content(desked(mails=True), catalogs())
    record = CaseRecord(number=42, town="narva", body=cast(Row, cases.to_json(replace(CASE, page=True))))
    found = FoundCase(record=record, conversation="ann", channel="web")
    assert show_case(mailing, fetch, found, A, "et").contact == CASE.contact
