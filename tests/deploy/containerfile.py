"""A Containerfile carried out without a container engine: a folder stands for the root of the image.

Knows the instructions that ours uses and refuses any other, so that none is passed over. The base image is the Python that runs
the tests. Every stage is built in the same folder, so that an absolute path in a copied file leads where it would in the image.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final

from tests.worlds import ROOT

CONTAINERFILE: Final = ROOT / "deploy" / "Containerfile"
INSTALL_SECONDS: Final = 600
BASE: Final = "python:3.11-slim-bookworm"
OPTION: Final = re.compile(r"^--([a-z-]+)=(\S+)\s+")
ABSOLUTE: Final = re.compile(r"""(?:(?<=[\s="'])|^)/(?=\w|$)""")


@dataclass(slots=True)
class Image:
    """What a Containerfile makes: files below `root`, and how a container of it is started."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where commands are run."""
        return self.root / self.folder.lstrip("/")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes: nothing comes from outside but the way to Python."""
        return {"PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **self.variables}

    def inside(self, text: str) -> str:
        """Lead the absolute paths in a command below the root."""
        return ABSOLUTE.sub(lambda _: f"{self.root}/", text)


def build(file: Path, context: Path, room: Path) -> Image:
    """Carry out a Containerfile. Errors: ValueError for what is not known here, CalledProcessError for a step that fails."""
    stages: dict[str, Path] = {}
    ignored = _ignored(file)
    image, name = Image(room / "root"), ""
    for word, rest in _steps(file.read_text("utf-8")):
        if word == "FROM":
            if name:
                stages[name] = image.root.rename(room / name)
            image, name = Image(room / "root"), _stage(rest)
            image.root.mkdir()
        else:
            _carry_out(word, rest, image, context, stages, ignored)
    return image


def _carry_out(word: str, rest: str, image: Image, context: Path, stages: dict[str, Path], ignored: list[str]) -> None:
    match word:
        case "COPY":
            _copy(rest, image, context, stages, ignored)
        case "RUN":
            _run(rest, image)
        case "ENV":
            for pair in shlex.split(rest):
                key, _, value = pair.partition("=")
                image.variables[key] = Template(image.inside(value)).substitute(image.environment)
        case "WORKDIR":
            image.folder = rest
            image.path.mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = rest
        case "VOLUME":
            image.volumes += rest.split()
        case "EXPOSE":
            image.ports += map(int, rest.split())
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(_options(rest)[1].removeprefix("CMD "))
        case _:
            raise ValueError(f"an instruction that is not known here: {word}")


def _steps(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def _stage(rest: str) -> str:
    base, _, name = rest.partition(" AS ")
    if base != BASE:
        raise ValueError(f"a base that the Python of the tests does not stand for: {base}")
    return name


def _options(rest: str) -> tuple[dict[str, str], str]:
    found = {}
    while option := OPTION.match(rest):
        found[option[1]] = option[2]
        rest = rest[option.end() :]
    return found, rest


def _copy(rest: str, image: Image, context: Path, stages: dict[str, Path], ignored: list[str]) -> None:
    options, rest = _options(rest)
    *sources, target = rest.split()
    origin = stages[options["from"]] if "from" in options else context
    into = image.path / target if not target.startswith("/") else image.root / target.lstrip("/")
    leave_out = shutil.ignore_patterns(*(() if "from" in options else ignored))
    for source in sources:
        found = origin / source.lstrip("/")
        if found.is_dir():
            shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True, ignore=leave_out)
        else:
            (into if target.endswith("/") else into.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, into)


def _run(rest: str, image: Image) -> None:
    # What leads pip to its registry belongs to the machine, not to the recipe.
    outside = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_")) or name.endswith("_proxy")}
    done = subprocess.run(
        ["/bin/sh", "-c", image.inside(rest)], cwd=image.path, env={"HOME": str(Path.home()), **outside, **image.environment},
        capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"


def _ignored(file: Path) -> list[str]:
    """Give the names that a build never sees, from the file beside the Containerfile."""
    lines = file.with_name(f"{file.name}.dockerignore").read_text("utf-8").splitlines()
    return [line.removeprefix("**/") for line in lines if line.startswith("**/")]


def seen_by_a_build(file: Path) -> set[str]:
    """Give what the file beside the Containerfile lets a build see."""
    lines = file.with_name(f"{file.name}.dockerignore").read_text("utf-8").splitlines()
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


def copied(file: Path) -> set[str]:
    """Give what a Containerfile copies from the repository."""
    steps = [_options(rest) for word, rest in _steps(file.read_text("utf-8")) if word == "COPY"]
    return {source for options, rest in steps if "from" not in options for source in rest.split()[:-1]}
