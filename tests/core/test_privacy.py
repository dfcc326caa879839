"""A person's own data: what they are told of it, the file with it, and being forgotten."""

import json
from dataclasses import replace

import pytest

from bot.core.case_texts import DESK_LEFT, FORGET_ASK, FORGOTTEN, MY_DATA, PRIVACY_MORE
from bot.core.cases import CaseStage, to_json
from bot.core.effects import Do, Forget, Step
from bot.core.events import Chose, File
from bot.core.state import Conversation
from bot.core.texts import PRIVATE_ONLY, UNKNOWN_COMMAND, Contacts, Literal, OperatorName, SaidMoment, Text
from bot.core.world import Keeping
from tests.core.desks import NARVA, QUESTION, STAFF, A, at_stage, case_of, claimed, closed, desked, done_at, run, told_at, wrote
from tests.core.small import NOW, ids, says, sentences, told
from tests.core.small import say as only


def data(step: Step) -> dict[str, dict[str, object]]:
    """Read the file that comes with the answer."""
    file = only(step).file
    assert file is not None
    assert (file.name, file.media_type, file.size, file.channel) == (
        "teejuht.json",
        "application/json",
        len(file.ref.encode()),
        "",
    )
    found: dict[str, dict[str, object]] = json.loads(file.ref)
    return found


def test_who_answers_for_the_data() -> None:
    """The operator and their contact, how many days what is kept, and the ways to read and to delete it, above the topic."""
    world = replace(desked(), keeping=Keeping(conversations=5, cases=6, deeds=7), home="narva")
    step = run(["/privacy"], NARVA, world)
    days = {"conversations": Literal("5"), "cases": Literal("6"), "deeds": Literal("7")}
    assert only(step).marks[0] == Text(PRIVACY_MORE, {"operator": OperatorName("narva"), **days})
    assert only(step).marks[1] == Contacts("narva")
    assert (only(step).topic, ids(only(step).choices)[:2]) == ("privacy", ("mydata", "forget"))
    nobody = only(run(["/privacy"], replace(NARVA, town="narva"), replace(world, home=None)))
    assert nobody.marks[0] == Text(PRIVACY_MORE, {"operator": OperatorName(None), **days})
    assert Contacts("narva") not in nobody.marks


def test_without_its_topic_privacy_is_unknown() -> None:
    """A World without the answer has no such command."""
    world = desked()
    world = replace(world, topics={id: topic for id, topic in world.topics.items() if id != "privacy"})
    assert sentences(only(run(["/privacy"], NARVA, world))) == (UNKNOWN_COMMAND,)


def test_the_file_holds_what_is_kept() -> None:
    """The conversation, its last question, the case that runs and those before, each once."""
    before = replace(case_of(closed()), number=41)
    state = run(["Hello"], claimed()).state
    state = replace(state, question="library", earlier=lambda: [to_json(before), to_json(case_of(state))])
    step = run(["/mydata"], state)
    found = data(step)
    assert sentences(only(step)) == (MY_DATA,)
    kept = found["conversation"]
    assert (kept["lang"], kept["town"], kept["question"]) == ("en", "narva", "library")
    case = kept["case"]
    assert isinstance(case, dict)
    assert (case["number"], case["question"], [line["text"] for line in case["lines"]]) == (42, QUESTION, ["Hello"])
    (earlier,) = found["earlier_cases"]
    assert isinstance(earlier, dict)
    assert earlier["number"] == 41


def test_the_file_is_there_without_a_case() -> None:
    """For whom nothing much is known, too; characters of all languages stay as they are."""
    found = data(run(["/mydata"], replace(NARVA, question="Где школа?", asked_at=NOW)))
    assert found["conversation"]["question"] == "Где школа?"
    assert not found["earlier_cases"]
    assert "case" not in found["conversation"]
    assert "question" not in data(run(["/mydata"]))["conversation"]


def test_what_staff_keep_for_themselves_is_not_in_the_file() -> None:
    """No note, no account, no name."""
    state = run([wrote("/note kanarbik"), wrote("Good morning")], claimed()).state
    state = replace(state, earlier=lambda: [to_json(replace(case_of(state), number=41))])
    step = run(["/mydata"], state)
    file = only(step).file
    assert isinstance(file, File)
    assert "Good morning" in file.ref
    for hidden in ("kanarbik", STAFF, "Mari"):
        assert hidden not in file.ref


def test_forgetting_is_asked_twice() -> None:
    """The first time nothing happens, and there are ways out."""
    step = run(["/forget"], claimed())
    assert (sentences(only(step)), ids(only(step).choices)) == ((FORGET_ASK,), ("forget:yes", "mydata", "menu"))
    assert case_of(step.state) == case_of(claimed())


@pytest.mark.parametrize("stage", [CaseStage.OPEN, CaseStage.CLAIMED, CaseStage.WAITING])
def test_who_is_forgotten_is_missed(stage: CaseStage) -> None:
    """Staff who have the case are told, and their thread is closed."""
    step = run(["forget:yes"], at_stage(stage))
    assert (told_at(step, A), done_at(step, A)) == ((DESK_LEFT,), (Do.POST, Do.CLOSE))
    assert Forget() in step.effects


def test_who_is_forgotten_is_told() -> None:
    """What is gone and what is out of reach, with the moment; nothing is remembered."""
    step = run(["forget:yes"], replace(NARVA, question="library", asked_at=NOW))
    assert only(step).marks == (Text(FORGOTTEN, {"moment": SaidMoment(NOW)}),)
    assert step.state == Conversation()
    assert step.effects == (Forget(), only(step))


@pytest.mark.parametrize("option", ["mydata", "forget", "forget:yes", "privacy"])
def test_where_others_read_along_nothing_is_told(option: str) -> None:
    """A private chat is offered instead."""
    step = told(Chose(at=NOW, option=option, public=True), NARVA, desked())
    assert sentences(only(step)) == (PRIVATE_ONLY,)
    assert Forget() not in step.effects
    assert all(each.file is None for each in says(step))
