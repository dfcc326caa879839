"""From what the knowledge files say to a World. Form is judged in `read`, the rest in `check`; `load` does all three."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import chain

from bot.core.replies import ACT_ORDER
from bot.core.safety import SITUATIONS
from bot.core.world import (
    NATIONAL,
    Addition,
    Category,
    Contact,
    Municipality,
    Source,
    Topic,
    TopicText,
    Value,
    Variant,
    VariantText,
    World,
)
from bot.errors import RuleError
from bot.groups.rules import read_rule
from bot.knowledge.compiled import Cache
from bot.knowledge.programmes import build_inquiry
from bot.knowledge.read import Files, TextFile, crisis_words
from bot.knowledge.schema import MunicipalityFile, SourceFile, TopicFile, ValueFile
from bot.knowledge.searching import Memos, find_search
from bot.search.acts import build_acts, plain
from bot.search.finder import Finder
from bot.search.follow import FollowUps, build_follow_ups
from bot.search.langid import LanguageModel
from bot.search.lexicon import Lexicon, unknown_words, with_words
from bot.search.patterns import Pattern, PatternError, Patterns, compile_pattern
from bot.search.places import build_places
from bot.search.text import fold


def build(files: Files, *, home: str | None = None, memos: Memos | None = None, cache: Cache | None = None) -> World | None:
    """Build the World from files; None if something without which nothing works is missing.

    What is slow to make is taken from `memos` or `cache` where the files it is made from are the same.
    """
    if NATIONAL not in files.municipalities or not files.topics or not files.languages:
        text = "there must be languages, topics and municipalities/_national.yaml"
        files.reader.report(files.reader.root, 1, text)
        return None
    memos = memos or Memos()
    found = find_search(files, memos, cache)
    base, index = found.base, found.index
    careful = {category.id for category in files.categories if category.careful}
    return World(
        languages=files.languages,
        topics={id: _topic(topic, files) for id, topic in _in_order(files)},
        categories=tuple(Category(id=c.id, names=c.name, careful=c.careful) for c in files.categories),
        values={id: _value(id, value, files) for id, value in files.values.items()},
        municipalities={slug: _municipality(slug, place) for slug, place in files.municipalities.items()},
        cards={name: {lang: s.cards.get(name, "") for lang, s in files.safety.items()} for name in SITUATIONS},
        finder=Finder(index, files.generated.fit, frozenset(t.id for t in files.topics.values() if t.category in careful)),
        language_model=_language_model(files),
        dangers=memos.dangers(lambda: _dangers(files, base), files.safety, base),
        acts=build_acts(_merge(files.acts.values()), ACT_ORDER),
        spoken=_spoken(files),
        follow_ups=_follow_ups(files, index.lexicon),
        inquiry=build_inquiry(files),
        places=build_places(_place_names(files), index.lexicon.function_words),
        home=home,
        public=frozenset(_public(files)),
    )


def _spoken(files: Files) -> dict[str, str]:
    """Give the wordings of small acts that stand in one language's file only."""
    said = {lang: {plain(wording) for wordings in acts.values() for wording in wordings} for lang, acts in files.acts.items()}
    counts = Counter(wording for wordings in said.values() for wording in wordings)
    return {wording: lang for lang, wordings in said.items() for wording in wordings if counts[wording] == 1}


def _public(files: Files) -> Iterator[str]:
    """Give the phone numbers and mail addresses that stand in the knowledge."""
    yield from (str(value.value) for value in files.values.values() if value.kind in ("phone", "email"))
    for place in files.municipalities.values():
        for contact in place.contacts:
            yield from filter(None, (contact.phone, contact.email))


def _in_order(files: Files) -> Iterable[tuple[str, TopicFile]]:
    """Order topics by category, then by title in the first language; topics without all texts are left out."""
    shelves = [category.id for category in files.categories]
    complete = {id: topic for id, topic in files.topics.items() if len(files.texts.get(id, ())) == len(files.languages)}

    def place(item: tuple[str, TopicFile]) -> tuple[int, str]:
        topic = item[1]
        shelf = shelves.index(topic.category) if topic.category in shelves else len(shelves)
        return shelf, files.texts[topic.id][files.languages[0]].head.title

    return sorted(complete.items(), key=place)


def _source(source: SourceFile) -> Source:
    return Source(url=source.url, title=source.title, checked=source.checked, as_of=source.as_of)


def _topic(topic: TopicFile, files: Files) -> Topic:
    return Topic(
        id=topic.id,
        category=topic.category,
        sources=tuple(map(_source, topic.sources)),
        review_by=topic.review_by,
        related=tuple(topic.related),
        groups=tuple(topic.for_),
        variants=tuple(_variants(topic, files)),
        texts={lang: _topic_text(text) for lang, text in files.texts[topic.id].items()},
    )


def _variants(topic: TopicFile, files: Files) -> Iterator[Variant]:
    """Give the variants that are whole in every language; what is wrong with the others is told by the check."""
    texts = files.texts[topic.id].values()
    for variant in topic.variants:
        if all(variant.id in text.variants and variant.id in text.head.variants for text in texts):
            with suppress(RuleError):
                yield Variant(id=variant.id, when=read_rule(variant.when, files.fact_table))


def _topic_text(text: TextFile) -> TopicText:
    return TopicText(
        title=text.head.title,
        body=text.body,
        terms=tuple(text.head.terms.items()),
        variants={
            id: VariantText(label=label, body=text.variants[id])
            for id, label in text.head.variants.items()
            if id in text.variants
        },
    )


def _value(id: str, value: ValueFile, files: Files) -> Value:
    links: Mapping[str, str] = value.value if isinstance(value.value, dict) else {}
    plain = value.value if not isinstance(value.value, dict) else next(iter(value.value.values()))
    if value.kind in ("money", "number"):
        try:
            plain = Decimal(str(plain))
        except InvalidOperation:
            files.reader.report_at(files.reader.root / "values.yaml", f"{id}:", f"{id}: {plain!r} is not a number")
    return Value(
        id=id,
        kind=value.kind,
        value=plain,
        links=links,
        source=value.source,
        as_of=value.as_of,
        valid_from=value.valid_from,
        valid_until=value.valid_until,
        see=value.see or value.source,
    )


def _municipality(slug: str, place: MunicipalityFile) -> Municipality:
    return Municipality(
        slug=slug,
        names=place.name,
        operators=place.operator,
        web=place.web,
        aliases=tuple(place.aliases),
        county=place.county or {},
        languages=tuple(place.languages),
        hours={day: tuple(spans) for day, spans in place.hours.items()},
        hours_web=place.hours_web or "",
        contacts=tuple(
            Contact(
                id=c.id, names=c.name, phone=c.phone or "", email=c.email or "", web=c.web or "",
                address=c.address or "", source=c.source, as_of=c.as_of,
            )
            for c in place.contacts
        ),
        additions={
            topic: Addition(texts=added.text, sources=tuple(map(_source, added.sources)))
            for topic, added in place.additions.items()
        },
    )  # fmt: skip


def _follow_ups(files: Files, lexicon: Lexicon) -> FollowUps:
    lists = [words.follow_ups for words in files.lexicon.values()]
    return build_follow_ups(
        chain.from_iterable(words.also for words in lists),
        chain.from_iterable(words.conditions for words in lists),
        chain.from_iterable(words.about_anything for words in lists),
        chain.from_iterable(words.persons for words in lists),
        lexicon,
    )


def _language_model(files: Files) -> LanguageModel:
    words = {lang: {fold(w) for w in lexicon.function_words} for lang, lexicon in files.lexicon.items()}
    shared = words.get("et", set()) & words.get("en", set())
    official = tuple(fold(term) for lexicon in files.lexicon.values() for term in lexicon.official)
    return LanguageModel(files.generated.grams, {lang: frozenset(own - shared) for lang, own in words.items()}, official)


def _dangers(files: Files, base: Lexicon) -> Patterns:
    """Compile the situations of all languages; what rules one out does so whatever language the message mixes in."""
    lexicon = with_words(base, unknown_words(base, crisis_words(files)))
    patterns: list[Pattern] = []
    for situation in SITUATIONS:
        found: list[Pattern] = []
        for lang, safety in files.safety.items():
            if (lines := safety.situations.get(situation)) is None:
                continue
            try:
                found.append(compile_pattern(situation, lines.match, lines.unless, safety.words, lexicon))
            except PatternError as error:
                path = files.reader.root / "safety" / f"{lang}.yaml"
                files.reader.report_at(path, error.where, f"{situation}: {error}")
        unless = tuple(combination for pattern in found for combination in pattern.unless)
        patterns += [replace(pattern, unless=unless) for pattern in found]
    return Patterns(lexicon, patterns)


def _place_names(files: Files) -> Iterator[tuple[str, str]]:
    for slug, place in files.municipalities.items():
        if slug != NATIONAL:
            for name in (*place.name.values(), *place.aliases):
                yield name, slug


def _merge(parts: Iterable[Mapping[str, list[str]]]) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for part in parts:
        for act, wordings_ in part.items():
            merged.setdefault(act, []).extend(wordings_)
    return merged
