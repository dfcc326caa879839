"""A Node.js process that runs matrix_person.mjs: calls go in as lines of JSON, answers and what it saw come out.

Knows how to start, ask and end it (`NODE` names another node, `NODE_MODULES` another folder of packages). Must not know
what the calls mean.
"""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.peers.matrix_seen import Json

SCRIPT: Final = Path(__file__).with_name("matrix_person.mjs")
NODE_MODULES: Final = Path(os.environ.get("NODE_MODULES", Path(__file__).parents[1] / "node_modules"))
CALL_SECONDS: Final = 30
END_SECONDS: Final = 5
# A line can hold a file.
LINE_BYTES: Final = 64 * 1024 * 1024


class RefusedError(Exception):
    """The client or its server refused a call; `code` is Matrix's, or the name of the client's own error."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the sentence."""
        super().__init__(f"{code}: {message}")
        self.code = code


class GoneError(Exception):
    """A client ended by itself; the message holds what it wrote last."""


class Node:
    """A running process; `take` is given everything that it saw, and nothing when it is gone."""

    def __init__(self, process: Process, take: Callable[[Json], None]) -> None:
        """Listen to a process that was started; `start` does both."""
        self.gone = ""
        self._process = process
        self._take = take
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._said: deque[str] = deque(maxlen=30)
        self._calls = 0
        self._overhearing = asyncio.create_task(self._overhear())
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, take: Callable[[Json], None]) -> "Node":
        """Start a process. Errors: RuntimeError with what to install."""
        arguments = (find_node(), SCRIPT, NODE_MODULES.absolute())
        environment = {"TZ": "UTC"}
        process = await asyncio.create_subprocess_exec(
            *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, limit=LINE_BYTES
        )
        return cls(process, take)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    @property
    def said(self) -> str:
        """Return the last lines that it wrote about errors."""
        return "\n".join(self._said)

    async def call(self, name: str, args: Json) -> object:
        """Have something done. Errors: RefusedError, GoneError, TimeoutError."""
        if self.gone:
            raise GoneError(self.gone)
        self._calls += 1
        number = self._calls
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "call": name, "args": args}).encode() + b"\n")
        try:
            return await asyncio.wait_for(answer, CALL_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"{name} took more than {CALL_SECONDS} seconds\n{self.said}") from None
        finally:
            del self._answers[number]

    async def end(self) -> None:
        """Let the process end, as its input does, and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            self._process.kill()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if "push" in told:
                self._take(told)
            else:
                self._answer(told)
        await self._overhearing
        self.gone = f"node ended with {await self._process.wait()}:\n{self.said}"
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(GoneError(self.gone))
        self._take({})

    def _answer(self, told: Json) -> None:
        answer = self._answers.get(told["id"])
        if answer is None or answer.done():
            return
        if "error" in told:
            answer.set_exception(RefusedError(told["error"]["code"], told["error"]["message"]))
        else:
            answer.set_result(told["result"])

    async def _overhear(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._said.append(line.decode(errors="replace").rstrip())


def find_node() -> str:
    """Find node and look whether the SDK is there. Errors: RuntimeError with what to install."""
    node = shutil.which(os.environ.get("NODE", "node"))
    if node is None:
        raise RuntimeError(
            "no Node.js for the Matrix tests: install 20 or newer, or name it in NODE; then run `make install-tests`"
        )
    if not (NODE_MODULES / "matrix-js-sdk").is_dir():
        raise RuntimeError(
            f"no matrix-js-sdk in {NODE_MODULES}: run `make install-tests`, or name another folder in NODE_MODULES"
        )
    return node
