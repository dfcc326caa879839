"""The command line in this process: the real `main`, on the small knowledge, in a folder of its own."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Protocol

import pytest
import structlog

from bot.__main__ import cli, main
from tests.engine.small import write_knowledge


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Teejuht(Protocol):
    """Runs the command with arguments and standard input."""

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Done: ...


@pytest.fixture(scope="session")
def small_knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small knowledge as files, not to be changed."""
    return write_knowledge(tmp_path_factory.mktemp("small") / "knowledge")


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_knowledge: Path) -> Iterator[Path]:
    """An empty working folder and no settings but the small knowledge."""
    for name in [name for name in os.environ if name.startswith("TEEJUHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(small_knowledge))
    monkeypatch.setenv("TEEJUHT_ADMIN_BIND", "")  # tests that run at once would take each other's port
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    structlog.reset_defaults()


@pytest.fixture
def knowledge(room: Path, small_knowledge: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small knowledge to change."""
    copy = shutil.copytree(small_knowledge, room / "knowledge")
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", str(copy))
    return copy


@pytest.fixture
def teejuht(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Teejuht:
    """The command line as `teejuht` runs it, without a process of its own."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin), encoding="ascii"))
        with pytest.raises(SystemExit) as ended:
            main(command(*arguments))
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run


def command(*arguments: str | Path) -> Callable[[], object]:
    """Bind the arguments."""
    return lambda: cli([str(argument) for argument in arguments])
