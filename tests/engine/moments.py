"""The moments of a process's life, at the last of which its power goes: around its transactions and its calls to others.

For processes of their own: what is put in place here stays there. Knows nothing of what is kept, nor of who is called.
"""

import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from sqlalchemy import Engine, Pool, event
from yarl import URL


def nothing() -> None:
    """Let the moment pass."""


def countdown(last: int) -> Callable[[], None]:
    """Make what is called in each moment; the process dies in the last one."""
    left = last

    def moment() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return moment


def around_transactions(moment: Callable[[], None]) -> None:
    """Have a moment before and after each transaction of the store."""
    event.listen(Engine, "commit", lambda _: moment())
    event.listen(Pool, "checkin", lambda *_: moment())


def around_calls(moment: Callable[[], None], counts: Callable[[str], bool] = lambda _: True) -> None:
    """Have a moment before each request to an address that counts, once it is on its way, and once it is answered."""
    trace = _on_its_way(moment)
    request = aiohttp.ClientSession._request

    async def around(session: aiohttp.ClientSession, method: str, url: str | URL, **rest: object) -> aiohttp.ClientResponse:
        told = counts(str(url))
        if trace not in session.trace_configs:
            session.trace_configs.append(trace)
        if told:
            moment()
        response = await request(session, method, url, **cast(Any, rest | {"trace_request_ctx": told}))
        if told:
            moment()
        return response

    aiohttp.ClientSession._request = around  # type: ignore[method-assign, assignment]


def _on_its_way(moment: Callable[[], None]) -> aiohttp.TraceConfig:
    # Told a step before it is: what is run next finds the whole request with the system.
    async def with_body(session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceRequestChunkSentParams) -> None:
        if context.trace_request_ctx:
            session._loop.call_soon(moment)

    async def without(
        session: aiohttp.ClientSession, context: SimpleNamespace, head: aiohttp.TraceRequestHeadersSentParams
    ) -> None:
        if context.trace_request_ctx and head.method == "GET":
            session._loop.call_soon(moment)

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(with_body)
    trace.on_request_headers_sent.append(without)
    trace.freeze()
    return trace
