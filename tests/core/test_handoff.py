"""Asking for a person: what is asked first, the card, agreeing, refusing, and what can be done with a case afterwards."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.case_texts import (
    CASE_ASK_CONTACT,
    CASE_ASK_QUESTION,
    CASE_CODE_HIDDEN,
    CASE_DECLINED,
    CASE_EXPIRED,
    CASE_NO_CONTACT,
    CASE_OFFER,
    CASE_OFFER_KEPT,
    CASE_OFFER_PAGE,
    CASE_SENT,
)
from bot.core.effects import Count, Do, Step
from bot.core.events import Chose, Withdrew
from bot.core.state import Stage
from bot.core.texts import ASK_TOWN, STALE_OPTION, CaseCard, GroupReason, OfficeHours, Told
from bot.core.world import Route, World
from tests.core.desks import (
    NARVA,
    OFFERED,
    OPEN,
    QUESTION,
    A,
    B,
    C,
    case_of,
    closed,
    desked,
    done_at,
    later,
    open_case,
    rings,
    routed,
    run,
    tells,
)
from tests.core.small import NOW, ids, others, say, says, sentences, told
from tests.core.test_interview import world as asking_world

PAGE = replace(NARVA, channel="web", page=True)
REFUGEE = ("citizenship=other", "residence_basis=refugee")


def card_of(step: Step) -> CaseCard:
    """Give the card that the resident is shown."""
    return next(mark for mark in says(step)[-1].marks if isinstance(mark, CaseCard))


def card_at(step: Step, desk: str = A) -> CaseCard:
    """Give the card that a desk is shown."""
    return next(mark for tell in tells(step, desk) for mark in tell.marks if isinstance(mark, CaseCard))


def with_groups() -> World:
    """Give a World with desks and the programmes that are shipped, in which Narva is a partner."""
    inquiry = asking_world().inquiry
    programmes = {
        id: replace(one, partners={**one.partners, "narva": one.partners["kohtla-jarve"]} if one.partners else {})
        for id, one in inquiry.programmes.items()
    }
    return replace(desked(), inquiry=replace(inquiry, programmes=programmes))


# --- the card ---------------------------------------------------------------------------------------------------------


def test_the_card_shows_exactly_what_is_sent() -> None:
    """Question, topic, municipality, language, group with its reason: the same at the desk, which learns code and time too."""
    offered = run(OFFERED, replace(NARVA, facts=REFUGEE), with_groups())
    sent = run(["case:send"], offered.state, with_groups(), later(hours=1))
    shown = card_of(offered)
    group = GroupReason(
        "support-2025", "international-protection", Told((("citizenship", "other"), ("residence_basis", "refugee")))
    )
    assert shown == CaseCard(code="", town="narva", lang="en", question=QUESTION, topic="school", groups=(group,))
    assert card_at(sent) == replace(shown, code="NA-0042", since=later(hours=1))
    assert sentences(say(offered)) == (CASE_OFFER, CASE_OFFER_KEPT)
    assert ids(say(offered).choices) == ("case:send", "case:group", "case:question", "case:no")


def test_the_likely_group_can_be_left_out() -> None:
    """Then neither the desk nor what is kept has it, or the answers that it rests on."""
    without = run([*OFFERED, "case:group"], replace(NARVA, facts=REFUGEE), with_groups())
    assert card_of(without).groups == ()
    assert ids(say(without).choices) == ("case:send", "case:question", "case:no")
    sent = run(["case:send"], without.state, with_groups())
    assert card_at(sent).groups == ()
    assert case_of(sent.state).facts == ()


@pytest.mark.parametrize("facts", [REFUGEE, (), ("citizenship=estonia",)])
def test_answers_are_kept_only_for_a_group(facts: tuple[str, ...]) -> None:
    """Without a likely group, and of another person, no answers go with a question."""
    for state in (replace(NARVA, facts=facts), replace(NARVA, facts=facts, other=True)):
        case = case_of(run(OPEN, state, with_groups()).state)
        assert case.facts == (facts if facts == REFUGEE and not state.other else ())


def test_nothing_is_kept_before_the_person_agrees() -> None:
    """The card's case has no number and no words; the question waits apart, and goes with it."""
    offered = run(OFFERED)
    assert case_of(offered.state).question == ""
    assert case_of(offered.state).number == 0
    assert tells(offered) == ()
    sent = run(["case:send"], offered.state)
    assert (case_of(sent.state).question, sent.state.question, sent.state.asked_at) == (QUESTION, "", None)
    assert others(sent)[0] == Count(what="case-opened", topic="school", lang="en")
    assert sentences(say(sent))[0] == CASE_SENT
    assert OfficeHours("narva", NOW) in say(sent).marks
    assert ids(say(sent).choices) == ("case:cancel", "menu")
    assert done_at(sent, A) == (Do.OPEN,)
    assert tells(sent, A)[0].title == "NA-0042 en"
    assert ids(tells(sent, A)[0].choices) == ("case:claim", "case:close", "case:transfer")
    assert done_at(sent, B) == ()


def test_a_case_can_be_refused() -> None:
    """Nothing is sent, the contacts are offered, and what was asked is still the last question."""
    step = run([*OFFERED, "case:no"])
    assert (sentences(say(step)), ids(say(step).choices)) == ((CASE_DECLINED,), ("contacts", "menu"))
    assert (step.state.case, tells(step), step.state.question) == (None, (), QUESTION)
    assert sentences(say(run(["case:no"], step.state))) == (STALE_OPTION,)


def test_a_card_expires_after_a_day() -> None:
    """An answer to it that comes later shows it again, if the question is still known."""
    offered = run(OFFERED).state
    assert case_of(offered).clock is not None
    step = run([rings(offered)], offered)
    assert (sentences(say(step)), step.state.case) == ((CASE_EXPIRED,), None)
    assert rings(offered).at == NOW + timedelta(hours=24)
    assert sentences(say(run(["case:send"], step.state, at=later(hours=23))))[0] == CASE_OFFER
    assert sentences(say(run(["case:send"], step.state, at=later(hours=24)))) == (CASE_ASK_QUESTION,)


def test_a_question_of_yesterday_is_asked_for_again() -> None:
    """It is not remembered any more, neither for the card nor for sending it."""
    asked = run([QUESTION]).state
    assert sentences(say(run(["case:ask"], asked, at=later(hours=23, minutes=59))))[0] == CASE_OFFER
    step = run(["case:ask"], asked, at=later(hours=24))
    assert (sentences(say(step)), step.state.stage) == ((CASE_ASK_QUESTION,), Stage.QUESTION)
    gone = replace(run(OFFERED).state, question="", asked_at=None)
    assert run(["case:send"], gone).state.stage is Stage.QUESTION


def test_a_new_question_takes_the_card_back() -> None:
    """What is sent is never something else than the card shows: a new card is shown."""
    after = run([*OFFERED, "library"])
    assert after.state.case is None
    again = run(["case:send"], after.state)
    assert (sentences(say(again))[0], card_of(again).question, tells(again)) == (CASE_OFFER, "library", ())


def test_a_deleted_question_is_not_sent() -> None:
    """Who deletes what they wrote is asked anew."""
    step = run([*OFFERED, Withdrew(at=NOW, message=QUESTION), "case:send"])
    assert (sentences(say(step)), tells(step)) == ((CASE_ASK_QUESTION,), ())


def test_asking_without_a_question() -> None:
    """The next message is the question; what the bot would have answered to it is not on the card."""
    step = run(["case:ask"])
    assert (sentences(say(step)), step.state.stage) == ((CASE_ASK_QUESTION,), Stage.QUESTION)
    card = run(["library"], replace(step.state, topic="school"))
    assert (card_of(card).question, card_of(card).topic, card.state.stage) == ("library", "", Stage.TALK)


@pytest.mark.parametrize("text", ["/menu", "", "??", "x" * 5000, "kill myself"])
def test_what_is_no_question_is_not_taken_for_one(text: str) -> None:
    """Commands, emergencies and messages that nobody can read are what they always are."""
    step = run([text], run(["case:ask"]).state)
    assert CASE_OFFER not in sentences(says(step)[-1])


def test_who_does_not_write_a_question_after_all() -> None:
    """They are told that nothing was sent, also where an earlier case is closed."""
    for state in (NARVA, replace(closed(), question="")):
        step = run(["case:question", "case:no"], state)
        assert (sentences(say(step)), step.state.stage) == ((CASE_DECLINED,), Stage.TALK)
        assert step.state.case == state.case


def test_another_question_for_the_card() -> None:
    """The card comes again, with what was left to reach the person at."""
    step = run([*OFFERED, "case:contact", "5555 5555", "case:question", "library"], PAGE)
    assert (card_of(step).question, card_of(step).contact) == ("library", "5555 5555")


def test_a_hidden_number_is_told_with_the_card() -> None:
    """The person sees before they agree that staff will not see it."""
    assert CASE_CODE_HIDDEN in sentences(say(run(["school for [🆔]", "case:ask"])))
    assert CASE_CODE_HIDDEN not in sentences(say(run(["school for [📞]", "case:ask"])))


# --- a contact, on the page -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contact", ["+372 5555 5555", "mari@example.ee", "  call\n 5555 5555 "])
def test_a_contact_can_be_left_on_the_page(contact: str) -> None:
    """Where nothing rings, a phone number or an address goes with the case, and is on the card before."""
    step = run([*OFFERED, "case:contact"], PAGE)
    assert (sentences(say(step)), step.state.stage) == ((CASE_ASK_CONTACT,), Stage.CONTACT)
    card = run([contact], step.state)
    assert card_of(card).contact == " ".join(contact.split())
    assert CASE_OFFER_PAGE in sentences(say(card))
    sent = run(["case:send"], card.state)
    assert card_at(sent).contact == " ".join(contact.split())


@pytest.mark.parametrize("words", ["hello", "12", f"5555 5555 {'x' * 100}"])
def test_what_is_no_contact(words: str) -> None:
    """It is said so, and asked again."""
    step = run([*OFFERED, "case:contact", words], PAGE)
    assert (sentences(say(step)), step.state.stage) == ((CASE_NO_CONTACT,), Stage.CONTACT)
    assert run(["case:send"], step.state).state.stage is Stage.TALK


def test_a_messenger_asks_for_no_contact() -> None:
    """There the answer rings by itself."""
    assert "case:contact" not in ids(say(run(OFFERED)).choices)


def test_a_contact_for_a_card_that_is_gone() -> None:
    """What is written after the card has expired is a question again."""
    asked = run([*OFFERED, "case:contact"], PAGE).state
    expired = run([rings(asked)], asked).state
    assert (expired.stage, expired.case) == (Stage.TALK, None)
    assert card_of(run(["5555 5555"], replace(asked, case=None))).contact == ""


# --- where it goes ----------------------------------------------------------------------------------------------------


def test_the_municipality_is_asked_for_first() -> None:
    """Where none is known, the card comes once it is."""
    step = run([QUESTION, "case:ask"], replace(NARVA, town=""))
    assert (sentences(say(step)), step.state.stage) == ((ASK_TOWN,), Stage.TOWN)
    after = run(["town:johvi"], step.state)
    assert (card_of(after).town, case_of(after.state).desks) == ("johvi", (C,))


@pytest.mark.parametrize("town", ["sillamae", "_national"])
def test_a_municipality_without_a_desk(town: str) -> None:
    """Its contacts are shown at once."""
    step = run([QUESTION, "case:ask"], replace(NARVA, town=town))
    assert (say(step).topic, step.state.case) == ("municipal-contact", None)
    assert run(["case:question"], replace(NARVA, town=town)).state.stage is Stage.TALK


def test_nobody_is_asked_where_others_read_along() -> None:
    """No card, whatever is chosen; the topic about people has no button for it."""
    for option in ("case:ask", "case:send", "case:question", "topic:municipal-contact"):
        step = told(Chose(at=NOW, option=option, public=True), NARVA, desked())
        assert (step.state.case, step.state.stage) == (None, Stage.TALK)
        assert not {id for each in says(step) for id in ids(each.choices) if id.startswith("case:")}


def test_routes() -> None:
    """The first route that fits counts, by topic, language and group; one that leads nowhere is passed over."""
    by_topic = Route(to="schools", topics=frozenset({"school"}))
    world = routed(by_topic, schools="schools/matrix")
    assert case_of(open_case(world=world)).desks == ("schools/matrix",)
    assert case_of(run(["library", "case:ask", "case:send"], world=world).state).desks == (A, B)
    assert case_of(open_case(world=routed(by_topic))).desks == (A, B)
    by_lang = Route(to="russian", languages=frozenset({"ru"}))
    assert case_of(open_case(world=routed(by_lang, russian="r/matrix"))).desks == (A, B)
    assert case_of(open_case(replace(NARVA, lang="ru", lang_chosen=True), routed(by_lang, russian="r/m"))).desks == ("r/m",)
    by_group = replace(
        with_groups(), desks=routed(Route(to="g", groups=frozenset({"support-2025/international-protection"})), g="g/m").desks
    )
    assert case_of(open_case(replace(NARVA, facts=REFUGEE), by_group)).desks == ("g/m",)
    assert case_of(open_case(NARVA, by_group)).desks == (A, B)
