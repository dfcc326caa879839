"""Tuning on a small world: the limits it sets hold on the wordings it was given."""

import sys
from dataclasses import replace
from functools import cache

import pytest

from bot.errors import WrongUse
from bot.insight.evaluation import Question, measure
from bot.insight.tuning import FALSE_AT_MOST, WRONG_AT_MOST, Case, reach, tune
from bot.search.confidence import CERTAIN, FEATURES, Candidate, Fit
from bot.search.index import Evidence
from tests.engine.small import TOPICS, small_world
from tests.search.words import EVIDENCE, weights_by_name

NOISE = (
    "weather tomorrow",
    "football score",
    "best pizza",
    "ilm homme",
    "погода завтра",
    "курс доллара",
    "kus on pizza",
    "where is tomorrow",
)
CONFUSING = ("where is it", "how do I find the price", "help when", "rules of the price", "information is free")


def checks() -> list[Question]:
    """Give check wordings: words of each topic with others around, noise, and wordings that could be any topic."""
    inside = [
        Question(text=text.format(name.in_(lang)), topics=(id,), lang=lang, kind="plain")
        for id, name in TOPICS.items()
        for lang, texts in {
            "et": ("kus {}", "{} palun"),
            "ru": ("{} пожалуйста", "где {}"),
            "en": ("{} please", "where {}"),
        }.items()
        for text in texts
    ]
    outside = [Question(text=text, topics=(), lang="en", kind="none") for text in (*NOISE, *CONFUSING)]
    return [*inside, *outside, Question(text="castle", topics=("unheard-of",), lang="en", kind="plain")]


@cache
def tuned() -> tuple[Fit, dict[str, float]]:
    """Tune the small world once."""
    return tune(small_world(), checks())


def test_the_limits_hold() -> None:
    """What tuning promises is kept: wrong and false answers stay below their limits, and bands are in order."""
    fit, reached = tuned()
    assert reached["wrong"] <= WRONG_AT_MOST
    assert reached["false"] <= FALSE_AT_MOST
    assert 0 < fit.answer <= fit.answer_careful <= 1
    assert 0 < fit.offer < fit.clarify < 1
    assert 0 <= fit.sure < 1
    assert len(fit.weights) == len(fit.inside) == FEATURES


@pytest.mark.parametrize("careful", [(), ("waste",), tuple(TOPICS)])
def test_wrong_labels_cost_answers_not_truth(careful: tuple[str, ...]) -> None:
    """Where the wordings contradict the phrasings, less is answered, so that wrong answers stay rare."""
    contrary = [replace(question, topics=("waste",)) if question.topics == ("library",) else question for question in checks()]
    world = replace(small_world(), finder=replace(small_world().finder, careful=frozenset(careful)))
    _, reached = tune(world, contrary)
    assert reached["wrong"] <= WRONG_AT_MOST
    assert reached["false"] <= FALSE_AT_MOST
    assert reached["right"] < tuned()[1]["right"]


def test_what_is_reached_is_what_is_measured() -> None:
    """The shares told by tuning are those the whole bot reaches with the fit."""
    fit, reached = tuned()
    world = replace(small_world(), finder=replace(small_world().finder, fit=fit))
    table, left_out = measure(checks(), world)
    shares = table["all"].shares()
    assert left_out == 1
    assert {name: reached[name] for name in ("right", "wrong", "silent", "false")} == pytest.approx(
        {name: shares[name] for name in ("right", "wrong", "silent", "false")}, abs=1e-3
    )
    assert reached["right"] > 0.5


def test_tuning_repeats() -> None:
    """The same knowledge and wordings give the same numbers."""
    assert tune(small_world(), checks()) == tuned()


def test_every_step_is_told() -> None:
    """Each check wording counts once on the way; phrasings are not learned from, as they are indexed."""
    told: list[None] = []
    tune(small_world(), checks(), tell=lambda: told.append(None))
    assert len(told) == len(checks())


def test_phrasings_are_answered() -> None:
    """No limit is set so high that what is certain is not answered, though no phrasing is learned from."""
    finder = replace(small_world().finder, fit=tuned()[0])
    phrasings = [wording for wording in finder.index.wordings if wording.topic in finder.index.topics]
    assert [w.text for w in phrasings if finder.find(w.text).shown != (Candidate(w.topic, CERTAIN),)] == []


@pytest.mark.parametrize("name", ["sklearn", "sklearn.linear_model"])
def test_without_what_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is named together with the command that installs it."""
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(WrongUse, match=r"not installed \(sklearn.*\): run `make install-forms`"):
        tune(small_world(), checks())


def test_careful_topics_need_more() -> None:
    """Wrong answers of careful topics raise the limit of careful topics, and only theirs where the others still do well."""
    confused = Question(text="where is the waste", topics=("library",), lang="en", kind="plain")
    asked = [*checks() * 4, *[confused] * 6]
    world = replace(small_world(), finder=replace(small_world().finder, careful=frozenset({"waste"})))
    fit, reached = tune(world, asked)
    assert reached["wrong"] <= WRONG_AT_MOST
    assert fit.answer_careful > fit.answer


def evidence(topic: str, score: float) -> Evidence:
    """Make evidence with a score."""
    return replace(EVIDENCE, topic=topic, score=score)


def test_reach_counts_each_case_once() -> None:
    """Right, wrong and silent are shares of labelled cases, false and quiet of the others."""
    weights = weights_by_name(0.0, score=1.0)
    fit = Fit(weights=weights, inside=weights, answer=0.7, answer_careful=0.9, sure=0.0, clarify=0.5, offer=0.2)
    cases = [
        Case(("a",), (evidence("a", 2.0),)),  # 0.88: right
        Case(("b",), (evidence("a", 2.0), evidence("b", 1.9))),  # wrong
        Case(("c",), (evidence("c", 2.0),)),  # careful: offered only
        Case(("a",), (evidence("a", -1.0),)),  # 0.27: silent
        Case(("a",), ()),  # nothing found: silent
        Case((), (evidence("a", 2.0),)),  # false
        Case((), (evidence("a", 0.5),)),  # offered
        Case((), ()),  # quiet
        Case((), (evidence("c", 1.0),)),  # careful, offered
    ]
    assert reach(fit, cases, frozenset("c")) == {"right": 0.2, "wrong": 0.2, "silent": 0.4, "false": 0.25, "quiet": 0.25}
