"""The whole bot as `teejuht serve` builds it, with everything that it talks to on this machine: one house for a file of tests.

Knows settings, peers and how the bot is started and left. Knows nothing of what people do there.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

from bot import app
from bot.content import load_content
from bot.engine import Engine, utc_now
from bot.i18n import Catalogs
from bot.platforms.matrix import KeyStore
from bot.platforms.telegram import TelegramChannel
from bot.ports import Status
from bot.render.markup import to_text
from bot.settings import Settings, load_settings
from bot.store import SqlStore, migrate
from tests.cli.test_processes import free_port
from tests.engine.small import PLACE, TOPICS, write_knowledge
from tests.handoff.shown import flat
from tests.matrix.kit import bot_account
from tests.matrix.outage import login_of
from tests.matrix.stage import becomes
from tests.peers.bot_api import BotApi, bot_api
from tests.peers.matrix_person import Person
from tests.peers.smtp import MailServer, mail_server
from tests.peers.synapse import Synapse
from tests.worlds import catalogs

TOWN: Final = "sampleton"
FORUM: Final = -1001000000042
OFFICE: Final = "abi@sampleton.example"
SENDER: Final = "teejuht@sampleton.example"
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A bot that serves, and what it talks to. `matrix` is the bot's account there, empty where it has none."""

    api: BotApi
    mail: MailServer
    url: str
    matrix: str
    store: SqlStore
    catalogs: Catalogs

    def words(self, lang: str, id: str, **args: str) -> str:
        """Give a sentence of ours as it is read, of this town."""
        known = {"town": str(PLACE["name"][lang]), **args}  # type: ignore[index]
        return flat(to_text(self.catalogs.text(lang, id, known)))

    async def settled(self) -> Status:
        """Wait until nothing is left to be done, and give what there is then. Errors: TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while (status := await self.store.status(utc_now())).waiting or status.unsent:  # noqa: ASYNC110 - a database
                await asyncio.sleep(0.02)
        return status


def question(topic: str, lang: str) -> str:
    """Give a question that the bot answers with a topic."""
    return {"et": "kus on {}", "ru": "где {}", "en": "where is {}"}[lang].format(TOPICS[topic].in_(lang))


def title(topic: str, lang: str) -> str:
    """Give what a topic is called."""
    return TOPICS[topic].in_(lang).capitalize()


@asynccontextmanager
async def house(
    folder: Path,
    desks: Mapping[str, object],
    *,
    server: Synapse | None = None,
    clerk: Person | None = None,
    rooms: tuple[str, ...] = (),
    homeserver: str = "",
) -> AsyncIterator[House]:
    """Serve everything until left, from when all desks are ready; the clerk lets the bot into these rooms.

    `homeserver`: where the bot finds it, should something stand in between.
    """
    async with bot_api() as api, mail_server() as mail:
        _forum(api)
        keys = folder / "matrix.db"
        account = await bot_account(server, folder, keys=f"sqlite:///{keys}") if server else None
        if account and homeserver:
            with closing(KeyStore.open(account.keys)) as logins:
                logins.keep(replace(login_of(account), homeserver=homeserver))
        port = free_port()
        settings = load_settings(
            knowledge=write_knowledge(folder / "knowledge"),
            database=f"sqlite:///{folder / 'bot.db'}",
            cache=folder / "cache",
            municipality=TOWN,
            web_port=port,
            public_url=f"http://127.0.0.1:{port}",
            telegram_token=api.token,
            telegram_api=api.url,
            matrix_user=account.user if account else "",
            matrix_keys=keys,
            smtp_host="127.0.0.1",
            smtp_port=mail.port,
            smtp_security="off",
            mail_from=SENDER,
            desks=desks,
        )
        async with _serving(settings) as engine:
            await api.until(lambda: api.polls > 0, "the bot listens", PATIENCE)
            for room in rooms:
                assert clerk
                assert account
                await clerk.invite(room, account.user)
                await becomes(clerk, room, account.user, "join")
            assert not {desk: found for desk, found in (await engine.desk_problems()).items() if found}
            store = engine.store
            assert isinstance(store, SqlStore)
            yield House(
                api=api,
                mail=mail,
                url=settings.public_url,
                matrix=account.user if account else "",
                store=store,
                catalogs=catalogs(),
            )


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[Engine]:
    content = load_content(settings)
    await asyncio.to_thread(migrate.upgrade, settings.database)
    store = await SqlStore.open(settings.database, serve=True)
    # Telegram's pace is tested by itself: 20 messages a minute to a group would make these tests wait.
    with patch.object(app, "TelegramChannel", partial(TelegramChannel, paced=False)):
        engine = app.build_engine(settings, content, store)
    running = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()


def _forum(api: BotApi) -> None:
    """Make the group of the desk in Telegram, in which the bot may manage topics."""
    api.chat(FORUM, type="supergroup", is_forum=True, title="Abi")
    api.promote(FORUM, can_manage_topics=True)
