"""Advice on wording that only a check by hand needs: phrasings that are almost the same, sentences that are hard to read."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from rapidfuzz import fuzz, process

from bot.errors import Problem
from bot.knowledge.read import Files, wordings
from bot.search.text import fold, tokens

TOO_ALIKE = 92.0
"""rapidfuzz's token_sort_ratio (0 to 100) from which phrasings of two topics are hard to tell apart; the same words are 100."""
HARD = {"et": 75.0, "ru": 72.0, "en": 60.0}
"""LIX of a sentence (words + percentage of words over six letters) above which it is hard.

Each figure marks the hardest twentieth of our own sentences: Estonian and Russian words are longer than English ones."""
HARD_ELSEWHERE = 70.0
SHORTEST = 8
"""Words; below them a percentage of long words says little."""

BEGINNING, RAREST = 4, 2
"""Letters and words: phrasings are compared if they share the beginning of one of the rarest words; all pairs are too many."""

_MARKS = re.compile(r"\[([^\]]*)\]\([^)]*\)|\{\{[^}]*\}\}|\*\*")
_END = re.compile(r"(?<=[.!?:;])\s+|\n+")


def check_style(files: Files) -> Iterator[Problem]:
    """Look for phrasings of two topics that are almost the same, and for hard sentences; all of it is advice."""
    for lang in files.languages:
        yield from _alike(files, lang)
    for id, texts in files.texts.items():
        for lang, text in texts.items():
            path = files.reader.root / lang / f"{id}.md"
            for body in (text.body, *text.variants.values()):
                plain = {_plain(line): line for line in body.splitlines()}
                for sentence in hard_sentences(body, lang):
                    start = " ".join(sentence.split()[:6])
                    needle = next((line for shown, line in plain.items() if start in shown), start)
                    advice = f"hard to read ({start} ...): make it two sentences, or use shorter words"
                    yield files.reader.problem(path, needle, advice, error=False)


def hard_sentences(markdown: str, lang: str) -> list[str]:
    """Give the sentences of an answer that are hard to read."""
    import textstat  # brings nltk: half a second and 16 MB that serving need not pay

    limit = HARD.get(lang, HARD_ELSEWHERE)
    return [s for s in plain_sentences(markdown) if len(s.split()) >= SHORTEST and textstat.lix(s) > limit]


def plain_sentences(markdown: str) -> list[str]:
    """Give the sentences of an answer without its marks."""
    return [re.sub(r"^(?:-|\d+\.)\s+", "", piece).strip() for piece in _END.split(_plain(markdown))]


def _plain(markdown: str) -> str:
    return _MARKS.sub(lambda match: match[1] or "value" * match[0].startswith("{"), markdown)


def _alike(files: Files, lang: str) -> Iterator[Problem]:
    rows = [w for w in wordings(files) if w.lang == lang and w.field != "keyword"]
    plain = [" ".join(fold(token) for token in tokens(row.text)) for row in rows]
    begins = [{word[:BEGINNING] for word in text.split()} for text in plain]
    common = Counter(chain.from_iterable(begins))
    shelves: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        rarest = sorted(begins[place], key=lambda begin: (common[begin], begin))[:RAREST]
        others = sorted({other for begin in rarest for other in shelves.get(begin, ()) if rows[other].topic != row.topic})
        for begin in begins[place]:
            shelves.setdefault(begin, []).append(place)
        near = process.extract(
            plain[place], {o: plain[o] for o in others}, scorer=fuzz.token_sort_ratio, score_cutoff=TOO_ALIKE, limit=None
        )
        for text, _, other in near:
            if text != plain[place]:
                path = files.reader.root / lang / f"{row.topic}.md"
                text = f"{row.text!r} is almost {rows[other].text!r} of {rows[other].topic}; people cannot tell them apart"
                yield files.reader.problem(path, row.text, text, error=False)
