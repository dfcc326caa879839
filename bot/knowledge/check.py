"""Checking knowledge beyond its form: references, languages, dates, wordings that fail. Finds everything at once.

Errors stop a reload, warnings do not.
"""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from bot.core.replies import ACT_ORDER
from bot.core.safety import SITUATIONS
from bot.core.world import NATIONAL, World
from bot.errors import Problem
from bot.knowledge.bodies import check_texts, check_values
from bot.knowledge.programmes import check_programmes
from bot.knowledge.read import Files, outside, vocabulary, wordings
from bot.knowledge.searching import language_words
from bot.knowledge.variants import check_facts, check_variants
from bot.search.index import OUTSIDE
from bot.search.lexicon import Lexicon, build_lexicon, unknown_words
from bot.search.text import fold, tokens

MIN_CHECKS = 4
MIN_NONE = 120
BESIDE_TOPICS = ("answers.yaml", "dates.yaml", "facts.yaml", "groups.yaml")
"""What stands beside the topics in the folder of a language."""


def check_files(files: Files, today: date, base: Lexicon | None = None) -> list[Problem]:
    """Look for every problem that the files alone show; `base` is the lexicon of their generated words, if it is there."""
    root = files.reader.root
    found = [
        *_references(files, root),
        *_languages_of_names(files, root),
        *_stray(files, root),
        *_words(files, root),
        *check_values(files, today),
        *check_texts(files),
        *_doubles(files, root),
        *_phrasings(files, root),
        *check_facts(files),
        *check_variants(files, today),
        *check_programmes(files, today),
        *_safety(files, root),
        *_reviews(files, root, today),
        *_forms(files, root, base),
    ]
    if files.checks:
        found += _check_counts(files, root)
    return [*files.problems, *found]


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
        for topic_id in place.additions:
            if topic_id not in files.topics:
                yield files.reader.problem(path, f"{topic_id}:", f"there is no topic {topic_id!r} yet", error=False)
        if slug != NATIONAL and not place.county:
            yield files.reader.problem(path, "name:", "county: this key is missing; add it")


def _languages_of_names(files: Files, root: Path) -> Iterator[Problem]:
    for slug, place in files.municipalities.items():
        path = root / "municipalities" / f"{slug}.yaml"
        yield from _languages(files, path, "name:", "name", place.name)
        yield from _languages(files, path, "operator:", "operator", place.operator)
        yield from _languages(files, path, "county:", "county", place.county) if place.county else ()
        for topic_id, added in place.additions.items():
            yield from _languages(files, path, f"{topic_id}:", topic_id, added.text)
        for contact in place.contacts:
            yield from _languages(files, path, f"id: {contact.id}", contact.id, contact.name)
    for category in files.categories:
        yield from _languages(files, root / "categories.yaml", f"id: {category.id}", category.id, category.name)


def _languages(files: Files, path: Path, needle: str, what: str, texts: Collection[str]) -> Iterator[Problem]:
    for lang in files.languages:
        if lang not in texts:
            yield files.reader.problem(path, needle, f"{what}: the language {lang} is missing")
    for lang in texts if files.languages else ():
        if lang not in files.languages:
            yield files.reader.problem(path, needle, f"{what}: {lang!r} is no language of languages.yaml", error=False)


def _stray(files: Files, root: Path) -> Iterator[Problem]:
    """Name files that nobody reads: a slip in a name, or a file that was left over."""
    wanted = {"topics": ("*", ".yaml"), "municipalities": ("*", ".yaml")}
    for folder, (pattern, suffix) in wanted.items():
        for path in sorted((root / folder).glob(pattern)):
            if path.suffix != suffix:
                yield Problem(files.reader.name(path), 1, f"nobody reads this file; its name must end with {suffix}", error=False)
    for lang in files.languages:
        for path in sorted((root / lang).iterdir()) if (root / lang).is_dir() else ():
            is_topic = path.suffix == ".md" and (root / "topics" / f"{path.stem}.yaml").exists()
            if path.name not in BESIDE_TOPICS and not is_topic:
                text = f"nobody reads this file: there is no topics/{path.stem}.yaml"
                yield Problem(files.reader.name(path), 1, text, error=False)


def _words(files: Files, root: Path) -> Iterator[Problem]:
    """Look at what a language needs to be understood: words of grammar, small acts."""
    for lang in files.languages:
        if (words := files.lexicon.get(lang)) and not words.function_words:
            path = root / "lexicon" / f"{lang}.yaml"
            yield files.reader.problem(
                path, "function_words", "there are no function_words; write the words of grammar", error=False
            )
        path = root / "acts" / f"{lang}.yaml"
        for act in files.acts.get(lang, {}):
            if act not in ACT_ORDER:
                yield files.reader.problem(path, f"{act}:", f"there is no act {act!r}; there are {', '.join(ACT_ORDER)}")
        if missing := [act for act in ACT_ORDER if act not in files.acts.get(lang, {})]:
            yield files.reader.problem(path, "", f"no wordings for {', '.join(missing)}", error=False)


def _doubles(files: Files, root: Path) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for wording in (*wordings(files), *outside(files)):
        if wording.field == "keyword":
            continue
        plain = " ".join(fold(token) for token in tokens(wording.text))
        other = seen.setdefault(plain, wording.topic)
        if wording.field == "outside":
            path = root / "outside" / f"{wording.lang}.yaml"
        elif wording.lang in files.recognised:
            path = root / wording.lang / "phrasings.yaml"
        else:
            path = root / wording.lang / f"{wording.topic}.md"
        if other != wording.topic and not other.startswith(OUTSIDE):
            yield files.reader.problem(path, wording.text, f"{wording.text!r} is already a phrasing of {other}")


def _phrasings(files: Files, root: Path) -> Iterator[Problem]:
    for lang, by_topic in files.phrasings.items():
        for unknown in sorted(by_topic.keys() - files.topics.keys()):
            yield files.reader.problem(root / lang / "phrasings.yaml", f"{unknown}:", f"there is no topic {unknown!r}")


def _safety(files: Files, root: Path) -> Iterator[Problem]:
    for lang, safety in files.safety.items():
        path = root / "safety" / f"{lang}.yaml"
        for unknown in sorted({*safety.cards, *safety.situations} - set(SITUATIONS)):
            yield files.reader.problem(
                path, f"{unknown}:", f"there is no situation {unknown!r}; there are {', '.join(SITUATIONS)}"
            )
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
        for source in topic.sources:
            if max(source.checked, source.as_of or source.checked) > today:
                yield files.reader.problem(path, source.url, "this day lies ahead; write the day that it was", error=False)
        if all(source.as_of is None for source in topic.sources):
            yield files.reader.problem(path, "sources:", "no source has a date (as_of)", error=False)


def _forms(files: Files, root: Path, base: Lexicon | None) -> Iterator[Problem]:
    known = base or build_lexicon(files.generated.words(), language_words(files))
    missing = [word.lemma for word in unknown_words(known, vocabulary(files)) if not word.lemma.isdigit()]
    if files.generated.forms and missing:
        some = ", ".join(sorted(missing)[:5])
        text = f"{len(missing)} words have no generated forms ({some} ...); run `teejuht forms`"
        yield Problem(files.reader.name(root / ".index"), 1, text, error=False)


def _check_counts(files: Files, root: Path) -> Iterator[Problem]:
    for lang, rows in files.checks.items():
        file = root / "checks" / f"{lang}.yaml"
        path = files.reader.name(file)
        for row in rows:
            for unknown in sorted(set(row.topics) - set(files.topics)):
                yield files.reader.problem(file, row.text, f"there is no topic {unknown!r}")
        for topic in files.topics:
            count = sum(topic in row.topics for row in rows)
            if count < MIN_CHECKS:
                yield Problem(path, 1, f"{topic} has {count} check wordings; write at least {MIN_CHECKS}", error=False)
        none = sum(not row.topics for row in rows)
        if none < MIN_NONE:
            yield Problem(path, 1, f"there are {none} wordings for `none`; write at least {MIN_NONE}", error=False)
