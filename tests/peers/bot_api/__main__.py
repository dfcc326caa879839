"""Serves the emulator alone, so that a bot can be pointed at it: `python -m tests.peers.bot_api [--port N] [--no-validate]`."""

import argparse
import asyncio
import sys
from contextlib import suppress

from tests.peers.bot_api.server import bot_api


async def _serve(port: int, *, validate: bool) -> None:
    async with bot_api(port=port, validate=validate) as api:
        sys.stdout.write(f"{api.url} token {api.token}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.bot_api")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--no-validate", action="store_true")
    chosen = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(chosen.port, validate=not chosen.no_validate))


if __name__ == "__main__":
    main()
