"""Tables for people: how well questions are answered, and how one question is understood. Knows Rich; measures nothing."""

from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape
from rich.table import Column, Table

from bot.core.world import World
from bot.insight.comparison import Change
from bot.insight.evaluation import MEASURES, Scores, as_rows
from bot.search.confidence import likelihood

CANDIDATES = 6
TERMS = 8


def scores_table(table: Mapping[str, Scores]) -> Table:
    """Lay out the measures of each group of questions; `in` and `out` count those in scope and outside."""
    shown = Table(Column("questions", no_wrap=True), "in", "out", *MEASURES)
    for group, scores in as_rows(table):
        shares = scores.shares()
        shown.add_row(group, str(scores.inside), str(scores.outside), *(f"{shares[name]:.3f}" for name in MEASURES))
    return shown


def explain(question: str, world: World) -> Iterator[Table | str]:
    """Tell how a question is understood: language, words, candidates with their evidence, and the band."""
    guess = world.language_model.identify(question)
    yield f"language: {guess.lang} ({guess.p:.2f})"
    words = Table("word", "read as", title="Words")
    for slot in world.finder.index.lexicon.slots(question):
        words.add_row(slot.token, ", ".join(sorted(slot.terms)[:TERMS]) or "unknown")
    yield words
    finding = world.finder.find(question)
    confidence = {candidate.topic: candidate.confidence for candidate in (*finding.shown, *finding.others)}
    table = Table("topic", "confidence", "score", "lead", "phrase", "coverage", "nearest wording", title="Candidates")
    found = world.finder.index.find(question)
    for row in found[:CANDIDATES]:
        nearest = world.finder.index.wordings[row.wording].text if row.wording >= 0 else ""
        figures = (confidence.get(row.topic, 0.0), row.score, row.lead, row.phrase, row.coverage)
        table.add_row(row.topic, *(f"{figure:.2f}" for figure in figures), escape(nearest))
    yield table
    abroad = ", in another country" if any(row.elsewhere for row in found) else ""
    yield f"anything right: {likelihood(found, world.finder.fit):.2f}{abroad}"
    yield f"decision: {finding.decision} {', '.join(candidate.topic for candidate in finding.shown)}"


def changes_table(changes: Sequence[Change]) -> Table:
    """Lay out the questions whose answer changed, those that got worse first."""
    shown = Table("question", "language", "kind", "before", "after", Column("", no_wrap=True))
    words = {None: "", True: "better", False: "worse"}
    for change in sorted(changes, key=lambda change: (change.better is not False, change.better is None)):
        asked = change.question
        shown.add_row(escape(asked.text), asked.lang, asked.kind, change.before, change.after, words[change.better])
    return shown


def changes_line(changes: Sequence[Change]) -> str:
    """Count the changes."""
    better = sum(change.better is True for change in changes)
    worse = sum(change.better is False for change in changes)
    return f"{len(changes)} questions get another answer: {better} better, {worse} worse"
