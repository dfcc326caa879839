"""What a process does with the account while another one has the connection: it fetches files for the pages that it serves.

Knows the login, and no keys: a file has its own.
"""

import asyncio
from contextlib import closing

from bot.errors import StoreError, Unreachable
from bot.platforms.matrix.account import plain
from bot.platforms.matrix.keys import KeyStore, Login
from bot.platforms.matrix.media import Media
from bot.ports import File


async def fetch_aside(keys: str, user: str, file: File) -> bytes:
    """Give the content of a file, with the login that the key store at `keys` has. Errors: Refused, Unreachable."""
    try:
        login = await asyncio.to_thread(_kept, keys, user)
    except StoreError as error:
        raise Unreachable(str(error)) from error
    if login is None:
        raise Unreachable("not logged in")
    async with plain(login) as client:
        return await Media(client).download(file.ref, file.size)


def _kept(keys: str, user: str) -> Login | None:
    with closing(KeyStore.open(keys)) as store:
        return store.login(user)
