"""Checking knowledge beyond its form: references, values, lengths, wordings that fail. Finds everything at once.

Errors stop a reload, warnings do not.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from bot.core.safety import SITUATIONS
from bot.core.world import World
from bot.errors import Problem
from bot.knowledge.read import Files, read, vocabulary, wordings
from bot.knowledge.variants import MAX_VARIANT, check_facts, check_variants
from bot.search.text import fold, tokens

MAX_ANSWER = 900
MIN_CHECKS = 4
MIN_NONE = 120
YEAR_DAYS = 366
_VALUE = re.compile(r"\{\{\s*([^}]*?)\s*\}\}")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


def check_files(files: Files, today: date) -> list[Problem]:
    """Look for every problem that the files alone show."""
    root = files.reader.root
    found = [
        *_references(files, root),
        *_values(files, root, today),
        *_texts(files, root),
        *_doubles(files, root),
        *check_facts(files),
        *check_variants(files, today),
        *_safety(files, root),
        *_reviews(files, root, today),
        *_forms(files, root),
    ]
    if files.checks:
        found += _check_counts(files, root)
    return [*files.problems, *found]


def errors(root: Path) -> int:
    """Count what keeps the files below `root` from being served."""
    return sum(problem.error for problem in check_files(read(root), datetime.now(UTC).date()))


def check_wordings(files: Files, world: World) -> Iterator[Problem]:
    """Look for check wordings whose answer is wrong: another topic answered, or an answer where none should be."""
    for lang, rows in files.checks.items():
        path = files.reader.root / "checks" / f"{lang}.yaml"
        for row in rows:
            finding = world.finder.find(row.text)
            if finding.decision != "answer":
                continue
            answered = finding.shown[0].topic
            if answered not in row.topics:
                wanted = " or ".join(row.topics) or "none"
                text = f"{row.text!r} is answered with {answered}, not {wanted}"
                yield files.reader.problem(path, row.text, text, error=False)


def _references(files: Files, root: Path) -> Iterator[Problem]:
    for id, topic in files.topics.items():
        path = root / "topics" / f"{id}.yaml"
        for other in topic.related:
            if other not in files.topics:
                yield files.reader.problem(path, "related: ", f"there is no topic {other!r} yet", error=False)
            if other == id:
                yield files.reader.problem(path, "related:", "a topic is not related to itself")
    for slug, place in files.municipalities.items():
        path = root / "municipalities" / f"{slug}.yaml"
        for topic_id, added in place.additions.items():
            if topic_id not in files.topics:
                yield files.reader.problem(path, f"{topic_id}:", f"there is no topic {topic_id!r} yet", error=False)
            yield from _languages(files, path, topic_id, added.text)
        for contact in place.contacts:
            yield from _languages(files, path, contact.id, contact.name)
        yield from _languages(files, path, "name", place.name)
        yield from _languages(files, path, "operator", place.operator)
    for category in files.categories:
        yield from _languages(files, root / "categories.yaml", category.id, category.name)


def _languages(files: Files, path: Path, what: str, texts: Iterable[str]) -> Iterator[Problem]:
    for lang in sorted(set(files.languages) - set(texts)):
        yield files.reader.problem(path, what, f"{what}: the language {lang} is missing")


def _values(files: Files, root: Path, today: date) -> Iterator[Problem]:
    used: set[str] = set()
    for path, text in _bodies(files, root):
        for name in _VALUE.findall(text):
            used.add(name)
            if name not in files.values:
                yield files.reader.problem(path, "{{ " + name, f"there is no value {name!r} in values.yaml")
    values = root / "values.yaml"
    for name, value in files.values.items():
        if name not in used:
            yield files.reader.problem(values, f"{name}:", f"{name} is used nowhere; remove it", error=False)
        if value.valid_until and value.valid_until < today:
            text = f"{name} was valid until {value.valid_until}; residents see a link instead"
            yield files.reader.problem(values, f"{name}:", text, error=False)
        if value.kind in ("money", "number", "date") and (value.as_of is None or (today - value.as_of).days > YEAR_DAYS):
            yield files.reader.problem(values, f"{name}:", f"{name}: an amount needs an as_of of at most 12 months", error=False)


def _bodies(files: Files, root: Path) -> Iterator[tuple[Path, str]]:
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


def _texts(files: Files, root: Path) -> Iterator[Problem]:
    for id, texts in files.texts.items():
        for lang, text in texts.items():
            path = root / lang / f"{id}.md"
            yield from _text(files, path, "---", "the answer", text.body, MAX_ANSWER)
            for variant, body in text.variants.items():
                yield from _text(files, path, f"## variant: {variant}", f"the variant {variant!r}", body, MAX_VARIANT)


def _text(files: Files, path: Path, needle: str, what: str, body: str, limit: int) -> Iterator[Problem]:
    seen = _LINK.sub(r"\1", _VALUE.sub("value", body))
    if len(seen) > limit:
        yield files.reader.problem(path, needle, f"{what} has {len(seen)} characters; at most {limit} are read")
    if not body:
        yield files.reader.problem(path, needle, f"{what} has no text")
    for line in body.splitlines():
        if line.lstrip().startswith(("#", "|", "<", ">", "```")):
            yield files.reader.problem(path, line, "only paragraphs, lists, bold and links are shown; write it so")


def _doubles(files: Files, root: Path) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for wording in wordings(files):
        if wording.field == "keyword":
            continue
        plain = " ".join(fold(token) for token in tokens(wording.text))
        other = seen.setdefault(plain, wording.topic)
        if other != wording.topic:
            path = root / wording.lang / f"{wording.topic}.md"
            yield files.reader.problem(path, wording.text, f"{wording.text!r} is already a phrasing of {other}")


def _safety(files: Files, root: Path) -> Iterator[Problem]:
    for lang, safety in files.safety.items():
        path = root / "safety" / f"{lang}.yaml"
        for situation, topic in SITUATIONS.items():
            if situation not in safety.cards or situation not in safety.situations:
                yield files.reader.problem(path, "cards:", f"the situation {situation!r} needs a card and combinations")
            if topic not in files.topics:
                yield files.reader.problem(path, "cards:", f"the card of {situation!r} needs the topic {topic!r}")


def _reviews(files: Files, root: Path, today: date) -> Iterator[Problem]:
    for id, topic in files.topics.items():
        path = root / "topics" / f"{id}.yaml"
        if topic.review_by < today:
            yield files.reader.problem(path, "review_by:", f"was due for review on {topic.review_by}", error=False)
        if all(source.as_of is None for source in topic.sources):
            yield files.reader.problem(path, "sources:", "no source has a date (as_of)", error=False)


def _forms(files: Files, root: Path) -> Iterator[Problem]:
    known: dict[str, set[str]] = {}
    for word in files.generated.words:
        known.setdefault(word.lang, set()).update(word.forms)
    if not known:
        return
    everything = set().union(*known.values())
    missing = {
        token for _, text in vocabulary(files) for token in tokens(text) if not token.isdigit() and fold(token) not in everything
    }
    if missing:
        some = ", ".join(sorted(missing)[:5])
        text = f"{len(missing)} words have no generated forms ({some} ...); run `teejuht forms`"
        yield Problem(files.reader.name(root / ".index"), 1, text, error=False)


def _check_counts(files: Files, root: Path) -> Iterator[Problem]:
    for lang, rows in files.checks.items():
        path = files.reader.name(root / "checks" / f"{lang}.yaml")
        for topic in files.topics:
            count = sum(topic in row.topics for row in rows)
            if count < MIN_CHECKS:
                yield Problem(path, 1, f"{topic} has {count} check wordings; write at least {MIN_CHECKS}", error=False)
        none = sum(not row.topics for row in rows)
        if none < MIN_NONE:
            yield Problem(path, 1, f"there are {none} wordings for `none`; write at least {MIN_NONE}", error=False)
