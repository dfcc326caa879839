"""Killed at any step of a login, the next one finishes it."""

import itertools
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.platforms.matrix.account import log_in
from bot.platforms.matrix.homeserver import Client
from bot.platforms.matrix.keys import DeviceStore, KeyStore
from tests.matrix.logins import assert_can_be_written_to, assert_signed, friend_of
from tests.peers import synapse as peer
from tests.peers.synapse import Synapse


class Killed(BaseException):
    """The process ends here."""


class Deadline:
    """Ends the process after one of its steps: a request that the server has done, or a write to the key store."""

    def __init__(self, step: int) -> None:
        self._left = step

    def passes(self) -> None:
        """Count a step."""
        self._left -= 1
        if self._left == 0:
            raise Killed

    @property
    def came(self) -> bool:
        """Whether there were as many steps."""
        return self._left <= 0


def kill_after(step: int, patch: pytest.MonkeyPatch) -> Deadline:
    """Count everything that leaves a trace, here or on the server; between two of these there is nothing to lose."""
    deadline = Deadline(step)
    send, keep, save = Client.send, KeyStore.keep, DeviceStore.save_account

    async def sending(*request: object, **options: object) -> object:
        answer = await send(*request, **options)  # type: ignore[arg-type]
        deadline.passes()
        return answer

    def writing(write: Callable[..., None]) -> Callable[..., None]:
        def counted(*values: object) -> None:
            write(*values)
            deadline.passes()

        return counted

    patch.setattr(Client, "send", sending)
    patch.setattr(KeyStore, "keep", writing(keep))
    patch.setattr(DeviceStore, "save_account", writing(save))
    return deadline


async def killed_after_every_step(server: Synapse, folder: Path, how: Callable[[peer.Account], dict[str, str]]) -> int:
    """Log new accounts in, each killed one step later, and then again; return the number of steps."""
    async with friend_of(server) as friend:
        for step in itertools.count(1):
            account = server.register()
            address = f"sqlite:///{folder / f'{step}.db'}"
            with closing(KeyStore.open(address)) as keys, pytest.MonkeyPatch.context() as patch, suppress(Killed):
                deadline = kill_after(step, patch)
                await log_in(keys, account.user, server.url, **how(account))
            with closing(KeyStore.open(address)) as keys:
                login = await log_in(keys, account.user, server.url, **how(account))
                assert_signed(server, keys, login)
                await assert_can_be_written_to(keys, login, friend)
            if not deadline.came:
                return step
    raise AssertionError


async def test_killed_at_any_step_of_a_login_by_password(synapse: Synapse, tmp_path: Path) -> None:
    """The second login always finishes what the first began."""
    steps = await killed_after_every_step(synapse, tmp_path, lambda account: {"password": account.password})
    assert steps > 10


async def test_killed_at_any_step_of_a_login_by_token(synapse: Synapse, tmp_path: Path) -> None:
    """The second login always finishes what the first began, on the same device."""
    steps = await killed_after_every_step(synapse, tmp_path, lambda account: {"token": account.token})
    assert steps > 10
