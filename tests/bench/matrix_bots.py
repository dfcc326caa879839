"""The whole bot in its own process, run by `matrix`: `python -m tests.bench.matrix_bots URL USER PASSWORD FOLDER KNOWLEDGE HOME`.

Knows how it is started on Matrix; not who writes, nor how what it costs is told.
"""

import asyncio
import sys
from contextlib import closing
from pathlib import Path

from nio import AsyncClient

from bot.engine import utc_now
from bot.knowledge.load import Library
from bot.platforms.matrix import KeyStore, MatrixChannel, log_in
from bot.store import SqlStore
from tests.bench.matrix_requests import count_requests
from tests.bench.metering import Methods, Say, serve
from tests.worlds import CACHE


async def ours(url: str, user: str, password: str, folder: Path, library: Library) -> None:
    """Serve the knowledge from a SQLite file, with the keys in another one."""
    counts, keys = count_requests(), f"sqlite:///{folder / 'keys.sqlite'}"
    with closing(KeyStore.open(keys)) as store:
        await log_in(store, user, url, password=password)

    def channel(say: Say, store: SqlStore) -> MatrixChannel:
        return MatrixChannel(user=user, keys=keys, servers=["localhost"], recall=store.cursor, say=say, clock=utc_now)

    beside = ("sync", "update_receipt_marker", "room_typing", "room_put_state")
    await serve(library, folder, channel, Methods(client=AsyncClient, calls=("room_send",), beside=beside), counts)


def main(url: str, user: str, password: str, folder: str, knowledge: str, home: str) -> None:
    """Run the bot."""
    library = Library(Path(knowledge), home=home, cache=CACHE)
    asyncio.run(ours(url, user, password, Path(folder), library))


if __name__ == "__main__":
    main(*sys.argv[1:])
