"""How ours gets its weights: fitted as `teejuht eval --tune` does, or, for very many made-up topics, as mean wordings."""

import math
from array import array
from collections import Counter, defaultdict
from itertools import chain, groupby

from bot.insight.ranking import DIGITS, LEAST, features, fit_weights
from bot.search.index import Index
from bot.search.linear import GRAIN, Weights
from tests.bench.rankers import OUTSIDE, merged


def fit(index: Index) -> Weights:
    """Fit the weights to the wordings of an index."""
    return fit_weights(index)


def mean_wordings(index: Index) -> Weights:
    """Give each topic the mean of its wordings as weights, of those that matter: a table of the same shape, made in one pass."""
    spread: Counter[str] = Counter()
    for wording in index.wordings:
        spread.update(chain.from_iterable(features(index, wording.text)))
    rarity = {name: round(math.log1p(len(index.wordings) / count), DIGITS) for name, count in spread.items()}
    kept: dict[str, list[tuple[int, int]]] = defaultdict(list)
    topics = []
    for number, (topic, group) in enumerate(groupby(index.wordings, key=lambda wording: merged(wording.topic))):
        topics += [topic] if topic != OUTSIDE else []  # outside, which the index sorts last, is the last class and no topic
        total: Counter[str] = Counter()
        for wording in group:
            for kind in features(index, wording.text):
                total.update({name: count * rarity[name] for name, count in kind.items()})
        length = math.sqrt(sum(weight * weight for weight in total.values())) or 1.0
        for name, weight in total.items():
            if weight / length >= LEAST:
                kept[name].append((number, round(GRAIN * weight / length)))
    rows = [kept.get(name, []) for name in rarity]
    return Weights(
        topics=tuple(topics), biases=(-1.0,) * (len(topics) + 1), features=tuple(rarity), rarity=array("f", rarity.values()),
        common=array("h", [0]) * len(rows),
        counts=array("H", map(len, rows)), classes=array("H", (number for row in rows for number, _ in row)),
        weights=array("h", (weight for row in rows for _, weight in row)),
    )  # fmt: skip
