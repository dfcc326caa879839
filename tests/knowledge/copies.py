"""A copy of the real knowledge that a test may break: few topics, short word lists and patterns, nothing generated."""

import shutil
from pathlib import Path

from bot.core.safety import SITUATIONS
from tests.worlds import KNOWLEDGE

TOPICS = ("school", "mental-health", "child-protection", "victim-support", "emergency-numbers")
"""One ordinary topic, and those that the safety cards lead to."""


def copy_knowledge(target: Path) -> Path:
    """Copy the real knowledge, as far as it is needed for a check without errors, and give the new folder."""
    for name in (
        "languages.yaml",
        "facts.yaml",
        "categories.yaml",
        "values.yaml",
        "municipalities/_national.yaml",
        "municipalities/kohtla-jarve.yaml",
    ):
        _copy(target, name)
    for topic in TOPICS:
        _copy(target, f"topics/{topic}.yaml")
    for lang in ("et", "ru", "en"):
        for topic in TOPICS:
            _copy(target, f"{lang}/{topic}.md")
        _copy(target, f"{lang}/facts.yaml")
        write(target / f"safety/{lang}.yaml", _safety(lang))
        write(target / f"acts/{lang}.yaml", "greeting:\n  - tere\n")
    for lang in ("et", "ru", "en", "uk"):
        write(target / f"lexicon/{lang}.yaml", "function_words:\n  - ja\n")
    return target


def write(path: Path, text: str) -> None:
    """Write a file, its folder too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def change(path: Path, needle: str, line: str | None) -> int:
    """Replace the first line that begins with `needle` (None: take it out) and give its number."""
    lines = path.read_text("utf-8").splitlines()
    place = next(number for number, text in enumerate(lines) if text.startswith(needle))
    lines[place : place + 1] = [] if line is None else line.split("\n")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return place + 1


def add(path: Path, line: str) -> int:
    """Add a line at the end of a file and give its number."""
    text = path.read_text("utf-8").rstrip("\n")
    path.write_text(f"{text}\n{line}\n", "utf-8")
    return text.count("\n") + 2


def _safety(lang: str) -> str:
    cards = "".join(f"  {situation}: '{lang} {{{{ emergency-number }}}}'\n" for situation in SITUATIONS)
    lines = "".join(f"  {situation}:\n    match:\n      - '=zz{situation}'\n" for situation in SITUATIONS)
    return f"cards:\n{cards}situations:\n{lines}"


def _copy(target: Path, name: str) -> None:
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(KNOWLEDGE / name, target / name)
