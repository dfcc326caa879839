"""Where bots under load are born: `python -m tests.bench.load_nursery KNOWLEDGE HOME FOLDER`.

Reads the knowledge once and forks a bot for each line of JSON on standard input, so that one that was killed lives again a tenth
of a second later. Says on standard output who was born, who has ended and what they have cost; `log` and `phrases.json` are in
the folder.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bot.core.world import World
from bot.knowledge.load import Library
from tests.bench.load_bot import live
from tests.bench.load_crew import LOG, PHRASES
from tests.bench.load_people import phrases
from tests.bench.load_replay import replay
from tests.worlds import CACHE, catalogs


def tell(**what: object) -> None:
    """Say something; one write, as the end of a bot may interrupt what else is said."""
    os.write(sys.stdout.fileno(), json.dumps(what).encode() + b"\n")


def bury(*_: object) -> None:
    """Tell of all that have ended: seconds of CPU, and the most memory in MB."""
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        tell(ended=pid, code=os.waitstatus_to_exitcode(status), cpu=cpu, rss_mb=peak)


def bear(life: Callable[[], None]) -> None:
    """Fork a bot that lives this life and say so. Its own process does not return."""
    if pid := os.fork():
        tell(born=pid)
        return
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Held open by a bot, the nursery's own pipes would not tell of its end.
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        life()
        code = 0
    except BaseException as error:
        os.write(sys.stderr.fileno(), f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def life(world: World, what: Mapping[str, Any]) -> Callable[[], None]:
    """Read what a bot is to do: serve (`database`, `port`), or say again what was `asked` (both are files)."""
    match what:
        case {"database": database, "port": port}:
            return lambda: asyncio.run(live(world, database, port))
        case {"asked": asked, "said": said}:
            return partial(replay, world, Path(asked), Path(said))
    raise ValueError(f"nothing known to do: {what}")


def main(knowledge: str, home: str, folder: str) -> None:
    """Read the knowledge, then fork until standard input ends."""
    with (Path(folder) / LOG).open("a") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    library = Library(Path(knowledge), home=home, cache=CACHE)
    world = library.load()
    library.finish()
    (Path(folder) / PHRASES).write_text(json.dumps(asdict(phrases(world))))
    catalogs()
    gc.freeze()
    signal.signal(signal.SIGCHLD, bury)
    tell(ready=os.getpid())
    for line in sys.stdin:
        bear(life(world, json.loads(line)))


if __name__ == "__main__":
    main(*sys.argv[1:])
