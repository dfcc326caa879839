"""A bot on a homeserver for one test: an account that is logged in, its key store, and the channel as `app` makes it.

Knows how the pieces are put together. Knows nothing of what people write.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.engine import utc_now
from bot.platforms.matrix import KeyStore, MatrixChannel, log_in
from bot.ports import Delivery, Fetch, Message, message_to_json
from tests.peers.synapse import Synapse

WORDS: Final = {"matrix_name": "Teejuht ({})", "matrix_topic": "Küsimused ({})", "matrix_choose": "({})", "matrix_react": "({})"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The bot's account: its user, and the address of its key store."""

    user: str
    keys: str


async def bot_account(server: Synapse, folder: Path, *, keys: str = "") -> Bot:
    """Register an account for the bot and log it in with the password."""
    account = server.register()
    address = keys or f"sqlite:///{folder / f'{account.device}.db'}"
    with closing(KeyStore.open(address)) as store:
        await log_in(store, account.user, server.url, password=account.password)
    return Bot(user=account.user, keys=address)


def matrix(
    bot: Bot,
    *,
    since: str | None = None,
    servers: Sequence[str] = ("localhost",),
    desks: Mapping[str, str] | None = None,
    fetch: Fetch | None = None,
) -> MatrixChannel:
    """Make the channel of an account, to begin at a position and with little patience."""

    async def recall(_: str) -> str | None:
        return since

    return MatrixChannel(
        user=bot.user,
        keys=bot.keys,
        servers=servers,
        recall=recall,
        say=say,
        clock=utc_now,
        desks=desks,
        fetch=fetch,
        first_wait=0.02,
    )


def say(lang: str, id: str) -> str:
    """Give a sentence around the chat that tells its language."""
    return WORDS[id].format(lang)


def row(conversation: str, message: Message, *, key: str, id: int = 1) -> Delivery:
    """Make a row of the outbox."""
    return Delivery(id=id, key=key, channel="matrix", conversation=conversation, lane=conversation, body=message_to_json(message))
