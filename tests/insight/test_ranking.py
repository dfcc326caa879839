"""Fitting the classifier on a small index: what it learns, what it leaves out, and what is said without the library."""

import sys
from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Final

import pytest

from bot.errors import WrongUse
from bot.insight.ranking import DIGITS, KINDS, LEAST, STEPS, features, fit_weights
from bot.search.index import OUTSIDE, Index, Wording
from bot.search.lexicon import build_lexicon, unknown_words, with_words
from bot.search.linear import GRAIN, UNFITTED_WEIGHTS, Linear, Weights

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "library": (
        "where is the library",
        "library books",
        "how do I borrow a book",
        "is the library free",
        "library opening hours",
    ),
    "school": ("where is the school", "how do I enrol at school", "school year", "is school free", "which school is near"),
    "waste": ("where do I take waste", "waste collection", "who takes old furniture", "is waste collection free", "sort waste"),
    "~weather": ("where is the sun", "will it rain", "weather tomorrow", "is it cold", "weather forecast"),
    "~sport": ("who won the match", "football tomorrow", "is football free", "where is the stadium", "match result"),
}
INSIDE: Final = [topic for topic in TEXTS if not topic.startswith(OUTSIDE)]


def small_index(linear: Linear | None = None, texts: Mapping[str, tuple[str, ...]] = TEXTS, more: str = "") -> Index:
    """Build an index of the small texts whose lexicon knows more words."""
    rows = [Wording(topic=topic, lang="en", field="question", text=text) for topic, some in texts.items() for text in some]
    empty = build_lexicon((), ())
    words = unknown_words(empty, (("en", text) for some in (*TEXTS.values(), (more,)) for text in some))
    return Index(rows, with_words(empty, words), linear or Linear(UNFITTED_WEIGHTS))


@cache
def weights() -> Weights:
    """Fit the small index once."""
    return fit_weights(small_index())


@cache
def fitted() -> Index:
    """Give the small index with its fit."""
    return small_index(Linear(weights()))


def said(fit: Weights, feature: str) -> dict[str, float]:
    """Give what a feature speaks for, and how much; outside has no name."""
    place = list(fit.features).index(feature)
    start = sum(fit.counts[:place])
    part = slice(start, start + fit.counts[place])
    return {
        (*fit.topics, "")[number]: weight / GRAIN for number, weight in zip(fit.classes[part], fit.weights[part], strict=True)
    }


# --- what is learned --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "text"), [(topic, text) for topic in INSIDE for text in TEXTS[topic]])
def test_each_wording_is_nearest_to_its_topic(topic: str, text: str) -> None:
    """The wordings that were learned are the topic's, and not outside."""
    best, *_ = fitted().find(text)
    assert best.topic == topic
    assert best.score > best.outside


@pytest.mark.parametrize("text", [text for topic in TEXTS if topic not in INSIDE for text in TEXTS[topic]])
def test_outside_wins_for_what_is_outside(text: str) -> None:
    """All kinds of questions that nothing here answers are one: likelier than any topic."""
    best, *_ = fitted().find(text)
    assert best.outside > best.score


@pytest.mark.parametrize(
    ("text", "topic"),
    [("a library with many books", "library"), ("enrol a child at a school", "school"), ("sorting waste", "waste")],
)
def test_other_words_around_it(text: str, topic: str) -> None:
    """What is asked in other words is found by those that tell the topics apart."""
    assert fitted().find(text)[0].topic == topic


def test_what_tells_topics_apart() -> None:
    """A word of one topic speaks for it and against others; a word of outside speaks against topics."""
    school, football = said(weights(), "en:school"), said(weights(), "en:football")
    assert max(school, key=lambda topic: school[topic]) == "school"
    assert {topic for topic, weight in school.items() if weight > 0} == {"school"}
    assert football[""] > 0
    assert all(weight < 0 for topic, weight in football.items() if topic)


def test_the_classes_are_the_topics_and_outside() -> None:
    """Every topic has a place, sorted; kinds of what is outside have none, their bias is the last."""
    assert weights().topics == tuple(sorted(INSIDE))
    assert len(weights().biases) == len(INSIDE) + 1


def test_answers_teach_a_little() -> None:
    """A word that stands in an answer only speaks for its topic, but for less than one of a phrasing."""
    sentence = "children read there"
    texts = {**TEXTS, "school": (*TEXTS["school"], sentence)}
    answer = fit_weights(small_index(more=sentence), [("school", sentence)])
    phrasing = fit_weights(small_index(texts=texts, more=sentence))
    for word in ("en:children", "en:read"):
        assert word not in weights().features
        assert LEAST < said(answer, word)["school"] < said(phrasing, word)["school"]
    assert answer.topics == phrasing.topics == weights().topics


# --- what is left out -------------------------------------------------------------------------------------------------


def test_next_to_nothing_is_dropped() -> None:
    """Only weights that differ from what is common are kept; counts, classes and weights fit together."""
    fit = weights()
    places = chain.from_iterable([place] * count for place, count in enumerate(fit.counts))
    assert min(abs(w - fit.common[place]) for w, place in zip(fit.weights, places, strict=True)) >= GRAIN * LEAST
    assert [b for b in fit.biases if round(b, DIGITS) != b] == []
    assert len(fit.features) == len(fit.rarity) == len(fit.common) == len(fit.counts)
    assert sum(fit.counts) == len(fit.classes) == len(fit.weights) < len(fit.features) * (len(fit.topics) + 1)
    assert max(fit.classes) == len(fit.topics)
    assert (fit.common.typecode, fit.weights.typecode) == ("h", "h")


def test_rare_spellings_are_not_learned() -> None:
    """A term is learned from one text on, letters and spellings from as many as their kind says."""
    index = fitted()
    rows = [features(index, wording.text) for wording in index.wordings]
    for number, kind in enumerate(KINDS):
        spread = {feature: sum(feature in row[number] for row in rows) for row in rows for feature in row[number]}
        kept = {feature for feature, texts in spread.items() if texts >= kind.least_texts}
        assert kept <= set(weights().features)
        assert not {feature for feature in spread if feature not in kept} & set(weights().features)


def test_every_feature_has_its_rarity() -> None:
    """The rarer a feature is, the more it counts; none counts nothing."""
    rarity = dict(zip(weights().features, weights().rarity, strict=True))
    assert min(rarity.values()) > 0
    assert rarity["en:football"] > rarity["en:school"] > rarity["=is"]


# --- how it runs ------------------------------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_weights() -> None:
    """A fit repeats, but for the last digit, also from an index that has a fit already."""
    for again in (fit_weights(small_index()), fit_weights(fitted())):
        assert (again.topics, again.features, again.rarity) == (weights().topics, weights().features, weights().rarity)
        assert again.biases == pytest.approx(weights().biases, abs=0.005)
        for text in ("library", "where is the school", "rain", "is football free"):
            (one, *_), (other, *_) = fitted().find(text), small_index(Linear(again)).find(text)
            assert one.topic == other.topic
            assert (one.score, one.outside) == pytest.approx((other.score, other.outside), abs=0.02)


def test_the_order_of_topics_does_not_matter() -> None:
    """Wordings may come in any order of their topics."""
    turned = fit_weights(small_index(texts=dict(reversed([*TEXTS.items()]))))
    assert Linear(turned).topics == Linear(weights()).topics
    for text in ("library", "where is the school", "rain"):
        assert [e.topic for e in small_index(Linear(turned)).find(text)] == [e.topic for e in fitted().find(text)]


def test_progress_is_told() -> None:
    """As often as was said before."""
    told: list[None] = []
    fit_weights(small_index(), tell=lambda: told.append(None))
    assert len(told) == STEPS


@pytest.mark.parametrize("name", ["numpy", "scipy.sparse", "sklearn.svm", "sklearn.feature_extraction", "sklearn.preprocessing"])
def test_without_what_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is named together with the command that installs it, before anything is read."""
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(WrongUse, match=rf"not installed \({name}\): run `make install-forms`"):
        fit_weights(small_index())


def test_without_outside_questions_no_topic_is_lost() -> None:
    """Where no outside questions are known every topic is still learned; outside stays at what says no."""
    inside = {topic: texts for topic, texts in TEXTS.items() if not topic.startswith(OUTSIDE)}
    learned = fit_weights(small_index(texts=inside))
    assert learned.topics == tuple(sorted(inside))
    assert learned.biases[-1] == -1.0
    for topic, texts in inside.items():
        assert small_index(Linear(learned), inside).find(texts[0])[0].topic == topic


def test_two_classes_are_enough() -> None:
    """One topic and outside questions can be fitted."""
    two = {topic: TEXTS[topic] for topic in ("library", "~weather")}
    index = small_index(Linear(fit_weights(small_index(texts=two))), two)
    inside, outside = index.find("library books")[0], index.find("will it rain")[0]
    assert inside.score - inside.outside > outside.score - outside.outside
