"""What of a topic is meant for a person: what is known is used and can be taken back; where it will not do, a thing is asked."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.state import Conversation, Stage
from bot.core.texts import (
    LABEL_CHANGE,
    LABEL_DONT_KNOW,
    STALE_OPTION,
    TOPIC_BECAUSE,
    TOPIC_DEPENDS,
    TOPIC_GENERAL,
    TOPIC_WHICH,
    Answer,
    FactAnswer,
    Question,
    Text,
    Told,
)
from bot.core.world import Variant, VariantText, World
from bot.groups.rules import Rule, read_rule
from tests.core.small import chose, ids, say, sentences, small_world, told, walk

ENGLISH = Conversation(stage=Stage.TALK, lang="en", lang_chosen=True)
EU = {"citizenship": "eu"}
CHILD = {"for_child": True}
UNINSURED = {"insured": False, "not": {"for_child": True}}


def world(**variants: Mapping[str, object]) -> World:
    """Give the small World whose topic `school` has variants by these rules."""
    small = small_world()
    school = small.topics["school"]
    texts = {id: VariantText(label=f"I am {id}", body=f"For {id}.") for id in variants}
    rules: dict[str, Rule] = {id: read_rule(dict(rule), small.inquiry.facts) for id, rule in variants.items()}
    school = replace(
        school,
        variants=tuple(Variant(id=id, when=rule) for id, rule in rules.items()),
        texts={lang: replace(text, variants=texts) for lang, text in school.texts.items()},
    )
    return replace(small, topics={**small.topics, "school": school})


def because(*answers: tuple[str, str]) -> Text:
    """Give the words above what is meant for this person."""
    return Text(TOPIC_BECAUSE, {"answers": Told(answers)})


def test_one_thing_is_asked_below_the_answer() -> None:
    """Its values and "I don't know" are buttons, before what is related."""
    asked = say(told(chose("topic:school"), ENGLISH, world(eu=EU)))
    assert asked.marks == (Answer("school", None), Text(TOPIC_DEPENDS), Question("citizenship"))
    assert ids(asked.choices)[1:6] == tuple(
        f"about:school:citizenship={value}" for value in ("estonia", "eu", "other", "undetermined", "?")
    )
    assert [choice.label for choice in asked.choices[2:6:3]] == [FactAnswer("citizenship", "eu"), Text(LABEL_DONT_KNOW)]
    assert ids(asked.choices)[6:] == ("topic:kindergarten", "topic:library", "topic:hobby", "not:school", "menu")


def test_the_answer_shows_what_is_meant_and_is_kept() -> None:
    """What differs for the person is said with their words, and the next time at once below the answer."""
    there = world(eu=EU)
    step = walk([chose("topic:school"), chose("about:school:citizenship=eu")], there, ENGLISH)
    assert say(step).marks == (because(("citizenship", "eu")), Answer("school", None, "eu"))
    assert ids(say(step).choices) == ("about:school:citizenship=", "topic:school", "not:school", "menu")
    assert (step.state.facts, step.state.topic) == (("citizenship=eu",), "school")
    again = say(told(chose("topic:school"), step.state, there))
    assert again.marks == (Answer("school", None), because(("citizenship", "eu")), Answer("school", None, "eu", below=True))
    assert [choice.label for choice in again.choices if choice.id == "about:school:citizenship="] == [Text(LABEL_CHANGE)]


def test_an_answer_is_taken_back() -> None:
    """The button asks anew, and another answer counts then."""
    there = world(eu=EU)
    step = walk([chose("about:school:citizenship=eu"), chose("about:school:citizenship=")], there, ENGLISH)
    assert (say(step).marks, step.state.facts) == ((Text(TOPIC_DEPENDS), Question("citizenship")), ())
    step = told(chose("about:school:citizenship=other"), step.state, there)
    assert say(step).marks == (because(("citizenship", "other")), Text(TOPIC_GENERAL))
    assert ids(say(step).choices)[0] == "about:school:citizenship="


def test_what_is_known_to_differ_for_nobody_is_not_said() -> None:
    """Where no variant can hold the general answer stands alone."""
    shown = say(told(chose("topic:school"), replace(ENGLISH, facts=("citizenship=estonia",)), world(eu=EU)))
    assert shown.marks == (Answer("school", None),)
    assert not any(option.startswith("variant:") for option in ids(shown.choices))


def test_the_first_variant_that_holds_counts() -> None:
    """One that holds is not said while one before it may hold: that is asked first."""
    there = world(child=CHILD, eu=EU)
    known = replace(ENGLISH, facts=("citizenship=eu",))
    assert say(told(chose("topic:school"), known, there)).marks[-1] == Question("for_child")
    no_child = say(told(chose("about:school:for_child=false"), known, there))
    assert no_child.marks == (because(("citizenship", "eu")), Answer("school", None, "eu"))


def test_what_concerns_the_matter_goes_along_and_is_not_kept() -> None:
    """That it is about a child counts for this question only, also over two questions."""
    there = world(child=CHILD, uninsured=UNINSURED)
    step = walk([chose("topic:school"), chose("about:school:for_child=false")], there, ENGLISH)
    assert say(step).marks == (Text(TOPIC_DEPENDS), Question("insured"))
    assert ids(say(step).choices)[1] == "about:school:for_child=false,insured=false"
    step = told(chose("about:school:for_child=false,insured=false"), step.state, there)
    assert say(step).marks[-1] == Answer("school", None, "uninsured")
    assert step.state.facts == ("insured=false",)
    assert say(told(chose("topic:school"), step.state, there)).marks[-1] == Question("for_child")


def test_who_does_not_know_is_offered_what_may_fit() -> None:
    """Then the variants that may hold are buttons; choosing one says what its rule says for certain."""
    there = world(eu=EU)
    step = walk([chose("topic:school"), chose("about:school:citizenship=?")], there, ENGLISH)
    assert (say(step).marks, step.state.facts) == ((Text(TOPIC_WHICH),), ())
    assert ids(say(step).choices) == ("variant:school:eu", "topic:school", "not:school", "menu")
    step = told(chose("variant:school:eu"), step.state, there)
    assert step.state.facts == ("citizenship=eu",)


def test_choosing_a_variant_tells_only_what_is_certain() -> None:
    """Of several possible values none is taken for the person's, nor what is of the matter."""
    there = world(some={"citizenship": ["eu", "other"]}, child={"for_child": True, "insured": True})
    step = walk([chose("variant:school:some"), chose("variant:school:child")], there, ENGLISH)
    assert step.state.facts == ("insured=true",)


@pytest.mark.parametrize("rule", [{"residence_basis": "visa"}, {"resident_since": {"less_than": "5 years"}}])
def test_long_lists_and_dates_are_not_asked_here(rule: Mapping[str, object]) -> None:
    """The variants are offered instead."""
    shown = say(told(chose("topic:school"), ENGLISH, world(some=rule)))
    assert shown.marks == (Answer("school", None), Text(TOPIC_WHICH))
    assert "variant:school:some" in ids(shown.choices)


@pytest.mark.parametrize(
    ("text", "fact"),
    [("Latvia", "citizenship=eu"), ("eesti", "citizenship=estonia"), ("no idea", None), ("2", "citizenship=estonia")],
)
def test_the_answer_may_be_typed(text: str, fact: str | None) -> None:
    """Words that stand for an option, or its number, answer what was asked last."""
    step = walk([chose("topic:school"), text], world(eu=EU), ENGLISH)
    assert step.state.facts == ((fact,) if fact else ())
    assert sentences(say(step))[-1] in {TOPIC_BECAUSE, TOPIC_GENERAL, TOPIC_WHICH}


def test_yes_and_no_may_be_typed() -> None:
    """They answer a question of yes and no."""
    step = walk([chose("topic:school"), "no"], world(uninsured={"insured": False}), ENGLISH)
    assert step.state.facts == ("insured=false",)


@pytest.mark.parametrize("text", ["library", "where is the library", "yes"])
def test_anything_else_is_an_ordinary_message(text: str) -> None:
    """A question after the answer is a question, and so is a yes where a country was asked for."""
    there = world(eu=EU)
    step = walk([chose("topic:school"), text], there, ENGLISH)
    assert step.state.facts == ()
    assert step == told(text, replace(walk([chose("topic:school")], there, ENGLISH).state, options=()), there)


def test_words_answer_only_what_was_asked_last() -> None:
    """After another message the same words are an ordinary message."""
    step = walk([chose("topic:school"), chose("menu"), "Latvia"], world(eu=EU), ENGLISH)
    assert step.state.facts == ()


def test_while_another_person_is_asked_about() -> None:
    """A topic is fitted to the person who writes, and their answers stay their own."""
    there = world(eu=EU)
    state = replace(ENGLISH, other=True, facts=("citizenship=eu",), own_facts=())
    step = walk([chose("topic:school"), chose("about:school:citizenship=other")], there, state)
    assert (step.state.facts, step.state.own_facts) == (("citizenship=eu",), ("citizenship=other",))
    chosen = told(chose("variant:school:eu"), step.state, there).state
    assert (chosen.facts, chosen.own_facts) == (("citizenship=eu",), ("citizenship=eu",))


@pytest.mark.parametrize(
    "option",
    ["about:gone:citizenship=eu", "about:school:gone=eu", "about:school:citizenship=mars", "about:school:insured=perhaps"],
)
def test_an_option_that_says_nothing_today(option: str) -> None:
    """An old button of a topic, fact or value that no longer exists gets a kind word."""
    assert sentences(say(told(chose(option), ENGLISH, world(eu=EU)))) == (STALE_OPTION,)
