"""What rankers cost as the knowledge grows: made-up topics, 12 wordings each, of the words of the real ones.

The topics mean nothing and are never measured for quality. Each has words of its own, compounds of real words and syllables,
among real words that it shares with others, so that the share of rare and common words is as in life.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.bench.material import Material
from tests.bench.rankers import ENGLISH_ONLY, OURS, OUTSIDE, Wording, is_outside, write_wordings
from tests.bench.rankers.making import Source, prepare
from tests.bench.rankers.ours import UNFITTED
from tests.bench.rankers.words import words
from tests.bench.runs import Asked, ChildFailed, cores, run_one

SIZES = (100, 1_000, 10_000)
LANGUAGES = ("et", "ru", "en")
EACH = 4
"""Wordings of a topic in each language."""
OWN = 3
"""Words of its own that a topic has in each language."""
QUESTIONS = 300
SECONDS = 60.0
ASKING = 30.0
SEED = 5
MARK = "synthetic"


def grow(
    material: Material, names: Sequence[str], tell: Callable[[str], None], sizes: Sequence[int] = SIZES
) -> dict[str, dict[str, dict[str, object]]]:
    """Measure every ranker at each number of topics; a peer that takes more than a minute is left out there and at larger ones.

    Where fitting ours takes more than a minute, its weights are the topics' mean wordings, about as many, and it is said so.
    """
    found: dict[str, dict[str, dict[str, object]]] = {}
    out: dict[str, str] = {}
    for size in sizes:
        made = synthetic(material.wordings, size)
        found[str(size)] = {}
        with TemporaryDirectory() as place:
            write_wordings(made, Path(place))
            for name in names:
                found[str(size)][name] = _costs(name, made, material.source, Path(place), out)
                tell(f"{size} made-up topics, {name}: {found[str(size)][name]}")
    return found


def synthetic(wordings: Sequence[Wording], topics: int) -> list[Wording]:
    """Make up topics, and one outside question for each. Pure: the same wordings and number give the same topics."""
    pick = Random(SEED)
    inside = [w for w in wordings if w.field == "question" and not is_outside(w.topic)]
    real = {lang: [words(w.text) for w in inside if w.lang == lang] for lang in LANGUAGES}
    long = {lang: sorted({word for row in rows for word in row if len(word) >= 4}) for lang, rows in real.items()}
    made = []
    for number in range(topics):
        lang = LANGUAGES[number % len(LANGUAGES)]
        made.append(Wording(f"{OUTSIDE}{MARK}", lang, "outside", " ".join(pick.choice(real[lang])[::-1])))
        for lang in LANGUAGES:
            own = [_word(long[lang], pick) for _ in range(OWN)]
            for _ in range(EACH):
                row = list(pick.choice(real[lang]))[:8]
                for word in pick.sample(own, 2):
                    row.insert(pick.randrange(len(row) + 1), word)
                made.append(Wording(f"{MARK}-{number:05}", lang, "question", " ".join(row)))
    return made


def questions(made: Sequence[Wording], *, english: bool) -> list[str]:
    """Make questions for made-up topics: words of one of their wordings and of another text."""
    pick = Random(SEED)
    rows = [w for w in made if w.lang == "en"] if english else list(made)
    taken = [pick.choice(rows).text.split() for _ in range(QUESTIONS + 1)]
    return [" ".join([*first[: pick.randrange(2, 9)], *second[:2]]) for first, second in pairwise(taken)]


def _word(real: Sequence[str], pick: Random) -> str:
    """Make up a word: the beginning of one and the end of another, or two in one."""
    first, second = pick.choice(real), pick.choice(real)
    return first + second if pick.random() < 0.5 else first[: pick.randrange(2, 5)] + second[-pick.randrange(3, 6) :]


def _costs(name: str, made: Sequence[Wording], source: Source, place: Path, out: dict[str, str]) -> dict[str, object]:
    """Measure one ranker; `out` keeps who has taken too long, and why."""
    asked = Asked(questions(made, english=name in ENGLISH_ONLY), seconds=ASKING)
    folder, core = place / name, cores()[-1]
    folder.mkdir()
    if name == OURS:
        prepare(folder, made, source, fitted=False)
    if name not in out:
        try:
            return dict(run_one(name, folder, asked, core, seconds=SECONDS).costs)
        except ChildFailed as error:
            out[name] = str(error)
    if name != OURS:
        return {"left_out": out[name]}
    (folder / UNFITTED).touch()
    return {**run_one(name, folder, asked, core).costs, "weights": f"mean wordings: {out[name]}"}
