"""Programmes with target groups: from their files to an Inquiry, and checking them: rules, words, scenarios, every path."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from bot.core.person import INSTEAD
from bot.core.world import NAMED, PARTING, FactWords, GroupWords, Inquiry, Period, Programme, Source
from bot.errors import KnowledgeError, Problem, RuleError
from bot.groups.facts import Answers, Fact, read_answers
from bot.groups.interview import Interview, walk
from bot.groups.rules import Rule, read_rule
from bot.groups.status import Group, Status, statuses
from bot.knowledge.read import Files, read_inquiry
from bot.knowledge.schema import GroupFile, ProgrammeFile
from bot.search.acts import Acts, build_acts

MIN_SCENARIOS = 60


def build_inquiry(files: Files) -> Inquiry:
    """Build what can be asked and decided; a programme whose rules cannot be read is left out, as `check` reports it."""
    facts = files.fact_table
    programmes = (_programme(id, files, facts) for id in files.programmes)
    return Inquiry(
        facts=facts,
        asked_of=_asked_of(files, facts),
        words={
            lang: {
                id: FactWords(
                    question=w.question, why=w.why, where=w.where or "", label=w.label, instead=w.instead or "", options=w.options
                )
                for id, w in words.items()
            }
            for lang, words in files.fact_words.items()
        },
        contradictions={c.id: rule for c in files.contradictions if not isinstance(rule := _rule(c.when, facts), str)},
        contradiction_words={lang: {c.id: c.text.get(lang, "") for c in files.contradictions} for lang in files.languages},
        programmes={programme.id: programme for programme in programmes if programme},
        replies=_acts({str(name): said for name, said in answers.replies.items()} for answers in files.answers.values()),
        option_words={fact: _acts(_options(fact, files)) for fact in facts},
        dates=tuple(files.dates.values()),
    )


def load_inquiry(root: Path) -> Inquiry:
    """Read facts and programmes alone, which is quick. Errors: KnowledgeError if one of their files cannot be read."""
    files = read_inquiry(root)
    wrong = (problem for id in files.programmes for problem in _rules(id, files))
    if errors := [problem for problem in (*files.problems, *wrong) if problem.error]:
        raise KnowledgeError(errors)
    return build_inquiry(files)


def check_programmes(files: Files, today: date) -> Iterator[Problem]:
    """Look for wrong rules and references and missing words; where scenarios were read, also try these and walk every path."""
    reader, facts = files.reader, files.fact_table
    path = reader.root / "facts.yaml"
    for fact in files.facts:
        for name, values in ((fact.id, fact.seldom), *((other, [value]) for other, value in fact.instead.items())):
            for value in values:
                if name not in facts or value not in facts[name].values():
                    yield reader.problem(path, f"id: {fact.id}", f"{fact.id}: there is no {name}: {value!r}")
        if fact.asked_of and isinstance(read := _rule(fact.asked_of, facts), str):
            yield reader.problem(path, f"id: {fact.id}", f"{fact.id}, asked_of: {read}")
    path = reader.root / "contradictions.yaml"
    for entry in files.contradictions:
        if isinstance(read := _rule(entry.when, facts), str):
            yield reader.problem(path, f"id: {entry.id}", f"{entry.id}: {read}")
        for lang in files.languages:
            if lang not in entry.text:
                yield reader.problem(path, f"id: {entry.id}", f"{entry.id}: the text is missing in {lang}")
    for id, programme in files.programmes.items():
        folder = reader.root / "groups" / id
        found = [*_rules(id, files), *_references(programme, files, folder)]
        yield from found
        built = _programme(id, files, facts)
        if built is None or any(problem.error for problem in found):
            continue
        if id in files.scenarios:
            yield from _scenarios(built, files, folder)
            yield from _paths(built, Interview(built.groups, facts, _asked_of(files, facts), today), files, folder)
    yield from _words(files)
    yield from _readers(files)


def _options(fact: str, files: Files) -> Iterator[Mapping[str, Sequence[str]]]:
    """Give what stands for each option of a fact: its words on the button, and what else people say."""
    for lang in files.languages:
        if (words := files.fact_words.get(lang, {}).get(fact)) is not None:
            yield {value: [text] for value, text in words.options.items()} | ({INSTEAD: [words.instead]} if words.instead else {})
        if lang in files.answers:
            yield files.answers[lang].options.get(fact, {})


def _acts(lists: Iterable[Mapping[str, Sequence[str]]]) -> Acts:
    merged: dict[str, list[str]] = {}
    for one in lists:
        for name, wordings in one.items():
            merged.setdefault(name, []).extend(wordings)
    return build_acts(merged, tuple(merged))


def _rules(id: str, files: Files) -> Iterator[Problem]:
    path = files.reader.root / "groups" / id / "rules.yaml"
    for group in files.programmes[id].groups:
        for what, data in (("when", group.when), ("never", group.never)):
            if data is not None and isinstance(read := _rule(data, files.fact_table), str):
                yield files.reader.problem(path, f"id: {group.id}", f"group {group.id!r}, {what}: {read}")


def _references(programme: ProgrammeFile, files: Files, folder: Path) -> Iterator[Problem]:
    path, reader = folder / "rules.yaml", files.reader
    ids = [group.id for group in programme.groups]
    for double in sorted({one for one in ids if ids.count(one) > 1}):
        yield reader.problem(path, f"id: {double}", f"the group {double!r} is there twice; take one out")
    for slug in programme.partners:
        if slug not in files.municipalities:
            yield reader.problem(path, f"{slug}:", f"there is no municipality {slug!r}")
    if programme.asked_in and programme.asked_in not in files.topics:
        yield reader.problem(path, "asked_in:", f"there is no topic {programme.asked_in!r}")
    for group in programme.groups:
        for topic in group.topics:
            if topic not in files.topics:
                yield reader.problem(path, f"id: {group.id}", f"group {group.id!r}: there is no topic {topic!r}")
        for lang, clause in group.clause.items():
            if group.unnamed and NAMED not in clause:
                text = f"group {group.id!r}, {lang}: part its name from the rest by `{NAMED}`, as no resident reads the name"
                yield reader.problem(path, f"id: {group.id}", text)
        for lang in files.languages:
            if lang not in group.clause:
                yield reader.problem(path, f"id: {group.id}", f"group {group.id!r}: the clause is missing in {lang}")


def _words(files: Files) -> Iterator[Problem]:
    """Look for groups without words in some language, and words of what is not there."""
    wanted = {(id, group.id) for id, programme in files.programmes.items() for group in programme.groups}
    for lang, words in files.group_words.items():
        path = files.reader.root / lang / "groups.yaml"
        there = {(id, name) for id, programme in words.items() for name in programme.groups}
        for id, name in sorted(wanted - there):
            yield files.reader.problem(path, f"{id}:", f"the words of the group {id}/{name} are missing; add them")
        for id, name in sorted(there - wanted):
            yield files.reader.problem(
                path, f"{name}:", f"there is no group {id}/{name}; look for a slip of the pen or remove it"
            )


def _readers(files: Files) -> Iterator[Problem]:
    """Look for topics that name groups which are not there (`for:`)."""
    groups = {f"{id}{PARTING}{group.id}" for id, programme in files.programmes.items() for group in programme.groups}
    for id, topic in files.topics.items():
        path = files.reader.root / "topics" / f"{id}.yaml"
        for name in topic.for_:
            if groups and name not in groups:
                yield files.reader.problem(path, name, f"for: there is no group {name!r}; there are {', '.join(sorted(groups))}")


def _paths(programme: Programme, interview: Interview, files: Files, folder: Path) -> Iterator[Problem]:
    """Prove by walking every path that each group is attained by some and missed by some, and that each question is asked."""
    path, walked = folder / "rules.yaml", walk(interview)
    for group in programme.groups:
        if Status.MATCH not in walked.reached[group.id]:
            yield files.reader.problem(path, f"id: {group.id}", f"nobody belongs to the group {group.id!r}; look at its rule")
        elif Status.NO not in walked.reached[group.id]:
            yield files.reader.problem(path, f"id: {group.id}", f"everybody belongs to the group {group.id!r}; look at its rule")
        for fact in group.facts:
            if fact not in walked.asked:
                text = f"group {group.id!r}: the question {fact!r} is never asked, as its answer changes nothing"
                yield files.reader.problem(path, f"id: {group.id}", text)


def _scenarios(programme: Programme, files: Files, folder: Path) -> Iterator[Problem]:
    path, rows = folder / "scenarios.yaml", files.scenarios[programme.id]
    for row in rows:
        try:
            answers: Answers = read_answers(row.facts, files.fact_table)
        except RuleError as error:
            yield files.reader.problem(path, row.why, f"{row.why}: {error}")
            continue
        found = statuses(programme.groups, answers, row.date)
        if found != row.expect:
            differs = [name for name in {**found, **row.expect} if found.get(name) != row.expect.get(name)]
            said = ", ".join(f"{name} is {found.get(name, 'no group')}, not {row.expect.get(name, 'named')}" for name in differs)
            yield files.reader.problem(path, row.why, f"{row.why}: {said}")
    if len(rows) < MIN_SCENARIOS:
        yield files.reader.problem(path, "", f"write at least {MIN_SCENARIOS} scenarios; there are {len(rows)}", error=False)


def _programme(id: str, files: Files, facts: dict[str, Fact]) -> Programme | None:
    file = files.programmes[id]
    try:
        groups = tuple(_group(group, facts) for group in file.groups)
    except RuleError:
        return None
    source = Source(url=file.source.url, title=file.source.title, checked=file.source.checked, as_of=file.source.as_of)
    words = {lang: words[id] for lang, words in files.group_words.items() if id in words}
    return Programme(
        id=id,
        source=source,
        groups=groups,
        partners={slug: Period(days.first, days.last) for slug, days in file.partners.items()},
        period=Period(file.first, file.last) if file.first and file.last else None,
        original=file.language or "",
        unnamed=frozenset(group.id for group in file.groups if group.unnamed),
        asked_in=file.asked_in or "",
        names={lang: said.name for lang, said in words.items()},
        words={
            lang: {name: GroupWords(name=w.name, short=w.short, opens=w.opens) for name, w in said.groups.items()}
            for lang, said in words.items()
        },
    )


def _group(group: GroupFile, facts: dict[str, Fact]) -> Group:
    never = read_rule(group.never, facts) if group.never is not None else None
    return Group(id=group.id, when=read_rule(group.when, facts), never=never, clause=group.clause, topics=tuple(group.topics))


def _asked_of(files: Files, facts: dict[str, Fact]) -> dict[str, Rule]:
    read = {fact.id: _rule(fact.asked_of, facts) for fact in files.facts if fact.asked_of}
    return {id: rule for id, rule in read.items() if not isinstance(rule, str)}


def _rule(data: object, facts: dict[str, Fact]) -> Rule | str:
    """Read a rule, or give what is wrong with it."""
    try:
        return read_rule(data, facts)
    except RuleError as error:
        return str(error)
