"""What ours is made of, and making it: not imported by the process that only searches."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.knowledge.compiled import Search, save
from bot.knowledge.files import Reader
from bot.knowledge.generated import read_generated
from bot.search import index as searching
from bot.search.elsewhere import build_elsewhere
from bot.search.index import Index
from bot.search.lexicon import LanguageWords, build_lexicon, unknown_words, with_words
from bot.search.linear import Linear
from tests.bench.rankers import Wording, is_outside, write_wordings
from tests.bench.rankers.ours import FILE

GENERATED = ("language.json", "fitted.json", "weights.json")


@dataclass(frozen=True, slots=True)
class Source:
    """Where ours comes from.

    The folder of generated files, the lexicon's words, other texts (language, text) to be known, and what places a matter
    elsewhere (places, foreign, home).
    """

    generated: Path
    languages: Sequence[LanguageWords]
    texts: Sequence[tuple[str, str]]
    elsewhere: Sequence[Sequence[str]]


def prepare(folder: Path, wordings: Sequence[Wording], source: Source, *, fitted: bool) -> None:
    """Lay out what ours reads; `fitted`: made, with the weights that were fitted to the real wordings."""
    write_wordings(wordings, folder)
    languages = [asdict(language) for language in source.languages]
    content = {"languages": languages, "texts": source.texts, "elsewhere": source.elsewhere}
    (folder / "lexicon.json").write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    for name in (*(path.name for path in source.generated.glob("forms-*.txt")), *GENERATED):
        (folder / name).symlink_to((source.generated / name).resolve())
    if fitted:
        save(make(wordings, folder), folder / FILE)


def make(wordings: Sequence[Wording], folder: Path, linear: Linear | None = None) -> Search:
    """Make the search; without `linear` with the weights that are shipped. Errors: ValueError if a generated file is broken."""
    content = json.loads((folder / "lexicon.json").read_text("utf-8"))
    languages = [LanguageWords(**language) for language in content["languages"]]
    reader = Reader(folder)
    generated = read_generated(reader, folder, [language.lang for language in languages])
    if reader.problems:
        raise ValueError("; ".join(f"{problem.path}: {problem.text}" for problem in reader.problems))
    base = build_lexicon(generated.words(), languages)
    inside = [(w.lang, w.text) for w in wordings if not is_outside(w.topic)]
    outside = [(w.lang, w.text) for w in wordings if is_outside(w.topic)]
    beside = unknown_words(base, inside + [(lang, text) for lang, text in content["texts"]] + outside)
    lexicon = with_words(base, beside)
    own = [searching.Wording(topic=w.topic, lang=w.lang, field=w.field, text=w.text) for w in wordings]
    places, foreign, home = content["elsewhere"]
    index = Index(own, lexicon, linear or generated.linear, build_elsewhere(places, foreign, home, lexicon))
    return Search("measured", languages, base, beside, index)
