"""How our search compares with others.

`python -m tests.bench.search [--json] [--quick] [--questions FILE] [--chart FILE] [--growth] [--peers NAMES]`

Every ranker works over the same wordings and answers at thresholds that give it the most right with wrong at most 0.05 on the
check wordings. Without a file the questions are the check wordings themselves: thresholds and measures share them, for all alike.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from bot.errors import KnowledgeError
from bot.insight.evaluation import Question
from tests.bench import scoring
from tests.bench.material import Material, gather, noisy
from tests.bench.rankers import ENGLISH_ONLY, NAMES, OURS, Ranking, write_wordings
from tests.bench.rankers.making import prepare
from tests.bench.runs import Asked, ChildFailed, Run, run_all
from tests.bench.scoring import Limits, Row
from tests.bench.tables import show

QUICK_QUESTIONS = 48
QUICK_RESAMPLES = 200
QUICK_SHARE = 3
"""A quick run gives peers every third wording only: no comparison, but it shows that everything works and what costs are like."""
RESAMPLES = 1000
WIDTH = 140
LANGUAGES = ("et", "ru", "en", "uk")
"""The order in which they are told; others follow."""


def bench(options: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything that is asked for. Errors: KnowledgeError, ChildFailed."""
    tell("reading the knowledge")
    material = gather(options.questions, most=QUICK_QUESTIONS if options.quick else None)
    spelt = {kind: pairs[:10] if options.quick else pairs for kind, pairs in noisy(material.checks).items()}
    names = [name for name in NAMES if name == OURS or name in options.peers]
    asked = {name: _asked(name, material, [text for pairs in spelt.values() for _, text in pairs]) for name in names}
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_wordings(material.wordings[:: QUICK_SHARE if options.quick else 1], folder)
        (folder / OURS).mkdir()
        prepare(folder / OURS, material.wordings, material.source, fitted=True)
        runs = run_all(asked, folder, side_by_side=options.quick, fit=not options.quick, tell=tell)
    found = compare(material, runs, options, tell)
    found["noise"] = _noise(material, runs[OURS], spelt)
    if options.growth and not options.quick:
        from tests.bench.growth import grow

        found["growth"] = grow(material, names, tell)
    return found


def compare(
    material: Material, runs: Mapping[str, Run], options: argparse.Namespace, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Measure every ranker at its thresholds, ours against each peer, and draw the chart."""
    found: dict[str, Any] = {}
    rows: dict[str, dict[str, list[Row]]] = {}
    at: dict[str, dict[str, Limits]] = {}
    for name, run in runs.items():
        checks, questions = _for(name, material.checks), _for(name, material.questions)
        rankings = dict(zip(_texts(name, material), run.rankings, strict=False))
        at[name] = scoring.limits_by_lang(checks, [rankings[q.text] for q in checks])
        made = [rankings[q.text] for q in questions]
        measured = scoring.measure(questions, made, at[name])
        found[name] = {group: shares for group, shares in measured.items() if "/" not in group} | run.costs
        found[name]["kinds"] = {group: shares for group, shares in measured.items() if "/" in group}
        rows[name] = _rows_by_lang(questions, made)
    resamples = QUICK_RESAMPLES if options.quick else RESAMPLES
    found["ahead"] = {
        lang: {
            peer: asdict(scoring.compare(own, rows[peer][lang], (_at(at[OURS], lang), _at(at[peer], lang)), resamples=resamples))
            for peer in runs
            if peer != OURS and lang in rows[peer]
        }
        for lang, own in rows[OURS].items()
    }
    found["strictly"] = {
        lang: {name: round(scoring.strictly(by[lang]), 4) for name, by in rows.items() if lang in by} for lang in rows[OURS]
    }
    found["questions"] = {
        "n": len(material.questions),
        "left_out": material.left_out,
        "source": options.questions.name if options.questions else "the check wordings",
        "quick": options.quick,
        "languages": list(rows[OURS]),
        "inside": dict(Counter(f"{q.lang}/{q.kind}" for q in material.questions if q.topics)),
        "outside": dict(Counter(f"{q.lang}/{q.kind}" for q in material.questions if not q.topics)),
    }
    if options.chart:
        from tests.bench.chart import draw

        curves = {lang: {n: scoring.curve(by[lang]) for n, by in rows.items() if lang in by} for lang in rows[OURS]}
        draw(curves, options.chart)
        tell(f"wrote {options.chart}")
    return found


def _asked(name: str, material: Material, spelt: Sequence[str]) -> Asked:
    return Asked(_texts(name, material), spelt if name == OURS else ())


def _texts(name: str, material: Material) -> list[str]:
    """Give every question once, check wordings first."""
    return list(dict.fromkeys(q.text for q in (*_for(name, material.checks), *_for(name, material.questions))))


def _for(name: str, questions: Sequence[Question]) -> list[Question]:
    return [question for question in questions if question.lang == "en" or name not in ENGLISH_ONLY]


def _rows_by_lang(questions: Sequence[Question], rankings: Sequence[Ranking]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {lang: [] for lang in LANGUAGES}
    for question, ranking in zip(questions, rankings, strict=True):
        found.setdefault(question.lang, []).append(Row(question.topics, ranking))
    return {lang: rows for lang, rows in found.items() if rows}


def _at(limits: Mapping[str, Limits], lang: str) -> Limits:
    return limits.get(lang, limits[""])


def _noise(material: Material, run: Run, spelt: Mapping[str, Sequence[tuple[Question, str]]]) -> dict[str, dict[str, float]]:
    """Give right of ours on clean and on noisy spellings, both at the thresholds of the clean check wordings."""
    clean = dict(zip(_texts(OURS, material), run.rankings, strict=False))
    limits = scoring.limits_by_lang(material.checks, [clean[q.text] for q in material.checks])
    rest = iter(run.rankings[len(clean) :])
    found = {}
    for kind, pairs in spelt.items():
        asked = [question for question, _ in pairs]
        rights = []
        for made in ([clean[q.text] for q in asked], [next(rest) for _ in asked]):
            rows = [(Row(q.topics, r), _at(limits, q.lang)) for q, r in zip(asked, made, strict=True)]
            rights.append(round(sum(row.right and row.score >= at.answer for row, at in rows) / len(rows), 4))
        found[kind] = {"n": len(pairs), "clean": rights[0], "noisy": rights[1]}
    return found


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description="Compare the search with others.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--quick", action="store_true", help="a trial: few questions, peers with a third of the wordings, no fitting, no growth"
    )
    parser.add_argument("--questions", type=Path, metavar="FILE", help="measure on these: JSON lines of text, lang, topics, kind")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write right against wrong as PNG")
    parser.add_argument("--growth", action="store_true", help="cost with 100, 1,000 and 10,000 made-up topics")
    parser.add_argument("--peers", type=_peers, default=set(NAMES), metavar="NAMES", help="only these peers, with commas between")
    return parser.parse_args(arguments)


def _peers(text: str) -> set[str]:
    names = set(filter(None, text.split(",")))
    if strange := names - set(NAMES):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(strange))}; there are {', '.join(NAMES)}")
    return names


def main() -> None:
    """Run the bench and print what it found; progress goes to standard error."""
    asked = options()
    progress = Console(stderr=True)
    try:
        found = bench(asked, lambda line: progress.print(line, style="dim", highlight=False))
    except (KnowledgeError, ChildFailed) as error:
        progress.print(str(error), style="red")
        sys.exit(1)
    if asked.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    else:
        show(found, Console() if sys.stdout.isatty() else Console(width=WIDTH))


if __name__ == "__main__":
    main()
