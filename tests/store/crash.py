"""A worker whose power goes at a given moment, or that rings a bell at every moment so that a killer can count.

Knows what the outside does: it repeats what is not confirmed, and keeps what it was sent. `test_crash.py` runs it.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, event

from bot.ports import CaseRecord, Outcome, Settled, Timer, Turn
from bot.store import SqlStore
from tests.contracts.store import NOW, arrival, post, seen, sent, sorry

PEOPLE: Final = ("ann", "bob")
ARRIVALS: Final = tuple(arrival(f"{n}", PEOPLE[n % 2]) for n in range(4))
BATCH: Final = 2


def address(folder: Path) -> str:
    """Return where the worker of this folder keeps its rows."""
    return f"sqlite:///{folder / 'bot.sqlite'}"


def dying(folder: Path, moments: int) -> None:
    """Work until everything is done, or die without a word when so many moments have passed."""
    left = moments

    def moment() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    live(folder, moment)


def ringing(folder: Path, bell: Connection) -> None:
    """Work until everything is done or somebody kills us."""
    live(folder, lambda: bell.send_bytes(b"."))


def live(folder: Path, moment: Callable[[], None]) -> None:
    """Work, with a moment before each statement and each commit, in each computation and after each send."""
    event.listen(Engine, "before_cursor_execute", lambda *_: moment())
    event.listen(Engine, "commit", lambda *_: moment())
    asyncio.run(work(folder, moment))


async def work(folder: Path, moment: Callable[[], None] = lambda: None) -> None:
    """Hear, handle, fire and send until nothing is left to do."""

    def rule(turn: Turn) -> Outcome:
        moment()
        return answer(turn)

    store = await SqlStore.open(address(folder), serve=True)
    await store.release("town")
    ended: list[Settled] = []
    with (folder / "sent").open("ab", buffering=0) as outside:
        while await hear(store) or ended or await busy(store):
            await store.step(rule, sorry, NOW)
            await store.fire(NOW)
            claimed = await store.settle("town", ended, 9, NOW)
            for one in claimed:
                outside.write(f"{one.key}\n".encode())
                moment()
            ended = [sent(one) for one in claimed]
    await store.close()


def answer(turn: Turn) -> Outcome:
    """Remember and answer everything once; what a person says also rings later, and the ringing opens a case."""
    name = f"{turn.source}/{turn.ext_id}"
    said = turn.source == "bot"
    timers = (Timer(key=name, due_at=NOW, body={}),) if said else ()
    case = None if said else CaseRecord(number=turn.number, town="town", body={}, opens=True)
    return Outcome(state={"seen": [*seen(turn), name]}, posts=(post(name, turn.conversation),), timers=timers, case=case)


async def hear(store: SqlStore) -> bool:
    """Take the next batch, and once more the one before, as a platform does that was not told; False at the end."""
    heard = int(await store.cursor("bot") or 0)
    if heard == len(ARRIVALS):
        return False
    batch = ARRIVALS[max(0, heard - BATCH) : heard + BATCH]
    await store.ingest(batch, cursor=("bot", str(heard + BATCH)))
    return True


async def busy(store: SqlStore) -> bool:
    """Whether anything waits."""
    status = await store.status(NOW)
    return bool(status.waiting or status.unsent or status.timers)
