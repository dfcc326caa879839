"""A copy of the real knowledge that a test may break: few topics, short word lists and patterns, nothing generated."""

import shutil
from pathlib import Path

from bot.core.replies import ACT_ORDER
from bot.core.safety import SITUATIONS
from tests.worlds import KNOWLEDGE

SITUATION_TOPICS = ("mental-health", "child-protection", "victim-support", "emergency-numbers")
"""Those that the safety cards lead to."""
TOPICS = ("school", *SITUATION_TOPICS)
SCHOOL = """id: school
category: family-and-children
sources:
  - url: https://example.ee/school
    title: Example. Starting school
    checked: 2026-11-01
    as_of: 2026-10-01
owner: editors
review_by: 2027-05-22
related: [mental-health]
"""
"""One ordinary topic of the tests' own: what editors do to the real ones must break no test."""
WORDS = {
    "et": ("kooli minek", "kuidas {}|kus on {}|millal algab {}|kas on tasuta {}|mis on {}|paberid {}|vanus ja {}|kellele {}"),
    "ru": ("школа", "как {}|где {}|когда {}|бесплатно ли {}|что такое {}|документы {}|возраст и {}|для кого {}"),
    "en": ("starting school", "how is {}|where is {}|when is {}|is it free {}|what is {}|papers {}|age and {}|who needs {}"),
}


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
    write(target / "topics/school.yaml", SCHOOL)
    for topic in SITUATION_TOPICS:
        _copy(target, f"topics/{topic}.yaml")
    for lang in ("et", "ru", "en"):
        for topic in SITUATION_TOPICS:
            _copy(target, f"{lang}/{topic}.md")
        write(target / f"{lang}/school.md", _school(lang))
        _copy(target, f"{lang}/facts.yaml")
        write(target / f"safety/{lang}.yaml", _safety(lang))
        write(target / f"acts/{lang}.yaml", "".join(f"{act}:\n  - {lang}{act}\n" for act in ACT_ORDER))
    for lang in ("et", "ru", "en", "uk"):
        write(target / f"lexicon/{lang}.yaml", "function_words:\n  - ja\n")
        write(target / f"outside/{lang}.yaml", f"weather:\n  - {lang} weather tomorrow\n")
    write(target / "uk/phrasings.yaml", "school:\n  - до школи\n")
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


def _school(lang: str) -> str:
    name, questions = WORDS[lang]
    lines = "".join(f"  - {question.format(name)}\n" for question in questions.split("|"))
    return f"---\ntitle: {name.capitalize()}\nquestions:\n{lines}---\n{name.capitalize()}: {{{{ emergency-number }}}}.\n"


def _safety(lang: str) -> str:
    cards = "".join(f"  {situation}: '{lang} {{{{ emergency-number }}}}'\n" for situation in SITUATIONS)
    lines = "".join(f"  {situation}:\n    match:\n      - '=zz{situation}'\n" for situation in SITUATIONS)
    return f"cards:\n{cards}situations:\n{lines}"


def _copy(target: Path, name: str) -> None:
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(KNOWLEDGE / name, target / name)
