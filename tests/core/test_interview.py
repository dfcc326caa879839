"""The guided dialogue: asking, replies in words, taking back, questions in between, another person, and the result."""

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.conversation import handle
from bot.core.effects import Heard, Step
from bot.core.events import Chose, Said
from bot.core.interview import GO_ON
from bot.core.state import Conversation, Stage, from_json, to_json
from bot.core.texts import (
    GROUP_ANSWERS,
    GROUP_ASK_TOWN,
    GROUP_CHANGE,
    GROUP_ENDED,
    GROUP_ENDS_SOON,
    GROUP_FROM,
    GROUP_GO_ON,
    GROUP_MISSING,
    GROUP_NO_PARTNER,
    GROUP_NOT_BEGUN,
    GROUP_NOT_READ,
    GROUP_OTHER,
    GROUP_OVER,
    GROUP_PERHAPS_FROM,
    GROUP_PERHAPS_UNTIL,
    GROUP_PROGRAMME,
    GROUP_READ,
    GROUP_RESULT,
    GROUP_RESULT_MAYBE,
    GROUP_RESULT_NONE,
    GROUP_RESULT_OTHER,
    GROUP_START,
    GROUP_STOPPED,
    GROUP_UNTIL,
    GROUP_WHICH_DAY,
    GROUP_WHICH_MONTH,
    STALE_OPTION,
    Contradiction,
    FactHelp,
    GroupCard,
    Mark,
    Question,
    SaidDate,
    Text,
    Told,
)
from bot.core.world import World
from bot.knowledge.programmes import load_inquiry
from bot.search.confidence import Decision
from tests.core.small import banded, ids, say, sentences, small_world

REAL = Path(__file__).parents[2] / "knowledge"
TODAY = date(2026, 11, 22)
HOME = Conversation(lang="en", stage=Stage.TALK, town="kohtla-jarve")


@cache
def world(band: Decision = Decision.ABSTAIN) -> World:
    """The small World with the facts and programmes that are shipped; all searches end in one band."""
    return replace(banded(band), inquiry=load_inquiry(REAL))


def go(state: Conversation, *said: str, day: date = TODAY, band: Decision = Decision.ABSTAIN) -> Step:
    """Choose options (`group`, `fact:...`) and say anything else, one after another."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    step = Step(state)
    for one in said:
        option = one.startswith(("fact:", "group", "town", "topic:"))
        step = handle(Chose(at=at, option=one) if option else Said(at=at, text=one), step.state, world(band))
    return step


def asked(step: Step) -> str:
    """Name the fact that is asked."""
    (fact,) = (mark.fact for mark in say(step).marks if isinstance(mark, Question))
    assert step.state.fact == fact
    return fact


def cards(step: Step) -> dict[str, tuple[str, ...]]:
    """Give the groups on the result with the sentences of their notes."""
    return {mark.group: tuple(note.id for note in mark.notes) for mark in say(step).marks if isinstance(mark, GroupCard)}


def mark_of(step: Step, id: str) -> Text:
    """Give the only mark of a sentence, on a card or outside."""
    marks: list[Mark] = [*say(step).marks]
    marks += [note for mark in say(step).marks if isinstance(mark, GroupCard) for note in mark.notes]
    (found,) = (mark for mark in marks if isinstance(mark, Text) and mark.id == id)
    return found


OTHER, PERMIT = "fact:citizenship:other", "fact:residence_basis:aliens-act-permit"
NEWCOMER = ("group", OTHER, PERMIT, "fact:resident_since:2024")


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["/stop", "!stop", "/STOP@teejuht_bot"])
def test_the_command_stop_ends_the_questions(command: str) -> None:
    """In the middle of the questions it ends them; they can be gone on with."""
    step = go(HOME, "group", OTHER, command)
    assert sentences(say(step)) == (GROUP_STOPPED,)
    assert (step.state.stage, step.state.facts) == (Stage.TALK, ("citizenship=other",))
    assert asked(go(step.state, "group:go")) == "residence_basis"


def test_a_whole_interview_by_buttons() -> None:
    """Three questions, each after what was answered, and then the likely group with what begins and ends when."""
    step = go(HOME, "group")
    assert asked(step) == "citizenship"
    assert sentences(say(step))[0] == GROUP_START
    assert ids(say(step).choices) == (
        "fact:citizenship:estonia", "fact:citizenship:eu", "fact:citizenship:other", "fact:citizenship:undetermined",
        "fact:citizenship:?", "fact:citizenship:-", "group:why", "group:stop",
    )  # fmt: skip
    step = go(step.state, OTHER)
    assert asked(step) == "residence_basis"
    assert "group:back" in ids(say(step).choices)
    step = go(step.state, PERMIT)
    assert asked(step) == "resident_since"
    step = go(step.state, "fact:resident_since:2022")
    assert cards(step) == {
        "newcomer": (GROUP_ANSWERS, GROUP_PERHAPS_UNTIL),
        "diverse-background": (GROUP_ANSWERS, GROUP_PERHAPS_FROM),
    }
    assert sentences(say(step))[0] == GROUP_RESULT
    assert mark_of(step, GROUP_PERHAPS_UNTIL).args == {"date": SaidDate("2026-12-31")}
    assert (step.state.stage, step.state.fact) == (Stage.TALK, "")
    assert {"group:change", "group:other"} < set(ids(say(step).choices))


def test_an_exact_date_says_until_when_and_from_when() -> None:
    """The last day of the one group, the first of the other."""
    step = go(HOME, *NEWCOMER[:3], "1 March 2022")
    assert mark_of(step, GROUP_UNTIL).args == {"date": SaidDate("2027-02-28")}
    assert mark_of(step, GROUP_FROM).args == {"date": SaidDate("2027-03-02")}


def test_what_begins_after_the_programme_is_not_promised() -> None:
    """A group that the person would belong to only when the programme is over is left out."""
    assert cards(go(HOME, *NEWCOMER)) == {"newcomer": (GROUP_ANSWERS, GROUP_PERHAPS_UNTIL)}


def test_replies_in_words() -> None:
    """Options, dates and yes or no may be said in any of the languages; what was understood is shown."""
    step = go(HOME, "group", "vene kodakondsus")
    assert asked(step) == "residence_basis"
    assert mark_of(step, GROUP_READ).args["answer"] is not None
    step = go(step.state, PERMIT, "два года назад")
    assert step.state.facts == ("citizenship=other", "residence_basis=aliens-act-permit", "resident_since=2024")
    step = go(HOME, "group", "Estonia", "fact:returned_on:2026-09", "fact:citizenship_by:birth", "jah", "нет")
    assert {"adult", "residence_registered"} == {entry.partition("=")[0] for entry in step.state.facts[-2:]}
    assert [entry.partition("=")[2] for entry in step.state.facts[-2:]] == ["true", "false"]


def test_the_words_of_an_option_answer_the_question() -> None:
    """What stands on an option is taken as the option, before it is read as a reply or as a question."""
    step = go(HOME, "group")
    state = replace(step.state, labels=tuple(f"Answer {place}" for place, _ in enumerate(step.state.options)))
    assert go(state, "answer 2") == go(state, "3")
    assert go(state, "3").effects == go(state, OTHER).effects
    assert asked(go(state, "answer 2")) == "residence_basis"
    assert isinstance(say(go(state, "Answer 6")).marks[0], FactHelp)
    assert sentences(say(go(state, "answer 7!"))) == (GROUP_STOPPED,)


@pytest.mark.parametrize("words", ["ma ei tea", "не знаю", "I'd rather not say", "fact:citizenship:?", "fact:citizenship:-"])
def test_not_knowing_is_an_answer(words: str) -> None:
    """The next question comes, and the fact stays unknown."""
    step = go(HOME, "group", words)
    assert step.state.facts == ("citizenship=?",)
    assert asked(step) != "citizenship"


def test_only_not_knowing() -> None:
    """Whoever knows nothing gets to the end, with what would decide each group."""
    step = go(HOME, "group")
    for _ in range(9):
        if step.state.stage != Stage.INTERVIEW:
            break
        step = go(step.state, "I don't know")
    assert sentences(say(step))[0] == GROUP_RESULT_MAYBE
    assert len(cards(step)) == 4
    assert all(notes[0] == GROUP_MISSING for notes in cards(step).values())


def test_a_rough_date_is_asked_for_more_closely_only_where_it_decides() -> None:
    """A year that does not decide asks for the month, a month for the day; each may be unknown."""
    step = go(HOME, *NEWCOMER[:3], "fact:resident_since:2021")
    assert GROUP_WHICH_MONTH in sentences(say(step))
    assert ids(say(step).choices)[10] == "fact:resident_since:2021-11"
    assert not cards(go(step.state, "fact:resident_since:2021~"))["newcomer"][1:]
    closer = go(step.state, "fact:resident_since:2021-11")
    assert GROUP_WHICH_DAY in sentences(say(closer))
    assert GROUP_RESULT in sentences(say(go(closer.state, "23.11.2021")))
    assert GROUP_RESULT_MAYBE in sentences(say(go(closer.state, "fact:resident_since:2021-11~")))
    assert GROUP_RESULT in sentences(say(go(step.state, "fact:resident_since:2021-12")))
    assert GROUP_WHICH_MONTH not in sentences(say(go(HOME, *NEWCOMER[:3], "fact:resident_since:2020")))


def test_earlier_years() -> None:
    """Years come in pages, so that an old date can be chosen too."""
    step = go(HOME, *NEWCOMER[:3])
    years = [id for id in ids(say(step).choices) if id.startswith("fact:resident_since:2")]
    assert years[0].endswith("2026")
    assert years[-1].endswith("2019")
    older = go(step.state, "fact:resident_since:before-2019")
    assert ids(say(older).choices)[0] == "fact:resident_since:2018"
    assert asked(older) == "resident_since"


def test_something_else_may_be_the_answer() -> None:
    """Whoever has never lived abroad has not come back."""
    step = go(HOME, "group", "fact:citizenship:estonia")
    assert asked(step) == "returned_on"
    assert "fact:returned_on:!" in ids(say(step).choices)
    for answer in ("fact:returned_on:!", "I have not lived abroad"):
        after = go(step.state, answer)
        assert after.state.facts[-1] == "returned_on=!"
        assert asked(after) == "citizenship_by"
        assert cards(go(after.state, "fact:citizenship_by:birth")) == {}


# --- on the way -------------------------------------------------------------------------------------------------------


def test_why_it_is_asked() -> None:
    """The reason and where to look, and the same question again."""
    for how in ("group:why", "miks te seda küsite", "why"):
        step = go(HOME, "group", how)
        assert isinstance(say(step).marks[0], FactHelp)
        assert asked(step) == "citizenship"


def test_back() -> None:
    """The last answer is taken back and asked for again; at the beginning nothing is lost."""
    for how in ("group:back", "tagasi", "назад"):
        step = go(HOME, "group", OTHER, PERMIT, how)
        assert asked(step) == "residence_basis"
        assert step.state.facts == ("citizenship=other",)
    assert asked(go(HOME, "group", "group:back")) == "citizenship"


def test_stop_and_go_on() -> None:
    """Stopping keeps the answers; going on asks what was open; beginning again forgets them."""
    for how in ("group:stop", "хватит", "stop"):
        stopped = go(HOME, "group", OTHER, how)
        assert sentences(say(stopped)) == (GROUP_STOPPED,)
        assert (stopped.state.stage, stopped.state.facts) == (Stage.TALK, ("citizenship=other",))
    again = go(from_json(to_json(stopped.state)), "group:go")
    assert asked(again) == "residence_basis"
    assert GROUP_START not in sentences(say(again))
    anew = go(replace(stopped.state, own_facts=("adult=true",), other=True), "group:again")
    assert asked(anew) == "citizenship"
    assert (anew.state.facts, anew.state.own_facts, anew.state.other) == ((), (), False)


def test_one_answer_is_changed_from_the_result() -> None:
    """The other answers stay, and what follows from the new one is told or asked."""
    step = go(HOME, *NEWCOMER, "group:change")
    assert sentences(say(step)) == (GROUP_ANSWERS, GROUP_CHANGE)
    assert mark_of(step, GROUP_ANSWERS).args["answers"] == Told(
        (("citizenship", "other"), ("residence_basis", "aliens-act-permit"), ("resident_since", "2024"))
    )
    edited = go(step.state, "group:edit:residence_basis")
    assert asked(edited) == "residence_basis"
    done = go(edited.state, "fact:residence_basis:visa")
    assert "newcomer" not in cards(done)
    assert "resident_since=2024" in done.state.facts


def test_an_ordinary_question_in_the_middle() -> None:
    """It is answered, then whether to go on is asked; going on asks the same question again."""
    step = go(HOME, "group", OTHER, "where is the school", band=Decision.ANSWER)
    assert sentences(say(step))[-1] == GROUP_GO_ON
    assert say(step).choices[0] == GO_ON
    assert any(isinstance(effect, Heard) and effect.decision == "answer" for effect in step.effects)
    assert asked(go(step.state, "group:go")) == "residence_basis"


def test_after_an_ordinary_question_the_answer_may_be_typed() -> None:
    """A word for an option, or yes, goes on; no stops; in a question of yes and no these are about going on only."""
    step = go(HOME, "group", "where is the school", band=Decision.ANSWER)
    assert go(step.state, "Ukraine").state.facts == ("citizenship=other",)
    assert asked(go(step.state, "yes")) == "citizenship"
    assert sentences(say(go(step.state, "no"))) == (GROUP_STOPPED,)
    until_adult = ("group", "fact:citizenship:estonia", "fact:returned_on:2026-09-01", "fact:citizenship_by:birth")
    step = go(HOME, *until_adult, "where is the school", band=Decision.ANSWER)
    assert asked(go(step.state, "yes")) == "adult"
    assert "adult=true" not in go(step.state, "yes").state.facts


def test_a_programme_that_has_ended() -> None:
    """Where it is asked for, its questions are asked and its groups told, saying that it ended; asking again is about today's."""
    step = go(HOME, "group:of:infodays-2021")
    assert sentences(say(step))[:2] == (GROUP_OVER, GROUP_START)
    answers = {"residence_basis": "permanent-right", "lived_abroad": "false", "citizenship": "other", "alien_passport": "false",
               "main_language": "other", "belongs_to_estonian_community": "false"}  # fmt: skip
    while step.state.stage == Stage.INTERVIEW:
        step = go(step.state, f"fact:{asked(step)}:{answers[asked(step)]}")
    assert set(cards(step)) == {"weakly-integrated-resident"}
    assert GROUP_OVER in sentences(say(step))
    assert GROUP_PROGRAMME not in sentences(say(step))
    assert step.state.programme == "infodays-2021"
    assert go(step.state, "group").state.programme == ""
    assert sentences(say(go(HOME, "group:of:no-such-programme"))) == (STALE_OPTION,)


def test_what_is_neither_reply_nor_question() -> None:
    """It is said so, and the question stays open."""
    step = go(HOME, "group", "blah blah")
    assert sentences(say(step))[0] == GROUP_NOT_READ
    assert asked(step) == "citizenship"
    assert asked(go(HOME, "group", "yes")) == "citizenship"


def test_a_number_chooses_and_a_command_commands() -> None:
    """Numbers are those of the buttons; commands work as everywhere."""
    assert go(HOME, "group", "3").state.facts == ("citizenship=other",)
    assert go(HOME, "group", "/menu").state.stage == Stage.TALK


def test_another_person() -> None:
    """Their answers are kept apart, and the own ones are there again afterwards."""
    for how in ("group:other", "ja minu abikaasa?"):
        own = go(HOME, *NEWCOMER) if how == "group:other" else go(HOME, "group", OTHER)
        step = go(own.state, how)
        assert sentences(say(step))[0] == GROUP_OTHER
        assert asked(step) == "citizenship"
        assert (step.state.other, step.state.facts, step.state.own_facts) == (True, (), own.state.facts)
    step = go(go(HOME, *NEWCOMER, "group:other").state, *NEWCOMER[1:])
    assert sentences(say(step))[0] == GROUP_RESULT_OTHER
    assert all(card.other for card in say(step).marks if isinstance(card, GroupCard))
    back = go(step.state, "group:self")
    assert (back.state.other, back.state.facts) == (False, step.state.own_facts)
    assert sentences(say(back))[0] == GROUP_RESULT


@pytest.mark.parametrize(
    ("said", "doubts"),
    [
        (("group", OTHER, "fact:residence_basis:eu-temporary-right"), ["eu-right-without-eu-citizenship"]),
        (("group", "fact:citizenship:eu", "fact:residence_basis:refugee"), ["protection-of-an-eu-citizen"]),
        (("group", "fact:citizenship:eu", "fact:residence_basis:eu-temporary-right"), []),
        ((*NEWCOMER[:3], "fact:resident_since:2030"), ["residence-to-come"]),
        (("group", "fact:citizenship:estonia", "fact:returned_on:2027-03"), ["return-to-come"]),
        ((*NEWCOMER[:3], "fact:resident_since:2026~"), []),
    ],
)
def test_answers_that_hardly_go_together(said: tuple[str, ...], doubts: list[str]) -> None:
    """It is pointed out once, with the answer that brought it about, and the questions go on."""
    step = go(HOME, *said)
    assert [mark.id for mark in say(step).marks if isinstance(mark, Contradiction)] == doubts
    if step.state.fact:
        later = go(step.state, "fact:" + step.state.fact + ":?")
        assert not any(isinstance(mark, Contradiction) for mark in say(later).marks)


# --- where and when ---------------------------------------------------------------------------------------------------


def test_without_a_municipality_it_is_asked_for() -> None:
    """The groups depend on it; its name goes on with the questions."""
    step = go(replace(HOME, town=""), "group")
    assert sentences(say(step)) == (GROUP_ASK_TOWN,)
    assert (step.state.stage, step.state.pending) == (Stage.TOWN, "group")


@pytest.mark.parametrize(
    ("town", "day", "sentence"),
    [
        ("narva", TODAY, GROUP_NO_PARTNER),
        ("kohtla-jarve", date(2024, 12, 31), GROUP_NOT_BEGUN),
        ("kohtla-jarve", date(2028, 1, 1), GROUP_ENDED),
    ],
)
def test_where_and_when_no_programme_is_in_force(town: str, day: date, sentence: str) -> None:
    """It is said, and what is open to everybody is offered."""
    step = go(replace(HOME, town=town), "group", day=day)
    assert sentences(say(step)) == (sentence,)
    assert step.state.fact == ""


def test_shortly_before_its_end_it_is_said() -> None:
    """From sixty days before the last day."""
    assert GROUP_ENDS_SOON not in sentences(say(go(HOME, *NEWCOMER, day=date(2027, 10, 31))))
    assert GROUP_ENDS_SOON in sentences(say(go(HOME, *NEWCOMER, day=date(2027, 11, 1))))


def test_nothing_fits() -> None:
    """Whoever belongs to no group is told so, not left with an empty list."""
    step = go(HOME, "group", OTHER, "fact:residence_basis:none")
    assert sentences(say(step))[0] == GROUP_RESULT_NONE
    assert cards(step) == {}


@pytest.mark.parametrize(
    "option",
    [
        "group:nonsense", "group:edit:adult", "fact:adult", "fact:adult:maybe", "fact:unheard:true", "fact:resident_since:soon",
        "fact:resident_since:99999", "fact:citizenship:!", "fact:resident_since:before-", "fact:::", "group:edit:",
    ],
)  # fmt: skip
def test_an_option_that_says_nothing(option: str) -> None:
    """A kind word, and nothing is recorded."""
    step = go(go(HOME, "group", OTHER).state, option)
    assert sentences(say(step)) == (STALE_OPTION,)
    assert step.state.facts == ("citizenship=other",)


def test_stale_buttons_lose_nothing() -> None:
    """A button of another person's result does not take the own answers away; the oldest years have an end."""
    step = go(go(HOME, *NEWCOMER).state, "group:self")
    assert sentences(say(step)) == (STALE_OPTION,)
    assert len(step.state.facts) == 3
    oldest = go(HOME, *NEWCOMER[:3], "fact:resident_since:before-1")
    assert ids(say(oldest).choices)[0] == "fact:resident_since:1908"


def test_a_question_that_is_no_more() -> None:
    """A fact that editors have taken out meanwhile is an ordinary conversation again."""
    step = go(replace(HOME, stage=Stage.INTERVIEW, fact="shoe_size", facts=("shoe_size=42",)), "blah blah")
    assert step.state.stage == Stage.TALK


def test_without_programmes_there_is_no_such_dialogue() -> None:
    """Knowledge that has none shows what target groups are, and knows no other of its options."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert say(handle(Chose(at=at, option="group"), HOME, small_world())).topic == "target-groups"
    assert sentences(say(handle(Chose(at=at, option="group:go"), HOME, small_world()))) == (STALE_OPTION,)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 30) | st.sampled_from(["ma ei tea", "2021", "tagasi", "miks", "yes", "?", "🙂"]), max_size=14))
def test_any_way_through(choices: list[int | str]) -> None:
    """Whatever is chosen or said, there is always an answer with a way on, and the conversation can be kept and read."""
    step = go(HOME, "group")
    for one in choices:
        shown = say(step).choices
        wanted = shown[one % len(shown)].id if isinstance(one, int) else one
        if isinstance(one, int) and not wanted.startswith(("fact:", "group")):
            wanted = "group"
        step = go(step.state, wanted)
        assert say(step).choices
        kept = replace(from_json(to_json(step.state)), question=step.state.question, asked_at=step.state.asked_at)
        assert kept == step.state
