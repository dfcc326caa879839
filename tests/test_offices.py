"""Desks as the operator set them: what the rules know of them, and which settings cannot be meant."""

from datetime import timedelta
from typing import Final

import pytest

from bot import offices
from bot.core.world import Desk, Keeping, Route
from bot.engine import utc_now
from bot.errors import SettingsError
from bot.platforms.mail import MailDesk
from bot.platforms.web.case_links import CaseLinks
from bot.settings import Settings, load_settings
from tests.core.small import small_world
from tests.web.fakes import MemoryStore
from tests.worlds import catalogs

READY: Final = {
    "telegram_token": "123456:ABC", "matrix_user": "@bot:example.ee", "smtp_host": "mail.example.ee",
    "mail_from": "bot@example.ee", "public_url": "https://juht.example.ee",
}  # fmt: skip


def settings(desks: object, **more: object) -> Settings:
    """Settings with these desks."""
    return load_settings(**READY, desks=desks, **more)


def test_the_rules_know_the_desks() -> None:
    """By municipality in the order they are written, with languages, routes, who is named and how long things take."""
    world = offices.furnish(
        small_world(),
        settings(
            {
                "narva": {
                    "email": ["a@b.ee"], "telegram": -5, "lang": "ru", "names": True,
                    "routes": [{"to": "schools", "topics": ["school"], "languages": ["en"]}],
                },
                "schools": {"matrix": "!a:b.ee"},
                "editors": {"telegram": -6},
            },
            claim_hours=2,
            keep_cases_days=60,
        ),
    )  # fmt: skip
    desks = world.desks
    assert desks.groups["narva"] == (Desk(name="narva/email", lang="ru"), Desk(name="narva/telegram", lang="ru"))
    assert desks.receiving == ("narva/email", "narva/telegram", "schools/matrix")
    [route] = desks.routes["narva"]
    assert route == Route(to="schools", topics=frozenset({"school"}), languages=frozenset({"en"}))
    assert (desks.claim_within, desks.answer_within) == (timedelta(hours=2), timedelta(hours=8))
    assert desks.named == {"narva"}
    assert desks.mails
    assert (desks.lang("schools/matrix", "en"), desks.lang("unknown", "en")) == ("et", "en")
    assert world.keeping == Keeping(conversations=30, cases=60, deeds=365)


@pytest.mark.parametrize(
    ("desks", "said"),
    [
        ({"atlantis": {"telegram": -5}}, "atlantis is no municipality"),
        ({"narva": {"telegram": -5, "lang": "fi"}}, "there is no language fi; known are et, ru, en"),
    ],
)
def test_a_desk_of_nobodys(desks: object, said: str) -> None:
    """A name or a language that the knowledge does not have stops the start."""
    with pytest.raises(SettingsError, match=said):
        offices.furnish(small_world(), settings(desks))


def test_a_room_is_one_desk() -> None:
    """Whoever writes there must be staff of one municipality."""
    twice = settings({"narva": {"telegram": -5, "matrix": "!a:b"}, "johvi": {"telegram": -5, "matrix": "!a:b"}})
    with pytest.raises(SettingsError, match="johvi and narva name the same telegram -5"):
        offices.telegram_groups(twice)
    with pytest.raises(SettingsError, match="johvi and narva name the same matrix !a:b"):
        offices.matrix_rooms(twice)
    once = settings({"narva": {"telegram": -5, "matrix": "!a:b"}})
    assert (offices.telegram_groups(once), offices.matrix_rooms(once)) == ({-5: "narva/telegram"}, {"!a:b": "narva/matrix"})


async def test_every_desk_is_put_together() -> None:
    """A desk of mail needs no channel; without a server there is none."""
    wanted = settings({"narva": {"email": ["abi@example.ee"]}})
    post = offices.mailer(wanted, utc_now)
    links = CaseLinks(store=MemoryStore(), public_url="https://juht.example.ee", clock=utc_now)  # type: ignore[arg-type]
    made = offices.desks(wanted, small_world, catalogs(), links, post, None, None)
    assert list(made) == ["narva/email"]
    assert isinstance(made["narva/email"], MailDesk)
    assert offices.notices(post, catalogs()) is not None
    assert offices.mailer(load_settings(), utc_now) is None
    assert offices.notices(None, catalogs()) is None
