"""Checking what residents read: length, markup, values and links in answers, emergency cards and local additions."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bot.errors import Problem
from bot.knowledge.read import Files
from bot.knowledge.variants import MAX_VARIANT

MAX_ANSWER = 900
YEAR_DAYS = 366
_VALUE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_ADDRESS = re.compile(r"https?://\S+")


def length_of(body: str) -> int:
    """Count the characters that a reader sees, near enough: no addresses of links, a word for each value."""
    return len(_LINK.sub(r"\1", _VALUE.sub("value", body)))


def check_texts(files: Files) -> Iterator[Problem]:
    """Look for answers and variants that are too long, empty, or written with marks that are not shown."""
    for id, texts in files.texts.items():
        for lang, text in texts.items():
            path = files.reader.root / lang / f"{id}.md"
            yield from _text(files, path, "---", "the answer", text.body, MAX_ANSWER)
            for variant, body in text.variants.items():
                yield from _text(files, path, f"## variant: {variant}", f"the variant {variant!r}", body, MAX_VARIANT)


def check_values(files: Files, today: date) -> Iterator[Problem]:
    """Look for values that are missing, used in the wrong place or nowhere, or out of date."""
    used: set[str] = set()
    for path, text in _bodies(files):
        used.update(_VALUE.findall(text))
        yield from _uses(files, path, text)
    path = files.reader.root / "values.yaml"
    for name, value in files.values.items():
        needle = f"{name}:"
        if name not in used:
            yield files.reader.problem(path, needle, f"{name} is used nowhere; remove it", error=False)
        if value.valid_from and value.valid_until and value.valid_until < value.valid_from:
            yield files.reader.problem(path, needle, f"{name}: valid_until lies before valid_from; turn them round")
        elif value.valid_until and value.valid_until < today:
            text = f"{name} was valid until {value.valid_until}; residents see a link instead"
            yield files.reader.problem(path, needle, text, error=False)
        if value.kind in ("money", "number", "date") and (value.as_of is None or (today - value.as_of).days > YEAR_DAYS):
            yield files.reader.problem(path, needle, f"{name}: an amount needs an as_of of at most 12 months", error=False)
        if isinstance(value.value, dict) and (missing := sorted(set(files.languages) - set(value.value))):
            text = f"{name}: no address for {', '.join(missing)}; the first one stands in"
            yield files.reader.problem(path, needle, text, error=False)


def _text(files: Files, path: Path, needle: str, what: str, body: str, limit: int) -> Iterator[Problem]:
    length = length_of(body)
    if length > limit:
        yield files.reader.problem(path, needle, f"{what} has {length} characters; at most {limit} are read")
    if not body:
        yield files.reader.problem(path, needle, f"{what} has no text")
    for line in body.splitlines():
        if line.lstrip().startswith(("#", "|", "<", ">", "```")):
            yield files.reader.problem(path, line, "only paragraphs, lists, bold and links are shown; write it so")


def _uses(files: Files, path: Path, text: str) -> Iterator[Problem]:
    """Judge the values of one text, and what stands there in their place."""
    addresses = {name for _, address in _LINK.findall(text) for name in _VALUE.findall(address)}
    for name in dict.fromkeys(_VALUE.findall(text)):
        value = files.values.get(name)
        if value is None:
            yield files.reader.problem(path, name or "{{", f"there is no value {name!r} in values.yaml")
        elif (value.kind == "link") != (name in addresses):
            text_ = f"{name} is of the kind {value.kind}: a link, and only a link, is the address in `[text]({{{{ {name} }}}})`"
            yield files.reader.problem(path, name, text_)
    rest = _VALUE.sub("", text)
    if "{" in rest or "}" in rest:
        yield files.reader.problem(path, "{", "a value is written with two braces on each side: {{ name }}")
    for address in _ADDRESS.findall(rest):
        yield files.reader.problem(path, address, "make this address a value in values.yaml, so that it stands once", error=False)


def _bodies(files: Files) -> Iterator[tuple[Path, str]]:
    root = files.reader.root
    for id, texts in files.texts.items():
        for lang, written in texts.items():
            for body in (written.body, *written.variants.values()):
                yield root / lang / f"{id}.md", body
    for lang, safety in files.safety.items():
        for card in safety.cards.values():
            yield root / "safety" / f"{lang}.yaml", card
    for slug, place in files.municipalities.items():
        for added in place.additions.values():
            for text in added.text.values():
                yield root / "municipalities" / f"{slug}.yaml", text
