"""The linear classifier: scores reckoned by hand, and what it passes over."""

import math
from array import array
from dataclasses import replace
from typing import Final

import pytest

from bot.search.linear import SPREAD, UNFITTED_WEIGHTS, Linear, Weights

# What each feature speaks for: "a" for school and against outside, "b" for pension, "c" for nothing, "d" against pension alone.
FITTED: Final = Weights(
    topics=("school", "pension"),
    biases=(-0.5, -0.25, 0.125),
    features=("a", "b", "c", "d"),
    rarity=array("f", (2.0, 1.0, 3.0, 1.0)),
    counts=array("H", (2, 1, 0, 1)),
    classes=array("H", (0, 2, 1, 1)),
    weights=array("f", (1.0, -0.5, 0.5, -1.0)),
)
LINEAR: Final = Linear(FITTED)


def wide(classes: int) -> Linear:
    """Make a classifier with a feature that speaks for so many classes."""
    topics = tuple(str(number) for number in range(classes))
    return Linear(
        Weights(
            topics=topics,
            biases=(0.0,) * (classes + 1),
            features=("a",),
            rarity=array("f", (1.0,)),
            counts=array("H", (classes,)),
            classes=array("H", range(classes)),
            weights=array("f", (1.0,) * classes),
        )
    )


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
    assert LINEAR.scores(features) == pytest.approx(scores)


@pytest.mark.parametrize("count", [0.01, 1.0, 45.0])
def test_how_often_a_feature_stands_alone_changes_nothing(count: float) -> None:
    """The features of a kind have the length one together, however many or strong they are."""
    assert LINEAR.scores({"a": count}) == pytest.approx([0.5, -0.25, -0.375])


def test_kinds_count_one_by_one() -> None:
    """Each kind of features has the length one for itself, and the kinds are added."""
    alone = [LINEAR.scores(features) for features in ({"a": 1.0}, {"b": 2.0, "d": 1.0})]
    biases = LINEAR.scores()
    expected = [a + b - bias for a, b, bias in zip(*alone, biases, strict=True)]
    assert LINEAR.scores({"a": 1.0}, {"b": 2.0, "d": 1.0}) == pytest.approx(expected)
    assert LINEAR.scores({"a": 1.0}, {}, {"a": 7.0}) == pytest.approx([1.5, -0.25, -0.875])


def test_what_was_never_seen_is_passed_over() -> None:
    """An unknown feature says nothing and makes the others no smaller."""
    assert LINEAR.scores({"x": 9.0}) == list(FITTED.biases)
    assert LINEAR.scores({"a": 1.0, "x": 9.0}) == LINEAR.scores({"a": 1.0})


def test_what_speaks_for_nearly_everything_is_passed_over() -> None:
    """A feature with an opinion on more classes than the limit is left out; at the limit it counts."""
    assert wide(SPREAD).scores({"a": 1.0})[:SPREAD] == [1.0] * SPREAD
    assert wide(SPREAD + 1).scores({"a": 1.0}) == [0.0] * (SPREAD + 2)


def test_without_a_fit() -> None:
    """There are no topics, and outside has no score."""
    linear = Linear(UNFITTED_WEIGHTS)
    assert (linear.topics, linear.scores(), linear.scores({"a": 1.0})) == ({}, [0.0], [0.0])
    assert (linear.rarity("a"), linear.tells("a")) == (0.0, False)
    assert linear.rarest > 0


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
