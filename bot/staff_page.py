"""A case in words, for staff who read it on its page.

Knows cases, catalogs and how the page wants them; nothing of HTTP, and changes nothing.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final, Protocol

from bot.core import cases
from bot.core.case_texts import (
    DESK_CALL,
    DESK_STAGE_CLAIMED,
    DESK_STAGE_CLOSED,
    DESK_STAGE_OPEN,
    DESK_STAGE_WAITING,
    RESIDENT_WITHDREW,
    STAFF_SENT_TOPIC,
)
from bot.core.cases import Case, CaseStage, Line
from bot.core.casework import card
from bot.core.texts import LanguageName, SaidMoment, TopicName, TownName
from bot.core.world import World
from bot.engine import utc_now
from bot.i18n import Catalogs, today_in_estonia
from bot.platforms.web.case_forms import Act
from bot.platforms.web.case_page import CaseLine, CaseView, Who
from bot.ports import Attachment, Fetch, FoundCase
from bot.render.markup import escape, to_text
from bot.render.speak import Speaker

STAGES: Final = {
    CaseStage.OPEN: DESK_STAGE_OPEN,
    CaseStage.CLAIMED: DESK_STAGE_CLAIMED,
    CaseStage.WAITING: DESK_STAGE_WAITING,
}


class Known(Protocol):
    """What the page needs of what the bot knows."""

    @property
    def world(self) -> World: ...

    @property
    def catalogs(self) -> Catalogs: ...


def show_case(known: Known, fetch: Fetch, found: FoundCase, desk: str, lang: str) -> CaseView:
    """Put a case into words for the staff of a desk."""
    case = cases.from_json(found.record.body)
    world = known.world
    speaker = Speaker(world, known.catalogs, lang, today_in_estonia(utc_now()))
    told = card(case, world)
    name = speaker.name
    return CaseView(
        code=case.code,
        state=to_text(speaker.text(STAGES.get(case.stage, DESK_STAGE_CLOSED), name=case.holder_name or case.desk)),
        town=to_text(name(TownName(case.town))),
        language=to_text(name(LanguageName(case.lang))),
        since=to_text(name(SaidMoment(case.agreed_at))) if case.agreed_at else "",
        lang=case.lang,
        question=case.question,
        answer=to_text(name(TopicName(case.topic))) if case.topic in world.topics else "",
        group="; ".join(map(to_text, speaker.reasons(told))),
        contact=_contact(case, speaker),
        lines=tuple(_lines(case, speaker, fetch)),
        acts=_acts(case, desk),
        desks=tuple((other, other) for other in world.desks.receiving if other != desk),
        topics=tuple(_topics(case, speaker)),
    )


def _contact(case: Case, speaker: Speaker) -> str:
    """Give what the resident left; where nobody else tells them that there is an answer, ask staff to."""
    mailed = speaker.world.desks.mails and "@" in case.contact
    if not case.contact or not case.page or mailed:
        return case.contact
    return to_text(speaker.text(DESK_CALL, contact=escape(case.contact)))


def _topics(case: Case, speaker: Speaker) -> Iterator[tuple[str, str]]:
    """Give what can be sent: first what the bot answered last, then all by title."""
    titles = {id: topic.texts[speaker.lang].title for id, topic in speaker.world.topics.items()}
    by_title = sorted(titles, key=lambda id: titles[id].lower())
    yield from ((id, titles[id]) for id in dict.fromkeys((case.topic, *by_title)) if id in titles)


def _lines(case: Case, speaker: Speaker, fetch: Fetch) -> Iterator[CaseLine]:
    for line in case.lines:
        text = line.text
        if line.withdrawn:
            text = to_text(speaker.text(RESIDENT_WITHDREW))
        elif line.topic in speaker.world.topics:
            text = f"{speaker.text(STAFF_SENT_TOPIC)} {to_text(speaker.name(TopicName(line.topic)))}"
        yield CaseLine(
            id=str(line.n),
            who=Who(line.who.value),
            when=to_text(speaker.name(SaidMoment(line.at))),
            text=text,
            name=line.name,
            lang=case.lang if line.who is cases.Who.RESIDENT else "",
            files=_files(line, fetch),
        )


def _files(line: Line, fetch: Fetch) -> tuple[Attachment, ...]:
    if line.file is None:
        return ()
    file = line.file
    return (Attachment(name=file.name, media_type=file.media_type, size=file.size, fetch=partial(fetch, file)),)


def _acts(case: Case, desk: str) -> frozenset[Act]:
    if not case.running:
        return frozenset()
    mine = case.stage is not CaseStage.OPEN and case.desk == desk
    return frozenset(Act) - ({Act.CLAIM} if mine else set())
