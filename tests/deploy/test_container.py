"""The image: its recipe is carried out to the letter, and what it makes serves from files that nobody can change."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.cli.test_processes import free_port, get, wait_for
from tests.deploy.containerfile import CONTAINERFILE, Image, build, copied, seen_by_a_build
from tests.worlds import ROOT

PATIENCE: Final = 300.0
# Root may write everywhere, a container's process without any capability may not.
POWERLESS: Final = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs") if os.geteuid() == 0 else ()


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image that the Containerfile makes; only its volume can be written."""
    room = Path(tempfile.mkdtemp(prefix="teejuht-image-"))
    try:
        image = build(CONTAINERFILE, ROOT, room)
        volumes = [image.root / volume.lstrip("/") for volume in image.volumes]
        subprocess.run(["chmod", "-R", "a-w", image.root], check=True)
        subprocess.run(["chmod", "a+rwx", *volumes], check=True)
        yield image
    finally:
        subprocess.run(["chmod", "-R", "u+w", room], check=False)
        shutil.rmtree(room)


def run(image: Image, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in a container to its end."""
    return subprocess.run(
        [*POWERLESS, *command],
        cwd=image.path,
        env=image.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def served(image: Image, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a container beside us, and end it however the test ends."""
    variables = {f"TEEJUHT_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [*POWERLESS, *image.entrypoint, *image.command],
        cwd=image.path, env={**image.environment, **variables}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def files(folder: Path) -> set[tuple[str, float]]:
    """Give every file below a folder with the moment of its last change."""
    return {(str(path), path.lstat().st_mtime) for path in folder.rglob("*") if not path.is_dir()}


def watched() -> set[str]:
    """Give the figures that the alerts look at."""
    found = set(re.findall(r"\bteejuht_\w+", (ROOT / "deploy" / "prometheus-alerts.yaml").read_text("utf-8")))
    assert len(found) > 5
    return found


def test_a_build_sees_what_it_copies_and_no_more() -> None:
    """What is beside the code, such as an environment or secrets, never becomes part of an image."""
    assert copied(CONTAINERFILE) == seen_by_a_build(CONTAINERFILE)


def test_it_does_not_run_as_root(image: Image) -> None:
    """The user is a number, so that Kubernetes and the like can tell that it is not root's."""
    user, _, group = image.user.partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_what_is_installed_is_what_the_lock_file_names(image: Image) -> None:
    """Every library of the environment fits the others, and nothing but the lock file and our package has been installed."""
    assert run(image, ["python", "-m", "pip", "check"]).stdout.strip() == "No broken requirements found."
    freeze = run(image, ["python", "-m", "pip", "--disable-pip-version-check", "freeze"]).stdout
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert pins(freeze) - pins(lock) == {"teejuht"}


def pins(lines: str) -> set[str]:
    """Give the name and version that each line begins with, names as the registry compares them."""
    return {re.sub(r"[-_.]+", "-", line.split()[0].lower()) for line in lines.splitlines() if line[:1].isalnum()}


def test_the_files_cannot_be_written_there(image: Image) -> None:
    """What the next test shows would be empty if they could."""
    assert run(image, ["sh", "-c", "echo x > opt/teejuht/x"]).returncode != 0
    assert run(image, ["sh", "-c", "echo x > data/x && rm data/x"]).returncode == 0


def test_it_serves_and_writes_to_its_volume_only(image: Image) -> None:
    """Page, health and the figures of the alerts are there, nothing but the volume has changed, and a stop ends with 0."""
    [web, admin] = [free_port(), free_port()]
    before = files(image.root / "opt")
    health = [part.replace("127.0.0.1:9090", f"127.0.0.1:{admin}") for part in image.health]
    assert health != image.health
    with served(image, web_port=str(web), web_host="127.0.0.1", admin_bind=f"127.0.0.1:{admin}") as bot:
        wait_for(bot, "Web page")
        page = get(f"http://127.0.0.1:{web}/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert get(f"http://127.0.0.1:{admin}/healthz").status_code == 200
        assert watched() <= set(re.findall(r"^# TYPE (\w+) ", get(f"http://127.0.0.1:{admin}/metrics").text, re.MULTILINE))
        assert run(image, health).returncode == 0
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(PATIENCE) == 0
    assert run(image, health).returncode != 0
    assert (image.root / "data" / "teejuht.db").is_file()
    assert files(image.root / "opt") == before
