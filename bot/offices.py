"""Desks as the operator set them: what the rules know of them, and the rooms, groups and addresses behind them.

Knows settings and platforms; not what is said at a desk, nor when.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.world import ABOUT_THE_BOT, Desk, Desks, Keeping, Route, World
from bot.errors import SettingsError
from bot.i18n import Catalogs
from bot.platforms.mail import MailDesk, Mailer, MailNotices, Tls
from bot.platforms.matrix import MatrixChannel, MatrixDesk
from bot.platforms.telegram import TelegramChannel
from bot.platforms.web.case_links import CaseLinks
from bot.ports import Desk as DeskPort
from bot.settings import RouteSettings, Settings

T = TypeVar("T")


def furnish(world: World, settings: Settings) -> World:
    """Tell the rules which desks there are and how long things are kept. Errors: SettingsError for a desk of nobody's."""
    groups = {
        name: tuple(Desk(name=f"{name}/{kind}", lang=desk.lang) for kind in desk.order) for name, desk in settings.desks.items()
    }
    targets = {route.to for desk in settings.desks.values() for route in desk.routes}
    for name, desk in settings.desks.items():
        if name not in world.municipalities and name not in ABOUT_THE_BOT | targets:
            raise SettingsError(f"TEEJUHT_DESKS: {name} is no municipality, and no route leads there")
        if desk.lang not in world.languages:
            raise SettingsError(
                f"TEEJUHT_DESKS: {name}: there is no language {desk.lang}; known are {', '.join(world.languages)}"
            )
    desks = Desks(
        groups=groups,
        routes={name: tuple(map(_route, desk.routes)) for name, desk in settings.desks.items() if desk.routes},
        named=frozenset(name for name, desk in settings.desks.items() if desk.names),
        claim_within=timedelta(hours=settings.claim_hours),
        answer_within=timedelta(hours=settings.answer_hours),
        mails=settings.has_mail,
    )
    keeping = Keeping(
        conversations=settings.keep_conversations_days, cases=settings.keep_cases_days, deeds=settings.keep_audit_days
    )
    return replace(world, desks=desks, keeping=keeping)


def telegram_groups(settings: Settings) -> Mapping[int, str]:
    """Name the desk of each group in Telegram. Errors: SettingsError for a group that is two desks."""
    return _once({name: desk.telegram for name, desk in settings.desks.items() if desk.telegram}, "telegram")


def matrix_rooms(settings: Settings) -> Mapping[str, str]:
    """Name the desk of each room in Matrix. Errors: SettingsError for a room that is two desks."""
    return _once({name: desk.matrix for name, desk in settings.desks.items() if desk.matrix}, "matrix")


def mailer(settings: Settings, clock: Callable[[], datetime]) -> Mailer | None:
    """Make what sends mail, if there is a server for it."""
    if not settings.has_mail:
        return None
    return Mailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=Tls(settings.smtp_security),
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        sender=settings.mail_from,
        clock=clock,
    )


def notices(post: Mailer | None, catalogs: Catalogs) -> MailNotices | None:
    """Make what tells residents that an answer waits."""
    return MailNotices(post, catalogs) if post else None


def desks(
    settings: Settings,
    world: Callable[[], World],
    catalogs: Catalogs,
    links: CaseLinks,
    post: Mailer | None,
    telegram: TelegramChannel | None,
    matrix: MatrixChannel | None,
) -> Mapping[str, DeskPort]:
    """Put every desk together, by name."""

    def title(topic: str, lang: str) -> str:
        found = world().topics.get(topic)
        return found.texts[lang].title if found else ""

    def each() -> Iterator[DeskPort]:
        if telegram:
            yield from telegram.desks
        if matrix:
            yield from (MatrixDesk(name=name, room=room, channel=matrix) for room, name in matrix_rooms(settings).items())
        for name, desk in settings.desks.items():
            if desk.email and post:
                yield MailDesk(
                    f"{name}/email", to=desk.email, mailer=post, catalogs=catalogs, link=links.make, title=title, lang=desk.lang
                )

    return {desk.name: desk for desk in each()}


def _route(route: RouteSettings) -> Route:
    return Route(
        to=route.to, topics=frozenset(route.topics), groups=frozenset(route.groups), languages=frozenset(route.languages)
    )


def _once(places: Mapping[str, T], kind: str) -> dict[T, str]:
    found: dict[T, str] = {}
    for name, place in places.items():
        if place in found:
            raise SettingsError(f"TEEJUHT_DESKS: {name} and {found[place].partition('/')[0]} name the same {kind} {place}")
        found[place] = f"{name}/{kind}"
    return found
