"""Checking the facts, the words they are asked with, and the variants of topics whose rules look at them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from bot.errors import Problem, RuleError
from bot.groups.facts import FactKind
from bot.groups.rules import Rule, evaluate, read_rule, situations
from bot.knowledge.files import Reader
from bot.knowledge.read import Files
from bot.knowledge.schema import TopicFile

MAX_VARIANT = 600


def check_facts(files: Files) -> Iterator[Problem]:
    """Look for facts that are there twice, have no options to choose from, or no words in some language."""
    reader, root = files.reader, files.reader.root
    path = root / "facts.yaml"
    ids = [fact.id for fact in files.facts]
    for id in sorted({id for id in ids if ids.count(id) > 1}):
        yield reader.problem(path, f"id: {id}", f"the fact {id!r} is there twice; take one out")
    for fact in files.facts:
        if (fact.kind is FactKind.CHOICE) != bool(fact.options):
            yield reader.problem(path, f"id: {fact.id}", f"{fact.id}: options belong to a choice, and only to a choice")
    for lang, words in files.fact_words.items():
        path = root / lang / "facts.yaml"
        yield from _compare(reader, path, "facts.yaml", "fact", ids, words)
        for fact in files.facts:
            if fact.id in words:
                options, there = fact.options, words[fact.id].options
                if fact.kind is FactKind.YES_NO and there:  # said in other words than yes and no
                    options = ["true", "false"]
                yield from _compare(reader, path, fact.id, "option", options, there)


def check_variants(files: Files, today: date) -> Iterator[Problem]:
    """Look for variants without words, with a wrong rule, or that nobody ever gets."""
    for id, topic in files.topics.items():
        path = files.reader.root / "topics" / f"{id}.yaml"
        ids = [variant.id for variant in topic.variants]
        for double in sorted({id for id in ids if ids.count(id) > 1}):
            yield files.reader.problem(path, f"id: {double}", f"the variant {double!r} is there twice; take one out")
        for lang, text in files.texts.get(id, {}).items():
            page = files.reader.root / lang / f"{id}.md"
            yield from _compare(files.reader, page, "variants (labels in the head)", "variant", ids, text.head.variants)
            yield from _compare(files.reader, page, "sections `## variant: ...`", "variant", ids, text.variants)
        yield from _rules(files, path, topic, today)


def _rules(files: Files, path: Path, topic: TopicFile, today: date) -> Iterator[Problem]:
    rules: dict[str, Rule] = {}
    for variant in topic.variants:
        try:
            rules[variant.id] = read_rule(variant.when, files.fact_table)
        except RuleError as error:
            yield files.reader.problem(path, f"id: {variant.id}", f"variant {variant.id!r}: {error}")
    cases = list(situations(list(rules.values()), files.fact_table, today))
    for place, (id, rule) in enumerate(rules.items()):
        earlier = list(rules.values())[:place]
        mine = [case for case in cases if evaluate(rule, case, today)]
        if not mine:
            yield files.reader.problem(path, f"id: {id}", f"the rule of variant {id!r} holds for nobody")
        elif all(any(evaluate(other, case, today) for other in earlier) for case in mine):
            text = f"variant {id!r} is never shown: whenever its rule holds, an earlier variant's holds too"
            yield files.reader.problem(path, f"id: {id}", text)
        elif len(mine) == len(cases):
            text = f"the rule of variant {id!r} holds for everybody; say it in the answer itself"
            yield files.reader.problem(path, f"id: {id}", text)


def _compare(
    reader: Reader, path: Path, place: str, what: str, wanted: Iterable[str], there: Mapping[str, object]
) -> Iterator[Problem]:
    """Tell what is missing and what nothing asks for."""
    wanted = list(wanted)
    for id in wanted:
        if id not in there:
            yield reader.problem(path, place, f"{place}: the {what} {id!r} is missing; add it")
    for id in there:
        if id not in wanted:
            yield reader.problem(path, id, f"{place}: there is no {what} {id!r}; look for a slip of the pen or remove it")
