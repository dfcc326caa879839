"""The units of systemd: systemd itself finds no fault in them, and little that they could do to the machine."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from bot.settings import Settings
from tests.worlds import ROOT

DEPLOY: Final = ROOT / "deploy"
UNITS: Final = sorted(path.name for path in DEPLOY.glob("teejuht*.service"))
EXPOSURE: Final = 15
"""The most that `systemd-analyze security` may find, in tenths; what it calls OK ends at 50."""
ABOUT_THE_RUN: Final = (
    "ExecStart",
    "ExecStartPost",
    "Type",
    "Restart",
    "StateDirectory",
    "Kill",
    "Timeout",
    "Limit",
    "OOM",
    "Nice",
    "IO",
)


@pytest.fixture(scope="module")
def analyze() -> str:
    """The program that judges units."""
    found = shutil.which("systemd-analyze")
    assert found, "systemd-analyze is not here: apt-get install -y systemd"
    return found


def lines(unit: str) -> list[str]:
    """Give what stands below [Service]."""
    text = (DEPLOY / unit).read_text("utf-8").partition("[Service]\n")[2].partition("\n[")[0]
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_systemd_finds_no_fault(analyze: str, tmp_path: Path) -> None:
    """Every key is known and every value can be read; the program that is installed later stands in by another."""
    for path in DEPLOY.glob("teejuht*.[st][ei]*"):
        text = path.read_text("utf-8").replace("/opt/teejuht/current/bin/teejuht", "/bin/true")
        (tmp_path / path.name).write_text(text, "utf-8")
    units = sorted(tmp_path.iterdir())
    assert [unit.name for unit in units] == ["teejuht-backup.service", "teejuht-backup.timer", "teejuht.service"]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(tmp_path) in line]) == (0, []), done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_little_could_be_done_to_the_machine(analyze: str, unit: str) -> None:
    """Systemd's own measure of what a service that was taken over could do."""
    command = [analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(DEPLOY / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_backup_can_do_no_more_than_the_bot() -> None:
    """Both units have the same user, settings, secrets and walls."""
    [backup, bot] = [{line for line in lines(unit) if not line.startswith(ABOUT_THE_RUN)} for unit in UNITS]
    assert backup == bot


def test_backups_go_when_residents_were_told() -> None:
    """The bot tells them 14 days; find counts whole days that have passed, and `+13` is 14 at least."""
    [deleting] = [line for line in lines("teejuht-backup.service") if line.startswith("ExecStartPost=")]
    assert "-mtime +13 -delete" in deleting
    catalog = (ROOT / "locales" / "en" / "LC_MESSAGES" / "teejuht.po").read_text("utf-8")
    assert "backups, until they are overwritten (at most 14 days)" in catalog


def test_the_secrets_are_found_under_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systemd names a file of a loaded folder `ID_FILE`; the settings find each secret by that name."""
    [load] = [line for line in lines("teejuht.service") if line.startswith("LoadCredential=")]
    prefix, _, folder = load.removeprefix("LoadCredential=").partition(":")
    guide = (DEPLOY / "README.md").read_text("utf-8")
    named = set(re.findall(rf"{folder}/([a-z_]+)", guide))
    assert {"telegram_token", "smtp_password", "database"} <= named
    assert [line for line in lines("teejuht.service") if "TEEJUHT_SECRETS=%d " in f"{line} "]
    monkeypatch.setenv("TEEJUHT_SECRETS", str(tmp_path))
    for name in named:
        (tmp_path / f"{prefix}_{name}").write_text("sqlite:///of-a-file.db" if name == "database" else "of a file")
    found = Settings()
    for name in named:
        value = getattr(found, name)
        assert "of-a-file" in value if name == "database" else value.get_secret_value() == "of a file"


def test_the_timer_rings_every_night(analyze: str) -> None:
    """Systemd reads its calendar, in Estonia's time, and says when it rings next."""
    timer = (DEPLOY / "teejuht-backup.timer").read_text("utf-8")
    [calendar] = re.findall(r"OnCalendar=(.*)", timer)
    done = subprocess.run([analyze, "calendar", "--iterations=2", calendar], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Europe/Tallinn" in calendar
    assert len(re.findall(r"03:15:00 E", done.stdout)) or len(re.findall(r"0[01]:15:00 UTC", done.stdout)) >= 2


def test_the_command_runs_as_the_service_does() -> None:
    """What `sudo teejuht` uses is what the unit uses."""
    script = (DEPLOY / "teejuht-command.sh").read_text("utf-8")
    given = dict(pair.split("=", 1) for pair in re.findall(r"--property=(\S+)", script))
    of_unit = dict(line.split("=", 1) for line in lines("teejuht.service") if line.split("=")[0] in given)
    state = of_unit["WorkingDirectory"].replace("%S", "/var/lib")
    assert given == {**of_unit, "WorkingDirectory": state}
    assert json.dumps(re.findall(r"-- (\S+)", script)) == '["/opt/teejuht/current/bin/teejuht"]'
