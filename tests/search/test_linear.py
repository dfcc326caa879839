"""The linear classifier: scores reckoned by hand, and what it passes over."""

import math
from array import array
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.search import linear
from bot.search.linear import GRAIN, UNFITTED_WEIGHTS, Linear, Weights

# What each feature speaks for: "a" for school and against outside, "b" for pension, "c" for nothing, "d" against pension alone.
FITTED: Final = Weights(
    topics=("school", "pension"),
    biases=(-0.5, -0.25, 0.125),
    features=("a", "b", "c", "d"),
    rarity=array("f", (2.0, 1.0, 3.0, 1.0)),
    common=array("h", (0, 0, 0, 0)),
    counts=array("H", (2, 1, 0, 1)),
    classes=array("H", (0, 2, 1, 1)),
    weights=array("h", (1000, -500, 500, -1000)),
)
LINEAR: Final = Linear(FITTED)
NEAR: Final = 0.002
"""Scores are reckoned in whole numbers."""


def reckoned(fit: Weights, *kinds: dict[str, float]) -> list[float]:
    """Reckon the scores as they are defined: biases, and of each kind the weights by their share of its length."""
    scores = list(fit.biases)
    ends = list(accumulate(fit.counts, initial=0))
    for kind in kinds:
        known = {fit.features.index(name): count for name, count in kind.items() if name in fit.features}
        length = math.hypot(*(count * fit.rarity[place] for place, count in known.items()))
        for place, count in known.items():
            part = slice(ends[place], ends[place + 1])
            told = dict(zip(fit.classes[part], fit.weights[part], strict=True))
            share = count * fit.rarity[place] / length
            scores = [score + share * told.get(number, fit.common[place]) / GRAIN for number, score in enumerate(scores)]
    return scores


@pytest.mark.parametrize(
    ("features", "scores"),
    [
        ({}, [-0.5, -0.25, 0.125]),
        ({"a": 1.0}, [0.5, -0.25, -0.375]),
        ({"b": 1.0}, [-0.5, 0.25, 0.125]),
        ({"c": 1.0}, [-0.5, -0.25, 0.125]),
        # a weighs 2, b 1: the length is the root of 5
        ({"a": 1.0, "b": 1.0}, [-0.5 + 2 / 5**0.5, -0.25 + 0.5 / 5**0.5, 0.125 - 1 / 5**0.5]),
        # a weighs 2, b 4
        ({"a": 1.0, "b": 4.0}, [-0.5 + 2 / 20**0.5, -0.25 + 2 / 20**0.5, 0.125 - 1 / 20**0.5]),
        # c says nothing, but is part of the length: a weighs 2, c 3
        ({"a": 1.0, "c": 1.0}, [-0.5 + 2 / 13**0.5, -0.25, 0.125 - 1 / 13**0.5]),
    ],
)
def test_scores(features: dict[str, float], scores: list[float]) -> None:
    """A score is the bias and what the features say, each by its share of the whole; outside is the last."""
    assert LINEAR.scores(features) == pytest.approx(scores, abs=NEAR)


@pytest.mark.parametrize("count", [0.01, 1.0, 45.0])
def test_how_often_a_feature_stands_alone_changes_nothing(count: float) -> None:
    """The features of a kind have the length one together, however many or strong they are."""
    assert LINEAR.scores({"a": count}) == pytest.approx([0.5, -0.25, -0.375], abs=NEAR)


def test_kinds_count_one_by_one() -> None:
    """Each kind of features has the length one for itself, and the kinds are added."""
    alone = [LINEAR.scores(features) for features in ({"a": 1.0}, {"b": 2.0, "d": 1.0})]
    biases = LINEAR.scores()
    expected = [a + b - bias for a, b, bias in zip(*alone, biases, strict=True)]
    assert LINEAR.scores({"a": 1.0}, {"b": 2.0, "d": 1.0}) == pytest.approx(expected, abs=NEAR)
    assert LINEAR.scores({"a": 1.0}, {}, {"a": 7.0}) == pytest.approx([1.5, -0.25, -0.875], abs=NEAR)


def test_what_was_never_seen_is_passed_over() -> None:
    """An unknown feature says nothing and makes the others no smaller."""
    assert LINEAR.scores({"x": 9.0}) == list(FITTED.biases)
    assert LINEAR.scores({"a": 1.0, "x": 9.0}) == LINEAR.scores({"a": 1.0})


def test_what_is_common_is_said_of_all_others() -> None:
    """A class without an entry of its own gets what the feature says of all."""
    linear = Linear(replace(FITTED, common=array("h", (250, -500, 0, 0))))
    assert linear.scores({"a": 1.0}) == pytest.approx([0.5, 0.0, -0.375], abs=NEAR)
    assert linear.scores({"b": 1.0}) == pytest.approx([-1.0, 0.25, -0.375], abs=NEAR)


numbers = st.integers(-3000, 3000)


@st.composite
def fits(draw: st.DrawFn) -> Weights:
    """Draw a fit of up to five classes and seven features, each class with a weight of its own or the common one."""
    classes = draw(st.integers(1, 5))
    rows = draw(st.lists(st.dictionaries(st.integers(0, classes - 1), numbers), max_size=7))
    some = partial(st.lists, min_size=len(rows), max_size=len(rows))
    return Weights(
        topics=tuple(f"topic-{number}" for number in range(classes - 1)),
        biases=tuple(draw(st.lists(st.floats(-3, 3), min_size=classes, max_size=classes))),
        features="abcdefg"[: len(rows)],
        rarity=draw(some(st.floats(0.5, 9))),
        common=array("h", draw(some(numbers))),
        counts=array("H", map(len, rows)),
        classes=array("H", chain.from_iterable(rows)),
        weights=array("h", chain.from_iterable(row.values() for row in rows)),
    )


messages = st.lists(st.dictionaries(st.sampled_from("abcdefghi"), st.floats(0.1, 30)), max_size=3)


@settings(derandomize=True, deadline=None)
@given(fits(), messages)
def test_scores_are_as_defined(fit: Weights, kinds: list[dict[str, float]]) -> None:
    """All classes at once, in whole numbers: the same as one by one."""
    assert Linear(fit).scores(*kinds) == pytest.approx(reckoned(fit, *kinds), abs=0.02)


@pytest.mark.parametrize("strongest", [32_000, -32_000])
def test_the_longest_message_fits(strongest: int) -> None:
    """However many features there are and however much they say, no class's sum runs into another's."""
    count = 20_000
    fit = Weights(
        topics=("school", "pension"), biases=(0.0, 0.0, 0.0), features=[str(number) for number in range(count)],
        rarity=array("f", [1.0]) * count, common=array("h", [strongest]) * count, counts=array("H", [1]) * count,
        classes=array("H", [1]) * count, weights=array("h", [-strongest]) * count,
    )  # fmt: skip
    whole = strongest / GRAIN * math.sqrt(count)
    assert Linear(fit).scores(dict.fromkeys(fit.features, 1.0)) == pytest.approx([whole, -whole, whole], rel=0.2)


def test_rows_are_laid_out_again_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept has a bound, and forgetting changes nothing."""
    monkeypatch.setattr("bot.search.linear.KEPT_BYTES", 24)  # two rows
    linear = Linear(FITTED)
    for name in "abdabd":
        assert linear.scores({name: 1.0}) == LINEAR.scores({name: 1.0})


def test_without_a_fit() -> None:
    """There are no topics, and outside has no score."""
    linear = Linear(UNFITTED_WEIGHTS)
    assert (linear.topics, linear.scores(), linear.scores({"a": 1.0})) == ({}, [0.0], [0.0])
    assert (linear.rarity("a"), linear.tells("a")) == (0.0, False)
    assert linear.rarest > 0


def test_features_with_many_weights_are_reckoned_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laid out in rows or entry by entry: the scores are the same, to the last part."""
    asked = ({"a": 1.0, "b": 4.0}, {"c": 2.0, "d": 1.0})
    alone = Linear(FITTED).scores(*asked)
    monkeypatch.setattr(linear, "FEW", 0)
    rows = Linear(FITTED)
    assert rows.scores(*asked) == alone == rows.scores(*asked)


def test_topics_by_number() -> None:
    """Each topic has the place of its score."""
    assert LINEAR.topics == {"school": 0, "pension": 1}


def test_how_rare_a_feature_is() -> None:
    """As it was fitted; one that was never seen is 0."""
    assert {name: LINEAR.rarity(name) for name in "abcdx"} == {"a": 2.0, "b": 1.0, "c": 3.0, "d": 1.0, "x": 0.0}
    assert LINEAR.rarest == 3.0


def test_which_features_tell_something() -> None:
    """Only what speaks for a topic does: not against one, and not for what is outside."""
    assert {name: LINEAR.tells(name) for name in "abcdx"} == {"a": True, "b": True, "c": False, "d": False, "x": False}
    outside = Linear(replace(FITTED, classes=array("H", (2, 2, 1, 1))))
    assert not outside.tells("a")


def test_scores_are_numbers() -> None:
    """Nothing is divided by nothing, whatever is asked."""
    for features in ({}, {"c": 1.0}, {"x": 0.0}, {"a": 1e-30, "b": 1e30}):
        assert all(map(math.isfinite, LINEAR.scores(features)))
